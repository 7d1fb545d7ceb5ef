import ArgumentParser
import Ledger
import Migration
import Runner

/// How a worker's command says which claim it speaks for.
struct ClaimOptions: ParsableArguments {
  @Argument(help: "The step; not needed in its worktree.")
  var step: String?

  @Option(help: ArgumentHelp("The epoch that the claim was given.", valueName: "n"))
  var epoch: Int?

  @Option(help: ArgumentHelp("The worker's name.", valueName: "name"))
  var worker: String?

  @OptionGroup var migration: MigrationOption

  /// Finds the claim, provided that the caller holds it.
  func claim(_ context: Context) throws(CommandError) -> WorkerClaim {
    try WorkerClaim(
      site: try context.site(), migration: migration.migration, step: step, epoch: epoch, worker: worker)
  }
}

/// `git migrate renew`: keeps a claim.
struct RenewCommand: Subcommand {
  static let configuration = CommandConfiguration(
    commandName: "renew", abstract: "Keep a claim for longer.")

  @OptionGroup var options: ClaimOptions

  @Option(help: ArgumentHelp("How long from now, e.g. 20m; the plan's lease by default.", valueName: "time"))
  var ttl: DurationArgument?

  @OptionGroup var json: JSONOption

  func run(_ context: Context) throws(CommandError) {
    let claim = try options.claim(context)
    let seconds = ttl?.seconds ?? claim.plan.leaseSeconds
    let outcome = try context.interpreter().append(by: claim.holder) { (_, at) throws(Refusal) in
      let expiresAt = claim.lease.renewed(at: at, seconds: seconds)
      return (expiresAt, [Proposal(claim.migration, .leaseRenewed(claim.fence, expiresAt: expiresAt))])
    }
    if let refusal = outcome.refusal { throw CommandError(refusal) }
    guard case .recorded(_, let expiresAt) = outcome else { return }
    guard json.isWanted else {
      return try context.output.line(
        "\(claim.fence.step) is yours until \(TimeText.local(expiresAt)) (epoch \(claim.fence.epoch))")
    }
    try context.output.line(
      json: JSON.object([
        JSON.Member("version", .integer(1)), JSON.Member("step", .string(claim.fence.step)),
        JSON.Member("epoch", .integer(Int64(claim.fence.epoch))),
        JSON.Member("expires_at", .integer(expiresAt.seconds)),
      ]))
  }
}
