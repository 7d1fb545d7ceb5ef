import Git
import Ledger
import Migration
import Site
import System

/// Where migrations were hard: attempts, cost and time by a side of theirs, over all of a ledger.
package struct InsightTable: PrintedAnswer {
  let side: Insight.Side
  let groups: [Insight.Group]

  /// The groups, the hardest first.
  package static let form = AnswerForm<InsightTable>.document([
    .word("by", Insight.Side.allCases.map(\.rawValue), \.side.rawValue), .list("groups", \.groups),
  ])

  private var steps: Int { groups.reduce(into: Set<String>()) { $0.formUnion($1.steps) }.count }
  private var attempts: Int { groups.reduce(0) { $0 + $1.attempts } }

  package func text(_ palette: Palette) -> String {
    if groups.isEmpty { return "no attempt has ended yet\n" }
    var rows: [[String]] = [[side.rawValue, "steps", "attempts", "merged", "cost", "time"]]
    for group in groups {
      rows.append([
        TerminalText.sanitizedLine(group.name), String(group.steps.count), String(group.attempts),
        String(group.merged), group.cost > 0 ? Money.text(group.cost) : "",
        SpanText.words(Int(group.milliseconds / 1000)),
      ])
    }
    let widths = (0..<6).map { column in rows.map { $0[column].count }.max() ?? 0 }
    var text = rows.map { row in
      row.enumerated().map { index, cell in
        let space = String(repeating: " ", count: max(0, widths[index] - cell.count))
        return index == 0 ? cell + space : space + cell
      }.joined(separator: "  ") + "\n"
    }.joined()
    if let hardest = groups.first, groups.count > 1, steps > 0, attempts > 0 {
      let share = (hardest.steps.count * 100 / steps, hardest.attempts * 100 / attempts)
      if share.1 > share.0 {
        let name = TerminalText.sanitizedLine(hardest.name)
        text += "\(name): \(share.0) % of the steps, \(share.1) % of the attempts\n"
      }
    }
    return text
  }
}

extension Insight.Group: Answer {
  /// A value, and what its attempts took.
  public static let form = AnswerForm<Insight.Group>([
    .text("name", \.name), .number("steps", \.steps.count), .number("attempts", \.attempts),
    .number("merged", \.merged), .number("cost", \.cost), .number("seconds") { Int($0.milliseconds / 1000) },
  ])
}

extension Answers {
  /// Attempts by a side of theirs, of one migration or of all. Reads the whole ledger.
  package func insight(by side: Insight.Side, only: String?) throws(CommandError) -> InsightTable {
    var books: [String: TraceBook] = [:]
    let snapshot = try reporting {
      try site.ledger.reader.fold { event, state in
        guard only == nil || event.migration == only, event.migration != "*" else { return }
        books[event.migration, default: TraceBook(of: event.migration)].add(event, state)
      }
    }
    if let only, snapshot.state.migration(named: only) == nil {
      throw CommandError(snapshot.state.noMigration(only))
    }
    var imports = ImportsOfSteps(site)
    let owners = side == .owner ? try codeOwners() : nil
    var insight = Insight()
    var words: [String: String] = [:]
    for state in snapshot.state.migrations {
      for attempt in books[state.name]?.attempts ?? [] {
        let planned = state.index(of: attempt.step).map { state.plan.steps[$0] }
        let names: [String]
        switch side {
        case .dir: names = planned.map(Insight.folders) ?? []
        case .owner:
          names = planned.map { Insight.paths(of: $0).flatMap { owners?.owners(of: $0) ?? [] } } ?? []
        case .agent: names = attempt.agent.map { [$0] } ?? (planned?.run != nil ? ["codemod"] : [])
        case .plan: names = [state.name]
        case .import:
          names =
            try planned.map { (step) throws(CommandError) in try imports.names(of: step, in: state) } ?? []
        case .cause:
          // What is alike has one name: that of the first.
          names =
            attempt.failure.map { failure in
              let name = String(failure.headline.prefix(80))
              guard let cause = attempt.cause else { return [name] }
              if words[cause] == nil { words[cause] = name }
              return [words[cause] ?? name]
            } ?? []
        }
        insight.add(attempt, of: state.name, names: names)
      }
    }
    return InsightTable(side: side, groups: insight.sorted)
  }

  /// The owners that the checked out commit names.
  private func codeOwners() throws(CommandError) -> CodeOwners {
    for place in CodeOwners.places {
      let output = try reporting { try site.git.run(["cat-file", "blob", "HEAD:\(place)"]) }
      if output.isSuccess { return CodeOwners(String(decoding: output.stdout, as: UTF8.self)) }
    }
    throw CommandError(
      "there is no CODEOWNERS in HEAD",
      hint: "services look for it at \(CodeOwners.places.joined(separator: ", "))")
  }
}
