import System

/// One thing that is wrong with a candidate: a failing test or a compiler's diagnostic.
public struct GateFailure: Hashable, Sendable {
  /// The test's name as its runner prints it, or `nil` for a diagnostic.
  public var test: String?
  /// The file, as the runner prints it.
  public var file: String?
  /// The line in the file, from 1.
  public var line: Int?
  /// What is wrong; may have several lines. At most `messageLimit` bytes.
  public var message: String

  /// The longest message, in bytes; of a longer one the beginning and the end are kept, because some runners
  /// put what matters first and others last.
  public static let messageLimit = 4000

  /// Makes a failure; a message that is too long is cut in its middle.
  public init(test: String? = nil, file: String? = nil, line: Int? = nil, message: String) {
    self.test = test.map(TerminalText.foreign)
    self.file = file.map(TerminalText.foreign)
    self.line = line
    self.message = Self.shortened(TerminalText.foreign(message))
  }

  /// For people and prompts: `test (file:line): message`, where further lines are indented.
  public var text: String {
    let place = file.map { name in line.map { "\(name):\($0)" } ?? name }
    let head =
      switch (test, place) {
      case (let test?, let place?): "\(test) (\(place))"
      case (let one?, nil), (nil, let one?): one
      case (nil, nil): ""
      }
    if message.isEmpty { return head }
    let lines = message.split(separator: "\n", omittingEmptySubsequences: false)
    return (head.isEmpty ? "" : head + ": ") + lines.joined(separator: "\n    ")
  }

  /// In one line: the test, or the place of a diagnostic, and the first line of what is wrong.
  public var headline: String {
    let place = file.map { name in line.map { "\(name):\($0)" } ?? name }
    let first = message.split(separator: "\n").first.map { String($0) } ?? ""
    return [test ?? place ?? "", first].filter { !$0.isEmpty }.joined(separator: ": ")
  }

  private static func shortened(_ message: String) -> String {
    let bytes = message.utf8
    guard bytes.count > messageLimit else { return message }
    let (head, tail) = (messageLimit * 5 / 8, messageLimit / 4)
    let start = String(decoding: bytes.prefix(head), as: UTF8.self)
    let end = String(decoding: bytes.suffix(tail), as: UTF8.self)
    return "\(start)\n[\(bytes.count - head - tail) bytes left out]\n\(end)"
  }
}

/// The failures as one text for a prompt, a line or more each, at most `limitBytes` long.
///
/// Whole failures are kept from the first on; what does not fit is counted in the last line, never dropped in
/// silence and never cut.
public func summary(_ failures: [GateFailure], limitBytes: Int) -> String {
  let all = failures.map { "- \($0.text)\n" }
  if all.reduce(0, { $0 + $1.utf8.count }) <= limitBytes { return all.joined() }
  var result = ""
  let reserve = "(and \(failures.count) more)\n".utf8.count
  for (index, text) in all.enumerated() {
    if result.utf8.count + text.utf8.count + reserve > limitBytes {
      return result + "(and \(failures.count - index) more)\n"
    }
    result += text
  }
  return result
}
