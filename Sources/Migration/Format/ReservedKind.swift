import CanonicalJSON

/// The kinds that version 2 of the format knows and no rule gives a meaning yet: they are read and written
/// strictly, shown as a sentence, and refused by the rules. What belongs to no migration has the migration
/// `*`; what is larger than an entry lies at a named place, and the entry holds its digest; one entry may
/// speak of many steps.
public enum ReservedKind: String, CaseIterable, Sendable {
  // Gate and harvest.
  case resultJudged = "result.judged"
  case verdictRecorded = "verdict.recorded"
  // What nothing stops.
  case ledgerRepaired = "ledger.repaired"
  case branchRestored = "branch.restored"
  // Trains.
  case gateWaits = "gate.waits"
  // Agents.
  case attemptMetered = "attempt.metered"
  case attemptContinued = "attempt.continued"
  // Fleets.
  case targetSurveyed = "target.surveyed"
  case cardLinked = "card.linked"

  /// The members beside those that every entry has.
  var forms: [MemberForm] {
    switch self {
    case .resultJudged: .fence + [.needs("tree", .object), .may("findings", .texts), .may("left", .texts)]
    case .verdictRecorded: .verdict
    case .ledgerRepaired: [.needs("commit", .object), .needs("reason", .text)]
    case .branchRestored: [.needs("branch", .text), .needs("commit", .object)]
    case .gateWaits: .train + [.needs("branch", .text), .needs("commit", .object)]
    case .attemptMetered: .fence + .meter
    case .attemptContinued: .fence + [.needs("session", .text), .needs("continues", .counter)]
    case .targetSurveyed: [.needs("target", .text), .needs("commit", .object), .may("has", .texts)]
    case .cardLinked: [.needs("card", .text)] + .steps
    }
  }
}

extension [MemberForm] {
  fileprivate static var fence: [MemberForm] { [.needs("step", .text), .needs("epoch", .counter)] }
  fileprivate static var steps: [MemberForm] { [.needs("steps", .texts)] }
  fileprivate static var train: [MemberForm] { [.needs("train", .counter)] }
  fileprivate static var verdict: [MemberForm] {
    [
      .needs("tree", .object), .needs("verifiers", .text), .needs("verdict", .text), .may("kept", .texts),
      .may("setup", .digest), .may("sandbox", .text), .may("toolchain", .digest), .may("runner", .text),
      .may("executed", .counter), .may("skipped", .counter), .may("tests", .digest), .may("mutated", .texts),
      .may("flaky", .texts), .may("cause", .text), .may("reason", .text),
    ]
  }
  /// What work used.
  static var meter: [MemberForm] {
    [
      .may("tokens_in", .amount), .may("tokens_out", .amount), .may("tokens_cached", .amount),
      .may("turns", .counter), .may("wall", .amount), .may("cost", .amount), .may("currency", .text),
      .may("model", .text),
    ]
  }
}

/// An event of a reserved kind.
public struct Reserved: Equatable, Sendable {
  /// Its kind.
  public var kind: ReservedKind
  /// Its members, in the order of the kind's forms.
  public var members: [JSON.Member]

  /// Makes one; the members have the forms of the kind.
  public init(_ kind: ReservedKind, _ members: [JSON.Member]) {
    (self.kind, self.members) = (kind, members)
  }

  /// What is said of it to people, after the name of the migration.
  var sentence: String {
    let words = kind.rawValue.replacing("_", with: " ").replacing(".", with: " ")
    let about = members.lazy.compactMap { member -> String? in
      if case .string(let text) = member.value,
        ["step", "agent", "name", "branch", "unit", "target", "lesson"]
          .contains(member.key)
      {
        text
      } else {
        nil
      }
    }.first
    return about.map { "\(words): \($0)" } ?? words
  }
}

extension Reserved {
  /// The same with each text mapped.
  func mappingTexts(_ map: (String) -> String) -> Reserved {
    Reserved(kind, members.map { JSON.Member($0.key, $0.value.mappingTexts(map)) })
  }
}

extension JSON {
  /// The same value with each text in it mapped; the names of members stay.
  package func mappingTexts(_ map: (String) -> String) -> JSON {
    switch self {
    case .string(let text): .string(map(text))
    case .array(let items): .array(items.map { $0.mappingTexts(map) })
    case .object(let members): .object(members.map { JSON.Member($0.key, $0.value.mappingTexts(map)) })
    case .null, .bool, .integer: self
    }
  }
}
