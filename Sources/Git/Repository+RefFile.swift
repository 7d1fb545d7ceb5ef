import Czlib
import Glibc

/// What libgit2 reads without end, or waits for without end: files that were cut off, and things that are no
/// files. Looked at before it is.
extension Repository {
  /// Throws when the object has a file of its own that does not end where it should, or is no file. An object
  /// that is not there, or lies in a pack, is not looked at.
  func requireWhole(_ oid: OID) throws(GitError) {
    let path = "\(commonDirectory)/objects/\(oid.hex.prefix(2))/\(oid.hex.dropFirst(2))"
    let file = Glibc.open(path, O_RDONLY | O_NONBLOCK | O_NOCTTY | O_CLOEXEC)
    guard file >= 0 else { return }
    defer { _ = Glibc.close(file) }
    var status = stat()
    guard fstat(file, &status) == 0, status.st_mode & S_IFMT == S_IFREG else {
      throw damaged(oid, "it is no file", path)
    }
    if status.st_size > Self.largestChecked { return }
    if !Inflation.isWhole(file) { throw damaged(oid, "its file is cut off or not as git wrote it", path) }
  }

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

  /// Whoever reads a larger object can wait for it.
  private static let largestChecked = off_t(64 << 20)

  private func damaged(_ oid: OID, _ reason: String, _ path: String) -> GitError {
    GitError(
      message: reason, operation: "read object", subject: oid.hex,
      hint: "'git fsck' lists what is damaged; remove '\(path)' and fetch the object from another clone, or "
        + "copy it from a backup")
  }
}

/// Follows a stream of zlib to its end, and throws away what is in it.
private enum Inflation {
  private static let chunk = 64 << 10

  /// Whether the open file is one whole stream.
  static func isWhole(_ file: Int32) -> Bool {
    // In a place of its own: zlib refuses a stream that was moved.
    let stream = UnsafeMutablePointer<z_stream>.allocate(capacity: 1)
    stream.initialize(to: z_stream())
    defer { stream.deallocate() }
    guard inflateInit_(stream, ZLIB_VERSION, Int32(MemoryLayout<z_stream>.size)) == Z_OK else { return true }
    defer { inflateEnd(stream) }
    let (input, output) = (
      UnsafeMutablePointer<UInt8>.allocate(capacity: chunk),
      UnsafeMutablePointer<UInt8>.allocate(capacity: chunk)
    )
    defer {
      input.deallocate()
      output.deallocate()
    }
    while true {
      let count = read(file, input, chunk)
      if count < 0 && errno == EINTR { continue }
      // That it cannot be read is told by whoever has to.
      if count < 0 { return true }
      if count == 0 { return false }
      stream.pointee.next_in = input
      stream.pointee.avail_in = uInt(count)
      while true {
        stream.pointee.next_out = output
        stream.pointee.avail_out = uInt(chunk)
        switch inflate(stream, Z_NO_FLUSH) {
        case Z_STREAM_END: return true
        case Z_OK where stream.pointee.avail_out == 0: continue
        case Z_OK, Z_BUF_ERROR: break
        default: return false
        }
        break
      }
    }
  }
}
