import Migration

/// Remembers when a hold of ours was renewed, so that it is renewed once half of it is over.
struct HoldWatch {
  private var renewedAt: Timestamp?

  /// Whether the ledger was seen to have the hold.
  var hasSeen: Bool { renewedAt != nil }

  /// Whether it is to be renewed now; then it counts as done. `seconds` is the length of a hold.
  mutating func isDue(at now: Timestamp, seconds: Int, until expiresAt: Timestamp) -> Bool {
    let since = renewedAt ?? now
    renewedAt = since
    guard expiresAt.isToBeRenewed(at: now, renewed: since, seconds: seconds) else { return false }
    renewedAt = now
    return true
  }
}
