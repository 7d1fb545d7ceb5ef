import Draws
import Git
import Migration
import Supervision
import Support
import Synchronization
import Testing

@testable import Ledger

/// Real clones, a real server, and a network between them that cuts, delays and refuses (INVARIANTS C.4).
@Suite("Clones that append through a bad network", .serialized)
struct PartitionTests {
  private static let isLong = ChildEnvironment.current()["MIGRATE_LONG"] == "1"
  private static let seed = ChildEnvironment.current()["MIGRATE_SEED"].flatMap(UInt64.init) ?? 1

  @Test("tell nothing that is not so, and lose nothing", arguments: isLong ? [4, 8, 16] : [4])
  func sound(clones: Int) throws {
    let operations = clones == 16 ? 20 : 18
    let world = try PartitionedWorld(clones: clones, seed: Self.seed)
    try world.run(operations: operations, until: world.isEnough(operations: operations))
    let end = try world.finish()
    try end.history.export(as: "partitions-\(clones)-seed-\(Self.seed)", endingIn: end.entries)
    let flaws = HistoryChecker.flaws(of: end.history, in: end.entries)
    #expect(flaws == [], "MIGRATE_SEED=\(Self.seed): \(end.summary)")
    #expect(end.forgotten == [] && end.refused == [], "what waited is all there, and all is told so")
    for clone in world.clones {
      #expect(try world.shared.tip(clone) == world.shared.tip(world.shared.server))
    }
    let complaints = try world.shared.writer(in: world.clones.first).fsck()
    #expect(complaints == [])
    try world.shared.ledgers.repository.git("-C", world.shared.server, "fsck", "--strict", "--no-dangling")

    print("\(clones) clones: MIGRATE_SEED=\(Self.seed): \(end.summary)")

    #expect(world.isEnough(operations: operations)(), "void, too little happened: \(end.summary)")
  }

  @Test("would be caught if they were broken", arguments: BrokenRemote.Way.allCases)
  func broken(_ way: BrokenRemote.Way) throws {
    // Whether two meet is up to the machine; sooner or later they do.
    let isCaught = try (UInt64(0)..<10).contains { round in
      let world = try PartitionedWorld(clones: 4, seed: Self.seed &+ round)
      // Who forces needs no bad network to do harm.
      if way == .forces { world.heal() }
      try world.run(operations: 8, tries: 24, wrapped: { BrokenRemote($0, GitProgram($1), way) })
      let flaws = HistoryChecker.flaws(of: world.history, in: try world.recorded())
      return flaws.contains { if case .lost = $0 { true } else { false } }
    }
    #expect(isCaught)
  }
}

/// A remote as somebody might have written it.
final class BrokenRemote: ForwardingRemote {
  enum Way: CaseIterable {
    /// It pushes with plain force, from whatever is there (B1).
    case forces
    /// It takes no answer for a yes.
    case trusts
  }

  private let git: GitProgram
  private let way: Way

  init(_ real: GitRemote, _ git: GitProgram, _ way: Way) {
    (self.git, self.way) = (git, way)
    super.init(real)
  }

  override func push(_ updates: [GitProgram.PushUpdate]) throws(GitError) -> GitProgram.PushOutcome {
    switch way {
    case .forces:
      let forced = try git.run(
        ["-c", "protocol.git.allow=user", "push", "--quiet", name]
          + updates.map { "+\($0.new.hex):\($0.ref)" })
      return forced.isSuccess ? .won : .unknown("it failed")
    case .trusts:
      let outcome = try real.push(updates)
      if case .unknown = outcome { return .won }
      return outcome
    }
  }
}

/// A ledger that clones share, each through a port of the proxy.
private final class PartitionedWorld {
  /// What became of it all.
  struct End {
    var history: History
    var entries: [Recorded]
    var pushes: PushTally.Counts
    var faults: CuttingProxy.Tally
    /// What waited and is not in the ledger, and what a clone was told to have been refused.
    var forgotten: [History.Operation]
    var refused: [RefusedEvent]

