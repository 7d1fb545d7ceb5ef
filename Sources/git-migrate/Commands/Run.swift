import ArgumentParser
import Git
import Ledger
import Migration
import Runner
import Site
import System

/// `git migrate run`: does the steps, with a number of workers, to the end.
struct RunCommand: Subcommand {
  static let configuration = CommandConfiguration(
    commandName: "run", abstract: "Do the steps with a number of workers, to the end.",
    discussion: """
      Runs each step's codemod or agent in a worktree of its own, judges what comes of it and merges what \
      passes. Ctrl-C, SIGTERM or a lost terminal stops it: claims are given back, worktrees are kept, and it \
      ends by the signal. A run that was killed is continued by the next. \
      Exit codes: 0 every step is done, 1 a person must act, 130 interrupted, 141 nobody \
      reads its output, 143 ended by SIGTERM or SIGHUP.
      """)

  @Option(
    name: [.customShort("j", allowingJoined: true), .long],
    help: ArgumentHelp("How many workers.", valueName: "n"))
  var jobs: Int?

  @Flag(name: [.customShort("q"), .long], help: "Print warnings and the outcome only.")
  var quiet = false

  @Option(
    help: ArgumentHelp(
      "Begin no step after that time of day, such as 07:00, and end when what is under way has.",
      valueName: "time"))
  var until: String?

  @Flag(help: "Drive every migration that has not ended, with one set of workers.")
  var all = false

  @OptionGroup var migration: MigrationOption

  func validate() throws {
    if all && migration.migration != nil {
      throw ValidationError("'--all' and '--migration' exclude each other")
    }
    if let until, TimeText.next(until, after: Timestamp(milliseconds: 0)) == nil {
      throw ValidationError("'--until' takes a time of day such as 07:00, not '\(until)'")
    }
    if let jobs, !(1...1000).contains(jobs) {
      throw ValidationError("'--jobs' takes a number from 1 to 1000")
    }
  }

  func run(_ context: Context) throws(CommandError) {
    let site = try context.site()
    _ = try site.mainDirectory()
    Slots(site: site).removeLeftCaches()
    let state = try context.snapshot(finding: migration.migration).state
    let scope: Orchestrator.Scope
    if all {
      let open = state.migrations.filter { !$0.phase.isTerminal }
      if open.isEmpty { return try context.output.line("every migration has ended") }
      // One that cannot be driven here does not hold the others up: the run says what it waits for.
      for migration in open where (try? site.requireTrust(migration)) != nil {
        try requireMeans(for: migration, context)
      }
      scope = .all
    } else {
      let found = try site.migration(migration.migration, in: state)
      if found.phase.isTerminal { return try context.output.line("\(found.name) is \(found.phase.word)") }
      try site.requireTrust(found)
      try requireMeans(for: found, context)
      scope = .migration(found.name)
    }
    try run(scope, context)
  }

  /// Tries first what the run will need of this machine.
  private func requireMeans(for state: MigrationState, _ context: Context) throws(CommandError) {
    let site = try context.site()
    try site.requireReady(state)
    let preflight = Preflight(site: site)
    try preflight.requireAgent(state)
    for warning in preflight.warnings(state.plan) { context.warn(warning.message, hint: warning.hint) }
    if let tip = try site.tip(of: state.intoRef) { try site.requireSignature(on: tip) }
  }

  private func run(_ scope: Orchestrator.Scope, _ context: Context) throws(CommandError) {
    let site = try context.site()
    let signals = try context.interruption().signals
    let progress = RunProgress(context, scope, isQuiet: quiet)
    let run = Orchestrator(
      site: site, scope, workers: try workers(site), observer: progress, signals: signals)
    run.until = until.flatMap { TimeText.next($0, after: site.clock.now()) }
    _ = try run.run()
    progress.clear()
    context.stopSignal = run.stopSignal
    // What a person must do comes last, where it is seen.
    let endings = run.endings.sorted { ($0.value.urgency, $0.key) < ($1.value.urgency, $1.key) }
    try hintAtVariables(endings, context)
    let state = try reporting { try site.ledger.read() }.state
    for (name, ending) in endings {
      try state.migration(named: name).map { (migration) throws(CommandError) in
        try tellSentBack(migration, context)
      }
      if ending != .interrupted { try tell(ending, name, context) }
    }
    let stopped = endings.filter { $0.value == .interrupted }
    if let first = stopped.first {
      try tell(first.value, stopped.map(\.key).joined(separator: ", "), context)
    }
  }

