import Forges
import Migration
import Site

/// What mirroring a migration to a board came to: what `board push` and `board pull` print.
package struct BoardReport: PrintedAnswer {
  /// The migration, or the fleet.
  package let name: String
  /// How many cards were made.
  package let opened: Int
  /// How many were written anew.
  package let changed: Int
  /// How many people have moved, which `board pull` takes.
  package let moved: Int
  /// What people asked for.
  package let taken: [BoardRequest]
  /// What the forge did not do.
  package let left: [String]
  private let isDryRun: Bool

  /// What it came to.
  package static let form = AnswerForm<BoardReport>.document([
    .text("name", \.name), .number("opened", \.opened), .number("changed", \.changed),
    .number("moved", \.moved), .list("taken", \.taken), .texts("left", \.left),
  ])

  /// Tells what mirroring came to, or would have.
  package init(_ name: String, _ outcome: BoardOutcome, isDryRun: Bool) {
    (self.name, opened, changed, moved) = (name, outcome.opened, outcome.changed, outcome.moved)
    (taken, left) = (outcome.taken.map(BoardRequest.init), outcome.left)
    self.isDryRun = isDryRun
  }

  package func text(_ palette: Palette) -> String {
    var lines = taken.map { request in
      "#\(request.number)  \(request.wish) of \(request.card): "
        + (request.refusal ?? (isDryRun ? "would be recorded" : "recorded"))
    }
    let (made, written) = isDryRun ? ("would be made", "would be written anew") : ("made", "written anew")
    lines.append("\(name): \(Count.of(opened, "card")) \(made), \(changed) \(written)")
    if moved > 0 {
      lines.append("\(Count.of(moved, "card")) moved by people: 'git migrate board pull' takes that")
    }
    return lines.lines
  }
}

/// What people asked for on a card.
package struct BoardRequest: Answer {
  /// The number of the issue.
  package let number: Int
  /// The card: the migration and what it is about.
  package let card: String
  /// `retry`, `skip`, `approve` or `pause`.
  package let wish: String
  /// How they asked for it.
  package let words: String
  /// The ids of the steps that it is about.
  package let steps: [String]
  /// Why it was not recorded; `nil` when it was.
  package let refusal: String?

  /// What is said of it.
  package static let form = AnswerForm<BoardRequest>([
    .number("number", \.number), .text("card", \.card),
    .word("wish", BoardWish.allCases.map(\.rawValue), \.wish), .text("words", \.words),
    .texts("steps", \.steps), .text("refusal", orNull: \.refusal),
  ])

  init(_ taken: BoardTaken) {
    (number, card, wish) = (taken.number, taken.card.key, taken.wish.rawValue)
    (words, steps, refusal) = (taken.words, taken.card.steps.map(\.step), taken.refusal)
  }
}
