/// The stages that the work on a step goes through before it is handed in, and what follows from the word
/// that each ends with: a table, and nothing else decides.
///
///     implement ──DONE──► review ──APPROVE──► gate
///         ▲                 │ CHANGES
///         └────── fix ◄─────┘
///
/// Total by construction: every word of a stage has a target, a word that it has not is refused, and a loop
/// is left when a stage in it has been entered as often as its `rounds` say.
public struct Workflow: Equatable, Sendable {
  /// What a step calls it; empty for the plan's own.
  public var name: String
  /// Its stages; work begins in the first.
  public var stages: [Stage]

  /// How many stages it may have, how many words each, and how often stages may be entered in an attempt.
  public static let (mostStages, mostWords, mostEntries) = (32, 32, 256)

  /// Makes one, unchecked; `fault` checks it.
  public init(name: String = "", stages: [Stage]) { (self.name, self.stages) = (name, stages) }

  /// One stage.
  public struct Stage: Equatable, Sendable {
    /// Its name; obeys `Identifier.stepFault`.
    public var name: String
    /// The name of the agent that does it, or `nil` for the step's.
    public var agent: String?
    /// Its prompt's template, or `nil` for the step's.
    public var prompt: String?
    /// Whether what it changes counts. Otherwise the work stays as it was.
    public var writes: Bool
    /// What follows from each of its words, in the plan's order.
    public var on: [Answer]
    /// How often it may be entered in one attempt, or `nil` where no loop leads through it alone.
    public var rounds: Int?
    /// The stage whose conversation it goes on with.
    public var resume: String?

    /// Makes a stage.
    public init(
      name: String, agent: String? = nil, prompt: String? = nil, writes: Bool = true, on: [Answer],
      rounds: Int? = nil, resume: String? = nil
    ) {
      (self.name, self.agent, self.prompt, self.writes) = (name, agent, prompt, writes)
      (self.on, self.rounds, self.resume) = (on, rounds, resume)
    }

    /// Where a word leads; `nil` when it is none of the stage's. Case makes no difference.
    public func target(of word: String) -> Target? {
      let wanted = word.uppercased()
      return on.first { $0.word.uppercased() == wanted }?.target
    }

    /// Its words, for people.
    public var words: String { on.map(\.word).joined(separator: ", ") }
  }

  /// What follows from one word.
  public struct Answer: Equatable, Sendable {
    /// The word.
    public var word: String
    /// Where it leads.
    public var target: Target

    /// Makes one.
    public init(_ word: String, _ target: Target) { (self.word, self.target) = (word, target) }
  }

  /// Where a word leads.
  public enum Target: Equatable, Sendable {
    /// Another stage, or the same once more.
    case stage(String)
    /// The work is handed in.
    case gate
    /// The attempt has failed, and is counted.
    case retry
    /// The step is blocked: no other attempt would do better.
    case block
    /// A person decides.
    case person

    /// The words that are no names of stages.
    public static let reserved = ["gate", "retry", "block", "person"]

    /// The same in a plan.
    public var word: String {
      switch self {
      case .stage(let name): name
      case .gate: "gate"
      case .retry: "retry"
      case .block: "block"
      case .person: "person"
      }
    }

    /// Reads it.
    public init(_ word: String) {
      switch word {
      case "gate": self = .gate
      case "retry": self = .retry
      case "block": self = .block
      case "person": self = .person
      default: self = .stage(word)
      }
    }
  }

  /// The stage of that name.
  public func stage(_ name: String) -> Stage? { stages.first { $0.name == name } }

  /// What follows when a stage ends with a word after these entries of stages in the attempt; `nil` when the
  /// stage has no such word.
  public func next(after stage: String, _ word: String, entries: [String: Int]) -> Next? {
    guard let target = self.stage(stage)?.target(of: word) else { return nil }
    guard case .stage(let name) = target, let entered = self.stage(name) else { return Next(target) }
    let times = entries[name, default: 0]
    if let rounds = entered.rounds, times >= rounds {
      return Next(.person, because: "'\(name)' was done \(times) times, as often as 'rounds' allows")
    }
    if entries.values.reduce(0, +) >= Workflow.mostEntries {
      return Next(.person, because: "\(Workflow.mostEntries) stages were done")
    }
    return Next(target)
  }

