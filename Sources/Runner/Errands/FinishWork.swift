import Git
import Ledger
import Migration
import Site

/// Judges the result as a whole and ends the migration with it, for `git migrate finish`. Waits for a merge
/// that is under way, and judges again when the branch or its gate has moved meanwhile.
package final class FinishWork: ErrandWork {
  /// What became of it.
  package enum Outcome: Equatable, Sendable {
    /// The migration is finished with this result, by this command or before it.
    case finished(ObjectID)
    /// The result did not pass; the migration stays open.
    case rejected(Migration.Failure, first: ResultTask.Culprit?)
    /// It did not pass, and passed when it was judged again; the migration stays open.
    case undecided(Migration.Failure)
  }

  /// How often the branch may move while its result is judged.
  private static let mostTries = 5

  private let site: any Surroundings
  private let migration: String
  private let isPartial: Bool
  private let leavesBase: Bool
  private let report: (String) -> Void
  private let note: (String) -> Void
  private var task: (job: ResultTask, result: GoodResult)?
  private var tries = 0
  private var isStopping = false
  package private(set) var goodResult: GoodResult?

  /// Makes it for a migration. With `isPartial` its open steps are cancelled; with `leavesBase` the base is
  /// not to be led forward, so that it does not matter where it is. `report` gets lines for people, `note`
  /// what is under way.
  package init(
    in site: any Surroundings, _ migration: String, isPartial: Bool, leavesBase: Bool,
    report: @escaping (String) -> Void, note: @escaping (String) -> Void
  ) {
    self.site = site
    self.migration = migration
    self.isPartial = isPartial
    self.leavesBase = leavesBase
    self.report = report
    self.note = note
  }

  package var wish: Wish { .finish(partial: isPartial) }
  package let sweeps = true
  package let looksAtBranch = true
  package let waitsFor: String? = nil
  package let watch: HoldWatch? = nil
  package var isBusy: Bool { task != nil }
  package var descriptor: Int32 { task?.job.descriptor ?? -1 }

  package func stop() {
    isStopping = true
    task?.job.stop()
  }

  package func loseHold() { stop() }

  package var interrupted: CommandError {
    CommandError(
      "interrupted; '\(migration)' stays open", hint: "go on with 'git migrate finish'",
      exitCode: .interrupted)
  }

  package func begin(
    _ duty: Duty, _ state: MigrationState
  ) throws(CommandError) -> ErrandRound<Outcome> {
    if !state.phase.isTerminal {
      guard try site.tip(of: state.intoRef) != nil else { throw site.isGone(state) }
      if let reason = try site.obstacle(astray: state) { throw CommandError(reason, exitCode: .no) }
    }
    if case .judgeResult(let commit) = duty { return try judge(commit.oid, state) }
    if case .finish(let result) = duty { return try record(result, state) }
    guard case .finished(let result) = state.phase else { throw CommandError(state.ended) }
    return .ended(.finished(result))
  }

  package func advance() throws(CommandError) -> ErrandRound<Outcome> {
    guard let (job, result) = task, let ending = try job.advance() else { return .nothing }
    task = nil
    if isStopping { throw interrupted }
    switch ending {
    case .passed:
      goodResult = result
      return .more
    case .failed(let failure, let first): return .ended(.rejected(failure, first: first))
    case .undecided(let failure): return .ended(.undecided(failure))
    case .unknown(let failure):
      throw CommandError(
        "the result could not be verified: \(failure.reason)",
        hint: "mend that, then run 'git migrate finish' again", exitCode: .couldNotVerify)
    }
  }

  private func judge(_ tip: OID, _ state: MigrationState) throws(CommandError) -> ErrandRound<Outcome> {
    guard tries < Self.mostTries else {
      throw CommandError(
        "'\(state.into)' moves on each time before its result is judged",
        hint: "hold the steps with 'git migrate pause', then finish again", exitCode: .no)
    }
    tries += 1
    // What keeps the base from moving is said before anything is judged or recorded.
    if !leavesBase, state.leadsBase { try site.requireForward(state, to: tip) }
    try site.requireTrust(state)
    let job = try ResultTask(in: site, state, tip: tip, report: note)
    task = (job, GoodResult(commit: tip.objectID, gate: state.gateDigest))
    return try advance()
  }

  private func record(
    _ result: ObjectID, _ state: MigrationState
  ) throws(CommandError) -> ErrandRound<Outcome> {
    // Looked at once more: the end cannot be taken back, and judging takes its time.
    if !leavesBase, state.leadsBase { try site.requireForward(state, to: result.oid) }
    let outcome = try Interpreter(in: site, report: report).append(by: site.actor) {
      [migration, isPartial, goodResult] (snapshot, _) throws(Refusal) in
      if let now = snapshot.state.migration(named: migration), !now.phase.isTerminal {
        // The gate may have been amended in another clone.
        if let goodResult, now.gateDigest != goodResult.gate {
          throw Refusal(.stale, "the gate of '\(migration)' was amended")
        }
        // What was open may have ended there: the rules let it end now, and nobody has judged the whole.
        if goodResult?.commit != result, now.openCount == 0 || isPartial {
          throw Refusal(.stale, "the result of '\(migration)' has not been judged yet")
        }
      }
      return ((), [Proposal(migration, .migrationFinished(result: result, partial: isPartial))])
    }
    switch outcome {
    case .recorded, .nothing: return .ended(.finished(result))
    case .refused(let refusal):
      switch refusal.code {
      // Somebody else was faster: the agenda says what is due then.
      case .ended: return .more
      case .tipMoved, .stale:
        goodResult = nil
        tries += 1
        if tries >= Self.mostTries { throw CommandError(refusal) }
        return .nothing
      case .limited: return .nothing
      case .unknownMigration, .unknownStep, .invalid, .migrationExists, .paused, .held, .wrongPhase,
        .blocked, .unproven:
        throw CommandError(refusal)
      }
    }
  }
}

extension MigrationState {
  /// Whether its end leads the base forward. What was done in a target of a fleet is pushed to a branch
  /// there: the base here is only a copy of the people's.
  package var leadsBase: Bool { plan.fleet == nil }
}

extension Surroundings {
  /// Fast-forwards the base branch to the result. Gives `nil` when that is done, or why it cannot be.
  package func handBack(_ state: MigrationState, result: ObjectID) throws(CommandError) -> String? {
    let ref = "refs/heads/" + state.base
    let result = result.oid
    guard let base = try tip(of: ref) else { return "there is no branch '\(state.base)' here" }
    if try !isAncestor(result, of: result) {
      // Another clone may have brought it about.
      try bring(state.intoRef)
      guard try isAncestor(result, of: result) else {
        return "the result \(result.hex.prefix(10)) is not here"
      }
    }
    if try isAncestor(result, of: base) { return nil }
    guard try isAncestor(base, of: result) else { return "'\(state.base)' has moved since" }
    switch try BranchMove(site: self).move(ref, from: base, to: result) {
    case .moved: return nil
    case .notMoved(let reason): return reason
    case .elsewhere: return "'\(state.base)' was moved by somebody else"
    }
  }
}
