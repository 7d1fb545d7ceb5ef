import Git
import Ledger
import Migration

/// I-22c: what passes runs every test that ran on the tip below it, as far as the ledger knows of those.
extension Audit {
  mutating func checkTests(_ event: Event, _ world: World) {
    switch event.change {
    case .baseline(.recorded(let baseline)) where baseline.verdict == .passed:
      note(baseline.tree, baseline.verifiers, event)
    case .refresh(.intended(let refresh)): note(refresh.tree, refresh.verifiers, event)
    case .gate(let fence, .finished(let report)) where report.verdict == .passed:
      // A run that needed no verifier begins and ends in one entry; what is known is the one before it.
      guard let gate = report.start ?? logs[fence.step]?.gate else { return }
      compare(gate, report.verifiers, event, "'\(fence.step)'", world)
    case .train(.split(let split)) where split.passed > 0:
      guard let train, train.members.indices.contains(split.passed),
        let gate = logs[train.members[split.passed - 1].step]?.gate
      else { return }
      compare(gate, split.verifiers, event, "train \(split.train)", world)
    case .train(.finished(let report)) where report.verdict == .passed:
      guard let last = train?.members.last, let gate = logs[last.step]?.gate else { return }
      compare(gate, report.verifiers, event, "train \(report.train)", world)
    default: return
    }
  }

  private mutating func note(_ tree: ObjectID, _ digest: String, _ event: Event) {
    if !event.runs.isEmpty { tested.insert("\(tree.hex) \(digest)") }
  }

  private mutating func compare(
    _ gate: GateStart, _ digest: String, _ event: Event, _ subject: String, _ world: World
  ) {
    defer { note(gate.tree, digest, event) }
    // A verdict from memory was compared when it was found.
    guard !event.runs.isEmpty else { return }
    let tip = world.objects.tree(of: gate.tip.oid)
    guard tested.contains("\(tip.id.hex) \(digest)") else { return }
    let lost = Set(world.objects.tests(tip)).subtracting(world.objects.tests(gate.tree.oid))
    if let test = lost.min() {
      world.fail("I-22c", "\(subject) passed without '\(test)', which the tip runs")
    }
  }
}
