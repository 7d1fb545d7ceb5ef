import Migration

/// Turns the steps as written into the steps of a plan.
struct Expansion {
  var settings: Plan
  /// Steps with what is still to be resolved or may still change.
  private var drafts: [Draft] = []
  private var bytes = 0
  private var files: [String]?
  private let faults: Faults
  /// The ids of steps that could not be made.
  private var unmade: [UnmadeID] = []

  /// Whether a `for:` may find nothing, and a need may match nothing then.
  private let allowsNone: Bool

  init(settings: Plan, _ faults: Faults, allowsNone: Bool = false) {
    (self.settings, self.faults, self.allowsNone) = (settings, faults, allowsNone)
  }

  private struct Draft {
    var step: PlannedStep
    var needs: [Text]
    var mark: Mark
    /// The id before its values were slugged; `nil` for a plain step, whose id never changes.
    var rawID: String?
    var shown: String
    /// Whether a step is made of it; otherwise only its needs are judged.
    var isMade = true
  }

  /// The plan, as far as there is no fault. Without `source` no `for:` is expanded.
  func plan(of entries: [StepEntry], from source: (any ExpansionSource)?) -> Plan {
    var expansion = self
    for entry in entries where !faults.isFull {
      // What one `for:` finds says nothing about the next.
      do throws(PlanFault) {
        if entry.isPlain {
          try expansion.add(plain: entry)
        } else if entry.isSound, let each = entry.each, let source,
          let matches = try expansion.matches(of: each, from: source)
        {
          try expansion.add(entry, matches: matches)
        } else {
          expansion.add(unmade: entry)
        }
      } catch {
        faults.add(error)
        expansion.add(unmade: entry)
      }
    }
    expansion.separateIDs()
    expansion.checkIDs()
    var plan = settings
    let (steps, marks) = expansion.resolved()
    plan.steps = steps
    for cycle in NeedResolver.cycles(in: steps, marks, atMost: Faults.limit) where !faults.isFull {
      let mark = expansion.drafts.first { $0.step.id == cycle.first }?.mark ?? Mark(line: 1, column: 1)
      let ring = cycle.count > 12 ? Array(cycle.prefix(10)) + ["…"] + cycle.suffix(1) : cycle
      faults.add(
        mark.fault(
          "the needs go in a circle: \(ring.map(quoted).joined(separator: " needs "))",
          hint: "take one of these needs out"))
    }
    return plan
  }

  // MARK: - Matches

  /// `nil` when nobody can tell what there is.
  private mutating func matches(
    of each: StepEntry.Each, from source: any ExpansionSource
  ) throws(PlanFault) -> [Match]? {
    let matches: [Match]
    switch each.source {
    case .files(let glob):
      guard let tracked = try trackedFiles(source, each.mark) else { return nil }
      let found = Self.select(tracked, glob)
      try requireText(found, glob, each.mark)
      matches = found.enumerated().map { Match(index: $0 + 1, path: $1) }
      if matches.isEmpty, !allowsNone {
        throw each.mark.fault(
          "\(quoted(glob)) matched no file", hint: "only files that git tracks count; see 'git ls-files'")
      }
    case .dirs(let glob):
      guard let tracked = try trackedFiles(source, each.mark) else { return nil }
      let found = Self.select(Self.directories(tracked), glob)
      try requireText(found, glob, each.mark)
      matches = found.enumerated().map { Match(index: $0 + 1, path: $1) }
      if matches.isEmpty, !allowsNone {
        throw each.mark.fault(
          "\(quoted(glob)) matched no directory", hint: "only directories with files that git tracks count")
      }
    case .lines(let command):
      guard let printed = try lines(source, command, each.mark) else { return nil }
      matches = printed
      if matches.isEmpty, !allowsNone {
        throw each.mark.fault(
          "\(quoted(command)) printed no lines", hint: "run it at the top of the repository to see why")
      }
    }
    try checkCount(drafts.count + matches.count, at: each.mark)
    return matches
  }

  /// A command, a title or a path of a plan is text: what is made of a name that is none would mean another.
  private func requireText(_ paths: [String], _ glob: String, _ mark: Mark) throws(PlanFault) {
    guard let path = paths.first(where: { !NameText.isText($0) }) else { return }
    throw mark.fault(
      "\(quoted(glob)) matched \(NameText.quoted(path)), whose name is no UTF-8",
      hint: "rename it, or match the others only")
  }

  private func checkCount(_ count: Int, at mark: Mark) throws(PlanFault) {
    if count > Bounds.steps {
      throw mark.fault(
        "the plan has \(count) steps or more; at most \(Bounds.steps) are allowed",
        hint: "match fewer, or let one step do more")
    }
  }

  private mutating func trackedFiles(
    _ source: any ExpansionSource, _ mark: Mark
  ) throws(PlanFault) -> [String]? {
    if let files { return files }
    do {
      let tracked = try source.trackedFiles()
      files = tracked
      return tracked
    } catch {
      throw mark.fault("cannot list the tracked files: \(error)", hint: "run this inside the repository")
    }
  }

