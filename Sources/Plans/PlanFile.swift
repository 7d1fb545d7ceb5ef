import Migration

/// A plan file as it was written: its settings, and its steps before `for:` is expanded.
public struct PlanFile: Equatable, Sendable {
  /// The file as the caller named it.
  public let path: String
  /// Everything but the steps.
  public private(set) var settings: Plan
  let entries: [StepEntry]
  /// The repositories that it is for; `nil` where it is for the one it lies in.
  public let fleet: FleetPlan?
  /// Whether the verifiers are those that the tree asks for (`gate: auto`).
  public let findsGate: Bool
  /// What was found wrong so far, in the order in which it was found.
  private let faults: [PlanFault]
  private let top: Mark
  private let places: [String: Mark]

  /// Reads a plan file from its bytes; any bytes at all give a plan or a fault, which has with it all others
  /// that can be found without a repository.
  public static func parse(_ bytes: [UInt8], path: String) throws(PlanFault) -> PlanFile {
    let plan = try read(bytes, path: path)
    if !plan.faults.isEmpty || !plan.needsExpansion { _ = try plan.expansion(from: nil, beside: []) }
    return plan
  }

  /// Reads a plan file as far as it can be read. What is wrong with it is kept for `expand`, which finds the
  /// rest and throws all of it at once; thrown here is only what lets nothing else be read.
  public static func read(_ bytes: [UInt8], path: String) throws(PlanFault) -> PlanFile {
    do throws(PlanFault) {
      return try PlanFile(FrontMatter(bytes), path: path)
    } catch {
      throw error.named(path)
    }
  }

  private init(_ parts: FrontMatter, path: String) throws(PlanFault) {
    let faults = Faults()
    func checkBody(_ matched: [String]) {
      _ = Template.checked(
        parts.body, at: TemplatePlace(bodyLine: parts.bodyLine), known: PromptNames.known(matched: matched),
        faults)
    }
    let fields: Fields
    do throws(PlanFault) {
      let root = try YAMLReader.read(parts.yaml, firstLine: parts.yamlLine, faults)
      fields = try Fields(root, KnownKeys.plan, in: "the plan", faults)
    } catch {
      faults.add(error)
      checkBody(PromptNames.match)
      try faults.end()
      throw error
    }
    let reader = PlanReader(fields, faults)
    var settings = reader.settings()
    settings.prompt = parts.body
    let entries = reader.entries()
    fleet = reader.fleet(of: settings)
    checkBody(
      PromptNames.match.filter { name in
        entries.contains { !$0.isPlain && ($0.each?.source.matchNames.contains(name) ?? true) }
      } + reader.targetNames)
    (self.path, self.settings, self.entries) = (path, settings, entries)
    findsGate = reader.findsGate
    (self.faults, top, places) = (faults.list, fields.mark, fields.places)
  }

  /// Whether something was found wrong already, so that `expand` throws.
  public var isFaulty: Bool { !faults.isEmpty }

  /// A fault of a top-level key's value that only the repository shows, or of the whole where the key is not
  /// given.
  public func fault(of key: String, _ message: String, hint: String? = nil) -> PlanFault {
    (places[key] ?? top).fault(message, hint: hint).named(path)
  }

  /// Whether a step has a `for:`, or the gate is to be found; otherwise the plan is the same in every
  /// repository.
  public var needsExpansion: Bool { findsGate || entries.contains { !$0.isPlain } }

  /// The commands of `for: { lines: … }`, in the plan's order. `expand` runs them, so trust comes first.
  public var expansionCommands: [String] {
    entries.compactMap { entry in
      if case .lines(let command)? = entry.each?.source { return command }
      return nil
    }
  }

  /// Everything that it has a machine run, each with where it stands and as it stands there: before a `for:`
  /// is expanded.
  public var commandTexts: Set<String> {
    var texts: Set<String> = []
    func add(_ place: String, _ text: String?) { if let text { texts.insert("\(place): \(text)") } }
    add("worktree set-up", settings.worktree.setup)
    for agent in settings.allAgents {
      add("agent \(agent.name)", ([agent.shown] + agent.env).joined(separator: " "))
    }
    add("gate set-up", settings.gate.setup?.run)
    add("gate toolchain", settings.gate.toolchain)
    func add(_ verifier: Plan.Verifier) {
      add(
        "verifier \(verifier.name)",
        ([verifier.run, verifier.remote ?? ""] + verifier.env).joined(separator: " "))
    }
    settings.gate.verifiers.forEach(add)
    for entry in entries {
      add("step", entry.run?.value)
      for own in entry.verifiers { add(own.verifier) }
      if case .lines(let command)? = entry.each?.source { add("list of steps", command) }
    }
    add("until", settings.until?.count)
    if case .command(let command)? = fleet?.source { add("list of targets", command) }
    add("notify", settings.notify)
    for channel in settings.messages?.channels ?? [] {
      add("notify", "\(channel.kind.rawValue) \(channel.target)")
    }
    return texts
  }

