import Clinux
import Glibc

/// A socket of this machine, by the path of its file. Descriptors are close-on-exec and never wait.
public final class UnixSocket {
  /// The descriptor, to be polled; -1 once it is closed.
  public private(set) var descriptor: Int32

  private init(_ descriptor: Int32) { self.descriptor = descriptor }

  deinit { close() }

  /// Closes it.
  public func close() {
    if descriptor >= 0 { _ = Glibc.close(descriptor) }
    descriptor = -1
  }

  /// Listens at a path, of which there must be nothing yet; only this user can connect.
  public static func listen(_ path: String) throws(ProcessError) -> UnixSocket {
    let socket = try open(path)
    try socket.withAddress(path) { address, length in bind(socket.descriptor, address, length) }
    guard chmod(path, 0o600) == 0 else { throw .system(path, "chmod") }
    guard Glibc.listen(socket.descriptor, 16) == 0 else { throw .system(path, "listen") }
    return socket
  }

  /// Connects to whoever listens at a path.
  public static func connect(_ path: String) throws(ProcessError) -> UnixSocket {
    let socket = try open(path)
    try socket.withAddress(path) { address, length in
      retrying { Glibc.connect(socket.descriptor, address, length) }
    }
    return socket
  }

  /// Whether nobody listens any more at a socket's path. Who is only busy, so that no more can wait there for
  /// now, still does.
  public static func isAbandoned(_ path: String) -> Bool {
    do throws(ProcessError) {
      _ = try connect(path)
      return false
    } catch {
      if case .system(_, ECONNREFUSED) = error.cause { return true }
      return false
    }
  }

  /// Somebody who has connected; `nil` when nobody waits.
  public func accept() -> UnixSocket? {
    let other = retrying { Glibc.accept(descriptor, nil, nil) }
    guard other >= 0 else { return nil }
    _ = fcntl(other, F_SETFD, FD_CLOEXEC)
    setNonBlocking(other)
    return UnixSocket(other)
  }

  /// What has come: bytes, nothing yet (an empty list), or `nil` when the other side has ended.
  public func read() -> [UInt8]? {
    guard descriptor >= 0 else { return nil }
    var (buffer, bytes, isTruncated) = ([UInt8](repeating: 0, count: 64 << 10), [UInt8](), false)
    switch readOnce(descriptor, &buffer, into: &bytes, limit: buffer.count, &isTruncated) {
    case .data: return bytes
    case .wouldBlock: return []
    case .end: return nil
    }
  }

  /// Sends what fits now of some bytes and gives how many; `nil` when nobody is there.
  public func write(_ bytes: ArraySlice<UInt8>) -> Int? {
    guard descriptor >= 0 else { return nil }
    let count = bytes.withUnsafeBytes {
      send(descriptor, $0.baseAddress, $0.count, Int32(MSG_NOSIGNAL))
    }
    if count >= 0 { return count }
    return errno == EAGAIN || errno == EINTR ? 0 : nil
  }

  private static func open(_ path: String) throws(ProcessError) -> UnixSocket {
    let kind = Int32(SOCK_STREAM.rawValue | SOCK_CLOEXEC.rawValue | SOCK_NONBLOCK.rawValue)
    let raw = socket(AF_UNIX, kind, 0)
    guard raw >= 0 else { throw .system(path, "socket") }
    return UnixSocket(try aboveStandard(raw, path))
  }

  /// The kernel takes paths of about a hundred bytes, and folders have longer ones: the folder is named by
  /// its descriptor.
  private func withAddress(
    _ path: String, _ call: (UnsafePointer<sockaddr>, socklen_t) -> Int32
  ) throws(ProcessError) {
    let folder = try openDescriptor(Files.parent(of: path), O_RDONLY | O_DIRECTORY)
    let name = path.split(separator: "/").last ?? ""
    let short = "/proc/self/fd/\(folder.raw)/\(name)"
    var address = sockaddr_un()
    address.sun_family = sa_family_t(AF_UNIX)
    let room = MemoryLayout.size(ofValue: address.sun_path)
    guard short.utf8.count < room else { throw ProcessError(subject: path, cause: .notFound) }
    withUnsafeMutableBytes(of: &address.sun_path) { $0.copyBytes(from: short.utf8) }
    let result = withUnsafePointer(to: &address) {
      $0.withMemoryRebound(to: sockaddr.self, capacity: 1) {
        call($0, socklen_t(MemoryLayout<sockaddr_un>.size))
      }
    }
    if result != 0 { throw .system(path, "connect") }
  }
}
