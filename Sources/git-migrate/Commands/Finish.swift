import ArgumentParser
import Git
import Ledger
import Migration
import Runner
import Site

/// `git migrate finish`: ends a migration and hands its result back.
struct FinishCommand: Subcommand {
  static let configuration = CommandConfiguration(
    commandName: "finish", abstract: "End a migration and hand its result to the base branch.",
    discussion: """
      The result is judged once more, in a new worktree with nothing kept; when it fails, the first step \
      that does is named, and the migration stays open. Then the base is fast-forwarded to the integration \
      branch. When the base has moved, take it in with 'git migrate refresh' first, or leave the branch for \
      a pull request with '--no-merge'. Where the ledger is shared, '--push' leads the base there \
      forward, too. What keeps the base from moving is said first, and then nothing is recorded. \
      Exit codes: 0 done, 1 the result does not pass or the base was not moved, 125 it could not be verified.
      """)

  @Flag(help: "Take what is merged; cancel the other steps.")
  var partial = false

  @Flag(name: .customLong("no-merge"), help: "Leave the base alone; the branch is for a pull request.")
  var leavesBase = false

  @Flag(help: "Lead the base forward in the shared repository, too.")
  var push = false

  @OptionGroup var migration: MigrationOption
  @OptionGroup var json: JSONOption

  func validate() throws {
    if push && leavesBase { throw ValidationError("'--push' and '--no-merge' exclude each other") }
  }

  func run(_ context: Context) throws(CommandError) {
    let site = try context.site()
    if push && !site.hasRemote {
      throw CommandError(
        "the ledger is not shared, so there is no base elsewhere to move", hint: "use 'git push' afterwards",
        exitCode: .usage)
    }
    // Somebody may have ended it in another clone.
    if site.hasRemote { try catchUp(context) }
    let named = try site.migration(
      migration.migration, in: try context.snapshot(finding: migration.migration).state)
    if push, let fleet = named.plan.fleet {
      throw CommandError(
        "'\(named.name)' is a target of the fleet '\(fleet.fleet)', whose base is not here to be moved",
        hint: "'git migrate fleet run' pushes what is done to '\(fleet.branch)' there", exitCode: .usage)
    }
    try site.requireApprovedCommands()
    if !partial, named.plan.until != nil, !named.phase.isTerminal { try requireNoUses(named, context) }
    let work = FinishWork(
      in: site, named.name, isPartial: partial, leavesBase: leavesBase, report: { context.warn($0) },
      note: { context.note($0) })
    let errand = Errand(in: site, named.name, work, report: { context.warn($0) })
    switch try errand.run(context.interruption()) {
    case .finished(let result):
      // Both are harmless a second time, and end what a crash cut off.
      try Cleaning(context).removeSlots()
      let state = try reporting { try site.ledger.read() }.state
      try handBack(try site.migration(named.name, in: state), result, context)
    case .undecided(let failure):
      let rejected = RejectedResult(
        migration: named.name, failure: failure, culprit: nil, isUndecided: true)
      try tell(
        rejected,
        "the result on '\(named.into)' did not pass in a new worktree, and passed when it was judged again: "
          + failure.reason,
        hint:
          "no step is to blame: a verifier does not say the same of the same files; mend it, or run "
          + "'git migrate finish' again", context)
    case .rejected(let failure, let culprit):
      let rejected = RejectedResult(
        migration: named.name, failure: failure, culprit: culprit, isUndecided: false)
      try tell(
        rejected, "the result on '\(named.into)' does not pass in a new worktree: \(failure.reason)",
        hint:
          "'\(named.name)' stays open: add a step that repairs it with 'git migrate amend', then run and "
          + "finish again", context)
    }
  }

