/// By what numbers in usual units differ: of tens, of time and of memory.
enum Units {
  static let factors: [Double] = [10, 100, 1000, 60, 3600, 1024]

  /// Whether one number is the other in another unit.
  static func areOne(_ one: Double, _ other: Double) -> Bool {
    let (least, most) = (min(one, other), max(one, other))
    return factors.contains { abs(least * $0 - most) < abs(most) * 1e-9 }
  }
}