  private func lines(
    _ source: any ExpansionSource, _ command: String, _ mark: Mark
  ) throws(PlanFault) -> [Match]? {
    let printed: [String]
    do {
      guard let lines = try source.lines(of: command) else { return nil }
      printed = lines
    } catch {
      throw mark.fault("cannot run \(quoted(command)): \(error)", hint: "run it by hand to see why")
    }
    var matches: [Match] = []
    for line in printed {
      let bytes = Array(line.utf8.last == 0x0D ? line.utf8.dropLast() : line.utf8[...])
      if bytes.allSatisfy({ $0 == 0x20 || $0 == 0x09 }) { continue }
      if bytes.contains(0) || bytes.count > 4096 {
        throw mark.fault(
          "\(quoted(command)) printed a line with a NUL or of more than 4096 bytes",
          hint: "let it print one short name a line")
      }
      matches.append(Match(index: matches.count + 1, line: String(decoding: bytes, as: UTF8.self)))
    }
    return matches
  }

  private static func select(_ paths: [String], _ pattern: String) -> [String] {
    guard let glob = PathGlob(pattern) else { return [] }
    // Sorted by bytes, so that the plan does not depend on the order in which git lists files.
    return paths.filter(glob.matches).sorted { $0.utf8.lexicographicallyPrecedes($1.utf8) }
  }

  /// Every directory above a tracked file, once.
  private static func directories(_ files: [String]) -> [String] {
    var seen: Set<String> = []
    for file in files {
      var directory = file.utf8[...]
      while let slash = directory.lastIndex(of: UInt8(ascii: "/")) {
        directory = directory[..<slash]
        // What is above a known directory is known too.
        guard seen.insert(String(Substring(directory))).inserted else { break }
      }
    }
    return Array(seen)
  }

  // MARK: - Steps

  /// Nothing comes of the step itself, but what it needs can be judged, as far as no match has a say in it.
  private mutating func add(unmade entry: StepEntry) {
    if entry.hasID { unmade.append(UnmadeID(entry)) }
    // Nobody can need it: no id holds this character.
    let step = PlannedStep(id: "\0\(drafts.count)")
    let needs = entry.needs.filter { entry.isPlain || !$0.value.utf8.contains(UInt8(ascii: "{")) }
    drafts.append(
      Draft(step: step, needs: needs, mark: entry.id.mark, rawID: nil, shown: entry.id.value, isMade: false))
  }

  private mutating func add(plain entry: StepEntry) throws(PlanFault) {
    guard entry.hasID, entry.isSound else { return add(unmade: entry) }
    try checkCount(drafts.count + 1, at: entry.mark)
    let id = entry.id.value
    var step = PlannedStep(
      id: id, title: try StepTemplates.filled(entry.title, settings.fleet), paths: entry.paths.map(\.value),
      prompt: entry.prompt?.value,
      lock: entry.lock?.value, uses: entry.uses, priority: entry.priority,
      run: try StepTemplates.filled(entry.run, settings.fleet, quoting: ShellQuote.word),
      timeoutSeconds: entry.timeoutSeconds, expectsChange: entry.expectsChange)
    (step.agent, step.workflow, step.isShared) = (entry.agent, entry.workflow, entry.isShared)
    (step.allow, step.guards, step.skip) = (entry.allow, entry.guards, entry.skip)
    step.requires = entry.requires
    step.verifiers = entry.verifiers.map(\.verifier)
    drafts.append(Draft(step: step, needs: entry.needs, mark: entry.id.mark, rawID: nil, shown: id))
  }

