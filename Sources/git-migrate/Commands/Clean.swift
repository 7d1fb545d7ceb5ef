import ArgumentParser
import Ledger
import Migration
import Runner
import Site

/// `git migrate clean`: removes what ended migrations and runs have left, as far as nothing is lost by it.
struct CleanCommand: Subcommand {
  static let configuration = CommandConfiguration(
    commandName: "clean", abstract: "Remove what ended migrations and runs have left.",
    discussion: """
      Worktree slots that nobody uses, folders that were moved beside them, attempt refs and archives of \
      ended migrations whose files are all in another ref, and integration branches of finished migrations \
      that the base holds. As with 'git clean', nothing happens without '-n' or '-f'.
      """)

  @Flag(name: [.customShort("n"), .customLong("dry-run")], help: "Say what would be removed.")
  var isDryRun = false

  @Flag(name: .shortAndLong, help: "Remove it.")
  var force = false

  @OptionGroup var json: JSONOption

  func run(_ context: Context) throws(CommandError) {
    guard isDryRun || force else {
      throw CommandError(
        "nothing is removed without being asked for",
        hint: "see what it would be with '-n', then remove it with '-f'")
    }
    let site = try context.site()
    _ = try site.mainDirectory()
    let state = try reporting { try site.ledger.read() }.state
    let litter = try Litter(site: site, state: state)
    try context.print(RemovedLitter(litter, isDryRun: isDryRun), json)
    for reason in litter.kept { context.note("kept \(reason)") }
    if litter.precious > 0 {
      let refs = Count.of(litter.precious, "attempt")
      context.note("kept \(refs) of ended migrations: their files are in no other ref")
    }
    guard !isDryRun else { return }
    for left in try litter.remove(site: site, state: state) where !litter.kept.contains(left) {
      context.exitCode = .no
      context.warn("left \(left)")
    }
  }
}
