import Glibc

/// A file that somebody else is still writing, read from its beginning in pieces of constant size.
public final class GrowingFile {
  private let path: String
  private var file: Descriptor?
  private var buffer = [UInt8](repeating: 0, count: 256 << 10)

  /// Opens nothing yet: the file need not be there.
  public init(_ path: String) { self.path = path }

  /// Gives the next piece that is there to `body`; false when there is none now.
  public func next(_ body: (UnsafeBufferPointer<UInt8>) -> Void) throws(FileError) -> Bool {
    if file == nil { file = try Files.openedPlain(path) }
    guard let raw = file?.raw else { return false }
    while true {
      let count = read(raw, &buffer, buffer.count)
      if count < 0 && errno == EINTR { continue }
      guard count >= 0 else { throw .last("read", path) }
      buffer.withUnsafeBufferPointer { body(UnsafeBufferPointer(rebasing: $0[..<count])) }
      return count > 0
    }
  }
}