  /// What follows, and why it is not what the table says, where it is not.
  public struct Next: Equatable, Sendable {
    /// Where the work goes.
    public var target: Target
    /// Why a person is asked in place of what the word leads to.
    public var reason: String?

    init(_ target: Target, because reason: String? = nil) { (self.target, self.reason) = (target, reason) }
  }
}

/// What is wrong with a workflow, and in which stage and of which word.
public struct WorkflowFault: Equatable, Sendable {
  /// The stage, or `nil` for the whole.
  public var stage: String?
  /// The word, where it is about one.
  public var word: String?
  /// What is wrong, after the stage's name.
  public var message: String
}

extension Workflow {
  /// Everything that is wrong with it: words without a target, stages that are never reached or lead nowhere,
  /// loops that nothing ends, and ways to a gate on which nothing is written.
  public var faults: [WorkflowFault] {
    var found: [WorkflowFault] = []
    func add(_ stage: String?, _ message: String, word: String? = nil) {
      found.append(WorkflowFault(stage: stage, word: word, message: message))
    }
    if stages.isEmpty { add(nil, "has no stages") }
    if stages.count > Workflow.mostStages { add(nil, "has more than \(Workflow.mostStages) stages") }
    var names = Set<String>()
    for stage in stages {
      if let fault = Identifier.stepFault(stage.name) { add(stage.name, "has a name that \(fault)") }
      if Target.reserved.contains(stage.name) { add(stage.name, "has a name that is a target already") }
      if !names.insert(stage.name).inserted { add(stage.name, "stands twice") }
    }
    for stage in stages {
      if stage.on.isEmpty { add(stage.name, "maps no word") }
      if stage.on.count > Workflow.mostWords { add(stage.name, "has more than \(Workflow.mostWords) words") }
      var words = Set<String>()
      for answer in stage.on {
        if let fault = Workflow.fault(ofWord: answer.word) { add(stage.name, fault, word: answer.word) }
        if !words.insert(answer.word.uppercased()).inserted {
          add(stage.name, "maps '\(answer.word)' twice", word: answer.word)
        }
        if case .stage(let name) = answer.target, !names.contains(name) {
          add(stage.name, "leads to '\(name)', which is no stage", word: answer.word)
        }
      }
      if stage.writes, stage.target(of: "DONE") == nil {
        add(stage.name, "writes and does not map DONE, which is said of work that ended well")
      }
      if let rounds = stage.rounds, !(1...100).contains(rounds) { add(stage.name, "has rounds out of range") }
      if let resume = stage.resume, !names.contains(resume) || resume == stage.name {
        add(stage.name, "goes on with '\(resume)', which is no other stage")
      }
    }
    guard found.isEmpty else { return found }
    return ways
  }

  /// Why a word cannot be one, or `nil`.
  static func fault(ofWord word: String) -> String? {
    let isGood =
      (1...32).contains(word.utf8.count)
      && word.utf8.allSatisfy { byte in
        (0x30...0x39).contains(byte) || (0x41...0x5A).contains(byte) || (0x61...0x7A).contains(byte)
          || byte == 0x2D || byte == 0x5F
      }
    return isGood ? nil : "has the word '\(word)': words are letters, digits, '-' and '_', at most 32"
  }

  private func followers(_ stage: Stage) -> [String] {
    stage.on.compactMap { if case .stage(let name) = $0.target { name } else { nil } }
  }

