import Ledger
import Migration
import Plans
import Runner
import Site
import System

/// Follows a plan file while a run is at work: what is changed there, is good, and runs no other commands
/// becomes an amendment. What is not is told once, and the last good plan stays. What a worker is doing ends
/// under the plan that it began with.
final class PlanFollower {
  private let context: Context
  private let site: Site
  private let path: String
  private let migration: String
  private var stamp: FileStamp?
  private var lookedAt = FileStamp.Look()
  /// The digest of the bytes that were looked at last.
  private var digest = ""
  /// What was said last.
  private var told = ""
  /// A file whose commands the user has to approve.
  private var waits = false

  /// Follows a file for a migration. Throws when workers could write it.
  init(_ context: Context, _ path: String, of migration: String) throws(CommandError) {
    (self.context, self.path, self.migration) = (context, path, migration)
    site = try context.site()
    let real = Files.realPath(path) ?? path
    let root = try site.worktreeRoot()
    guard !real.hasPrefix((Files.realPath(root) ?? root) + "/") else {
      throw CommandError(
        "'\(path)' lies where workers can write", hint: "keep the plan outside of the worktrees of steps")
    }
    let name = try PlanInput(path: path).file.settings.migration
    guard name == migration else {
      throw CommandError("the plan '\(path)' is for '\(name)', not '\(migration)'")
    }
  }

  /// Looks at the file; says whether the ledger has changed.
  func look() throws(CommandError) -> Bool {
    let now = FileStamp.Look()
    let found = FileStamp(of: path)
    // A file that was changed just now may be changed again, and look the same.
    let isKnown = found == stamp && (found?.isSettled(at: lookedAt) ?? true)
    if isKnown, !waits { return false }
    (stamp, lookedAt) = (found, now)
    do throws(CommandError) {
      return try take()
    } catch {
      if error.isDamage || error.isOffline { throw error }
      tell(error)
      return false
    }
  }

  private func take() throws(CommandError) -> Bool {
    let bytes = try PlanInput.read(path)
    let newest = SHA256.hexDigest(of: bytes)
    if newest == digest, !waits { return false }
    let snapshot = try reporting { try site.ledger.read() }
    guard let state = snapshot.state.migration(named: migration), !state.phase.isTerminal else {
      return false
    }
    digest = newest
    waits = false
    if newest == state.planDigest { return false }
    let input = try PlanInput(path: path)
    guard input.file.settings.migration == migration else {
      throw CommandError("it is for '\(input.file.settings.migration)' now, not '\(migration)'")
    }
    if let command = try newCommand(of: input, state, snapshot) {
      waits = true
      throw CommandError(
        "it runs something else: \(command)", hint: "'git migrate trust --plan \(path)' approves it")
    }
    let plan = try input.expanded(
      in: context, at: state.tip.hex, runsCommands: true, for: state.plan.fleet)
    return try amend(input, plan, state)
  }

  /// A command that the file has, the plan in force has not, and the user has not approved.
  private func newCommand(
    of input: PlanInput, _ state: MigrationState, _ snapshot: LedgerSnapshot
  ) throws(CommandError) -> String? {
    let isApproved = try Trust(environment: site.environment).isApproved(digest: input.digest)
    if isApproved { return nil }
    let old = try reporting {
      try site.ledger.reader.planText(migration, number: state.planNumber, in: snapshot)
    }
    let known = old.flatMap { try? PlanFile.parse($0, path: path) }?.commandTexts ?? []
    return input.file.commandTexts.subtracting(known).sorted().first
  }

  private func amend(
    _ input: PlanInput, _ plan: Plan, _ state: MigrationState
  ) throws(CommandError) -> Bool {
    let outcome = try context.interpreter().append(by: site.actor) {
      [migration] (snapshot, _) throws(Refusal) in
      guard let before = snapshot.state.migration(named: migration) else {
        throw Refusal.noMigration(migration)
      }
      guard before.planNumber == state.planNumber else {
        throw Refusal(.stale, "the plan of '\(migration)' was amended meanwhile")
      }
      let amendment = PlanAmendment(plan: plan, number: before.planNumber + 1, digest: input.digest)
      var proposal = Proposal(migration, .planAmended(amendment), planText: input.bytes)
      proposal.facts = [AmendmentFacts.member(.reload)]
      return (before, [proposal])
    }
    if let refusal = outcome.refusal {
      // Tried again at the next look: a refresh may be under way, or a dropped step.
      if [.stale, .limited, .held].contains(refusal.code) { (digest, stamp) = ("", nil) }
      throw CommandError(refusal)
    }
    guard case .recorded(let after, let before) = outcome,
      let now = after.state.migration(named: migration)
    else { return false }
    try site.approve(input.digest, migration, in: after.state)
    told = ""
    context.note(
      "\(path): plan \(now.planNumber): \(AmendmentSummary(from: before, to: now).text)")
    return true
  }

  /// Said once: until something else is to be said.
  private func tell(_ error: CommandError) {
    guard told != error.message else { return }
    told = error.message
    context.warn("'\(path)' is not followed, and the plan in force stays: \(error.message)", hint: error.hint)
  }
}
