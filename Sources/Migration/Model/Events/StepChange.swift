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

  /// The kinds, as the ledger writes them.
  public enum Kind: String, CaseIterable, Sendable {
    case added = "step.added"
    case retried = "step.retried"
    case skipped = "step.skipped"
    case allowed = "finding.allowed"
  }

  var kind: Kind {
    switch self {
    case .added: .added
    case .retried: .retried
    case .skipped: .skipped
    case .allowed: .allowed
    }
  }

  func write(to object: inout ObjectBuilder) {
    switch self {
    case .added(let addition): addition.write(to: &object)
    case .retried(let reason, let group), .skipped(let reason, let group):
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
    case .allowed:
      self = .allowed(finding: try object.string("name"), reason: try object.string("reason"))
    }
  }

  /// Of what it is said: the step, or the group.
  func subject(_ step: String) -> String {
    switch self {
    case .retried(_, let group?), .skipped(_, let group?): group.words
    case .retried, .skipped, .added, .allowed: step
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
}
