import Migration

/// What the mirror needs of the world: the ledger, and somebody to tell.
public protocol BoardWorld: AnyObject {
  /// The ledger as it is now.
  func state() throws(PublishError) -> State
  /// Records entries, all or none, each of its migration; gives why the newest state does not allow them.
  func record(_ changes: [(migration: String, change: Change)]) throws(PublishError) -> Refusal?
  /// The time of the ledger's next entry.
  func now() -> Timestamp
  /// The process, and who acts.
  var claim: (holder: String, owner: Owner) { get }
  /// Whether an owner is provably dead.
  func isDead(_ owner: Owner) -> Bool
  /// Says what happens, a line at a time, for people.
  func tell(_ line: String)
}

/// Mirrors the steps or the causes of a migration to a forge's issues, and takes back what people ask for
/// there. The ledger is the truth: a card is found again by what its text begins with, is written only where
/// it says something else, and asks for nothing that the ledger's rules do not allow. Twice is harmless.
public final class BoardMirror {
  private let world: any BoardWorld
  private let tracker: any IssueTracker
  private let board: Board
  /// The names of the migrations.
  private let members: [String]
  private let isDryRun: Bool
  private var claimedUntil: Timestamp?
  /// What was done, or would be.
  public private(set) var outcome = BoardOutcome()

  /// Makes one. `members` are the names of the migrations: one, or those of all targets of a fleet.
  /// With `isDryRun` nothing is written anywhere.
  public init(
    _ world: any BoardWorld, _ tracker: any IssueTracker, _ board: Board, members: [String], isDryRun: Bool
  ) {
    (self.world, self.tracker, self.board) = (world, tracker, board)
    (self.members, self.isDryRun) = (members, isDryRun)
  }

  /// Makes the board what the ledger says. A card that people have moved is left to `pull`.
  public func push() throws(PublishError) {
    guard let shown = try read() else { return }
    try write(try cards(), shown, takesMoved: false)
  }

  /// Records what people ask for on the board, and makes it what the ledger then says.
  public func pull() throws(PublishError) {
    guard let shown = try read() else { return }
    for card in try cards() {
      guard let issue = shown[card.key]?.first else { continue }
      for (wish, words) in wishes(issue, card) { try take(wish, words, card, issue) }
    }
    try write(try cards(), shown, takesMoved: true)
  }

  // MARK: What is there

  private func cards() throws(PublishError) -> [BoardCard] {
    let state = try world.state()
    return state.cards(
      of: members.compactMap { state.migration(named: $0) }, named: board.name, by: board.policy.subject)
  }

  /// The cards on the board by what they are about, the oldest of each first; `nil` where the forge does not
  /// tell.
  private func read() throws(PublishError) -> [String: [ShownCard]]? {
    guard
      let issues = try asking(
        "the issues",
        { () throws(ForgeError) in
          try tracker.issues(labelled: board.label)
        })
    else { return nil }
    let shown = issues.compactMap { ShownCard($0) }.sorted { $0.issue.number < $1.issue.number }
    return Dictionary(grouping: shown, by: \.key)
  }

  /// What people ask for on a card, with how.
  private func wishes(_ shown: ShownCard, _ card: BoardCard) -> [(BoardWish, String)] {
    var wishes = shown.commands.map { ($0, "marked '\(Board.command($0))'") }
    guard let column = shown.moved(on: board), column != card.column else { return wishes }
    let words = "moved to '\(board.policy.word(column))'"
    if let wish = card.wish(movedTo: column), !wishes.contains(where: { $0.0 == wish }) {
      wishes.append((wish, words))
    }
    return wishes
  }

  private func take(
    _ wish: BoardWish, _ words: String, _ card: BoardCard, _ shown: ShownCard
  ) throws(PublishError) {
    let place = shown.issue.url ?? "#\(shown.issue.number)"
    let changes = card.changes(wish, in: try world.state(), reason: "\(words) at \(place)")
    var taken = BoardTaken(number: shown.issue.number, wish: wish, words: words, card: card, refusal: nil)
    if changes.isEmpty {
      taken.refusal = "there is nothing to \(wish.rawValue)"
    } else if !isDryRun, let refusal = try world.record(changes) {
      taken.refusal = refusal.message
    }
    outcome.taken.append(taken)
  }

  // MARK: What is to be there

  private func write(
    _ cards: [BoardCard], _ shown: [String: [ShownCard]], takesMoved: Bool
  ) throws(PublishError) {
    for card in cards {
      guard outcome.rest == nil else { return }
      let known = shown[card.key] ?? []
      if let first = known.first {
        try rewrite(card, first, takesMoved: takesMoved)
        for double in known.dropFirst() { try drop(double, for: first) }
      } else if !card.isClosed {
        try make(card)
      }
    }
  }

