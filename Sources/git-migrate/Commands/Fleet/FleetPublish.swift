import ArgumentParser
import Migration
import Runner
import Site
import System

/// `git migrate fleet publish`: offers what is done in each target as a pull request there.
struct FleetPublishCommand: Subcommand {
  static let configuration = CommandConfiguration(
    commandName: "publish", abstract: "Offer what is done in each target as a pull request there.",
    discussion: """
      As 'git migrate publish' does in one repository: each pull request once, what was cut off is looked \
      after first, and what people have closed is not opened again. Exits with 1 when something of it could \
      not be done.
      """)

  @Argument(help: "The targets; all of them when left out.")
  var targets: [String] = []

  @Flag(name: [.customShort("n"), .customLong("dry-run")], help: "Say what would be offered; do nothing.")
  var isDryRun = false

  @OptionGroup var fleet: FleetOption
  @OptionGroup var json: JSONOption

  func run(_ context: Context) throws(CommandError) {
    let (name, state) = try context.fleet(fleet)
    let site = try context.site()
    let members = state.members(of: name)
    for target in targets where !members.contains(where: { $0.plan.fleet?.target.id == target }) {
      throw CommandError("'\(name)' has no target '\(target)'", hint: "see 'git migrate fleet status --list'")
    }
    let chosen = members.filter { targets.isEmpty || targets.contains($0.plan.fleet?.target.id ?? "") }
    if isDryRun {
      return json.isWanted ? try context.print(FleetReport(name, in: state)) : try list(chosen, context)
    }
    for member in chosen where !member.phase.isTerminal { try site.requireTrust(member) }
    try WebProgram.become(
      ["publish-fleet"] + (json.isWanted ? ["--json"] : []) + [name] + targets, context)
  }
}

extension FleetPublishCommand {
  /// Each branch with where it goes, how much it changes, who is asked, and when.
  private func list(_ members: [MigrationState], _ context: Context) throws(CommandError) {
    var rows: [[String]] = []
    for member in members where !member.publications.isEmpty || member.openCount == 0 {
      let target = member.plan.fleet?.target
      let world = try SitePublishing(try context.site(), member.name, bringsBase: false) { context.warn($0) }
      for unit in try world.list().units {
        let owners = unit.owners.isEmpty ? [target?.owner ?? ""] : unit.owners
        rows.append([
          target?.id ?? "", "\(unit.branch) → \(member.publishedBase)", Count.of(unit.files, "file"),
          owners.joined(separator: " "), unit.standing, unit.url ?? "",
        ])
      }
    }
    try context.output.write(rows.isEmpty ? "nothing is merged that could be offered\n" : Rows.table(rows))
  }
}

/// `git migrate fleet clone TARGET`: a worktree to look into one.
struct FleetCloneCommand: Subcommand {
  static let configuration = CommandConfiguration(
    commandName: "clone", abstract: "Check the work on one target out into a folder, to look into it.")

  @Argument(help: "The target.")
  var target: String

  @Argument(help: "The folder; by default the target's name.", completion: .directory)
  var folder: String?

  @OptionGroup var fleet: FleetOption

  func run(_ context: Context) throws(CommandError) {
    let (name, state) = try context.fleet(fleet)
    guard let member = state.members(of: name).first(where: { $0.plan.fleet?.target.id == target }) else {
      throw CommandError("'\(name)' has no target '\(target)'", hint: "see 'git migrate fleet status --list'")
    }
    let place = folder ?? target
    let path = place.hasPrefix("/") ? place : "\(try context.directory())/\(place)"
    if Files.exists(path) { throw CommandError("'\(place)' exists already") }
    try FleetClone(try context.site()).make(of: member, at: path)
    try context.output.line("\(target) at \(member.tip.short) in '\(place)'")
  }
}