  /// Counts what is left on the branch before anything is judged: the rules refuse to end with any.
  private func requireNoUses(_ state: MigrationState, _ context: Context) throws(CommandError) {
    let site = try context.site()
    guard let tip = try site.tip(of: state.intoRef) else { return }
    let count = try UseCounting(site: site) { context.warn($0) }.count(state, at: tip) ?? 0
    guard count > 0 else { return }
    throw CommandError(
      "\(Count.of(count, "use")) left of what '\(state.name)' migrates away",
      hint: "'git migrate amend --expand' makes steps of what is new; '--partial' takes what is there",
      exitCode: .no)
  }

  private func tell(
    _ rejected: RejectedResult, _ warning: String, hint: String, _ context: Context
  ) throws(CommandError) {
    context.exitCode = .no
    if !json.isWanted { context.warn(warning) }
    try context.print(rejected, json)
    if !json.isWanted { context.hint(hint) }
  }

  /// Brings the newest entries here; what is known will do when the remote cannot be reached.
  private func catchUp(_ context: Context) throws(CommandError) {
    do throws(CommandError) { _ = try reporting { try context.site().ledger.synchronize() } } catch {
      guard error.isOffline else { throw error }
      context.warn(error.message)
    }
  }

  private func handBack(
    _ state: MigrationState, _ result: ObjectID, _ context: Context
  ) throws(CommandError) {
    let site = try context.site()
    let leavesBase = leavesBase || !state.leadsBase
    let problem = leavesBase ? nil : try site.handBack(state, result: result)
    if let problem {
      context.exitCode = .no
      context.warn(
        "'\(state.base)' was not moved: \(problem)",
        hint: "the result is on '\(state.into)'; run 'git migrate finish' again when that is mended")
    }
    let place = leavesBase || problem != nil ? state.into : state.base
    let isMoved = place == state.base
    let isPushed = isMoved && site.hasRemote ? try pushBase(state, result.oid, context) : false
    try context.print(
      FinishedMigration(migration: state.name, result: result, branch: place, isPushed: isPushed), json)
    guard let fleet = state.plan.fleet, !json.isWanted else { return }
    switch state.standingInFleet(isOpen: true) {
    case .done:
      context.hint(
        "'git migrate fleet run --fleet \(fleet.fleet)' pushes it to '\(fleet.branch)' of "
          + "'\(fleet.target.id)'")
    case .pushed, .open: context.hint("'git migrate fleet publish' sees to its pull request")
    case .waiting, .badBase, .ready, .working, .blocked, .paused, .merged, .rejected, .people, .unchanged,
      .skipped:
      break
    }
  }

  /// Moves the base in the remote, or says that it is still to be moved. Says whether it holds the result.
  private func pushBase(
    _ state: MigrationState, _ result: OID, _ context: Context
  ) throws(CommandError) -> Bool {
    let site = try context.site()
    func isNotMoved(_ remote: String, _ reason: String, hint: String) {
      if push { context.exitCode = .no }
      context.warn("'\(state.base)' in '\(remote)' was not moved: \(reason)", hint: hint)
    }
    let found: Site.SharedBase
    do throws(CommandError) { found = try site.sharedBase(state, result: result) } catch {
      isNotMoved(
        site.ledger.remote?.name ?? "", error.message,
        hint: "run 'git migrate finish --push' when it can be reached")
      return false
    }
    switch found {
    case .notShared: return false
    case .current: return true
    case .elsewhere(let remote):
      isNotMoved(
        remote, "it has commits that '\(state.base)' here does not have",
        hint: "bring the two together with 'git pull' and 'git push'")
      return false
    case .behind(let remote, let tip):
      guard push else {
        context.warn(
          "'\(state.base)' in '\(remote)' was not moved",
          hint: "run 'git push \(remote) \(state.base)', or 'git migrate finish --push'")
        return false
      }
      guard let reason = try site.pushBase(state, from: tip, to: result) else { return true }
      isNotMoved(remote, reason, hint: "mend that, then run 'git migrate finish --push' again")
      return false
    }
  }
}
