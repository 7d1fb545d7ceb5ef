import CanonicalJSON

/// One message of a client: JSON-RPC, a line each.
struct MCPMessage {
  /// What its answer is to be called by; `nil` for a notification, which gets none.
  var id: JSON?
  /// What is asked.
  var method: String
  /// With what.
  var params: StreamValue?

  /// Why a line is no message.
  enum Fault: Error {
    /// It is no JSON.
    case unreadable
    /// It is JSON, but no request and no notification. An answer is neither: nothing is asked here.
    case invalid(id: JSON?)
    /// It is an answer, or nothing at all.
    case nothing
  }

  /// Reads a line.
  init(line: [UInt8]) throws(Fault) {
    guard line.contains(where: { $0 != 0x20 && $0 != 0x0D && $0 != 0x09 }) else { throw .nothing }
    guard let value = StreamValue.parse(line) else { throw .unreadable }
    let id = value["id"].flatMap(JSON.init(token:))
    guard let method = value["method"]?.text else {
      if value["result"] != nil || value["error"] != nil { throw .nothing }
      throw .invalid(id: id)
    }
    guard value["jsonrpc"]?.text == "2.0", value["id"] == nil || id != nil else { throw .invalid(id: id) }
    (self.id, self.method, params) = (id, method, value["params"])
  }

  /// What a client says beside the parameters.
  var meta: StreamValue? { params?["_meta"] }

  /// The revision that a client of the newer era names with every request.
  var revision: String? { meta?["io.modelcontextprotocol/protocolVersion"]?.text }

  /// What the progress of the request is to be called by, when the client wants to be told of it.
  var progressToken: JSON? { meta?["progressToken"].flatMap(JSON.init(token:)) }
}

extension JSON {
  /// A text or a whole number that a client made up, as it was.
  init?(token: StreamValue) {
    switch token {
    case .string(let text): self = .string(text)
    case .number(let digits):
      guard let number = Int64(digits) else { return nil }
      self = .integer(number)
    case .null, .bool, .array, .object: return nil
    }
  }

  /// An object of these members.
  static func members(_ members: KeyValuePairs<String, JSON>) -> JSON {
    .object(members.map { Member($0.key, $0.value) })
  }
}

/// An answer that is an error: of the protocol, not of a tool.
struct MCPError: Error {
  /// The number for programs.
  var code: Int64
  /// The words for people.
  var message: String
  /// More for programs.
  var data: JSON?

  static func unreadable() -> MCPError { MCPError(code: -32700, message: "the line is no JSON") }
  static func invalid() -> MCPError {
    MCPError(code: -32600, message: "the line is neither a request nor a notification")
  }
  static func unknown(_ method: String) -> MCPError {
    MCPError(code: -32601, message: "there is no method '\(method)' here")
  }
  static func parameters(_ words: String) -> MCPError { MCPError(code: -32602, message: words) }
  /// The revision is none that is spoken here.
  static func revision(_ requested: String) -> MCPError {
    MCPError(
      code: -32022, message: "the protocol revision '\(requested)' is not spoken here",
      data: .members([
        "requested": .string(requested), "supported": .array(MCPServer.revisions.map(JSON.string)),
      ]))
  }

  /// The member `error` of an answer.
  var json: JSON {
    .object(
      [JSON.Member("code", .integer(code)), JSON.Member("message", .string(message))]
        + (data.map { [JSON.Member("data", $0)] } ?? []))
  }
}
