import System

/// Takes secrets out of text before it is recorded: the ledger is pushed and never rewritten (ECOSYSTEM §6,
/// row 20).
public struct Redactor: Sendable {
  private let known: [(value: [UInt8], name: String)]

  /// Knows the values of the environment variables whose names speak of secrets, beside the tokens that
  /// `Secret` recognises by their make.
  public init(environment: [String: String]) {
    let words: [StaticString] = [
      "TOKEN", "SECRET", "PASSWORD", "PASSWD", "CREDENTIAL", "APIKEY", "API_KEY", "PRIVATE_KEY",
    ]
    known = environment.compactMap { name, value in
      guard value.utf8.count >= 8, VariableName.speaks(name, of: words) else { return nil }
      return (Array(value.utf8), name)
    }.sorted { $0.value.count > $1.value.count }
  }

  /// The text with each secret replaced by a word in brackets that says what stood there.
  public func redact(_ text: String) -> String {
    var bytes = Array(text.utf8)
    for (value, name) in known { bytes = Redactor.replacing(value, in: bytes, by: "[redacted: $\(name)]") }
    let lines = bytes.split(separator: 0x0A, omittingEmptySubsequences: false)
    var result: [UInt8] = []
    var isInKey = false
    for (index, line) in lines.enumerated() {
      if index > 0 { result.append(0x0A) }
      let content = Substring(String(decoding: line, as: UTF8.self))
      if content.has("-----BEGIN "), content.has("PRIVATE KEY") {
        isInKey = true
        result += "[redacted: a private key]".utf8
      }
      if !isInKey { result += Secret.redacted(content).utf8 }
      if content.has("-----END ") { isInKey = false }
    }
    return String(decoding: result, as: UTF8.self)
  }

  private static func replacing(_ value: [UInt8], in bytes: [UInt8], by word: String) -> [UInt8] {
    guard let first = value.first, bytes.count >= value.count else { return bytes }
    var result: [UInt8] = []
    var index = 0
    while index < bytes.count {
      if bytes[index] == first, index + value.count <= bytes.count,
        bytes[index..<index + value.count].elementsEqual(value)
      {
        result += word.utf8
        index += value.count
      } else {
        result.append(bytes[index])
        index += 1
      }
    }
    return result
  }
}
