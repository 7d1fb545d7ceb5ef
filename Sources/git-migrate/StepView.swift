import Migration
import Processes

/// Everything about one step, for `git migrate show`.
struct StepView {
  let migration: MigrationState
  let index: Int
  let report: StepReport
  let now: Timestamp
  let history: StepHistory
  let logs: [LogFile]
  let lines: Int

  private var planned: PlannedStep { migration.plan.steps[index] }
  private var step: Step { migration.steps[index] }

  // MARK: Text

  func text(_ palette: Palette) -> String {
    var output = "\(palette.bold(planned.id))  \(TerminalText.sanitizedLine(planned.title))\n"
    output += Rows.text(planRows() + stateRows())
    output += attemptsText(palette) + decisionsText() + logText()
    return output
  }

  private func planRows() -> [(String, String)] {
    var rows: [(String, String)] = [("migration", migration.name)]
    let needs = planned.needs.map { id in "\(id) (\(migration.step(id)?.phase.word ?? "gone"))" }
    if !needs.isEmpty { rows.append(("needs", needs.joined(separator: ", "))) }
    let dependents = migration.graph.dependents[index].map { migration.plan.steps[$0].id }
    if !dependents.isEmpty {
      let more = dependents.count > 20 ? " and \(dependents.count - 20) more" : ""
      rows.append(("needed by", dependents.prefix(20).joined(separator: ", ") + more))
    }
    if !planned.paths.isEmpty { rows.append(("paths", planned.paths.joined(separator: ", "))) }
    if let lock = planned.lock { rows.append(("lock", lock)) }
    if !planned.uses.isEmpty { rows.append(("uses", planned.uses.joined(separator: ", "))) }
    if planned.priority != 0 { rows.append(("priority", String(planned.priority))) }
    if let run = planned.run { rows.append(("run", run)) }
    if let timeout = planned.timeoutSeconds {
      rows.append(("timeout", TimeText.span(seconds: Int64(timeout))))
    }
    let match = planned.match.sorted { $0.key < $1.key }.map { "\($0.key)=\($0.value)" }
    if !match.isEmpty { rows.append(("match", match.joined(separator: " "))) }
    return rows
  }

  private func stateRows() -> [(String, String)] {
    var rows: [(String, String)] = [
      ("state", report.state + (report.reason.map { ": \($0)" } ?? "")),
      ("attempts", "\(step.failures) of \(migration.allowance(step)) failed, epoch \(step.epoch)"),
    ]
    if step.gates > 0 { rows.append(("gate runs", String(step.gates))) }
    if step.infrastructureRetries > 0 { rows.append(("start-overs", String(step.infrastructureRetries))) }
    if let holder = report.holder {
      let until = report.expiresAt.map { ", until \(TimeText.local($0))" } ?? ""
      rows.append(("held by", holder + (report.isHolderDead ? " (holder is dead)" : until)))
    }
    if let until = report.restsUntil { rows.append(("rests until", TimeText.local(until))) }
    if let commit = report.commit { rows.append(("merged as", commit.hex)) }
    return rows
  }

  private func attemptsText(_ palette: Palette) -> String {
    var output = ""
    for attempt in history.attempts {
      output += "\n\(palette.bold("epoch \(attempt.epoch)"))"
      if let claim = attempt.claim { output += " by \(TerminalText.sanitizedLine(claim.holder))" }
      output += "\n"
      for event in attempt.events {
        output += "  \(TimeText.local(event.at))  \(TerminalText.sanitizedLine(event.sentence))\n"
        output += detailText(event)
      }
      if let kept = attempt.result {
        output += "  see it with 'git show \(kept.ref ?? kept.commit.short)'\n"
      }
    }
    return output
  }

  private func detailText(_ event: Event) -> String {
    switch event.change {
    case .attemptFailed(_, let failure): return FailureText.lines(failure, indent: 6)
    case .gateFinished(_, let report): return FailureText.lines(report.failure, indent: 6)
    case .stepSubmitted(_, let result):
      return result.left.map { "      not taken: \(TerminalText.sanitizedLine($0))\n" }.joined()
    default: return ""
    }
  }

