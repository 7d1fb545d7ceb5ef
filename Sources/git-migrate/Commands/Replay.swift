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

  @Option(
    name: .customLong("with"),
    help: ArgumentHelp("Say what would have been with the policies of this plan.", valueName: "plan"),
    completion: .file())
  var policies: String?

  @Option(
    help: ArgumentHelp(
      "Fold a file of 'git migrate ledger export', and compare what comes of it.", valueName: "file"),
    completion: .file())
  var expect: String?

  @OptionGroup var migration: MigrationOption
  @OptionGroup var json: JSONOption

  func validate() throws {
    if expect != nil || policies != nil {
      let isOther = at != nil || from != nil || to != nil || step != nil || full
      if isOther || (expect != nil && policies != nil) {
        throw ValidationError("'--with' and '--expect' stand alone")
      }
    }
    if at != nil && (from != nil || to != nil) { throw ValidationError("'--at' stands alone") }
  }

  func run(_ context: Context) throws(CommandError) {
    if let expect { return try check(expect, context) }
    if let policies { return try play(policies, context) }
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

  /// Folds an exported part of a ledger.
  private func check(_ file: String, _ context: Context) throws(CommandError) {
    let bytes = try reporting { try Files.readFile(file, limit: 256 << 20) }
    guard let bytes else { throw CommandError("unable to read '\(file)': no such file or directory") }
    switch try LedgerSlice.check(bytes) {
    case .same(let count):
      try context.output.line("\(Count.of(count, "entry", plural: "entries")): the state is as expected")
    case .different(let places):
      context.exitCode = .no
      for place in places.prefix(50) { try context.output.line(TerminalText.sanitizedLine(place)) }
    case .refused(let entry, let reason):
      context.exitCode = .no
      try context.output.line("entry \(entry) is refused: \(TerminalText.sanitizedLine(reason))")
    }
  }

  /// Says what recorded outcomes would have come to under another plan's policies.
  private func play(_ path: String, _ context: Context) throws(CommandError) {
    let site = try context.site()
    let state = try site.migration(
      migration.migration, in: try context.snapshot(finding: migration.migration, looksOnly: true).state)
    var record = Counterfactual(of: state.name)
    try reporting {
      try site.ledger.reader.replay { record.note($0.found.entry.event, $0.after) }
    }
    let plan = try PlanInput(path: path).expanded(in: context, at: state.start.hex, runsCommands: false)
    guard plan.migration == state.name else {
      throw CommandError("the plan is for '\(plan.migration)', not '\(state.name)'")
    }
    let outcome: Counterfactual.Outcome
    do throws(Refusal) { outcome = try record.played(under: plan) } catch { throw CommandError(error) }
    let answer = PlayedPolicies(state, record, outcome)
    try context.print(answer, json)
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
