import CanonicalJSON
import Git
import Ledger
import Migration
import Site

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
  /// Which plan that is: 1 for the first, one more for each amendment.
  public var planNumber: Int
  /// The number of the attempt: 1 for the first.
  public var attempt: Int
  /// What went wrong in the last attempt.
  public var failures: [String]
  /// What the attempt may use at most.
  public var limits: Budget.Limits = [:]
  /// What others failed without.
  var lessons: [String] = []
  /// The conversation that it goes on with.
  var conversation: Conversation?
  /// The values of resources that it was handed.
  var resources: [String: String] = [:]
  /// The stage of the step's workflow that it is for.
  public var stage: StageTask?
  /// The claim of the step's codemod that the agent goes on from.
  var handedOver: Int?
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
  let site: any Surroundings

  /// Makes a claimer for a site.
  public init(site: Site) { self.init(in: site) }

  /// Makes a claimer in any world.
  package init(in site: any Surroundings) { self.site = site }

  /// Claims the named step, or the one that is offered on the newest state: that of the claim order, unless
  /// `offer` has another rule.
  ///
  /// `seconds` is the length of the lease, the plan's when `nil`. With `usesSlot` the claim names a worktree
  /// slot, which is then to be made ready; with `byAgent` that the plan's agent will work; `has` is what its
  /// machine has. Exactly one of any number of callers gets a step (I-11).
  public func claim(
    _ migration: String, step: String?, holder: String, owner: Owner, seconds: Int?, usesSlot: Bool,
    byAgent: Bool = false, has: Set<String> = [],
    offer: ((MigrationState, Timestamp) -> MigrationState.Offer)? = nil
  ) throws(CommandError) -> ClaimAnswer {
    let offer =
      offer ?? { $0.nextOffer(at: $1, machine: owner.machine) { $0.lacks(has).isEmpty } }
    let outcome = try Interpreter(in: site).append(by: holder) {
      (snapshot, at) throws(Refusal) -> (value: ClaimAnswer, proposals: [Proposal]) in
      guard let state = snapshot.state.migration(named: migration) else {
        throw Refusal.noMigration(migration)
      }
      let id: String
      if let step {
        id = step
      } else {
        switch offer(state, at) {
        case .step(let next): id = next
        case .nothingNow(let reason, let until): return (.nothingNow(reason: reason, until: until), [])
        case .nothingLeft: return (.nothingLeft, [])
        }
      }
      var held = try self.held(
        id, of: state, holder: holder, owner: owner,
        until: at.adding(seconds: seconds ?? state.plan.leaseSeconds),
        slot: usesSlot ? freeSlot(in: snapshot.state, machine: owner.machine) : nil)
      held.lessons = snapshot.state.lessons.texts(for: held.step, failedFor: state.step(id)?.cause)
      var proposal = Proposal(migration, .stepClaimed(held.claim))
      if byAgent, let sandbox = site.sandboxFact(held.plan) {
        proposal.facts = [JSON.Member(ClaimFacts.sandbox, .string(sandbox))]
      }
      if let index = state.index(of: id), !held.step.uses.isEmpty {
        held.resources = state.values(for: index, machine: owner.machine)
        if !held.resources.isEmpty {
          proposal.facts.append(JSON.Member(ClaimFacts.resources, ResourceValues.json(held.resources)))
        }
      }
      if let stage = held.stage {
        proposal.facts.append(JSON.Member(ClaimFacts.stage, .string(stage.stage.name)))
      }
      if byAgent, let agent = held.plan.agent(of: held.step) {
        held.conversation = state.index(of: id).flatMap {
          state.conversation(toGoOn: $0, machine: owner.machine)
        }
        proposal.facts += agent.claimFacts + (held.conversation?.claimFacts ?? [])
      }
      if !has.isEmpty {
        proposal.facts.append(
          JSON.Member(ClaimFacts.has, .array(has.sorted().map { .string($0) })))
      }
      return (.won(held), [proposal])
    }
    switch outcome {
    case .recorded(_, let answer), .nothing(_, let answer): return answer
    case .refused(let refusal): return .refused(refusal)
    }
  }

  private func held(
    _ id: String, of state: MigrationState, holder: String, owner: Owner, until: Timestamp, slot: String?
  ) throws(Refusal) -> HeldStep {
    guard let index = state.index(of: id) else {
      throw Refusal.noStep(id, in: state.name)
    }
    let step = state.steps[index]
    var base = state.tip
    if let work = step.stages {
      base = work.base
    } else if state.peopleShareBranch, let tip = try? site.tip(of: state.intoRef) {
      base = tip.objectID
    }
    let claim = Claim(
      fence: Fence(step: id, epoch: step.epoch + 1), holder: holder, owner: owner, base: base,
      expiresAt: until, slot: slot)
    var held = HeldStep(
      migration: state.name, claim: claim, step: state.planned(index), plan: state.plan,
      planDigest: state.planDigest, planNumber: state.planNumber, attempt: step.attempt,
      failures: failures(of: step), limits: state.limits(of: index))
    (held.stage, held.handedOver) = (state.stageTask(at: index), step.handedOver)
    return held
  }

  /// The lowest numbered slot that nobody uses: no lease names it, and whoever had it last is done with it or
  /// dead.
  ///
  /// A slot whose holder lost its lease without a word stays out of use: the holder may still write there.
  func freeSlot(in state: State, machine: String) -> String {
    var taken = Set<String>()
    for migration in state.migrations {
      for step in migration.stepsInFlight {
        if case .leased(let lease) = step.phase, lease.owner.machine == machine, let slot = lease.slot {
          taken.insert(slot)
        }
      }
    }
    var number = 1
    while true {
      let slot = "slot-\(number)"
      if !taken.contains(slot) && site.isFree(slot: slot) { return slot }
      number += 1
    }
  }

  /// What the next attempt is told about the last: its reason, then every detail.
  private func failures(of step: Step) -> [String] {
    guard let failure = step.lastFailure else { return [] }
    return failure.details.isEmpty ? [failure.reason] : [failure.reason] + failure.details
  }

  /// Gives a claim back on which nobody will work, and its slot with it.
  public func giveBack(_ held: HeldStep, reason: String) throws(CommandError) {
    let change = Migration.Change.stepReleased(held.claim.fence, forced: false, reason: reason)
    _ = try Interpreter(in: site).append([Proposal(held.migration, change)], by: held.claim.holder)
    if let slot = held.claim.slot {
      try site.close(slot: slot, migration: held.migration, fence: held.claim.fence)
    }
  }

  /// Begins to work on a claim. When that fails the step goes back with the reason, counted as an
  /// infrastructure retry unless it is the machine's affair, and the error is thrown.
  func orGiveBack<Value>(
    _ held: HeldStep, _ begin: () throws(CommandError) -> Value
  ) throws(CommandError) -> Value {
    do throws(CommandError) {
      return try begin()
    } catch {
      let fence = held.claim.fence
      let change: Migration.Change
      if error.waitsForUser {
        change = .stepReleased(fence, forced: false, reason: AttemptEnd.waitsForUser)
      } else if error.isDamage || error.isSlotGivenUp {
        change = .stepReleased(fence, forced: false, reason: error.message)
      } else {
        change = .attemptFailed(fence, Migration.Failure(kind: .setup, reason: error.message))
      }
      _ = try? Interpreter(in: site).append([Proposal(held.migration, change)], by: held.claim.holder)
      if let slot = held.claim.slot {
        try? site.close(slot: slot, migration: held.migration, fence: held.claim.fence)
      }
      throw error
    }
  }
}
