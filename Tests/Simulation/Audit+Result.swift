import Git
import Migration

/// What is known of results that were judged as a whole.
struct ResultLog {
  /// Trees that passed where nothing was kept, each with the gate's digest.
  fileprivate var passes: [OID: Set<String>] = [:]
  /// Where the migration began.
  var start: ObjectID?
}

extension Audit {
  /// Takes note that a tree has passed as a whole, where nothing was kept.
  mutating func noteResult(_ tree: OID, _ plan: Plan) {
    results.passes[tree, default: []].insert(plan.verifierDigest)
  }

  /// I-22a: a migration ends with what was judged as a whole, by its gate, where nothing was kept.
  func checkResult(_ result: ObjectID, _ world: World) {
    guard let plan, !plan.gate.verifiers.isEmpty else { return }
    let tree = world.objects.tree(of: result.oid)
    if tree == results.start.map({ world.objects.tree(of: $0.oid) }) { return }
    if results.passes[tree]?.contains(digest) != true {
      world.fail("I-22a", "all is finished with \(result.oid.number), which nobody has judged as a whole")
    }
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
}
