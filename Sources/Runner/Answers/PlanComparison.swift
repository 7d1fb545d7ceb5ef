import Git
import Ledger
import Migration
import Site
import Supervision
import System

/// The same steps under two plans, or by two agents, a row a step, for `git migrate compare`.
package struct PlanComparison: PrintedAnswer {
  /// What is compared.
  package enum Sides: Equatable, Sendable {
    /// Two plans, by their numbers.
    case plans(Int, Int)
    /// Two agents, by their names.
    case agents(String, String)

    var names: (String, String) {
      switch self {
      case .plans(let one, let other): ("plan \(one)", "plan \(other)")
      case .agents(let one, let other): (one, other)
      }
    }

    fileprivate func has(_ tried: TriedStep, isFirst: Bool) -> Bool {
      switch self {
      case .plans(let one, let other): tried.plan == (isFirst ? one : other)
      case .agents(let one, let other): tried.agent == (isFirst ? one : other)
      }
    }
  }

  /// The migration's name.
  package let migration: String
  let sides: Sides
  /// The rows, in the plan's order.
  package let rows: [ComparedStep]

  /// The sides, and a row for each step that both, or one of them, have.
  package static let form = AnswerForm<PlanComparison>.document([
    .text("migration", \.migration), .text("first", \.sides.names.0), .text("second", \.sides.names.1),
    .list("steps", \.rows),
  ])

  /// Compares the newest that came to an end of each step on each side; `only` says which steps are meant.
  /// `size` gives how many lines differ between two commits.
  package init(
    _ tries: TriedSteps, _ state: MigrationState, of sides: Sides, only: Set<String>? = nil,
    size: (ObjectID, ObjectID) -> Int? = { _, _ in nil }
  ) {
    (migration, self.sides) = (state.name, sides)
    func newest(_ step: String, isFirst: Bool) -> TriedStep? {
      let own = tries.list.filter { $0.step == step && sides.has($0, isFirst: isFirst) }
      return own.last { $0.verdict == .passed || $0.verdict == .failed } ?? own.last
    }
    func side(_ tried: TriedStep?) -> ComparedSide? {
      tried.map { tried in
        ComparedSide(
          tried: tried, cause: tried.cause.flatMap { state.causes[$0]?.id } ?? tried.cause,
          lines: tried.commit.flatMap { size(tried.base, $0) })
      }
    }
    rows = state.steps.compactMap { step in
      if let only, !only.contains(step.id) { return nil }
      let (first, second) = (newest(step.id, isFirst: true), newest(step.id, isFirst: false))
      guard only != nil || (first != nil && second != nil) else { return nil }
      return ComparedStep(step: step.id, first: side(first), second: side(second))
    }
  }

  package func text(_ palette: Palette) -> String {
    let (first, second) = sides.names
    if rows.isEmpty { return "\(migration): no step was tried by both '\(first)' and '\(second)'\n" }
    var table = [["step", first, second]]
    table += rows.map { [$0.step, $0.first?.text ?? "-", $0.second?.text ?? "-"] }
    table.append([
      "\(rows.count)", Self.sum(rows.compactMap(\.first)), Self.sum(rows.compactMap(\.second)),
    ])
    let widths = (0..<3).map { column in table.map { $0[column].count }.max() ?? 0 }
    return table.map { row in
      let cells = zip(row, widths).map { $0 + String(repeating: " ", count: $1 - $0.count) }
      var line = cells.joined(separator: "  ")
      while line.last == " " { line.removeLast() }
      return TerminalText.sanitizedLine(line) + "\n"
    }.joined()
  }

  /// `2/3 passed, $0.33 a step`.
  private static func sum(_ sides: [ComparedSide]) -> String {
    let passed = sides.count { $0.tried.verdict == .passed }
    let used = sides.compactMap(\.tried.used)
    let money = used.reduce(0) { $0 + $1.microdollars }
    let cost = money > 0 ? ", \(Money.text(money / max(1, used.count))) a step" : ""
    return "\(passed)/\(sides.count) passed\(cost)"
  }
}

/// One step of a comparison.
package struct ComparedStep: Answer {
  /// The step.
  package let step: String
  /// What came of it on one side.
  package let first: ComparedSide?
  /// What came of it on the other.
  package let second: ComparedSide?

  /// The step, and what came of it on both sides.
  package static let form = AnswerForm<ComparedStep>([
    .text("step", \.step), .object("first", orNull: \.first), .object("second", orNull: \.second),
  ])
}

