import Clibgit2
import Glibc

extension Repository {
  /// A text that changes when anything in these folders does, in hexadecimal: names, kinds, sizes, times of
  /// change and inodes of all that is in them; no file is read. A time of change (`ctime`) can be set by no
  /// program, so whoever writes there is noticed. `folders` are relative to the top; one that is missing
  /// counts as such. Beside it, the latest time (`mtime`) of a file there, in seconds since the Unix epoch.
  public func fingerprint(ofFolders folders: [String]) throws(GitError) -> (text: String, newest: Int64) {
    let operation = "look through"
    guard let root = workingDirectory, let top = try DirectoryHandle.open(root, operation) else {
      throw GitError(message: "there is no work tree", operation: operation, subject: gitDirectory)
    }
    var record: [UInt8] = []
    var newest: Int64 = 0
    for folder in folders.sorted(by: PathText.precedes) {
      record += PathText.bytes(folder) + [0]
      var current = try top.duplicate(operation)
      var isThere = true
      for part in folder.split(separator: "/") {
        let name = try PathText.terminated(String(part), operation)
        var status = stat()
        guard fstatat(current.descriptor, name, &status, AT_SYMLINK_NOFOLLOW) == 0,
          status.st_mode & S_IFMT == S_IFDIR
        else {
          isThere = false
          break
        }
        let next = try current.directory(name, operation)
        current = next
      }
      record.append(isThere ? 1 : 0)
      if isThere { try Repository.add(current, to: &record, &newest) }
    }
    let text = SHA1.digest(of: record).map { byte in
      let digits = String(byte, radix: 16)
      return digits.utf8.count == 1 ? "0" + digits : digits
    }.joined()
    return (text, newest)
  }

  private static func add(
    _ folder: borrowing DirectoryHandle, to record: inout [UInt8], _ newest: inout Int64
  ) throws(GitError) {
    let operation = "look through"
    for name in try folder.names(operation).sorted(by: { $0.lexicographicallyPrecedes($1) }) {
      var status = stat()
      guard fstatat(folder.descriptor, name, &status, AT_SYMLINK_NOFOLLOW) == 0 else {
        throw .system(errno, operation, "\(folder.path)/\(folder.text(name))")
      }
      newest = max(newest, Int64(status.st_mtim.tv_sec))
      record += name.map { UInt8(bitPattern: $0) }
      for number in [
        Int64(status.st_mode), Int64(status.st_size), Int64(status.st_ctim.tv_sec),
        Int64(status.st_ctim.tv_nsec), Int64(bitPattern: UInt64(status.st_ino)),
      ] {
        withUnsafeBytes(of: number) { record += $0 }
      }
      if status.st_mode & S_IFMT == S_IFDIR {
        try add(folder.directory(name, operation), to: &record, &newest)
      }
    }
    record.append(0)
  }
}
