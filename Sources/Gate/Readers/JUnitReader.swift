/// Reports in JUnit's XML, from whatever tool prints one, tag by tag.
struct JUnitReader: OutputReader {
  static let runner = "junit"
  private(set) var failures: [GateFailure] = []
  private(set) var executed: Int?
  private(set) var skipped: Int?
  private(set) var failed: Int?
  private(set) var passed: [String] = []
  private var isThere = false
  private var current: Test?
  /// The text between tags, while it belongs to a failure.
  private var text = ""
  private var isInFailure = false
  /// A tag whose end is in a later line.
  private var partial = ""
  private var total = 0
  private var skips = 0
  private var fails = 0

  private struct Test {
    var name: String
    var file: String?
    var line: Int?
    var message: String?
    var isSkipped = false
    var isFailed = false
    var isToDo = false
    /// Some tests fail more than once.
    var told: [(message: String?, text: String)] = []
  }
  /// What a suite is named by, when that is a file: linters do so.
  private var suiteFile: String?

  var isOpen: Bool { isThere }

  mutating func read(_ line: Substring) {
    if !isThere {
      guard let start = line.after("<testsuite") else { return }
      isThere = true
      return scan("<testsuite" + String(start))
    }
    scan(partial + (partial.isEmpty ? "" : "\n") + String(line))
    if isInFailure { text += "\n" }
  }

  private mutating func scan(_ line: String) {
    partial = ""
    var rest = Substring(line)
    while let open = rest.utf8.firstIndex(of: UInt8(ascii: "<")) {
      if isInFailure { text += rest[..<open] }
      let tail = rest[rest.utf8.index(after: open)...]
      if tail.hasPrefix("![CDATA[") {
        let body = tail.dropFirst(8)
        let end = body.after("]]>")
        if isInFailure { text += JUnitReader.escaped(body.before("]]>") ?? body) }
        rest = end ?? ""
        continue
      }
      guard let close = JUnitReader.tagEnd(tail) else {
        if rest[open...].utf8.count < 1 << 16 { partial = String(rest[open...]) }
        return
      }
      tag(tail[..<close])
      rest = tail[tail.utf8.index(after: close)...]
    }
    if isInFailure, text.utf8.count < 8000 { text += rest }
  }

  /// So that what was quoted stays what it is.
  private static func escaped(_ text: Substring) -> String {
    text.has("&")
      ? text.split(separator: "&", omittingEmptySubsequences: false).joined(separator: "&amp;") : String(text)
  }

  private static func tagEnd(_ text: Substring) -> Substring.Index? {
    var quote: UInt8 = 0
    for index in text.utf8.indices {
      let byte = text.utf8[index]
      if quote != 0 {
        if byte == quote { quote = 0 }
      } else if byte == 0x22 || byte == 0x27 {
        quote = byte
      } else if byte == 0x3E {
        return index
      }
    }
    return nil
  }

  private mutating func tag(_ text: Substring) {
    let name = text.utf8.prefix {
      $0 > 0x20 && $0 != UInt8(ascii: "/") || $0 == UInt8(ascii: "/") && text.hasPrefix("/")
    }
    let isClosed = text.hasSuffix("/")
    switch String(Substring(name)) {
    case "testcase":
      let title = JUnitReader.attribute("name", text) ?? ""
      let scope = JUnitReader.attribute("classname", text)
      let full = scope.map { $0.isEmpty || $0 == "test" || $0 == title ? title : "\($0).\(title)" } ?? title
      current = Test(
        name: full,
        file: JUnitReader.attribute("file", text)
          ?? (JUnitReader.attribute("line", text) == nil ? nil : suiteFile),
        line: JUnitReader.attribute("line", text).flatMap { Int($0) })
      if isClosed { close() }
    case "failure", "error":
      let message = JUnitReader.attribute("message", text)
      current?.isFailed = true
      current?.message = message
      self.text = ""
      isInFailure = !isClosed
      if isClosed { current?.told.append((message, "")) }
    case "skipped", "disabled":
      current?.isSkipped = true
      if JUnitReader.attribute("type", text) == "todo" { current?.isToDo = true }
    case "/failure", "/error":
      let message = current?.message
      if isInFailure { current?.told.append((message, self.text)) }
      isInFailure = false
    case "testsuite":
      suiteFile = JUnitReader.attribute("name", text).flatMap {
        $0[...].has(" ") || !$0[...].has("/") ? nil : $0
      }
    case "/testcase": close()
    case "/testsuites": isThere = false
    default: break
    }
  }

