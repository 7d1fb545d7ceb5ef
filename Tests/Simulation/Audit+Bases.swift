import Git
import Ledger
import Migration

/// What takes a moved base in, and what moves the branch.
extension Audit {
  /// A step that no plan has: the base conflicts.
  mutating func add(_ addition: StepAddition, _ world: World) {
    if isPaused { world.fail("I-18", "a step is added although all is paused") }
    if logs[addition.step] != nil { world.fail("I-20", "'\(addition.step)' is added and was there") }
    var step = PlannedStep(id: addition.step)
    step.resolves = addition.base
    planned[addition.step] = step
    logs[addition.step] = Log()
  }

  mutating func checkIntent(_ fence: Fence, _ target: MergeTarget, _ world: World) {
    if let merge = target.train { return checkTrainIntent(fence, target, merge, world) }
    if isPaused { world.fail("I-18", "'\(fence.step)' is to be merged although all is paused") }
    let tip = tip
    let isShared = isShared
    let base = planned[fence.step]?.resolves
    let parents = [target.old.oid] + (base.map { [$0.oid] } ?? [])
    if target.base != base || world.objects.commits[target.new.oid.number].parents != parents {
      world.fail("I-22", "'\(fence.step)' is to be merged with other parents than the tip and its base")
    }
    change(fence, world) { log in
      guard log.stage == .passed, let gate = log.gate else {
        return world.fail("I-22", "'\(fence.step)' is to be merged and has not passed")
      }
      if target.tree != gate.tree || world.objects.tree(of: target.new.oid) != gate.tree.oid {
        world.fail("I-24", "'\(fence.step)' is to be merged with another tree than the one that passed")
      }
      if target.old != gate.tip { world.fail("I-22", "the merge begins elsewhere than the candidate") }
      if !isShared, target.old != tip { world.fail("I-22", "the merge does not begin at the ledger's tip") }
      if let result = log.result {
        let wanted = world.objects.merge(
          base: world.objects.tree(of: log.base.oid), ours: world.objects.tree(of: target.old.oid),
          theirs: result.tree.oid)
        if wanted.tree != target.tree.oid {
          world.fail("I-24", "what is to be merged is not the branch with the change of '\(fence.step)'")
        }
      }
      log.stage = .merging
      log.intent = target
    }
  }
}
