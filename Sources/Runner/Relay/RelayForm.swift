import CanonicalJSON
import Site

/// How a request and its answer travel through the socket of a claim: a line of JSON each.
extension WorkerRequest {
  /// The longest line, in bytes.
  static let longestLine = 1 << 20

  /// The line.
  var json: JSON {
    switch self {
    case .verify(let isAnew): .members("verify", ["anew": .bool(isAnew)])
    case .status: .members("status", [:])
    case .renew(let seconds): .members("renew", ["seconds": seconds.map { .integer(Int64($0)) } ?? .null])
    case .submit(let isNoOp, let leavesGate):
      .members("submit", ["no_op": .bool(isNoOp), "no_wait": .bool(leavesGate)])
    case .result(let word): .members("result", ["word": word.json])
    }
  }

  /// Reads a line that whoever is inside wrote; `nil` when it asks for nothing that is known.
  init?(line: [UInt8]) {
    guard let value = StreamValue.parse(line) else { return nil }
    switch value["ask"]?.text {
    case "verify": self = .verify(isAnew: value["anew"]?.isTrue ?? false)
    case "status": self = .status
    case "renew": self = .renew(seconds: value["seconds"]?.integer)
    case "submit":
      self = .submit(isNoOp: value["no_op"]?.isTrue ?? false, leavesGate: value["no_wait"]?.isTrue ?? false)
    case "result":
      guard let word = value["word"].flatMap(WorkerWord.init) else { return nil }
      self = .result(word)
    default: return nil
    }
  }
}

extension WorkerReply {
  /// The line.
  var line: [UInt8] {
    JSON.object([
      JSON.Member("exit", .integer(Int64(exitCode.rawValue))), JSON.Member("json", json ?? .null),
      JSON.Member("text", .string(text)), JSON.Member("hint", hint.map(JSON.string) ?? .null),
      JSON.Member("warnings", .array(warnings.map(JSON.string))),
    ]).canonicalBytes + [0x0A]
  }

  /// Reads what a run has answered; `nil` when it is no answer.
  init?(line: [UInt8]) {
    guard let value = try? JSON.parse(line), case .integer(let exit)? = value["exit"],
      let code = CommandError.ExitCode(rawValue: Int32(clamping: exit)),
      case .string(let text)? = value["text"]
    else { return nil }
    var hint: String?
    if case .string(let words)? = value["hint"] { hint = words }
    var warnings: [String] = []
    if case .array(let items)? = value["warnings"] {
      warnings = items.compactMap { if case .string(let words) = $0 { words } else { nil } }
    }
    let json = value["json"].flatMap { $0 == .null ? nil : $0 }
    self.init(exitCode: code, json: json, text: text, hint: hint, warnings: warnings)
  }
}

extension JSON {
  fileprivate static func members(_ ask: String, _ members: KeyValuePairs<String, JSON>) -> JSON {
    .object([Member("ask", .string(ask))] + members.map { Member($0.key, $0.value) })
  }
}
