/// A duty of one of several migrations.
public struct Assignment: Equatable, Sendable {
  /// The migration's name.
  public var migration: String
  /// What is due.
  public var duty: Duty

  /// Makes an assignment.
  public init(_ migration: String, _ duty: Duty) {
    self.migration = migration
    self.duty = duty
  }
}

extension State {
  /// What is due in the migrations that `seats` has a seat in, woven so that none waits for another: what
  /// begins nothing first, then what each may begin, from those for which least is under way here.
  ///
  /// Each seat is told the same number of free workers; whoever performs the duties asks again after each one
  /// that began something.
  public func agenda(at now: Timestamp, seats: [String: Seat]) -> [Assignment] {
    var first: [Assignment] = []
    var beginnings: [(load: Int, assignment: Assignment)] = []
    var last: [Assignment] = []
    for migration in migrations {
      guard let seat = seats[migration.name] else { continue }
      for duty in migration.agenda(at: now, seat: seat) {
        let assignment = Assignment(migration.name, duty)
        switch duty {
        case .createBranch, .expire, .abandonGate, .abandonBase, .settle, .pause, .wake, .stopWork, .giveBack,
          .giveBackBase,
          .giveBackGate, .renew, .renewHold, .stopJudging:
          first.append(assignment)
        case .judgeBase, .followBase, .gate, .begin: beginnings.append((seat.work.count, assignment))
        case .end: last.append(assignment)
        }
      }
    }
    // A stable sort: among equals, the order in which they were started.
    beginnings = beginnings.enumerated().sorted {
      ($0.element.load, $0.offset) < ($1.element.load, $1.offset)
    }.map(\.element)
    return first + beginnings.map(\.assignment) + last
  }
}
