import ArgumentParser
import Git
import Ledger
import Migration
import Runner
import Site
import System

/// `git migrate replay`: folds the ledger before your eyes, to tell a fault of `decide` from one of the
/// interpreter.
struct ReplayCommand: Subcommand {
  static let configuration = CommandConfiguration(
    commandName: "replay", abstract: "Show each event with what it changed and what had to be done.",
    discussion: """
      When something is wrong, either the state after an event is wrong, which is a fault of \
      the rules; or the state is right and what is due is wrong, which is a fault of the agenda; or both are \
      right, and an effect or a duty was not carried out.
      """)

  @Option(help: ArgumentHelp("Only this entry.", valueName: "seq"))
  var at: Int?

  @Option(help: ArgumentHelp("From this entry on.", valueName: "seq"))
  var from: Int?

  @Option(help: ArgumentHelp("Up to this entry.", valueName: "seq"))
  var to: Int?

  @Option(help: ArgumentHelp("Only what is about this step.", valueName: "step"))
  var step: String?

  @Flag(help: "Show the whole state instead of what changed.")
  var full = false

  @OptionGroup var migration: MigrationOption
  @OptionGroup var json: JSONOption

  func validate() throws {
    if at != nil && (from != nil || to != nil) { throw ValidationError("'--at' stands alone") }
  }

  func run(_ context: Context) throws(CommandError) {
    let ledger = try context.site().ledger
    var failure: CommandError?
    var count = 0
    try reporting {
      try ledger.reader.replay { entry in
        guard failure == nil, isWanted(entry.found.entry) else { return }
        count += 1
        do throws(CommandError) { try context.print(FoldedEntry(entry, isFull: full), json) } catch {
          failure = error
        }
      }
    }
    if let failure { throw failure }
    if count == 0, let at { throw CommandError("the ledger has no entry \(at)") }
  }

  private func isWanted(_ entry: Entry) -> Bool {
    if let at, entry.sequence != at { return false }
    if let from, entry.sequence < from { return false }
    if let to, entry.sequence > to { return false }
    if let step, !entry.event.change.steps.contains(step) { return false }
    if let name = migration.migration, entry.event.migration != name { return false }
    return true
  }
}
