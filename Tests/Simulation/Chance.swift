import Draws

extension Chance {
  /// Begins with the number of a run: neighbours are to have nothing in common.
  package init(run: UInt64) {
    self.init(seed: run &* 0x9E37_79B9_7F4A_7C15 &+ 0xD1B5_4A32_D192_ED03)
    _ = next()
    _ = next()
  }

  /// Whether something happens that happens so often.
  package mutating func hits(_ rate: Rate) -> Bool { rate.isPossible && next() < rate.threshold }
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
