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
}
