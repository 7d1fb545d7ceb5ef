import Glibc
import System

extension Repository {
  /// Removes the folders right below `folder`, a folder of refs, that hold none any more, as far as `isDone`
  /// takes their names. git does that with each ref that it deletes, libgit2 does not, and who lists refs
  /// opens them all: after ten thousand steps that took longer than a push.
  ///
  /// Only for folders that nobody writes into any more: whoever makes a ref there in that moment would fail.
  /// What cannot be removed stays.
  public func removeEmptyRefFolders(in folder: String, where isDone: (String) -> Bool) {
    let path = "\(commonDirectory)/\(folder)"
    for name in (try? Files.listDirectory(path)) ?? [] where isDone(name) { _ = rmdir("\(path)/\(name)") }
  }

  /// How large the file of a ref may be, which libgit2 reads as a whole.
  static let refSizeLimit: off_t = 1 << 20

  /// Throws when something that is no file of a ref lies where the ref's file would.
  func requireFile(ofRef ref: String) throws(GitError) {
    let path = "\(commonDirectory)/\(ref)"
    var status = stat()
    guard ref.hasPrefix("refs/"), stat(path, &status) == 0 else { return }
    let kind = status.st_mode & S_IFMT
    if kind == S_IFDIR || kind == S_IFREG && status.st_size <= Repository.refSizeLimit { return }
    throw GitError(
      message: kind == S_IFREG ? "no ref is as large as that" : "what lies there is no file",
      operation: "read ref", subject: ref, hint: "remove '\(path)'")
  }
}
