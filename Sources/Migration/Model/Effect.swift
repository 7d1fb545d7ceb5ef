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
