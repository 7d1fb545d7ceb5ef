import Agents
import CanonicalJSON
import Runner
import Site
import System

/// Serves a worker's tools by the Model Context Protocol, on standard input and output, until the input ends.
///
/// Both eras are spoken: clients that begin with `initialize`, back to 2024-11-05, and those that name the
/// revision 2026-07-28 with every request. One call is worked on at a time; while it runs, the input is read,
/// so that it can be cancelled, and everything but another call is answered at once.
final class MCPServer {
  /// The revisions of clients that shake hands first.
  static let legacyRevisions = ["2024-11-05", "2025-03-26", "2025-06-18", "2025-11-25"]
  /// The revision of clients that do not.
  static let revision = "2026-07-28"
  /// All that are spoken.
  static let revisions = [revision] + legacyRevisions.reversed()
  /// What a client's model is told of the tools together.
  private static let instructions =
    "These tools are about the one step of a migration that you work on. Before you end, call 'verify' and "
    + "repair what it finds; then call 'result' once."
  /// The longest line that is read.
  private static let longestLine = 4 << 20
  /// How often the progress of a call is told, in milliseconds.
  private static let progressMilliseconds: Int64 = 5000
  /// How long clients may keep what does not change while the program runs.
  private static let lifeMilliseconds: Int64 = 3_600_000

  /// A call that waits or is worked on.
  private struct Call {
    var id: JSON
    var request: WorkerRequest
    var token: JSON?
    var isModern: Bool
  }

  private let perform: (WorkerRequest, Runner.Interruption) -> WorkerReply
  private var lines = LineReader(limit: longestLine)
  private var passedOver = 0
  private var waiting: [Call] = []
  private var current: Call?
  private var isCancelled = false
  private var isOver = false
  /// Whether the client shook hands, so that its requests name no revision.
  private var isLegacy = false
  private var toldAt: Int64 = 0
  private var progress: Int64 = 0

  /// `perform` does what a call asks for, and asks its interruption whether it is to end.
  init(_ perform: @escaping (WorkerRequest, Runner.Interruption) -> WorkerReply) { self.perform = perform }

  /// Serves to the end. `signals` is readable, and `isAskedToEnd` true, once somebody asks for the end.
  func serve(signals: Int32, isAskedToEnd: @escaping () -> Bool) throws(CommandError) {
    while !isOver {
      if isAskedToEnd() { return }
      if waiting.isEmpty {
        _ = Poller(reading: [StandardStream.input.rawValue, signals]).wait(milliseconds: nil)
        try read()
        continue
      }
      let call = waiting.removeFirst()
      (current, isCancelled, progress, toldAt) = (call, false, 0, 0)
      var failure: CommandError?
      let interruption = Runner.Interruption(signals: StandardStream.input.rawValue) {
        do throws(CommandError) {
          try self.read()
          try self.tellProgress()
        } catch {
          failure = failure ?? error
          self.isOver = true
        }
        return self.isCancelled || self.isOver || isAskedToEnd()
      }
      let reply = perform(call.request, interruption)
      current = nil
      if let failure { throw failure }
      // Whoever cancelled a call does not want to hear of it any more.
      if !isCancelled { try answer(call.id, MCPServer.result(reply, isModern: call.isModern)) }
    }
  }

  // MARK: Reading

  /// Takes what there is to read, without waiting.
  private func read() throws(CommandError) {
    while !isOver, !Poller(reading: [StandardStream.input.rawValue]).wait(milliseconds: 0).isEmpty {
      let bytes: [UInt8]
      do throws(StreamError) { bytes = try StandardStream.input.readSome() } catch {
        throw CommandError("unable to read standard input: \(error)")
      }
      if bytes.isEmpty { isOver = true }
      for line in bytes.isEmpty ? lines.end().map({ [$0] }) ?? [] : lines.read(bytes) { try take(line) }
      if lines.passedOver > passedOver {
        passedOver = lines.passedOver
        try send(.members(["error": MCPError.unreadable().json, "id": .null]))
      }
    }
  }

  private func take(_ line: [UInt8]) throws(CommandError) {
    let message: MCPMessage
    do throws(MCPMessage.Fault) { message = try MCPMessage(line: line) } catch {
      switch error {
      case .nothing: return
      case .unreadable: return try send(.members(["error": MCPError.unreadable().json, "id": .null]))
      case .invalid(let id):
        return try send(.members(["error": MCPError.invalid().json, "id": id ?? .null]))
      }
    }
    guard let id = message.id else { return note(message) }
    let result: JSON?
    do throws(MCPError) { result = try self.result(of: message, id) } catch {
      return try send(.members(["error": error.json, "id": id]))
    }
    if let result { try answer(id, result) }
  }

  /// Takes a notification.
  private func note(_ message: MCPMessage) {
    guard message.method == "notifications/cancelled",
      let id = message.params?["requestId"].flatMap(JSON.init(token:))
    else { return }
    waiting.removeAll { $0.id == id }
    if current?.id == id { isCancelled = true }
  }

  // MARK: Answers

