import Ledger
import Migration
import Site

/// A claim that holds for longer.
package struct RenewedClaim: PrintedAnswer {
  /// The claim.
  package let fence: Fence
  /// When it lapses now.
  package let expiresAt: Timestamp

  /// The claim and its new end.
  package static let form = AnswerForm<RenewedClaim>.document([
    .text("step", \.fence.step), .number("epoch", \.fence.epoch), .time("expires_at", \.expiresAt),
  ])

  package func text(_: Palette) -> String {
    "\(fence.step) is yours until \(TimeText.local(expiresAt)) (epoch \(fence.epoch))\n"
  }
}

extension Answers {
  /// Keeps a claim for so many seconds from now, the plan's lease when `nil`.
  package func renew(_ claim: WorkerClaim, seconds: Int?) throws(CommandError) -> RenewedClaim {
    let seconds = seconds ?? claim.plan.leaseSeconds
    let outcome = try interpreter.append(by: claim.holder) { (_, at) throws(Refusal) in
      let expiresAt = claim.lease.renewed(at: at, seconds: seconds)
      return (expiresAt, [Proposal(claim.migration, .leaseRenewed(claim.fence, expiresAt: expiresAt))])
    }
    switch outcome {
    case .recorded(_, let expiresAt), .nothing(_, let expiresAt):
      return RenewedClaim(fence: claim.fence, expiresAt: expiresAt)
    case .refused(let refusal): throw CommandError(refusal)
    }
  }
}
