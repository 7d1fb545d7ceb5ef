import CanonicalJSON
import Git
import Ledger
import Migration
import Site
import System

/// How a migration stands, what needs a person, and what failures had in common: the same as text, as
/// Markdown, as JSON and as a page.
package struct MigrationRecap: PrintedAnswer {
  /// Where every step is.
  package let report: MigrationReport
  /// What happened.
  package let chronicle: Chronicle
  /// The causes of failures.
  package let causes: [CauseOfFailures]
  /// The state after the last entry.
  let state: MigrationState
  /// The number of the last entry.
  package let sequence: Int
  /// Now.
  let now: Timestamp
  /// From when on it is told what came to an end.
  let since: Timestamp?

  /// What came to an end from a time on.
  struct Tally: Answer {
    let since: Timestamp
    let merged: Int
    let failed: Int
    let blocked: Int
    let cost: Int

    static let form = AnswerForm<Tally>([
      .time("from", \.since), .number("merged", \.merged), .number("failed_attempts", \.failed),
      .number("blocked", \.blocked), .number("cost", \.cost),
    ])
  }

  /// What came to an end from the wanted time on, or from the start.
  var tally: Tally? {
    guard let from = since ?? chronicle.started else { return nil }
    let found = chronicle.tally(since: from)
    return Tally(
      since: from, merged: found.merged, failed: found.failed, blocked: found.blocked, cost: found.cost)
  }

  /// How it stands, and why.
  package static let form = AnswerForm<MigrationRecap>.document([
    .number("seq", \.sequence), .text("migration", \.report.name),
    .word("standing", Standing.allCases.map(\.rawValue), \.report.standing.rawValue),
    .text("sentence", \.report.sentence), .list("needs", \.report.needs),
    .time("started", orNull: \.chronicle.started), .object("since", orNull: \.tally),
    .numbers("counts", by: { $0.report.namedCounts }), .number("cost", \.report.used.amounts.microdollars),
    .object("pace", orNull: \.report.pace), .list("causes", \.causes),
  ])

  private func clock(_ time: Timestamp) -> String { TimeText.clock(time, now: now) }

  /// How it stands, in a few words, as JSON on one line: what a live page is told first.
  package var head: String {
    let next = report.nextAction?.command
    return JSON.object([
      JSON.Member("command", next.map { .string(TerminalText.sanitizedLine($0)) } ?? .null),
      JSON.Member("counts", .string(counts)), JSON.Member("seq", .integer(Int64(sequence))),
      JSON.Member("sentence", .string(TerminalText.sanitizedLine(report.sentence))),
      JSON.Member("standing", .string(report.standing.title)),
    ]).printable
  }

  /// `281 of 300 merged, 12 blocked, 7 waiting`.
  var counts: String {
    let others = StepWord.allCases.filter { $0 != .merged && report.count($0) > 0 }
    return
      (["\(report.count(.merged)) of \(report.steps.count) merged"]
      + others.map { "\(report.count($0)) \($0.rawValue)" }).joined(separator: ", ")
  }

  /// What was used, how long it took and how fast it goes, as far as that is known.
  var measures: [String] {
    var parts: [String] = []
    if !report.used.isEmpty { parts.append("used \(report.used.text)") }
    if let started = chronicle.started, let last = chronicle.last {
      parts.append("\(SpanText.words(from: started, to: last)) from \(TimeText.clock(started, now: now))")
    }
    if let pace = report.pace {
      parts.append("\(pace.rate) lately" + (pace.words.map { ", \($0) left" } ?? ""))
    }
    return parts
  }

  package func text(_ palette: Palette) -> String {
    let name = TerminalText.sanitizedLine(report.name)
    var text = "\(palette.bold("\(name): \(report.standing.title)"))\n"
    if !report.sentence.isEmpty { text += "  \(TerminalText.sanitizedLine(report.sentence))\n" }
    text += "  \(counts)\n" + measures.map { "  \($0)\n" }.joined()
    if let tally, since != nil { text += "  since \(clock(tally.since)): \(RecapWords.tally(tally))\n" }
    if !report.needs.isEmpty { text += "\n\(palette.bold("needs you"))\n" }
    for need in report.needs {
      text +=
        "  \(TerminalText.sanitizedLine(need.text(clock)))\n" + (need.command.map { "      \($0)\n" } ?? "")
    }
    if !causes.isEmpty { text += "\n\(palette.bold("why attempts failed"))\n" }
    for cause in causes.prefix(MigrationRecap.causeLimit) {
      let cost = cause.cost > 0 ? ", \(Money.text(cause.cost))" : ""
      text +=
        "  \(cause.name)  \(cause.standing.rawValue)  \(Count.of(cause.steps.count, "step")), "
        + "\(Count.of(cause.attempts, "attempt"))\(cost): \(TerminalText.sanitizedLine(cause.words))\n"
    }
    let more = causes.count - MigrationRecap.causeLimit
    return text + (more > 0 ? "  and \(more) more ('--json' has all)\n" : "")
  }

  private static let causeLimit = 20

  /// The same as Markdown.
  package var markdown: String {
    var text = "# \(RecapWords.escaped(report.name)): \(report.standing.title)\n\n"
    if !report.sentence.isEmpty { text += RecapWords.escaped(report.sentence) + "\n\n" }
    text += counts + "\n\n"
    for line in measures { text += "- \(RecapWords.escaped(line))\n" }
    if let tally { text += "- since \(tally.since.utc): \(RecapWords.tally(tally))\n" }
    if !report.needs.isEmpty { text += "\n## Needs you\n\n" }
    for need in report.needs {
      text +=
        "- \(RecapWords.escaped(need.text { $0.utc }))" + (need.command.map { "  \n  `\($0)`" } ?? "") + "\n"
    }
    if !causes.isEmpty {
      text +=
        "\n## Why attempts failed\n\n| | | Steps | Attempts | Cost | Cause |\n|---|---|---:|---:|---:|---|\n"
    }
    for cause in causes {
      text +=
        "| \(cause.name) | \(cause.standing.rawValue) | \(cause.steps.count) | \(cause.attempts) | "
        + "\(cause.cost > 0 ? Money.text(cause.cost) : "") | \(RecapWords.escaped(cause.words)) |\n"
    }
    return text
  }
}

