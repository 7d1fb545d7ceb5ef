import ArgumentParser
import Ledger
import Migration
import Runner
import Site
import System

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

  @Flag(help: "Bring the newest entries of a shared ledger here first.")
  var fetch = false

  @Flag(name: [.customShort("w"), .long], help: "Keep the text up to date, until everything has ended.")
  var watch = false

  func validate() throws {
    if let porcelain, !["v1", "1"].contains(porcelain) {
      throw ValidationError("unsupported porcelain format '\(porcelain)', only 'v1' is known")
    }
    let formats = [json.isWanted, markdown, porcelain != nil || isZeroTerminated].count { $0 }
    if formats > 1 { throw ValidationError("'--json', '--porcelain' and '--markdown' exclude each other") }
    if watch && formats > 0 { throw ValidationError("'--watch' is for people, not for scripts") }
  }

  func run(_ context: Context) throws(CommandError) {
    let site = try context.site()
    if fetch { try bringNewest(context) }
    if watch { return try watch(context) }
    let report = try context.answers().status(only: migration.migration)
    if json.isWanted { return try context.print(report) }
    if porcelain != nil || isZeroTerminated {
      return try context.output.write(report.porcelain(zeroTerminated: isZeroTerminated))
    }
    if markdown {
      let text = report.markdown(atCheckpoint: false)
      return try context.output.write(text.hasSuffix("\n") ? text : text + "\n")
    }
    try context.startPager()
    try printText(report, context)
    let asides = Slots(site: site).setAsideFolders()
    for folder in asides { try context.output.line("moved aside: '\(folder)', which no ref holds") }
    let givenUp = Slots(site: site).givenUpFolders()
    for folder in givenUp { try context.output.line("given up: '\(folder)', which cannot be cleaned") }
    if !asides.isEmpty || !givenUp.isEmpty {
      context.hint("'git migrate clean -f' removes what was moved aside or given up")
    }
    if let shared = report.shared { try tellAge(shared, now: report.now, context) }
  }

  private func bringNewest(_ context: Context) throws(CommandError) {
    let site = try context.site()
    guard site.hasRemote else {
      return context.warn("the ledger is not shared, so there is nothing to fetch")
    }
    do throws(CommandError) { _ = try reporting { try site.ledger.synchronize() } } catch {
      guard error.isOffline else { throw error }
      context.warn(error.message)
    }
  }

  /// Nothing is known of what others began in a repository that could not be asked.
  private func tellNone(in shared: SharedPicture, _ context: Context) throws(CommandError) {
    let remote = TerminalText.sanitizedLine(shared.remote)
    context.hint("'git migrate sync' brings what was begun elsewhere and shared through '\(remote)'")
  }

  /// What others have done since is not in the picture.
  private func tellAge(_ shared: SharedPicture, now: Timestamp, _ context: Context) throws(CommandError) {
    let remote = TerminalText.sanitizedLine(shared.remote)
    if shared.waiting > 0 {
      let entries = shared.waiting == 1 ? "1 entry waits" : "\(shared.waiting) entries wait"
      try context.output.line("\(entries) to be shared with '\(remote)'; 'git migrate sync' does it")
    }
    guard let asked = shared.asOf else {
      return context.hint("what others did in '\(remote)' may be missing; '--fetch' brings it")
    }
    let age = now.seconds - asked.seconds
    // Who has just asked need not be told.
    guard age >= 10 || age < 0 else { return }
    try context.output.line(
      "as of \(SpanText.words(age)) ago, when '\(remote)' was asked; '--fetch' asks again")
  }

  private func printText(_ report: StatusReport, _ context: Context) throws(CommandError) {
    guard !report.migrations.isEmpty else {
      try context.output.line("no migration here")
      if let shared = report.shared { return try tellNone(in: shared, context) }
      return context.hint("begin one with 'git migrate start PLAN'")
    }
    let text = try text(report, width: context.width, context)
    try context.output.write(text.text)
    let left = report.migrations.count - text.report.migrations.count
    if left > 0 { try context.output.line("\n\(left) ended, '--all' shows them") }
  }

  private func text(_ report: StatusReport, width: Int, _ context: Context) throws(CommandError) -> StatusText
  {
    var shown = report
    if !all && migration.migration == nil {
      let open = report.migrations.filter { $0.isOpen }
      shown.migrations = open.isEmpty ? Array(report.migrations.suffix(1)) : open
    }
    var text = StatusText(shown, width: width, colour: try context.wantsColour(colour), showsAll: all)
    text.clock = { [now = report.now] in TimeText.clock($0, now: now) }
    text.isASCII = context.isASCII
    return text
  }

  // MARK: Watching

  /// Shows the text again whenever it differs, in place; the last one stays.
  private func watch(_ context: Context) throws(CommandError) {
    guard let screen = LiveScreen(context, colour: try context.wantsColour(colour)), screen.isStandardOutput
    else { throw CommandError("'--watch' needs a terminal", hint: "scripts follow 'git migrate run --json'") }
    let interruption = try context.interruption()
    let poller = Poller(reading: [interruption.signals])
    while true {
      let report = try context.answers().status(only: migration.migration)
      let size = screen.screen
      let text = try text(report, width: size.columns - 1, context)
      screen.draw(StatusCommand.lines(text.text, atMost: size.rows - 1))
      if !report.migrations.contains(where: \.isOpen) { break }
      _ = poller.wait(milliseconds: 1000)
      let signals = SignalPipe.drain()
      if signals.contains(Signal.suspend) { screen.suspend() }
      if let end = signals.first(where: Signal.askToEnd.contains) {
        screen.leave()
        SignalPipe.end(by: end)
      }
    }
    screen.leave()
  }

  /// The lines, cut to so many, with a word on what was left out.
  private static func lines(_ text: String, atMost limit: Int) -> [String] {
    var lines = text.split(separator: "\n", omittingEmptySubsequences: false).map(String.init)
    if lines.last == "" { lines.removeLast() }
    guard lines.count > limit, limit > 1 else { return lines }
    return Array(lines.prefix(limit - 1)) + ["  and \(lines.count - limit + 1) more lines"]
  }
}
