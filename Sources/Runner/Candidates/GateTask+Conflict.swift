import Git
import Ledger
import Migration
import Site

extension GateTask {
  /// What a step is told whose result conflicts: the files, who changed them meanwhile, and what both did.
  static func conflict(
    in paths: [String], _ submission: Submission, _ step: String, _ state: MigrationState,
    _ site: any Surroundings
  ) throws(CommandError) -> Migration.Failure {
    var sides: [OtherSide] = []
    if let tip = try site.tip(of: state.intoRef) {
      sides = try site.changes(
        to: paths, after: submission.base.oid, upTo: tip, limit: OtherSide.patchBytes)
    }
    let names = sides.map { side in
      let merged = state.steps.first { step in
        if case .merged(let commit?) = step.phase { return commit.oid == side.commit }
        return false
      }
      return merged.map { "'\($0.id)'" } ?? "\(side.commit.objectID.short) (\(side.subject))"
    }
    let list = paths.prefix(3).map(NameText.quoted).joined(separator: ", ")
    let by = names.isEmpty ? "" : ", by \(names.joined(separator: ", "))"
    var details = paths.map {
      "conflict in \(NameText.quoted($0)): do the step again on the newer base"
    }
    for (name, side) in zip(names, sides) { details.append("what \(name) changed:\n\(side.patch)") }
    if !sides.isEmpty {
      let own = try site.patch(of: submission, limit: OtherSide.patchBytes)
      details.append("what '\(step)' changed:\n\(own)")
    }
    return Migration.Failure(
      kind: .conflict, reason: "conflicts with what was merged since, in \(list)\(by)", details: details)
  }
}

extension Proposal {
  /// The start of a gate run together with its end, where that is known already: one entry, in a ledger that
  /// has a place for it. `end` begins with the verdict.
  func with(_ end: [Proposal], in state: State) -> [Proposal] {
    guard state.version >= VerdictEvidence.version, var whole = end.first,
      case .gate(_, .started(let start)) = change, case .gate(let fence, .finished(var report)) = whole.change
    else { return [self] + end }
    report.start = start
    whole.change = .gateFinished(fence, report)
    return [whole] + end.dropFirst()
  }
}
