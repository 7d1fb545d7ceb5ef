import ArgumentParser
import Ledger
import Migration
import Runner

/// `git migrate status`: where every step is.
struct StatusCommand: Subcommand {
  static let configuration = CommandConfiguration(
    commandName: "status", abstract: "Show where every step is.",
    discussion: """
      Scripts read '--porcelain=v1' (with '-z' for unquoted, NUL-terminated records) or '--json'; \
      both stay as they are. The text may change.
      """)

  @OptionGroup var migration: MigrationOption
  @OptionGroup var json: JSONOption
  @OptionGroup var colour: ColourOption

  @Option(help: ArgumentHelp("Print stable records for scripts; the format is 'v1'.", valueName: "format"))
  var porcelain: String?

  @Flag(name: .customShort("z"), help: "End porcelain records with NUL and quote nothing.")
  var isZeroTerminated = false

  @Flag(help: "Print Markdown.")
  var markdown = false

  @Flag(name: [.customShort("a"), .long], help: "Show every step, and migrations that have ended.")
  var all = false

  func validate() throws {
    if let porcelain, !["v1", "1"].contains(porcelain) {
      throw ValidationError("unsupported porcelain format '\(porcelain)', only 'v1' is known")
    }
    let formats = [json.isWanted, markdown, porcelain != nil || isZeroTerminated].count { $0 }
    if formats > 1 { throw ValidationError("'--json', '--porcelain' and '--markdown' exclude each other") }
  }

  func run(_ context: Context) throws(CommandError) {
    let site = try context.site()
    let snapshot = try reporting { try site.ledger.read() }
    if let name = migration.migration { _ = try site.migration(name, in: snapshot.state) }
    let report = StatusReport(
      snapshot.state, sequence: snapshot.sequence, now: site.clock.now(), only: migration.migration,
      isDead: Site.isProvablyDead)
    if json.isWanted { return try context.output.write(bytes: report.printableBytes + [0x0A]) }
    if porcelain != nil || isZeroTerminated {
      return try context.output.write(report.porcelain(zeroTerminated: isZeroTerminated))
    }
    if markdown {
      let text = report.markdown(atCheckpoint: false)
      return try context.output.write(text.hasSuffix("\n") ? text : text + "\n")
    }
    try printText(report, context)
    let waiting = try reporting { try site.ledger.waitingCount() }
    guard waiting > 0, let remote = site.ledger.remote else { return }
    let entries = waiting == 1 ? "1 entry waits" : "\(waiting) entries wait"
    try context.output.line("\(entries) to be shared with '\(remote.name)'; 'git migrate sync' does it")
  }

  private func printText(_ report: StatusReport, _ context: Context) throws(CommandError) {
    guard !report.migrations.isEmpty else {
      try context.output.line("no migration here")
      return context.hint("begin one with 'git migrate start PLAN'")
    }
    var shown = report
    let isOpen = { (migration: MigrationReport) in migration.state == "running" || migration.state == "paused"
    }
    if !all && migration.migration == nil {
      let open = report.migrations.filter(isOpen)
      shown.migrations = open.isEmpty ? Array(report.migrations.suffix(1)) : open
    }
    let text = StatusText(
      shown, width: context.width, colour: try context.wantsColour(colour), showsAll: all)
    try context.output.write(text.text)
    let left = report.migrations.count - shown.migrations.count
    if left > 0 { try context.output.line("\n\(left) ended, '--all' shows them") }
  }
}
