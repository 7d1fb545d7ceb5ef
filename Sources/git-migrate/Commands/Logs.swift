import Agents
import ArgumentParser
import Ledger
import Migration
import Runner
import Site
import Supervision
import System

/// `git migrate logs`: what set-up, workers and verifiers of a step have printed.
struct LogsCommand: Subcommand {
  static let configuration = CommandConfiguration(
    commandName: "logs", abstract: "Show what the workers and verifiers of a step have printed.",
    discussion: """
      Without a step, lists all logs, or with '--follow' follows whoever is at work. An agent's events \
      are shown as its words and the tools that it uses. On a terminal, control characters are shown instead \
      of obeyed. Logs lie in the git directory of this clone and are never shared.
      """)

  @Argument(help: "The step.")
  var step: String?

  @Flag(
    name: [.customShort("f"), .long],
    help: "Go on as the logs grow, until nobody works on the step, or on any.")
  var follow = false

  @Flag(name: [.customShort("l"), .long], help: "List the log files instead.")
  var list = false

  @Flag(help: "What the verifiers printed when the base itself was judged last.")
  var baseline = false

  @Option(help: ArgumentHelp("Only the logs of this claim; by default the last one.", valueName: "number"))
  var epoch: Int?

  @Flag(name: [.customShort("a"), .long], help: "The logs of all claims.")
  var all = false

  @Option(
    name: [.customShort("n", allowingJoined: true), .customLong("lines")],
    help: ArgumentHelp("Only the last lines of each log.", valueName: "number"))
  var lines: Int?

  @Flag(help: "Only what was printed to standard output.")
  var stdout = false

  @Flag(help: "Only what was printed to standard error.")
  var stderr = false

  @Flag(help: "Print the bytes as they are, even to a terminal, and an agent's events as it wrote them.")
  var raw = false

  @OptionGroup var migration: MigrationOption

  func validate() throws {
    if baseline && (step != nil || follow || epoch != nil || all) {
      throw ValidationError("'--baseline' is about no step")
    }
    if step == nil && epoch != nil { throw ValidationError("name the step") }
    if all && epoch != nil { throw ValidationError("'--all' and '--epoch' exclude each other") }
    if list && follow { throw ValidationError("'--list' and '--follow' exclude each other") }
    if stdout && stderr { throw ValidationError("'--stdout' and '--stderr' exclude each other") }
    if let lines, lines < 0 { throw ValidationError("'-n' takes a number that is not negative") }
  }

  func run(_ context: Context) throws(CommandError) {
    let site = try context.site()
    let state = try site.migration(migration.migration, in: try reporting { try site.ledger.read() }.state)
    if baseline { return try printBaseline(state, site, context) }
    guard let step else {
      if follow { return try followAll(state, site, context) }
      return try printList(try LogFile.all(of: state, site), context)
    }
    let index = try find(step, in: state)
    let wanted = LogSelection(migration: state.name, step: step, epoch: epoch, isAll: all)
    if list { return try printList(try wanted.files(site, last: nil), context) }
    var printer = printer(context, state)
    let files = try wanted.files(site, last: wanted.lastEpoch(site))
    printer.hasHeadings = files.count > 1 || follow
    for file in files { try printer.printStart(file, lines: lines) }
    if follow {
      try followLogs(wanted, &printer, site, context)
    } else if files.isEmpty {
      throw nothing(step, state.steps[index])
    } else if files.allSatisfy({ $0.size == 0 }) {
      context.hint("'\(step)' printed nothing; '--list' shows the files")
    }
  }

  private func printer(_ context: Context, _ state: MigrationState) -> LogPrinter {
    var printer = LogPrinter(
      context: context, isRaw: raw || !context.output.isTerminal,
      stream: stdout ? .output : stderr ? .errors : nil)
    if !raw {
      printer.adapter = { file in
        guard file.what == "work", let index = state.index(of: file.step) else { return nil }
        return state.plan.agent(of: state.plan.steps[index]).flatMap { AgentAdapter(rawValue: $0.adapter) }
      }
    }
    return printer
  }

