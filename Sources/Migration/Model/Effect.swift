import CanonicalJSON

/// What must be done in the world because of an accepted event: plain data. The interpreter performs effects
/// after the entry is durable and decides nothing; what an effect brings about comes back as an event. What
/// is due because of the state, whoever brought it there, is no effect but a `Duty`.
public enum Effect: Equatable, Sendable {
  /// Create the integration branch at this commit unless it exists.
  case createBranch(migration: String, branch: String, commit: ObjectID)
  /// Move the integration branch, through the hooks, then say whether it moved.
  case moveBranch(migration: String, Fence, old: ObjectID, new: ObjectID)
  /// Move the integration branch to the refreshed base, through the hooks.
  case moveRefreshedBranch(migration: String, old: ObjectID, new: ObjectID)
  /// Tell a person, once.
  case notify(migration: String, Notice)
}

/// What a person is told.
public enum Notice: Equatable, Sendable {
  /// A step needs a person; its dependents are held.
  case stepBlocked(step: String, reason: String)
  /// Work waits for a person's word.
  case personWanted(step: String, reason: String)
  /// The migration stopped by itself.
  case paused(reason: String)
  /// Every step is merged, skipped or cancelled.
  case allStepsDone
  /// The base has moved and cannot be taken in.
  case baseHeld(reason: String)
}

extension Effect {
  /// The effect as `git migrate replay --json` shows it: one member, named after the effect.
  public var json: JSON {
    var object = ObjectBuilder()
    switch self {
    case .createBranch(let migration, let branch, let commit):
      object.set("migration", migration)
      object.set("branch", branch)
      object.set("commit", commit)
      return named("create_branch", object)
    case .moveBranch(let migration, let fence, let old, let new):
      object.set("migration", migration)
      object.set("step", fence.step)
      object.set("epoch", fence.epoch)
      object.set("old", old)
      object.set("new", new)
      return named("move_branch", object)
    case .moveRefreshedBranch(let migration, let old, let new):
      object.set("migration", migration)
      object.set("old", old)
      object.set("new", new)
      return named("move_refreshed_branch", object)
    case .notify(let migration, let notice):
      object.set("migration", migration)
      notice.write(to: &object)
      return named("notify", object)
    }
  }

  private func named(_ name: String, _ object: ObjectBuilder) -> JSON {
    .object([JSON.Member(name, object.json)])
  }
}

extension Notice {
  /// The notice as a person reads it, in one line.
  public var words: String {
    switch self {
    case .stepBlocked(let step, let reason): "\(step) is blocked: \(reason)"
    case .personWanted(let step, let reason): "\(step) waits for a person: \(reason)"
    case .paused(let reason): "the migration is paused: \(reason)"
    case .allStepsDone: "every step is done"
    case .baseHeld(let reason): reason
    }
  }

  func mappingTexts(_ redact: (String) -> String) -> Notice {
    switch self {
    case .stepBlocked(let step, let reason): .stepBlocked(step: step, reason: redact(reason))
    case .personWanted(let step, let reason): .personWanted(step: step, reason: redact(reason))
    case .paused(let reason): .paused(reason: redact(reason))
    case .allStepsDone: .allStepsDone
    case .baseHeld(let reason): .baseHeld(reason: redact(reason))
    }
  }

  func write(to object: inout ObjectBuilder) {
    switch self {
    case .stepBlocked(let step, let reason):
      object.set("notice", "step_blocked")
      object.set("step", step)
      object.set("reason", reason)
    case .personWanted(let step, let reason):
      object.set("notice", "person_wanted")
      object.set("step", step)
      object.set("reason", reason)
    case .paused(let reason):
      object.set("notice", "paused")
      object.set("reason", reason)
    case .allStepsDone: object.set("notice", "all_steps_done")
    case .baseHeld(let reason):
      object.set("notice", "base_held")
      object.set("reason", reason)
    }
  }
}
