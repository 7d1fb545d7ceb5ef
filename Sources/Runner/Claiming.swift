import Git
import Ledger
import Migration
import Processes

/// A claim that was won, with everything a worker needs to know.
public struct HeldStep: Sendable {
  /// The migration's name.
  public var migration: String
  /// The claim.
  public var claim: Claim
  /// The step as planned.
  public var step: PlannedStep
  /// The plan in force when the claim was won.
  public var plan: Plan
  /// SHA-256 of the plan file.
  public var planDigest: String
  /// The number of the attempt: 1 for the first.
  public var attempt: Int
  /// What went wrong in the last attempt.
  public var failures: [String]
}

/// What a worker that asks for a step is told.
public enum ClaimAnswer: Sendable {
  /// It holds the step now.
  case won(HeldStep)
  /// Nothing can be claimed now.
  case nothingNow(reason: String, until: Timestamp?)
  /// Nothing is left to claim.
  case nothingLeft
  /// The named step cannot be claimed.
  case refused(Refusal)
}

/// Claims steps.
public struct Claiming {
  let site: Site

  /// Makes a claimer for a site.
  public init(site: Site) { self.site = site }

  /// Claims the named step, or the one the claim order says is next.
  ///
  /// `seconds` is the length of the lease, the plan's when `nil`. With `usesSlot` the claim names a worktree
  /// slot, which `prepare` then makes ready. Exactly one of any number of callers gets a step (I-11).
  public func claim(
    _ migration: String, step: String?, holder: String, owner: Owner, seconds: Int?, usesSlot: Bool,
    accepting accepts: (PlannedStep) -> Bool = { _ in true }
  ) throws(CommandError) -> ClaimAnswer {
    var answer: ClaimAnswer?
    var won: HeldStep?
    let slots = Slots(site: site)
    let outcome = try reporting {
      try site.ledger.append(by: holder) { (snapshot, at) throws(Refusal) in
        won = nil
        guard let state = snapshot.state.migration(named: migration) else {
          throw Refusal(.unknownMigration, "no migration '\(migration)'")
        }
        let id: String
        if let step {
          id = step
        } else {
          switch state.nextOffer(at: at, machine: owner.machine, accepting: accepts) {
          case .step(let next): id = next
          case .nothingNow(let reason, let until):
            answer = .nothingNow(reason: reason, until: until)
            return []
          case .nothingLeft:
            answer = .nothingLeft
            return []
          }
        }
        let held = try self.held(
          id, of: state, holder: holder, owner: owner,
          until: at.adding(seconds: seconds ?? state.plan.leaseSeconds),
          slot: usesSlot ? slots.choose(in: snapshot.state) : nil)
        won = held
        return [Proposal(migration, .stepClaimed(held.claim))]
      }
    }
    switch outcome {
    case .won:
      guard let won else { return .nothingLeft }
      return .won(won)
    case .refused(let refusal): return .refused(refusal)
    case .nothing: return answer ?? .nothingLeft
    }
  }

  private func held(
    _ id: String, of state: MigrationState, holder: String, owner: Owner, until: Timestamp, slot: String?
  ) throws(Refusal) -> HeldStep {
    guard let index = state.index(of: id) else {
      throw Refusal(
        .unknownStep, "no step '\(id)' in the migration '\(state.name)'",
        hint: "'git migrate status' lists the steps")
    }
    let step = state.steps[index]
    var base = state.tip
    if state.isShared, let tip = try? site.repository.resolve(state.intoRef) { base = tip.objectID }
    let claim = Claim(
      fence: Fence(step: id, epoch: step.epoch + 1), holder: holder, owner: owner, base: base,
      expiresAt: until, slot: slot)
    return HeldStep(
      migration: state.name, claim: claim, step: state.plan.steps[index], plan: state.plan,
      planDigest: state.planDigest, attempt: step.attempt, failures: failures(of: step))
  }

  /// What the next attempt is told about the last: its reason, then every detail.
  private func failures(of step: Step) -> [String] {
    guard let failure = step.lastFailure else { return [] }
    return failure.details.isEmpty ? [failure.reason] : [failure.reason] + failure.details
  }

  /// Makes the worktree, the prompt and the folders of a claim that names a slot. When that fails the step
  /// goes back with the reason, counted as an infrastructure retry, and the error is thrown.
  public func prepare(_ held: HeldStep) throws(CommandError) -> (path: String, place: WorkPlace) {
    guard let slot = held.claim.slot else { throw CommandError("the claim names no worktree slot") }
    do throws(CommandError) {
      let path = try Slots(site: site).prepare(
        slot, migration: held.migration, claim: held.claim, plan: held.plan)
      let place = place(of: held, path: path)
      try place.writePrompt(failures: held.failures)
      return (path, place)
    } catch {
      let failure = Migration.Failure(kind: .setup, reason: error.message)
      _ = try? site.ledger.append(
        [Proposal(held.migration, .attemptFailed(held.claim.fence, failure))], by: held.claim.holder)
      try? Slots(site: site).close(slot, migration: held.migration, fence: held.claim.fence)
      throw error
    }
  }

  /// Runs the plan's set-up command in a prepared slot and waits for it. When it fails the step goes back.
  public func runSetup(of held: HeldStep, in place: WorkPlace) throws(CommandError) {
    guard let setup = held.plan.worktree.setup, let slot = held.claim.slot else { return }
    let run = place.supervised(setup, log: "setup", input: nil, timeoutSeconds: 3600)
    let status = try reporting { try site.supervisors.start(run).wait() }.status
    guard !status.isSuccess else { return }
    let reason = "the set-up command \(WorkJob.words(status))"
    let failure = Migration.Failure(kind: .setup, reason: reason, details: place.tail("setup"))
    _ = try reporting {
      try site.ledger.append(
        [Proposal(held.migration, .attemptFailed(held.claim.fence, failure))], by: held.claim.holder)
    }
    try Slots(site: site).close(slot, migration: held.migration, fence: held.claim.fence)
    throw CommandError(
      "\(reason) in '\(held.step.id)'", hint: "read 'git migrate logs \(held.step.id)'",
      exitCode: .couldNotVerify)
  }

  /// The work place of a claim in a folder.
  public func place(of held: HeldStep, path: String) -> WorkPlace {
    WorkPlace(
      site: site, plan: held.plan, step: held.step, fence: held.claim.fence, migration: held.migration,
      base: held.claim.base, attempt: held.attempt, path: path)
  }
}