  /// The option, else `migrate.jobs`, else 4.
  private func workers(_ site: Site) throws(CommandError) -> Int {
    if let jobs { return jobs }
    guard let text = try reporting({ try site.repository.config("migrate.jobs") }) else { return 4 }
    guard let number = Int(text), (1...1000).contains(number) else {
      throw CommandError("'migrate.jobs' is '\(text)', not a number from 1 to 1000")
    }
    return number
  }

  private func baselineFailure(
    _ name: String, _ context: Context
  ) throws(CommandError) -> Migration.Failure? {
    let site = try context.site()
    return try reporting { try site.ledger.read() }.state.migration(named: name)?.baselineFailure
  }

  /// What failed may have wanted a variable that it does not get; said once, whatever has failed.
  private func hintAtVariables(
    _ endings: [(key: String, value: Orchestrator.Ending)], _ context: Context
  ) throws(CommandError) {
    var who: String?
    for (name, ending) in endings {
      switch ending {
      case .needsPerson: who = "workers and verifiers"
      case .paused: if try baselineFailure(name, context) != nil { who = who ?? "verifiers" }
      case .allDone, .needsWorkers, .machineCannot, .outOfTime, .ended, .interrupted: break
      }
    }
    guard let who else { return }
    let dropped = try context.site().droppedVariables
    guard !dropped.isEmpty else { return }
    context.hint(
      "\(who) did not get \(dropped.prefix(8).joined(separator: ", ")); "
        + "'git config --add migrate.passEnvironment NAME' lets one through")
  }

  /// Which steps the gate sent back that did not get through since, and why.
  private func tellSentBack(_ state: MigrationState, _ context: Context) throws(CommandError) {
    let back = state.sentBack
    if back.isEmpty { return }
    try context.output.line(
      "\(state.name): \(Count.of(back.count, "step")) sent back by the gate, and not through since")
    for (step, reason) in back.prefix(RunCommand.shownBack) {
      try context.output.line("  \(step)  \(TerminalText.sanitizedLine(reason))")
    }
    let more = back.count - RunCommand.shownBack
    if more > 0 { try context.output.line("  … \(more) more") }
  }

  /// How many steps that were sent back are named.
  private static let shownBack = 10

  private func tell(_ ending: Orchestrator.Ending, _ name: String, _ context: Context) throws(CommandError) {
    let (option, suffix) = all ? ("--migration \(name) ", " --migration \(name)") : ("", "")
    switch ending {
    case .allDone:
      try context.output.line("\(name): every step is done")
      context.hint("hand the result back with 'git migrate finish\(suffix)'")
    case .needsPerson(let blocked):
      context.exitCode = .no
      let list = blocked.prefix(5).joined(separator: ", ")
      try context.output.line("\(name): \(blocked.count) blocked, a person must act: \(list)")
      context.hint("see why with 'git migrate show \(option)\(blocked.first ?? "STEP")'")
    case .needsWorkers(let open):
      context.exitCode = .no
      let first = open.first ?? ""
      let steps = open.count == 1 ? "'\(first)' has" : "\(open.count) steps (first '\(first)') have"
      try context.output.line("\(name): \(steps) no 'run', and the plan has no agent")
      context.hint("claim them with 'git migrate claim', or give the plan an agent with 'git migrate amend'")
    case .outOfTime(let left):
      try context.output.line("\(name): the time is over; \(Count.of(left, "step")) left")
      context.hint("go on with 'git migrate run\(suffix)'")
    case .paused(let reason):
      context.exitCode = .no
      try context.output.line("\(name) is paused: \(reason)")
      guard let failure = try baselineFailure(name, context) else {
        return context.hint("go on with 'git migrate resume\(suffix)'")
      }
      try context.output.write(FailureText.lines(failure, indent: 2, limit: 20))
      context.hint(
        "mend the base and take it in with 'git migrate refresh\(suffix)', or change the gate with "
          + "'git migrate amend'; then 'git migrate resume\(suffix)'")
      context.hint("see all that was printed with 'git migrate logs \(option)--baseline'")
    case .machineCannot(let reason):
      context.exitCode = .no
      try context.output.line("\(name): this machine cannot go on: \(reason)")
      context.hint(
        "install it and run 'git migrate run\(suffix)'; or change the plan with 'git migrate amend\(suffix)'")
    case .ended(let word):
      // Who ended it had to leave the worktrees in which our workers were.
      try Cleaning(context).removeSlots()
      try context.output.line("\(name) is \(word)")
    case .interrupted:
      // Where the terminal is gone there is nobody to tell.
      try? context.output.line("\(name): stopped; claims are given back, worktrees are kept")
      let reason = context.output.isReaderGone ? "nobody reads standard output any more" : "interrupted"
      throw CommandError(reason, hint: "go on with 'git migrate run'", exitCode: .interrupted)
    }
  }
}
