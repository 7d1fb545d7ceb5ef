import Glibc

/// Bytes that wait until a descriptor has room for them, in their order.
package struct ByteQueue {
  private var bytes: [UInt8] = []
  private var start = 0

  /// A queue in which nothing waits.
  package init() {}

  /// How many bytes wait.
  package var count: Int { bytes.count - start }
  /// Whether none waits.
  package var isEmpty: Bool { count == 0 }

  /// Puts bytes behind those that wait.
  package mutating func append(_ more: some Collection<UInt8>) { bytes.append(contentsOf: more) }

  /// Forgets all that waits.
  package mutating func removeAll() { (bytes, start) = ([], 0) }

  /// Takes at most `limit` of the oldest bytes out.
  package mutating func take(_ limit: Int) -> [UInt8] {
    let taken = Array(bytes[start...].prefix(limit))
    drop(taken.count)
    return taken
  }

  /// Writes what a non-blocking descriptor takes at once and gives how much that was; `nil` when nobody will
  /// ever read it, and then nothing waits any more. SIGPIPE is the caller's business.
  package mutating func flush(to descriptor: Int32) -> Int? {
    var written = 0
    while !isEmpty {
      let count = bytes[start...].withUnsafeBytes {
        Glibc.write(descriptor, $0.baseAddress, min($0.count, 64 << 10))
      }
      if count > 0 {
        drop(count)
        written += count
      } else if errno == EAGAIN {
        break
      } else if errno != EINTR {
        removeAll()
        return nil
      }
    }
    return written
  }

  private mutating func drop(_ count: Int) {
    start += count
    // Moving the rest down pays only once there is much in front of it.
    if start == bytes.count {
      bytes.removeAll(keepingCapacity: true)
      start = 0
    } else if start >= 64 << 10 {
      bytes.removeFirst(start)
      start = 0
    }
  }
}
