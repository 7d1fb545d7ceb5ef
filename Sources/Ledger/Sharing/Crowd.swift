import Migration

/// How many append to one ledger at once, as far as a clone has seen, and how long it rests because of them.
/// Pure, so that its growth is tested without waiting.
package struct Crowd: Equatable {
  /// For how long others count as there after they were met, in seconds.
  private static let memorySeconds = 10
  /// The least and the most that a rest may take, in milliseconds.
  private static let rests: ClosedRange<Int64> = 10...4000
  /// How many pushes may go by without a look at what waits there: whoever is never too late would never see
  /// that others always are.
  static let pushesWithoutLook = 8

  /// How many others make a crowd, in which a push of one's own is too late almost always. Fewer are done
  /// sooner when whoever was too late tries again at once.
  var many = 6
  /// How often one was too late, one time after the other, where there is a crowd: of two or four clones that
  /// always have something to say each is, one time in eight or two.
  var manyLosses = 3

  /// How many of sixteen appends in a crowd go straight to the server and take along what waits, instead of
  /// waiting there themselves.
  var aheadOfSixteen = 4

  private var until: Timestamp?
  /// How many others there seemed to be.
  private(set) var others = 0
  /// How long it takes from a fetch to the end of the push after it, in milliseconds.
  private(set) var turnMilliseconds: Int64 = 60

  /// Nobody was met yet.
  package init() {}

  /// Whether others were met a moment ago.
  func isThere(at now: Timestamp) -> Bool {
    // A clock that was put back must not keep the crowd for ever.
    guard let until else { return false }
    return now < until && until <= now.adding(seconds: Self.memorySeconds)
  }

  /// Whether so many were, or one was too late so often in a row, that it is worth leaving entries to others.
  func isLarge(at now: Timestamp, losses: Int) -> Bool {
    isThere(at: now) && (others >= many || losses >= manyLosses)
  }

  /// Takes note of so many others.
  mutating func meet(_ others: Int, at now: Timestamp) {
    guard others > 0 else { return }
    // It comes fast and goes slowly: who is taken along is not seen.
    self.others = isThere(at: now) ? max(others, (self.others + others) / 2) : others
    until = now.adding(seconds: Self.memorySeconds)
  }

  /// Takes note that there was nobody else.
  mutating func isAlone() { (until, others) = (nil, 0) }

  /// Takes note of how long a turn took.
  mutating func took(_ milliseconds: Int64) {
    turnMilliseconds = (3 * turnMilliseconds + max(1, min(milliseconds, 4000))) / 4
  }

  /// Whether the append whose first entry has this nonce, which is random, is one of those.
  func sendsAhead(_ nonce: String) -> Bool {
    nonce.prefix(1).allSatisfy { ($0.hexDigitValue ?? 16) < aheadOfSixteen }
  }

  /// How long to rest at most before the so-manieth try, in microseconds: so that a few of all that wait are
  /// at it at any time, beside those who go ahead, and longer after each loss.
  func longestRest(beforeTry number: Int) -> UInt64 {
    let calm = turnMilliseconds * Int64(others + 1) / 4
    let grown = (calm << Int64(min(number, 6))) >> Int64(min(number, 6) / 2)
    return UInt64(min(max(grown, Self.rests.lowerBound), Self.rests.upperBound)) * 1000
  }
}
