/// What a machine has and a step may require: `gpu`, `os=linux`. Two that are written alike are the same; no
/// more is known of them.
public enum Requirement {
  /// How many a step may require, and a worker may have.
  public static let most = 32

  /// What is wrong with the text of one, to be said after it; `nil` when it is good: letters, digits and
  /// `._=+-`, beginning with a letter or a digit, at most 63 of them.
  public static func fault(_ text: String) -> String? {
    let bytes = text.utf8
    guard let first = bytes.first, isAlphanumeric(first) else {
      return "does not begin with a letter or a digit"
    }
    if bytes.count > 63 { return "is longer than 63 bytes" }
    let others = Set("._=+-".utf8)
    guard bytes.allSatisfy({ isAlphanumeric($0) || others.contains($0) }) else {
      return "holds something else than letters, digits and '._=+-'"
    }
    return nil
  }

  private static func isAlphanumeric(_ byte: UInt8) -> Bool {
    (0x30...0x39).contains(byte) || (0x41...0x5A).contains(byte) || (0x61...0x7A).contains(byte)
  }
}

extension PlannedStep {
  /// What it requires and a worker with these has not got, in the plan's order.
  public func lacks(_ has: Set<String>) -> [String] { requires.filter { !has.contains($0) } }
}
