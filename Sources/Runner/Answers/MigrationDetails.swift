import Ledger
import Migration
import Site
import System

/// A migration as a whole, for `git migrate show`.
package struct MigrationDetails: PrintedAnswer {
  let state: MigrationState
  let report: MigrationReport
  /// Now.
  let now: Timestamp
  /// The logs of the last baseline.
  let logs: [LogFile]
  /// How many of the last lines of the newest log are shown.
  let lines: Int

  package func text(_ palette: Palette) -> String {
    var rows: [(String, String)] = [
      ("state", report.state + (report.reason.map { ": \($0)" } ?? "")),
      ("base", "\(state.base) at \(state.start.short)"),
      ("into", "\(state.into) at \(state.tip.short)\(state.peopleShareBranch ? ", shared" : "")"),
      ("plan", "number \(state.planNumber), digest \(state.planDigest.prefix(16))"),
      ("gate", gate), ("attempts", "\(state.plan.attempts) a step"),
      ("lease", SpanText.words(state.plan.leaseSeconds)),
    ]
    for agent in state.plan.allAgents { rows.append((agent.place, agent.service)) }
    if !report.used.isEmpty { rows.append(("used", report.used.text)) }
    for missing in report.missing { rows.append(("missing", missing.text)) }
    for rest in report.rests { rows.append(("rests", rest.text(at: now) { TimeText.clock($0, now: now) })) }
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

  /// The migration's branches, plan and counts, and why its base does not pass.
  package static let form = AnswerForm<MigrationDetails>.document([
    .text("migration", \.state.name), .word("state", MigrationPhase.words, \.report.state),
    .text("reason", orNull: \.report.reason), .text("base", \.state.base), .text("start", \.state.start.hex),
    .text("into", \.state.into), .text("tip", \.state.tip.hex), .flag("shared", \.state.peopleShareBranch),
    .number("plan_number", \.state.planNumber), .object("baseline_failure", orNull: \.baselineFailure),
    .text("plan_digest", \.state.planDigest), .document("plan", \.state.plan.json),
    .numbers("counts", by: \.report.namedCounts),
    .object("used", orNull: { $0.report.used.isEmpty ? nil : $0.report.used }),
    .list("rests", \.report.rests), .list("missing", \.report.missing),
  ])

  /// Why the base does not pass.
  private var baselineFailure: BaselineFailure? {
    state.baselineFailure.map { BaselineFailure(failure: $0, logs: logs.map(\.path)) }
  }
}

/// Why the base does not pass its own gate, with the logs of here that show it.
struct BaselineFailure: Answer {
  let failure: Migration.Failure
  let logs: [String]

  static let form = AnswerForm<BaselineFailure>([
    .text("reason", \.failure.reason), .texts("details", \.failure.details), .texts("logs", \.logs),
  ])
}

extension Answers {
  /// Everything about a migration, with so many of the last lines of the log of its base.
  package func migration(
    _ state: MigrationState, in snapshot: LedgerSnapshot, lines: Int
  ) throws(CommandError) -> MigrationDetails {
    let report = report(snapshot, only: state.name)
    return MigrationDetails(
      state: state, report: try report.migration(state.name), now: report.now,
      logs: try LogFile.baseline(of: state, site), lines: lines)
  }

  /// Everything about one step, by its index, with so many of the last lines of its newest log.
  package func step(
    _ index: Int, of state: MigrationState, in snapshot: LedgerSnapshot, lines: Int
  ) throws(CommandError) -> StepDetails {
    let report = report(snapshot, only: state.name)
    let id = state.steps[index].id
    return StepDetails(
      migration: state, index: index, report: try report.migration(state.name).steps[index], now: report.now,
      history: try StepHistory(of: id, in: state, site, warn: warn),
      logs: try LogFile.list(of: state.name, step: id, site), lines: lines)
  }

  /// Where every step is, of one migration or of all.
  package func status(only migration: String?) throws(CommandError) -> StatusReport {
    let snapshot =
      migration == nil ? try reporting { try site.ledger.read() } : try snapshot(finding: migration)
    if let migration { _ = try site.migration(migration, in: snapshot.state) }
    var report = StatusReport(
      snapshot.state, sequence: snapshot.sequence, now: site.clock.now(), only: migration,
      courses: try site.courses(), here: site.findings(snapshot.state), isDead: Site.isProvablyDead)
    if let remote = site.ledger.remote {
      let waiting = try reporting { try site.ledger.waitingCount() }
      report.shared = SharedPicture(remote: remote.name, asOf: remote.lastContact, waiting: waiting)
    }
    return report
  }

  private func report(_ snapshot: LedgerSnapshot, only migration: String?) -> StatusReport {
    StatusReport(
      snapshot.state, sequence: snapshot.sequence, now: site.clock.now(), only: migration,
      isDead: Site.isProvablyDead)
  }
}

extension StatusReport {
  fileprivate func migration(_ name: String) throws(CommandError) -> MigrationReport {
    guard let found = migrations.first(where: { $0.name == name }) else {
      throw CommandError(.noMigration(name))
    }
    return found
  }
}