/// What came of a step on one side of a comparison.
package struct ComparedSide: Answer {
  /// The attempt or trial.
  package let tried: TriedStep
  let cause: String?
  let lines: Int?

  /// How it ended, why, and what it took.
  package static let form = AnswerForm<ComparedSide>([
    .word("verdict", TriedStep.Verdict.allCases.map(\.rawValue), \.tried.verdict.rawValue),
    .text("cause", orNull: \.cause), .text("reason", orNull: \.tried.reason), .flag("trial", \.tried.isTrial),
    .number("number", \.tried.number), .number("plan", \.tried.plan), .text("agent", orNull: \.tried.agent),
    .text("base") { $0.tried.base.hex }, .text("commit", orNull: { $0.tried.commit?.hex }),
    .number("cost") { $0.tried.used?.microdollars ?? 0 }, .number("turns") { $0.tried.used?.turns ?? 0 },
    .number("wall") { $0.tried.used?.milliseconds ?? 0 }, .number("lines") { $0.lines ?? 0 },
  ])

  /// `failed F1, $0.41, 12 turns, 30 lines`.
  var text: String {
    var parts = [tried.verdict.rawValue + (cause.map { " \($0)" } ?? "")]
    if let used = tried.used {
      if used.microdollars > 0 { parts.append(Money.text(used.microdollars)) }
      if used.turns > 0 { parts.append(Count.of(used.turns, "turn")) }
      parts.append(SpanText.words(used.milliseconds / 1000))
    }
    if let lines { parts.append(Count.of(lines, "line")) }
    return parts.joined(separator: ", ")
  }
}

/// Two results of one step, compared, for `git migrate diff`.
package struct ResultDiff: PrintedAnswer {
  /// The step.
  package let step: String
  /// What the first result is: `plan 1, epoch 2`.
  package let first: String
  /// What the second is.
  package let second: String
  let from: ObjectID
  let to: ObjectID
  /// The difference, as git shows it.
  package let patch: String

  /// The results, and what differs.
  package static let form = AnswerForm<ResultDiff>.document([
    .text("step", \.step), .text("first", \.first), .text("second", \.second), .text("from", \.from.hex),
    .text("to", \.to.hex), .text("patch", \.patch),
  ])

  package func text(_: Palette) -> String {
    patch.isEmpty ? "" : TerminalText.sanitized(patch) + (patch.hasSuffix("\n") ? "" : "\n")
  }
}

extension Answers {
  /// Compares two plans or agents, with how many lines each result changed.
  package func comparison(
    _ state: MigrationState, of sides: PlanComparison.Sides
  ) throws(CommandError) -> PlanComparison {
    let tries = try TriedSteps(of: state, in: site)
    return PlanComparison(tries, state, of: sides) { [site] base, commit in
      guard (try? site.repository.objectExists(commit.oid)) == true,
        let patch = try? site.git.patch(from: base.hex, to: commit.hex)
      else { return nil }
      return patch.split(separator: "\n").count {
        ($0.hasPrefix("+") && !$0.hasPrefix("+++")) || ($0.hasPrefix("-") && !$0.hasPrefix("---"))
      }
    }
  }

  /// Which two results are compared.
  package enum DiffWish: Equatable, Sendable {
    /// The last two.
    case last
    /// The newest of two plans.
    case plans(Int, Int)
    /// Two attempts, by their epochs.
    case attempts(Int, Int)
  }

  /// Compares two results of a step.
  package func diff(
    _ step: String, of state: MigrationState, _ wish: DiffWish
  ) throws(CommandError) -> ResultDiff {
    let own = try TriedSteps(of: state, in: site).list.filter { $0.step == step }
    var results: [(tried: TriedStep, commit: ObjectID)] = []
    for tried in own {
      let place = tried.isTrial ? LedgerRefs.trialPlace(of: state.name) : state.name
      let kept = try reporting {
        try site.ledger.reader.result(place, Fence(step: step, epoch: tried.number))
      }
      guard let commit = kept?.commit.objectID ?? tried.commit,
        try reporting({ try site.repository.objectExists(commit.oid) })
      else { continue }
      results.append((tried, commit))
    }
    func newest(_ what: String, _ isWanted: (TriedStep) -> Bool) throws(CommandError) -> (TriedStep, ObjectID)
    {
      guard let found = results.last(where: { isWanted($0.tried) }) else {
        throw CommandError(
          "'\(step)' has no result of \(what) here",
          hint: "see what there is with 'git migrate show \(step)'",
          exitCode: .no)
      }
      return found
    }
    let first: (tried: TriedStep, commit: ObjectID)
    let second: (tried: TriedStep, commit: ObjectID)
    switch wish {
    case .last:
      guard results.count > 1 else {
        throw CommandError(
          "'\(step)' has fewer than two results here", hint: "see it with 'git migrate show \(step)'",
          exitCode: .no)
      }
      (first, second) = (results[results.count - 2], results[results.count - 1])
    case .plans(let one, let other):
      (first, second) = (
        try newest("plan \(one)") { $0.plan == one }, try newest("plan \(other)") { $0.plan == other }
      )
    case .attempts(let one, let other):
      first = try newest("epoch \(one)") { !$0.isTrial && $0.number == one }
      second = try newest("epoch \(other)") { !$0.isTrial && $0.number == other }
    }
    let patch = try reporting { [first, second] in
      try site.git.patch(from: first.commit.hex, to: second.commit.hex)
    }
    func name(_ tried: TriedStep) -> String {
      "plan \(tried.plan), \(tried.isTrial ? "trial" : "epoch") \(tried.number)"
    }
    return ResultDiff(
      step: step, first: name(first.tried), second: name(second.tried), from: first.commit, to: second.commit,
      patch: patch)
  }
}
