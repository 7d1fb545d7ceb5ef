/// How far off a value may be: `places=2`, `abs=0.01`, `delta: 5`.
extension FactReader {
  private static let named: Set = ["abs", "rel", "delta", "accuracy", "abs_tol", "rel_tol", "atol", "rtol"]
  private static let digits: Set = ["places", "decimal", "precision"]

  /// The bound that an assertion names, with the tokens that say it.
  func tolerance(_ site: AssertionSite) -> (value: Double?, tokens: Range<Int>) {
    for index in site.range where code.isWord(index) {
      let name = code.text(index)
      let isDigits = FactReader.digits.contains(name)
      guard isDigits || FactReader.named.contains(name),
        code.isMark(index + 1, "=") || code.isMark(index + 1, ":")
      else { continue }
      let isNegative = code.isMark(index + 2, "-")
      let place = index + (isNegative ? 3 : 2)
      guard code.kind(place) == .number, let number = Double(code.text(place)) else { continue }
      let value = isDigits ? FactReader.bound(digits: isNegative ? -number : number) : number
      return (value, index..<(place + 1))
    }
    return (nil, 0..<0)
  }

  /// Whether an assertion that leaves room names a bound of at most a millionth.
  func hasTinyBound(_ site: AssertionSite) -> Bool {
    site.range.contains { place in
      guard code.kind(place) == .number, let value = Double(code.text(place)) else { return false }
      return value > 0 && value <= 1e-6
    }
  }

  /// What is left to an assertion that is off by no more than a sum of fractions.
  static func exact(_ looseness: Set<String>) -> Set<String> {
    looseness.filter { kind(ofLooseness: $0) != "a tolerance" }
  }

  /// `2` digits are `0.01`.
  private static func bound(digits: Double) -> Double {
    let factor = digits < 0 ? 10.0 : 0.1
    return (0..<Int(min(abs(digits), 300))).reduce(1) { bound, _ in bound * factor }
  }

  /// Whether it holds whatever the code does.
  func saysNothingAtAll(_ site: AssertionSite) -> Bool {
    isUnasked(site) || isTautology(site) || isUncalledMock(site) || isOfItself(site)
  }

  /// `if got.port == "" { t.Error() }`: all that is asked is that there is something.
  func asksForAnything(_ site: AssertionSite) -> Bool {
    guard site.isReversed else { return false }
    let start = site.range.last { code.isMark($0, ";") }.map { $0 + 1 } ?? site.range.lowerBound
    let asked = start..<site.range.upperBound
    let comparisons = asked.filter { place in
      ["==", "!=", "<", ">", "<=", ">=", "||", "&&"].contains { code.isMark(place, $0) }
    }
    guard comparisons.count == 1, let only = comparisons.first, code.isMark(only, "==") else { return false }
    let token = code.tokens[min(only + 1, code.tokens.count - 1)]
    return token.kind == .string && token.text.isEmpty || token.kind == .number && token.text == "0"
  }
}
