import Git
import Ledger

/// Whose an object is that cannot be read.
package enum DamagedObject {
  /// The object that an error is about, when it says that one is damaged and which.
  package static func oid(of error: any Error) -> OID? {
    if let error = error as? GitError { return error.damagedObject }
    if case .git(let error)? = error as? LedgerError { return error.damagedObject }
    return nil
  }

  /// Throws when a commit could not be checked out because an object of it is damaged or gone, as `error`
  /// names it: then no other worktree would do, and no step can help it.
  package static func require(_ commit: OID, after error: any Error, in repository: Repository)
    throws(CommandError)
  {
    let found = CommandError.from(error)
    for oid in names(in: found.message) {
      let isHere = (try? repository.objectExists(oid)) ?? false
      guard found.isDamage || !isHere else { continue }
      guard (try? isPart(oid, of: [commit], in: repository)) ?? true else { continue }
      if found.isDamage { throw found }
      var missing = CommandError(
        "the object '\(oid.hex)' is missing, which commit '\(commit.hex.prefix(10))' needs: \(found.message)",
        hint: found.hint ?? GitError.missingObjectHint)
      missing.isDamage = true
      throw missing
    }
  }

  /// The objects that a text names: forty digits, or the place of a loose object's file.
  private static func names(in text: String) -> [OID] {
    let words = text.split { !$0.isHexDigit && $0 != "/" }
    return words.compactMap { word in
      let parts = word.split(separator: "/").suffix(2)
      return OID(parts.last?.count == 40 ? String(parts.last ?? "") : parts.joined())
    }
  }

  /// Whether an object is one of these commits, or in their trees. Throws when that cannot be read either.
  package static func isPart(_ oid: OID, of commits: [OID], in repository: Repository) throws(GitError)
    -> Bool
  {
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
