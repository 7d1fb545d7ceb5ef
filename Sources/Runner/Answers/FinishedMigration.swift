import Git
import Migration
import System

/// A migration that has ended with a result.
package struct FinishedMigration: PrintedAnswer {
  /// The migration's name.
  package let migration: String
  /// The result.
  package let result: ObjectID
  /// The branch that holds it: the base, or the integration branch.
  package let branch: String
  /// Whether the base in the shared repository holds it.
  package let isPushed: Bool

  /// The result, and where it is.
  package static let form = AnswerForm<FinishedMigration>.document([
    .text("migration", \.migration), .text("result", \.result.hex), .text("branch", \.branch),
    .flag("pushed", \.isPushed),
  ])

  /// Tells of an end.
  package init(migration: String, result: ObjectID, branch: String, isPushed: Bool) {
    self.migration = migration
    self.result = result
    self.branch = branch
    self.isPushed = isPushed
  }

  package func text(_: Palette) -> String {
    "\(migration) finished: the result \(result.short) is on \(branch)\n"
  }
}

/// A result that did not pass when it was judged once more; the migration stays open.
package struct RejectedResult: PrintedAnswer {
  /// The migration's name.
  package let migration: String
  /// What was found.
  package let failure: Migration.Failure
  /// The first commit that does not pass, where that could be found.
  package let culprit: ResultTask.Culprit?
  /// Whether the same tree passed when it was judged once more.
  package let isUndecided: Bool

  /// What was found, and since when.
  package static let form = AnswerForm<RejectedResult>.document([
    .text("migration", \.migration),
    .word("verdict", [Verdict.failed.rawValue]) { _ in Verdict.failed.rawValue },
    .text("reason", \.failure.reason), .texts("failures", \.failure.details),
    .text("first_step", orNull: { $0.culprit?.step }),
    .text("first_commit", orNull: { $0.culprit?.commit.hex }),
    .flag("passed_again", \.isUndecided),
  ])

  /// Tells of a result that does not pass.
  package init(
    migration: String, failure: Migration.Failure, culprit: ResultTask.Culprit?, isUndecided: Bool
  ) {
    self.migration = migration
    self.failure = failure
    self.culprit = culprit
    self.isUndecided = isUndecided
  }

  package func text(_: Palette) -> String { (failure.details + (culprit.map { [words($0)] } ?? [])).lines }

  private func words(_ culprit: ResultTask.Culprit) -> String {
    let commit = "\(culprit.commit.hex.prefix(10)) \(TerminalText.sanitizedLine(culprit.subject))"
    if culprit.isStart { return "what the migration began at fails already: \(commit)" }
    guard let step = culprit.step else { return "the first commit that fails: \(commit)" }
    return "the first step that fails: \(step), merged as \(commit)"
  }
}
