import Migration

/// Submitted steps that others go before for a while: something was in the way of their gate.
struct RestingSteps {
  private var since: [Fence: Timestamp] = [:]

  /// Lets a step rest from `now` on.
  mutating func add(_ fence: Fence, at now: Timestamp) { since[fence] = now }

  /// Those that rest at `now`: five seconds, and so long that about one is looked at in a second. None rests
  /// from a time that is to come.
  mutating func fences(at now: Timestamp) -> Set<Fence> {
    let seconds = max(5, since.count)
    since = since.filter { now >= $0.value && now < $0.value.adding(seconds: seconds) }
    return Set(since.keys)
  }
}
