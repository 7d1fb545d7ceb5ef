import ArgumentParser
import Ledger
import Migration
import Runner
import Site

/// `git migrate notify`: tells people what is due, for a timer between runs.
struct NotifyCommand: Subcommand {
  static let configuration = CommandConfiguration(
    commandName: "notify", abstract: "Tell people what is due, as the plan's 'notify' says.",
    discussion: """
      A run does this by itself while it is at work, and before it ends. Between runs a timer can: what was \
      gathered, what waited for quiet hours to end, and what still waits for people after 'again'. \
      Each thing is told once, whoever asks. It ends with 1 when a way to people does not work.
      """)

  @Flag(
    name: [.customShort("n"), .customLong("dry-run")],
    help: "Print what would be told, to whom, and tell nobody.")
  var isDryRun = false

  @OptionGroup var migration: MigrationOption

  func run(_ context: Context) throws(CommandError) {
    let snapshot = try context.snapshot(finding: migration.migration, looksOnly: isDryRun)
    if let fleet = try context.fleet(for: migration) {
      return try tell(snapshot.state.members(of: fleet), of: fleet, context)
    }
    let state = try context.site().migration(migration.migration, in: snapshot.state)
    guard state.plan.messages != nil else { throw NotifyCommand.lacksMap(state.name) }
    if try !tell(state, context) { context.output.note("nothing is to be told now") }
  }

  private static func lacksMap(_ name: String) -> CommandError {
    CommandError(
      "the plan of '\(name)' has no map 'notify', which says who is told",
      hint: "see 'notify' in gitmigrate-plan(5); 'git migrate amend' takes it in")
  }

  /// Tells what is due in the targets of a fleet: what cannot be told of one holds up no other.
  private func tell(
    _ members: [MigrationState], of fleet: String, _ context: Context
  ) throws(CommandError) {
    let telling = members.filter { !$0.phase.isTerminal && $0.plan.messages != nil }
    if telling.isEmpty { throw NotifyCommand.lacksMap(fleet) }
    var hasTold = false
    // Of a bad base hears who has the fleet checked.
    for member in telling
    where !member.notices.items.isEmpty && member.standingInFleet(isOpen: true) != .badBase {
      do throws(CommandError) {
        if try tell(member, context) { hasTold = true }
      } catch {
        guard error.exitCode == .no else { throw error }
        hasTold = true
        context.exitCode = .no
        context.warn("\(member.name): \(error.message)", hint: error.hint)
      }
    }
    if !hasTold { context.output.note("nothing is to be told now") }
  }

  /// Tells what is due of a migration; says whether something was.
  private func tell(_ state: MigrationState, _ context: Context) throws(CommandError) -> Bool {
    let site = try context.site()
    let messages = try site.dueMessages(of: state)
    if messages.isEmpty {
      guard let waiting = state.notices.waiting(at: site.clock.now()) else { return false }
      throw CommandError(
        "people could not be told by \(waiting.channel): \(waiting.reason)",
        hint: "it is tried again after \(TimeText.clock(waiting.until, now: site.clock.now()))",
        exitCode: .no)
    }
    if isDryRun {
      for message in messages {
        try context.output.write("to: \(message.channel)\n\(message.text)\n")
      }
      return true
    }
    try site.requireTrust(state)
    guard let report = try site.sendDue(of: state.name, report: { context.warn($0) }) else {
      context.output.note("somebody else tells it now")
      return true
    }
    if !report.to.isEmpty { context.output.note("told by \(report.to.joined(separator: ", "))") }
    if !report.failed.isEmpty { throw CommandError("not everybody could be told", exitCode: .no) }
    return true
  }
}
