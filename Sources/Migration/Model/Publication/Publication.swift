import CanonicalJSON

/// A unit of a migration that is offered to people: its branch, and its pull request once there is one.
public struct Publication: Equatable, Sendable {
  /// The unit's name.
  public var unit: String
  /// Its steps; empty when it is the whole branch.
  public var steps: [String] = []
  /// A move of its branch that was announced and whose end is not known.
  public var intent: BranchIntent?
  /// Where its branch is, as far as the ledger knows.
  public var head: ObjectID?
  /// Why its branch is a person's to look after, when it is: they moved it, or it is elsewhere.
  public var handedOver: String?
  /// The pull request, once it was opened or found.
  public var request: Request?
  /// What the forge said last.
  public var seen: PublicationSight?
  /// How it ended.
  public var end: End?
  /// How many steps were added to mend it.
  public var fixes = 0
  /// What the last of them was told, a digest a line.
  public var told: [String] = []
  /// Of the whole branch: whether work was merged here since it was offered last.
  public var isBehind = false

  /// A pull request.
  public struct Request: Equatable, Sendable {
    /// The forge it is at.
    public var forge: String
    /// Its number there.
    public var number: Int
    /// Where people look at it.
    public var url: String?
    /// When it was opened.
    public var at: Timestamp
    /// Whether we opened it as a draft, and it was nothing else since.
    public var isDraft = false

    /// Makes one.
    public init(forge: String, number: Int, url: String?, at: Timestamp) {
      (self.forge, self.number, self.url, self.at) = (forge, number, url, at)
    }
  }

  /// How a publication ends.
  public enum End: Equatable, Sendable {
    /// It is part of the base.
    case merged(ObjectID)
    /// A person does not want it.
    case closed(reason: String)
  }

  /// Makes one of which nothing is known yet.
  public init(unit: String) { self.unit = unit }

  /// The branch of a unit: never below the integration branch's own names.
  public static func branch(of unit: String, in migration: String) -> String {
    "migrate-pr/\(migration)/\(unit)"
  }

  /// The word for machine output.
  public var word: String {
    switch end {
    case .merged: "merged"
    case .closed: "closed"
    case nil:
      handedOver != nil ? "people" : request != nil ? "open" : head != nil ? "pushed" : "intended"
    }
  }
}

/// An announced move of a unit's branch.
public struct BranchIntent: Equatable, Sendable {
  /// Where the branch was; `nil` when there was none.
  public var old: ObjectID?
  /// Where it is to be.
  public var new: ObjectID
  /// Who moves it.
  public var holder: String
  /// The process that moves it.
  public var owner: Owner
  /// When the move counts as cut off.
  public var expiresAt: Timestamp

  /// Makes an intent.
  public init(old: ObjectID?, new: ObjectID, holder: String, owner: Owner, expiresAt: Timestamp) {
    (self.old, self.new, self.holder, self.owner, self.expiresAt) = (old, new, holder, owner, expiresAt)
  }

  /// The claim to publish that it is as well, where nobody has one.
  var claim: PublisherClaim { PublisherClaim(holder: holder, owner: owner, expiresAt: expiresAt) }
}

/// What a forge says of a pull request.
public struct PublicationSight: Equatable, Sendable {
  /// `open`, `draft`, `merged` or `closed`.
  public var state: String
  /// Where its branch is.
  public var head: ObjectID?
  /// What came of its checks.
  public var checks: Checks?
  /// What its reviewers say.
  public var review: Review?
  /// Whether it can be merged into its base as it is.
  public var conflicts = false
  /// What failed, a line each; at most `mostFailures`.
  public var failures: [String] = []

  /// How many failures are kept.
  public static let mostFailures = 20

  /// What came of checks.
  public enum Checks: String, CaseIterable, Sendable { case pending, green, red }
  /// What reviewers say.
  public enum Review: String, CaseIterable, Sendable { case approved, changes, commented }

  /// Makes a sight.
  public init(
    state: String, head: ObjectID? = nil, checks: Checks? = nil, review: Review? = nil,
    conflicts: Bool = false, failures: [String] = []
  ) {
    (self.state, self.head, self.checks, self.review) = (state, head, checks, review)
    (self.conflicts, self.failures) = (conflicts, failures)
  }

}

extension Publication {
  /// Whether what the forge says asks for a step that mends it. What reviewers say stays said until they look
  /// again: a step was told once.
  public var wantsFix: Bool {
    guard let seen else { return false }
    if seen.checks == .red { return true }
    guard seen.review == .changes else { return false }
    return seen.failures.isEmpty ? fixes == 0 : !Set(Self.digests(seen.failures)).isSubset(of: told)
  }

  /// Stands for lines that a step was told.
  static func digests(_ lines: [String]) -> [String] {
    lines.map { String(SHA256.hexDigest(of: Array($0.utf8)).prefix(16)) }
  }
}

/// What of a migration is offered to people.
public struct PublicationBook: Equatable, Sendable {
  /// Who publishes now.
  public var publisher: PublisherClaim?
  /// The units, in the order in which they were first spoken of.
  public var list: [Publication] = []
  /// The units that a person approved.
  public var approved: [String] = []

  /// How many units there may be.
  public static let most = 10_000

  /// Nothing is.
  public init() {}

  /// Whether there is nothing.
  public var isEmpty: Bool { self == PublicationBook() }

  /// A unit by its name.
  public subscript(unit: String) -> Publication? { list.first { $0.unit == unit } }

  /// The unit that a step is offered in.
  public func unit(of step: String) -> String? { list.first { $0.steps.contains(step) }?.unit }

  /// Notes that work was merged: the whole branch, where it is offered, has more than what is offered.
  mutating func noteWork() {
    guard let index = list.lastIndex(where: { $0.steps.isEmpty && ($0.head ?? $0.intent?.new) != nil }) else {
      return
    }
    list[index].isBehind = true
  }

  mutating func update(_ unit: String, _ body: (inout Publication) -> Void) {
    let index = list.firstIndex { $0.unit == unit } ?? list.endIndex
    if index == list.endIndex { list.append(Publication(unit: unit)) }
    body(&list[index])
  }
}

/// Who publishes a migration now: one at a time, so that no two open the same pull request.
public struct PublisherClaim: Equatable, Sendable {
  /// Who.
  public var holder: String
  /// The process.
  public var owner: Owner
  /// When it lapses.
  public var expiresAt: Timestamp

  /// Makes a claim.
  public init(holder: String, owner: Owner, expiresAt: Timestamp) {
    (self.holder, self.owner, self.expiresAt) = (holder, owner, expiresAt)
  }
}