  /// The plan with every `for:` expanded and every need resolved.
  ///
  /// In the templates of a step made by `for:`, `match.path` is the whole path; `match.dir` its parent
  /// directory, whole (`src/a` for `src/a/__init__.py`, `.` at the top); `match.name` its last part;
  /// `match.stem` that without the extension; `match.line` a line of the command's output; and `match.index`
  /// counts the matches of that `for:` from 1. In `id`, `needs` and `lock` values are slugged:
  /// `pkg-{{match.dir}}` gives `pkg-src-a`. Ids that collide or are too long end in a digest of what they
  /// were made from. In `run` values are quoted for the shell, in `paths` for a glob. `title` and
  /// `prompt` take them as they are.
  ///
  /// Every fault of the file is thrown at once, with those that the caller has found (`others`).
  ///
  /// With `allowingNone` a `for:` may find nothing.
  public func expand(
    using source: any ExpansionSource, beside others: [PlanFault] = [], allowingNone: Bool = false
  ) throws(PlanFault) -> Plan {
    try expansion(from: source, beside: others, allowingNone: allowingNone)
  }

  /// The same for one repository of a fleet, whose migration is called after both; without one, for the
  /// repository that the plan lies in.
  public func expand(
    for member: FleetMember?, using source: any ExpansionSource, allowingNone: Bool = false
  ) throws(PlanFault) -> Plan {
    guard let member else { return try expand(using: source, allowingNone: allowingNone) }
    var file = self
    file.settings.fleet = member
    file.settings.migration = FleetMember.migration(of: member.fleet, in: member.target.id)
    file.settings.base = FleetMember.baseBranch(of: file.settings.migration)
    file.settings.into = "migrate/\(file.settings.migration)"
    return try file.expand(using: source, allowingNone: allowingNone)
  }

  /// Without a source no `for:` is expanded, and the plan is good for nothing but its faults.
  private func expansion(
    from source: (any ExpansionSource)?, beside others: [PlanFault], allowingNone: Bool = false
  ) throws(PlanFault) -> Plan {
    let found = Faults()
    for fault in faults + others { found.add(fault) }
    let further = Faults()
    var settings = settings
    if findsGate, let source { settings.gate = foundGate(source, further) }
    let plan = Expansion(settings: settings, further, allowsNone: allowingNone).plan(
      of: entries, from: source)
    found.addFurther(further.list)
    do throws(PlanFault) { try found.end(top: top) } catch { throw error.named(path) }
    return plan
  }
}

extension PlanFile {
  /// The gate with the checks that the tree's build systems have.
  private func foundGate(_ source: any ExpansionSource, _ faults: Faults) -> Plan.Gate {
    var gate = settings.gate
    let mark = places["gate"] ?? top
    do {
      guard let files = try source.trackedFiles() else { return gate }
      let found = BuildSystems(files: files) { path in (try? source.text(of: path)).flatMap(\.self) }
      gate.verifiers = found.verifiers
      gate.setup = gate.setup ?? found.setup
      if gate.keep.isEmpty { gate.keep = found.keep }
      if gate.verifiers.isEmpty {
        faults.add(
          mark.fault(
            "'gate: auto' finds no build system in this tree",
            hint: "list 'verifiers' under 'gate:', or write 'gate: none' to merge without any check"))
      }
    } catch {
      faults.add(mark.fault("'gate: auto' cannot look at the tree: \(error)"))
    }
    return gate
  }
}

/// Where expansion gets what `for:` is over.
public protocol ExpansionSource {
  /// The paths that git tracks, relative to the repository's top; `nil` when nobody can tell.
  func trackedFiles() throws -> [String]?
  /// The content of a tracked file; `nil` when it is none that can be read as text.
  func text(of path: String) throws -> String?
  /// The lines that a shell command prints, without their ends; `nil` when it may not run.
  func lines(of command: String) throws -> [String]?
}

/// One item of `steps:`.
struct StepEntry: Equatable, Sendable {
  var mark: Mark
  var id: Text
  var title: Text?
  var needs: [Text]
  var paths: [Text]
  var prompt: Text?
  var lock: Text?
  var uses: [String]
  var priority: Int
  var run: Text?
  var timeoutSeconds: Int?
  var expectsChange = false
  var agent: String?
  var workflow: String?
  /// Whether what its codemod leaves is its agent's.
  var isShared = false
  var allow: [String] = []
  var guards: [Plan.Guard]?
  var verifiers: [OwnVerifier] = []
  var skip: String?
  var requires: [String] = []
  var each: Each?
  /// Whether it has no `for:`, not even one that cannot be read.
  var isPlain = true
  /// Whether an id is given.
  var hasID = true
  /// Whether the id, and for a `for:` every template, was found good, so that steps can be made of it.
  var isSound = true

  /// A verifier of a step, and its command as it stands there; `nil` for one of the gate's.
  struct OwnVerifier: Equatable, Sendable {
    var verifier: Plan.Verifier
    var run: Text?
  }

  /// The `for:` of a step, and where it stands.
  struct Each: Equatable, Sendable {
    var mark: Mark
    var source: Source
  }

  enum Source: Equatable, Sendable {
    case files(String)
    case dirs(String)
    case lines(String)

    /// The names after `match.` that this source gives.
    var matchNames: [String] {
      switch self {
      case .files, .dirs: ["path", "dir", "name", "stem", "index"]
      case .lines: ["line", "index"]
      }
    }
  }
}
