/// A pause that nobody asked for: the migration stops itself.
public struct DuePause: Equatable, Sendable {
  /// Why, for people.
  public var reason: String
  /// What it comes from: one pause is told once for each.
  public var cause: String

  /// Makes one.
  public init(reason: String, cause: String) {
    self.reason = reason
    self.cause = cause
  }
}

extension MigrationState {
  /// Why the migration is to pause by itself, or `nil`. Where nothing could begin anyway it is left as it is.
  public var duePause: DuePause? {
    guard case .running = phase, let stop = line.stop(by: plan.stop), openCount > 0, !isStuck else {
      return nil
    }
    return DuePause(reason: stop.reason, cause: stop.cause)
  }
}