  private mutating func close() {
    guard var test = current else { return }
    current = nil
    total += 1
    // It may fail, and says so.
    if test.isToDo { test.isFailed = false }
    if test.isSkipped && !test.isFailed { skips += 1 }
    if test.isFailed {
      fails += 1
      if test.told.isEmpty { test.told = [(test.message, text)] }
      for (message, text) in test.told { add(test, message, text) }
    } else if !test.isSkipped, passed.count < 200_000 {
      passed.append(test.name)
    }
    text = ""
    isInFailure = false
  }

  private mutating func add(_ failed: Test, _ told: String?, _ text: String) {
    var test = failed
    let body = JUnitReader.unescaped(text)
    let message = [told ?? "", told?.isEmpty == false && body.contains(told ?? "") ? "" : body]
    if test.file == nil || test.line == nil, let place = JUnitReader.place(body) {
      test.file = test.file ?? place.file
      if test.file == place.file || test.line == nil { test.line = place.line }
    }
    guard failures.count < FailureList.most else { return }
    failures.append(
      GateFailure(
        test: test.name, file: test.file, line: test.line,
        message: JUnitReader.trimmed(message.filter { !$0.isEmpty }.joined(separator: "\n"))))
  }

  /// The first place in a failure's text that is nobody's library.
  private static func place(_ text: String) -> DiagnosticReader.Place? {
    for line in lines(of: text) {
      if let place = line.framePlace { return place }
      let plain = line.trimmed
      if let place = plain.before(": ").flatMap(DiagnosticReader.place)
        ?? DiagnosticReader.place(plain.droppingSuffix(":") ?? plain)
      {
        return place
      }
      if plain.hasPrefix("at "), let inside = plain.after("(")?.before(")"),
        inside.has(".java:") || inside.has(".kt:"), !plain.has("org.junit"), !plain.has("java.base"),
        !plain.has("org.assertj")
      {
        return DiagnosticReader.place(inside)
      }
    }
    return nil
  }

  private static func trimmed(_ text: String) -> String {
    let all = lines(of: text).filter { line in
      let plain = line.trimmed
      return !plain.isEmpty && !(plain.hasPrefix("at ") && (plain.hasSuffix(")") || plain.has(":")))
    }
    return all.prefix(60).map { String($0) }.joined(separator: "\n")
  }

  static func attribute(_ name: String, _ tag: Substring) -> String? {
    guard let rest = tag.after(" \(name)=") ?? tag.after("\n\(name)=") ?? tag.after("\t\(name)="),
      let quote = rest.first, quote == "\"" || quote == "'",
      let value = rest.dropFirst().before(String(quote))
    else { return nil }
    return JUnitReader.unescaped(String(value))
  }

  static func unescaped(_ text: String) -> String {
    guard text.contains("&") else { return text }
    var result = ""
    var rest = Substring(text)
    while let front = rest.before("&"), let tail = rest.after("&") {
      result += front
      guard let name = tail.before(";"), name.utf8.count <= 8, let after = tail.after(";") else {
        result += "&"
        rest = tail
        continue
      }
      switch name {
      case "lt": result += "<"
      case "gt": result += ">"
      case "amp": result += "&"
      case "quot": result += "\""
      case "apos": result += "'"
      default:
        let value =
          name.hasPrefix("#x")
          ? UInt32(name.dropFirst(2), radix: 16) : name.hasPrefix("#") ? UInt32(name.dropFirst()) : nil
        if let value, let scalar = Unicode.Scalar(value) {
          result.unicodeScalars.append(scalar)
        } else {
          result += "&\(name);"
        }
      }
      rest = after
    }
    return result + rest
  }

  mutating func finish() {
    if current != nil { close() }
    guard isThere || total > 0 else { return }
    executed = total - skips
    skipped = skips
    failed = fails
  }
}
