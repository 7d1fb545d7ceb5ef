import Migration

/// The gate, merges and refreshes (I-13, I-22, I-23, I-24).
extension Checker {
  mutating func judged(_ event: Event, _ world: World) -> String? {
    guard let fence = event.change.fence else { return nil }
    let index = stepNumber(fence.step)
    let step = steps[index]
    switch event.change {
    case .gateStarted(_, let start):
      if step.kind != .submitted || isPaused { return "I-13: judged while it is \(step.kind)" }
      if start.gate <= step.gate { return "I-12: gate run \(start.gate) after \(step.gate)" }
      if isSomethingMoving { return "I-22: two candidates at once" }
      if number(start.tip) != tip { return "I-22: the candidate does not stand on the tip" }
      steps[index].kind = .gating
      steps[index].gate = start.gate
      (steps[index].gateTree, steps[index].gateTip) = (number(start.tree), number(start.tip))
      (steps[index].hasPassed, steps[index].intent) = (false, nil)
      (steps[index].owner, steps[index].expiresAt) = (start.owner, start.expiresAt)
      steps[index].holder = start.holder
    case .gateFinished(_, let report): return finished(index, report, world)
    case .gateAbandoned(_, let gate, let evidence):
      if step.kind != .gating || gate != step.gate { return "I-13: another gate run was given up" }
      if let fault = unproven(evidence, step.owner, step.expiresAt, event, world) { return fault }
      if case .holder = evidence, event.by != step.holder { return "I-13: given up by somebody else" }
      back(index, world)
    case .mergeIntended(_, let target):
      if step.kind != .gating || target.gate != step.gate || isPaused {
        return "I-13: another gate run's intent"
      }
      if !step.hasPassed || number(target.tree) != step.gateTree { return "I-22: not the tree that passed" }
      let (old, new) = (number(target.old), number(target.new))
      if old != tip { return "I-22: the intent does not start at the tip" }
      if world.commits[new].parent != old || world.commits[new].tree != step.gateTree {
        return "I-24: the commit is not what the verifier saw"
      }
      steps[index].kind = .merging
      steps[index].intent = (old, new, step.gateTree)
      (steps[index].owner, steps[index].expiresAt) = (target.owner, target.expiresAt)
    case .mergeAbandoned(_, let evidence, _):
      if step.kind != .merging { return "I-23: no merge to be given up" }
      if let fault = unproven(evidence, step.owner, step.expiresAt, event, world) { return fault }
      if let intent = step.intent, world.isAncestor(intent.new, of: world.branch) {
        return "I-23: given up, but the branch moved"
      }
      back(index, world)
    case .stepMerged(_, let commit):
      guard step.kind == .merging, let intent = step.intent else { return "I-23: merged without an intent" }
      if number(commit) != intent.new { return "I-22: another commit than intended" }
      if !world.isAncestor(intent.new, of: world.branch) {
        return "I-23: merged, but the branch did not move"
      }
      steps[index].kind = .merged
      tip = intent.new
    default: break
    }
    return nil
  }

  private var isSomethingMoving: Bool {
    refresh != nil || steps.contains { $0.kind == .gating || $0.kind == .merging }
  }

  /// The result waits for another gate, or has used up its tries and is blocked.
  private mutating func back(_ index: Int, _ world: World) {
    if case .blocked = world.migration?.steps[index].phase {
      steps[index].kind = .idle
    } else {
      steps[index].kind = .submitted
    }
  }

  private mutating func finished(_ index: Int, _ report: GateReport, _ world: World) -> String? {
    let step = steps[index]
    if step.kind != .gating || report.gate != step.gate || step.hasPassed {
      return "I-13: the verdict of another gate run"
    }
    if number(report.tree) != step.gateTree { return "I-22: a verdict on another tree" }
    if report.verifiers != digest { return "I-22: a verdict of another gate" }
    switch report.verdict {
    case .passed:
      if !report.isNoChange && !passed.contains("\(step.gateTree) \(digest)") {
        return "I-24: no verifier ever passed this tree"
      }
      if report.isNoChange { steps[index].kind = .merged } else { steps[index].hasPassed = true }
    case .failed, .ranNoTests:
      steps[index].failures += 1
      steps[index].kind = .idle
    case .couldNotRun: back(index, world)
    }
    return nil
  }

  mutating func refreshed(_ event: Event, _ world: World) -> String? {
    switch event.change {
    case .refreshIntended(let next):
      if isSomethingMoving { return "I-22: a refresh beside a candidate" }
      if next.verdict != .passed || number(next.old) != tip || next.verifiers != digest {
        return "I-22: a refresh that did not pass, or not from the tip"
      }
      refresh = (number(next.old), number(next.new), number(next.tree), next.owner, next.expiresAt)
    case .refreshMerged(let commit):
      guard let refresh, number(commit) == refresh.new else { return "I-22: another refresh" }
      if !world.isAncestor(refresh.new, of: world.branch) { return "I-23: refreshed, but nothing moved" }
      tip = refresh.new
      self.refresh = nil
    case .refreshAbandoned(let evidence, _):
      guard let refresh else { return "I-23: no refresh to be given up" }
      if let fault = unproven(evidence, refresh.owner, refresh.expiresAt, event, world) { return fault }
      if world.isAncestor(refresh.new, of: world.branch) { return "I-23: given up, but the branch moved" }
      self.refresh = nil
    default: break
    }
    return nil
  }
}
