import Cmicrohttpd

/// libmicrohttpd with our rules: what is no plain question of this page's own reader is refused.
final class WebServer {
  /// The most connections at once, the seconds that one may be idle, and the bytes of a request's head.
  private static let limits = (connections: UInt32(64), idle: UInt32(30), head: 24 << 10)
  private let daemon: OpaquePointer
  private let room: ServerRoom
  /// Where it listens.
  let port: UInt16

  /// Begins to listen; `nil` when the port cannot be had.
  init?(port: UInt16, pages: SharedPages) {
    room = ServerRoom(pages)
    let context = Unmanaged.passUnretained(room).toOpaque()
    guard
      let daemon = migrate_server_start(
        port, answerRequest, context, WebServer.limits.connections, WebServer.limits.idle,
        WebServer.limits.head)
    else { return nil }
    self.daemon = daemon
    self.port = migrate_server_port(daemon)
    room.open(port: self.port)
  }

  /// Ends all connections.
  func stop() { MHD_stop_daemon(daemon) }
}
