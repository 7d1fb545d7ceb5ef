import ArgumentParser
import Ledger
import Migration
import Runner
import Site
import System

/// How many workers a command of a fleet has, and how it shows what they do.
struct FleetWorkers: ParsableArguments {
  @Option(
    name: [.customShort("j", allowingJoined: true), .customLong("jobs")],
    help: ArgumentHelp("How many workers.", valueName: "n"))
  var jobs: Int?

  @Flag(name: [.customShort("q"), .customLong("quiet")], help: "Print warnings and the outcome only.")
  var quiet = false

  func validate() throws {
    if let jobs, !(1...1000).contains(jobs) {
      throw ValidationError("'--jobs' takes a number from 1 to 1000")
    }
  }

  /// A run over a fleet's targets.
  func orchestrator(of fleet: String, _ context: Context) throws(CommandError) -> Orchestrator {
    let site = try context.site()
    let scope = Orchestrator.Scope.fleet(fleet)
    let progress = try RunProgress(context, scope, quiet ? .quiet : .plain, isVerbose: false)
    var command = RunCommand()
    command.jobs = jobs
    return Orchestrator(
      site: site, scope, workers: try command.workers(site), observer: progress,
      signals: try context.interruption().signals)
  }

  /// Runs it to its end; throws when it was interrupted.
  func drive(_ run: Orchestrator, _ context: Context) throws(CommandError) {
    let ending = try run.run()
    context.stopSignal = run.stopSignal
    guard ending == .interrupted else { return }
    throw CommandError(
      "interrupted", hint: "claims are given back; go on with the same command", exitCode: .interrupted)
  }
}

/// `git migrate fleet run`: does the steps in the targets of the open waves, and pushes what is done.
struct FleetRunCommand: Subcommand {
  static let configuration = CommandConfiguration(
    commandName: "run", abstract: "Do the steps in every target of the open waves, and push what is done.",
    discussion: """
      Each target is worked in, gated and merged like a migration of its own; what is done is pushed to a \
      branch of the target, from exactly where that was. '--wave N' opens the next wave, or lets one go on \
      that is stopped. Exits with 1 when a person must act.
      """)

  @Option(help: ArgumentHelp("Open this wave, or let it go on.", valueName: "n"))
  var wave: Int?

  @Option(
    help: ArgumentHelp("Begin no step after that time of day, such as 07:00.", valueName: "time"))
  var until: String?

  @Flag(name: .customLong("no-push"), help: "Push no branches.")
  var keepsBranches = false

  @OptionGroup var fleet: FleetOption
  @OptionGroup var workers: FleetWorkers
  @OptionGroup var json: JSONOption

  func validate() throws {
    if let until, TimeText.next(until, after: Timestamp(milliseconds: 0)) == nil {
      throw ValidationError("'--until' takes a time of day such as 07:00, not '\(until)'")
    }
  }

  func run(_ context: Context) throws(CommandError) {
    let site = try context.site()
    _ = try site.mainDirectory()
    let (name, state) = try context.fleet(fleet)
    for member in state.members(of: name) where !member.phase.isTerminal { try site.requireTrust(member) }
    if let first = state.members(of: name).first {
      try site.requireReady(first)
      try Preflight(site: site).requireAgent(first)
    }
    let disk = FleetDisk(site) { context.note($0) }
    _ = try disk.limit()
    try openWave(of: name, context)
    let run = try workers.orchestrator(of: name, context)
    run.until = until.flatMap { TimeText.next($0, after: site.clock.now()) }
    let push = FleetPush(site, of: name) { context.note($0) }
    if !keepsBranches {
      run.planWatch = { () throws(CommandError) in
        try push.advance()
        return false
      }
    }
    try workers.drive(run, context)
    if !keepsBranches { try push.finish(try context.interruption()) }
    try disk.keep(name)
    try tell(name, push, context)
  }

  /// Opens the wave that was asked for, or the first that there is. Asked about the newest state: of two
  /// first runs one opens it, and both work in it.
  private func openWave(of name: String, _ context: Context) throws(CommandError) {
    let outcome = try context.interpreter().append(by: try context.site().actor) {
      [wave] (snapshot, _) throws(Refusal) -> (value: Void, proposals: [Proposal]) in
      let state = snapshot.state
      let known = state.fleets[name]
      if let stop = known.stop, wave != known.wave {
        throw Refusal(
          .limited, "wave \(known.wave) of '\(name)' is stopped: \(stop)",
          hint: "see 'git migrate fleet failures'; let it go on with 'git migrate fleet run --wave "
            + "\(known.wave)'")
      }
      let wanted = wave ?? (known.wave > 0 ? known.wave : state.nextWave(of: name) ?? 0)
      if wanted <= known.wave, known.stop == nil { return ((), []) }
      let change = Migration.Change.fleet(.waveOpened(fleet: name, wave: wanted))
      return ((), [Proposal(FormatVersion.everyMigration, change)])
    }
    if let refusal = outcome.refusal { throw CommandError(refusal) }
  }

  private func tell(_ name: String, _ push: FleetPush, _ context: Context) throws(CommandError) {
    let state = try reporting { try context.site().ledger.read() }.state
    let report = FleetReport(name, in: state)
    if json.isWanted { try context.print(report) } else { try context.output.write(report.text(.plain)) }
    for (target, reason) in push.left { context.warn("'\(target)' is not pushed: \(reason)") }
    let open = report.openTargets
    if report.stop != nil || !push.left.isEmpty || open.contains(where: { $0.standing.isFailed }) {
      context.exitCode = .no
    }
    if !report.causes.isEmpty { context.hint("see 'git migrate fleet failures'") }
    if report.stop != nil {
      context.hint("let it go on with 'git migrate fleet run --wave \(report.wave)'")
    } else if let next = state.nextWave(of: name) {
      context.hint("go on with 'git migrate fleet run --wave \(next)'")
    }
    if open.contains(where: { $0.standing == .pushed }) {
      context.hint("offer what is pushed with 'git migrate fleet publish'")
    }
  }
}