    var summary: String {
      "\(history.oks) ok, \(history.fails) fail, \(history.infos) info; \(pushes); \(faults)"
    }
  }

  let shared: SharedWorld
  let clones: [String]
  private let daemon: LoopbackServer
  private let proxy: CuttingProxy
  private let recorder = Recorder()
  private let tally = PushTally()
  private let seed: UInt64

  init(clones count: Int, seed: UInt64) throws {
    self.seed = seed
    let shared = try SharedWorld(steps: count * 6)
    self.shared = shared
    clones = try (0..<count).map { try shared.clone("clone-\($0)") }
    daemon = try LoopbackServer(
      shared.ledgers.repository, "sh", LoopbackServer.gitDaemon(shared.ledgers.repository.root))
    proxy = try CuttingProxy(seed: seed, before: daemon.port, clones: count)
    for (clone, port) in zip(clones, proxy.ports) {
      try shared.ledgers.repository.git("-C", clone, "branch", "migrate/mig", "origin/main")
      try shared.ledgers.repository.git(
        "-C", clone, "remote", "set-url", "origin", "git://127.0.0.1:\(port)/server.git")
    }
  }

  /// Whether so much has happened that it says something: how soon it does is up to the machine.
  func isEnough(operations: Int) -> @Sendable () -> Bool {
    let (clones, recorder, tally, proxy) = (clones.count, recorder, tally, proxy)
    return {
      let (history, faults) = (recorder.history, proxy.tally)
      let pushes = tally.counts.withLock { $0 }
      let isLoad = history.oks >= clones * operations && pushes.won >= clones * operations / 3
      let isRace = pushes.lost >= clones * operations / 4 && history.fails > 0
      let isBad =
        min(faults.cutBefore, faults.cutAfter + faults.late, faults.partitions) >= 2
        && history.infos >= clones
      return isLoad && isRace && isBad
    }
  }

  /// Lets every clone, in a thread of its own, succeed so often, and more often until it is enough.
  func run(
    operations: Int, tries: Int? = nil, until isEnough: @escaping @Sendable () -> Bool = { true },
    wrapped: @escaping @Sendable (GitRemote, Repository) -> any LedgerRemote = { (real, _) in real }
  ) throws {
    let (clones, seed, recorder, tally) = (clones, seed, recorder, tally)
    let environment = shared.ledgers.repository.environment
    try inThreads(clones.count) { number in
      let repository = try Repository.open(gitDirectory: clones[number] + "/.git", environment: environment)
      let clock = LeapingClock()
      let ledger = Ledger(repository: repository, clock: clock)
      if let remote = try GitRemote(repository, GitProgram(repository)) {
        ledger.remote = CountedRemote(wrapped(remote, repository), tally)
      }
      var client = HistoryClient(
        number: number, ledger: ledger, clock: clock, recorder: recorder,
        chance: Chance(seed: seed &* 1000 &+ UInt64(number)))
      var (done, tried) = (0, 0)
      while done < operations || !isEnough(), tried < tries ?? 20 * operations {
        if client.act() { done += 1 }
        tried += 1
      }
    }
  }

  /// What the clients told so far.
  var history: History { recorder.history }

  /// Ends the faults.
  func heal() { proxy.heal() }

  /// Ends the faults, has every clone bring over what waited, and gives what was told and what is.
  func finish() throws -> End {
    heal()
    var refused: [RefusedEvent] = []
    for clone in clones + clones {
      refused += try shared.writer(in: clone, clock: LeapingClock()).synchronize().refused
    }
    let entries = try recorded()
    let present = Set(entries.compactMap(\.operation))
    return End(
      history: history, entries: entries, pushes: tally.counts.withLock { $0 },
      faults: try proxy.stop(), forgotten: recorder.waited.filter { !present.contains($0) }, refused: refused)
  }

  /// The ledger as the server has it.
  func recorded() throws -> [Recorded] {
    let server = try Repository.open(
      gitDirectory: shared.server, environment: shared.ledgers.repository.environment)
    return try Ledger(repository: server).reader.entries().map { Recorded($0.entry) }
  }
}
