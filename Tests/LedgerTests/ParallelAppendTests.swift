import Git
import Glibc
import Migration
import Support
import System
import Testing

@testable import Ledger

/// Many threads, each with a handle of its own as another process would have, append at once.
@Suite("Many writers at once")
struct ParallelAppendTests {
  private final class Tally: @unchecked Sendable {
    private let lock = FileLockBox()
    private var names: [String] = []

    func add(_ name: String) { lock.locked { names.append(name) } }

    var all: [String] { lock.locked { names } }
  }

  private final class FileLockBox: @unchecked Sendable {
    private let mutex = UnsafeMutablePointer<pthread_mutex_t>.allocate(capacity: 1)

    init() { pthread_mutex_init(mutex, nil) }

    deinit { mutex.deallocate() }

    func locked<Value>(_ body: () -> Value) -> Value {
      pthread_mutex_lock(mutex)
      defer { pthread_mutex_unlock(mutex) }
      return body()
    }
  }

  /// Lets `writers` threads claim every step they can get, and gives each claim that was acknowledged.
  private func race(
    _ world: LedgerWorld, writers: Int, queueing: Bool,
    move: (@Sendable (Repository, OID, OID?) -> SwapOutcome)?
  ) async throws -> [String] {
    let tally = Tally()
    let (path, environment, steps) = (
      world.repository.path, world.repository.environment, world.plan.steps.map(\.id)
    )
    try await withThrowingTaskGroup(of: Void.self) { group in
      for number in 1...writers {
        group.addTask {
          let ledger = Ledger(
            repository: try Repository.open(gitDirectory: path, environment: environment))
          if let move { ledger.local.move = move }
          ledger.local.isQueueing = queueing
          for step in steps {
            let outcome = try ledger.append(by: "w\(number)") { (snapshot, at) throws(Refusal) in
              [ParallelAppendTests.claim(step, by: "w\(number)", in: snapshot, at: at)]
            }
            if outcome.isWon { tally.add(step) }
          }
        }
      }
      try await group.waitForAll()
    }
    return tally.all
  }

  private static func claim(
    _ step: String, by holder: String, in snapshot: LedgerSnapshot, at: Timestamp
  ) -> Proposal {
    let state = snapshot.state.migration(named: "mig")
    return Proposal(
      "mig",
      .stepClaimed(
        Claim(
          fence: Fence(step: step, epoch: (state?.step(step)?.epoch ?? 0) + 1), holder: holder,
          owner: Owner(machine: "m", boot: "b", pid: 0, startTicks: 0), base: state?.tip ?? .zero,
          expiresAt: at.adding(seconds: 1200), slot: nil)))
  }

  /// Claims that are acknowledged but not in the chain, or acknowledged twice.
  private func flaws(_ world: LedgerWorld, _ acknowledged: [String]) throws -> Int {
    let recorded = try world.sentences().count { $0.contains(" claimed by ") }
    return acknowledged.count - Set(acknowledged).count + abs(acknowledged.count - recorded)
  }

  @Test("sixty-four claims: one winner each, every one in the chain", arguments: [true, false])
  func sound(queueing: Bool) async throws {
    let world = try LedgerWorld(steps: 64)
    let acknowledged = try await race(world, writers: 4, queueing: queueing, move: nil)
    #expect(acknowledged.count == 64)
    #expect(try flaws(world, acknowledged) == 0)
    #expect(try world.writer().fsck() == [])
  }

  @Test("sixty-four appends one after the other are sixty-four entries")
  func sequential() throws {
    let world = try LedgerWorld(steps: 64)
    for number in 1...64 {
      #expect(try world.claim("S\(number)", by: "w", through: try world.writer()).isWon)
    }
    #expect(try world.sentences().count == 65)
    #expect(try world.writer().read().sequence == 65)
  }
}
