import CanonicalJSON
import Ledger
import Migration
import Site
import System

/// The socket of one claim, in a private folder, held by the run: whoever works on the claim, inside of a
/// sandbox or not, asks there, and what it asks for is done here, outside, for this claim and no other.
///
/// Never waits: the owner polls `descriptors` and calls `advance`.
final class Relay {
  private static let name = "claim"
  /// The most that may be connected at once.
  private static let mostConnections = 8

  /// The folder.
  let folder: String
  private let site: Site
  private let migration: String
  private let fence: Fence
  private let listener: UnixSocket
  private var connections: [Connection] = []
  private var warnings: [String] = []
  /// The look at the gate that is under way, and for whom.
  private var trial: (errand: Errand<VerifyWork>, claim: WorkerClaim, for: Connection)?

  /// Somebody who has connected.
  private final class Connection {
    let socket: UnixSocket
    var input: [UInt8] = []
    var output: ArraySlice<UInt8> = []
    /// What it wants and has not got yet.
    var isWaiting = false
    var verify: (isAnew: Bool, isTaken: Bool)?

    init(_ socket: UnixSocket) { self.socket = socket }
  }

  /// Opens one for a claim.
  init(site: Site, migration: String, fence: Fence) throws(CommandError) {
    self.site = site
    self.migration = migration
    self.fence = fence
    do {
      // No sandbox shows what is there: nobody finds the socket of another's claim.
      let root = site.localDirectory + "/relay"
      try site.makeOwnFolder(root)
      if !site.hasSweptRelays {
        Relay.sweep(root, at: site.clock.now())
        site.hasSweptRelays = true
      }
      let place = try Files.makeTemporaryDirectory(prefix: Relay.prefix, in: root)
      do throws(ProcessError) {
        (folder, listener) = (place, try Relay.listen(in: place))
      } catch {
        // Some file systems have no sockets.
        try? Files.removeTree(place)
        let other = try Files.makeTemporaryDirectory(prefix: Relay.prefix)
        do throws(ProcessError) {
          (folder, listener) = (other, try Relay.listen(in: other))
        } catch {
          try? Files.removeTree(other)
          throw error
        }
      }
    } catch {
      throw CommandError.from(error)
    }
  }

  deinit { try? Files.removeTree(folder) }

  private static let prefix = "git-migrate-"

  /// Listens in a folder. The socket gets its name when it listens: before, it looks like one that nobody
  /// listens at any more.
  private static func listen(in folder: String) throws(ProcessError) -> UnixSocket {
    let path = folder + "/" + name
    let socket = try UnixSocket.listen(path + ".new")
    do throws(FileError) { try Files.move(path + ".new", to: path) } catch {
      throw ProcessError(subject: path, cause: .notFound)
    }
    return socket
  }

  /// Removes what runs left that were killed: a socket at which nobody listens, and, once they are old, the
  /// folders in which there is none. What another run has just made is not yet what it will be.
  static func sweep(_ root: String, at now: Timestamp) {
    for name in (try? Files.listDirectory(root)) ?? [] where name.hasPrefix(prefix) {
      let (folder, socket) = ("\(root)/\(name)", "\(root)/\(name)/\(Relay.name)")
      let isLeft: Bool
      if Files.exists(socket) {
        isLeft = UnixSocket.isAbandoned(socket)
      } else {
        isLeft = Files.modified(folder).map { now.seconds - $0 > longestMaking } ?? false
      }
      if isLeft { try? Files.removeTree(folder) }
    }
  }

  /// How long a folder may have no socket, in seconds.
  private static let longestMaking: Int64 = 3600

  /// Its place outside.
  var place: RelayPlace { RelayPlace(folder: folder, name: Relay.name) }

  /// Readable when `advance` may have something to do.
  var descriptors: [Int32] {
    [listener.descriptor] + connections.map(\.socket.descriptor)
      + (trial.map { [$0.errand.descriptor] } ?? [])
  }

  /// Ends what is under way: the worker is gone.
  func close() {
    trial?.errand.stop()
    for connection in connections { connection.socket.close() }
    listener.close()
  }

  /// Goes on with everything.
  func advance() {
    while connections.count < Relay.mostConnections, let socket = listener.accept() {
      connections.append(Connection(socket))
    }
    for connection in connections { read(connection) }
    goOn()
    for connection in connections { flush(connection) }
    connections.removeAll { $0.socket.descriptor < 0 }
  }

  private func read(_ connection: Connection) {
    while connection.socket.descriptor >= 0 {
      guard let bytes = connection.socket.read(), connection.input.count < WorkerRequest.longestLine else {
        return leave(connection)
      }
      if bytes.isEmpty { break }
      connection.input += bytes
    }
    guard !connection.isWaiting, let end = connection.input.firstIndex(of: 0x0A) else { return }
    let line = Array(connection.input[..<end])
    connection.input.removeFirst(end + 1)
    guard let request = WorkerRequest(line: line) else {
      return answer(
        connection, WorkerReply(CommandError("nothing that is known was asked for", exitCode: .usage)))
    }
    connection.isWaiting = true
    if case .verify(let isAnew) = request {
      connection.verify = (isAnew, false)
    } else {
      answer(connection, reply(to: request))
    }
  }

  /// Whoever leaves wants no verdict any more.
  private func leave(_ connection: Connection) {
    connection.socket.close()
    if trial?.for === connection { trial?.errand.stop() }
  }

  private func answer(_ connection: Connection, _ reply: WorkerReply) {
    var reply = reply
    reply.warnings += warnings
    warnings = []
    connection.output += reply.line
    connection.isWaiting = false
    connection.verify = nil
  }

  private func flush(_ connection: Connection) {
    while !connection.output.isEmpty {
      guard let sent = connection.socket.write(connection.output) else { return leave(connection) }
      if sent == 0 { return }
      connection.output = connection.output.dropFirst(sent)
    }
  }

  // MARK: What is asked for

  private var answers: Answers { Answers(site) { [weak self] in self?.warnings.append($0) } }

  private func claim() throws(CommandError) -> WorkerClaim {
    try WorkerClaim(site: site, migration: migration, step: fence.step, epoch: fence.epoch, worker: nil)
  }

  private func reply(to request: WorkerRequest) -> WorkerReply {
    do throws(CommandError) {
      var wanted = request
      // The verdict is for this very run to find, which cannot wait for itself.
      if case .submit(let isNoOp, _) = request { wanted = .submit(isNoOp: isNoOp, leavesGate: true) }
      return try answers.answer(wanted, try claim()) { () throws(CommandError) in
        Interruption(signals: -1) { false }
      }
    } catch {
      return WorkerReply(error)
    }
  }

  /// Goes on with the look that is under way, or begins the next.
  private func goOn() {
    while true {
      if trial == nil {
        let next = connections.first { $0.verify?.isTaken == false && $0.socket.descriptor >= 0 }
        guard let next, let verify = next.verify else { return }
        next.verify?.isTaken = true
        do throws(CommandError) {
          let claim = try claim()
          trial = (try answers.trial(claim, isAnew: verify.isAnew), claim, next)
        } catch {
          answer(next, WorkerReply(error))
          continue
        }
      }
      guard let (errand, claim, connection) = trial else { return }
      do throws(CommandError) {
        switch try errand.step() {
        case .more: continue
        case .nothing: return
        case .ended(let outcome):
          trial = nil
          let tried = TriedWork(claim, outcome)
          answer(connection, WorkerReply(tried, exitCode: tried.exitCode))
        }
      } catch {
        trial = nil
        answer(connection, WorkerReply(error))
      }
    }
  }
}
