import ArgumentParser
import Ledger
import Migration
import Runner
import Site

/// `git migrate init`: installs the hooks and settings of this clone, or takes them away.
struct InitCommand: Subcommand {
  static let configuration = CommandConfiguration(
    commandName: "init", abstract: "Install the hooks that guard migrations in this repository.",
    discussion: """
      A hook that is there already is kept and runs first. In a bare repository the hooks of a server are \
      installed. Running it again repairs what is missing. With '--remote' the ledger is shared through that \
      remote from now on, and what is there is brought here.
      """)

  @Flag(help: "Undo what 'init' did; a hook that was there before is put back.")
  var uninstall = false

  @Option(help: ArgumentHelp("Share the ledger through this remote.", valueName: "name"))
  var remote: String?

  @Flag(help: "Write the ledger in the newest version of its format from now on.")
  var upgrade = false

  @Flag(name: [.customShort("q"), .long], help: "Say nothing but warnings.")
  var quiet = false

  func validate() throws {
    if upgrade && uninstall { throw ValidationError("'--upgrade' and '--uninstall' exclude each other") }
  }

  func run(_ context: Context) throws(CommandError) {
    let site = try context.site()
    if upgrade { return try upgradeLedger(context) }
    let setup = HookSetup(site: site)
    if let remote, !uninstall {
      if let check = try setup.share(with: remote, warn: { context.warn($0) }) {
        context.warn(check.message, hint: check.hint)
      }
    }
    let changes = uninstall ? try setup.uninstall() : try setup.install()
    for warning in changes.warnings { context.warn(warning) }
    if quiet { return }
    for line in changes.done { try context.output.line(line) }
    if !changes.done.isEmpty { return }
    try context.output.line(uninstall ? "nothing to undo" : "all hooks are in '\(changes.directory)' already")
  }

  /// Records the upgrade; every clone needs a program that reads the new version from then on.
  private func upgradeLedger(_ context: Context) throws(CommandError) {
    let site = try context.site()
    let state = try reporting { try site.ledger.read() }.state
    let newest = FormatVersion.newest
    guard state.version > 0 else {
      throw CommandError("there is no ledger to upgrade", hint: "'git migrate start PLAN' begins one")
    }
    guard state.version < newest else {
      if !quiet { try context.output.line("the ledger is written in version \(newest) already") }
      return
    }
    let outcome = try context.interpreter().append(
      [Proposal(FormatVersion.everyMigration, .ledgerUpgraded(version: newest))], by: site.actor)
    if let refusal = outcome.refusal { throw CommandError(refusal) }
    if !quiet { try context.output.line("the ledger is written in version \(newest) from now on") }
  }
}
