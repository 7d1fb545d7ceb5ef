import Migration

extension PlanReader {
  /// The items of `steps:`, checked as far as they can be before they are expanded.
  static func entries(_ fields: Fields, resources: Set<String>) throws(PlanFault) -> [StepEntry] {
    let node = try fields.required("steps", of: "the plan")
    let items = try node.list("'steps'")
    guard !items.isEmpty else { throw node.mark.fault("the plan has no steps", hint: "add '- id: S1'") }
    var entries: [StepEntry] = []
    var lines: [String: Int] = [:]
    for item in items {
      let entry = try entry(item, resources: resources)
      if entry.each == nil,
        let line = lines.updateValue(entry.id.mark.line, forKey: entry.id.value.lowercased())
      {
        throw entry.id.mark.fault(
          "two steps have the id \(quoted(entry.id.value))",
          hint: "the first is on line \(line); ids that differ only in case are the same")
      }
      entries.append(entry)
    }
    return entries
  }

  private static func entry(_ node: Node, resources: Set<String>) throws(PlanFault) -> StepEntry {
    let fields = try Fields(node, KnownKeys.step, in: "a step")
    let id = try fields.required("id", of: "the step").text("'id'")
    var uses: [String] = []
    for text in try fields.texts("uses") {
      let name = try resource(text, resources)
      // Taking the same semaphore twice would wait for itself.
      if uses.contains(name) {
        throw text.mark.fault("the resource '\(name)' is used twice", hint: "keep one")
      }
      uses.append(name)
    }
    var entry = StepEntry(
      mark: node.mark, id: id, title: try fields.text("title"), needs: try fields.texts("needs"),
      paths: try fields.texts("paths"), prompt: try fields.text("prompt"), lock: try fields.text("lock"),
      uses: uses, priority: try fields.integer("priority", in: Bounds.priority) ?? 0,
      run: try fields.text("run"), timeoutSeconds: try fields.seconds("timeout", in: Bounds.timeout),
      expectsChange: try only("change", try fields.text("expect"), of: "expect"))
    if let each = fields.node("for") { entry.each = try self.each(each) }
    if entry.run != nil, let prompt = entry.prompt {
      throw prompt.mark.fault(
        "the step \(quoted(id.value)) has both 'run' and 'prompt'",
        hint: "a codemod reads no prompt; take one of them out")
    }
    let matched = entry.each?.source.matchNames ?? []
    if let prompt = entry.prompt {
      _ = try Template.checked(
        prompt.value, at: TemplatePlace(prompt), known: PromptNames.known(matched: matched))
    }
    if entry.each == nil { try checkPlain(entry) } else { try StepTemplates.check(entry) }
    return entry
  }

  private static func checkPlain(_ entry: StepEntry) throws(PlanFault) {
    if entry.id.value.utf8.contains(UInt8(ascii: "{")) {
      throw entry.id.mark.fault(
        "the step id \(quoted(entry.id.value)) is a template", hint: "only a step with 'for:' has matches")
    }
    _ = try identifier(entry.id, "the step id")
    if let title = entry.title { try checkTitle(title) }
    for path in entry.paths { _ = try PlanPath.checkedGlob(path) }
    for need in entry.needs where !NeedGlob.isGlob(need.value) { _ = try identifier(need, "the need") }
    if let lock = entry.lock { _ = try identifier(lock, "the lock") }
  }

  static func checkTitle(_ title: Text) throws(PlanFault) {
    if title.value.unicodeScalars.contains(where: isUnprintable) {
      throw title.mark.fault(
        "the title \(quoted(title.value)) holds a line end or a control character",
        hint: "keep it to one line")
    }
    if title.value.unicodeScalars.count > Bounds.title {
      throw title.mark.fault(
        "the title \(quoted(title.value)) is longer than \(Bounds.title) characters",
        hint: "say the rest in 'prompt'")
    }
  }

  private static func each(_ node: Node) throws(PlanFault) -> StepEntry.Each {
    let fields = try Fields(node, KnownKeys.each, in: "'for'")
    let given = KnownKeys.each.keys.filter { fields.node($0) != nil }
    guard given.count == 1 else {
      throw node.mark.fault(
        "'for' must have exactly one of \(KnownKeys.each.keys.joined(separator: ", "))",
        hint: given.isEmpty ? "write 'for: { files: \"src/**/*.py\" }'" : "make one step for each of them")
    }
    if let command = try fields.text("lines") {
      return StepEntry.Each(mark: command.mark, source: .lines(command.value))
    }
    if let glob = try fields.text("files") {
      return StepEntry.Each(mark: glob.mark, source: .files(try PlanPath.checkedGlob(glob)))
    }
    guard var glob = try fields.text("dirs") else { throw node.mark.fault("'for' is empty") }
    // A directory is often written with a slash at its end; paths of directories have none.
    if glob.value.utf8.count > 1, glob.value.utf8.last == UInt8(ascii: "/") {
      glob.value = String(decoding: glob.value.utf8.dropLast(), as: UTF8.self)
    }
    return StepEntry.Each(mark: glob.mark, source: .dirs(try PlanPath.checkedGlob(glob)))
  }
}

/// The rules for paths and globs: inside the repository, whatever they match.
enum PlanPath {
  static func checked(_ text: Text) throws(PlanFault) -> String {
    if let reason = fault(text.value) {
      throw text.mark.fault(
        "the path \(quoted(text.value)) \(reason)", hint: "write it from the top of the repository")
    }
    return text.value
  }

  static func checkedGlob(_ text: Text) throws(PlanFault) -> String {
    _ = try checked(text)
    return try readableGlob(text)
  }

  static func readableGlob(_ text: Text) throws(PlanFault) -> String {
    if PathGlob(text.value) == nil {
      throw text.mark.fault(
        "the glob \(quoted(text.value)) cannot be read", hint: "use '*', '?', '**' and '[a-z]'")
    }
    return text.value
  }

  /// Why a path may not stand in a plan, or `nil`. Bytes are compared, as git and the kernel do.
  static func fault(_ path: String) -> String? {
    if path.utf8.count > 4096 { return "is longer than 4096 bytes" }
    if path.utf8.first == UInt8(ascii: "/") { return "must not start with '/'" }
    if path.unicodeScalars.contains(where: { $0.value < 0x20 || $0.value == 0x7F }) {
      return "must not hold control characters"
    }
    for part in path.utf8.split(separator: UInt8(ascii: "/"), omittingEmptySubsequences: false) {
      if part.elementsEqual("..".utf8) { return "must not hold '..'" }
      if String(decoding: part, as: UTF8.self).lowercased() == ".git" { return "must not reach into '.git'" }
    }
    return nil
  }
}
