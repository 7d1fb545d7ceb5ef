import Clibgit2
import Glibc
import System

/// A copy of a work tree's index that the program may write while somebody still works there.
///
/// A copy is younger than its entries, which makes git believe every one of them (PITFALLS H4); so what the
/// times do not prove is taken out of it, with the marks that make git look away.
final class IndexCopy {
  /// Where it is.
  let path: String
  /// The paths that a merge left undecided.
  private(set) var unmerged: [String] = []
  /// The paths that the scope leaves out and that somebody had added.
  private(set) var leftOut: [String] = []
  /// The commits of other repositories that it names.
  private(set) var submodules: [(path: String, oid: OID)] = []
  /// How many files may have changed.
  private(set) var doubtful = 0
  private let root: String

  /// Copies the index of a repository whose files are below `root`.
  init(of repository: Repository, root: String, _ scope: Snapshot.Scope) throws(GitError) {
    let operation = "copy the index of"
    let original = "\(repository.gitDirectory)/index"
    path = "\(repository.gitDirectory)/migrate-index-\(getpid())-\(UInt32.random(in: 0 ... .max))"
    self.root = root
    let moment = IndexTrust.moment(ofIndex: original)
    let copy = path
    try repository.fileOperation(operation, root) { () throws(FileError) in
      if let bytes = try Files.readFile(original, limit: 1 << 30) { try Files.writeAtomically(copy, bytes) }
    }
    guard let moment else { return }
    try edit { index throws(GitError) in
      unmerged = repository.unmergedPaths(of: index)
      try repository.unhide(index, below: root, operation)
      leftOut = try repository.removeLeftOut(index, scope, operation)
      let unproven = try unproven(of: index, moment, operation)
      doubtful = unproven.count
      try repository.doubt(unproven, in: index, operation)
      for position in 0..<git_index_entrycount(index) {
        guard let entry = git_index_get_byindex(index, position)?.pointee,
          entry.mode == FileMode.submodule.rawValue, let name = PathText.string(entry.path)
        else { continue }
        submodules.append((name, OID(entry.id)))
      }
    }
  }

  deinit {
    unlink(path)
    unlink("\(path).lock")
  }

  /// Has the copy name another commit for a submodule, or none.
  func setSubmodule(_ name: String, to oid: OID?) throws(GitError) {
    let operation = "record the submodule"
    try edit { index throws(GitError) in
      let text = try PathText.terminated(name, operation)
      guard let oid else {
        _ = try found(git_index_remove(index, text, 0), operation, name)
        return
      }
      var entry = git_index_entry()
      entry.id = oid.raw
      entry.mode = FileMode.submodule.rawValue
      let code = text.withUnsafeBufferPointer { buffer in
        entry.path = buffer.baseAddress
        return git_index_add(index, &entry)
      }
      try check(code, operation, name)
    }
  }

  private func edit(_ body: (OpaquePointer) throws(GitError) -> Void) throws(GitError) {
    let operation = "change the copy of an index"
    var handle: OpaquePointer?
    try check(git_index_open(&handle, try PathText.terminated(path, operation)), operation, path)
    let index = try unwrap(handle, operation)
    defer { git_index_free(index) }
    try body(index)
    try check(git_index_write(index), operation, path)
  }

  private func unproven(
    of index: OpaquePointer, _ moment: timespec, _ operation: String
  ) throws(GitError) -> [DoubtfulEntry] {
    let folder = Glibc.open(
      try PathText.terminated(root, operation), O_RDONLY | O_DIRECTORY | O_NOFOLLOW | O_CLOEXEC)
    guard folder >= 0 else { throw .system(errno, operation, root) }
    defer { close(folder) }
    var result: [DoubtfulEntry] = []
    for position in 0..<git_index_entrycount(index) {
      guard let entry = git_index_get_byindex(index, position)?.pointee, IndexFlags.stage(entry) == 0,
        entry.mode != FileMode.submodule.rawValue,
        !IndexTrust.isProven(entry, below: folder, since: moment), let path = PathText.string(entry.path)
      else { continue }
      result.append(DoubtfulEntry(path: try PathText.terminated(path, operation), entry: entry))
    }
    return result
  }
}
