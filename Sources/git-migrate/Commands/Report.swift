import ArgumentParser
import Git
import Ledger
import Migration
import Runner
import Site
import System

/// `git migrate report`: what happened, what it cost and what needs a person.
struct ReportCommand: Subcommand {
  static let configuration = CommandConfiguration(
    commandName: "report", abstract: "Tell what happened, what it cost and what needs you.",
    discussion: """
      For whoever comes back: how the migration stands, what goes on only when a person does something, and \
      what failures had in common. With '--html' it is one page that asks for nothing elsewhere; with \
      '--commit' that page is kept on a branch that a service can serve.
      """)

  @Option(
    help: ArgumentHelp(
      "Tell, too, what came to an end since then: 'yesterday', '07:00', '8h' or '2026-11-21'.",
      valueName: "when"))
  var since: String?

  @Option(
    help: ArgumentHelp("Write the page into a file, or to standard output for '-'.", valueName: "file"))
  var html: String?

  @Flag(help: "Print Markdown.")
  var markdown = false

  @Option(
    help: ArgumentHelp("Keep the page, and the Markdown, as a commit of that branch.", valueName: "branch"))
  var commit: String?

  @OptionGroup var migration: MigrationOption
  @OptionGroup var json: JSONOption
  @OptionGroup var colour: ColourOption

  func validate() throws {
    let formats = [json.isWanted, markdown, html != nil].count { $0 }
    if formats > 1 { throw ValidationError("'--json', '--markdown' and '--html' exclude each other") }
    if html == "-" && commit != nil { throw ValidationError("'--html -' and '--commit' exclude each other") }
    if html == "" { throw ValidationError("'--html' takes a file") }
    if let since, TimeText.past(since, before: Timestamp(milliseconds: 0)) == nil {
      throw ValidationError(
        "'--since' takes a time such as 'yesterday', 07:00, 8h or 2026-11-21, not '\(since)'")
    }
  }

  func run(_ context: Context) throws(CommandError) {
    let site = try context.site()
    let snapshot = try context.snapshot(finding: migration.migration, looksOnly: true)
    let state = try site.migration(migration.migration, in: snapshot.state)
    let from = since.flatMap { TimeText.past($0, before: site.clock.now()) }
    let recap = try context.answers().recap(state.name, since: from)
    var isDone = false
    if let html {
      try write(RecapPage(recap, site).bytes, to: html, context)
      isDone = true
    }
    if let commit {
      try keep(recap, on: commit, site, context)
      isDone = true
    }
    if markdown { return try context.output.write(recap.markdown) }
    if json.isWanted { return try context.print(recap) }
    if isDone { return }
    try context.startPager()
    try context.output.write(recap.text(Palette(isOn: try context.wantsColour(colour))))
  }

  private func write(_ bytes: [UInt8], to file: String, _ context: Context) throws(CommandError) {
    if file == "-" { return try context.output.write(bytes: bytes) }
    let path = file.hasPrefix("/") ? file : "\(try context.directory())/\(file)"
    try reporting { try Files.writeAtomically(path, bytes) }
    if !json.isWanted && !markdown { try context.output.line("wrote '\(TerminalText.sanitizedLine(file))'") }
  }

  private func keep(
    _ recap: MigrationRecap, on branch: String, _ site: Site, _ context: Context
  ) throws(CommandError) {
    let kept = try site.keepPages(
      [("index.html", RecapPage(recap, site).bytes), (Site.pageMark, Array(recap.markdown.utf8))],
      on: branch, message: "Report of \(recap.report.name)")
    if json.isWanted || markdown { return }
    let words = kept.isNew ? "is on" : "was already on"
    try context.output.line("the report \(words) '\(branch)' as \(kept.commit.hex.prefix(10))")
  }
}
