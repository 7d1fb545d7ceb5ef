import Git
import Ledger
import Migration
import Site

/// A result that waits for its gate, as a member of a train: on those before it.
struct QueuedResult {
  /// The claim whose result it is.
  var fence: Fence
  /// What was handed in.
  var submission: Submission
  /// The number of its gate run.
  var gate: Int
  /// What the branch would become with it and those before it.
  var candidate: Candidate

  /// The results of a train: as many from the queue as may go together, each on those before it. Empty when
  /// something is against the first one; another one that cannot be judged with those before it waits.
  static func train(
    of queue: [Fence], _ state: MigrationState, on tip: OID, _ train: Int, in site: any Surroundings
  ) throws(CommandError) -> [QueuedResult] {
    var members: [QueuedResult] = []
    var place = Candidate.Place(tip: tip, train: train)
    for fence in queue where members.count < state.trainLimit.members {
      guard let member = try QueuedResult(fence, state, on: place, from: tip, in: site) else {
        if members.isEmpty, state.index(of: fence.step) != nil { return [] }
        continue
      }
      members.append(member)
      place.tip = member.candidate.commit
    }
    return members
  }

  /// The result of a claim on those before it, the branch being at `tip`; `nil` when something is against it,
  /// or against judging it together with others.
  init?(
    _ fence: Fence, _ state: MigrationState, on place: Candidate.Place, from tip: OID,
    in site: any Surroundings
  ) throws(CommandError) {
    guard let index = state.index(of: fence.step),
      case .submitted(let submission) = state.steps[index].phase
    else { return nil }
    let planned = state.plan.steps[index]
    let allowing = state.steps[index].allowing(planned)
    // Services judge many beginnings at once: what has to run here is asked alone.
    if state.plan.gate.isOnlyRemote, !planned.verifiers.isEmpty { return nil }
    guard planned.resolves == nil, try site.guardFailure(state.plan, allowing, submission) == nil,
      case .made(let made) = try site.candidate(of: submission, fence, state, on: place), !made.isNoChange,
      state.planned(index).run == nil || state.steps[index].failedTree?.tree != made.tree.objectID,
      try site.obstacle(toMoving: state.intoRef, from: tip, toTree: made.tree) == nil
    else { return nil }
    (self.fence, self.submission, candidate) = (fence, submission, made)
    gate = state.steps[index].gates + 1
  }
}

/// What becomes of the members of a train.
extension QueuedResult {
  /// The result as an entry names it.
  var member: TrainMember { TrainMember(fence: fence, gate: gate, tree: candidate.tree.objectID) }

  /// The move of the branch by which all of `members` land, of which this is the last.
  func target(
    after members: ArraySlice<QueuedResult>, train: Int, from tip: OID, owner: Owner, expiresAt: Timestamp
  ) -> MergeTarget {
    MergeTarget(
      gate: gate, old: tip.objectID, new: candidate.commit.objectID, tree: candidate.tree.objectID,
      owner: owner, expiresAt: expiresAt,
      train: TrainMerge(
        train: train,
        members: members.map {
          TrainMerge.Member(fence: $0.fence, commit: $0.candidate.commit.objectID)
        }))
  }

  /// The most bytes of a change that the next attempt is shown.
  private static let patchBytes = 5 << 10

  /// What the next attempt at a step is told that passes without this one: what fails, and what both did.
  func together(
    with culprit: QueuedResult, _ found: Migration.Failure, in site: any Surroundings
  ) throws(CommandError) -> Migration.Failure {
    let (own, other) = (culprit.fence.step, fence.step)
    var details = found.details.isEmpty ? [found.reason] : found.details
    details.append("'\(own)' passes without '\(other)', which is merged now: make the two go together")
    for member in [self, culprit] {
      let patch = try site.patch(of: member.submission, limit: QueuedResult.patchBytes)
      details.append("what '\(member.fence.step)' changed:\n\(patch)")
    }
    return Migration.Failure(
      kind: .conflict, reason: "does not go together with '\(other)': \(found.reason)", details: details)
  }
}

extension MigrationState {
  /// How a train that passed ended: its branch may still have refused to move.
  func settled(train: Int, first: Fence) -> GateEnding {
    guard let step = step(first.step) else { return .merged }
    if case .merged = step.phase { return .merged }
    let reason = step.lastFailure?.reason ?? "the merge is not settled yet"
    return .notNow(Refusal(.limited, "train \(train) passed but was not merged: \(reason)"))
  }

  /// What is let pass in a step, by the plan and by people.
  func allowed(in step: String) -> [String] {
    guard let index = index(of: step) else { return [] }
    return steps[index].allowing(plan.steps[index]).allow
  }
}
