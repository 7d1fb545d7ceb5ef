import Draws
import Migration

/// Stories of migrations.
extension Chance {
  /// A small plan: some needs, locks, resources, limits.
  mutating func plan() -> Plan {
    let count = 1 + below(6)
    var steps: [PlannedStep] = []
    for index in 0..<count {
      var step = PlannedStep(id: "S\(index)")
      for other in 0..<index where once(in: 3) { step.needs.append("S\(other)") }
      if once(in: 4) { step.lock = "lock" }
      if once(in: 4) { step.uses = ["build"] }
      if once(in: 5) { step.run = "sed" }
      step.priority = below(2)
      steps.append(step)
    }
    var plan = Plan.sample(
      steps, attempts: 1 + below(3), backoff: once(in: 3) ? 0 : 10, agents: once(in: 2) ? 1 + below(3) : nil,
      resources: [Plan.Resource(name: "build", capacity: 1 + below(2))],
      verifier: once(in: 4) ? "make other-test" : "make test")
    plan.refreshSeconds = once(in: 2) ? 60 : nil
    if once(in: 3) { plan.gate.verifiers[0].remote = "ci" }
    if once(in: 2) { plan.budget.total = [.usd: 1_000_000] }
    if once(in: 2) { plan.until = Plan.Until(count: "grep -c old") }
    if once(in: 2) {
      var policy = NotifyPolicy()
      policy.channels = [NotifyChannel(.command, "tell")]
      plan.messages = policy
    }
    return plan
  }

  /// What could come next: mostly something that fits, sometimes something from another time or claim.
  mutating func change(in story: Story) -> Change {
    let steps = story.current.steps
    let step = once(in: 50) ? "nobody" : pick(steps).id
    var kind = kind(
      for: story.current.step(step)?.phase, isRunning: story.current.phase == .running,
      hasTrain: story.current.train != nil)
    if once(in: 10) { kind = .publication(publication(story)) }
    if kind == .migration(.amended) { return amendment(story) }
    let epoch = story.current.step(step)?.epoch ?? 0
    let wanted = kind == .claim(.claimed) ? epoch + 1 : epoch
    let stray = once(in: 12) ? pick([-1, 1, 2, Int.max - wanted, -wanted]) : 0
    return varied(story.change(kind, on: step, epoch: wanted + stray), story)
  }

  /// Half the time what usually follows in that phase; otherwise anything, though what ends a story only
  /// seldom.
  private mutating func kind(for phase: StepPhase?, isRunning: Bool, hasTrain: Bool) -> Change.Kind {
    if !isRunning && once(in: 3) { return .migration(.resumed) }
    if hasTrain && once(in: 2) {
      return pick([.train(.finished), .train(.split), .train(.joined), .merge(.intended)])
    }
    if once(in: 2), let phase {
      switch phase {
      case .ready, .backoff: return .claim(.claimed)
      case .leased:
        return pick([
          .claim(.submitted), .claim(.submitted), .claim(.renewed), .claim(.failed), .claim(.expired),
        ])
      case .submitted:
        return pick([.gate(.started), .gate(.started), .train(.started), .train(.started), .claim(.failed)])
      case .gating:
        return pick([
          .gate(.finished), .merge(.intended), .merge(.intended), .gate(.abandoned), .gate(.renewed),
        ])
      case .merging: return pick([.merge(.merged), .merge(.abandoned)])
      case .blocked: return .step(.retried)
      case .person: return pick([.step(.approved), .step(.rejected)])
      case .proposed: return pick([.step(.accepted), .step(.rejected)])
      case .waiting, .merged, .skipped, .cancelled, .undone: break
      }
    }
    let kind = pick(
      Change.Kind.allCases.filter {
        switch $0 {
        // Nothing here is a part of a fleet.
        case .publication, .fleet, .reserved, .ledger: false
        case .migration, .refresh, .baseline, .claim, .gate, .train, .merge, .step, .agent, .machine, .loop,
          .lesson, .notice, .forge:
          true
        }
      })
    switch kind {
    case .migration(.aborted), .migration(.finished): return once(in: 20) ? kind : .refresh(.merged)
    case .step(.skipped), .migration(.paused), .baseline(.recorded):
      return once(in: 4) ? kind : .refresh(.abandoned)
    default: return kind
    }
  }

