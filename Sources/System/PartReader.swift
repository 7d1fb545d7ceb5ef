import Glibc

/// Reads a file that others write to, part by part. A link is not followed, and nothing is waited for.
public final class PartReader {
  private let path: String
  private let file: Descriptor
  private static let size = 64 << 10

  /// Opens the file.
  public init(_ path: String) throws(FileError) {
    let raw = retrying { open(path, O_RDONLY | O_CLOEXEC | O_NOFOLLOW | O_NONBLOCK) }
    guard raw >= 0 else { throw .last("read", path) }
    file = Descriptor(owning: raw)
    self.path = path
  }

  /// What is there from an offset on, up to 64 KiB; nothing at the end.
  public func read(at offset: Int) throws(FileError) -> [UInt8] {
    var buffer = [UInt8](repeating: 0, count: Self.size)
    while true {
      let count = pread(file.raw, &buffer, buffer.count, off_t(offset))
      if count < 0 && errno == EINTR { continue }
      guard count >= 0 else { throw .last("read", path) }
      return Array(buffer[..<count])
    }
  }
}