  private mutating func add(_ entry: StepEntry, matches: [Match]) throws(PlanFault) {
    let matched = (entry.each?.source.matchNames ?? []) + (settings.fleet == nil ? [] : PromptNames.target)
    guard let templates = StepTemplates(entry, matched: matched, faults) else { return add(unmade: entry) }
    for var match in matches {
      match.target = settings.fleet
      let value = match.value
      func fill(_ template: Template?, _ text: Text?, _ quoting: (String) -> String) throws(PlanFault)
        -> String?
      {
        guard let template, let text else { return nil }
        return try StepTemplates.render(template, value, at: text, quoting: quoting)
      }
      func slug(_ template: Template, _ text: Text) throws(PlanFault) -> String {
        let raw = try StepTemplates.render(template, value, at: text)
        return Slug.id(try StepTemplates.render(template, value, at: text, quoting: Slug.piece), raw: raw)
      }
      let raw = try StepTemplates.render(templates.id, value, at: entry.id)
      var step = PlannedStep(
        id: Slug.id(
          try StepTemplates.render(templates.id, value, at: entry.id, quoting: Slug.piece), raw: raw),
        prompt: entry.prompt?.value, uses: entry.uses,
        priority: entry.priority, timeoutSeconds: entry.timeoutSeconds,
        expectsChange: entry.expectsChange, match: match.values)
      (step.agent, step.workflow, step.isShared) = (entry.agent, entry.workflow, entry.isShared)
      (step.allow, step.guards, step.skip) = (entry.allow, entry.guards, entry.skip)
      step.requires = entry.requires
      step.title = Self.oneLine(try fill(templates.title, entry.title, { $0 }) ?? raw)
      if let lock = entry.lock, let template = templates.lock { step.lock = try slug(template, lock) }
      if let run = entry.run, let template = templates.run {
        step.run = try StepTemplates.render(template, match.shellValue, at: run, quoting: ShellQuote.word)
      }
      for (template, own) in zip(templates.verifiers, entry.verifiers) {
        var verifier = own.verifier
        if let template, let run = own.run {
          verifier.run = try StepTemplates.render(
            template, match.shellValue, at: run, quoting: ShellQuote.word)
        }
        step.verifiers.append(verifier)
      }
      for (template, path) in zip(templates.paths, entry.paths) {
        let glob = try fill(template, path, Self.globWord) ?? ""
        step.paths.append(try PlanPath.readableGlob(Text(value: glob, mark: path.mark)))
      }
      var needs: [Text] = []
      for (template, need) in zip(templates.needs, entry.needs) {
        guard !template.names.isEmpty else {
          needs.append(need)
          continue
        }
        let isGlob = NeedGlob.isGlob(need.value)
        let name = isGlob ? try fill(template, need, Slug.piece) ?? "" : try slug(template, need)
        needs.append(Text(value: name, mark: need.mark))
      }
      try countBytes(step, needs, at: entry.mark)
      drafts.append(Draft(step: step, needs: needs, mark: entry.id.mark, rawID: raw, shown: match.shown))
    }
  }

  private mutating func countBytes(_ step: PlannedStep, _ needs: [Text], at mark: Mark) throws(PlanFault) {
    bytes += step.title.utf8.count + (step.run?.utf8.count ?? 0)
    bytes += step.verifiers.reduce(0) { $0 + $1.run.utf8.count }
    bytes += step.paths.reduce(0) { $0 + $1.utf8.count } + needs.reduce(0) { $0 + $1.value.utf8.count }
    if bytes > Bounds.expandedBytes {
      throw mark.fault(
        "the expanded plan is larger than \(Bounds.expandedBytes) bytes",
        hint: "put long commands into a script of the repository")
    }
  }

  /// A title is one printable line whatever a file is called.
  private static func oneLine(_ text: String) -> String {
    var line = ""
    for scalar in text.unicodeScalars.prefix(Bounds.title) {
      line.unicodeScalars.append(isUnprintable(scalar) ? "?" : scalar)
    }
    return line
  }

  /// A path as a glob that matches only itself.
  static func globWord(_ path: String) -> String {
    var bytes: [UInt8] = []
    for byte in path.utf8 {
      if "*?[\\{".utf8.contains(byte) { bytes.append(UInt8(ascii: "\\")) }
      bytes.append(byte)
    }
    return String(decoding: bytes, as: UTF8.self)
  }

  // MARK: - Ids and needs

  /// Ends ids that collide in a digest of what they were made from, so that `a/b` and `a-b` both get one.
  private mutating func separateIDs() {
    var groups: [String: [Int]] = [:]
    for index in drafts.indices { groups[drafts[index].step.id.lowercased(), default: []].append(index) }
    for group in groups.values where group.count > 1 {
      for index in group {
        guard let raw = drafts[index].rawID else { continue }
        drafts[index].step.id = Slug.withDigest(drafts[index].step.id, of: raw)
      }
    }
  }

  private func checkIDs() {
    var owners: [String: Int] = [:]
    for (index, draft) in drafts.enumerated() where draft.isMade && !faults.isFull {
      if let reason = Identifier.stepFault(draft.step.id) {
        faults.add(
          draft.mark.fault("the step id \(quoted(draft.step.id)) of \(quoted(draft.shown)) \(reason)"))
      }
      guard let other = owners.updateValue(index, forKey: draft.step.id.lowercased()) else { continue }
      faults.add(
        draft.mark.fault(
          "\(quoted(drafts[other].shown)) and \(quoted(draft.shown)) give the same id"
            + " \(quoted(draft.rawID ?? draft.step.id))",
          hint: "use a name in the id that tells them apart, such as {{match.path}} or {{match.index}}"))
    }
  }

  /// The steps, and where each of their needs stands.
  private func resolved() -> (steps: [PlannedStep], marks: [[Mark]]) {
    var resolver = NeedResolver(ids: drafts.filter(\.isMade).map(\.step.id), unmade: unmade)
    var steps: [PlannedStep] = []
    var marks: [[Mark]] = []
    steps.reserveCapacity(drafts.count)
    for draft in drafts where !faults.isFull {
      var step = draft.step
      // What a need named may be done already, so that no match is left for it.
      let needs = resolver.resolve(draft.needs, of: step.id, allowsNone ? Faults() : faults)
      guard draft.isMade else { continue }
      step.needs = needs.map(\.id)
      steps.append(step)
      marks.append(needs.map(\.mark))
    }
    return (steps, marks)
  }
}
