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
      guard let index = state.index(of: fence.step),
        case .submitted(let submission) = state.steps[index].phase
      else { continue }
      let planned = state.plan.steps[index]
      let candidate: Candidate
      let allowing = state.steps[index].allowing(planned)
      if planned.resolves == nil, try site.guardFailure(state.plan, allowing, submission) == nil,
        case .made(let made) = try site.candidate(of: submission, fence, state, on: place), !made.isNoChange,
        planned.run == nil || state.steps[index].failedTree?.tree != made.tree.objectID,
        try site.obstacle(toMoving: state.intoRef, from: tip, toTree: made.tree) == nil
      {
        candidate = made
      } else if members.isEmpty {
        return []
      } else {
        continue
      }
      members.append(
        QueuedResult(
          fence: fence, submission: submission, gate: state.steps[index].gates + 1, candidate: candidate))
      place.tip = candidate.commit
    }
    return members
  }
}
