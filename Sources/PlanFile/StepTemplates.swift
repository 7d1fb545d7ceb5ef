import Migration

/// The templates of one step with a `for:`, read once and rendered for each match.
struct StepTemplates {
  var id: Template
  var title: Template?
  var run: Template?
  var lock: Template?
  var needs: [Template]
  var paths: [Template]

  init(_ entry: StepEntry) throws(PlanFault) {
    let known = (entry.each?.source.matchNames ?? []).map { ("match." + $0, PromptNames.Kind.text) }
    let names = Dictionary(known + [("braces.open", .text)], uniquingKeysWith: { first, _ in first })
    func read(_ text: Text) throws(PlanFault) -> Template {
      try Template.checked(text.value, at: TemplatePlace(text), known: names)
    }
    func readIfGiven(_ text: Text?) throws(PlanFault) -> Template? {
      guard let text else { return nil }
      return try read(text)
    }
    id = try read(entry.id)
    title = try readIfGiven(entry.title)
    run = try readIfGiven(entry.run)
    lock = try readIfGiven(entry.lock)
    needs = []
    for need in entry.needs { needs.append(try read(need)) }
    paths = []
    for path in entry.paths { paths.append(try read(path)) }
  }

  /// Finds what is wrong whatever will match.
  static func check(_ entry: StepEntry) throws(PlanFault) {
    let templates = try StepTemplates(entry)
    guard templates.id.names.contains(where: { $0.name.utf8.starts(with: "match.".utf8) }) else {
      throw entry.id.mark.fault(
        "the id \(quoted(entry.id.value)) is the same for every match",
        hint: "add {{match.index}} or {{match.path}}")
    }
    // Every value becomes a legal piece of an id, so what is illegal with a harmless one is the plan's.
    let sample = Match(index: 1, path: "x", line: "x").value
    let id = try render(templates.id, sample, at: entry.id) { _ in "x" }
    if let reason = Identifier.stepFault(id) {
      throw entry.id.mark.fault(
        "the step id \(quoted(entry.id.value)) \(reason)",
        hint: "use letters, digits, '.', '_' and '-' around the names")
    }
    if let run = entry.run, let template = templates.run { try ShellQuote.check(template, in: run) }
    for path in entry.paths where PlanPath.fault(path.value) != nil { _ = try PlanPath.checked(path) }
    if let title = entry.title { try PlanReader.checkTitle(title) }
  }

  static func render(
    _ template: Template, _ value: TemplateValue, at text: Text, quoting: (String) -> String = { $0 }
  ) throws(PlanFault) -> String {
    do {
      return try template.render(value, quoting: quoting)
    } catch {
      throw TemplatePlace(text).mark(error.line, error.column).fault(error.message, hint: error.hint)
    }
  }
}

/// One thing that `for:` found.
struct Match {
  /// The values by name; they become the step's `match`.
  var values: [String: String]
  /// What is shown for it in messages.
  var shown: String

  init(index: Int, path: String) {
    let parts = path.utf8.split(separator: UInt8(ascii: "/"))
    let name = parts.last.map { String(decoding: $0, as: UTF8.self) } ?? path
    let dir = parts.dropLast().map { String(decoding: $0, as: UTF8.self) }.joined(separator: "/")
    values = [
      "path": path, "dir": dir.isEmpty ? "." : dir, "name": name, "stem": Self.stem(name),
      "index": String(index),
    ]
    shown = path
  }

  init(index: Int, line: String) {
    values = ["line": line, "index": String(index)]
    shown = line
  }

  /// A sample that has every name.
  init(index: Int, path: String, line: String) {
    self.init(index: index, path: path)
    values["line"] = line
  }

  /// For templates.
  var value: TemplateValue {
    .map(["match": .map(values.mapValues { .text($0) }), "braces": .map(["open": .text("{{")])])
  }

  /// For `run:`: a path that starts with '-' must not become an option.
  var shellValue: TemplateValue {
    var safe = self
    for name in ["path", "dir"] {
      if let path = values[name], path.utf8.first == UInt8(ascii: "-") { safe.values[name] = "./" + path }
    }
    return safe.value
  }

  /// A name without its last extension; a name that starts with its only dot has none.
  private static func stem(_ name: String) -> String {
    let bytes = Array(name.utf8)
    guard let dot = bytes.lastIndex(of: UInt8(ascii: ".")), dot > 0 else { return name }
    return String(decoding: bytes[..<dot], as: UTF8.self)
  }
}
