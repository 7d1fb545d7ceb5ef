import ArgumentParser
import Runner

/// `git migrate init`: installs the hooks and settings of this clone, or takes them away.
struct InitCommand: Subcommand {
  static let configuration = CommandConfiguration(
    commandName: "init", abstract: "Install the hooks that guard migrations in this repository.",
    discussion: """
      A hook that is there already is kept and runs first. In a bare repository the hooks of a server are \
      installed. Running it again repairs what is missing.
      """)

  @Flag(help: "Undo what 'init' did; a hook that was there before is put back.")
  var uninstall = false

  @Flag(name: [.customShort("q"), .long], help: "Say nothing but warnings.")
  var quiet = false

  func run(_ context: Context) throws(CommandError) {
    let setup = HookSetup(site: try context.site())
    let changes = uninstall ? try setup.uninstall() : try setup.install()
    for warning in changes.warnings { context.warn(warning) }
    if quiet { return }
    for line in changes.done { try context.output.line(line) }
    if !changes.done.isEmpty { return }
    try context.output.line(uninstall ? "nothing to undo" : "all hooks are in '\(changes.directory)' already")
  }
}
