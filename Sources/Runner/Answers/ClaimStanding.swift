import Ledger
import Migration
import Site

/// Where a worker's step and its migration are: what a worker asks in the midst of its work.
package struct ClaimStanding: PrintedAnswer {
  private let claim: WorkerClaim
  private let state: MigrationState
  private let now: Timestamp
  private let attempt: Int
  private let hasMoved: Bool

  /// The claim, and how far the migration is.
  package static let form = AnswerForm<ClaimStanding>.document([
    .text("migration", \.claim.migration), .text("state", \.state.phase.word),
    .text("step", \.claim.fence.step), .text("title", \.claim.step.title),
    .number("epoch", \.claim.fence.epoch), .number("attempt", \.attempt),
    .text("holder", \.claim.holder), .time("expires_at", \.claim.lease.expiresAt),
    .number("seconds_left", \.secondsLeft), .text("base", \.claim.lease.base.hex),
    .flag("branch_moved", \.hasMoved), .texts("paths", \.claim.step.paths),
    .texts("verifiers") { $0.claim.plan.verifiers(of: $0.claim.step).map(\.name) },
    .numbers("steps", by: \.counts),
  ])

  /// How long the claim still holds.
  private var secondsLeft: Int { Int(max(0, claim.lease.expiresAt.seconds - now.seconds)) }

  /// How many steps are in each state.
  private var counts: [(name: String, count: Int)] {
    Dictionary(grouping: state.steps, by: \.phase.word.description)
      .map { (name: $0.key, count: $0.value.count) }.sorted { $0.name < $1.name }
  }

  package func text(_: Palette) -> String {
    let steps = counts.map { "\($0.count) \($0.name)" }.joined(separator: ", ")
    return "\(claim.fence.step) is yours (epoch \(claim.fence.epoch), attempt \(attempt))\n"
      + "\(claim.migration) is \(state.phase.word): \(steps)\n"
  }

  fileprivate init(_ claim: WorkerClaim, _ state: MigrationState, now: Timestamp, tip: ObjectID?) {
    self.claim = claim
    self.state = state
    self.now = now
    attempt = state.step(claim.fence.step)?.attempt ?? 1
    hasMoved = tip.map { $0 != claim.lease.base } ?? false
  }
}

extension Answers {
  /// Where the step of a claim and its migration are.
  package func standing(_ claim: WorkerClaim) throws(CommandError) -> ClaimStanding {
    let state = try state(claim.migration)
    return ClaimStanding(
      claim, state, now: site.clock.now(), tip: try site.tip(of: state.intoRef)?.objectID)
  }
}
