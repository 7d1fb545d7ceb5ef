/// What must be done in the world because an event was accepted: plain data. The interpreter performs effects
/// after the entry is durable and decides nothing; what an effect brings about comes back as an event.
public enum Effect: Equatable, Sendable, Codable {
  /// Create the integration branch at this commit unless it exists.
  case createBranch(migration: String, branch: String, commit: String)
  /// Make the worktree for this claim and, when the claimer runs the work itself, start it.
  case prepareWork(migration: String, Fence)
  /// Stop the worker of a claim that is no longer valid and keep what it has done on a ref.
  case stopWork(migration: String, Fence)
  /// Judge the submitted result.
  case runGate(migration: String, Fence)
  /// Build the merged commit of a candidate that passed, and declare the move.
  case intendMerge(migration: String, Fence)
  /// Move the integration branch, through the hooks, then say whether it moved.
  case moveBranch(migration: String, Fence, old: String, new: String)
  /// Move the integration branch to the refreshed base, through the hooks.
  case moveRefreshedBranch(migration: String, old: String, new: String)
  /// Give the result back: fast-forward the base branch, or leave the branch for a pull request.
  case handBack(migration: String, commit: String)
  /// Tell a person, once.
  case notify(migration: String, Notice)
}

/// What a person is told.
public enum Notice: Equatable, Sendable, Codable {
  /// A step needs a person; its dependents are held.
  case stepBlocked(step: String, reason: String)
  /// The migration stopped by itself.
  case paused(reason: String)
  /// Every step is merged, skipped or cancelled.
  case allStepsDone
  /// The base has moved and cannot be taken in.
  case baseHeld(reason: String)
}
