import Git
import Ledger
import Migration
import Plans
import Runner
import Site

/// The plan in force with every `for:` expanded again over what is there now: what it finds that no step is
/// for yet becomes steps, and no step goes.
struct ExpandedAgain {
  let context: Context
  /// Whether the plan's commands may run without having been approved.
  private let site: Site

  init(_ context: Context) throws(CommandError) {
    self.context = context
    site = try context.site()
  }

  /// The plan, and the exact bytes of its file; `nil` when there is nothing new.
  func plan(
    of state: MigrationState, in snapshot: LedgerSnapshot
  ) throws(CommandError) -> (plan: Plan, bytes: [UInt8])? {
    let bytes = try reporting {
      try site.ledger.reader.planText(state.name, number: state.planNumber, in: snapshot)
    }
    guard let bytes, let tip = try site.tip(of: state.intoRef) else { return nil }
    let file: PlanFile
    do throws(PlanFault) { file = try PlanFile.parse(bytes, path: state.name) } catch {
      throw CommandError(error)
    }
    guard file.needsExpansion else { return nil }
    // Its commands ran when the plan came: they are a part of what was approved.
    try site.requireTrust(state)
    let found: Plan
    let source = try TreeSource(site: site, commit: tip)
    do throws(PlanFault) { found = try file.expand(using: source, allowingNone: true) } catch {
      throw CommandError(error)
    }
    var next = state.plan
    next.steps.removeLast(state.keptCount)
    let known = Set(state.plan.steps.map(\.id))
    let new = found.steps.filter { !known.contains($0.id) }
    guard !new.isEmpty else { return nil }
    let all = known.union(new.map(\.id))
    for index in next.steps.indices {
      guard let again = found.steps.first(where: { $0.id == next.steps[index].id }) else { continue }
      // What needs all that a glob matches needs the new ones, too, unless it was begun already.
      guard state.step(again.id)?.epoch == 0 else { continue }
      next.steps[index].needs += again.needs.filter {
        !next.steps[index].needs.contains($0) && all.contains($0)
      }
    }
    next.steps += new.map { step in
      var step = step
      step.needs = step.needs.filter(all.contains)
      return step
    }
    return (next, bytes)
  }

  /// Records it; gives the ids of the new steps.
  func amend(_ state: MigrationState, in snapshot: LedgerSnapshot) throws(CommandError) -> [String] {
    guard let (plan, bytes) = try plan(of: state, in: snapshot) else { return [] }
    let outcome = try context.interpreter().append(by: site.actor) { (newest, _) throws(Refusal) in
      guard let now = newest.state.migration(named: state.name), now.planNumber == state.planNumber else {
        throw Refusal(.stale, "the plan of '\(state.name)' was amended meanwhile")
      }
      let amendment = PlanAmendment(plan: plan, number: now.planNumber + 1, digest: now.planDigest)
      return ((), [Proposal(state.name, .planAmended(amendment), planText: bytes)])
    }
    if let refusal = outcome.refusal { throw CommandError(refusal) }
    guard case .recorded(let after, _) = outcome else { return [] }
    try site.approve(state.planDigest, state.name, in: after.state)
    let known = Set(state.plan.steps.map(\.id))
    return plan.steps.map(\.id).filter { !known.contains($0) }
  }
}