  /// The index of the step. A person who asks for the log of the baseline by that name gets told how.
  private func find(_ step: String, in state: MigrationState) throws(CommandError) -> Int {
    do throws(CommandError) {
      return try state.require(step: step)
    } catch {
      guard step == "baseline" else { throw error }
      throw CommandError(error.message, hint: "the base's own log is 'git migrate logs --baseline'")
    }
  }

  private func printBaseline(
    _ state: MigrationState, _ site: Site, _ context: Context
  ) throws(CommandError) {
    let files = try LogFile.baseline(of: state, site)
    if list { return try printList(files, context) }
    guard !files.isEmpty else {
      throw CommandError(
        "the base was not judged in this clone", hint: "logs stay where the work was done", exitCode: .no)
    }
    var printer = printer(context, state)
    printer.hasHeadings = files.count > 1
    for file in files { try printer.printStart(file, lines: lines) }
    try printer.finish()
  }

  private func nothing(_ id: String, _ step: Step) -> CommandError {
    if let epoch {
      return CommandError("no log of '\(id)' at epoch \(epoch)", hint: "'git migrate logs --list \(id)'")
    }
    return step.epoch == 0
      ? CommandError("nobody has worked on '\(id)' yet", exitCode: .no)
      : CommandError(
        "'\(id)' has no log in this clone", hint: "logs stay where the work was done", exitCode: .no)
  }

  private func printList(_ files: [LogFile], _ context: Context) throws(CommandError) {
    for file in files {
      let size = String(file.size)
      let space = String(repeating: " ", count: max(0, 9 - size.utf8.count))
      try context.output.line("\(space)\(size)  \(TerminalText.sanitizedLine(file.path))")
    }
  }

  /// Prints what is added to the logs, and new logs, until the step is at rest and nothing more has come.
  private func followLogs(
    _ wanted: LogSelection, _ printer: inout LogPrinter, _ site: Site, _ context: Context
  ) throws(CommandError) {
    let poller = Poller()
    while true {
      try context.output.flush()
      let isBusy =
        try reporting { try site.ledger.read() }.state.migration(named: wanted.migration)?
        .step(wanted.step)?.phase.isInFlight ?? false
      // Looked at after the state, so that the last words of a worker are not missed.
      var hasNew = false
      for file in try wanted.files(site, last: wanted.lastEpoch(site)) {
        if try printer.printGrowth(file) { hasNew = true }
      }
      if !isBusy && !hasNew {
        try printer.finishWords()
        return try printer.finish()
      }
      if !hasNew { _ = poller.wait(milliseconds: 200) }
    }
  }

  /// Prints what is added to the logs of everybody at work, until nothing more can happen by itself.
  private func followAll(_ state: MigrationState, _ site: Site, _ context: Context) throws(CommandError) {
    var printer = printer(context, state)
    printer.namesSteps = true
    // What lies there already was said to others.
    for file in try LogFile.all(of: state, site) { printer.pass(file) }
    let poller = Poller()
    var followed: [String: Int] = [:]
    while true {
      try context.output.flush()
      let now = try reporting { try site.ledger.read() }.state.migration(named: state.name)
      var hasNew = false
      let busy =
        now.map { Dictionary($0.stepsInFlight.map { ($0.id, $0.epoch) }) { first, _ in first } } ?? [:]
      // The last words of who has ended since are not missed.
      for (step, epoch) in followed.merging(busy, uniquingKeysWith: { $1 }).sorted(by: { $0.key < $1.key }) {
        for file in try LogFile.list(of: state.name, step: step, site) where file.epoch == epoch {
          if try printer.printGrowth(file) { hasNew = true }
        }
      }
      followed = busy
      if now?.phase.isTerminal != false || now?.isStuck == true, !hasNew { return try printer.finishWords() }
      if !hasNew { _ = poller.wait(milliseconds: 200) }
    }
  }
}
