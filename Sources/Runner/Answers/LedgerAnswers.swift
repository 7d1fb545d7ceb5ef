import Ledger
import Migration

/// What was exchanged with the repository that the ledger is shared through.
package struct SyncedLedger: PrintedAnswer {
  /// The remote's name.
  package let remote: String
  /// The number of the ledger's last entry.
  package let sequence: Int
  /// What came and went.
  package let report: SyncReport

  /// What came and went, and what was refused.
  package static let form = AnswerForm<SyncedLedger>.document([
    .text("remote", \.remote), .number("seq", \.sequence), .number("received", \.report.received),
    .number("sent", \.report.sent), .list("refused", \.report.refused),
    .text("kept_on", orNull: \.report.keptOn),
  ])

  /// Tells of an exchange.
  package init(remote: String, sequence: Int, report: SyncReport) {
    self.remote = remote
    self.sequence = sequence
    self.report = report
  }

  package func text(_: Palette) -> String {
    let lines = report.lines(remote: remote)
    guard lines.isEmpty else { return lines.lines }
    return "'\(remote)' has the same \(Count.of(sequence, "entry", plural: "entries"))\n"
  }
}

extension RefusedEvent: Answer {
  /// What was refused, and why.
  public static let form = AnswerForm<RefusedEvent>([
    .text("sentence", \.sentence), .text("reason", \.reason),
  ])
}

/// What a check of the ledger and what lies around it has found.
package struct CheckedLedger: PrintedAnswer {
  /// What is wrong.
  package let findings: [Finding]
  /// How many entries the ledger has.
  package let entries: Int

  /// Whether all is well, and what is not.
  package static let form = AnswerForm<CheckedLedger>.document([
    .flag("ok", \.findings.isEmpty), .number("entries", \.entries), .list("findings", \.findings),
  ])

  /// Tells of a check.
  package init(findings: [Finding], entries: Int) {
    self.findings = findings
    self.entries = entries
  }

  /// What is wrong is told as errors, one by one.
  package func text(_: Palette) -> String {
    findings.isEmpty ? "ok \(Count.of(entries, "entry", plural: "entries"))\n" : ""
  }
}

extension Finding: Answer {
  /// The rule that is broken, where, and what to do.
  public static let form = AnswerForm<Finding>([
    .text("rule", \.rule), .text("subject", \.subject), .text("message", \.message),
    .text("remedy", \.remedy),
  ])
}
