/// What a board shows of a migration, or of all targets of a fleet, and what a card means that people have
/// moved. The ledger is the truth: a card is made from it, and asks for what a person could ask for by hand.
public struct BoardCard: Equatable, Sendable {
  /// What it is about; the same for as long as that is there, and different from all others.
  public var key: String
  /// Its title, on one line.
  public var title: String
  /// What it says, in Markdown.
  public var text: String
  /// The column that it belongs in.
  public var column: BoardColumn
  /// Whether nothing can become of it any more.
  public var isClosed: Bool
  /// What it stands for.
  public var steps: [Place]

  /// A step of a migration.
  public struct Place: Hashable, Sendable {
    /// The name of the migration.
    public var migration: String
    /// The step's id.
    public var step: String
  }

  /// Whether it is about a cause: people may have begun to mend that.
  public var isCause: Bool { key.contains("/cause/") }
}

/// What people ask for on a board.
public enum BoardWish: String, CaseIterable, Sendable {
  case retry, skip, approve, pause
}

extension BoardCard {
  /// What it means that people have moved it to a column; `nil` where it means nothing.
  public func wish(movedTo column: BoardColumn) -> BoardWish? {
    switch column {
    case .todo: isCause ? nil : .retry
    case .inProgress: nil
    // Only its gate makes a step done. A cause is mended when people say so.
    case .done: isCause ? .retry : .approve
    case .abandoned: .skip
    }
  }

  /// The entries that a wish comes to in a state, of which each names its migration; none where there is
  /// nothing that it could change. `reason` is what the ledger keeps of why.
  public func changes(
    _ wish: BoardWish, in state: State, reason: String
  ) -> [(migration: String, change: Change)] {
    var changes: [(migration: String, change: Change)] = []
    // One step has an entry of its own, many are one entry.
    func note(_ name: String, _ ids: [String], _ one: (String) -> Change, _ many: (StepGroup) -> Change) {
      if let id = ids.first, ids.count == 1 {
        changes.append((name, one(id)))
      } else {
        changes += StepGroup.groups(of: ids).map { (name, many($0)) }
      }
    }
    var names: [String] = []
    for place in steps where !names.contains(place.migration) { names.append(place.migration) }
    for name in names {
      guard let migration = state.migration(named: name), !migration.phase.isTerminal else { continue }
      let own = steps.filter { $0.migration == name }.map(\.step)
      func those(_ isMeant: (StepPhase) -> Bool) -> [String] {
        own.filter { id in migration.step(id).map { isMeant($0.phase) } ?? false }
      }
      switch wish {
      case .retry:
        let ids = those { [.blocked, .backoff].contains(StepWord($0)) }
        note(name, ids, { .stepRetried(step: $0, reason: reason) }, { .stepsRetried($0, reason: reason) })
      case .skip:
        let ids = those { !$0.isTerminal }
        note(name, ids, { .stepSkipped(step: $0, reason: reason) }, { .stepsSkipped($0, reason: reason) })
      case .approve:
        let (waiting, proposed) = (those { StepWord($0) == .person }, those { $0 == .proposed })
        if !waiting.isEmpty { changes.append((name, .stepsApproved(waiting))) }
        if !proposed.isEmpty { changes.append((name, .stepsAccepted(proposed))) }
      case .pause:
        if case .running = migration.phase { changes.append((name, .migrationPaused(reason: reason))) }
      }
    }
    return changes
  }
}

extension State {
  /// The cards of these migrations: of one, or of all targets of a fleet. `name` is what people call them
  /// together.
  public func cards(of members: [MigrationState], named name: String, by subject: BoardPolicy.Subject)
    -> [BoardCard]
  {
    switch subject {
    case .step: members.flatMap { member in member.steps.indices.map { member.card(at: $0, of: name) } }
    case .cause: causeCards(members, name)
    }
  }

