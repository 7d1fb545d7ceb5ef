import Glibc

extension Repository {
  /// Throws when something that is no file lies where the ref's file would.
  func requireFile(ofRef ref: String) throws(GitError) {
    let path = "\(commonDirectory)/\(ref)"
    var status = stat()
    guard ref.hasPrefix("refs/"), stat(path, &status) == 0 else { return }
    let kind = status.st_mode & S_IFMT
    if kind == S_IFREG || kind == S_IFDIR { return }
    throw GitError(
      message: "what lies there is no file", operation: "read ref", subject: ref, hint: "remove '\(path)'")
  }
}
