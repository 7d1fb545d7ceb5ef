/// Which candidates of a train are judged, one after the other, until it is known which of its members pass
/// together, which one does not, and why.
///
/// Members are named by their position in the queue, 0 for the first. A *candidate* is the branch's tip with
/// some members on it, in queue order. Nothing is kept between two questions: what comes next follows from
/// the verdicts that are known, so that a search that was cut off goes on where it was, as far as verdicts
/// were remembered.
///
/// Searched are prefixes of the queue and not halves: the longest prefix that passes is the very tree that
/// lands, so that finding the culprit and landing those before it cost the same runs; and what a culprit does
/// not go together with is always before it.
public struct TrainSearch: Equatable, Sendable {
  /// How many members the train has; at least 1.
  public let count: Int

  /// Makes the search of a train of that many members.
  public init(count: Int) { self.count = max(1, count) }

  /// A candidate: the members that are on it.
  public struct Candidate: Hashable, Sendable {
    /// So many from the front of the queue.
    public var prefix: Int
    /// One more that is behind those, or `nil`.
    public var more: Int?

    /// Makes a candidate of the first `prefix` members and one more.
    public init(prefix: Int, more: Int? = nil) {
      self.prefix = prefix
      // The next one in the queue makes a longer prefix: one candidate has one name.
      self.more = more == prefix ? nil : more
      if more == prefix { self.prefix += 1 }
    }

    /// The members' positions, ascending.
    public var members: [Int] { Array(0..<prefix) + (more.map { [$0] } ?? []) }
  }

  /// What is known, or what has to be judged first to know it.
  public enum Answer<Value: Equatable & Sendable>: Equatable, Sendable {
    /// That candidate is to be judged next.
    case judge(Candidate)
    /// It is known.
    case known(Value)
  }

  /// Why a member cannot land behind those before it.
  public enum Blame: Equatable, Sendable {
    /// It fails on the tip alone.
    case itself
    /// It passes alone and fails together with that member, which is before it.
    case partner(Int)
  }

  /// How many members from the front land together: all, or those before the culprit. What passed is never
  /// judged again, and one that passes with more on it is not asked for alone.
  ///
  /// `passes` gives the verdict on a candidate; `nil` when there is none yet.
  public func landing(_ passes: (Candidate) -> Bool?) -> Answer<Int> {
    let all = Candidate(prefix: count)
    guard let isGreen = passes(all) else { return .judge(all) }
    guard !isGreen else { return .known(count) }
    return search(green: 0, red: count, passes) { Candidate(prefix: $0) }
  }

  /// Why the member at that position, the first one that did not land, fails.
  public func blame(_ culprit: Int, _ passes: (Candidate) -> Bool?) -> Answer<Blame> {
    let alone = Candidate(prefix: 0, more: culprit)
    guard let isGreen = passes(alone) else { return .judge(alone) }
    guard isGreen, culprit > 0 else { return .known(.itself) }
    let found = search(green: 0, red: culprit, passes) { Candidate(prefix: $0, more: culprit) }
    switch found {
    case .judge(let candidate): return .judge(candidate)
    case .known(let before): return .known(.partner(before))
    }
  }

  /// Halves the distance between a length that passes and one that fails; gives the longest that passes.
  private func search(
    green: Int, red: Int, _ passes: (Candidate) -> Bool?, _ candidate: (Int) -> Candidate
  ) -> Answer<Int> {
    var (green, red) = (green, red)
    while red - green > 1 {
      let middle = (green + red) / 2
      guard let isGreen = passes(candidate(middle)) else { return .judge(candidate(middle)) }
      if isGreen { green = middle } else { red = middle }
    }
    return .known(green)
  }
}
