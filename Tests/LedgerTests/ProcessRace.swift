import CanonicalJSON
import Draws
import Git
import Glibc
import Migration
import Supervision
import Support
import Synchronization

@testable import Ledger

/// What the clients and the noise of one race share.
final class ProcessRace: Sendable {
  let path: String
  let environment: [String: String]
  let recorder = Recorder()
  /// What was said with an exit code that says neither yes nor no.
  let troubles = Mutex<[String]>([])
  /// The operations whose process was killed.
  let killed = Mutex<Set<History.Operation>>([])

  init(path: String, environment: [String: String]) { (self.path, self.environment) = (path, environment) }

  func run(_ program: String, _ arguments: [String], killedAfter milliseconds: Int? = nil) throws -> TestRun {
    var command = Command(program, arguments, environment: environment, directory: path)
    if let milliseconds {
      let limit = [
        "--signal=KILL", "\(milliseconds / 1000).\(String(milliseconds % 1000 + 1000).dropFirst())",
      ]
      command = Command(
        "timeout", limit + [program] + arguments, environment: environment, directory: path)
    }
    command.timeoutSeconds = 120
    return TestRun(try command.run())
  }
}

/// A worker each of whose operations is a process of its own.
struct ProcessClient {
  let number: Int
  let race: ProcessRace
  let hasWorktree: Bool
  private(set) var oks = 0
  private(set) var tries = 0
  private var held: (fence: Fence, worker: String)?
  /// Draws when a process is killed; `nil` when none is.
  private var fate: Chance?
  /// How long the last operation took, in milliseconds.
  private var usual = 100

  init(number: Int, race: ProcessRace, hasWorktree: Bool, fate: Chance? = nil) {
    (self.number, self.race, self.hasWorktree, self.fate) = (number, race, hasWorktree, fate)
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

  private mutating func claim() -> History.Kind {
    let worker = "p\(number)-\(tries)"
    let place = hasWorktree ? [] : ["--no-worktree"]
    return perform(.claim(holder: worker), ["claim", "--json", "--worker", worker] + place) { run in
      if [1, 10, 11].contains(run.code) { return .fail }
      guard run.code == 0, let answer = try? JSON.parse(Array(run.out.utf8)),
        case .string(let step)? = answer["step"], case .integer(let epoch)? = answer["epoch"]
      else { return nil }
      return .ok(.claimed(Fence(step: step, epoch: Int(epoch)), nonce: nil))
    }
  }

  private mutating func give(_ fence: Fence, of worker: String) -> History.Kind {
    held = nil
    let operation = History.Operation.release(step: fence.step, epoch: fence.epoch)
    return perform(operation, ["release", fence.step, "--worker", worker]) { run in
      run.code == 0 ? .ok(.nothing) : run.code == 1 ? .fail : nil
    }
  }

  /// Runs the program for an operation, to its end or, now and then, until it is killed in the middle of it.
  private mutating func perform(
    _ operation: History.Operation, _ arguments: [String], _ kind: (TestRun) throws -> History.Kind?
  ) -> History.Kind {
    let isDoomed = fate?.once(in: 2) ?? false
    let limit = isDoomed ? when() : nil
    let begin = Recorder.nanoseconds()
    let end = race.recorder.run(number, operation) {
      let run = try race.run(TestBinary.path, arguments, killedAfter: limit.map { $0 + 1 })
      if limit != nil, run.code == 128 + SIGKILL {
        _ = race.killed.withLock { $0.insert(operation) }
        return .info
      }
      return try kind(run) ?? trouble(run)
    }
    if !isDoomed { usual = min(20_000, Int((Recorder.nanoseconds() - begin) / 1_000_000)) }
    return end
  }

  /// Anywhere, half of the time; else about where it comes to its end, which is soon after the move of the
  /// ledger's ref.
  private mutating func when() -> Int? {
    guard var drawn = fate else { return nil }
    defer { fate = drawn }
    return drawn.once(in: 2) ? drawn.below(usual + 1) : usual * 3 / 4 + drawn.below(usual / 2 + 1)
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
final class Noise: Sendable {
  private let isOver: Flag
  private let thread: BackgroundThread

  private final class Flag: Sendable {
    let value = Mutex(false)
    let turns = Mutex<[String: Int]>([:])
  }

  /// How often the command was done that was done least.
  var turns: Int {
    let counts = isOver.turns.withLock { $0 }
    return Set(Noise.commands.map { $0[0] }).map { counts[$0] ?? 0 }.min() ?? 0
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
      var left = LeftLock()
      while !flag.value.withLock({ $0 }) {
        left.age(in: race.path)
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

/// A lock that a killed program left empty could be anybody's, and is a minute in everybody's way: here that
/// minute passes in a moment, once it is plain that nobody alive is at it.
private struct LeftLock {
  private static let patience: UInt64 = 5_000_000_000
  private var seen: (inode: UInt, since: UInt64)?

  mutating func age(in path: String) {
    let lock = "\(path)/.git/\(Ledger.ref).lock"
    var status = stat()
    guard lstat(lock, &status) == 0, status.st_size == 0 else { return seen = nil }
    let now = Recorder.nanoseconds()
    guard let seen, seen.inode == status.st_ino else { return seen = (status.st_ino, now) }
    guard now - seen.since > LeftLock.patience else { return }
    let old = time(nil) - Int(StaleLock.ageSeconds) - 1
    var times = [timespec(tv_sec: old, tv_nsec: 0), timespec(tv_sec: old, tv_nsec: 0)]
    _ = utimensat(AT_FDCWD, lock, &times, 0)
  }
}
