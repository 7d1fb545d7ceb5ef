extension Timestamp {
  /// Until when a hold that ends then lasts once it is renewed for `seconds`, the ledger's clock being `at`:
  /// later than before, whatever the clocks say.
  public func renewed(at: Timestamp, seconds: Int) -> Timestamp {
    max(at.adding(seconds: seconds), adding(seconds: max(1, seconds / 2)))
  }

  /// Whether a hold of `seconds` that ends then is to be renewed: once half of it is over, by what it says
  /// and, as the ledger's clock may be ahead of the holder's, by the time since it was `renewed`.
  public func isToBeRenewed(at now: Timestamp, renewed: Timestamp, seconds: Int) -> Bool {
    now < renewed || now >= renewed.adding(seconds: seconds / 2) || now.adding(seconds: seconds / 2) >= self
  }
}

extension Lease {
  /// Until when a renewal of `seconds` lets it last. The ledger's clock may stand still, ahead of the
  /// holder's: even then a lease that is renewed in time never runs out.
  public func renewed(at: Timestamp, seconds: Int) -> Timestamp {
    expiresAt.renewed(at: at, seconds: seconds)
  }
}
