/// Amounts of money in millionths of their currency: whole numbers, so that a sum is exact and depends on no
/// order.
public enum Money {
  /// Reads an amount as people write it: `150`, `2.50`, `150usd`, `$0.25`. At most six places behind the
  /// point; `nil` for anything else, and for what is too large to add up.
  public static func millionths(_ text: String) -> Int? {
    var rest = text.lowercased()[...]
    if rest.hasPrefix("$") {
      rest = rest.dropFirst()
    } else if rest.hasSuffix("usd") {
      rest = rest.dropLast(3)
      while rest.last == " " { rest.removeLast() }
    }
    let parts = rest.split(separator: ".", omittingEmptySubsequences: false)
    guard parts.count <= 2, let first = parts.first, isDigits(first), first.utf8.count <= 9 else {
      return nil
    }
    let fraction = parts.count == 2 ? parts[1] : "0"
    guard isDigits(fraction), fraction.utf8.count <= 6, let whole = Int(first),
      let small = Int(fraction + String(repeating: "0", count: 6 - fraction.utf8.count))
    else { return nil }
    return whole * 1_000_000 + small
  }

  private static func isDigits(_ text: Substring) -> Bool {
    !text.isEmpty && text.utf8.allSatisfy { (0x30...0x39).contains($0) }
  }

  /// `$1.25`, with two places, and with as many more as an amount below a cent needs to show a digit.
  public static func text(_ millionths: Int) -> String {
    let amount = max(0, millionths)
    let digits = String(String(amount % 1_000_000 + 1_000_000).dropFirst())
    guard amount > 0, amount < 10_000 else { return "$\(amount / 1_000_000).\(digits.prefix(2))" }
    let zeros = digits.prefix { $0 == "0" }.count
    return "$0.\(digits.prefix(min(6, zeros + 2)))"
  }
}
