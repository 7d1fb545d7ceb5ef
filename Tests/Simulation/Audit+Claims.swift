import CanonicalJSON
import Ledger
import Migration
import Runner
import Site

extension Audit {
  /// Whether something that was undone is done again, by `<id>.2` or a later one: of `<id>.2`, too.
  private func isDoneAgain(_ id: String) -> Bool {
    let stem = id.prefix { $0 != "." }
    return logs.contains { $0.key.hasPrefix("\(stem).") && $0.value.satisfies }
  }

  mutating func checkClaim(_ claim: Claim, _ event: Event, _ world: World) {
    let id = claim.fence.step
    if isPaused { world.fail("I-18", "'\(id)' is claimed although all is paused") }
    guard let step = planned[id], let plan else { return world.fail("I-20", "'\(id)' is no step") }
    for need in step.needs where logs[need]?.satisfies != true && !isDoneAgain(need) {
      world.fail("I-21", "'\(id)' is claimed before '\(need)' is done")
    }
    checkLimits(claim, step, plan, world)
    let values = handed(event)
    checkValues(values, claim, step, plan, event, world)
    checkAgent(claim, event, world)
    change(id, world) { log in
      if log.stage != .open { world.fail("I-11", "'\(id)' is claimed while it is \(log.stage)") }
      if claim.fence.epoch <= log.epoch {
        world.fail("I-12", "'\(id)' is claimed with epoch \(claim.fence.epoch) after \(log.epoch)")
      }
      if log.failures >= plan.attempts + log.granted {
        world.fail("I-16", "'\(id)' is claimed after \(log.failures) failures")
      }
      log.epoch = claim.fence.epoch
      log.stage = .leased
      log.holder = claim.holder
      log.owner = claim.owner
      log.slot = claim.slot
      log.values = values
      log.base = claim.base
      log.expiresAt = claim.expiresAt
      log.renewals = 0
      log.isProtected = world.isOnTime(event.at)
    }
  }

  /// I-17: locks, resources, agents and slots.
  private func checkLimits(_ claim: Claim, _ step: PlannedStep, _ plan: Plan, _ world: World) {
    var agents = isAgents(step) ? 1 : 0
    var used: [String: Int] = [:]
    for name in step.uses { used[name, default: 0] += 1 }
    for other in plan.steps where other.id != step.id {
      guard let log = logs[other.id], log.stage != .open, log.stage != .done, !log.mayBeBlocked else {
        continue
      }
      if let lock = step.lock, other.lock == lock {
        world.fail("I-17", "'\(step.id)' and '\(other.id)' hold the lock '\(lock)'")
      }
      guard log.stage == .leased else { continue }
      if isAgents(other) { agents += 1 }
      guard log.owner.machine == claim.owner.machine else { continue }
      if let slot = claim.slot, slot == log.slot {
        world.fail("I-25", "'\(step.id)' and '\(other.id)' hold \(slot) of \(claim.owner.machine)")
      }
      for name in other.uses { used[name, default: 0] += 1 }
    }
    if isAgents(step), let limit = plan.agent?.maxConcurrent, agents > limit {
      world.fail("I-17", "\(agents) agents are at work, \(limit) may be")
    }
    for name in step.uses {
      let capacity = plan.resources.first { $0.name == name }?.capacity ?? 1
      if used[name, default: 0] > capacity { world.fail("I-17", "'\(name)' is held too often") }
    }
  }

  private func handed(_ event: Event) -> [String: String] {
    guard case .object(let members)? = event.reserved.first(where: { $0.key == "resources" })?.value else {
      return [:]
    }
    var values: [String: String] = [:]
    for member in members { if case .string(let value) = member.value { values[member.key] = value } }
    return values
  }

  /// I-17: each value of a resource is one holder's, on its machine or on all.
  private func checkValues(
    _ values: [String: String], _ claim: Claim, _ step: PlannedStep, _ plan: Plan, _ event: Event,
    _ world: World
  ) {
    guard event.version >= 2 else { return }
    for resource in plan.resources where step.uses.contains(resource.name) && !resource.values.isEmpty {
      guard let value = values[resource.name], resource.values.contains(value) else {
        world.fail("I-17", "'\(step.id)' is handed no value of '\(resource.name)'")
        continue
      }
      for (id, log) in logs where id != step.id && log.stage == .leased && log.values[resource.name] == value
      {
        guard resource.isShared || log.owner.machine == claim.owner.machine else { continue }
        world.fail("I-17", "'\(step.id)' and '\(id)' are handed '\(value)' of '\(resource.name)'")
      }
    }
  }

