import CanonicalJSON
import Site
import System

/// Asks the run that holds a claim, through the claim's socket.
package struct RelayClient {
  private let path: String

  /// The name of the variable that says where the socket is, to what is shut in.
  package static let variable = "MIGRATE_RELAY"

  /// Makes one for the socket at a path.
  package init(_ path: String) { self.path = path }

  /// The answer. When the caller is interrupted, what was asked for is ended.
  package func ask(
    _ request: WorkerRequest, _ interruption: Interruption
  ) throws(CommandError) -> WorkerReply {
    let socket: UnixSocket
    do throws(ProcessError) { socket = try UnixSocket.connect(path) } catch {
      throw CommandError(
        "the run that holds this claim cannot be reached: \(error.description)",
        hint: "it may have ended; your files are where they were")
    }
    var rest = (request.json.canonicalBytes + [0x0A])[...]
    var answer: [UInt8] = []
    while true {
      if interruption.shouldStop() {
        throw CommandError("interrupted; nothing was changed", exitCode: .interrupted)
      }
      if !rest.isEmpty {
        guard let sent = socket.write(rest) else { throw RelayClient.gone }
        rest = rest.dropFirst(sent)
      }
      guard let bytes = socket.read() else { throw RelayClient.gone }
      answer += bytes
      if let end = answer.firstIndex(of: 0x0A) {
        guard let reply = WorkerReply(line: Array(answer[..<end])) else { throw RelayClient.gone }
        return reply
      }
      if !bytes.isEmpty { continue }
      var poller = Poller(reading: [socket.descriptor, interruption.signals])
      if !rest.isEmpty { poller.add(writing: socket.descriptor) }
      _ = poller.wait(milliseconds: 200)
    }
  }

  private static let gone = CommandError(
    "the run that holds this claim has ended", hint: "your files are where they were")
}
