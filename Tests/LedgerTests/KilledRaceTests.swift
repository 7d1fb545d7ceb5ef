import Draws
import Git
import Migration
import Supervision
import Support
import Synchronization
import Testing

@testable import Ledger

/// Real processes that claim and give back in one repository, and are killed in the middle of it.
@Suite("Processes that are killed while they claim", .serialized)
struct KilledRaceTests {
  private static let isLong = ChildEnvironment.current()["MIGRATE_LONG"] == "1"
  private static let seed = ChildEnvironment.current()["MIGRATE_SEED"].flatMap(UInt64.init) ?? 1

  @Test("what was killed happened wholly or not at all, and stands in nobody's way")
  func sound() throws {
    let (processes, operations) = Self.isLong ? (64, 30) : (8, 16)
    // Who is killed after its claim keeps the step, and nobody else gets it.
    let world = try LedgerWorld(steps: processes * operations)
    let race = ProcessRace(path: world.repository.path, environment: world.repository.environment)
    let noise = try Noise(race)
    // With less of everything it would say nothing; how soon it is enough is up to the machine.
    let isEnough: @Sendable () -> Bool = {
      let killed = race.killed.withLock { $0.count }
      return race.recorder.history.oks >= processes * operations && killed >= processes * operations / 8
        && noise.turns >= 3
    }
    try inThreads(processes) { number in
      var client = ProcessClient(
        number: number, race: race, hasWorktree: false,
        fate: Chance(seed: Self.seed &* 1000 &+ UInt64(number)))
      while client.oks < operations || !isEnough(), client.tries < 40 * operations { try client.act() }
    }
    let turns = try noise.stop()
    let history = race.recorder.history
    let killed = race.killed.withLock { $0 }
    let entries = try world.writer().reader.entries().map { Recorded($0.entry) }
    try history.export(as: "killed-\(processes)-seed-\(Self.seed)", endingIn: entries)
    let there = Set(entries.compactMap(\.operation)).intersection(killed).count
    let summary =
      "MIGRATE_SEED=\(Self.seed): \(history.oks) ok, \(history.fails) fail, \(history.infos) info; "
      + "\(killed.count) killed, of which \(there) are in the ledger; \(turns)"
    print("killed race: \(summary)")
    #expect(HistoryChecker.flaws(of: history, in: entries) == [], "\(summary)")
    #expect(history.infos == killed.count, "only the killed leave it open: \(race.troubles.withLock { $0 })")

    // Whatever they left behind does not hold up the next one.
    let last = try race.run(TestBinary.path, ["claim", "--no-worktree", "--worker", "last"])
    #expect(last.code == 0, "\(last)")
    let complaints = try world.writer().fsck()
    #expect(complaints == [])
    try world.repository.git("fsck", "--strict", "--no-dangling")

    #expect(isEnough(), "void, too little happened: \(summary)")
    // The move of the ref comes late in a process's life: of few of them, all may be killed before it.
    let isSpread = there < killed.count && (there > 0 || !Self.isLong)
    #expect(isSpread, "void, they were all killed at one end: \(summary)")

    // Were it said of them that they did nothing, this would be noticed.
    var claimed = history
    for index in claimed.moments.indices where claimed.moments[index].kind == .info {
      claimed.moments[index].kind = .fail
    }
    let flaws = HistoryChecker.flaws(of: claimed, in: entries)
    #expect(flaws.count == there && flaws.allSatisfy { if case .happened = $0 { true } else { false } })
  }
}
