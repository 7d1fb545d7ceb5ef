/// Numbers of things as people say them.
public enum Count {
  /// `1 step`, `2 steps`, `0 steps`. `plural` is for nouns that do not take an `s`.
  public static func of(_ number: Int, _ noun: String, plural: String? = nil) -> String {
    "\(number) \(number == 1 ? noun : plural ?? noun + "s")"
  }
}
