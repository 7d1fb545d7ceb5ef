import CanonicalJSON

/// A worker and its step, from the claim to what it hands in.
public enum ClaimChange: Equatable, Sendable {
  /// A worker holds the step from now on.
  case claimed(Claim)
  /// The holder is alive and keeps the step.
  case renewed(expiresAt: Timestamp)
  /// The holder is gone.
  case expired(renewal: Int, evidence: Evidence)
  /// The holder, or a person by force, gave the step back without a result.
  case released(forced: Bool, reason: String)
  /// The holder could not do it, or its result could not become a candidate.
  case failed(Failure)
  /// The holder handed in a result.
  case submitted(Submission.Result)
  /// The holder was a codemod, and what it left is its agent's to do. The failure says what that is.
  case handedOver(Failure)
  /// The holder ended a stage of the step's workflow.
  case stageEnded(StageEnd)

  /// The kinds, as the ledger writes them.
  public enum Kind: String, CaseIterable, Sendable {
    case claimed = "step.claimed"
    case renewed = "lease.renewed"
    case expired = "lease.expired"
    case released = "step.released"
    case failed = "attempt.failed"
    case submitted = "step.submitted"
    case handedOver = "step.handed_over"
    case stageEnded = "stage.ended"
  }

  var kind: Kind {
    switch self {
    case .claimed: .claimed
    case .renewed: .renewed
    case .expired: .expired
    case .released: .released
    case .failed: .failed
    case .submitted: .submitted
    case .handedOver: .handedOver
    case .stageEnded: .stageEnded
    }
  }

  func write(to object: inout ObjectBuilder) {
    switch self {
    case .claimed(let claim): claim.write(to: &object)
    case .renewed(let expiresAt): object.set("expires_at", expiresAt)
    case .expired(let renewal, let evidence):
      object.set("renewal", renewal)
      object.set("evidence", evidence.json)
    case .released(let forced, let reason):
      object.set("forced", forced)
      object.set("reason", reason)
    case .failed(let failure), .handedOver(let failure): object.set("failure", failure.json)
    case .submitted(let result): result.write(to: &object)
    case .stageEnded(let end): end.write(to: &object)
    }
  }

  init(_ kind: Kind, _ fence: Fence, from object: inout ObjectReader) throws(JSONFault) {
    switch kind {
    case .claimed: self = .claimed(try Claim(fence: fence, from: &object))
    case .renewed: self = .renewed(expiresAt: try object.timestamp("expires_at"))
    case .expired:
      self = .expired(
        renewal: try object.integer("renewal"),
        evidence: try Evidence(json: try object.required("evidence")))
    case .released:
      self = .released(forced: try object.flag("forced"), reason: try object.string("reason"))
    case .failed: self = .failed(try Failure(json: try object.required("failure")))
    case .handedOver: self = .handedOver(try Failure(json: try object.required("failure")))
    case .submitted: self = .submitted(try Submission.Result(from: &object))
    case .stageEnded: self = .stageEnded(try StageEnd(from: &object))
    }
  }

  /// What is said of it to people, after the step's name.
  func words(epoch: Int, by author: String) -> String {
    switch self {
    case .claimed(let claim): "claimed by \(claim.holder) (epoch \(epoch))"
    case .renewed: "renewed by \(author) (epoch \(epoch))"
    case .expired(_, .holderDead): "lost its holder, which died (epoch \(epoch))"
    case .expired(_, .timeout), .expired(_, .holder): "lease ran out (epoch \(epoch))"
    case .released(let forced, let reason):
      "released\(forced ? " by force" : "") by \(author)\(reason.isEmpty ? "" : ": \(reason)")"
    case .failed(let failure): "attempt failed: \(failure.reason)"
    case .handedOver(let failure): "handed over to its agent: \(failure.reason)"
    case .submitted(let result):
      result.isNoOp
        ? "submitted as nothing to do by \(author)" : "submitted by \(author) as \(result.commit.short)"
    case .stageEnded(let end): "stage \(end.stage) ended with \(end.verdict), then \(end.next)"
    }
  }

  func mappingTexts(_ redact: (String) -> String) -> ClaimChange {
    switch self {
    case .released(let forced, let reason): return .released(forced: forced, reason: redact(reason))
    case .failed(let failure): return .failed(failure.mappingTexts(redact))
    case .handedOver(let failure): return .handedOver(failure.mappingTexts(redact))
    case .submitted(var result):
      result.left = result.left.map(redact)
      return .submitted(result)
    case .stageEnded(var end):
      end.notes = end.notes.map(redact)
      let left = end.result?.left.map(redact) ?? []
      end.result?.left = left
      return .stageEnded(end)
    case .claimed, .renewed, .expired: return self
    }
  }
}

extension Failure {
  func mappingTexts(_ redact: (String) -> String) -> Failure {
    Failure(kind: kind, reason: redact(reason), details: details.map(redact))
  }
}

extension Change {
  /// A worker holds the step from now on.
  public static func stepClaimed(_ claim: Claim) -> Change { .claim(claim.fence, .claimed(claim)) }

  /// The holder keeps the step.
  public static func leaseRenewed(_ fence: Fence, expiresAt: Timestamp) -> Change {
    .claim(fence, .renewed(expiresAt: expiresAt))
  }

  /// The holder is gone.
  public static func leaseExpired(_ fence: Fence, renewal: Int, evidence: Evidence) -> Change {
    .claim(fence, .expired(renewal: renewal, evidence: evidence))
  }

  /// The step was given back without a result.
  public static func stepReleased(_ fence: Fence, forced: Bool, reason: String) -> Change {
    .claim(fence, .released(forced: forced, reason: reason))
  }

  /// The holder could not do it, or its result could not become a candidate.
  public static func attemptFailed(_ fence: Fence, _ failure: Failure) -> Change {
    .claim(fence, .failed(failure))
  }

  /// What a codemod left goes to its agent.
  public static func handedOver(_ fence: Fence, _ failure: Failure) -> Change {
    .claim(fence, .handedOver(failure))
  }

  /// The holder ended a stage.
  public static func stageEnded(_ fence: Fence, _ end: StageEnd) -> Change {
    .claim(fence, .stageEnded(end))
  }

  /// The holder handed in a result.
  public static func stepSubmitted(_ fence: Fence, _ result: Submission.Result) -> Change {
    .claim(fence, .submitted(result))
  }
}
