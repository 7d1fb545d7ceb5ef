import Git
import Support
import Synchronization
import System
import Testing

@testable import Ledger

/// Whose turn it is among the writers of one machine.
@Suite("The queue of local writers")
struct WriterQueueTests {
  private let folder: String
  private let repository: TestRepository

  init() throws {
    repository = try TestRepository()
    folder = repository.root + "/queue"
  }

  /// Takes a turn as an append does: announces what it writes, and knows it from then on.
  private func turn(_ queue: WriterQueue, _ tip: inout OID?, _ number: Int) throws -> FileLock? {
    let lock = try queue.enter(knowing: tip, withinSeconds: 600) {}
    let made = try #require(OID(String(repeating: "\(number % 10)", count: 40)))
    StaleLock.announce(made, holding: lock)
    tip = made
    return lock
  }

  @Test("who has more to write goes on past those who wait, but not for long")
  func longestTurn() async throws {
    let queue = WriterQueue(folder: folder)
    // Without the limit, sometimes the other wakes up in time.
    for _ in 0..<10 { #expect(try await passed(queue) < WriterQueue.longestTurn) }
  }

  /// How often somebody who writes without end goes past another who waits.
  private func passed(_ queue: WriterQueue) async throws -> Int {
    var tip: OID?
    var lock = try turn(queue, &tip, 1)
    let (path, isNext, hadTurn) = (folder, Flag(), Flag())
    let other = Task.detached {
      let turn = try WriterQueue(folder: path).enter(knowing: nil, withinSeconds: 600) { isNext.raise() }
      hadTurn.raise()
      turn?.free()
    }
    while !isNext.isRaised { await Task.yield() }
    var passed = 0
    while !hadTurn.isRaised {
      lock?.free()
      lock = try turn(queue, &tip, passed)
      if !hadTurn.isRaised { passed += 1 }
    }
    lock?.free()
    try await other.value
    return passed
  }

  private final class Flag: Sendable {
    private let state = Atomic(false)
    func raise() { state.store(true, ordering: .releasing) }
    var isRaised: Bool { state.load(ordering: .acquiring) }
  }
}