/// Words that a recap has in more than one form.
enum RecapWords {
  static func tally(_ tally: MigrationRecap.Tally) -> String {
    var parts = ["\(tally.merged) merged", Count.of(tally.failed, "failed attempt")]
    if tally.blocked > 0 { parts.append("\(tally.blocked) blocked") }
    if tally.cost > 0 { parts.append(Money.text(tally.cost)) }
    return parts.joined(separator: ", ")
  }

  /// Markdown that shows exactly the text.
  static func escaped(_ text: String) -> String {
    var result = ""
    for scalar in TerminalText.sanitizedLine(text).unicodeScalars {
      switch scalar {
      case "<": result += "&lt;"
      case ">": result += "&gt;"
      case "&": result += "&amp;"
      case "|", "\\", "`", "*", "_", "[", "]", "~", "#", "!", "@":
        result += "\\"
        result.unicodeScalars.append(scalar)
      default: result.unicodeScalars.append(scalar)
      }
    }
    return result
  }
}

extension CauseOfFailures: Answer {
  /// What failed, in how many steps, and what became of them.
  public static let form = AnswerForm<CauseOfFailures>([
    .text("name", \.name), .word("standing", Standing.allCases.map(\.rawValue), \.standing.rawValue),
    .text("kind", \.kind.rawValue), .text("words", \.words), .texts("steps", \.steps),
    .number("holds", \.holds), .number("attempts", \.attempts), .number("cost", \.cost),
  ])
}

extension Answers {
  /// What a person wants to know of a migration who was away, or comes to it for the first time. Reads the
  /// whole ledger.
  package func recap(_ name: String, since: Timestamp?) throws(CommandError) -> MigrationRecap {
    var chronicle = Chronicle(of: name)
    let snapshot = try reporting {
      try site.ledger.reader.fold { event, state in chronicle.add(event, state) }
    }
    guard let state = snapshot.state.migration(named: name) else {
      throw CommandError(snapshot.state.noMigration(name))
    }
    let now = site.clock.now()
    let report = StatusReport(
      snapshot.state, sequence: snapshot.sequence, now: now, only: name, courses: [name: chronicle.course],
      here: site.findings(snapshot.state), isDead: Site.isProvablyDead)
    guard let found = report.migrations.first else { throw CommandError(.noMigration(name)) }
    return MigrationRecap(
      report: found, chronicle: chronicle, causes: chronicle.causes(state), state: state,
      sequence: snapshot.sequence, now: now, since: since)
  }
}
