/// Why an event is not accepted. Nothing changes, and nothing is written.
public struct Refusal: Error, Equatable, Sendable, CustomStringConvertible {
  /// What kind of no it is, for exit codes and tests.
  public var code: Code
  /// One line in git's grammar.
  public var message: String
  /// What to do next, or `nil`.
  public var hint: String?

  /// Makes a refusal.
  public init(_ code: Code, _ message: String, hint: String? = nil) {
    self.code = code
    self.message = message
    self.hint = hint
  }

  /// The message.
  public var description: String { message }

  /// The kinds of no.
  public enum Code: String, Sendable, CaseIterable {
    /// No such migration.
    case unknownMigration
    /// No such step.
    case unknownStep
    /// A migration of that name exists.
    case migrationExists
    /// The migration is paused.
    case paused
    /// The migration is finished or aborted.
    case ended
    /// The epoch, gate or renewal is not the current one.
    case stale
    /// Somebody else holds it.
    case held
    /// The step is not in a phase in which this can happen.
    case wrongPhase
    /// A person must look at the step first.
    case blocked
    /// A lock, a semaphore or another limit is taken, or a pause is not over.
    case limited
    /// The integration branch is not where the event says.
    case tipMoved
    /// The evidence does not hold.
    case unproven
    /// The event contradicts itself or the plan.
    case invalid
  }
}

extension Refusal {
  /// That there is no migration of that name.
  public static func noMigration(_ name: String) -> Refusal {
    Refusal(.unknownMigration, "no migration '\(name)'", hint: "'git migrate status' lists them")
  }

  /// That a migration has no step of that name.
  public static func noStep(_ id: String, in migration: String) -> Refusal {
    Refusal(
      .unknownStep, "no step '\(id)' in the migration '\(migration)'",
      hint: "'git migrate status' lists the steps")
  }
}
