import ArgumentParser
import Ledger
import Migration
import Plans
import Runner
import Site
import System

/// `git migrate trust`: shows the commands of a migration's plan and lets this user approve them.
struct TrustCommand: Subcommand {
  static let configuration = CommandConfiguration(
    commandName: "trust",
    abstract: "Approve the commands of a plan, and of the repository's configuration, for your user.",
    discussion: """
      A plan that came with the ledger runs none of its commands before you approved its exact bytes. The \
      same holds for the commands in the repository's own configuration: filters, ssh, credential helpers \
      and the like. Nothing in a repository can approve itself. Exits with 1 when you say no.
      """)

  @Argument(help: "The migration; by default the only open one.")
  var migration: String?

  @Flag(help: "List what you have approved.")
  var list = false

  @Flag(help: "Take the approval back. MIGRATION may be a name or a digest from '--list'.")
  var revoke = false

  @Option(
    help: ArgumentHelp("Approve the commands of this plan file, before a run follows it.", valueName: "file"),
    completion: .file())
  var plan: String?

  @Flag(name: [.customShort("y"), .long], help: "Approve without asking.")
  var yes = false

  func validate() throws {
    if list && (revoke || yes || migration != nil) { throw ValidationError("'--list' stands alone") }
    if plan != nil && (list || revoke || migration != nil) { throw ValidationError("'--plan' stands alone") }
    if revoke && yes { throw ValidationError("'--revoke' and '--yes' exclude each other") }
  }

  func run(_ context: Context) throws(CommandError) {
    let trust = try Trust(environment: context.environment)
    if list {
      for approval in try trust.list() {
        try context.output.line("\(approval.digest) \(approval.seconds) \(approval.name)")
      }
      for approval in try Site.approvedRepositories(context.environment) {
        let place = TerminalText.sanitizedLine(approval.repository)
        try context.output.line("\(approval.digest) \(approval.seconds) \(place)")
      }
      return
    }
    if let plan { return try approve(file: plan, trust, context) }
    if revoke, let name = migration {
      let hadRepository = try Site.revokeRepository(name, context.environment)
      if try trust.revoke(name) > 0 || hadRepository { return }
    }
    let site = try context.site()
    if !revoke {
      let hadCommands = try approveRepository(site, context)
      // Sharing a ledger may need the commands before there is a migration.
      let state = try reporting { try site.ledger.read() }.state
      if migration == nil && hadCommands && state.migrations.isEmpty { return }
    }
    let snapshot = try context.snapshot(finding: migration)
    if let fleet = try fleet(in: snapshot.state) {
      return try change(snapshot.state.members(of: fleet), of: fleet, trust, context)
    }
    let state = try site.migration(migration, in: snapshot.state)
    if revoke {
      guard try trust.revoke(state.planDigest) + trust.revoke(state.approvalDigest) > 0 else {
        throw CommandError("the plan of '\(state.name)' is not approved", exitCode: .no)
      }
      return
    }
    let bytes = try reporting {
      try site.ledger.reader.planText(state.name, number: state.planNumber, in: snapshot)
    }
    // The commands of 'for: { lines: … }' ran when the plan was expanded, and run again when it is amended.
    let listing = (try? PlanFile.parse(bytes ?? [], path: state.name).expansionCommands) ?? []
    try approve(state, listing.map { ("list of steps", $0) } + state.plan.commands, trust, context)
  }

  /// The fleet that is named, or the only one that is open; `nil` where a migration is meant.
  private func fleet(in state: State) throws(CommandError) -> String? {
    if let migration {
      guard state.migration(named: migration) == nil else { return nil }
      return state.members(of: migration).isEmpty ? nil : migration
    }
    let open = state.migrations.filter { !$0.phase.isTerminal }
    guard open.count > 1, state.openFleets.count == 1, let fleet = state.openFleets.first,
      open.allSatisfy({ $0.plan.fleet != nil })
    else { return nil }
    return fleet
  }