  private func make(_ card: BoardCard) throws(PublishError) {
    let draft = ShownCard.draft(card, in: card.column, on: board, over: nil)
    if !isDryRun {
      try claim()
      guard try asking(card.key, { () throws(ForgeError) in try tracker.open(draft) }) != nil
      else { return }
    }
    outcome.opened += 1
  }

  private func rewrite(
    _ card: BoardCard, _ shown: ShownCard, takesMoved: Bool
  ) throws(PublishError) {
    let moved = shown.moved(on: board)
    if !takesMoved, !wishes(shown, card).isEmpty {
      outcome.moved += 1
      return
    }
    // That somebody is at a cause is theirs to say.
    let isTheirs = card.isCause && !card.isClosed && (moved ?? shown.column) == .inProgress
    let draft = ShownCard.draft(card, in: isTheirs ? .inProgress : card.column, on: board, over: shown)
    guard ShownCard.differs(shown.issue, from: draft) else { return }
    if !isDryRun {
      try claim()
      guard
        try asking(card.key, { () throws(ForgeError) in try tracker.change(shown.issue, to: draft) }) != nil
      else { return }
    }
    outcome.changed += 1
  }

  /// Closes a card that there is twice: two of us wrote it, or its answer was lost.
  private func drop(_ double: ShownCard, for first: ShownCard) throws(PublishError) {
    var draft = double.issue.draft
    draft.labels.remove(board.label)
    draft.body = "The same as #\(first.issue.number).\n"
    draft.end = .notPlanned
    if !isDryRun {
      try claim()
      guard
        try asking(double.key, { () throws(ForgeError) in try tracker.change(double.issue, to: draft) })
          != nil
      else { return }
    }
    outcome.changed += 1
  }

  // MARK: The forge

  /// Claims to write, or goes on doing so: two at once would make cards twice. What has ended is nobody's to
  /// claim.
  private func claim() throws(PublishError) {
    let now = world.now()
    if let claimedUntil, now.adding(seconds: Publisher.claimSeconds / 2) < claimedUntil { return }
    let state = try world.state()
    let open = members.compactMap { state.migration(named: $0) }.first { !$0.phase.isTerminal }
    guard let open else { return }
    let until = now.adding(seconds: Publisher.claimSeconds)
    let change = open.publisherClaim(by: world.claim, until: until, isDead: world.isDead)
    if let refusal = try world.record([(open.name, change)]) { throw PublishError(claiming: refusal) }
    claimedUntil = until
  }

  /// Asks the forge; `nil` where it did not answer as it should, which is told.
  private func asking<Value>(
    _ subject: String, _ body: () throws(ForgeError) -> Value
  ) throws(PublishError) -> Value? {
    do throws(ForgeError) { return try body() } catch {
      switch error {
      case .rests(let seconds, let reason):
        let until = world.now().adding(seconds: seconds)
        outcome.rest = until
        if !isDryRun {
          _ = try world.record([
            (FormatVersion.everyMigration, .forge(.rests(forge: tracker.host, until: until, reason: reason)))
          ])
        }
        world.tell("\(tracker.host) is to be let alone until \(until.utc): \(reason)")
      case .unauthorized:
        var fault = PublishError("\(error)", hint: "git-migrate-publish(1) says where a token is looked for")
        fault.isUnauthorized = true
        throw fault
      case .exists, .refused, .unknown, .late:
        outcome.left.append(subject)
        world.tell("\(subject): \(error)")
      }
      return nil
    }
  }
}

/// What mirroring came to.
public struct BoardOutcome: Equatable, Sendable {
  /// How many cards were made.
  public var opened = 0
  /// How many were written anew.
  public var changed = 0
  /// How many people have moved, which `pull` takes.
  public var moved = 0
  /// What people asked for.
  public var taken: [BoardTaken] = []
  /// What the forge did not do.
  public var left: [String] = []
  /// Until when the forge is to be let alone.
  public var rest: Timestamp?

  /// Whether all of it could be done.
  public var isWhole: Bool { left.isEmpty && rest == nil }
}

/// What people asked for on a card.
public struct BoardTaken: Equatable, Sendable {
  /// The number of the issue.
  public var number: Int
  /// What for.
  public var wish: BoardWish
  /// How they did.
  public var words: String
  /// On which card.
  public var card: BoardCard
  /// Why it was not recorded; `nil` when it was, or would be.
  public var refusal: String?
}
