import Glibc
import Supervision
import Testing

@testable import Git

@Suite struct SwapTests {
  static let ref = "refs/migrate/ledger"

  @Test(arguments: [Bool](arrayLiteral: false, true))
  func truthTable(packed: Bool) throws {
    let world = try World()
    let repository = world.repository
    let first = try world.commit(["a": "1"])
    let second = try world.commit(["a": "2"])
    let ref = SwapTests.ref
    // absent, an old value expected
    #expect(repository.compareAndSwap(ref: ref, to: first, from: second) == .lost)
    #expect(try repository.resolve(ref) == nil)
    // absent, none expected
    #expect(repository.compareAndSwap(ref: ref, to: first, from: nil) == .won)
    if packed { try world.git("pack-refs", "--all", "--prune") }
    // present, none expected
    #expect(repository.compareAndSwap(ref: ref, to: second, from: nil) == .lost)
    // present, a wrong value expected
    #expect(repository.compareAndSwap(ref: ref, to: second, from: second) == .lost)
    #expect(try repository.resolve(ref) == first)
    // present, the right one
    #expect(repository.compareAndSwap(ref: ref, to: second, from: first) == .won)
    #expect(try repository.resolve(ref) == second)
    // no change, still under the right expectation
    #expect(repository.compareAndSwap(ref: ref, to: second, from: second) == .won)
    if packed { try world.git("pack-refs", "--all", "--prune") }
    #expect(repository.deleteReference(ref, expected: first) == .lost)
    #expect(repository.deleteReference(ref, expected: second) == .won)
    #expect(repository.deleteReference(ref, expected: second) == .lost)
    #expect(try repository.resolve(ref) == nil)
  }

  @Test func otherFailuresAreUnknown() throws {
    let world = try World()
    let commit = try world.commit(["a": "1"])
    let missing = try #require(OID(String(repeating: "1", count: 40)))
    let bad = world.repository.compareAndSwap(ref: "refs/migrate/a..b", to: commit, from: nil)
    guard case .unknown(let error) = bad else { throw World.Failure(text: "\(bad)") }
    #expect(error.description.hasPrefix("unable to move ref 'refs/migrate/a..b': "))
    let absent = world.repository.compareAndSwap(ref: SwapTests.ref, to: missing, from: nil)
    guard case .unknown = absent else { throw World.Failure(text: "\(absent)") }
    let cut = world.repository.compareAndSwap(ref: "refs/migrate/a\0b", to: commit, from: nil)
    guard case .unknown = cut else { throw World.Failure(text: "\(cut)") }
    #expect(try world.repository.references(matching: "refs/*").isEmpty)
  }

  @Test func staleLockIsBusyAfterBoundedWaits() throws {
    let world = try World()
    let commit = try world.commit(["a": "1"])
    try world.write("repo/.git/\(SwapTests.ref).lock", "")
    let log = Log()
    let policy = RetryPolicy(
      patienceMicroseconds: 10_000, firstWaitMicroseconds: 1000, sleep: { log.add($0) },
      random: { $0.upperBound })
    let outcome = world.repository.compareAndSwap(ref: SwapTests.ref, to: commit, from: nil, retry: policy)
    guard case .busy(let error) = outcome else { throw World.Failure(text: "\(outcome)") }
    #expect(error.isLocked)
    #expect(log.values == [1000, 2000, 4000, 3000])
    // A lock that goes away in the meantime is no obstacle.
    let path = "\(world.path)/.git/\(SwapTests.ref).lock"
    let patient = RetryPolicy(patienceMicroseconds: 10_000, sleep: { _ in unlink(path) })
    #expect(
      world.repository.compareAndSwap(ref: SwapTests.ref, to: commit, from: nil, retry: patient) == .won)
  }

  final class Log: @unchecked Sendable {
    var values: [Int] = []
    func add(_ value: Int) { values.append(value) }
  }

  /// Four threads with a handle each count up in a chain while git packs the refs: every acknowledged win
  /// is one commit of the chain (PITFALLS F4).
  @Test func raceBesidePackRefs() async throws {
    let world = try World()
    let start = try world.commit(["n": "start"])
    #expect(world.repository.compareAndSwap(ref: SwapTests.ref, to: start, from: nil) == .won)
    let (path, environment) = (world.path, world.environment)
    let wins = try await withThrowingTaskGroup(of: Int.self) { group in
      for worker in 0..<4 {
        group.addTask {
          try SwapTests.append(path: path, environment: environment, worker: worker, rounds: 25)
        }
      }
      group.addTask {
        for _ in 0..<20 {
          _ = try Command(
            "git", ["pack-refs", "--all", "--prune"], environment: environment, directory: path
          ).run()
        }
        return 0
      }
      return try await group.reduce(0, +)
    }
    let tip = try #require(try world.repository.resolve(SwapTests.ref))
    #expect(wins == 100)
    #expect(try world.repository.commits(from: tip).count == wins + 1)
  }

  private static func append(
    path: String, environment: [String: String], worker: Int, rounds: Int
  ) throws -> Int {
    let repository = try Repository.open(gitDirectory: "\(path)/.git", environment: environment)
    var wins = 0
    while wins < rounds {
      let tip = try #require(try repository.resolve(ref))
      let next = try repository.writeCommit(
        tree: repository.treeOf(commit: tip), parents: [tip],
        message: "\(worker) \(wins) \(UInt64.random(in: 0 ... .max))",
        author: World.person, committer: World.person)
      switch repository.compareAndSwap(ref: ref, to: next, from: tip) {
      case .won: wins += 1
      case .lost, .busy: continue
      case .unknown(let error): throw error
      }
    }
    return wins
  }
}
