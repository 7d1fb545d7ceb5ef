import Glibc
import System

/// Watches one supervisor from outside. What it supervises runs as the same user and can stop it (SIGSTOP),
/// and a stopped supervisor keeps no time and kills nothing: it is continued, and when that does not help,
/// all that is below it is killed from here, and it as well.
struct SupervisorWatch {
  /// What a look found.
  enum Finding: Equatable {
    /// There is nothing to do, or nothing but to continue it.
    case well
    /// From this look on what is below it is killed; said once.
    case gaveUp
    /// It did not even end then, and was killed.
    case killed
  }

  /// How long after the last moment of a command it may take to tell of the end, in seconds: its own patience
  /// with processes that resist KILL, and as much for a busy machine.
  static let slackSeconds = 30
  /// How often it may be found stopped before it is held to be stopped on purpose, again and again.
  private static let stopLimit = 20
  private static let pauseMilliseconds: Int64 = 200
  private static let lastMilliseconds: Int64 = 10_000

  private let supervisor: pid_t
  private var nextLook: Int64
  private var stops = 0
  private var deadline: Int64?
  private var endsAt: Int64?
  /// Whether it was given up because its time was over.
  private(set) var isOverdue = false

  /// Whether what is below it is being killed.
  var hasGivenUp: Bool { endsAt != nil }

  /// Watches a child of this process that is not reaped before the watch ends.
  init(_ supervisor: pid_t, secondsToLive: Int? = nil) {
    self.supervisor = supervisor
    nextLook = monotonicMilliseconds() + SupervisorWatch.pauseMilliseconds
    if let secondsToLive { expectEnd(within: secondsToLive) }
  }

  /// Its command ought to have ended so many seconds from now, or sooner if that was said before.
  mutating func expectEnd(within seconds: Int) {
    let wait = Int64(seconds) + Int64(SupervisorWatch.slackSeconds)
    let end = monotonicMilliseconds() + wait * 1000
    deadline = min(deadline ?? end, end)
  }

  /// It has told something: until it was silent for as long again it is not held to be late.
  mutating func noteAnswer() {
    let end = monotonicMilliseconds() + Int64(SupervisorWatch.slackSeconds) * 1000
    deadline = deadline.map { max($0, end) }
  }

  /// Looks, when the last look is long enough ago; never waits.
  mutating func look() -> Finding {
    let now = monotonicMilliseconds()
    guard now >= nextLook else { return .well }
    nextLook = now + SupervisorWatch.pauseMilliseconds
    if let endsAt {
      if now >= endsAt { return destroy() }
      endAll()
      return .well
    }
    let isStopped = ProcessRecord(pid: supervisor)?.isStopped == true
    if isStopped { stops += 1 }
    if let deadline, now >= deadline { isOverdue = true }
    guard isOverdue || stops > SupervisorWatch.stopLimit else {
      if isStopped { _ = kill(supervisor, SIGCONT) }
      return .well
    }
    endsAt = now + SupervisorWatch.lastMilliseconds
    endAll()
    return .gaveUp
  }

  /// Kills what is below it, and lets it tell of that: it is the parent of every orphan there, stopped or
  /// not.
  private func endAll() {
    for _ in 0..<10 {
      let alive = ProcessTable.liveDescendants(of: supervisor)
      if alive.isEmpty { break }
      for record in alive { _ = kill(record.pid, SIGKILL) }
    }
    _ = kill(supervisor, SIGCONT)
  }

  private func destroy() -> Finding {
    endAll()
    _ = kill(supervisor, SIGKILL)
    return .killed
  }
}
