import Git
import Migration

/// The limit: what libgit2 needs at the least for one durable entry, a commit object and a moved ref.
final class Bare {
  private static let ref = "refs/bench/bare"
  private let repository: Repository
  private let tree: OID
  private var tip: OID?
  private var count = 0

  init(_ repository: Repository) throws {
    self.repository = repository
    tree = try repository.emptyTree()
    tip = try repository.resolve(Bare.ref)
  }

  /// Appends so many commits; gives the nanoseconds it took.
  func append(_ count: Int) throws -> Int64 {
    let begin = nanoseconds()
    for _ in 0..<count { try appendOne() }
    return nanoseconds() - begin
  }

  private func appendOne() throws {
    count += 1
    // As long as an entry of the ledger is, so that the same bytes are compressed and written.
    let message = "the migration 'bench' was resumed\n\n" + String(repeating: "\(count % 10)", count: 150) + "\n"
    let signature = Signature(name: "git-migrate", email: "git-migrate@localhost", seconds: 1_700_000_000)
    let commit = try repository.writeCommit(
      tree: tree, parents: tip.map { [$0] } ?? [], message: message, author: signature, committer: signature)
    guard case .won = repository.compareAndSwap(ref: Bare.ref, to: commit, from: tip) else {
      stop("the ref was moved by somebody else")
    }
    tip = commit
  }
}
