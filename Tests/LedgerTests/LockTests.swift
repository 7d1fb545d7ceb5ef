import Git
import Glibc
import Migration
import Support
import System
import Testing

@testable import Ledger

/// Locks of the ledger's ref that somebody left, or holds.
@Suite("Locks of the ledger")
struct LockTests {
  let world: LedgerWorld
  let lock: String

  init() throws {
    world = try LedgerWorld(steps: 2)
    lock = world.repository.path + "/.git/" + Ledger.ref + ".lock"
  }

  /// A clock that a test moves, and a writer that waits by moving it.
  private final class Time: WallClock, @unchecked Sendable {
    var seconds = Int64(time(nil))
    func now() -> Timestamp { Timestamp(milliseconds: seconds * 1000) }
  }

  private func writer(_ clock: Time) throws -> Ledger {
    let ledger = Ledger(
      repository: try Repository.open(
        gitDirectory: world.repository.path, environment: world.repository.environment), clock: clock)
    ledger.local.move = { repository, new, old in
      let outcome = repository.compareAndSwap(ref: Ledger.ref, to: new, from: old, retry: .never)
      if case .busy = outcome { clock.seconds += 1 }
      return outcome
    }
    return ledger
  }

  /// What the chain's tip would be in a lock that a killed writer of ours left: it had announced the value.
  private func leaveOurs() throws {
    let value = String(repeating: "7", count: 40) + "\n"
    try Files.writeAtomically(lock, Array(value.utf8))
    let queue = try FileLock.acquire(
      path: world.repository.path + "/.git/migrate/ledger.queue", wait: true)
    #expect(queue?.leave(Array(value.utf8)) == true)
  }

  @Test("a lock with the value that a dead writer of ours announced is taken away at once")
  func announced() throws {
    try leaveOurs()
    let clock = Time()
    let begin = clock.seconds
    #expect(try world.claim("S1", by: "w", through: writer(clock)).isWon)
    #expect(clock.seconds == begin, "it did not wait")
    let left = try Files.listDirectory(Files.parent(of: lock)).filter { $0.contains("lock") }
    #expect(left == [])
  }

  @Test("a killed writer's lock does not hold up the next command")
  func command() throws {
    try leaveOurs()
    let claim = try world.repository.runMigrate("claim", "S1", "--no-worktree")
    #expect(claim.code == 0, "\(claim)")
    #expect(!Files.exists(lock))
  }

  @Test("a lock of git, closed and with another value, is left alone until it is a minute old")
  func foreign() throws {
    try leaveOurs()
    try Files.writeAtomically(lock, Array((String(repeating: "8", count: 40) + "\n").utf8))
    let clock = Time()
    let begin = clock.seconds
    #expect(try world.claim("S1", by: "w", through: writer(clock)).isWon)
    #expect(clock.seconds - begin >= 60, "it waited \(clock.seconds - begin) seconds")
  }

  @Test("an empty lock could be anybody's, and waits for its minute")
  func empty() throws {
    try leaveOurs()
    try Files.writeAtomically(lock, [])
    let clock = Time()
    let begin = clock.seconds
    #expect(try world.claim("S1", by: "w", through: writer(clock)).isWon)
    #expect(clock.seconds - begin >= 60, "it waited \(clock.seconds - begin) seconds")
  }

  @Test("a lock that is held open is never taken away, however old it is, nor with our value in it")
  func held() throws {
    try leaveOurs()
    let descriptor = open(lock, O_RDONLY)
    defer { close(descriptor) }
    let clock = Time()
    clock.seconds += 3600
    let error = #expect(throws: LedgerError.self) {
      try world.claim("S1", by: "w", through: writer(clock))
    }
    guard case .busy? = error else {
      Issue.record("\(String(describing: error))")
      return
    }
    #expect(Files.exists(lock))
    #expect(try world.sentences().count == 1)
  }

  @Test("without the queue no lock is ever taken away")
  func withoutQueue() throws {
    try leaveOurs()
    let clock = Time()
    clock.seconds += 3600
    let ledger = try writer(clock)
    ledger.local.isQueueing = false
    #expect(throws: LedgerError.self) { try world.claim("S1", by: "w", through: ledger) }
    #expect(Files.exists(lock))
  }

  @Test("local writers queue: who comes second waits for the lock, and then sees what the first wrote")
  func queue() throws {
    var queue = try FileLock.acquire(
      path: world.repository.path + "/.git/migrate/ledger.queue", wait: true)
    let run = try BackgroundRun(
      world.repository, TestBinary.path, ["claim", "--no-worktree", "--worker", "second"])
    let first = try world.writer()
    first.local.isQueueing = false
    #expect(try world.claim("S1", by: "first", through: first).isWon)
    #expect(run.isRunning)
    #expect(queue != nil)
    queue = nil
    #expect(try run.wait().code == 0)
    #expect(
      try world.sentences().suffix(2) == ["S1 claimed by first (epoch 1)", "S2 claimed by second (epoch 1)"])
  }

  @Test("a writer that is stopped in front of the queue stops nobody for ever")
  func stoppedWriter() throws {
    let queue = try FileLock.acquire(
      path: world.repository.path + "/.git/migrate/ledger.queue", wait: true)
    let ledger = try world.writer()
    ledger.local.patience = 0
    #expect(try world.claim("S1", by: "w", through: ledger).isWon)
    #expect(queue != nil)
  }
}
