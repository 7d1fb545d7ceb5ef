import Git
import Ledger
import Migration
import Site

extension Site {
  /// Keeps files as the newest commit of a branch that holds nothing else: what a service for pages serves.
  /// Gives the commit, and whether it is new: the same files again make none.
  ///
  /// A branch that anybody works on is refused: what is in it would be gone from the next commit.
  package func keepPages(
    _ files: [(path: String, bytes: [UInt8])], on branch: String, message: String
  ) throws(CommandError) -> (commit: OID, isNew: Bool) {
    try requirePages(branch)
    let ref = "refs/heads/\(branch)"
    let identity = try identity()
    let old = try tip(of: ref)
    let made = try reporting { () throws -> (commit: OID, isNew: Bool) in
      var blobs: [(path: String, blob: OID, mode: FileMode)] = []
      for file in files { blobs.append((file.path, try repository.writeBlob(file.bytes), .blob)) }
      let tree = try repository.writeTree(updating: nil, upserts: blobs, removals: [])
      if let old, try repository.treeOf(commit: old) == tree { return (old, false) }
      let commit = try repository.writeCommit(
        tree: tree, parents: old.map { [$0] } ?? [], message: message, author: identity.author,
        committer: identity.committer)
      return (commit, true)
    }
    guard made.isNew else { return made }
    switch repository.compareAndSwap(ref: ref, to: made.commit, from: old, logMessage: message) {
    case .won: return made
    case .lost: throw CommandError("'\(branch)' was moved meanwhile", hint: "try again")
    case .busy(let error), .unknown(let error): throw CommandError(error)
    }
  }

  /// Throws unless a branch may hold pages: it is new, or holds pages already, and nobody has it checked out.
  private func requirePages(_ branch: String) throws(CommandError) {
    if let fault = BranchName.fault(branch) {
      throw CommandError("the branch '\(branch)' \(fault)", exitCode: .usage)
    }
    let state = try reporting { try ledger.read() }.state
    for migration in state.migrations where [migration.base, migration.into].contains(branch) {
      throw CommandError(
        "'\(branch)' is a branch of the migration '\(migration.name)'", hint: Self.otherBranch)
    }
    let ref = "refs/heads/\(branch)"
    guard let old = try tip(of: ref) else { return }
    if let place = try reporting({ try checkouts(ref) }).first {
      throw CommandError("'\(branch)' is checked out in '\(place)'", hint: Self.otherBranch)
    }
    let isOurs = try reporting { () throws -> Bool in
      let tree = try repository.treeOf(commit: old)
      return try repository.entry(at: Self.pageMark, inTree: tree) != nil
    }
    guard isOurs else {
      throw CommandError("'\(branch)' holds something else than reports", hint: Self.otherBranch)
    }
  }

  /// The file that every branch of reports has.
  package static let pageMark = "report.md"
  private static let otherBranch = "name a branch for reports alone, such as 'migrate-report'"
}
