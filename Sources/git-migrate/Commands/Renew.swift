import ArgumentParser
import Runner
import Site

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
    if let reply = try context.relayed(.renew(seconds: ttl?.seconds), options) {
      return try context.print(reply, json)
    }
    let renewed = try context.answers().renew(try options.claim(context), seconds: ttl?.seconds)
    try context.print(renewed, json)
  }
}
