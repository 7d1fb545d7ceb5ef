import Git
import Ledger
import Migration

/// Stages, judges and people in between: a word leads where the plan says and nowhere else, and what is
/// put to a judge or a person is not merged before their word.
extension Audit {
  /// Takes note that a judge approves a tree.
  mutating func noteJudge(_ tree: OID) { approvals.insert(tree) }

  mutating func checkStageEnd(_ fence: Fence, _ end: StageEnd, _ event: Event, _ world: World) {
    guard let workflow = plan?.workflow else { return world.fail("W-1", "there are no stages") }
    change(fence, world) { log in
      if log.stage != .leased || log.holder != event.by {
        world.fail("I-13", "\(event.by) ends a stage of '\(fence.step)', which \(log.holder) holds")
      }
      let name = log.stageName ?? workflow.stages[0].name
      guard end.stage == name, let stage = workflow.stages.first(where: { $0.name == name }) else {
        return world.fail("W-1", "'\(fence.step)' is at '\(name)', and ends '\(end.stage)'")
      }
      guard let answer = stage.on.first(where: { $0.word == end.verdict }) else {
        return world.fail("W-1", "'\(end.verdict)' is no word of '\(name)', and something follows from it")
      }
      if log.entries.isEmpty { log.entries[name] = 1 }
      if stage.writes { log.result = end.result }
      log.stage = .open
      log.stageName = nil
      var target = answer.target.word
      if let next = workflow.stages.first(where: { $0.name == target }), let rounds = next.rounds,
        log.entries[target, default: 0] >= rounds
      {
        target = "person"
      }
      if target != end.next { world.fail("W-1", "'\(end.verdict)' leads to \(target), not to \(end.next)") }
      if workflow.stages.contains(where: { $0.name == target }) {
        log.stageName = target
        log.entries[target, default: 0] += 1
        return
      }
      log.entries = [:]
      switch target {
      case "gate": log.stage = .submitted
      case "retry", "block": log.failures += 1
      default: log.isAsked = true
      }
    }
    noteAnswer(fence)
  }

  mutating func checkJudge(_ fence: Fence, _ answer: JudgeAnswer, _ world: World) {
    guard let log = logs[fence.step], log.stage == .gating, log.gate?.tree == answer.tree else {
      return world.fail("W-2", "a judge speaks of '\(fence.step)', which is not before it")
    }
    if answer.answer == .approve, !approvals.contains(answer.tree.oid) {
      world.fail("W-2", "'\(fence.step)' is said to be approved, and no judge has approved that tree")
    }
  }

  /// What passes was approved, where the plan has a judge.
  func checkApproval(_ fence: Fence, _ report: GateReport, _ world: World) {
    guard plan?.gate.judge != nil, !report.isNoChange, let log = logs[fence.step],
      log.approved == nil || log.approved != log.result?.tree
    else { return }
    if !approvals.contains(report.tree.oid) {
      world.fail("W-2", "'\(fence.step)' passes, and no judge and no person has approved it")
    }
  }

  mutating func ask(_ fence: Fence, _ world: World) {
    change(fence, world) { log in
      if log.stage != .gating { world.fail("W-2", "'\(fence.step)' waits for a person, and is not judged") }
      log.stage = .open
      log.isAsked = true
    }
  }

  mutating func decide(_ step: String, isApproved: Bool, _ world: World) {
    change(step, world) { log in
      if !log.isAsked { world.fail("W-3", "a person decides about '\(step)', which does not wait") }
      log.isAsked = false
      if isApproved {
        log.approved = log.result?.tree
        log.stage = .submitted
      } else {
        log.epoch += 1
        log.failures += 1
      }
    }
  }

  mutating func undo(_ id: String, _ undoing: StepUndoing, _ world: World) {
    var step = PlannedStep(id: id)
    step.run = "git revert"
    step.isShared = plan?.agent != nil
    step.isAdded = true
    step.reverts = undoing.steps
    planned[id] = step
    logs[id] = Log()
    for step in undoing.steps where logs[step]?.stage != .done {
      world.fail("I-18", "'\(step)' is to be undone, and is not done")
    }
  }

  /// What a merged step was to undo holds nothing up any more, and lets nothing go on.
  mutating func noteUndone(by step: String) {
    for id in planned[step]?.reverts ?? [] where logs[id]?.satisfies == true {
      logs[id]?.satisfies = false
      undone.insert(id)
    }
  }

  /// An undone step is done again by one of its own; says whether it was one.
  mutating func doAgain(_ id: String) -> Bool {
    guard undone.contains(id), var step = planned[id] else { return false }
    let parts = id.split(separator: ".")
    let stem = parts.count > 1 ? String(parts[0]) : id
    var number = 2
    while planned["\(stem).\(number)"] != nil { number += 1 }
    step.id = "\(stem).\(number)"
    (step.isAdded, step.reverts) = (true, [])
    let known = planned
    step.needs = step.needs.map { need in
      guard undone.contains(need) else { return need }
      let again = known.keys.filter { $0.hasPrefix("\(need).") }
      return again.max { (Int($0.split(separator: ".")[1]) ?? 0) < (Int($1.split(separator: ".")[1]) ?? 0) }
        ?? need
    }
    planned[step.id] = step
    logs[step.id] = Log()
    return true
  }

  /// Whether a failure of a codemod goes to its agent, and is not counted.
  mutating func handsOver(_ id: String) -> Bool {
    guard planned[id]?.isShared == true, logs[id]?.isHandedOver == false else { return false }
    logs[id]?.isHandedOver = true
    return true
  }

  /// Whether an agent does it now.
  func isAgents(_ step: PlannedStep) -> Bool { step.run == nil || logs[step.id]?.isHandedOver == true }
}
