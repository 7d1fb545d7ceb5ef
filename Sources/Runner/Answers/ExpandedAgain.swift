import Git
import Ledger
import Migration
import Plans
import Site

/// The plan in force with every `for:` expanded again over what is there now: what it finds that no step is
/// for yet becomes steps, and no step goes.
public struct ExpandedAgain: Equatable, Sendable {
  /// The plan, without the steps that are kept as history.
  public var plan: Plan
  /// The exact bytes of its file.
  public var bytes: [UInt8]

  /// Makes it from its parts.
  package init(plan: Plan, bytes: [UInt8]) { (self.plan, self.bytes) = (plan, bytes) }

  /// What is said of new steps.
  public static func words(_ new: [String]) -> String {
    let more = new.count > 10 ? " and \(new.count - 10) more" : ""
    return "\(Count.of(new.count, "new step")): \(new.prefix(10).joined(separator: ", "))\(more)"
  }

  /// Expands the plan of a migration over its integration branch; `nil` when there is nothing new. Its
  /// commands run: they are a part of what was approved.
  public init?(of state: MigrationState, in site: Site) throws(CommandError) {
    let bytes = try reporting {
      try site.ledger.reader.planText(state.name, number: state.planNumber, in: try site.ledger.read())
    }
    guard let bytes, let tip = try site.tip(of: state.intoRef) else { return nil }
    let file: PlanFile
    do throws(PlanFault) { file = try PlanFile.parse(bytes, path: state.name) } catch {
      throw CommandError(error)
    }
    guard file.needsExpansion else { return nil }
    try site.requireTrust(state)
    let found: Plan
    let source = try TreeSource(site: site, commit: tip)
    do throws(PlanFault) {
      found = try file.expand(for: state.plan.fleet, using: source, allowingNone: true)
    } catch {
      throw CommandError(error)
    }
    guard let next = state.plan(with: found.steps) else { return nil }
    (plan, self.bytes) = (next, bytes)
  }
}

extension MigrationState {
  /// The plan in force with those steps of `found` that it has not got; `nil` when it has all of them.
  fileprivate func plan(with found: [PlannedStep]) -> Plan? {
    var next = plan
    next.steps.removeLast(keptCount)
    let known = Set(plan.steps.map(\.id))
    let new = found.filter { !known.contains($0.id) }
    guard !new.isEmpty else { return nil }
    let all = known.union(new.map(\.id))
    for index in next.steps.indices {
      guard let again = found.first(where: { $0.id == next.steps[index].id }) else { continue }
      // What needs all that a glob matches needs the new ones, too, unless it was begun already.
      guard step(again.id)?.epoch == 0 else { continue }
      next.steps[index].needs += again.needs.filter {
        !next.steps[index].needs.contains($0) && all.contains($0)
      }
    }
    next.steps += new.map { step in
      var step = step
      step.needs = step.needs.filter(all.contains)
      return step
    }
    return next
  }
}

extension Surroundings {
  /// Expands the plan of a migration again and records what is new; gives the ids of the new steps.
  package func expandAgain(
    _ state: MigrationState, report: @escaping (String) -> Void
  ) throws(CommandError) -> [String] {
    guard let again = try expandedAgain(state) else { return [] }
    let outcome = try Interpreter(in: self, report: report).append(by: actor) {
      (newest, _) throws(Refusal) in
      guard let now = newest.state.migration(named: state.name), now.planNumber == state.planNumber else {
        throw Refusal(.stale, "the plan of '\(state.name)' was amended meanwhile")
      }
      let amendment = PlanAmendment(plan: again.plan, number: now.planNumber + 1, digest: now.planDigest)
      var proposal = Proposal(state.name, .planAmended(amendment), planText: again.bytes)
      proposal.facts = [AmendmentFacts.member(.expansion)]
      return ((), [proposal])
    }
    if let refusal = outcome.refusal { throw CommandError(refusal) }
    guard case .recorded(let after, _) = outcome else { return [] }
    try approveExpansion(of: state, in: after.state)
    let known = Set(state.plan.steps.map(\.id))
    return again.plan.steps.map(\.id).filter { !known.contains($0) }
  }
}

extension Site {
  package func expandedAgain(_ state: MigrationState) throws(CommandError) -> ExpandedAgain? {
    try ExpandedAgain(of: state, in: self)
  }

  package func approveExpansion(of state: MigrationState, in newest: State) throws(CommandError) {
    try approve(state.planDigest, state.name, in: newest)
  }
}
