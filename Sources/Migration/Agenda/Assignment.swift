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
  /// begins nothing first, then what each may begin: first of those for which least is under way here, and
  /// among them of the one that has waited longest for its turn. `judges` is how many of them may be judging
  /// at once.
  ///
  /// Each seat is told the same number of free workers; whoever performs the duties asks again after each one
  /// that began something.
  public func agenda(at now: Timestamp, seats: [String: Seat], judges: Int) -> [Assignment] {
    var first: [Assignment] = []
    var beginnings: [(load: Int, turn: Int, assignment: Assignment)] = []
    var last: [Assignment] = []
    // By their places: of thousands, a copy of each in each round takes longer than all the rest.
    let seated = migrations.indices.compactMap { place in
      seats[migrations[place].name].map { (migration: migrations[place], seat: $0) }
    }
    // What services judge is no load of this machine.
    let judging = seated.count { $0.seat.judging != .nothing && !$0.migration.plan.gate.isOnlyRemote }
    for (migration, seat) in seated {
      for duty in inFleet(migration, migration.agenda(at: now, seat: seat), seat) {
        let assignment = Assignment(migration.name, duty)
        switch duty.urgency {
        case .atOnce: first.append(assignment)
        case .begins(let isJudging):
          guard !isJudging || judging < judges || migration.plan.gate.isOnlyRemote else { continue }
          beginnings.append((seat.work.count, seat.turn, assignment))
        case .last: last.append(assignment)
        }
      }
    }
    // A stable sort: among equals, the order in which they were started.
    beginnings = beginnings.enumerated().sorted {
      ($0.element.load, $0.element.turn, $0.offset) < ($1.element.load, $1.element.turn, $1.offset)
    }.map(\.element)
    return first + beginnings.map(\.assignment) + last
  }
}

extension State {
  /// What is due in a migration, as far as the fleet that it may be part of lets it: bases are judged in all
  /// targets, and steps begin in those of open waves, as far as the plan's limits have room over all.
  private func inFleet(_ migration: MigrationState, _ duties: [Duty], _ seat: Seat) -> [Duty] {
    guard migration.plan.fleet != nil, seat.free != nil, case .running = migration.phase else {
      return duties
    }
    let isHeld = fleetHold(migration) != nil
    let left = duties.filter { duty in
      guard case .begin(let id) = duty else { return true }
      guard !isHeld, let index = migration.index(of: id) else { return false }
      return fleetLimit(migration, index, machine: seat.owner.machine) == nil
    }
    // Nothing here waits for time: a person opens the wave.
    guard isHeld, left.isEmpty, migration.openCount > 0, migration.inFlight.isEmpty, !seat.judging.isAny,
      !migration.mustJudgeBase(seat)
    else { return left }
    return [.end(.partDone(left: migration.openCount))]
  }
}

extension Duty {
  /// When a duty is looked at, where several migrations have some.
  public enum Urgency: Equatable, Sendable {
    /// Before anything begins.
    case atOnce
    /// It begins something that takes long; with verifiers, or with a worker.
    case begins(judging: Bool)
    /// When nothing else is due.
    case last
  }

  /// When it is looked at.
  public var urgency: Urgency {
    switch self {
    case .createBranch, .expire, .abandonGate, .abandonBase, .settle, .pause, .tell, .wake, .stopWork,
      .giveBack,
      .giveBackBase, .giveBackGate, .renew, .renewHold, .stopJudging:
      .atOnce
    case .judgeBase, .followBase, .countUses, .gate, .takeBaseIn, .tryGate, .judgeResult:
      .begins(judging: true)
    case .begin, .join, .finish, .answer: .begins(judging: false)
    case .end: .last
    }
  }
}
