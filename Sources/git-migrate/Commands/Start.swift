import ArgumentParser
import Git
import Ledger
import Migration
import Plans
import Runner
import Site

/// `git migrate start PLAN`: begins a migration.
struct StartCommand: Subcommand {
  static let configuration = CommandConfiguration(
    commandName: "start", abstract: "Begin the migration that a plan file describes.",
    discussion: """
      Installs the hooks, records the plan in the ledger, makes the integration branch, and approves the \
      plan's commands for you: you typed its name. It approves the commands of the repository's own \
      configuration, too (filters and the like), and shows them. Nothing runs yet: 'git migrate run' or a \
      worker's 'git migrate claim' begins the work.
      """)

  @Argument(help: "The plan file.", completion: .file())
  var plan: String

  @Flag(name: .customLong("allow-dirty"), help: "Begin although tracked files have changes.")
  var allowsDirty = false

  @Flag(name: .customLong("no-hooks"), help: "Do not install hooks; 'git migrate init' does it later.")
  var leavesHooks = false

  @OptionGroup var json: JSONOption

  func run(_ context: Context) throws(CommandError) {
    let site = try context.site()
    let input = try PlanInput(path: plan)
    let settings = input.file.settings
    guard input.file.fleet == nil else {
      throw CommandError(
        "'\(plan)' has 'targets': it is for other repositories",
        hint: "begin it with 'git migrate fleet check \(plan)'")
    }
    if let other = try reporting({ try site.ledger.read() }).state.migration(named: settings.migration) {
      throw CommandError(other.isInTheWay(of: "'\(plan)'"))
    }
    try site.requireSharable()
    let point = try StartPoint(
      site: site, base: settings.base, into: settings.into,
      isDefaultBranch: settings.into == "migrate/\(settings.migration)")
    if !allowsDirty { try site.requireClean() }
    // Naming the plan on the command line is the approval, so its 'for: { lines: … }' may run (DESIGN §4).
    let expanded = try input.expanded(in: context, at: point.commit.hex, runsCommands: true)
    _ = try site.identity()
    for warning in PlanCheck.warnings(for: expanded) { context.warn(warning.message, hint: warning.hint) }
    try approveCommands(context, at: point.commit)
    if !leavesHooks {
      let changes = try HookSetup(site: site).install()
      for warning in changes.warnings { context.warn(warning) }
      for line in changes.patience { context.note(line) }
    }
    // Where that cannot be written, nothing is recorded either.
    try site.approve(input.digest, expanded.migration)
    let commit = point.commit.objectID
    let start = MigrationStart(
      plan: expanded, digest: input.digest, base: point.base, commit: commit, shared: point.peopleShareBranch)
    let proposal = Proposal(expanded.migration, .migrationStarted(start), planText: input.bytes)
    let outcome = try context.interpreter().append([proposal], by: site.actor)
    if let refusal = outcome.refusal { throw CommandError(refusal) }
    guard case .recorded(let snapshot, _) = outcome else { return }
    try site.approve(input.digest, expanded.migration, in: snapshot.state)
    try tell(
      StartedMigration(plan: expanded, base: point.base, commit: commit, sequence: snapshot.sequence), context
    )
  }

  /// Approves what the repository's own configuration has git run, after showing it; then sees whether every
  /// filter is there.
  private func approveCommands(_ context: Context, at commit: OID) throws(CommandError) {
    let site = try context.site()
    let commands = try site.repositoryCommands()
    if try !site.isApproved(commands) {
      for line in TrustCommand.listing(of: commands, since: try site.comparable(with: commands)) {
        if json.isWanted { context.note(line) } else { try context.output.line(line) }
      }
      try site.approve(commands)
      try site.share(warn: { context.warn($0) })
    }
    // What changes results and was always there is noted without a word.
    try site.requireApprovedCommands()
    for warning in try site.requireFilters(of: commit) { context.warn(warning) }
    try site.requireSignature(on: commit)
  }

  private func tell(_ started: StartedMigration, _ context: Context) throws(CommandError) {
    guard !json.isWanted else { return try context.print(started) }
    try context.output.write(started.text(configured: try context.site().configuredVariables))
    context.hint("run 'git migrate run' to do them, 'git migrate status' to see them")
  }
}