  private func causeCards(_ members: [MigrationState], _ name: String) -> [BoardCard] {
    var cards: [BoardCard] = []
    var indices: [String: Int] = [:]
    for member in members {
      for cause in CauseReport.causes(of: member, isWhole: true) {
        let key = "\(name)/cause/\(cause.fingerprint)"
        let index = indices[key] ?? cards.count
        if index == cards.count {
          indices[key] = index
          cards.append(
            BoardCard(
              key: key,
              title: PlainText.cut(PlainText.line("\(name): \(cause.title)"), to: BoardCard.longestTitle),
              text: "", column: .todo, isClosed: false, steps: []))
        }
        cards[index].steps += cause.steps.map { BoardCard.Place(migration: member.name, step: $0) }
      }
    }
    for index in cards.indices {
      let isOver = cards[index].steps.isEmpty
      (cards[index].column, cards[index].isClosed) = (isOver ? .done : .todo, isOver)
      cards[index].text = causeText(cards[index])
    }
    return cards
  }

  private func causeText(_ card: BoardCard) -> String {
    guard !card.steps.isEmpty else { return "No step fails for it any more." }
    var lines = ["\(Count.of(card.steps.count, "step")) failed for it:", ""]
    for place in card.steps.prefix(BoardCard.mostSteps) {
      lines.append("- \(BoardCard.code("\(place.migration) \(place.step)"))")
    }
    if card.steps.count > BoardCard.mostSteps {
      lines.append("- and \(card.steps.count - BoardCard.mostSteps) more")
    }
    if let first = card.steps.first,
      let failure = migration(named: first.migration)?.step(first.step)?.lastFailure
    {
      lines += ["", "As in \(BoardCard.code(first.step)):", "", BoardCard.block(failure.headline)]
    }
    return lines.joined(separator: "\n")
  }
}

extension MigrationState {
  fileprivate func card(at index: Int, of name: String) -> BoardCard {
    let (step, planned) = (steps[index], plan.steps[index])
    let target = plan.fleet.map { "\($0.target.id): " } ?? ""
    var lines = [
      "Step \(BoardCard.code(step.id)) of the migration \(BoardCard.code(self.name)) is \(step.phase.word)."
    ]
    switch step.phase {
    case .blocked(let reason): lines += ["", BoardCard.block(reason)]
    case .person, .backoff, .waiting, .ready, .leased, .submitted, .gating, .merging, .merged, .proposed,
      .skipped,
      .cancelled, .undone:
      break
    }
    if !step.phase.isTerminal, let failure = step.lastFailure {
      lines += ["", "It failed last with:", "", BoardCard.block(failure.headline)]
    }
    let title = planned.title.isEmpty ? step.id : "\(step.id): \(planned.title)"
    let column = BoardColumn(step.phase)
    return BoardCard(
      key: "\(self.name)/step/\(step.id)",
      title: PlainText.cut(PlainText.line("\(name): \(target)\(title)"), to: BoardCard.longestTitle),
      text: lines.joined(separator: "\n"), column: column, isClosed: step.phase.isTerminal,
      steps: [BoardCard.Place(migration: self.name, step: step.id)])
  }
}

extension BoardColumn {
  /// The column of a step: what a person has to look at, because it is given up, is among what is abandoned.
  public init(_ phase: StepPhase) {
    switch phase {
    case .waiting, .ready, .backoff, .proposed: self = .todo
    case .leased, .submitted, .gating, .merging, .person: self = .inProgress
    case .merged: self = .done
    case .blocked, .skipped, .cancelled, .undone: self = .abandoned
    }
  }
}

extension BoardCard {
  /// How many columns a title has at most.
  static let longestTitle = 200
  /// How many steps a card of a cause names.
  static let mostSteps = 50
  /// How many bytes of a text from elsewhere it has.
  static let longestBlock = 4000

  /// A name as code, in which nothing is read as markup or as somebody's name.
  static func code(_ text: String) -> String { "`\(PlainText.line(text).replacing("`", with: "'"))`" }

  /// A text from elsewhere, as it is: in a fence that it cannot end, so that it calls nobody.
  static func block(_ text: String) -> String {
    let plain = text.prefix(longestBlock).split(separator: "\n", omittingEmptySubsequences: false)
      .map { PlainText.line(String($0)) }.joined(separator: "\n")
    var fence = "```"
    while plain.contains(fence) { fence += "`" }
    return "\(fence)\n\(plain)\n\(fence)"
  }
}
