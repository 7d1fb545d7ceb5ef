import Migration
import Processes

/// A migration as a whole, for `git migrate show`.
struct MigrationView {
  let state: MigrationState
  let report: MigrationReport
  /// The logs of the last baseline.
  let logs: [LogFile]
  /// How many of the last lines of the newest log are shown.
  let lines: Int

  func text(_ palette: Palette) -> String {
    var rows: [(String, String)] = [
      ("state", report.state + (report.reason.map { ": \($0)" } ?? "")),
      ("base", "\(state.base) at \(state.start.short)"),
      ("into", "\(state.into) at \(state.tip.short)\(state.isShared ? ", shared" : "")"),
      ("plan", "number \(state.planNumber), digest \(state.planDigest.prefix(16))"),
      ("gate", gate), ("attempts", "\(state.plan.attempts) a step"),
      ("lease", TimeText.span(seconds: Int64(state.plan.leaseSeconds))),
    ]
    if let agent = state.plan.agent {
      rows.append(("agent", agent.adapter == "command" ? agent.command : agent.adapter))
    }
    let counts = zip(StepWord.allCases, report.counts).filter { $0.1 > 0 }.map { "\($0.1) \($0.0)" }
    rows.append(("steps", "\(state.steps.count): " + counts.joined(separator: ", ")))
    var output = palette.bold(state.name) + "\n" + Rows.text(rows)
    let blocked = report.steps.filter { $0.word == .blocked }
    for step in blocked.prefix(20) {
      output += "\n\(palette.red(step.id))  \(TerminalText.sanitizedLine(step.reason ?? ""))"
    }
    if !blocked.isEmpty { output += "\n" }
    return output + baselineText(palette)
  }

  /// Why the base does not pass, as a step's failure is told.
  private func baselineText(_ palette: Palette) -> String {
    guard let failure = state.baselineFailure else { return "" }
    return "\n\(palette.bold("baseline"))  \(TerminalText.sanitizedLine(failure.reason))\n"
      + FailureText.lines(failure, indent: 2)
      + (logs.last.map { FailureText.tail(of: $0, lines: lines) } ?? "")
  }

  private var gate: String {
    let verifiers = state.plan.gate.verifiers.map { "\($0.name) (\($0.kind.rawValue)): \($0.run)" }
    let guards = state.plan.gate.guards.map(\.rawValue)
    let keep = state.plan.gate.keep
    return (verifiers.isEmpty ? "none" : verifiers.joined(separator: "; "))
      + (guards.isEmpty ? "" : "; guards \(guards.joined(separator: ", "))")
      + (keep.isEmpty ? "" : "; keeps \(keep.joined(separator: ", "))")
  }

  var json: JSON {
    var counts = zip(StepWord.allCases, report.counts).map {
      JSON.Member($0.0.rawValue, .integer(Int64($0.1)))
    }
    counts.append(JSON.Member("total", .integer(Int64(state.steps.count))))
    return .object([
      JSON.Member("version", .integer(1)), JSON.Member("migration", .string(state.name)),
      JSON.Member("state", .string(report.state)),
      JSON.Member("reason", report.reason.map(JSON.string) ?? .null),
      JSON.Member("base", .string(state.base)), JSON.Member("start", .string(state.start.hex)),
      JSON.Member("into", .string(state.into)), JSON.Member("tip", .string(state.tip.hex)),
      JSON.Member("shared", .bool(state.isShared)),
      JSON.Member("plan_number", .integer(Int64(state.planNumber))),
      JSON.Member("baseline_failure", baselineJSON),
      JSON.Member("plan_digest", .string(state.planDigest)), JSON.Member("plan", state.plan.json),
      JSON.Member("counts", .object(counts)),
    ])
  }

  private var baselineJSON: JSON {
    guard let failure = state.baselineFailure else { return .null }
    return .object([
      JSON.Member("reason", .string(failure.reason)),
      JSON.Member("details", .array(failure.details.map(JSON.string))),
      JSON.Member("logs", .array(logs.map { .string($0.path) })),
    ])
  }
}
