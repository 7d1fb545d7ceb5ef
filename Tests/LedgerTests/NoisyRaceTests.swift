import Draws
import Git
import Migration
import Supervision
import Support
import Synchronization
import Testing

@testable import Ledger

/// Real processes that claim and give back in one repository while git itself packs, prunes and collects.
@Suite("Processes that claim while git tidies up beside them", .serialized)
struct NoisyRaceTests {
  private static let isLong = ChildEnvironment.current()["MIGRATE_LONG"] == "1"

  @Test("tell nothing that is not so, lose nothing, and leave the repository whole")
  func sound() throws {
    let (processes, operations) = Self.isLong ? (64, 40) : (16, 14)
    let world = try LedgerWorld(steps: processes / 2)
    let race = ProcessRace(path: world.repository.path, environment: world.repository.environment)
    let noise = try Noise(race)
    // With less of everything it would say nothing; how soon it is enough is up to the machine.
    let isEnough: @Sendable () -> Bool = {
      let history = race.recorder.history
      return history.oks >= processes * operations && history.fails >= processes / 4 && noise.turns >= 5
    }
    try inThreads(processes) { number in
      // Some work in a worktree, which is what `git worktree prune` is after.
      var client = ProcessClient(number: number, race: race, hasWorktree: number % 8 == 0)
      while client.oks < operations || !isEnough(), client.tries < 40 * operations { try client.act() }
    }
    let turns = try noise.stop()
    let history = race.recorder.history
    let entries = try world.writer().reader.entries().map { Recorded($0.entry) }
    try history.export(as: "noisy-\(processes)", endingIn: entries)
    let flaws = HistoryChecker.flaws(of: history, in: entries)
    let summary = "\(history.oks) ok, \(history.fails) fail, \(history.infos) info; \(turns)"
    #expect(flaws == [], "\(summary)")
    #expect(history.infos == 0, "nothing stands in anybody's way: \(race.troubles.withLock { $0 })")
    let complaints = try world.writer().fsck()
    #expect(complaints == [])
    try world.repository.git("fsck", "--strict", "--no-dangling")

    print("\(processes) processes: \(summary)")

    #expect(isEnough(), "void, too little happened: \(summary)")
  }

  @Test("would be caught if they moved the ref without asking where it is")
  func broken() throws {
    // Whether two meet is up to the machine; sooner or later they do.
    #expect(try (0..<10).contains { _ in try isLost() })
  }

  /// Whether a claim that was acknowledged is lost when the ref is moved without asking where it is.
  private func isLost() throws -> Bool {
    let world = try LedgerWorld(steps: 4)
    let (path, environment, recorder) = (world.repository.path, world.repository.environment, Recorder())
    try inThreads(4) { number in
      let clock = LeapingClock()
      let ledger = Ledger(
        repository: try Repository.open(gitDirectory: path, environment: environment), clock: clock)
      ledger.local.isQueueing = false
      ledger.local.move = { repository, new, _ in
        let now = (try? repository.resolve(Ledger.ref)).flatMap(\.self)
        return repository.compareAndSwap(ref: Ledger.ref, to: new, from: now)
      }
      var client = HistoryClient(
        number: number, ledger: ledger, clock: clock, recorder: recorder,
        chance: Chance(seed: UInt64(number)))
      for _ in 0..<40 { _ = client.act() }
    }
    let entries = try world.writer().reader.entries().map { Recorded($0.entry) }
    let flaws = HistoryChecker.flaws(of: recorder.history, in: entries)
    return flaws.contains { if case .lost = $0 { true } else { false } }
  }
}