  /// What a request is answered with; `nil` when it is a call that is answered when it is done.
  private func result(of message: MCPMessage, _ id: JSON) throws(MCPError) -> JSON? {
    if message.method == "initialize" { return hello(message) }
    let isModern = try isModern(message)
    switch message.method {
    case "server/discover":
      return MCPServer.lasting([
        JSON.Member("supportedVersions", .array(MCPServer.revisions.map(JSON.string))),
        JSON.Member("capabilities", MCPServer.capabilities),
        JSON.Member("instructions", .string(MCPServer.instructions)),
      ])
    case "ping": return MCPServer.finished([], isModern: isModern)
    case "tools/list":
      let tools = JSON.Member("tools", .array(MCPTool.allCases.map(\.json)))
      return isModern ? MCPServer.lasting([tools]) : .object([tools])
    case "tools/call":
      guard let name = message.params?["name"]?.text else {
        throw .parameters("the call names no tool")
      }
      guard let tool = MCPTool(rawValue: name) else { throw .parameters("there is no tool '\(name)' here") }
      guard let request = tool.request(message.params?["arguments"]) else {
        throw .parameters("the arguments of '\(name)' are not as its schema says")
      }
      waiting.append(Call(id: id, request: request, token: message.progressToken, isModern: isModern))
      return nil
    default: throw .unknown(message.method)
    }
  }

  /// Whether a request is of the newer era. One that names no revision is of the older one; only what the
  /// older one does not know must name it.
  private func isModern(_ message: MCPMessage) throws(MCPError) -> Bool {
    guard let revision = message.revision else {
      if message.method == "server/discover" {
        throw .parameters("'_meta' names no 'io.modelcontextprotocol/protocolVersion'")
      }
      return false
    }
    if isLegacy { return false }
    guard revision == MCPServer.revision else { throw .revision(revision) }
    guard message.meta?["io.modelcontextprotocol/clientCapabilities"] != nil else {
      throw .parameters("'_meta' names no 'io.modelcontextprotocol/clientCapabilities'")
    }
    return true
  }

  /// The answer of an `initialize`: the revision that was asked for, or the newest one of that era.
  private func hello(_ message: MCPMessage) -> JSON {
    isLegacy = true
    let wanted = message.params?["protocolVersion"]?.text ?? ""
    let revision = MCPServer.legacyRevisions.contains(wanted) ? wanted : MCPServer.legacyRevisions.last ?? ""
    return .members([
      "protocolVersion": .string(revision), "capabilities": MCPServer.capabilities,
      "serverInfo": MCPServer.info, "instructions": .string(MCPServer.instructions),
    ])
  }

  private static let capabilities = JSON.members(["tools": .members([:])])
  private static let info = JSON.members([
    "name": .string("git-migrate"), "version": .string(GitMigrate.versionNumber),
  ])

  /// A whole result of the era.
  private static func finished(_ members: [JSON.Member], isModern: Bool) -> JSON {
    guard isModern else { return .object(members) }
    return .object(
      members + [
        JSON.Member("resultType", .string("complete")),
        JSON.Member("_meta", .members(["io.modelcontextprotocol/serverInfo": info])),
      ])
  }

  /// A result of the newer era that may be kept for a while.
  private static func lasting(_ members: [JSON.Member]) -> JSON {
    finished(
      members + [
        JSON.Member("ttlMs", .integer(lifeMilliseconds)), JSON.Member("cacheScope", .string("private")),
      ], isModern: true)
  }

  /// The result of a call. A verdict that is not good is one as any other; that there is none is an error of
  /// the tool, for the model to read.
  private static func result(_ reply: WorkerReply, isModern: Bool) -> JSON {
    let text = { (text: String) in JSON.members(["type": .string("text"), "text": .string(text)]) }
    var content: [JSON] = []
    var members: [JSON.Member] = []
    if let json = reply.json {
      content.append(text(json.printable))
      members.append(JSON.Member("structuredContent", json))
    } else {
      content.append(text(reply.text + (reply.hint.map { "\nhint: \($0)" } ?? "")))
    }
    content += reply.warnings.map { text("warning: \($0)") }
    members += [
      JSON.Member("content", .array(content)), JSON.Member("isError", .bool(reply.json == nil)),
    ]
    return finished(members, isModern: isModern)
  }

  // MARK: Writing

  private func tellProgress() throws(CommandError) {
    guard let token = current?.token else { return }
    let now = MonotonicTime.milliseconds
    guard progress == 0 || now >= toldAt + MCPServer.progressMilliseconds else { return }
    if progress == 0 { progress = 1 } else { progress += (now - toldAt) / 1000 }
    toldAt = now
    let words = progress == 1 ? "the gate is at work" : "the gate is at work, for \(progress - 1) s by now"
    try send(
      .members([
        "method": .string("notifications/progress"),
        "params": .members([
          "progressToken": token, "progress": .integer(progress), "message": .string(words),
        ]),
      ]))
  }

  private func answer(_ id: JSON, _ result: JSON) throws(CommandError) {
    try send(.members(["id": id, "result": result]))
  }

  private func send(_ message: JSON) throws(CommandError) {
    guard case .object(let members) = message else { return }
    let whole = JSON.object(members + [JSON.Member("jsonrpc", .string("2.0"))])
    do throws(StreamError) { try StandardStream.output.write(whole.printableBytes + [0x0A]) } catch {
      // A client that is gone asks for nothing any more.
      isOver = true
      if !error.isBrokenPipe { throw CommandError("unable to write to standard output: \(error)") }
    }
  }
}
