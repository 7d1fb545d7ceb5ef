import Migration

/// Tells when a hold of ours is to be renewed: once half of it is over, by what the ledger says and, as the
/// ledger's clock may be ahead of ours, by the time that has passed here.
struct HoldWatch {
  private var renewedAt: Timestamp?

  /// Whether the ledger was seen to have the hold.
  var hasSeen: Bool { renewedAt != nil }

  /// Whether it is to be renewed now; then it counts as done. `seconds` is the length of a hold.
  mutating func isDue(at now: Timestamp, seconds: Int, until expiresAt: Timestamp) -> Bool {
    let since = renewedAt ?? now
    renewedAt = since
    let isHalfOver = now < since || now >= since.adding(seconds: seconds / 2)
    guard isHalfOver || now.adding(seconds: seconds / 2) >= expiresAt else { return false }
    renewedAt = now
    return true
  }
}
