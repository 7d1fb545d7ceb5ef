import CanonicalJSON

/// What one verifier told in a run that came to a verdict: what the next candidate is compared with.
public struct VerifierRun: Equatable, Sendable {
  /// The verifier's name in the plan.
  public var verifier: String
  /// The test runners that were recognised in what it printed, joined by `, `; `nil` when none was.
  public var runner: String?
  /// How many tests were executed, without skipped ones.
  public var executed: Int?
  /// How many were skipped, where a runner says so.
  public var skipped: Int?
  /// SHA-256 of the list of its tests by name, which lies in the ledger's tree as `tests/<digest>`.
  public var tests: String?
  /// SHA-256 of its log as it was kept.
  public var log: String?

  /// Makes the record of a run.
  public init(
    verifier: String, runner: String? = nil, executed: Int? = nil, skipped: Int? = nil, tests: String? = nil,
    log: String? = nil
  ) {
    self.verifier = verifier
    self.runner = runner
    self.executed = executed
    self.skipped = skipped
    self.tests = tests
    self.log = log
  }

  /// The run as the ledger writes it.
  public var json: JSON {
    var object = ObjectBuilder()
    // In the order of canonical JSON: an entry is compared with what is read back of it.
    object.set("executed", executed)
    object.set("log", log)
    object.set("name", verifier)
    object.set("runner", runner)
    object.set("skipped", skipped)
    object.set("tests", tests)
    return object.json
  }

  init(json: JSON) throws(JSONFault) {
    var reader = try ObjectReader(json, "a verifier's run")
    verifier = try reader.string("name")
    runner = try reader.optionalString("runner")
    executed = try reader.optionalInteger("executed")
    skipped = try reader.optionalInteger("skipped")
    tests = try reader.optionalString("tests")
    log = try reader.optionalString("log")
    for number in [executed, skipped] {
      if let number, !ObjectReader.counterRange.contains(number) {
        throw JSONFault("a verifier's run has a number that is out of range")
      }
    }
    for digest in [tests, log] {
      if let digest, digest.utf8.count != 64 || !digest.utf8.allSatisfy(isLowerHex) {
        throw JSONFault("a verifier's run has a digest that is none")
      }
    }
    try reader.end()
  }

  static func list(_ items: [JSON]) throws(JSONFault) -> [VerifierRun] {
    var runs: [VerifierRun] = []
    for item in items { runs.append(try VerifierRun(json: item)) }
    return runs
  }
}

/// What a verdict rests on, that its entry has from version 2 on.
public enum VerdictFacts {
  static let key = "runs"
  static let forms: [MemberForm] = [.may(key, .runs)]

  /// The member of an entry for these runs; none when there are none.
  public static func members(_ runs: [VerifierRun]) -> [JSON.Member] {
    runs.isEmpty ? [] : [JSON.Member(key, .array(runs.prefix(mostRuns).map(\.json)))]
  }

  /// More verifiers than this are not remembered: an entry has a length.
  private static let mostRuns = 64
}

extension Event {
  /// What the verifiers told that its verdict rests on; empty for entries that have no verdict, or were
  /// written before there was a place for it.
  public var runs: [VerifierRun] {
    guard let member = reserved.first(where: { $0.key == VerdictFacts.key }),
      case .array(let items) = member.value
    else { return [] }
    return (try? VerifierRun.list(items)) ?? []
  }
}

extension State {
  /// The digests of the lists of tests that verdicts still rest on: what lies in `tests/` of the ledger's
  /// tree.
  public var testLists: Set<String> {
    Set(migrations.flatMap(\.verdicts).flatMap(\.runs).compactMap(\.tests))
  }
}