  /// What is next on the way of a pull request, or anything of it.
  private mutating func publication(_ story: Story) -> PublicationChange.Kind {
    let book = story.current.publications
    if once(in: 5) { return pick(PublicationChange.Kind.allCases) }
    guard let publisher = book.publisher, publisher.expiresAt > story.now else { return .claimed }
    let units = book.list.filter { $0.end == nil && $0.handedOver == nil }
    if units.contains(where: { $0.intent != nil }) { return once(in: 5) ? .lost : .moved }
    if units.contains(where: { $0.wantsFix && story.current.openFix(of: $0.unit) == nil }) {
      return .fixAdded
    }
    if units.contains(where: { $0.head != nil && $0.request == nil }) { return .opened }
    return units.contains { $0.request != nil } && !once(in: 3) ? .seen : .intended
  }

  private mutating func amendment(_ story: Story) -> Change {
    var plan = plan()
    if once(in: 10) { plan.steps = [] }
    if once(in: 10), !plan.steps.isEmpty { plan.steps[0].needs = [plan.steps[plan.steps.count - 1].id] }
    let number = story.current.planNumber + (once(in: 6) ? below(3) : 1)
    return .planAmended(PlanAmendment(plan: plan, number: number, digest: ""))
  }

  /// The same change with another detail now and then.
  private mutating func varied(_ change: Change, _ story: Story) -> Change {
    let until = story.now.adding(seconds: pick([-5, 0, 1, 30, 600, 100_000, 10_000_000, Int.max]))
    let evidence: Evidence = pick([.timeout, .holder, .holderDead(process(7)), .holderDead(process(9))])
    switch change {
    case .claim(_, .claimed(var claim)):
      claim.owner.machine = pick(["m1", "m2"])
      claim.slot = pick([nil, "slot-1", "slot-2"])
      if once(in: 6) { claim.expiresAt = until }
      if once(in: 12) { claim.base = oid(1) }
      claim.holder = pick(["w1", "w1", "w1", ""])
      return .stepClaimed(claim)
    case .claim(let fence, .renewed): return .leaseRenewed(fence, expiresAt: until)
    case .claim(let fence, .expired(let renewal, _)):
      return .leaseExpired(fence, renewal: renewal + (once(in: 5) ? 1 : 0), evidence: evidence)
    case .claim(let fence, .released): return .stepReleased(fence, forced: once(in: 2), reason: "")
    case .claim(let fence, .failed):
      return .attemptFailed(fence, Failure(kind: pick(Failure.Kind.allCases), reason: "it broke"))
    case .gate(let fence, .finished(var report)):
      report.verdict = once(in: 2) ? .passed : pick(Verdict.allCases)
      report.isNoChange = once(in: 8)
      let failure = Failure(kind: .gate, reason: "test_log failed", details: ["a", "b"])
      report.failure = (report.verdict == .passed) != once(in: 10) ? nil : failure
      if once(in: 10) { report.tree = oid(1) }
      return .gateFinished(fence, report)
    case .gate(let fence, .abandoned(let gate, _)):
      return .gateAbandoned(fence, gate: gate, evidence: evidence)
    case .merge(let fence, .abandoned(_, let reason)):
      return .mergeAbandoned(fence, evidence: evidence, reason: reason)
    case .refresh(.abandoned(_, let reason)): return .refreshAbandoned(evidence: evidence, reason: reason)
    case .gate(let fence, .renewed(let gate, _)): return .gateRenewed(fence, gate: gate, expiresAt: until)
    // Others may join it then.
    case .train(.started(var start)) where story.current.plan.gate.isOnlyRemote:
      start.members = Array(start.members.prefix(1))
      return .trainStarted(start)
    case .agent(.rests(let agent, let cause, _, let reason)):
      let until = once(in: 2) ? nil : story.now.adding(seconds: pick([-5, 0, 30, 600, 10_000_000]))
      return .agentRests(agent, cause: cause, until: until, reason: reason)
    case .baseline(.claimed(var claim)):
      if once(in: 6) { claim.expiresAt = until }
      return .baselineClaimed(claim)
    case .baseline(.renewed(let run, _)): return .baselineRenewed(run: run, expiresAt: until)
    case .baseline(.abandoned(let run, _)): return .baselineAbandoned(run: run, evidence: evidence)
    case .baseline(.recorded(var baseline)):
      if story.current.baselineRun != nil, !once(in: 5) { baseline.run = story.current.baselineRuns }
      if !once(in: 5) { baseline.verdict = .passed }
      return .baselineRecorded(baseline)
    case .migration, .refresh, .baseline, .claim, .gate, .train, .merge, .step, .ledger, .agent, .machine,
      .loop,
      .lesson, .publication, .notice, .forge, .fleet,
      .reserved:
      return change
    }
  }
}
