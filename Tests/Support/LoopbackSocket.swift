import Glibc

/// Sockets on 127.0.0.1, as few calls as tests need.
public enum LoopbackSocket {
  /// A socket that listens on a port that was free.
  public static func listen() throws -> (descriptor: Int32, port: Int) {
    let raw = make()
    var size = socklen_t(MemoryLayout<sockaddr_in>.size)
    var place = sockaddr_in()
    let isListening = withAddress(0) { bind(raw, $0, $1) } == 0 && Glibc.listen(raw, 64) == 0
    let isNamed = withUnsafeMutablePointer(to: &place) { pointer in
      pointer.withMemoryRebound(to: sockaddr.self, capacity: 1) { getsockname(raw, $0, &size) } == 0
    }
    guard isListening, isNamed else { throw TestFailure("no port to listen on: \(errno)") }
    return (raw, Int(UInt16(bigEndian: place.sin_port)))
  }

  /// Connects to a port.
  public static func connect(_ port: Int) throws -> Int32 {
    let raw = make()
    guard withAddress(port, { Glibc.connect(raw, $0, $1) }) == 0 else {
      _ = close(raw)
      throw TestFailure("the server does not answer: \(errno)")
    }
    return raw
  }

  /// The next connection; waits for it.
  public static func accept(_ listener: Int32) -> Int32 {
    let raw = Glibc.accept(listener, nil, nil)
    if raw >= 0 { _ = fcntl(raw, F_SETFD, FD_CLOEXEC) }
    return raw
  }

  /// Ends a connection at once and without a word.
  public static func reset(_ raw: Int32) {
    var option = linger(l_onoff: 1, l_linger: 0)
    setsockopt(raw, SOL_SOCKET, SO_LINGER, &option, socklen_t(MemoryLayout<linger>.size))
    _ = close(raw)
  }

  /// What came; nothing at the end, or when the connection broke.
  public static func receive(_ raw: Int32) -> [UInt8] {
    var buffer = [UInt8](repeating: 0, count: 1 << 16)
    let count = recv(raw, &buffer, buffer.count, 0)
    return Array(buffer.prefix(max(0, count)))
  }

  /// Sends all; false when the connection broke.
  public static func send(_ bytes: [UInt8], _ raw: Int32) -> Bool {
    var rest = bytes[...]
    while !rest.isEmpty {
      let count = rest.withUnsafeBytes {
        Glibc.send(raw, $0.baseAddress, $0.count, Int32(MSG_NOSIGNAL))
      }
      guard count > 0 else { return false }
      rest = rest.dropFirst(count)
    }
    return true
  }

  private static func make() -> Int32 {
    // Programs that other threads start must not keep connections open.
    socket(AF_INET, Int32(SOCK_STREAM.rawValue) | Int32(SOCK_CLOEXEC.rawValue), 0)
  }

  private static func withAddress(
    _ port: Int, _ body: (UnsafePointer<sockaddr>, socklen_t) -> Int32
  ) -> Int32 {
    var address = sockaddr_in()
    address.sin_family = sa_family_t(AF_INET)
    address.sin_port = UInt16(port).bigEndian
    address.sin_addr.s_addr = UInt32(0x7F00_0001).bigEndian
    return withUnsafePointer(to: &address) { pointer in
      pointer.withMemoryRebound(to: sockaddr.self, capacity: 1) {
        body($0, socklen_t(MemoryLayout<sockaddr_in>.size))
      }
    }
  }
}
