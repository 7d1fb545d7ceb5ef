import Ledger
import Migration
import System

/// Everything about one step, for `git migrate show`.
package struct StepDetails: PrintedAnswer {
  let migration: MigrationState
  let index: Int
  let report: StepReport
  let now: Timestamp
  let history: StepHistory
  let logs: [LogFile]
  let lines: Int

  var planned: PlannedStep { migration.plan.steps[index] }
  var step: Step { migration.steps[index] }
  /// What agents used on it.
  var used: UseReport {
    let told = history.attempts.count { attempt in attempt.events.contains { $0.used != nil } }
    return UseReport(step.used, attempts: told, limits: migration.plan.budget.step)
  }

  package func text(_ palette: Palette) -> String {
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
    if let agent = planned.agent { rows.append(("agent", agent)) }
    if let timeout = planned.timeoutSeconds {
      rows.append(("timeout", SpanText.words(timeout)))
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
    if !step.used.isZero { rows.append(("used", used.text)) }
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
        output += "  \(TimeText.local(event.at))  \(TerminalText.sanitizedLine(event.sentence))"
        output += event.used.map { " (\($0.words))\n" } ?? "\n"
        output += detailText(event)
      }
      output += wordsText(attempt, isLast: attempt.epoch == history.attempts.last?.epoch)
      if let kept = attempt.result {
        output += "  see it with 'git show \(kept.ref ?? kept.commit.short)'\n"
      }
    }
    return output
  }

  private func detailText(_ event: Event) -> String {
    let told = event.warnings.map { "      warning: \(TerminalText.sanitizedLine($0))\n" }.joined()
    var notes: [String] = []
    if case .claim(_, .stageEnded(let end)) = event.change { notes = end.notes }
    if case .gate(_, .judged(let answer)) = event.change { notes = answer.reasons }
    let words = told + notes.map { "      it says: \(TerminalText.sanitizedLine($0))\n" }.joined()
    if let (_, result) = event.change.result {
      return words + result.left.map { "      not taken: \(TerminalText.sanitizedLine($0))\n" }.joined()
    }
    return words + FailureText.lines(event.change.failure, indent: 6)
  }

  /// The agent's closing words and, of the last attempt, the prompt.
  private func wordsText(_ attempt: StepHistory.Attempt, isLast: Bool) -> String {
    guard let texts = attempt.texts else { return "" }
    var output = ""
    func add(_ title: String, _ text: String) {
      if text.isEmpty { return }
      let all = TerminalText.sanitized(text).split(separator: "\n", omittingEmptySubsequences: false)
      output += "  \(title):\n" + all.prefix(Self.longestWords).map { "      \($0)\n" }.joined()
      guard all.count > Self.longestWords else { return }
      let ref = LedgerRefs.words(migration.name, Fence(step: planned.id, epoch: attempt.epoch))
      output += "      … all of it with 'git show \(ref):\(title == "prompt" ? "prompt" : "closing").md'\n"
    }
    if isLast { add("prompt", texts.prompt) }
    add("closing words", texts.closing)
    return output
  }

  /// How many lines of words are shown.
  private static let longestWords = 60

  private func decisionsText() -> String {
    if history.decisions.isEmpty { return "" }
    return "\n"
      + history.decisions.map { "  \(TimeText.local($0.at))  \(TerminalText.sanitizedLine($0.sentence))\n" }
      .joined()
  }

  private func logText() -> String { logs.last.map { FailureText.tail(of: $0, lines: lines) } ?? "" }
}
