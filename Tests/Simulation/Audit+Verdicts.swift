import Git
import Ledger
import Migration

/// What verdicts rest on: a tree that passed would pass in a fresh worktree, too.
extension Audit {
  /// A verdict, and the start of its run where that is in the same entry.
  mutating func checkReport(_ fence: Fence, _ report: GateReport, _ event: Event, _ world: World) {
    if let start = report.start {
      if start.gate != report.gate || start.tree != report.tree {
        world.fail("I-13", "gate run \(report.gate) of '\(fence.step)' began as another")
      }
      checkGateStart(fence, start, event, world)
    }
    checkVerdict(fence, report, event, world)
  }

  /// I-22a: a fresh worktree, in which nobody was before, would have given the same verdict.
  func checkHonesty(
    _ verdict: Verdict, _ reason: String?, of tree: ObjectID, _ subject: String, _ world: World
  ) {
    guard let plan, !plan.gate.verifiers.isEmpty else { return }
    let isGood = world.objects.isGood(tree.oid)
    if verdict == .passed, !isGood {
      world.fail("I-22a", "\(subject) passed, and fails in a fresh worktree")
    }
    if verdict == .failed, isGood, reason == SimulatedGate.testFails {
      world.fail("I-22a", "\(subject) failed, and passes in a fresh worktree")
    }
  }

  /// Takes note that a step's own verifier has passed a tree.
  mutating func noteOwnPass(_ tree: OID, _ command: String) { ownPasses[tree, default: []].insert(command) }

  /// I-22: what a step asks of its own result was asked of the tree that is said to pass.
  func checkOwn(_ fences: some Sequence<Fence>, on tree: ObjectID, _ world: World) {
    for fence in fences {
      for verifier in planned[fence.step]?.verifiers ?? []
      where ownPasses[tree.oid]?.contains(verifier.run) != true {
        world.fail("I-22", "'\(fence.step)' passed, and nobody asked '\(verifier.run)' of that tree")
      }
    }
  }

  /// I-22a: a verdict that rests on more than the tree says so.
  func checkKept(
    _ kept: [String], _ verdict: Verdict, of tree: ObjectID, by digest: String, _ subject: String,
    _ world: World
  ) {
    guard verdict == .passed, kept.isEmpty, let plan, !plan.gate.verifiers.isEmpty else { return }
    if cleanPasses[tree.oid]?.contains(digest) != true {
      world.fail("I-22a", "\(subject) passed where folders were kept, and that is not said")
    }
  }

  /// I-22d: a verdict is only used again for the same tree, gate and toolchain.
  func checkReuse(
    _ evidence: VerdictEvidence, of tree: ObjectID, by digest: String, _ subject: String, _ world: World
  ) {
    guard evidence.reused != nil else { return }
    world.load.reused += 1
    guard let basis = evidence.basis,
      toolchainPasses[tree.oid]?.contains(digest + basis.toolchain) == true
    else { return world.fail("I-22d", "\(subject) is said to have passed before, and has not like this") }
  }
}
