/// What the process that was to move the integration branch says afterwards. Pure, so that the program and
/// the simulator say the same.
extension MigrationState {
  /// The event that ends an intended merge, or `nil` when that intent is not in force any more.
  ///
  /// A process that slept through its hold may wake beside the next intent for the same claim, written under
  /// the same name: that one is not its to give up, since its branch may have moved already (I-23).
  public func end(ofMerge fence: Fence, to new: ObjectID, didMove: Bool, reason: String) -> Change? {
    if didMove { return .stepMerged(fence, commit: new) }
    guard let step = step(fence.step), step.epoch == fence.epoch,
      case .merging(_, _, let target) = step.phase, target.new == new
    else { return nil }
    return .mergeAbandoned(fence, evidence: .holder, reason: reason)
  }

  /// The event that ends an intended refresh, or `nil` when that intent is not in force any more.
  public func end(ofRefreshTo new: ObjectID, didMove: Bool, reason: String) -> Change? {
    if didMove { return .refreshMerged(commit: new) }
    return refresh?.new == new ? .refreshAbandoned(evidence: .holder, reason: reason) : nil
  }
}
