/// What tools tell the pages of a CI: `::error file=a.py,line=3::text` and
/// `##vso[task.logissue type=error;sourcepath=a.py;linenumber=3;]text`.
struct AnnotationLines: DiagnosticBlocks {
  private(set) var failures: [GateFailure] = []

  mutating func read(_ line: Substring) -> Bool {
    if line.hasPrefix("::warning ") || line.hasPrefix("::notice ") || line.hasPrefix("::debug") {
      return true
    }
    if let rest = line.dropping("::error "), let fields = rest.before("::"), let text = rest.after("::") {
      return take(fields, ",", "file", "line", text.before("%0A") ?? text)
    }
    guard let rest = line.dropping("##vso[task.logissue "), let fields = rest.before("]"),
      let text = rest.after("]")
    else { return false }
    return fields.has("type=error") ? take(fields, ";", "sourcepath", "linenumber", text) : true
  }

  private mutating func take(
    _ fields: Substring, _ separator: Unicode.Scalar, _ file: String, _ number: String, _ text: Substring
  ) -> Bool {
    var values: [String: Substring] = [:]
    for field in fields.parts(separator) {
      if let name = field.before("=") { values[String(name.trimmed)] = field.after("=") }
    }
    guard let path = values[file], failures.count < FailureList.most else { return false }
    // Some say the place again.
    let text = DiagnosticReader.split(text).map { $0.1 } ?? text
    let code = values["code"].map { "\($0) " } ?? ""
    failures.append(
      GateFailure(file: String(path), line: values[number]?.leadingNumber, message: code + text.trimmed))
    return true
  }
}

/// What is told to TeamCity, by runners of any language: `##teamcity[testFailed name='…' message='…' …]`.
struct TeamCityLines: DiagnosticBlocks {
  private(set) var failures: [GateFailure] = []

  mutating func read(_ line: Substring) -> Bool {
    guard let rest = line.trimmed.dropping("##teamcity[") else { return false }
    if let fields = rest.dropping("testFailed "), failures.count < FailureList.most {
      let details = Self.value("details", fields) ?? ""
      let message = Self.value("message", fields) ?? ""
      let place = lines(of: details).lazy.compactMap {
        $0.framePlace ?? DiagnosticReader.place($0.trimmed) ?? DiagnosticReader.place($0.before(": ") ?? $0)
      }.first
      failures.append(
        GateFailure(
          test: Self.value("name", fields), file: place?.file, line: place?.line,
          message: message.isEmpty ? details : message))
    }
    return true
  }

  private static func value(_ name: String, _ fields: Substring) -> String? {
    guard let rest = fields.after(name + "='") else { return nil }
    var (text, isEscaped) = ("", false)
    for character in rest.unicodeScalars {
      if isEscaped {
        isEscaped = false
        text.unicodeScalars.append(character == "n" ? "\n" : character == "r" ? " " : character)
      } else if character == "|" {
        isEscaped = true
      } else if character == "'" {
        break
      } else {
        text.unicodeScalars.append(character)
      }
    }
    return text
  }
}

/// Checkstyle's XML, which linters of many languages write: `<file name="a.php">`, `<error line="2" …/>`.
struct CheckstyleLines: DiagnosticBlocks {
  private(set) var failures: [GateFailure] = []
  private var file: String?
  private var isThere = false
  var isOpen: Bool { isThere }

  mutating func read(_ line: Substring) -> Bool {
    if line.hasPrefix("<checkstyle") { isThere = true }
    guard isThere else { return false }
    // Some write all in one line.
    for tag in line.parts("<") {
      if tag.hasPrefix("file ") {
        file = JUnitReader.attribute("name", tag)
      } else if tag.hasPrefix("error "), let file, failures.count < FailureList.most {
        let severity = JUnitReader.attribute("severity", tag)
        if severity == "info" || severity == "ignore" { continue }
        let rule = JUnitReader.attribute("source", tag).map { " (\($0))" } ?? ""
        failures.append(
          GateFailure(
            file: file, line: JUnitReader.attribute("line", tag).flatMap { Int($0) },
            message: (JUnitReader.attribute("message", tag) ?? "") + rule))
      } else if tag.hasPrefix("/checkstyle") {
        isThere = false
      }
    }
    return true
  }
}
