/// Randomness of one seed: the same seed always draws the same.
package struct Chance {
  private var state: UInt64

  /// Begins with a seed.
  package init(seed: UInt64) {
    state = seed &* 0x9E37_79B9_7F4A_7C15 &+ 0xD1B5_4A32_D192_ED03
    _ = next()
    _ = next()
  }

  /// 64 random bits (splitmix64).
  package mutating func next() -> UInt64 {
    state &+= 0x9E37_79B9_7F4A_7C15
    var bits = state
    bits = (bits ^ (bits >> 30)) &* 0xBF58_476D_1CE4_E5B9
    bits = (bits ^ (bits >> 27)) &* 0x94D0_49BB_1331_11EB
    return bits ^ (bits >> 31)
  }

  /// A number of a range.
  package mutating func draw(_ range: ClosedRange<Int>) -> Int {
    let count = UInt64(range.upperBound - range.lowerBound) + 1
    return range.lowerBound + Int(next() % count)
  }

  /// Whether something happens that happens so often.
  package mutating func hits(_ rate: Rate) -> Bool { rate.isPossible && next() < rate.threshold }

  /// One of a list that is not empty.
  package mutating func pick<Element>(_ list: [Element]) -> Element { list[draw(0...list.count - 1)] }
}

/// How often something happens.
package struct Rate {
  fileprivate let threshold: UInt64
  fileprivate var isPossible: Bool { threshold > 0 }

  /// Never.
  package static let never = Rate(0)

  /// Between 0 and 1.
  package init(_ share: Double) {
    threshold = share >= 1 ? .max : UInt64(max(0, share) * 18_446_744_073_709_551_615.0)
  }
}
