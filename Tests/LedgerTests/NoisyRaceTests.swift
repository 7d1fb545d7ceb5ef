import Git
import Migration
import Processes
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
    try inThreads(processes) { number in
      // Some work in a worktree, which is what `git worktree prune` is after.
      var client = ProcessClient(number: number, race: race, hasWorktree: number % 8 == 0)
      while client.oks < operations, client.tries < 10 * operations { try client.act() }
    }
    let turns = try noise.stop()
    let history = race.recorder.history
    let flaws = HistoryChecker.flaws(of: history, in: try world.writer().entries().map { Recorded($0.entry) })
    let summary = "\(history.oks) ok, \(history.fails) fail, \(history.infos) info; \(turns)"
    #expect(flaws == [], "\(summary)")
    #expect(history.infos == 0, "nothing stands in anybody's way: \(race.troubles.withLock { $0 })")
    let complaints = try world.writer().fsck()
    #expect(complaints == [])
    try world.repository.git("fsck", "--strict", "--no-dangling")

    // With less of everything it would say nothing.
    let isLoad = history.oks >= processes * operations * 9 / 10 && history.fails >= processes / 4
    #expect(isLoad && (turns.values.min() ?? 0) >= 5, "void, too little happened: \(summary)")
  }

  @Test("would be caught if they moved the ref without asking where it is")
  func broken() throws {
    let world = try LedgerWorld(steps: 4)
    let (path, environment, recorder) = (world.repository.path, world.repository.environment, Recorder())
    try inThreads(4) { number in
      let clock = LeapingClock()
      let ledger = Ledger(
        repository: try Repository.open(gitDirectory: path, environment: environment), clock: clock)
      ledger.isQueueing = false
      ledger.move = { repository, new, _ in
        let now = (try? repository.resolve(Ledger.ref)).flatMap(\.self)
        return repository.compareAndSwap(ref: Ledger.ref, to: new, from: now)
      }
      var client = HistoryClient(
        number: number, ledger: ledger, clock: clock, recorder: recorder,
        chance: Chance(seed: UInt64(number)))
      for _ in 0..<40 { _ = client.act() }
    }
    let entries = try world.writer().entries().map { Recorded($0.entry) }
    let flaws = HistoryChecker.flaws(of: recorder.history, in: entries)
    #expect(flaws.contains { if case .lost = $0 { true } else { false } }, "\(flaws)")
  }
}

/// What the clients and the noise of one race share.
private final class ProcessRace: Sendable {
  let path: String
  let environment: [String: String]
  let recorder = Recorder()
  /// What was said with an exit code that says neither yes nor no.
  let troubles = Mutex<[String]>([])

  init(path: String, environment: [String: String]) { (self.path, self.environment) = (path, environment) }

  func run(_ program: String, _ arguments: [String]) throws -> TestRun {
    var command = Command(program, arguments, environment: environment, directory: path)
    command.timeoutSeconds = 120
    return TestRun(try command.run())
  }
}

/// A worker each of whose operations is a process of its own.
private struct ProcessClient {
  let number: Int
  let race: ProcessRace
  let hasWorktree: Bool
  private(set) var oks = 0
  private(set) var tries = 0
  private var held: (fence: Fence, worker: String)?

  init(number: Int, race: ProcessRace, hasWorktree: Bool) {
    (self.number, self.race, self.hasWorktree) = (number, race, hasWorktree)
  }

  /// Reads now and then; otherwise claims, or gives back what it has.
  mutating func act() throws {
    tries += 1
    let end = tries % 5 == 0 ? read() : held.map { give($0.fence, of: $0.worker) } ?? claim()
    switch end {
    case .ok(.claimed(let fence, _)): (held, oks) = ((fence, "p\(number)-\(tries)"), oks + 1)
    case .ok: oks += 1
    case .invoke, .fail, .info: break
    }
  }

  private func claim() -> History.Kind {
    let worker = "p\(number)-\(tries)"
    return race.recorder.run(number, .claim(holder: worker)) {
      let place = hasWorktree ? [] : ["--no-worktree"]
      let run = try race.run(TestBinary.path, ["claim", "--json", "--worker", worker] + place)
      if [1, 10, 11].contains(run.code) { return .fail }
      guard run.code == 0, let answer = try? JSON.parse(Array(run.out.utf8)),
        case .string(let step)? = answer["step"], case .integer(let epoch)? = answer["epoch"]
      else { return trouble(run) }
      return .ok(.claimed(Fence(step: step, epoch: Int(epoch)), nonce: nil))
    }
  }

  private mutating func give(_ fence: Fence, of worker: String) -> History.Kind {
    held = nil
    return race.recorder.run(number, .release(step: fence.step, epoch: fence.epoch)) {
      let run = try race.run(TestBinary.path, ["release", fence.step, "--worker", worker])
      return run.code == 0 ? .ok(.nothing) : run.code == 1 ? .fail : trouble(run)
    }
  }

  /// What plain git sees, wherever it has put the ref.
  private func read() -> History.Kind {
    race.recorder.run(number, .read(number * 1_000_000 + tries)) {
      let run = try race.run("git", ["rev-list", "--count", Ledger.ref])
      guard let count = Int(run.out.prefix { $0.isNumber }) else { return trouble(run) }
      return .ok(.sequence(count))
    }
  }

  private func trouble(_ run: TestRun) -> History.Kind {
    race.troubles.withLock { $0.append(run.description) }
    return .info
  }
}

/// Git's own housekeeping, over and over, until it is stopped.
private final class Noise {
  private let isOver: Flag
  private let thread: BackgroundThread

  private final class Flag: Sendable {
    let value = Mutex(false)
    let turns = Mutex<[String: Int]>([:])
  }

  /// `gc` with `--prune=now` would do harm, to every program that writes: it deletes what is being written.
  private static let commands = [
    ["pack-refs", "--all", "--prune"], ["worktree", "prune"], ["pack-refs", "--all", "--prune"],
    ["gc", "--quiet", "--prune=10.minutes.ago"],
  ]

  init(_ race: ProcessRace) throws {
    let flag = Flag()
    isOver = flag
    thread = try BackgroundThread {
      while !flag.value.withLock({ $0 }) {
        for words in Noise.commands {
          // It may find a ref's lock held, as anybody may.
          let isDone = try race.run("git", words).code == 0
          if isDone { flag.turns.withLock { $0[words[0], default: 0] += 1 } }
        }
      }
    }
  }

  /// Ends it; how often each command was done.
  func stop() throws -> [String: Int] {
    isOver.value.withLock { $0 = true }
    try thread.join()
    return isOver.turns.withLock { $0 }
  }
}
