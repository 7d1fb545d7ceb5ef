/// SplitMix64: the same seed gives the same numbers on every machine.
struct SplitMix64 {
  private var state: UInt64

  init(seed: UInt64) { state = seed }

  mutating func next() -> UInt64 {
    state &+= 0x9E37_79B9_7F4A_7C15
    return mixed(state)
  }

  /// A number below `bound`.
  mutating func below(_ bound: Int) -> Int {
    Int(truncatingIfNeeded: next().multipliedFullWidth(by: UInt64(max(1, bound))).high)
  }

  /// A number in the range.
  mutating func `in`(_ range: ClosedRange<Int>) -> Int { range.lowerBound + below(range.count) }

  /// True in `rate` of a thousand cases.
  mutating func happens(_ rate: Int) -> Bool { rate > 0 && below(1000) < rate }
}

/// The finalizer of SplitMix64: a hash of one number.
func mixed(_ number: UInt64) -> UInt64 {
  var mixed = number
  mixed = (mixed ^ (mixed >> 30)) &* 0xBF58_476D_1CE4_E5B9
  mixed = (mixed ^ (mixed >> 27)) &* 0x94D0_49BB_1331_11EB
  return mixed ^ (mixed >> 31)
}
