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

extension Ledger {
  /// What is to be written of `lists`, and what is to go, so that only wanted ones lie in `tree`. The tree
  /// may be one that is only drafted.
  func testLists(
    _ lists: [[UInt8]], wanted: Set<String>, in tree: OID?
  ) throws(GitError) -> (files: [(path: String, blob: OID, mode: FileMode)], gone: [String]) {
    var there: Set<String> = []
    if let tree { there = Set(try writing.names(inFolder: TestLists.folder, ofTree: tree)) }
    var files: [(path: String, blob: OID, mode: FileMode)] = []
    for list in lists where list.count <= TestLists.maximumBytes {
      let digest = SHA256.hexDigest(of: list)
      guard wanted.contains(digest), there.insert(digest).inserted else { continue }
      files.append((TestLists.path(digest), try writing.writeBlob(list), .blob))
    }
    return (files, there.subtracting(wanted).sorted().map(TestLists.path))
  }

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