  mutating func checkRenewal(_ fence: Fence, _ until: Timestamp, _ event: Event, _ world: World) {
    change(fence, world) { log in
      if log.stage != .leased || log.holder != event.by {
        world.fail("I-14", "\(event.by) renews '\(fence.step)', which \(log.holder) holds")
      }
      if until <= log.expiresAt { world.fail("I-14", "a renewal shortens the lease of '\(fence.step)'") }
      log.expiresAt = until
      log.renewals += 1
      log.isProtected = world.isOnTime(event.at)
    }
  }

  mutating func checkExpiry(
    _ fence: Fence, _ renewal: Int, _ evidence: Evidence, _ event: Event, _ world: World
  ) {
    change(fence, world) { log in
      if log.stage != .leased { world.fail("I-15", "a lease of '\(fence.step)' expires that is none") }
      if renewal != log.renewals { world.fail("I-15", "'\(fence.step)' was renewed, and expires") }
      Audit.check(evidence, log.owner, log.holder, log.expiresAt, event, world)
      if case .holderDead = evidence { log.restart() }
      if case .timeout = evidence {
        log.failures += 1
        // Once the faults have stopped, nobody who lives and renews loses a lease.
        if log.isProtected, log.owner.pid > 0, !world.isGone(log.owner) {
          world.fail("I-19", "\(log.holder) is alive and loses '\(fence.step)'")
        }
      }
      log.stage = .open
    }
  }

  mutating func checkRelease(_ fence: Fence, _ forced: Bool, _ event: Event, _ world: World) {
    change(fence, world) { log in
      if log.stage != .leased { world.fail("I-14", "'\(fence.step)' is given back, and nobody holds it") }
      if !forced, log.holder != event.by {
        world.fail("I-14", "\(event.by) gives back '\(fence.step)', which \(log.holder) holds")
      }
      if forced { log.epoch += 1 }
      log.stage = .open
    }
  }

  mutating func checkFailure(_ fence: Fence, _ failure: Failure, _ event: Event, _ world: World) {
    var isAnswered = false
    defer { if isAnswered { noteAnswer(fence) } }
    if failure.kind == .setup, failure.reason.contains(CommandError.givenUpWords) {
      world.fail("I-19a", "'\(fence.step)' pays for the worktree that another step has left")
    }
    change(fence, world) { log in
      switch log.stage {
      case .leased:
        if log.holder != event.by {
          world.fail("I-14", "\(event.by) fails '\(fence.step)', which \(log.holder) holds")
        }
        if failure.kind == .setup { log.restart() } else { log.failures += 1 }
        isAnswered = failure.kind != .setup
      case .submitted:
        if ![.conflict, .unusable].contains(failure.kind) {
          world.fail("I-13", "'\(fence.step)' fails after it was handed in")
        }
        (log.stageName, log.entries) = (nil, [:])
        log.restart()
      case .open, .gating, .passed, .merging, .done:
        world.fail("I-13", "'\(fence.step)' fails while it is \(log.stage)")
      }
      log.stage = .open
    }
  }

  mutating func checkHandOver(_ fence: Fence, _ failure: Migration.Failure, _ event: Event, _ world: World) {
    if ![.left, .noChange, .guardFinding].contains(failure.kind) || !handsOver(fence.step) {
      world.fail("I-13", "'\(fence.step)' is handed over, and has no agent for it")
    }
    change(fence, world) { log in
      if log.stage != .leased || log.holder != event.by {
        world.fail("I-14", "\(event.by) hands over '\(fence.step)', which \(log.holder) holds")
      }
      log.stage = .open
    }
  }

  mutating func checkSubmission(
    _ fence: Fence, _ result: Submission.Result, _ event: Event, _ world: World
  ) {
    change(fence, world) { log in
      if log.stage != .leased || log.holder != event.by {
        world.fail("I-13", "\(event.by) hands in '\(fence.step)', which \(log.holder) holds")
      }
      log.stage = .submitted
      log.result = result
    }
    noteAnswer(fence)
  }
}

extension Migration.Change {
  /// Whether it takes nothing from others and promises nothing to them: it may be recorded while the server
  /// cannot be reached.
  var isOwnReport: Bool {
    switch self {
    case .baseline(.renewed), .claim(_, .renewed), .claim(_, .submitted), .claim(_, .failed),
      .claim(_, .handedOver), .claim(_, .stageEnded),
      .gate(_, .renewed), .gate(_, .finished), .gate(_, .abandoned), .train(.split), .train(.finished):
      true
    case .baseline(.abandoned(_, let evidence)): evidence == .holder
    case .claim(_, .released(let forced, _)): !forced
    case .agent, .machine: true
    default: false
    }
  }
}
