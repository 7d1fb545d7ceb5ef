import Migration

/// The templates of one step with a `for:`, read once and rendered for each match.
struct StepTemplates {
  var id: Template
  var title: Template?
  var run: Template?
  var lock: Template?
  var needs: [Template]
  var paths: [Template]
  /// Those of the step's own verifiers; `nil` for one of the gate's, whose command is none.
  var verifiers: [Template?]

  /// Reads them; `nil` when one cannot be, whose faults are collected.
  init?(_ entry: StepEntry, matched: [String], _ faults: Faults) {
    let known = matched.map { (PromptNames.whole($0), PromptNames.Kind.text) }
    let names = Dictionary(known + [("braces.open", .text)], uniquingKeysWith: { first, _ in first })
    var isWhole = entry.hasID
    func read(_ text: Text?) -> Template? {
      guard let text else { return nil }
      let template = Template.checked(text.value, at: TemplatePlace(text), known: names, faults)
      if template == nil { isWhole = false }
      return template
    }
    let id = read(entry.hasID ? entry.id : nil)
    title = read(entry.title)
    run = read(entry.run)
    lock = read(entry.lock)
    needs = entry.needs.compactMap(read)
    paths = entry.paths.compactMap(read)
    verifiers = entry.verifiers.map { read($0.run) }
    for (template, own) in zip(verifiers, entry.verifiers) {
      if let template, let text = own.run { ShellQuote.check(template, in: text, faults) }
    }
    if let id { StepTemplates.checkID(entry.id, id, faults) }
    if let run, let text = entry.run { ShellQuote.check(run, in: text, faults) }
    guard isWhole, let id else { return nil }
    self.id = id
  }

  /// Finds what is wrong whatever will match; says whether the steps can be made.
  static func check(_ entry: StepEntry, matched: [String], _ faults: Faults) -> Bool {
    let before = faults.list.count
    let templates = StepTemplates(entry, matched: matched, faults)
    for path in entry.paths where PlanPath.fault(path.value) != nil {
      _ = faults.collect(try PlanPath.checked(path))
    }
    if let title = entry.title { faults.collect { () throws(PlanFault) in try PlanReader.checkTitle(title) } }
    return templates != nil && faults.list.count == before
  }

  /// Finds what is wrong with what a step without a `for:` takes of its target; nothing where it takes
  /// nothing.
  static func check(targetsOf entry: StepEntry, known: [String], _ faults: Faults) -> Bool {
    let before = faults.list.count
    for text in [entry.title, entry.run] {
      guard let text, takesTarget(text), !known.isEmpty else { continue }
      let names = known.map { ($0, PromptNames.Kind.text) } + [("braces.open", .text)]
      let template = Template.checked(
        text.value, at: TemplatePlace(text),
        known: Dictionary(names, uniquingKeysWith: { first, _ in first }), faults)
      if let template, text == entry.run { ShellQuote.check(template, in: text, faults) }
    }
    return faults.list.count == before
  }

  /// Whether a text of a step without a `for:` is a template: all others are taken as they are.
  static func takesTarget(_ text: Text) -> Bool { text.value.contains("{{target.") }

  /// A text of such a step, for one target.
  static func filled(
    _ text: Text?, _ target: FleetMember?, quoting: (String) -> String = { $0 }
  ) throws(PlanFault) -> String? {
    guard let text, let target, takesTarget(text) else { return text?.value }
    var match = Match(index: 1, line: "")
    match.target = target
    do {
      return try render(try Template(parsing: text.value), match.value, at: text, quoting: quoting)
    } catch let error as PlanFault {
      throw error
    } catch {
      throw text.mark.fault("\(error)")
    }
  }

  private static func checkID(_ text: Text, _ template: Template, _ faults: Faults) {
    guard template.names.contains(where: { $0.name.utf8.starts(with: "match.".utf8) }) else {
      return faults.add(
        text.mark.fault(
          "the id \(quoted(text.value)) is the same for every match",
          hint: "add {{match.index}} or {{match.path}}"))
    }
    // Every value becomes a legal piece of an id, so what is illegal with a harmless one is the plan's.
    let sample = Match(index: 1, path: "x", line: "x").value
    let made = faults.collect(try render(template, sample, at: text) { _ in "x" })
    if let made, let reason = Identifier.stepFault(made) {
      faults.add(
        text.mark.fault(
          "the step id \(quoted(text.value)) \(reason)",
          hint: "use letters, digits, '.', '_' and '-' around the names"))
    }
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
  /// The repository of a fleet that it is in.
  var target: FleetMember?

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
    .map([
      "match": .map(values.mapValues { .text($0) }), "braces": .map(["open": .text("{{")]),
      "target": PromptNames.value(of: target),
    ])
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