  private func decisionsText() -> String {
    if history.decisions.isEmpty { return "" }
    return "\n"
      + history.decisions.map { "  \(TimeText.local($0.at))  \(TerminalText.sanitizedLine($0.sentence))\n" }
      .joined()
  }

  private func logText() -> String { logs.last.map { FailureText.tail(of: $0, lines: lines) } ?? "" }

  // MARK: JSON

  var json: JSON {
    .object([
      JSON.Member("version", .integer(1)), JSON.Member("migration", .string(migration.name)),
      JSON.Member("id", .string(planned.id)), JSON.Member("title", .string(planned.title)),
      JSON.Member("state", .string(report.state)),
      JSON.Member("reason", report.reason.map(JSON.string) ?? .null),
      JSON.Member("needs", .array(planned.needs.map(JSON.string))),
      JSON.Member(
        "needed_by", .array(migration.graph.dependents[index].map { .string(migration.plan.steps[$0].id) })),
      JSON.Member("paths", .array(planned.paths.map(JSON.string))),
      JSON.Member("lock", planned.lock.map(JSON.string) ?? .null),
      JSON.Member("uses", .array(planned.uses.map(JSON.string))),
      JSON.Member("priority", .integer(Int64(planned.priority))),
      JSON.Member("run", planned.run.map(JSON.string) ?? .null),
      JSON.Member("match", .object(planned.match.map { JSON.Member($0.key, .string($0.value)) })),
      JSON.Member("epoch", .integer(Int64(step.epoch))),
      JSON.Member("failures", .integer(Int64(step.failures))),
      JSON.Member("allowance", .integer(Int64(migration.allowance(step)))),
      JSON.Member("gates", .integer(Int64(step.gates))),
      JSON.Member("infrastructure_retries", .integer(Int64(step.infrastructureRetries))),
      JSON.Member("holder", report.holder.map(JSON.string) ?? .null),
      JSON.Member("holder_dead", .bool(report.isHolderDead)),
      JSON.Member("expires_at", report.expiresAt.map { .integer($0.seconds) } ?? .null),
      JSON.Member("commit", report.commit.map { .string($0.hex) } ?? .null),
      JSON.Member("attempts", .array(history.attempts.map(attemptJSON))),
      JSON.Member("decisions", .array(history.decisions.map(eventJSON))),
      JSON.Member("logs", .array(logs.map { .string($0.path) })),
    ])
  }

  private func attemptJSON(_ attempt: StepHistory.Attempt) -> JSON {
    let failures = attempt.failures.map { failure in
      JSON.object([
        JSON.Member("kind", .string(failure.kind.rawValue)), JSON.Member("reason", .string(failure.reason)),
        JSON.Member("details", .array(failure.details.map(JSON.string))),
      ])
    }
    return .object([
      JSON.Member("epoch", .integer(Int64(attempt.epoch))),
      JSON.Member("holder", attempt.claim.map { .string($0.holder) } ?? .null),
      JSON.Member("base", attempt.claim.map { .string($0.base.hex) } ?? .null),
      JSON.Member("slot", attempt.claim?.slot.map(JSON.string) ?? .null),
      JSON.Member("ref", attempt.result?.ref.map(JSON.string) ?? .null),
      JSON.Member("commit", attempt.result.map { .string($0.commit.hex) } ?? .null),
      JSON.Member("failures", .array(failures)), JSON.Member("left", .array(attempt.left.map(JSON.string))),
      JSON.Member("events", .array(attempt.events.map(eventJSON))),
    ])
  }

  private func eventJSON(_ event: Event) -> JSON {
    .object([
      JSON.Member("at", .integer(event.at.seconds)), JSON.Member("by", .string(event.by)),
      JSON.Member("kind", .string(event.change.kindName)),
      JSON.Member("sentence", .string(event.sentence)),
    ])
  }
}
