import Migration

/// The board of a migration or a fleet, as issues of a forge: what marks them as its cards, and what the
/// columns are called. Boards of GitHub, GitLab and Gitea alike go by labels.
public struct Board: Equatable, Sendable {
  /// The migration, or the fleet.
  public let name: String
  /// What its columns are called.
  public let policy: BoardPolicy

  /// The board of a migration or a fleet.
  public init(_ name: String, _ policy: BoardPolicy) { (self.name, self.policy) = (name, policy) }

  /// The label that all its cards bear.
  public var label: String {
    let whole = "migration:\(name)"
    guard whole.utf8.count > BoardPolicy.longestWord else { return whole }
    return "migration:" + SHA256.hexDigest(of: Array(name.utf8)).prefix(16)
  }

  /// The label by which people ask for something.
  public static func command(_ wish: BoardWish) -> String { "migrate:\(wish.rawValue)" }

  /// The columns that labels name.
  func columns(of labels: Set<String>) -> [BoardColumn] {
    BoardColumn.allCases.filter { labels.contains(policy.word($0)) }
  }
}

/// A card as it is on the board.
struct ShownCard {
  private static let open = "<!-- git-migrate-board "
  private static let close = " -->"
  private static let end = "<!-- /git-migrate-board -->"

  let issue: ForgeIssue
  /// Which card it is.
  let key: String
  /// The column in which it was put last.
  let column: BoardColumn
  /// Whether it was closed then.
  let wasClosed: Bool
  /// What people have written below.
  let rest: String

  /// Reads an issue; `nil` for one that is no card.
  init?(_ issue: ForgeIssue) {
    let body = issue.draft.body.replacing("\r\n", with: "\n")
    guard body.hasPrefix(Self.open) else { return nil }
    let head = body.dropFirst(Self.open.count).prefix { $0 != "\n" }
    guard head.hasSuffix(Self.close) else { return nil }
    let words = head.dropLast(Self.close.count).split(separator: " ")
    guard words.count >= 2, let column = BoardColumn(rawValue: String(words[1])) else { return nil }
    (self.issue, key, self.column) = (issue, String(words[0]), column)
    wasClosed = words.count > 2 && words[2] == "closed"
    let tail = body.firstRange(of: Self.end).map { body[$0.upperBound...] } ?? ""
    rest = String(tail.drop(while: \.isWhitespace))
  }

  /// The column that people have moved it to since; `nil` where it stands as it was put.
  func moved(on board: Board) -> BoardColumn? {
    let others = board.columns(of: issue.draft.labels).filter { $0 != column }
    if let other = others.first, others.count == 1 { return other }
    switch (wasClosed, issue.draft.end) {
    case (false, .completed?): return .done
    case (false, .notPlanned?): return .abandoned
    case (true, nil): return .todo
    case (false, nil), (true, _?): return nil
    }
  }

  /// What people have asked for by labels.
  var commands: [BoardWish] {
    BoardWish.allCases.filter { issue.draft.labels.contains(Board.command($0)) }
  }

  /// What the issue of a card is to be in a column, over what it is.
  static func draft(
    _ card: BoardCard, in column: BoardColumn, on board: Board, over shown: ShownCard?
  ) -> IssueDraft {
    let words = Set(BoardColumn.allCases.map(board.policy.word) + BoardWish.allCases.map(Board.command))
    let labels = (shown?.issue.draft.labels ?? []).subtracting(words).union([
      board.label, board.policy.word(column),
    ])
    let state = card.isClosed ? " closed" : ""
    var body =
      "\(open)\(card.key) \(column.rawValue)\(state)\(close)\n\(card.text)\n\n\(help(card, board))\n\(end)\n"
    if let rest = shown?.rest, !rest.isEmpty { body += "\n" + rest }
    return IssueDraft(
      title: card.title, body: body, labels: labels,
      end: card.isClosed ? (column == .done ? .completed : .notPlanned) : nil)
  }

  private static func help(_ card: BoardCard, _ board: Board) -> String {
    func word(_ column: BoardColumn) -> String { "**\(board.policy.word(column))**" }
    let moves =
      card.isCause
      ? "\(word(.done)) to let its steps try again, to \(word(.abandoned)) to skip them"
      : "\(word(.todo)) to retry it, to \(word(.abandoned)) to skip it, to \(word(.done)) to approve what "
        + "waits for a person"
    return card.isClosed
      ? "_This is what the ledger says; nothing more can become of it._"
      : "_Move it to \(moves). What stands above comes from the ledger and is written anew; what you write "
        + "below stays._"
  }

  /// Whether an issue is not what it is to be. Forges change line ends, and what stands at the end.
  static func differs(_ issue: ForgeIssue, from draft: IssueDraft) -> Bool {
    issue.draft.title != draft.title || issue.draft.labels != draft.labels
      || (issue.draft.end == nil) != (draft.end == nil)
      || PublicationText.differs(draft.body, from: issue.draft.body)
  }
}
