/// The rules of the base, which is judged before any work: it is claimed like work, so that many who begin
/// together judge it once.
extension Reducer {
  mutating func apply(_ change: BaselineChange) throws(Refusal) {
    switch change {
    case .claimed(let claim): try claimBaseline(claim)
    case .renewed(let run, let expiresAt): try renewBaseline(run, until: expiresAt)
    case .abandoned(let run, let evidence): try abandonBaseline(run, evidence)
    case .recorded(let baseline): try record(baseline)
    }
  }

  mutating func claimBaseline(_ claim: BaselineClaim) throws(Refusal) {
    try requireRunning()
    guard claim.verifiers == migration.gateDigest else {
      throw Refusal(.stale, "the base is not judged by the verifiers of the plan")
    }
    if migration.verdict(tree: claim.tree, verifiers: claim.verifiers)?.verdict == .passed {
      throw Refusal(.limited, "the base has passed already")
    }
    #if KNOWN_BUGS
      if KnownBug.baselineJudgedTwice.isOn { migration.baselineRun = nil }
    #endif
    if let held = migration.baselineRun {
      throw Refusal(.limited, "the base is judged by \(held.holder) until \(held.expiresAt.utc)")
    }
    guard claim.run == migration.baselineRuns + 1 else {
      throw Refusal(.stale, "the next run on the base is number \(migration.baselineRuns + 1)")
    }
    guard !claim.holder.isEmpty else { throw Refusal(.invalid, "a claim needs a holder") }
    try requireProcess(claim.owner)
    try requireLength(until: claim.expiresAt)
    migration.baselineRuns = claim.run
    migration.baselineRun = claim
  }

  mutating func renewBaseline(_ run: Int, until expiresAt: Timestamp) throws(Refusal) {
    try requireNotEnded()
    var claim = try currentBaseline(run)
    try requireAuthor(.holder, of: claim)
    guard expiresAt > claim.expiresAt else {
      throw Refusal(.limited, "the claim of the base lasts until \(claim.expiresAt.utc) already")
    }
    try requireLength(until: expiresAt)
    claim.expiresAt = expiresAt
    migration.baselineRun = claim
  }

  mutating func abandonBaseline(_ run: Int, _ evidence: Evidence) throws(Refusal) {
    try requireNotEnded()
    let claim = try currentBaseline(run)
    try requireAuthor(evidence, of: claim)
    try require(evidence, owner: claim.owner, expiresAt: claim.expiresAt)
    migration.baselineRun = nil
  }

  /// The claim in force, provided that the event speaks for it.
  private func currentBaseline(_ run: Int) throws(Refusal) -> BaselineClaim {
    guard let claim = migration.baselineRun else {
      throw Refusal(.wrongPhase, "nobody judges the base of '\(migration.name)'")
    }
    guard claim.run == run else {
      throw Refusal(.stale, "the base of '\(migration.name)' is at run \(claim.run), not \(run)")
    }
    return claim
  }

  /// Who gives a claim up without proof, or keeps it, must be who holds it.
  private func requireAuthor(_ evidence: Evidence, of claim: BaselineClaim) throws(Refusal) {
    switch evidence {
    case .timeout, .holderDead: return
    case .holder:
      guard event.by == claim.holder else {
        throw Refusal(.held, "the base is judged by \(claim.holder), not by \(event.by)")
      }
    }
  }

  /// A verdict speaks for the claim in force, and for its tree. One without a number was known already, so
  /// that there was nothing to claim, or written before there were claims.
  private func requireClaim(of baseline: Baseline) throws(Refusal) {
    guard let run = baseline.run else {
      if baseline.evidence.reused != nil { try requireRunning() }
      guard let held = migration.baselineRun else { return }
      throw Refusal(.held, "the base is judged by \(held.holder)")
    }
    let claim = try currentBaseline(run)
    try requireAuthor(.holder, of: claim)
    guard baseline.tree == claim.tree else {
      throw Refusal(.invalid, "the verdict speaks of another tree than the base that was claimed")
    }
  }

  mutating func record(_ baseline: Baseline) throws(Refusal) {
    try requireNotEnded()
    guard baseline.verifiers == migration.gateDigest else {
      throw Refusal(.stale, "the baseline comes from verifiers that are not the plan's")
    }
    try requireClaim(of: baseline)
    try requireKnown(baseline.tree, baseline.evidence, baseline.verdict)
    if baseline.verdict == .passed { share(baseline.tree, baseline.evidence) }
    migration.record(
      TreeVerdict(
        tree: baseline.tree, verifiers: baseline.verifiers, verdict: baseline.verdict, runs: event.runs))
    migration.baselineRun = nil
    // Entries of before there were details fold to what they always did.
    migration.baselineFailure = baseline.details.isEmpty ? nil : baseline.failure
    switch baseline.verdict {
    case .passed: return
    case .failed, .couldNotRun, .ranNoTests:
      let reason = "the base itself does not pass the gate (\(baseline.verdict.words)): \(baseline.reason)"
      if case .running = migration.phase {
        migration.phase = .paused(reason: reason)
        notify(.paused(reason: reason))
      }
    }
  }
}
