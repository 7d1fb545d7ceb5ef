/// A refused event that had waited for a connection.
public struct RefusedEvent: Equatable, Sendable {
  /// The event as a sentence.
  public var sentence: String
  /// Why it was refused.
  public var reason: String
}

/// What `synchronize` did.
public struct SyncReport: Equatable, Sendable {
  /// How many entries of others came.
  public var received = 0
  /// How many entries of ours went.
  public var sent = 0
  /// What was refused after it had waited.
  public var refused: [RefusedEvent] = []
  /// The ref that keeps the refused entries, or `nil`.
  public var keptOn: String?

  /// Nothing so far.
  package init() {}
}
