import CanonicalJSON

/// What becomes of a migration's pull requests. Each arrow of the way to one is an entry, so that whoever
/// goes on after a crash knows what may have been done already, and looks first.
public enum PublicationChange: Equatable, Sendable {
  /// Somebody publishes from now on; of one that took the place of another that is dead, the evidence.
  case claimed(PublisherClaim, Evidence?)
  /// A person lets a unit be published.
  case approved(unit: String)
  /// The branch of a unit is about to be moved; the unit's steps.
  case intended(unit: String, steps: [String], BranchIntent)
  /// It was moved; with `people`, by others, whose it is from now on.
  case moved(unit: String, commit: ObjectID, people: Bool)
  /// It is where nobody of us has put it: a person's to look after.
  case lost(unit: String, reason: String)
  /// The pull request of a unit was opened, or found; with `isDraft`, as a draft of ours.
  case opened(unit: String, forge: String, number: Int, url: String?, isDraft: Bool = false)
  /// The forge says something new.
  case seen(unit: String, PublicationSight)
  /// A step was added that mends what is wrong with a unit.
  case fixAdded(unit: String, step: String, failures: [String])
  /// The unit is a part of the base.
  case merged(unit: String, commit: ObjectID)
  /// People do not want it.
  case closed(unit: String, reason: String)

  /// The version of the format from which on these are known.
  public static let version = 2

  /// The kinds, as the ledger writes them.
  public enum Kind: String, CaseIterable, Sendable {
    case claimed = "publisher.claimed"
    case approved = "publication.approved"
    case intended = "branch.intended"
    case moved = "branch.moved"
    case lost = "branch.lost"
    case opened = "publication.opened"
    case seen = "publication.seen"
    case fixAdded = "fix.added"
    case merged = "publication.merged"
    case closed = "publication.closed"
  }

  var kind: Kind {
    switch self {
    case .claimed: .claimed
    case .approved: .approved
    case .intended: .intended
    case .moved: .moved
    case .lost: .lost
    case .opened: .opened
    case .seen: .seen
    case .fixAdded: .fixAdded
    case .merged: .merged
    case .closed: .closed
    }
  }

  /// The unit that it is about; `nil` for a claim.
  var unit: String? {
    switch self {
    case .claimed: nil
    case .approved(let unit), .intended(let unit, _, _), .moved(let unit, _, _), .lost(let unit, _),
      .opened(let unit, _, _, _, _), .seen(let unit, _), .fixAdded(let unit, _, _),
      .merged(let unit, _), .closed(let unit, _):
      unit
    }
  }

  func write(to object: inout ObjectBuilder) {
    object.set("unit", unit)
    switch self {
    case .claimed(let claim, let evidence):
      claim.write(to: &object)
      if let evidence { object.set("evidence", evidence.json) }
    case .approved: break
    case .intended(_, let steps, let intent):
      object.set("steps", steps)
      intent.write(to: &object)
    case .moved(_, let commit, let people):
      object.set("commit", commit)
      object.set("people", people)
    case .lost(_, let reason), .closed(_, let reason): object.set("reason", reason)
    case .opened(_, let forge, let number, let url, let isDraft):
      object.set("forge", forge)
      object.set("number", number)
      object.set("url", url)
      object.set("draft", isDraft)
    case .seen(_, let sight): sight.write(to: &object)
    case .fixAdded(_, let step, let failures):
      object.set("step", step)
      object.set("failures", failures)
    case .merged(_, let commit): object.set("commit", commit)
    }
  }

  init(_ kind: Kind, from object: inout ObjectReader) throws(JSONFault) {
    if kind == .claimed {
      let claim = try PublisherClaim(from: &object)
      var evidence: Evidence?
      if let value = object.optional("evidence") { evidence = try Evidence(json: value) }
      self = .claimed(claim, evidence)
      return
    }
    let unit = try object.string("unit")
    switch kind {
    case .claimed, .approved: self = .approved(unit: unit)
    case .intended:
      self = .intended(
        unit: unit, steps: try object.strings("steps"), try BranchIntent(from: &object))
    case .moved:
      self = .moved(unit: unit, commit: try object.objectID("commit"), people: try object.flag("people"))
    case .lost: self = .lost(unit: unit, reason: try object.string("reason"))
    case .opened:
      self = .opened(
        unit: unit, forge: try object.string("forge"), number: try object.counter("number"),
        url: try object.optionalString("url"), isDraft: try object.flag("draft"))
    case .seen: self = .seen(unit: unit, try PublicationSight(from: &object))
    case .fixAdded:
      self = .fixAdded(
        unit: unit, step: try object.string("step"), failures: try object.strings("failures"))
    case .merged: self = .merged(unit: unit, commit: try object.objectID("commit"))
    case .closed: self = .closed(unit: unit, reason: try object.string("reason"))
    }
  }

