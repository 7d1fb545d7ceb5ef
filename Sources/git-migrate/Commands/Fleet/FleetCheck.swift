import ArgumentParser
import Ledger
import Migration
import Plans
import Runner
import Site
import System

/// `git migrate fleet check PLAN`: begins a migration in each target and judges their bases.
struct FleetCheckCommand: Subcommand {
  static let configuration = CommandConfiguration(
    commandName: "check", abstract: "Begin a fleet, and see which of its repositories pass their own gate.",
    discussion: """
      Brings the base of each target here, begins a migration in each, approves the plan's commands for you \
      and judges the bases. Nothing is worked on: 'git migrate fleet run' does that, wave by wave. A second \
      time begins what is new in the list, amends what has begun by what is new in the plan and judges what \
      was mended. Exits with 1 when a base does not pass or a target cannot be reached or amended.
      """)

  @Argument(help: "The plan file; it has 'targets:'.", completion: .file())
  var plan: String

  @Flag(name: [.customShort("n"), .customLong("dry-run")], help: "List the targets, and do nothing.")
  var isDryRun = false

  @Flag(name: .customLong("no-hooks"), help: "Do not install hooks; 'git migrate init' does it later.")
  var leavesHooks = false

  @OptionGroup var workers: FleetWorkers
  @OptionGroup var json: JSONOption

  func run(_ context: Context) throws(CommandError) {
    let site = try context.site()
    let input = try PlanInput(path: plan)
    // Naming the plan on the command line is the approval, as of 'start'.
    let members = try FleetSetup.members(
      input.file, site: site, runsCommand: !isDryRun, asksForge: true)
    if isDryRun { return try list(members, context) }
    _ = try site.mainDirectory()
    try site.requireSharable()
    try requireOwnName(members, site)
    _ = try site.identity()
    if !leavesHooks {
      for warning in try HookSetup(site: site).install().warnings { context.warn(warning) }
    }
    try site.requireApprovedCommands()
    try site.approve(input.digest, input.file.settings.migration)
    let plan = FleetPlanFile(input.file, input.bytes, digest: input.digest)
    let setup = FleetSetup(site, plan) { context.note($0) }
    try begin(members, setup, context)
    let fleet = input.file.settings.migration
    let state = try reporting { try site.ledger.read() }.state
    if !state.members(of: fleet).isEmpty {
      let run = try workers.orchestrator(of: fleet, context)
      // A survey begins no step.
      run.only = []
      try workers.drive(run, context)
    }
    try tell(fleet, setup.problems, context)
  }

  /// One process at a time brings bases to a repository: two would be in each other's way at the same refs.
  private func begin(
    _ members: [FleetMember], _ setup: FleetSetup, _ context: Context
  ) throws(CommandError) {
    let site = try context.site()
    let path = site.localDirectory + "/fleet.lock"
    let interruption = try context.interruption()
    // Without hooks nothing of ours may be here yet.
    try reporting { try site.makeOwnFolder(site.localDirectory) }
    var lock = try reporting { try FileLock.acquire(path: path, wait: false) }
    if lock == nil { context.note("another 'git migrate fleet check' is at work here: waiting for it") }
    while lock == nil {
      if interruption.shouldStop() { throw CommandError("interrupted", exitCode: .interrupted) }
      lock = try reporting { try FileLock.acquire(path: path, waitingSeconds: 1) }
    }
    if site.hasRemote {
      do throws(CommandError) { _ = try reporting { try site.ledger.synchronize() } } catch {
        guard error.isOffline else { throw error }
        context.warn(error.message)
      }
    }
    let bad = try setup.begin(members) { () throws(CommandError) in interruption }
    lock?.free()
    try setup.mend(bad) { () throws(CommandError) in interruption }
  }

  private func list(_ members: [FleetMember], _ context: Context) throws(CommandError) {
    for member in members {
      let words = [
        member.target.id, member.target.url, "wave \(member.wave)", member.target.base ?? "",
        member.target.owner ?? "",
      ]
      try context.output.line(words.filter { !$0.isEmpty }.joined(separator: "  "))
    }
  }

  /// A fleet of the same name as a migration, or below a branch that exists, would get in its way.
  private func requireOwnName(_ members: [FleetMember], _ site: Site) throws(CommandError) {
    guard let first = members.first else { return }
    let state = try reporting { try site.ledger.read() }.state
    if let other = state.migration(named: first.fleet) {
      throw CommandError(other.isInTheWay(of: "'\(plan)'"))
    }
    let name = FleetMember.migration(of: first.fleet, in: first.target.id)
    if state.migration(named: name) != nil { return }
    try site.requireRoom(forBranch: FleetMember.baseBranch(of: name), here: true, inRemote: false)
    try site.requireRoom(forBranch: "migrate/\(name)", here: true, inRemote: true)
  }

  private func tell(
    _ fleet: String, _ problems: [FleetSetup.Problem], _ context: Context
  ) throws(CommandError) {
    let report = FleetReport(fleet, in: try reporting { try context.site().ledger.read() }.state)
    try context.print(report, json)
    for problem in problems.prefix(20) {
      context.warn("'\(problem.target)' \(problem.words)")
    }
    if problems.count > 20 { context.warn("\(problems.count - 20) more could not be begun or amended") }
    if !problems.isEmpty || report.needsPerson { context.exitCode = .no }
    if let bad = report.targets.first(where: { $0.standing == .badBase }) {
      context.hint(
        "see why with 'git migrate logs -m \(bad.migration) --baseline'; when it is mended there, "
          + "'git migrate fleet check' once more takes it in; 'git migrate resume -m \(bad.migration)' "
          + "judges it again as it is")
    }
    if report.targets.contains(where: { $0.standing == .waiting || $0.standing == .ready }) {
      context.hint("begin the work with 'git migrate fleet run'")
    }
  }
}
