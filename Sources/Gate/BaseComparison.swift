import Migration

/// What a verifier told in one run, with the names of its tests where they are known.
public struct ComparedRun: Equatable, Sendable {
  /// What the ledger says of it.
  public var run: VerifierRun
  /// Its tests by name, or `nil`.
  public var list: TestList?

  /// Makes a run that can be compared.
  public init(run: VerifierRun, list: TestList? = nil) {
    self.run = run
    self.list = list
  }
}

/// Tests whose text a change has touched, by what `TestComparison` makes of it.
public struct TouchedTests: Equatable, Sendable {
  /// The tests that are gone, but that new ones prove as much as; by `BaseComparison.key`, each with how many
  /// there were.
  public var replaced: [String: Int] = [:]
  /// The tests that are still there and prove what they did, whatever their parameters are now.
  public var kept: Set<String> = []

  /// No test at all.
  public init() {}
}

/// Compares what the runners told of a candidate with what they told of its base.
///
/// The same runner must speak, and each test that ran and passed on the base must run again: under its name,
/// in another place, or with parameters. The text of a change may only explain what it can: tests that new
/// ones stand in for, and parameters that became a loop.
public struct BaseComparison {
  private let touched: TouchedTests
  private var found: [GuardFinding] = []

  /// What a candidate's runs lack beside those of its base. Verifiers that did not run on both are not
  /// compared.
  public static func findings(
    base: [ComparedRun], candidate: [ComparedRun], touched: TouchedTests = TouchedTests()
  ) -> [GuardFinding] {
    var comparison = BaseComparison(touched: touched)
    for before in base {
      guard let after = candidate.first(where: { $0.run.verifier == before.run.verifier }) else { continue }
      comparison.compare(before, after)
    }
    return comparison.found
  }

  private init(touched: TouchedTests) { self.touched = touched }

  private mutating func add(_ kind: FindingKind, _ verifier: String, _ subject: String?, _ message: String) {
    found.append(
      GuardFinding(guardName: .tests, kind: kind, path: verifier, subject: subject, message: message))
  }

  private mutating func compare(_ before: ComparedRun, _ after: ComparedRun) {
    let verifier = before.run.verifier
    let runners = BaseComparison.names(before.run.runner)
    let gone = runners.subtracting(BaseComparison.names(after.run.runner))
    guard gone.isEmpty else {
      let names = gone.sorted().joined(separator: ", ")
      let now = after.run.runner.map { "only \($0)" } ?? "no test runner"
      return add(
        .otherRunner, verifier, names,
        "\(names) ran the tests on the base, and \(now) was recognised in what '\(verifier)' prints now")
    }
    let names = before.list?.passed ?? []
    let here = after.list?.passed ?? []
    if !names.isEmpty, here.isEmpty {
      return add(
        .missingTest, verifier, nil,
        "'\(verifier)' told \(names.count) tests by name on the base, and tells none now")
    }
    let count = found.count
    if !names.isEmpty { compareNames(names, here, verifier) }
    guard found.count == count, let old = before.run.executed, let new = after.run.executed, new < old,
      names.count < old
    else { return }
    let replaced = touched.replaced.values.reduce(0, +)
    if new > 0, old - new <= replaced { return }
    add(
      .fewerTests, verifier, nil, "'\(verifier)' ran \(old) tests on the base, and \(new) here")
  }

  private mutating func compareNames(_ old: [String], _ new: [String], _ verifier: String) {
    let before = Dictionary(grouping: old, by: BaseComparison.key)
    let after = Dictionary(grouping: new, by: BaseComparison.key)
    let isStandIn = after.contains { key, names in names.count > before[key]?.count ?? 0 }
    let rows = (Rows(old), Rows(new))
    var missing: [String] = []
    for (key, names) in before {
      let here = after[key] ?? []
      var needed = names.count
      // Rows may become a loop, and then all of them.
      let plain = Set(names.map(BaseComparison.plain)).count
      if touched.kept.contains(key), here.count == plain { needed = plain }
      if isStandIn { needed -= touched.replaced[key] ?? 0 }
      guard here.count < needed else { continue }
      var ran: [String: Int] = [:]
      for name in here { ran[name, default: 0] += 1 }
      let gone = names.filter { name in
        if let count = ran[name], count > 0 {
          ran[name] = count - 1
          return false
        }
        return !isRowOfKept(name, rows.0, rows.1, isStandIn)
      }
      missing += gone.prefix(needed - here.count)
    }
    missing.sort { $0.utf8.lexicographicallyPrecedes($1.utf8) }
    for name in missing {
      add(.missingTest, verifier, name, "test '\(name)' ran and passed on the base, and did not run here")
    }
  }

  /// The sub-tests of each test that has any.
  private struct Rows {
    var counts: [String: Int] = [:]
    var tests: Set<String> = []

    init(_ names: [String]) {
      for name in names {
        let top = BaseComparison.top(name)
        if top == name { tests.insert(name) } else { counts[top, default: 0] += 1 }
      }
    }
  }

  /// A row of a table test that is there and proves what it did: its rows may have other names, or be a loop.
  private func isRowOfKept(_ name: String, _ before: Rows, _ after: Rows, _ isStandIn: Bool) -> Bool {
    let top = BaseComparison.top(name)
    guard top != name else { return false }
    let key = BaseComparison.key(top)
    if isStandIn, touched.replaced[key] != nil { return true }
    guard touched.kept.contains(key), after.tests.contains(top) else { return false }
    let count = after.counts[top] ?? 0
    return count == 0 || count >= before.counts[top] ?? 0
  }

  private static func names(_ runner: String?) -> Set<String> {
    Set((runner ?? "").split(separator: ",").map { String($0.trimmed) })
  }

  /// The test that a sub-test of Go belongs to.
  private static func top(_ name: String) -> String {
    guard name.utf8.starts(with: "Test".utf8), let slash = name.utf8.firstIndex(of: UInt8(ascii: "/")) else {
      return name
    }
    return String(name[..<slash])
  }

  /// Without parameters.
  private static func plain(_ name: String) -> String { String(name.prefix { $0 != "[" && $0 != "(" }) }

  /// What a test keeps when it moves or gets parameters: its own name without case, signs and `test`.
  public static func key(_ name: String) -> String {
    let plain = TestCase.plain(TestReport.bareName(name))
    return plain.hasPrefix("test") && plain.utf8.count > 4 ? String(plain.dropFirst(4)) : plain
  }
}

extension [GuardFinding] {
  /// What the next attempt is told of a candidate that ran less than its base.
  public func asFailure(kind: Migration.Failure.Kind) -> Migration.Failure? {
    guard let first else { return nil }
    let more = count > 1 ? " (and \(count - 1) more)" : ""
    return Migration.Failure(
      kind: kind, reason: "\(first.path): \(first.message)\(more)",
      details: map { "\($0.message) [\($0.name)]" })
  }
}
