extension Change {
  /// The change with every free text, which may quote output or what a person typed, put through `redact`.
  /// Names, ids and plans stay: a plan's bytes are what a user approved.
  public func mappingTexts(_ redact: (String) -> String) -> Change {
    switch self {
    case .migrationPaused(let reason): .migrationPaused(reason: redact(reason))
    case .migrationAborted(let reason): .migrationAborted(reason: redact(reason))
    case .refreshAbandoned(let evidence, let reason):
      .refreshAbandoned(evidence: evidence, reason: redact(reason))
    case .baselineRecorded(let baseline):
      .baselineRecorded(
        Baseline(
          tree: baseline.tree, verifiers: baseline.verifiers, verdict: baseline.verdict,
          reason: redact(baseline.reason), details: baseline.details.map(redact), kept: baseline.kept,
          run: baseline.run))
    case .stepReleased(let fence, let forced, let reason):
      .stepReleased(fence, forced: forced, reason: redact(reason))
    case .attemptFailed(let fence, let failure): .attemptFailed(fence, failure.mappingTexts(redact))
    case .gateFinished(let fence, var report):
      {
        report.failure = report.failure?.mappingTexts(redact)
        return .gateFinished(fence, report)
      }()
    case .mergeAbandoned(let fence, let evidence, let reason):
      .mergeAbandoned(fence, evidence: evidence, reason: redact(reason))
    case .stepSubmitted(let fence, var result):
      {
        result.left = result.left.map(redact)
        return .stepSubmitted(fence, result)
      }()
    case .train(.finished(var report)):
      {
        report.failure = report.failure?.mappingTexts(redact)
        return .train(.finished(report))
      }()
    case .train(.started), .train(.split): self
    case .stepAdded(var addition):
      {
        addition.paths = addition.paths.map(redact)
        return .stepAdded(addition)
      }()
    case .stepRetried(let step, let reason): .stepRetried(step: step, reason: redact(reason))
    case .stepSkipped(let step, let reason): .stepSkipped(step: step, reason: redact(reason))
    case .ledgerUpgraded: self
    case .reserved(let reserved): .reserved(reserved.mappingTexts(redact))
    case .migrationStarted, .planAmended, .migrationResumed, .migrationFinished, .refreshIntended,
      .refreshMerged, .baselineClaimed, .baselineRenewed, .baselineAbandoned, .stepClaimed, .leaseRenewed,
      .leaseExpired, .gateStarted, .gateRenewed, .gateAbandoned, .mergeIntended, .stepMerged:
      self
    }
  }
}

extension Failure {
  fileprivate func mappingTexts(_ redact: (String) -> String) -> Failure {
    Failure(kind: kind, reason: redact(reason), details: details.map(redact))
  }
}
