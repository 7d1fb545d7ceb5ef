import Testing

@testable import Migration

/// What is due in many migrations that one run drives.
@Suite struct FairnessTests {
  private let story = Story(.sample([PlannedStep(id: "A"), PlannedStep(id: "B")], name: "m1"))
  private var seats: [String: Seat] = [:]

  init() {
    for number in 2...9 {
      story.start(.sample([PlannedStep(id: "A"), PlannedStep(id: "B")], name: "m\(number)"))
    }
    for migration in story.state.migrations {
      story.tell(
        .baselineRecorded(
          Baseline(
            tree: oid(50), verifiers: migration.gateDigest, verdict: .passed, reason: "passed")),
        of: migration.name)
      var seat = Seat(owner: process(7), actor: "run-1", free: 1, clock: story.now)
      seat.branch = .at(migration.tip, tree: oid(50))
      seats[migration.name] = seat
    }
  }

  private func agenda(_ seats: [String: Seat], judges: Int = 4) -> [Assignment] {
    story.state.agenda(at: story.now, seats: seats, judges: judges)
  }

  @Test func whoHasWaitedLongestForItsTurnIsNext() {
    var seats = seats
    for (number, turn) in zip(1...9, [5, 3, 8, 1, 9, 2, 7, 4, 6]) { seats["m\(number)"]?.turn = turn }
    #expect(
      agenda(seats).map(\.migration) == ["m4", "m6", "m2", "m8", "m1", "m9", "m7", "m3", "m5"])
  }

  @Test func whereNothingIsUnderWaySomethingBeginsFirst() {
    var seats = seats
    for number in 1...9 { seats["m\(number)"]?.turn = 10 - number }
    seats["m9"]?.work = [Fence(step: "X", epoch: 1)]
    seats["m9"]?.stopping = [Fence(step: "X", epoch: 1)]
    #expect(agenda(seats).map(\.migration) == (1...8).reversed().map { "m\($0)" } + ["m9"])
  }

  @Test func everyMigrationHasAsManyTurnsAsTheOthers() {
    var seats = seats
    var turns: [String: Int] = [:]
    for turn in 1...90 {
      guard let next = agenda(seats).first else { return #expect(Bool(false), "nothing is due") }
      #expect(next.duty == .begin(step: "A"))
      turns[next.migration, default: 0] += 1
      seats[next.migration]?.turn = turn
      // One comes late, and has no more than its turn.
      if turn < 30 { seats["m5"]?.turn = turn }
    }
    #expect(turns.values.allSatisfy { (6...11).contains($0) }, "\(turns)")
  }

  @Test func noMoreAreJudgedAtOnceThanThereAreJudges() {
    var seats = seats
    for number in 1...9 { seats["m\(number)"]?.branch = .at(oid(1), tree: oid(51)) }
    #expect(agenda(seats, judges: 2).count == 9)
    seats["m1"]?.judging = .base
    #expect(agenda(seats, judges: 2).count == 8)
    seats["m2"]?.judging = .result(Fence(step: "A", epoch: 1))
    #expect(agenda(seats, judges: 2).allSatisfy { $0.duty == .begin(step: "A") })
    #expect(agenda(seats, judges: 3).contains { $0.duty == .judgeBase })
  }
}
