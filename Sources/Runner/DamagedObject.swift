import Git
import Ledger

/// Whose an object is that cannot be read.
enum DamagedObject {
  /// The object that an error is about, when it says that one is damaged and which.
  static func oid(of error: any Error) -> OID? {
    if let error = error as? GitError { return error.damagedObject }
    if case .git(let error)? = error as? LedgerError { return error.damagedObject }
    return nil
  }

  /// Whether an object is one of these commits, or in their trees. Throws when that cannot be read either.
  static func isPart(_ oid: OID, of commits: [OID], in repository: Repository) throws(GitError) -> Bool {
    var rest: [OID] = []
    for commit in commits {
      if commit == oid { return true }
      rest.append(try repository.treeOf(commit: commit))
    }
    var seen: Set<OID> = []
    while let tree = rest.popLast() {
      if tree == oid { return true }
      guard seen.insert(tree).inserted else { continue }
      for entry in try repository.entries(ofTree: tree) {
        if entry.oid == oid { return true }
        if entry.mode == .tree { rest.append(entry.oid) }
      }
    }
    return false
  }
}
