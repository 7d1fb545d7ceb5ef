import Draws
import Glibc
import Support
import Synchronization

/// A proxy before a `git daemon` that cuts, delays and refuses connections, as drawn from a seed.
///
/// Each clone has a port of its own, so that one can be cut off while the others go on.
final class CuttingProxy: Sendable {
  /// What it did to connections.
  struct Tally: Equatable, Sendable {
    /// Pushes that the server never had, or only the beginning of.
    var cutBefore = 0
    /// Pushes of which the server had everything and the client never heard.
    var cutAfter = 0
    /// Pushes that the server got after the client had seen the connection break.
    var late = 0
    var delayed = 0
    var fetchesCut = 0
    var partitions = 0
    /// Connections that were refused because of them.
    var refused = 0
  }

  private struct Control: Sendable {
    var isHealed = false
    var isStopped = false
    var tally = Tally()
  }

  let ports: [Int]
  private let control: Shared
  private let thread: BackgroundThread

  private final class Shared: Sendable {
    let value = Mutex(Control())
  }

  /// Starts it before the server on `port`, with a port for each of `clones`.
  init(seed: UInt64, before port: Int, clones: Int) throws {
    let listeners = try (0..<clones).map { _ in try LoopbackSocket.listen() }
    ports = listeners.map(\.port)
    let control = Shared()
    let descriptors = listeners.map(\.descriptor)
    self.control = control
    thread = try BackgroundThread {
      let loop = ProxyLoop(chance: Chance(seed: seed), server: port, listeners: descriptors)
      defer { loop.close() }
      while !control.value.withLock({ $0.isStopped }) {
        loop.isHealed = control.value.withLock { $0.isHealed }
        loop.turn()
        control.value.withLock { $0.tally = loop.tally }
      }
    }
  }

  /// No more faults: what comes from now on goes through.
  func heal() { control.value.withLock { $0.isHealed = true } }

  /// What it did so far.
  var tally: Tally { control.value.withLock { $0.tally } }

  /// Ends it, and gives what it did.
  func stop() throws -> Tally {
    control.value.withLock { $0.isStopped = true }
    try thread.join()
    return tally
  }
}

/// The proxy's work, all in one thread.
private final class ProxyLoop {
  var isHealed = false
  private(set) var tally = CuttingProxy.Tally()
  private var chance: Chance
  private let server: Int
  private let listeners: [Int32]
  /// How many more connections of each clone are refused.
  private var refusing: [Int]
  private var connections: [ProxyConnection] = []

  init(chance: Chance, server: Int, listeners: [Int32]) {
    (self.chance, self.server, self.listeners) = (chance, server, listeners)
    refusing = listeners.map { _ in 0 }
  }

  func close() {
    for connection in connections { connection.cut() }
    for listener in listeners { _ = Glibc.close(listener) }
  }

  /// Waits a moment for something to happen, and sees to it.
  func turn() {
    let now = Recorder.nanoseconds()
    var polled = listeners.map { pollfd(fd: $0, events: Int16(POLLIN), revents: 0) }
    var owners: [(ProxyConnection, isClient: Bool)] = []
    for connection in connections where connection.heldUntil <= now {
      for (descriptor, isClient) in [(connection.client, true), (connection.server, false)]
      where descriptor >= 0 {
        if isClient && connection.isClientDone { continue }
        polled.append(pollfd(fd: descriptor, events: Int16(POLLIN), revents: 0))
        owners.append((connection, isClient))
      }
    }
    guard poll(&polled, nfds_t(polled.count), 5) >= 0 else { return }
    for (index, listener) in listeners.enumerated() where polled[index].revents != 0 {
      accept(index, listener)
    }
    for (index, owner) in owners.enumerated() where polled[listeners.count + index].revents != 0 {
      if owner.isClient { fromClient(owner.0) } else { fromServer(owner.0) }
    }
    for connection in connections { deliverLate(connection) }
    connections.removeAll { $0.server < 0 }
  }

  private func accept(_ index: Int, _ listener: Int32) {
    let client = LoopbackSocket.accept(listener)
    guard client >= 0 else { return }
    if !isHealed, refusing[index] == 0, chance.once(in: 30) {
      tally.partitions += 1
      refusing[index] = 2 + chance.below(4)
    }
    if !isHealed, refusing[index] > 0 {
      refusing[index] -= 1
      tally.refused += 1
      return LoopbackSocket.reset(client)
    }
    guard let server = try? LoopbackSocket.connect(server) else { return LoopbackSocket.reset(client) }
    connections.append(ProxyConnection(client: client, server: server))
  }

