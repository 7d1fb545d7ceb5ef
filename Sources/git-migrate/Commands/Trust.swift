import ArgumentParser
import Glibc
import Ledger
import Migration
import PlanFile
import Processes
import Runner

/// `git migrate trust`: shows the commands of a migration's plan and lets this user approve them.
struct TrustCommand: Subcommand {
  static let configuration = CommandConfiguration(
    commandName: "trust", abstract: "Approve the commands of a migration's plan for your user.",
    discussion: """
      A plan that came with the ledger runs none of its commands before you approved its exact bytes. \
      Nothing in a repository can approve itself. Exits with 1 when you say no.
      """)

  @Argument(help: "The migration; by default the only open one.")
  var migration: String?

  @Flag(help: "List what you have approved.")
  var list = false

  @Flag(help: "Take the approval back. MIGRATION may be a name or a digest from '--list'.")
  var revoke = false

  @Flag(name: [.customShort("y"), .long], help: "Approve without asking.")
  var yes = false

  func validate() throws {
    if list && (revoke || yes || migration != nil) { throw ValidationError("'--list' stands alone") }
    if revoke && yes { throw ValidationError("'--revoke' and '--yes' exclude each other") }
  }

  func run(_ context: Context) throws(CommandError) {
    let trust = try Trust(environment: context.environment)
    if list {
      for approval in try trust.list() {
        try context.output.line("\(approval.digest) \(approval.seconds) \(approval.name)")
      }
      return
    }
    if revoke, let name = migration, try trust.revoke(name) > 0 { return }
    let site = try context.site()
    let snapshot = try reporting { try site.ledger.read() }
    let state = try site.migration(migration, in: snapshot.state)
    if revoke {
      guard try trust.revoke(state.planDigest) + trust.revoke(state.approvalDigest) > 0 else {
        throw CommandError("the plan of '\(state.name)' is not approved", exitCode: .no)
      }
      return
    }
    let bytes = try reporting { try site.ledger.planText(state.name, number: state.planNumber, in: snapshot) }
    // The commands of 'for: { lines: … }' ran when the plan was expanded, and run again when it is amended.
    let listing = (try? PlanFile.parse(bytes ?? [], path: state.name).expansionCommands) ?? []
    try approve(state, listing.map { ("list of steps", $0) } + state.plan.commands, trust, context)
  }

  private func approve(
    _ state: MigrationState, _ commands: [(place: String, command: String)], _ trust: Trust,
    _ context: Context
  ) throws(CommandError) {
    if try trust.isApproved(digest: state.approvalDigest) {
      return try context.output.line("plan \(state.planNumber) of '\(state.name)' is approved already")
    }
    try context.output.line(
      "plan \(state.planNumber) of '\(state.name)' (\(state.planDigest.prefix(16))) "
        + "runs \(commands.count) commands:"
    )
    for entry in commands {
      let text = TerminalText.sanitized(entry.command).split(
        separator: "\n", omittingEmptySubsequences: false)
      try context.output.line("  \(TerminalText.sanitizedLine(entry.place)):")
      for line in text { try context.output.line("    \(line)") }
    }
    try context.output.flush()
    if !yes, try !isConfirmed(context) { throw CommandError("not approved", exitCode: .no) }
    try trust.approve(digest: state.planDigest, name: state.name, at: SystemClock().now())
    try trust.approve(digest: state.approvalDigest, name: state.name, at: SystemClock().now())
    try context.output.line("approved")
  }

  /// Asks on the terminal; never takes an answer from a pipe.
  private func isConfirmed(_ context: Context) throws(CommandError) -> Bool {
    guard isatty(STDIN_FILENO) == 1, context.environment["GIT_TERMINAL_PROMPT"] != "0" else {
      throw CommandError(
        "there is no terminal to ask at", hint: "read the commands, then run it with '--yes'", exitCode: .no)
    }
    context.note("Run these commands on this machine? [y/N]")
    let answer = readLine()?.lowercased() ?? ""
    return answer == "y" || answer == "yes"
  }
}