  /// Faults of the ways through it, where all its names are good.
  private var ways: [WorkflowFault] {
    var found: [WorkflowFault] = []
    // What is reached, and whether something may be written by then.
    var (reached, unwritten): (Set<String>, Set<String>) = ([], [])
    var queue: [(name: String, isWritten: Bool)] = [(stages[0].name, false)]
    var seen = Set<String>()
    while let (name, isWritten) = queue.popLast() {
      guard seen.insert("\(name)/\(isWritten)").inserted, let stage = stage(name) else { continue }
      reached.insert(name)
      let isWrittenNow = isWritten || stage.writes
      for answer in stage.on where !isWrittenNow && [.gate, .person].contains(answer.target) {
        if unwritten.insert("\(name)/\(answer.word)").inserted {
          found.append(
            WorkflowFault(
              stage: name, word: answer.word,
              message: "leads to '\(answer.target.word)' where no stage has written anything"))
        }
      }
      queue += followers(stage).map { ($0, isWrittenNow) }
    }
    for stage in stages where !reached.contains(stage.name) {
      found.append(WorkflowFault(stage: stage.name, message: "is never reached"))
    }
    // Stages from which an end is reached.
    var ending = Set(
      stages.filter { $0.on.contains { if case .stage = $0.target { false } else { true } } }
        .map(\.name))
    var hasGrown = true
    while hasGrown {
      hasGrown = false
      for stage in stages
      where !ending.contains(stage.name) && followers(stage).contains(where: ending.contains) {
        hasGrown = ending.insert(stage.name).inserted || hasGrown
      }
    }
    for stage in stages where !ending.contains(stage.name) {
      found.append(WorkflowFault(stage: stage.name, message: "leads to no end"))
    }
    if !stages.contains(where: { $0.on.contains { $0.target == .gate } }) {
      found.append(WorkflowFault(message: "has no way to the gate"))
    }
    if let stage = endlessStage {
      found.append(
        WorkflowFault(
          stage: stage, message: "is in a loop without an end: give a stage of the loop 'rounds'"))
    }
    return found
  }

  /// A stage of a loop in which no stage has `rounds`.
  private var endlessStage: String? {
    let free = stages.filter { $0.rounds == nil }
    let names = Set(free.map(\.name))
    var left = free
    // What leads only to what is left already is in no loop.
    while true {
      let open = Set(left.map(\.name))
      let rest = left.filter { followers($0).contains { open.contains($0) && names.contains($0) } }
      if rest.count == left.count { return rest.first?.name }
      left = rest
    }
  }
}

extension Plan {
  /// The workflow that a step goes through; `nil` when its work is one stage that is handed in.
  public func workflow(of step: PlannedStep) -> Workflow? {
    guard step.resolves == nil, step.run == nil || step.isShared else { return nil }
    guard let name = step.workflow else { return workflow }
    return workflows.first { $0.name == name }
  }

  /// All its workflows.
  public var allWorkflows: [Workflow] { (workflow.map { [$0] } ?? []) + workflows }

  /// Whether steps may be more than one claim's work.
  var hasStages: Bool { workflow != nil || !workflows.isEmpty }

  /// Why its workflows cannot be gone through, or `nil`.
  func workflowFault() -> String? {
    var names = Set<String>()
    for workflow in allWorkflows {
      let subject = workflow.name.isEmpty ? "the workflow" : "the workflow '\(workflow.name)'"
      if !workflow.name.isEmpty, let fault = Identifier.stepFault(workflow.name) {
        return "the name of \(subject) \(fault)"
      }
      if !names.insert(workflow.name).inserted { return "\(subject) is declared twice" }
      if let fault = workflow.faults.first {
        return fault.stage.map { "the stage '\($0)' of \(subject) \(fault.message)" }
          ?? "\(subject) \(fault.message)"
      }
      for stage in workflow.stages {
        guard let name = stage.agent, !allAgents.contains(where: { $0.name == name }) else { continue }
        return "the stage '\(stage.name)' of \(subject) names the agent '\(name)', which is none"
      }
    }
    for step in steps {
      guard let name = step.workflow, !workflows.contains(where: { $0.name == name }) else { continue }
      return "the step '\(step.id)' names the workflow '\(name)', which is none"
    }
    return nil
  }
}