  /// Approves the plan of a fleet with its list of targets, or takes that back.
  private func change(
    _ members: [MigrationState], of fleet: String, _ trust: Trust, _ context: Context
  ) throws(CommandError) {
    if revoke {
      for member in members { try trust.revoke(member.approvalDigest) }
      return
    }
    let known = Set(try trust.list().map(\.digest))
    let new = members.filter { !known.contains($0.approvalDigest) }
    guard !new.isEmpty else {
      return try context.output.line("the fleet '\(fleet)' is approved already")
    }
    try context.output.line("'\(fleet)' works in \(Count.of(new.count, "target")):")
    for member in new {
      let target = member.plan.fleet?.target
      try context.output.line("  \(target?.id ?? "")  \(TerminalText.sanitizedLine(target?.url ?? ""))")
    }
    var shown: Set<String> = []
    for member in new {
      // Most targets have the same commands.
      let lines = TrustCommand.lines(member.plan.commands)
      guard shown.insert(lines.joined(separator: "\n")).inserted else { continue }
      try context.output.line("and runs, such as in '\(member.plan.fleet?.target.id ?? "")':")
      for line in lines { try context.output.line(line) }
    }
    try requireConfirmation(context)
    try trust.approve(
      new.flatMap { [($0.planDigest, $0.name), ($0.approvalDigest, $0.name)] }, at: SystemClock().now())
    try context.output.line("approved")
  }

  private func approve(file: String, _ trust: Trust, _ context: Context) throws(CommandError) {
    let input = try PlanInput(path: file)
    if try trust.isApproved(digest: input.digest) {
      return try context.output.line("'\(file)' is approved already")
    }
    try context.output.line("'\(file)' (\(input.digest.prefix(16))) runs:")
    for text in input.file.commandTexts.sorted() {
      try context.output.line("  \(TerminalText.sanitizedLine(text))")
    }
    try requireConfirmation(context)
    try trust.approve(digest: input.digest, name: input.file.settings.migration, at: SystemClock().now())
    try context.output.line("approved")
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
    for line in TrustCommand.lines(commands) { try context.output.line(line) }
    try requireConfirmation(context)
    try trust.approve(digest: state.planDigest, name: state.name, at: SystemClock().now())
    try trust.approve(digest: state.approvalDigest, name: state.name, at: SystemClock().now())
    try context.output.line("approved")
  }

  /// Shows what the repository's own configuration has git run, and approves it; says whether there was
  /// anything, or is no more.
  private func approveRepository(_ site: Site, _ context: Context) throws(CommandError) -> Bool {
    let commands = try site.repositoryCommands()
    if try site.isApproved(commands) {
      if commands.settings.isEmpty { return false }
      try context.output.line("the commands in the configuration of this repository are approved already")
      return true
    }
    let listing = TrustCommand.listing(of: commands, since: try site.comparable(with: commands))
    for line in listing { try context.output.line(line) }
    try requireConfirmation(context)
    try site.approve(commands)
    try context.output.line("approved")
    return true
  }

  /// What a user approves of a repository's own configuration, for people: all commands, and of the settings
  /// that change results those that are not as they were.
  static func listing(of commands: RepositoryCommands, since approved: RepositoryCommands?) -> [String] {
    let changed = commands.changedResults(since: approved)
    var result: [String] = []
    if commands.settings.isEmpty {
      if changed.isEmpty {
        result = ["the configuration of this repository has no commands for git any more"]
      }
    } else {
      let count = commands.settings.count
      result = [
        "the configuration of this repository (\(commands.digest.prefix(16))) has git run by "
          + (count == 1 ? "1 setting:" : "\(count) settings:")
      ]
      result += lines(commands.commands)
    }
    if !changed.isEmpty {
      result += ["settings of this repository that change results are not as they were:"]
      result += changed.map { "  \(TerminalText.sanitizedLine($0))" }
    }
    return result
  }

  private static func lines(_ commands: [(place: String, command: String)]) -> [String] {
    commands.flatMap { entry in
      ["  \(TerminalText.sanitizedLine(entry.place)):"]
        + TerminalText.sanitized(entry.command).split(separator: "\n", omittingEmptySubsequences: false)
        .map { "    \($0)" }
    }
  }

  private func requireConfirmation(_ context: Context) throws(CommandError) {
    try context.output.flush()
    if !yes, try !isConfirmed(context) { throw CommandError("not approved", exitCode: .no) }
  }

  /// Asks on the terminal; never takes an answer from a pipe.
  private func isConfirmed(_ context: Context) throws(CommandError) -> Bool {
    guard StandardStream.input.isTerminal, context.environment["GIT_TERMINAL_PROMPT"] != "0" else {
      throw CommandError(
        "there is no terminal to ask at", hint: "read the commands, then run it with '--yes'", exitCode: .no)
    }
    context.note("Run these commands on this machine? [y/N]")
    let answer = readLine()?.lowercased() ?? ""
    return answer == "y" || answer == "yes"
  }
}
