import CanonicalJSON

/// The moved base is merged into the integration branch.
public enum RefreshChange: Equatable, Sendable {
  /// It is about to be; its gate has passed.
  case intended(Refresh)
  /// The integration branch holds the moved base.
  case merged(commit: ObjectID)
  /// It did not happen and will not.
  case abandoned(evidence: Evidence, reason: String)

  /// The kinds, as the ledger writes them.
  public enum Kind: String, CaseIterable, Sendable {
    case intended = "refresh.intended"
    case merged = "refresh.merged"
    case abandoned = "refresh.abandoned"
  }

  var kind: Kind {
    switch self {
    case .intended: .intended
    case .merged: .merged
    case .abandoned: .abandoned
    }
  }

  func write(to object: inout ObjectBuilder) {
    switch self {
    case .intended(let refresh): refresh.write(to: &object)
    case .merged(let commit): object.set("commit", commit)
    case .abandoned(let evidence, let reason):
      object.set("evidence", evidence.json)
      object.set("reason", reason)
    }
  }

  init(_ kind: Kind, from object: inout ObjectReader) throws(JSONFault) {
    switch kind {
    case .intended: self = .intended(try Refresh(from: &object))
    case .merged: self = .merged(commit: try object.objectID("commit"))
    case .abandoned:
      self = .abandoned(
        evidence: try Evidence(json: try object.required("evidence")), reason: try object.string("reason"))
    }
  }

  /// What is said of it to people, after the migration's name.
  var words: String {
    switch self {
    case .intended(let refresh):
      "about to take in base \(refresh.base.short)\(refresh.evidence.words(kept: []))"
    case .merged(let commit): "took in the moved base as \(commit.short)"
    case .abandoned(_, let reason): "did not take in the moved base: \(reason)"
    }
  }

  func mappingTexts(_ redact: (String) -> String) -> RefreshChange {
    switch self {
    case .abandoned(let evidence, let reason): .abandoned(evidence: evidence, reason: redact(reason))
    case .intended, .merged: self
    }
  }
}

extension Change {
  /// The moved base is about to be merged into the integration branch.
  public static func refreshIntended(_ refresh: Refresh) -> Change { .refresh(.intended(refresh)) }

  /// The integration branch holds the moved base.
  public static func refreshMerged(commit: ObjectID) -> Change { .refresh(.merged(commit: commit)) }

  /// The intended refresh did not happen and will not.
  public static func refreshAbandoned(evidence: Evidence, reason: String) -> Change {
    .refresh(.abandoned(evidence: evidence, reason: reason))
  }
}
