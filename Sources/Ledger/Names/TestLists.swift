import Git
import Migration

/// The lists of tests that lie beside the entries: each is a file of the ledger's tree, named by its digest,
/// for as long as a verdict rests on it.
enum TestLists {
  static let folder = "tests"
  /// The largest one.
  static let maximumBytes = 8 << 20

  static func path(_ digest: String) -> String { "\(folder)/\(digest)" }
}

extension ChainReader {
  /// A list of tests by its digest; `nil` when it is not there, as in ledgers of before there were any.
  public func testList(_ digest: String, in snapshot: LedgerSnapshot) throws(LedgerError) -> [UInt8]? {
    guard let tree = snapshot.tree else { return nil }
    do throws(GitError) {
      guard let found = try repository.entry(at: TestLists.path(digest), inTree: tree),
        try repository.objectSize(found.oid) <= TestLists.maximumBytes
      else { return nil }
      return try repository.blob(found.oid)
    } catch {
      throw .git(error)
    }
  }
}
