import Migration

extension PlanReader {
  /// The items of `steps:`, checked as far as they can be before they are expanded.
  func entries() -> [StepEntry] {
    guard let items = faults.collect(try items()) else { return [] }
    var entries: [StepEntry] = []
    var lines: [String: Int] = [:]
    for item in items where !faults.isFull {
      guard let entry = faults.collect(try entry(item)) else { continue }
      if entry.isPlain, entry.hasID,
        let line = lines.updateValue(entry.id.mark.line, forKey: entry.id.value.lowercased())
      {
        faults.add(
          entry.id.mark.fault(
            "two steps have the id \(quoted(entry.id.value))",
            hint: "the first is on line \(line); ids that differ only in case are the same"))
      }
      entries.append(entry)
    }
    return entries
  }

  private func items() throws(PlanFault) -> [Node] {
    let node = try fields.required("steps", of: "the plan")
    let items = try node.list("'steps'")
    guard !items.isEmpty else { throw node.mark.fault("the plan has no steps", hint: "add '- id: S1'") }
    return items
  }

  /// A step that is at least a map; all else that is wrong in it is told.
  private func entry(_ node: Node) throws(PlanFault) -> StepEntry {
    let fields = try Fields(node, KnownKeys.step, in: "a step", faults)
    func text(_ key: String) -> Text? { faults.found(try fields.text(key)) }
    let id = faults.collect(try fields.required("id", of: "the step").text("'id'"))
    var entry = StepEntry(
      mark: node.mark, id: id ?? Text(value: "", mark: node.mark), title: text("title"),
      needs: fields.texts("needs"), paths: fields.texts("paths"), prompt: text("prompt"), lock: text("lock"),
      uses: uses(fields.texts("uses")),
      priority: (faults.collect(try fields.integer("priority", in: Bounds.priority)) ?? nil) ?? 0,
      run: text("run"),
      timeoutSeconds: faults.collect(try fields.seconds("timeout", in: Bounds.timeout)) ?? nil,
      expectsChange: faults.collect(try PlanReader.only("change", try fields.text("expect"), of: "expect"))
        ?? false)
    entry.hasID = id != nil
    entry.workflow = faults.found(try checkedWorkflow(try fields.text("workflow")))
    let hasStages = entry.workflow != nil || self.fields.node("workflow") != nil
    entry.agent = faults.found(
      try checkedAgent(try fields.text("agent"), isNeeded: entry.run == nil && !hasStages, at: node.mark))
    // A codemod first, and an agent for what it leaves.
    entry.isShared =
      entry.run != nil && (entry.prompt != nil || entry.agent != nil || entry.workflow != nil)
    if entry.isShared, entry.agent == nil, !hasStages {
      _ = faults.found(try checkedAgent(nil, isNeeded: true, at: node.mark))
    }
    entry.allow = fields.texts("allow").map(\.value)
    entry.requires = requirements(fields.texts("requires"))
    if fields.node("guards") != nil { entry.guards = guards(fields) }
    if let node = fields.node("verifiers") { entry.verifiers = stepVerifiers(node) }
    if let skip = text("skip") {
      faults.collect { () throws(PlanFault) in try PlanReader.checkTitle(skip) }
      entry.skip = skip.value
    }
    // Without its matches every name that some match has may be right.
    var matched: [String] = []
    if let each = fields.node("for") {
      entry.each = faults.collect(try self.each(each))
      entry.isPlain = false
      matched = entry.each?.source.matchNames ?? PromptNames.match
    }
    if entry.isShared, self.fields.node("agent") == nil, self.fields.node("agents") == nil {
      faults.add(
        node.mark.fault(
          "the step \(entry.hasID ? quoted(entry.id.value) + " " : "")has both 'run' and 'prompt'",
          hint: "what the codemod leaves is an agent's: give the plan one, or take one of the two out"))
    }
    matched += targetNames
    if let prompt = entry.prompt {
      _ = Template.checked(
        prompt.value, at: TemplatePlace(prompt), known: PromptNames.known(matched: matched), faults)
    }
    if entry.isPlain {
      entry.isSound = checkPlain(entry) && StepTemplates.check(targetsOf: entry, known: targetNames, faults)
    } else {
      entry.isSound = StepTemplates.check(entry, matched: matched, faults) && entry.each != nil
    }
    return entry
  }

  private func uses(_ texts: [Text]) -> [String] {
    var uses: [String] = []
    for text in texts {
      guard let name = faults.collect(try resource(text)) else { continue }
      // Taking the same semaphore twice would wait for itself.
      if uses.contains(name) {
        faults.add(text.mark.fault("the resource '\(name)' is used twice", hint: "keep one"))
      } else {
        uses.append(name)
      }
    }
    return uses
  }

  private func requirements(_ texts: [Text]) -> [String] {
    if texts.count > Requirement.most, let text = texts.last {
      faults.add(
        text.mark.fault("a step requires more than \(Requirement.most) things", hint: "give one name to all"))
    }
    for text in texts {
      guard let fault = Requirement.fault(text.value) else { continue }
      faults.add(
        text.mark.fault(
          "what is required, \(quoted(text.value)), \(fault)", hint: "write a name such as gpu or os=linux"))
    }
    return texts.map(\.value)
  }

  /// Says whether the id is one.
  private func checkPlain(_ entry: StepEntry) -> Bool {
    var isSound = false
    if entry.id.value.utf8.contains(UInt8(ascii: "{")) {
      faults.add(
        entry.id.mark.fault(
          "the step id \(quoted(entry.id.value)) is a template", hint: "only a step with 'for:' has matches"))
    } else if entry.hasID {
      isSound = faults.collect(try PlanReader.identifier(entry.id, "the step id")) != nil
    }
    if let title = entry.title { faults.collect { () throws(PlanFault) in try PlanReader.checkTitle(title) } }
    for path in entry.paths { _ = faults.collect(try PlanPath.checkedGlob(path)) }
    for need in entry.needs where !NeedGlob.isGlob(need.value) {
      _ = faults.collect(try PlanReader.identifier(need, "the need"))
    }
    if let lock = entry.lock { _ = faults.collect(try PlanReader.identifier(lock, "the lock")) }
    return isSound
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

  private func each(_ node: Node) throws(PlanFault) -> StepEntry.Each {
    let fields = try Fields(node, KnownKeys.each, in: "'for'", faults)
    let given = KnownKeys.each.keys.filter { fields.node($0) != nil }
    guard given.count == 1 else {
      // What was meant is told there.
      if given.isEmpty, let unknown = fields.unknownKey { throw unknown }
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

  /// A pattern as in `.gitignore`: `/` at its beginning means the top, and nothing is taken out again.
  static func checkedPattern(_ text: Text) throws(PlanFault) -> String {
    guard text.value.utf8.first != UInt8(ascii: "!") else {
      throw text.mark.fault(
        "the pattern \(quoted(text.value)) takes nothing out", hint: "name only what is meant, without '!'")
    }
    var path = text
    if text.value.utf8.count > 1, text.value.utf8.first == UInt8(ascii: "/") {
      path.value = String(decoding: text.value.utf8.dropFirst(), as: UTF8.self)
    }
    _ = try checked(path)
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
