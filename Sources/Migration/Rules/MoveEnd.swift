/// What the process that was to move the integration branch says afterwards. Pure, so that the program and
/// the simulator say the same.
extension MigrationState {
  /// The event that ends an intended merge, or `nil` when that intent is not in force any more.
  ///
  /// A process that slept through its hold may wake beside the next intent for the same claim, written under
  /// the same name: that one is not its to give up, since its branch may have moved already (I-23).
  public func end(
    ofMerge fence: Fence, to new: ObjectID, by owner: Owner, didMove: Bool, reason: String
  ) -> Change? {
    guard isIntended(mergeOf: fence, to: new, by: owner) else { return nil }
    return didMove
      ? .stepMerged(fence, commit: new, train: trainMerge(of: fence))
      : .mergeAbandoned(fence, evidence: .holder, reason: reason)
  }

  /// The steps that the intended merge of a claim brings, when a train passed.
  public func trainMerge(of fence: Fence) -> TrainMerge? {
    guard case .merging(_, _, let target)? = step(fence.step)?.phase else { return nil }
    return target.train
  }

  /// Whether the merge of a claim to this commit, intended by this process, is in force.
  public func isIntended(mergeOf fence: Fence, to new: ObjectID, by owner: Owner) -> Bool {
    guard let step = step(fence.step), step.epoch == fence.epoch,
      case .merging(_, _, let target) = step.phase
    else { return false }
    return target.new == new && target.owner == owner
  }

  /// Whether a refresh to this commit, intended by this process, is in force.
  public func isIntended(refreshTo new: ObjectID, by owner: Owner) -> Bool {
    refresh?.new == new && refresh?.owner == owner
  }

  /// The event that ends an intended refresh, or `nil` when that intent is not in force any more.
  public func end(ofRefreshTo new: ObjectID, by owner: Owner, didMove: Bool, reason: String) -> Change? {
    guard isIntended(refreshTo: new, by: owner) else { return nil }
    return didMove ? .refreshMerged(commit: new) : .refreshAbandoned(evidence: .holder, reason: reason)
  }
}
