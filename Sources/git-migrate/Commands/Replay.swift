import ArgumentParser
import Git
import Ledger
import Migration
import Processes
import Runner

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
      try ledger.replay { entry in
        guard failure == nil, isWanted(entry.found.entry) else { return }
        count += 1
        do throws(CommandError) {
          if json.isWanted {
            try context.output.line(json: document(entry))
          } else {
            try context.output.write(text(entry))
          }
        } catch {
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

  private func text(_ replayed: ReplayedEntry) throws(CommandError) -> String {
    let entry = replayed.found.entry
    var lines = [
      "\(entry.sequence)  \(TimeText.local(entry.event.at))  \(entry.event.sentence)",
      "  event   \(entry.json.printable)",
    ]
    if full {
      lines += [
        "  before  \(replayed.before.jsonByStep.printable)",
        "  after   \(replayed.after.jsonByStep.printable)",
      ]
    } else {
      for change in StateChange.between(replayed.before.jsonByStep, replayed.after.jsonByStep) {
        lines.append("  state   \(change.path): \(change.before ?? "nothing") → \(change.after ?? "nothing")")
      }
    }
    for effect in effects(replayed) { lines.append("  effect  \(effect.printable)") }
    for duty in agenda(replayed) { lines.append("  due     \(duty.words)") }
    return lines.map { TerminalText.sanitizedLine($0) + "\n" }.joined()
  }

  private func document(_ replayed: ReplayedEntry) throws(CommandError) -> JSON {
    var members = [
      JSON.Member("version", .integer(1)), JSON.Member("commit", .string(replayed.found.commit.hex)),
      JSON.Member("entry", replayed.found.entry.json), JSON.Member("effects", .array(effects(replayed))),
      JSON.Member("agenda", .array(agenda(replayed).map { .string($0.words) })),
    ]
    if full {
      members += [
        JSON.Member("before", replayed.before.jsonByStep), JSON.Member("after", replayed.after.jsonByStep),
      ]
    } else {
      let changes = StateChange.between(replayed.before.jsonByStep, replayed.after.jsonByStep).map { change in
        JSON.object([
          JSON.Member("path", .string(change.path)), JSON.Member("before", change.beforeJSON),
          JSON.Member("after", change.afterJSON),
        ])
      }
      members.append(JSON.Member("changes", .array(changes)))
    }
    return .object(members)
  }

  /// What was due then for a run with one free worker, on a machine of its own, that finds the base judged.
  private func agenda(_ replayed: ReplayedEntry) -> [Duty] {
    let event = replayed.found.entry.event
    let nobody = Owner(machine: "", boot: "", pid: 0, startTicks: 0)
    let seat = Seat(owner: nobody, actor: "", free: 1, clock: event.at)
    return replayed.after.migration(named: event.migration)?.agenda(at: event.at, seat: seat) ?? []
  }

  private func effects(_ replayed: ReplayedEntry) -> [JSON] {
    replayed.effects.map(\.json)
  }
}
