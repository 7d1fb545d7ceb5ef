import Ledger
import Migration

/// I-17: the base of a plan is judged by one at a time, who keeps it as long as he lives.
extension Audit {
  mutating func checkBaselineClaim(_ claim: BaselineClaim, _ event: Event, _ world: World) {
    if let held = baseline {
      world.fail("I-17", "\(claim.holder) judges the base while \(held.holder) does")
    }
    if isPaused { world.fail("I-18", "the base is judged although all is paused") }
    baseline = claim
    isBaselineProtected = world.isOnTime(event.at)
  }

  mutating func checkBaselineRenewal(_ run: Int, _ until: Timestamp, _ event: Event, _ world: World) {
    guard let held = baseline, held.run == run, held.holder == event.by, until > held.expiresAt else {
      return world.fail("I-14", "\(event.by) keeps the base, and does not hold it")
    }
    baseline?.expiresAt = until
    isBaselineProtected = world.isOnTime(event.at)
  }

  mutating func checkBaselineEnd(_ run: Int, _ evidence: Evidence, _ event: Event, _ world: World) {
    guard let held = baseline, held.run == run else {
      return world.fail("I-13", "a run on the base ends that is not under way")
    }
    Audit.check(evidence, held.owner, held.holder, held.expiresAt, event, world)
    if evidence == .timeout, isBaselineProtected, !world.isGone(held.owner) {
      world.fail("I-19", "\(held.holder) is alive and loses the base")
    }
    baseline = nil
  }

  mutating func checkBaselineVerdict(_ verdict: Baseline, _ event: Event, _ world: World) {
    if verdict.run == nil {
      if baseline != nil { world.fail("I-17", "the base is said to have passed while somebody judges it") }
      if isPaused { world.fail("I-18", "the base is judged although all is paused") }
      if verdict.evidence.reused == nil { world.fail("I-13", "nobody has judged the base") }
      return
    }
    guard let held = baseline, held.run == verdict.run, held.holder == event.by, held.tree == verdict.tree
    else { return world.fail("I-13", "a verdict on the base by \(event.by), who does not judge it") }
    baseline = nil
  }

  mutating func checkGateRenewal(
    _ fence: Fence, _ number: Int, _ until: Timestamp, _ event: Event, _ world: World
  ) {
    let others = together(with: fence).filter { $0 != fence && logs[$0.step]?.stage == .gating }
    for other in others {
      let isOnTime = world.isOnTime(event.at)
      change(other, world) { log in
        log.gate?.expiresAt = until
        log.isProtected = isOnTime
      }
    }
    change(fence, world) { log in
      guard log.stage == .gating, let gate = log.gate, gate.gate == number, gate.holder == event.by,
        until > gate.expiresAt
      else {
        return world.fail("I-14", "\(event.by) keeps the gate of '\(fence.step)', and does not hold it")
      }
      log.gate?.expiresAt = until
      log.isProtected = world.isOnTime(event.at)
    }
  }

  func checkBaseline(_ baseline: Baseline, _ world: World) {
    if baseline.verdict == .passed, passes[baseline.tree.oid]?.contains(baseline.verifiers) != true {
      world.fail("I-22", "the base is said to pass, and no verifier has said so")
    }
    checkReuse(baseline.evidence, of: baseline.tree, by: baseline.verifiers, "the base", world)
    checkHonesty(baseline.verdict, baseline.reason, of: baseline.tree, "the base", world)
    checkKept(baseline.kept, baseline.verdict, of: baseline.tree, by: baseline.verifiers, "the base", world)
  }
}