  /// What is said of it to people, after the migration's name.
  func words(by author: String) -> String {
    switch self {
    case .claimed(let claim, _): "is published by \(claim.holder)"
    case .approved(let unit): "\(unit) approved for publication by \(author)"
    case .intended(let unit, _, let intent): "\(unit) is to be pushed at \(intent.new.short)"
    case .moved(let unit, let commit, let people):
      people ? "\(unit) was moved by people to \(commit.short)" : "\(unit) pushed at \(commit.short)"
    case .lost(let unit, let reason): "\(unit) is left to people: \(reason)"
    case .opened(let unit, _, let number, let url, let isDraft):
      "\(unit) offered as \(isDraft ? "the draft " : "")#\(number)" + (url.map { " (\($0))" } ?? "")
    case .seen(let unit, let sight): "\(unit) \(sight.words)"
    case .fixAdded(let unit, let step, let failures): "\(unit) gets \(step): \(failures.first ?? "")"
    case .merged(let unit, let commit): "\(unit) is in the base, at \(commit.short)"
    case .closed(let unit, let reason): "\(unit) was closed\(reason.isEmpty ? "" : ": \(reason)")"
    }
  }

  func mappingTexts(_ redact: (String) -> String) -> PublicationChange {
    switch self {
    case .lost(let unit, let reason): return .lost(unit: unit, reason: redact(reason))
    case .closed(let unit, let reason): return .closed(unit: unit, reason: redact(reason))
    case .seen(let unit, var sight):
      sight.failures = sight.failures.map(redact)
      return .seen(unit: unit, sight)
    case .fixAdded(let unit, let step, let failures):
      return .fixAdded(unit: unit, step: step, failures: failures.map(redact))
    case .opened(let unit, let forge, let number, let url, let isDraft):
      return .opened(unit: unit, forge: forge, number: number, url: url.map(redact), isDraft: isDraft)
    case .claimed, .approved, .intended, .moved, .merged: return self
    }
  }
}

extension PublicationSight {
  /// What a forge says, for people: `is open, checks red, changes wanted`.
  public var words: String {
    var words = ["is \(state)"]
    if let checks { words.append("checks \(checks.rawValue)") }
    switch review {
    case .approved: words.append("approved")
    case .changes: words.append("changes wanted")
    case .commented: words.append("commented")
    case nil: break
    }
    if conflicts { words.append("conflicts with its base") }
    return words.joined(separator: ", ")
  }
}

/// Something that is about a forge, whichever migration it showed in: of no migration.
public enum ForgeChange: Equatable, Sendable {
  /// Nobody asks it for anything before then.
  case rests(forge: String, until: Timestamp, reason: String)

  /// The version of the format from which on these are known.
  public static let version = 2

  /// The kinds, as the ledger writes them.
  public enum Kind: String, CaseIterable, Sendable { case rests = "forge.rests" }

  var kind: Kind { .rests }

  func write(to object: inout ObjectBuilder) {
    switch self {
    case .rests(let forge, let until, let reason):
      object.set("forge", forge)
      object.set("until", until)
      object.set("reason", reason)
    }
  }

  init(_ kind: Kind, from object: inout ObjectReader) throws(JSONFault) {
    self = .rests(
      forge: try object.string("forge"), until: try object.timestamp("until"),
      reason: try object.optionalString("reason") ?? "")
  }

  /// What is said of it to people.
  var words: String {
    switch self {
    case .rests(let forge, let until, let reason):
      "\(forge) rests until \(until.utc)" + (reason.isEmpty ? "" : ": \(reason)")
    }
  }

  func mappingTexts(_ redact: (String) -> String) -> ForgeChange {
    switch self {
    case .rests(let forge, let until, let reason):
      .rests(forge: forge, until: until, reason: redact(reason))
    }
  }
}

/// The forges that nobody asks for now, by their hosts.
public struct ForgeRests: Equatable, Sendable {
  /// Until when, by host.
  public private(set) var until: [String: Timestamp] = [:]

  /// The longest rest, in seconds.
  public static let longestSeconds = 86_400

  /// None rests.
  public init() {}

  /// Whether none is known.
  public var isEmpty: Bool { until.isEmpty }

  /// When a host may be asked again, if it may not be asked now.
  public func rest(of host: String, at now: Timestamp) -> Timestamp? {
    until[host].flatMap { $0 > now ? $0 : nil }
  }

  mutating func note(_ host: String, until time: Timestamp, at now: Timestamp) {
    until = until.filter { $0.value > now }
    until[host] = min(time, now.adding(seconds: Self.longestSeconds))
  }

  var json: JSON {
    .object(until.sorted { $0.key < $1.key }.map { JSON.Member($0.key, .integer($0.value.milliseconds)) })
  }

  init(json: JSON) throws(JSONFault) {
    guard case .object(let members) = json else { throw JSONFault("the rests of forges are no object") }
    for member in members {
      guard case .integer(let time) = member.value, time >= 0 else {
        throw JSONFault("the rest of a forge is no time")
      }
      until[member.key] = Timestamp(milliseconds: time)
    }
  }
}
