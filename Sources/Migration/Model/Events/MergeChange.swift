import CanonicalJSON

/// A result that passed becomes part of the integration branch.
public enum MergeChange: Equatable, Sendable {
  /// The branch is about to move.
  case intended(MergeTarget)
  /// It did not move and, by this entry, must not any more.
  case abandoned(evidence: Evidence, reason: String)
  /// It moved; the step is done and, when a train passed, each of its steps.
  case merged(commit: ObjectID, train: TrainMerge?)

  /// The kinds, as the ledger writes them.
  public enum Kind: String, CaseIterable, Sendable {
    case intended = "merge.intended"
    case abandoned = "merge.abandoned"
    case merged = "step.merged"
  }

  var kind: Kind {
    switch self {
    case .intended: .intended
    case .abandoned: .abandoned
    case .merged: .merged
    }
  }

  func write(to object: inout ObjectBuilder) {
    switch self {
    case .intended(let target): target.write(to: &object)
    case .abandoned(let evidence, let reason):
      object.set("evidence", evidence.json)
      object.set("reason", reason)
    case .merged(let commit, let train):
      object.set("commit", commit)
      train?.write(to: &object)
    }
  }

  init(_ kind: Kind, from object: inout ObjectReader) throws(JSONFault) {
    switch kind {
    case .intended: self = .intended(try MergeTarget(from: &object))
    case .abandoned:
      self = .abandoned(
        evidence: try Evidence(json: try object.required("evidence")), reason: try object.string("reason"))
    case .merged:
      self = .merged(commit: try object.objectID("commit"), train: try TrainMerge.optional(from: &object))
    }
  }

  /// What is said of it to people, after the step's name.
  var words: String {
    switch self {
    case .intended(let target): "about to be merged as \(target.new.short)\(with(target.train))"
    case .abandoned(_, let reason): "not merged: \(reason)"
    case .merged(let commit, let train): "merged as \(commit.short)\(with(train))"
    }
  }

  /// The steps of a train before the one that speaks for it.
  private func with(_ train: TrainMerge?) -> String {
    guard let names = train?.steps.dropLast(), !names.isEmpty else { return "" }
    return " with \(names.joined(separator: ", "))"
  }

  func mappingTexts(_ redact: (String) -> String) -> MergeChange {
    switch self {
    case .abandoned(let evidence, let reason): .abandoned(evidence: evidence, reason: redact(reason))
    case .intended, .merged: self
    }
  }
}

extension Change {
  /// The integration branch is about to move.
  public static func mergeIntended(_ fence: Fence, _ target: MergeTarget) -> Change {
    .merge(fence, .intended(target))
  }

  /// The branch did not move and, by this entry, must not any more.
  public static func mergeAbandoned(_ fence: Fence, evidence: Evidence, reason: String) -> Change {
    .merge(fence, .abandoned(evidence: evidence, reason: reason))
  }

  /// The branch moved; the step is done and, when a train passed, each of its steps.
  public static func stepMerged(_ fence: Fence, commit: ObjectID, train: TrainMerge? = nil) -> Change {
    .merge(fence, .merged(commit: commit, train: train))
  }
}
