import CanonicalJSON

/// A tree that no step has touched is judged.
public enum BaselineChange: Equatable, Sendable {
  /// Somebody judges it from now on.
  case claimed(BaselineClaim)
  /// Whoever judges it is alive and goes on.
  case renewed(run: Int, expiresAt: Timestamp)
  /// It ended without a verdict.
  case abandoned(run: Int, evidence: Evidence)
  /// The gate was run on it.
  case recorded(Baseline)

  /// The kinds, as the ledger writes them.
  public enum Kind: String, CaseIterable, Sendable {
    case claimed = "baseline.claimed"
    case renewed = "baseline.renewed"
    case abandoned = "baseline.abandoned"
    case recorded = "baseline.recorded"
  }

  var kind: Kind {
    switch self {
    case .claimed: .claimed
    case .renewed: .renewed
    case .abandoned: .abandoned
    case .recorded: .recorded
    }
  }

  func write(to object: inout ObjectBuilder) {
    switch self {
    case .claimed(let claim): claim.write(to: &object)
    case .renewed(let run, let expiresAt):
      object.set("run", run)
      object.set("expires_at", expiresAt)
    case .abandoned(let run, let evidence):
      object.set("run", run)
      object.set("evidence", evidence.json)
    case .recorded(let baseline): baseline.write(to: &object)
    }
  }

  init(_ kind: Kind, from object: inout ObjectReader) throws(JSONFault) {
    switch kind {
    case .claimed: self = .claimed(try BaselineClaim(from: &object))
    case .renewed:
      self = .renewed(run: try object.counter("run"), expiresAt: try object.timestamp("expires_at"))
    case .abandoned:
      self = .abandoned(
        run: try object.counter("run"), evidence: try Evidence(json: try object.required("evidence")))
    case .recorded: self = .recorded(try Baseline(from: &object))
    }
  }

  /// What is said of it to people, after the migration's name.
  func words(by author: String) -> String {
    switch self {
    case .claimed(let claim): "base is judged by \(claim.holder) (run \(claim.run))"
    case .renewed(let run, _): "base renewed by \(author) (run \(run))"
    case .abandoned(let run, .holderDead): "base lost its judge, who died (run \(run))"
    case .abandoned(let run, .timeout): "base was judged for too long (run \(run))"
    case .abandoned(let run, .holder): "base not judged to the end by \(author) (run \(run))"
    case .recorded(let baseline):
      "baseline \(baseline.verdict.words)"
        + (baseline.failure.map { ": \($0.reason)" } ?? baseline.evidence.words(kept: baseline.kept))
    }
  }

  func mappingTexts(_ redact: (String) -> String) -> BaselineChange {
    switch self {
    case .recorded(let baseline):
      .recorded(
        Baseline(
          tree: baseline.tree, verifiers: baseline.verifiers, verdict: baseline.verdict,
          reason: redact(baseline.reason), details: baseline.details.map(redact), kept: baseline.kept,
          run: baseline.run, evidence: baseline.evidence))
    case .claimed, .renewed, .abandoned: self
    }
  }
}

extension Change {
  /// Somebody judges the base from now on.
  public static func baselineClaimed(_ claim: BaselineClaim) -> Change { .baseline(.claimed(claim)) }

  /// Whoever judges the base goes on.
  public static func baselineRenewed(run: Int, expiresAt: Timestamp) -> Change {
    .baseline(.renewed(run: run, expiresAt: expiresAt))
  }

  /// The base was not judged to the end.
  public static func baselineAbandoned(run: Int, evidence: Evidence) -> Change {
    .baseline(.abandoned(run: run, evidence: evidence))
  }

  /// The base was judged.
  public static func baselineRecorded(_ baseline: Baseline) -> Change { .baseline(.recorded(baseline)) }
}
