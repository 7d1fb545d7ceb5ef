import Migration

/// What the runners in a verifier's output told about their tests: what a candidate is compared by with its
/// base.
public struct TestReport: Equatable, Sendable {
  /// The recognised runners, joined by `, `.
  public var runner: String
  /// The executed tests, without skipped ones; at least this many where a runner only tells its packages
  /// (`go test` without `-v`).
  public var executed: Int
  /// The skipped tests, or `nil` when no runner said.
  public var skipped: Int?
  /// The failed tests by the runners' own count, or `nil` when none said.
  public var failed: Int?
  /// The tests that ran and passed, by the names that their runners print; empty where a runner prints none.
  public var passed: [String]

  /// Makes a report from its parts.
  public init(runner: String, executed: Int, skipped: Int? = nil, failed: Int? = nil, passed: [String] = []) {
    self.runner = runner
    self.executed = executed
    self.skipped = skipped
    self.failed = failed
    self.passed = passed
  }

  /// A digest of the names of the passed tests in the order of their bytes, or `nil` without names: equal for
  /// runs that passed the same tests in any order.
  public var namesDigest: String? {
    if passed.isEmpty { return nil }
    let names = passed.map { Array($0.utf8) }.sorted { $0.lexicographicallyPrecedes($1) }
    return SHA256.hexDigest(of: Array(names.joined(separator: [0x0A])))
  }

  /// The tests that passed in `base` and did not pass here, by name; a parametrised test is kept when it ran
  /// with any parameters, and one that moved when its last name did. Empty when either has no names.
  public func missing(from base: TestReport) -> [String] {
    if passed.isEmpty || base.passed.isEmpty { return [] }
    let here = Set(passed)
    let bare = Set(passed.map(TestReport.bareName))
    return base.passed.filter { !here.contains($0) && !bare.contains(TestReport.bareName($0)) }
  }

  /// The last part of a test's name, without its parameters.
  static func bareName(_ name: String) -> String {
    let plain = name.prefix { $0 != "[" && $0 != "(" }
    for separator in ["::", " › ", " > ", "/", "."] {
      if let last = plain.split(separator: separator).last, last.count < plain.count, !last.isEmpty {
        return String(last[...].trimmed)
      }
    }
    return String(plain[...].trimmed)
  }
}
