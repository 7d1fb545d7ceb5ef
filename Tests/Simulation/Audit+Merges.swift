import Git
import Ledger
import Migration

/// Merges that were intended, made, or given up (I-23).
extension Audit {
  mutating func checkMergeEnd(
    _ fence: Fence, _ evidence: Evidence, _ event: Event, _ world: World
  ) {
    let tornAt = tornAt
    for fence in logs[fence.step]?.intent?.train?.members.map(\.fence) ?? [fence] {
      change(fence, world) { log in
        guard log.stage == .merging, let intent = log.intent, let gate = log.gate else {
          return world.fail("I-23", "a merge of '\(fence.step)' is given up that was not intended")
        }
        Audit.check(evidence, intent.owner, gate.holder, intent.expiresAt, event, world)
        if let branch = world.branch, world.objects.isAncestor(intent.new.oid, of: branch) {
          if intent.new.oid == tornAt, !world.hasSeen(intent.new.oid, event.by) {
            return world.leaveToPerson()
          }
          world.fail("I-23", "a merge of '\(fence.step)' is given up, but the branch has it")
        }
        log.stage = .submitted
        log.intent = nil
        log.restart()
      }
    }
  }

  mutating func checkMerge(
    _ fence: Fence, _ commit: ObjectID, _ train: TrainMerge?, _ world: World
  ) {
    if logs[fence.step]?.intent?.train != train {
      world.fail("I-23", "'\(fence.step)' was merged with other steps than intended")
    }
    for fence in train?.members.map(\.fence) ?? [fence] {
      change(fence, world) { log in
        guard log.stage == .merging, log.intent?.new == commit else {
          return world.fail("I-23", "'\(fence.step)' was merged without an intent")
        }
        guard let branch = world.branch, world.objects.isAncestor(commit.oid, of: branch) else {
          return world.fail("I-23", "'\(fence.step)' is said to be merged, but the branch does not have it")
        }
        log.stage = .done
        log.satisfies = true
        world.load.merges += 1
      }
      noteUndone(by: fence.step)
    }
    tip = commit
  }
}
