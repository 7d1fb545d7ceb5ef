/// What the rest of a migration is likely to take, by what a sample of its steps took.
public struct Estimate: Equatable, Sendable {
  /// A number in the middle, and what it lies between nine times out of ten.
  public struct Range: Equatable, Sendable {
    /// As likely too high as too low.
    public var median: Int
    /// Nine times out of ten it is not less.
    public var low: Int
    /// Nine times out of ten it is not more.
    public var high: Int
  }

  /// How many steps are left.
  public var left: Int
  /// How many steps it rests on.
  public var sample: Int
  /// Millionths of a US dollar; `nil` when nobody told of money.
  public var microdollars: Range?
  /// Milliseconds of work, as if one worker did all of it.
  public var milliseconds: Range

  /// How often the sample is drawn from again.
  private static let draws = 400

  /// Looks at the steps of the last sample; `nil` without one, or while none of them has told what it used.
  public init?(of migration: MigrationState) {
    guard let sample = migration.loop.sample else { return nil }
    let used = sample.steps.compactMap { id -> Amounts? in
      guard let step = migration.step(id), !step.used.isZero else { return nil }
      return step.used
    }
    guard !used.isEmpty else { return nil }
    let drawn = Set(sample.steps)
    let left = migration.steps.count { !$0.phase.isTerminal && !drawn.contains($0.id) }
    guard left > 0 else { return nil }
    self.left = left
    self.sample = used.count
    milliseconds = Self.range(used.map(\.milliseconds), times: left)
    microdollars =
      used.contains { $0.microdollars > 0 } ? Self.range(used.map(\.microdollars), times: left) : nil
  }

  /// Whether nobody has begun anything but the sample since it was drawn, so that a person can still decide.
  public static func isDue(_ migration: MigrationState) -> Bool {
    guard let sample = migration.loop.sample else { return false }
    let drawn = Set(sample.steps)
    return migration.steps.allSatisfy { drawn.contains($0.id) || $0.epoch == 0 || $0.phase.isTerminal }
  }

  /// Draws from the sample again and again, as if it were all there is, and looks at how far the sums lie
  /// apart. The same sample gives the same numbers.
  private static func range(_ amounts: [Int], times count: Int) -> Range {
    var state: UInt64 = 0x5851_F42D_4C95_7F2D
    var sums: [Int] = []
    for _ in 0..<draws {
      var sum = 0.0
      for _ in amounts {
        state = state &* 6_364_136_223_846_793_005 &+ 1_442_695_040_888_963_407
        sum += Double(amounts[Int((state >> 33) % UInt64(amounts.count))])
      }
      sums.append(Int(min(sum / Double(amounts.count) * Double(count), 9e15)))
    }
    sums.sort()
    return Range(median: sums[draws / 2], low: sums[draws / 20], high: sums[draws - 1 - draws / 20])
  }

  /// `297 steps left: about $98 ($71 to $130) and 9h10m (7h to 12h) with 4 workers`.
  public func words(workers: Int, span: (Int64) -> String) -> String {
    func time(_ value: Int) -> String { span(Int64(value / 1000 / max(1, workers))) }
    func money(_ value: Int) -> String { Money.text(value) }
    var text = "\(Count.of(left, "step")) left, by \(Count.of(sample, "step")) of the sample: about "
    if let money = microdollars {
      text += "\(Money.text(money.median)) (\(Money.text(money.low)) to \(Money.text(money.high))) and "
    }
    return text
      + "\(time(milliseconds.median)) (\(time(milliseconds.low)) to \(time(milliseconds.high))) with "
      + Count.of(workers, "worker")
  }
}
