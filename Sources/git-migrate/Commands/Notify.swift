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
    let site = try context.site()
    let snapshot = try context.snapshot(finding: migration.migration, looksOnly: isDryRun)
    let state = try site.migration(migration.migration, in: snapshot.state)
    guard state.plan.messages != nil else {
      throw CommandError(
        "the plan of '\(state.name)' has no map 'notify', which says who is told",
        hint: "see 'notify' in gitmigrate-plan(5); 'git migrate amend' takes it in")
    }
    let messages = try site.dueMessages(of: state)
    if messages.isEmpty {
      if let waiting = state.notices.waiting(at: site.clock.now()) {
        throw CommandError(
          "people could not be told by \(waiting.channel): \(waiting.reason)",
          hint: "it is tried again after \(TimeText.clock(waiting.until, now: site.clock.now()))",
          exitCode: .no)
      }
      context.output.note("nothing is to be told now")
      return
    }
    if isDryRun {
      for message in messages {
        try context.output.write("to: \(message.channel)\n\(message.text)\n")
      }
      return
    }
    try site.requireTrust(state)
    guard let report = try site.sendDue(of: state.name, report: { context.warn($0) }) else {
      context.output.note("somebody else tells it now")
      return
    }
    if !report.to.isEmpty { context.output.note("told by \(report.to.joined(separator: ", "))") }
    if !report.failed.isEmpty { throw CommandError("not everybody could be told", exitCode: .no) }
  }
}
