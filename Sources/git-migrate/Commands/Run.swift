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
      reads its output, 143 ended by SIGTERM or SIGHUP; of '--worker' also 20 this machine cannot.
      """)

  @Option(
    name: [.customShort("j", allowingJoined: true), .long],
    help: ArgumentHelp("How many workers.", valueName: "n"))
  var jobs: Int?

  @Flag(name: [.customShort("q"), .long], help: "Print warnings and the outcome only.")
  var quiet = false

  @Flag(name: [.customShort("v"), .long], help: "On a terminal, print a line for every ledger entry, too.")
  var verbose = false

  @Option(
    help: ArgumentHelp(
      "How to show what goes on: 'auto' (lines that are kept up to date, on a terminal) or 'plain'.",
      valueName: "how"))
  var progress: Progress = .auto

  /// How to show what goes on.
  enum Progress: String, ExpressibleByArgument, CaseIterable { case auto, plain }

  @Option(
    help: ArgumentHelp(
      "Begin no step after that time of day, such as 07:00, and end when what is under way has.",
      valueName: "time"))
  var until: String?

  @Option(
    help: ArgumentHelp("Do so many steps first, spread over folders and sizes, and stop.", valueName: "n"))
  var sample: Int?

  @Option(help: ArgumentHelp("Draw the same sample as with that number before.", valueName: "number"))
  var seed: Int?

  @Flag(help: "Try the last sample again, by the plan in force, from the same commits; merge nothing.")
  var again = false

  @Option(
    parsing: .singleValue,
    help: ArgumentHelp("Begin these steps alone, by glob or cause; may be given again.", valueName: "steps"))
  var only: [String] = []

  @Option(help: ArgumentHelp("Begin at most so many steps.", valueName: "n"))
  var limit: Int?

  @Flag(name: [.customShort("n"), .customLong("dry-run")], help: "Say what it would do, and do nothing.")
  var isDryRun = false

  @Flag(name: [.customShort("y"), .long], help: "Go on after a sample without asking.")
  var yes = false

  @Option(
    help: ArgumentHelp(
      "Follow this plan file: what is changed there becomes an amendment.", valueName: "file"),
    completion: .file())
  var plan: String?

  @Flag(help: "Drive every migration that has not ended, with one set of workers.")
  var all = false

  @OptionGroup var worker: WorkerOptions
  @OptionGroup var has: HasOption
  @OptionGroup var migration: MigrationOption
  @OptionGroup var json: JSONOption
  @OptionGroup var colour: ColourOption

  func validate() throws {
    if quiet && (verbose || json.isWanted) {
      throw ValidationError("'--quiet' goes with neither '--verbose' nor '--json'")
    }
    if all && migration.migration != nil {
      throw ValidationError("'--all' and '--migration' exclude each other")
    }
    for (name, number) in [("--sample", sample), ("--limit", limit)] {
      if let number, !(1...SampleDraw.most).contains(number), name == "--sample" || number < 1 {
        throw ValidationError(
          "'\(name)' takes a number from 1\(name == "--sample" ? " to \(SampleDraw.most)" : " on")")
      }
    }
    if let seed, !(0...Int(Int32.max)).contains(seed) {
      throw ValidationError("'--seed' takes a number from 0 to \(Int32.max)")
    }
    if seed != nil, sample == nil { throw ValidationError("'--seed' is for '--sample'") }
    if again, !only.isEmpty || limit != nil || seed != nil || until != nil {
      throw ValidationError("'--again' tries what was drawn, and nothing else")
    }
    if plan != nil, all || again || isDryRun {
      throw ValidationError("'--plan' is for a run of one migration")
    }
    if all, sample != nil || again || !only.isEmpty || limit != nil || isDryRun {
      throw ValidationError("'--all' does everything")
    }
    if worker.worker, sample != nil || again || isDryRun {
      throw ValidationError("'--worker' waits for work: it takes neither '--sample', '--again' nor '-n'")
    }
    if sample != nil, !only.isEmpty || limit != nil {
      throw ValidationError("'--sample' draws the steps: it goes with neither '--only' nor '--limit'")
    }
    if let until, TimeText.next(until, after: Timestamp(milliseconds: 0)) == nil {
      throw ValidationError("'--until' takes a time of day such as 07:00, not '\(until)'")
    }
    if let jobs, !(1...1000).contains(jobs) {
      throw ValidationError("'--jobs' takes a number from 1 to 1000")
    }
  }

  func run(_ context: Context) throws(CommandError) {
    try worker.enter(context)
    let site = try context.site()
    _ = try site.mainDirectory()
    Slots(site: site).removeLeftCaches()
    let state = try context.snapshot(finding: migration.migration).state
    let scope: Orchestrator.Scope
    var steps: Set<String>?
    if all {
      let open = state.migrations.filter { !$0.phase.isTerminal }
      if open.isEmpty { return try say(context, "every migration has ended") }
      // One that cannot be driven here does not hold the others up: the run says what it waits for.
      for migration in open where (try? site.requireTrust(migration)) != nil {
        try requireMeans(for: migration, context)
      }
      scope = .all
    } else {
      let found = try site.migration(migration.migration, in: state)
      if found.phase.isTerminal { return try say(context, "\(found.name) is \(found.phase.word)") }
      if isDryRun {
        return try context.output.write(
          PlannedRun(found, only: try wanted(in: found), limit: sample ?? limit).text)
      }
      if let reason = state.fleetHold(found), let fleet = found.plan.fleet, found.inFlight.isEmpty {
        let wave = max(fleet.wave, state.fleets[fleet.fleet].wave)
        throw CommandError(
          reason, hint: "'git migrate fleet run --fleet \(fleet.fleet) --wave \(wave)' opens it, in its turn",
          exitCode: .no)
      }
      try worker.orUntrusted { () throws(CommandError) in try site.requireTrust(found) }
      try requireMeans(for: found, context)
      if again { return try tryAgain(found, context) }
      scope = .migration(found.name)
      steps = try sample == nil ? wanted(in: found) : draw(in: found, context)
      if steps == nil, limit == nil, !worker.worker { try confirm(found, context) }
    }
    try run(scope, steps, context)
  }

  /// Tries first what the run will need of this machine.
  private func requireMeans(for state: MigrationState, _ context: Context) throws(CommandError) {
    let site = try context.site()
    try site.requireReady(state)
    _ = try site.sandbox(of: state.plan)
    if let reason = site.lackOfSandbox(state.plan) {
      context.warn(
        "what '\(state.name)' runs has your rights, without a sandbox: \(reason)",
        hint: SandboxProbe.hint + "; 'git config migrate.sandbox off' ends this warning")
    }
    let preflight = Preflight(site: site)
    try worker.orCannot { () throws(CommandError) in try preflight.requireAgent(state) }
    for warning in preflight.warnings(state.plan) { context.warn(warning.message, hint: warning.hint) }
    if let tip = try site.tip(of: state.intoRef) { try site.requireSignature(on: tip) }
  }

  private func run(
    _ scope: Orchestrator.Scope, _ steps: Set<String>?, _ context: Context
  ) throws(CommandError) {
    let site = try context.site()
    let uses = try countUses(scope, context)
    let signals = try context.interruption().signals
    let progress = try RunProgress(context, scope, try style(context), isVerbose: verbose)
    let before = try reporting { try site.ledger.read() }.state
    let run = Orchestrator(
      site: site, scope, workers: try workers(site), observer: progress, signals: signals)
    (run.only, run.limit) = (steps, limit)
    (run.has, run.patience) = (has.names, worker.idle.map { Patience(seconds: $0.seconds) })
    run.until = until.flatMap { TimeText.next($0, after: site.clock.now()) }
    if let plan, case .migration(let name) = scope {
      let follower = try PlanFollower(context, plan, of: name)
      run.planWatch = { () throws(CommandError) in try follower.look() }
    }
    _ = try worker.orUntrusted { () throws(CommandError) in try run.run() }
    progress.clear(isInterrupted: run.stopSignal != nil)
    context.stopSignal = run.stopSignal
    if run.stopSignal == nil { _ = try countUses(scope, context, before: uses) }
    // What a person must do comes last, where it is seen.
    let endings = run.endings.sorted { ($0.value.urgency, $0.key) < ($1.value.urgency, $1.key) }
    try summarize(run.endings, progress, since: before, context)
    try hintAtVariables(endings, context)
    let state = try reporting { try site.ledger.read() }.state
    for (name, ending) in endings {
      try state.migration(named: name).map { (migration) throws(CommandError) in
        try tellSentBack(migration, context)
        if let steps, sample != nil { try context.output.line(SampleResult(migration, steps).text) }
      }
      if ending != .interrupted { try tell(ending, name, context) }
    }
    let stopped = endings.filter { $0.value == .interrupted }
    if let first = stopped.first {
      try tell(first.value, stopped.map(\.key).joined(separator: ", "), context)
    }
  }

  /// Says something to a person: not among the lines for scripts.
  private func say(_ context: Context, _ text: String) throws(CommandError) {
    if json.isWanted { context.note(text) } else { try context.output.line(text) }
  }

  /// How the run shows itself.
  private func style(_ context: Context) throws(CommandError) -> RunProgress.Style {
    if json.isWanted { return .json }
    if quiet { return .quiet }
    let isPlain = progress == .plain || context.environment["CI"]?.isEmpty == false
    guard !isPlain, let screen = LiveScreen(context, colour: try context.wantsColour(colour)) else {
      return .plain
    }
    return .live(screen)
  }

  /// What the run has come to.
  private func summarize(
    _ endings: [String: Orchestrator.Ending], _ progress: RunProgress, since before: State, _ context: Context
  ) throws(CommandError) {
    if quiet { return }
    let report = try context.answers().status(only: nil)
    let parts = report.migrations.compactMap { found -> RunSummary.Part? in
      guard let ending = endings[found.name] else { return nil }
      let cost = before.migration(named: found.name)?.spending.total.microdollars ?? 0
      return RunSummary.Part(
        found, progress.tallies[found.name] ?? RunTally(),
        cost: max(0, found.used.amounts.microdollars - cost),
        ending: ending)
    }
    let palette = Palette(isOn: json.isWanted ? false : try context.wantsColour(colour))
    try context.print(RunSummary(parts, seconds: progress.seconds, now: report.now), json, palette)
  }

  /// The option, else `migrate.jobs`, else 4.
  func workers(_ site: Site) throws(CommandError) -> Int {
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
      case .allDone, .needsWorkers, .needsMachine, .idle, .machineCannot, .outOfTime, .partDone, .ended,
        .interrupted:
        break
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
    try say(
      context,
      "\(state.name): \(Count.of(back.count, "step")) sent back by the gate, and not through since")
    for (step, reason) in back.prefix(RunCommand.shownBack) {
      try say(context, "  \(step)  \(TerminalText.sanitizedLine(reason))")
    }
    let more = back.count - RunCommand.shownBack
    if more > 0 { try say(context, "  … \(more) more") }
  }

  /// How many steps that were sent back are named.
  private static let shownBack = 10

  private func tell(_ ending: Orchestrator.Ending, _ name: String, _ context: Context) throws(CommandError) {
    let (option, suffix) = all ? ("--migration \(name) ", " --migration \(name)") : ("", "")
    switch ending {
    case .allDone:
      try say(context, "\(name): every step is done")
      let fleet = try context.snapshot(finding: name).state.migration(named: name)?.plan.fleet?.fleet
      context.hint(
        fleet.map { "push what is done with 'git migrate fleet run --fleet \($0)'" }
          ?? "hand the result back with 'git migrate finish\(suffix)'")
    case .needsPerson(let blocked):
      context.exitCode = .no
      let list = blocked.prefix(5).joined(separator: ", ")
      try say(context, "\(name): \(blocked.count) blocked, a person must act: \(list)")
      context.hint("see why with 'git migrate show \(option)\(blocked.first ?? "STEP")'")
    case .needsWorkers(let open):
      context.exitCode = .no
      let first = open.first ?? ""
      let steps = open.count == 1 ? "'\(first)' has" : "\(open.count) steps (first '\(first)') have"
      try say(context, "\(name): \(steps) no 'run', and the plan has no agent")
      context.hint("claim them with 'git migrate claim', or give the plan an agent with 'git migrate amend'")
    case .needsMachine(let open, let lacking):
      if !worker.worker { context.exitCode = .no }
      let first = open.first ?? ""
      let steps = open.count == 1 ? "'\(first)' requires" : "\(open.count) steps (first '\(first)') require"
      try say(context, "\(name): \(steps) \(lacking.joined(separator: ", ")), which is not said to be here")
      context.hint(
        "run 'git migrate run --has \(lacking.joined(separator: ","))\(suffix)' on a machine that has it")
    case .idle(let left):
      try say(context, "\(name): nothing came to do; \(Count.of(left, "step")) left")
    case .outOfTime(let left):
      try say(context, "\(name): the time is over; \(Count.of(left, "step")) left")
      context.hint("go on with 'git migrate run\(suffix)'")
    case .partDone(let left):
      try say(context, "\(name): what was asked for is done; \(Count.of(left, "step")) left")
      context.hint(
        sample == nil
          ? "go on with 'git migrate run\(suffix)'"
          : "read what came of it with 'git migrate show STEP'; after 'git migrate amend' try the same again "
            + "with 'git migrate run --sample \(sample ?? 0) --again', go on with 'git migrate run\(suffix)'")
    case .paused(let reason):
      context.exitCode = .no
      try say(context, "\(name) is paused: \(reason)")
      guard let failure = try baselineFailure(name, context) else {
        return context.hint("go on with 'git migrate resume\(suffix)'")
      }
      if !json.isWanted { try context.output.write(FailureText.lines(failure, indent: 2, limit: 20)) }
      context.hint(
        "mend the base and take it in with 'git migrate refresh\(suffix)', or change the gate with "
          + "'git migrate amend'; then 'git migrate resume\(suffix)'")
      context.hint("see all that was printed with 'git migrate logs \(option)--baseline'")
    case .machineCannot(let reason):
      context.exitCode = worker.worker ? .machineCannot : .no
      try context.output.line("\(name): this machine cannot go on: \(reason)")
      context.hint(
        "install it and run 'git migrate run\(suffix)'; or change the plan with 'git migrate amend\(suffix)'")
    case .ended(let word):
      // Who ended it had to leave the worktrees in which our workers were.
      try Cleaning(context).removeSlots()
      try say(context, "\(name) is \(word)")
    case .interrupted:
      // Where the terminal is gone there is nobody to tell.
      try? say(context, "\(name): stopped; claims are given back, worktrees are kept")
      let reason = context.output.isReaderGone ? "nobody reads standard output any more" : "interrupted"
      throw CommandError(reason, hint: "go on with 'git migrate run'", exitCode: .interrupted)
    }
  }
}
