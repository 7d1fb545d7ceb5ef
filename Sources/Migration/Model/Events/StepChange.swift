import CanonicalJSON

/// Something that is about a step and no claim.
public enum StepChange: Equatable, Sendable {
  /// The plan got a step that nobody wrote: the moved base conflicts with the integration branch.
  case added(StepAddition)
  /// A person lets it try again; with a group, all of its steps.
  case retried(reason: String, StepGroup? = nil)
  /// A person decided that it is not needed; its dependents go on. With a group, all of its steps.
  case skipped(reason: String, StepGroup? = nil)
  /// A person lets one finding about its result pass, by the finding's name.
  case allowed(finding: String, reason: String)
  /// A person takes work that waits for them; with a group, that of all of its steps.
  case approved(StepGroup? = nil)
  /// A person does not take it, or a proposed step.
  case rejected(reason: String, StepGroup? = nil)
  /// A person takes a proposed step into the plan; with a group, all of its steps.
  case accepted(StepGroup? = nil)
  /// A worker found something else that is to be done.
  case proposed(StepProposal)
  /// A person wants merged steps undone: the step that does it is to be done.
  case undone(StepUndoing)

  /// The kinds, as the ledger writes them.
  public enum Kind: String, CaseIterable, Sendable {
    case added = "step.added"
    case retried = "step.retried"
    case skipped = "step.skipped"
    case allowed = "finding.allowed"
    case approved = "step.approved"
    case rejected = "step.rejected"
    case accepted = "step.accepted"
    case proposed = "step.proposed"
    case undone = "step.undone"
  }

  var kind: Kind {
    switch self {
    case .added: .added
    case .retried: .retried
    case .skipped: .skipped
    case .allowed: .allowed
    case .approved: .approved
    case .rejected: .rejected
    case .accepted: .accepted
    case .proposed: .proposed
    case .undone: .undone
    }
  }

  func write(to object: inout ObjectBuilder) {
    switch self {
    case .added(let addition): addition.write(to: &object)
    case .approved(let group), .accepted(let group): group?.write(to: &object)
    case .proposed(let proposal): proposal.write(to: &object)
    case .undone(let undoing): undoing.write(to: &object)
    case .retried(let reason, let group), .skipped(let reason, let group), .rejected(let reason, let group):
      object.set("reason", reason)
      group?.write(to: &object)
    case .allowed(let finding, let reason):
      object.set("name", finding)
      object.set("reason", reason)
    }
  }

  init(_ kind: Kind, _ step: String, from object: inout ObjectReader) throws(JSONFault) {
    switch kind {
    case .added: self = .added(try StepAddition(step: step, from: &object))
    case .retried:
      self = .retried(reason: try object.string("reason"), try StepGroup.optional(of: step, from: &object))
    case .skipped:
      self = .skipped(reason: try object.string("reason"), try StepGroup.optional(of: step, from: &object))
    case .approved: self = .approved(try StepGroup.optional(of: step, from: &object))
    case .accepted: self = .accepted(try StepGroup.optional(of: step, from: &object))
    case .rejected:
      self = .rejected(reason: try object.string("reason"), try StepGroup.optional(of: step, from: &object))
    case .proposed: self = .proposed(try StepProposal(from: &object))
    case .undone: self = .undone(try StepUndoing(from: &object))
    case .allowed:
      self = .allowed(finding: try object.string("name"), reason: try object.string("reason"))
    }
  }

  /// Of what it is said: the step, or the group.
  func subject(_ step: String) -> String {
    switch self {
    case .retried(_, let group?), .skipped(_, let group?), .approved(let group?), .rejected(_, let group?),
      .accepted(let group?):
      group.words
    case .retried, .skipped, .added, .allowed, .approved, .rejected, .accepted, .proposed, .undone: step
    }
  }

  /// What is said of it to people, after the step's name.
  func words(by author: String) -> String {
    switch self {
    case .added(let addition):
      "added: base \(addition.base.short) conflicts in \(addition.paths.joined(separator: ", "))"
    case .retried(let reason, _): "retried by \(author)\(reason.isEmpty ? "" : ": \(reason)")"
    case .skipped(let reason, _): "skipped by \(author)\(reason.isEmpty ? "" : ": \(reason)")"
    case .allowed(let finding, let reason): "'\(finding)' allowed by \(author): \(reason)"
    case .approved: "approved by \(author)"
    case .rejected(let reason, _): "rejected by \(author): \(reason)"
    case .accepted: "accepted by \(author)"
    case .proposed(let proposal): "proposed by \(author) in \(proposal.from): \(proposal.title)"
    case .undone(let undoing): "added by \(author) to undo \(undoing.steps.joined(separator: ", "))"
    }
  }

  func mappingTexts(_ redact: (String) -> String) -> StepChange {
    switch self {
    case .added(var addition):
      addition.paths = addition.paths.map(redact)
      return .added(addition)
    case .retried(let reason, let group): return .retried(reason: redact(reason), group)
    case .skipped(let reason, let group): return .skipped(reason: redact(reason), group)
    case .allowed(let finding, let reason): return .allowed(finding: redact(finding), reason: redact(reason))
    case .rejected(let reason, let group): return .rejected(reason: redact(reason), group)
    case .proposed(var proposal):
      (proposal.title, proposal.prompt) = (redact(proposal.title), redact(proposal.prompt))
      return .proposed(proposal)
    case .undone(var undoing):
      undoing.reason = redact(undoing.reason)
      return .undone(undoing)
    case .approved, .accepted: return self
    }
  }
}

extension Change {
  /// The plan got a step that nobody wrote.
  public static func stepAdded(_ addition: StepAddition) -> Change { .step(addition.step, .added(addition)) }

  /// A person lets a step try again.
  public static func stepRetried(step: String, reason: String) -> Change {
    .step(step, .retried(reason: reason))
  }

  /// A person decided that a step is not needed.
  public static func stepSkipped(step: String, reason: String) -> Change {
    .step(step, .skipped(reason: reason))
  }

  /// A person lets all steps of a group try again.
  public static func stepsRetried(_ group: StepGroup, reason: String) -> Change {
    .step(group.steps.first ?? "", .retried(reason: reason, group))
  }

  /// A person decided that no step of a group is needed.
  public static func stepsSkipped(_ group: StepGroup, reason: String) -> Change {
    .step(group.steps.first ?? "", .skipped(reason: reason, group))
  }

  /// A person lets a finding about a step's result pass.
  public static func findingAllowed(step: String, finding: String, reason: String) -> Change {
    .step(step, .allowed(finding: finding, reason: reason))
  }

  /// A person takes the work of steps that wait for them.
  public static func stepsApproved(_ steps: [String]) -> Change {
    .step(steps.first ?? "", .approved(steps.count > 1 ? StepGroup(steps) : nil))
  }

  /// A person does not take the work of steps.
  public static func stepsRejected(_ steps: [String], reason: String) -> Change {
    .step(steps.first ?? "", .rejected(reason: reason, steps.count > 1 ? StepGroup(steps) : nil))
  }

  /// A person takes proposed steps into the plan.
  public static func stepsAccepted(_ steps: [String]) -> Change {
    .step(steps.first ?? "", .accepted(steps.count > 1 ? StepGroup(steps) : nil))
  }

  /// A worker proposes a step.
  public static func stepProposed(_ step: String, _ proposal: StepProposal) -> Change {
    .step(step, .proposed(proposal))
  }

  /// A person wants steps undone.
  public static func stepsUndone(_ step: String, _ undoing: StepUndoing) -> Change {
    .step(step, .undone(undoing))
  }
}