  private func fromClient(_ connection: ProxyConnection) {
    let bytes = LoopbackSocket.receive(connection.client)
    guard !bytes.isEmpty else {
      connection.isClientDone = true
      if connection.held.isEmpty { _ = shutdown(connection.server, Int32(SHUT_WR)) }
      return
    }
    guard connection.hasAsked else {
      connection.hasAsked = true
      connection.isPush = String(decoding: bytes, as: UTF8.self).contains("git-receive-pack")
      connection.fault = isHealed ? .none : .drawn(&chance, forPush: connection.isPush)
      return connection.toServer(bytes)
    }
    // Who lost already, by what the server told, sends nothing but "that is all".
    guard connection.isPush, bytes.count > 4 || !connection.held.isEmpty else {
      return connection.toServer(bytes)
    }
    switch connection.fault {
    case .none: connection.toServer(bytes)
    case .delay(let nanoseconds):
      tally.delayed += 1
      connection.heldUntil = Recorder.nanoseconds() + nanoseconds
      connection.toServer(bytes)
    case .cutBefore:
      tally.cutBefore += 1
      connection.cut()
    case .cutInside:
      tally.cutBefore += 1
      connection.toServer(Array(bytes.prefix(bytes.count / 2)))
      connection.cut()
    case .cutAfter:
      connection.hasPushed = true
      connection.toServer(bytes)
    case .late(let nanoseconds):
      connection.held += bytes
      // All of it, which may come in pieces.
      connection.cutClientAt = Recorder.nanoseconds() + 20_000_000
      connection.arrivesAt = Recorder.nanoseconds() + 20_000_000 + nanoseconds
    }
  }

  private func fromServer(_ connection: ProxyConnection) {
    let bytes = LoopbackSocket.receive(connection.server)
    guard !bytes.isEmpty else { return connection.end() }
    connection.answers += 1
    switch connection.fault {
    case .cutAfter where connection.hasPushed:
      tally.cutAfter += 1
      connection.cut()
    case .cutInside where !connection.isPush && connection.answers == 2:
      tally.fetchesCut += 1
      connection.cut()
    case .delay(let nanoseconds) where !connection.isPush && connection.answers == 2:
      tally.delayed += 1
      connection.heldUntil = Recorder.nanoseconds() + nanoseconds
      connection.toClient(bytes)
    default: connection.toClient(bytes)
    }
  }

  /// Breaks the connection to the client, and some time after that hands the server what it sent.
  private func deliverLate(_ connection: ProxyConnection) {
    guard !connection.held.isEmpty else { return }
    let now = Recorder.nanoseconds()
    if now >= connection.cutClientAt { connection.cutClient() }
    if now >= connection.arrivesAt {
      tally.late += 1
      connection.toServer(connection.held)
      connection.held = []
      _ = shutdown(connection.server, Int32(SHUT_WR))
    }
  }
}

private final class ProxyConnection {
  enum Fault {
    case none
    case delay(UInt64)
    case cutBefore
    case cutInside
    case cutAfter
    case late(UInt64)

    static func drawn(_ chance: inout Chance, forPush isPush: Bool) -> Fault {
      let milliseconds = UInt64(1 + chance.below(150)) * 1_000_000
      switch (chance.below(100), isPush) {
      case (..<8, true): return .cutBefore
      case (..<14, true): return .cutInside
      case (..<22, true): return .cutAfter
      case (..<32, true): return .late(milliseconds)
      case (..<38, true), (..<4, false): return .delay(milliseconds)
      case (..<8, false): return .cutInside
      default: return .none
      }
    }
  }

  private(set) var client: Int32
  private(set) var server: Int32
  var fault = Fault.none
  var hasAsked = false
  var isPush = false
  var hasPushed = false
  var isClientDone = false
  /// How often the server has said something.
  var answers = 0
  /// What waits to arrive late.
  var held: [UInt8] = []
  var cutClientAt: UInt64 = 0
  var arrivesAt: UInt64 = 0
  /// Until when nobody listens to either side.
  var heldUntil: UInt64 = 0

  init(client: Int32, server: Int32) { (self.client, self.server) = (client, server) }

  func toServer(_ bytes: [UInt8]) { if server >= 0, !LoopbackSocket.send(bytes, server) { cut() } }

  func toClient(_ bytes: [UInt8]) { if client >= 0, !LoopbackSocket.send(bytes, client) { cutClient() } }

  func cutClient() {
    if client >= 0 { LoopbackSocket.reset(client) }
    client = -1
  }

  func cut() {
    cutClient()
    if server >= 0 { LoopbackSocket.reset(server) }
    server = -1
  }

  /// The server has said all: so does the proxy.
  func end() {
    if client >= 0 { _ = close(client) }
    if server >= 0 { _ = close(server) }
    (client, server) = (-1, -1)
  }
}
