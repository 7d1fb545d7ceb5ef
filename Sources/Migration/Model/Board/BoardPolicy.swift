import CanonicalJSON

/// How a migration is mirrored to the board of a forge: the key `board` of a plan.
public struct BoardPolicy: Equatable, Sendable {
  /// What has a card.
  public var subject: Subject = .step
  /// What people call the columns, where those have other names than their own.
  public var words: [BoardColumn: String] = [:]

  /// The policy of a plan that says nothing of boards.
  public init() {}

  /// What has a card.
  public enum Subject: String, CaseIterable, Sendable {
    /// Each step.
    case step
    /// Each cause for which steps failed.
    case cause
  }

  /// The longest name of a column, in bytes: what every forge takes for a label.
  public static let longestWord = 50

  /// What a column is called.
  public func word(_ column: BoardColumn) -> String { words[column] ?? column.word }

  /// What is wrong with the name of a column, for a sentence that begins with it; `nil` when nothing is.
  public static func wordFault(_ word: String) -> String? {
    if word.isEmpty { return "is empty" }
    if word.utf8.count > longestWord { return "is longer than \(longestWord) bytes" }
    let isPlain = word.unicodeScalars.allSatisfy { $0.value >= 0x20 && $0.value != 0x7F && $0 != "," }
    return isPlain ? nil : "has a comma or a control character, which labels cannot have"
  }

  /// Whether two columns have one name: a card could not tell which it is in.
  public var sharesWords: Bool {
    let all = BoardColumn.allCases.map { word($0).lowercased() }
    return Set(all).count < all.count
  }
}

/// The columns of a board.
public enum BoardColumn: String, CaseIterable, Sendable {
  case todo
  case inProgress = "in_progress"
  case done, abandoned

  /// What it is called where the plan does not say otherwise.
  public var word: String {
    switch self {
    case .todo: "Todo"
    case .inProgress: "In Progress"
    case .done: "Done"
    case .abandoned: "Abandoned"
    }
  }
}

extension BoardPolicy {
  var json: JSON {
    var object = ObjectBuilder()
    if subject != .step { object.set("by", subject.rawValue) }
    for column in BoardColumn.allCases {
      if let word = words[column] { object.set(column.rawValue, word) }
    }
    return object.json
  }

  init(json: JSON) throws(JSONFault) {
    var reader = try ObjectReader(json, "'board'")
    if let word = try reader.optionalString("by") {
      guard let known = Subject(rawValue: word) else {
        throw JSONFault("'by' of 'board' cannot be '\(word)'")
      }
      subject = known
    }
    for column in BoardColumn.allCases {
      guard let word = try reader.optionalString(column.rawValue) else { continue }
      if let fault = BoardPolicy.wordFault(word) {
        throw JSONFault("'\(column.rawValue)' of 'board' \(fault)")
      }
      words[column] = word
    }
    try reader.end()
  }
}
