import Migration

/// Reads how a migration is offered as pull requests, and who owns what.
extension PlanReader {
  func readPublication(into plan: inout Plan) {
    if let node = fields.node("publish") { plan.publish = faults.collect(try publish(node)) }
    if let node = fields.node("board") { plan.board = faults.collect(try board(node)) }
    if let text = faults.found(try fields.text("owners")) {
      plan.owners = faults.collect(try PlanPath.checked(text))
    }
    guard let node = fields.node("channels"),
      let entries = faults.collect(try Fields.entries(node, of: "'channels'"))
    else { return }
    for entry in entries {
      plan.channels[entry.key.value] = faults.collect(try entry.value.text("a channel"))?.value
    }
  }

  private func publish(_ node: Node) throws(PlanFault) -> PublishPolicy {
    let inner = try Fields(node, KnownKeys.publish, in: "'publish'", faults)
    var policy = PublishPolicy()
    if let text = faults.found(try inner.text("unit")) {
      policy.unit = faults.collect(try unit(text)) ?? policy.unit
    }
    policy.depth = faults.found(try inner.integer("depth", in: PublishPolicy.depths)) ?? policy.depth
    policy.maxFiles = faults.found(try inner.integer("max_files", in: PublishPolicy.files))
    policy.fixes = faults.found(try inner.integer("fixes", in: PublishPolicy.fixRange)) ?? policy.fixes
    if let text = faults.found(try inner.text("after")) {
      policy.needsApproval = text.value == "approve"
      if !["approve", "merge"].contains(text.value) {
        faults.add(text.mark.fault("'after' must be merge or approve, not \(quoted(text.value))"))
      }
    }
    policy.drafts = drafts(inner)
    if let text = faults.found(try inner.text("ready")) {
      policy.readiesWhenGreen = text.value == "green"
      if !["green", "plan"].contains(text.value) {
        faults.add(text.mark.fault("'ready' must be plan or green, not \(quoted(text.value))"))
      }
    }
    policy.title = template("title", inner)
    policy.body = template("body", inner)
    policy.labels = inner.texts("labels").map(\.value)
    for text in inner.texts("reviewers") {
      if text.value == "owners" { policy.asksOwners = true } else { policy.reviewers.append(text.value) }
    }
    if let node = inner.node("window") {
      policy.window = faults.collect(try window(node)) ?? policy.window
    }
    return policy
  }

  private func board(_ node: Node) throws(PlanFault) -> BoardPolicy {
    let inner = try Fields(node, KnownKeys.board, in: "'board'", faults)
    var policy = BoardPolicy()
    if let text = faults.found(try inner.text("by")) {
      if let subject = BoardPolicy.Subject(rawValue: text.value) {
        policy.subject = subject
      } else {
        faults.add(text.mark.fault("'by' must be step or cause, not \(quoted(text.value))"))
      }
    }
    for column in BoardColumn.allCases {
      guard let text = faults.found(try inner.text(column.rawValue)) else { continue }
      if let fault = BoardPolicy.wordFault(text.value) {
        faults.add(text.mark.fault("'\(column.rawValue)' \(fault)"))
      }
      policy.words[column] = text.value
      if policy.sharesWords {
        faults.add(text.mark.fault("'\(column.rawValue)' is the name of another column"))
      }
    }
    return policy
  }

  private func unit(_ text: Text) throws(PlanFault) -> PublishPolicy.Unit {
    guard let unit = PublishPolicy.Unit(rawValue: text.value) else {
      let words = PublishPolicy.Unit.allCases.map(\.rawValue).joined(separator: ", ")
      throw text.mark.fault("'unit' must be one of \(words), not \(quoted(text.value))")
    }
    return unit
  }

  /// `true`, `false`, or globs of units.
  private func drafts(_ inner: Fields) -> [String] {
    guard let node = inner.node("draft") else { return [] }
    if case .text("true", .plain) = node.content { return ["*"] }
    if case .text("false", .plain) = node.content { return [] }
    var globs: [String] = []
    for text in inner.texts("draft") {
      if let glob = faults.collect(try PlanPath.readableGlob(text)) { globs.append(glob) }
    }
    return globs
  }

  private func template(_ key: String, _ inner: Fields) -> String? {
    guard let text = faults.found(try inner.text(key)) else { return nil }
    let template = Template.checked(
      text.value, at: TemplatePlace(text), known: PublicationNames.known, faults)
    return template == nil ? nil : text.value
  }

  private func window(_ node: Node) throws(PlanFault) -> PublishWindow {
    let inner = try Fields(node, KnownKeys.window, in: "'window'", faults)
    var window = PublishWindow()
    if let text = faults.found(try inner.text("rate")) {
      window.rate = PublishWindow.Rate(text.value)
      if window.rate == nil {
        faults.add(
          text.mark.fault(
            "'rate' must be a number a span, not \(quoted(text.value))", hint: "write it like 10/hour"))
      }
    }
    for text in inner.texts("days") {
      guard let day = PublishWindow.dayNames.firstIndex(of: text.value.lowercased()) else {
        faults.add(
          text.mark.fault("\(quoted(text.value)) is no day", hint: "write mon, tue, wed, thu, fri, sat, sun"))
        continue
      }
      if !window.days.contains(day) { window.days.append(day) }
    }
    window.days.sort()
    let (start, end) = (minute("start", inner), minute("end", inner))
    if (start == nil) != (end == nil), inner.node("start") == nil || inner.node("end") == nil {
      faults.add(inner.mark.fault("'start' and 'end' go together"))
    }
    if let start, let end { (window.start, window.end) = (start, end) }
    window.spacing = faults.found(try inner.seconds("spacing", in: 1...86_400)) ?? window.spacing
    return window
  }

  /// A time of day, in minutes.
  func minute(_ key: String, _ inner: Fields) -> Int? {
    guard let text = faults.found(try inner.text(key)) else { return nil }
    guard let minute = PublishWindow.minute(text.value) else {
      faults.add(
        text.mark.fault(
          "'\(key)' must be a time of day, not \(quoted(text.value))", hint: "write it like \"09:00\""))
      return nil
    }
    return minute
  }
}

/// The names that the templates of `publish` may use.
enum PublicationNames {
  static let known: [String: PromptNames.Kind] = [
    "migration.name": .text, "unit.name": .text, "plan.number": .text, "plan.digest": .text,
    "base.branch": .text, "steps": .list, "files": .list, "owners": .list, "verifiers": .list,
    "count.steps": .text, "count.files": .text, "cost": .text, "evidence": .text, "braces.open": .text,
  ]
}
