import Git
import Ledger
import Migration
import Site
import System

/// Why a line is there: the step that brought it, and all that was tried before.
package struct WhyLine: PrintedAnswer {
  let path: String
  let line: Int
  /// The commit that the line comes from.
  let commit: OID
  /// The step that was merged as it, or `nil`: then no migration of this ledger brought the line.
  package let step: StepDetails?

  /// The line, its commit, and the step as `git migrate show` tells of it.
  package static let form = AnswerForm<WhyLine>.document([
    .text("path", \.path), .number("line", \.line), .text("commit", \.commit.hex),
    .text("migration", orNull: { $0.step?.migration.name }), .text("step", orNull: { $0.step?.step.id }),
    .number("epoch", orNull: { $0.step?.step.epoch }), .text("holder", orNull: { $0.last?.claim?.holder }),
    .text("agent", orNull: { $0.last?.agent }), .object("used", orNull: { $0.last?.used }),
    .list("failures", { $0.step?.history.attempts.flatMap(\.failures) ?? [] }),
    .text("prompt", orNull: { $0.last?.texts?.prompt }),
  ])

  /// The attempt that was merged.
  private var last: StepHistory.Attempt? { step?.history.attempts.last }

  package func text(_ palette: Palette) -> String {
    let place = "\(TerminalText.sanitizedLine(path)):\(line)"
    guard let step else {
      return "\(place) comes from \(commit.short), which no step of a migration was merged as\n"
    }
    let head = "\(place) comes from \(palette.bold(step.step.id)) of \(step.migration.name), "
    return head + "merged as \(commit.short)\n\n" + step.text(palette)
  }
}

extension Answers {
  /// Why a line, from 1, of a file is there, as it is in `revision`; `path` is from the repository's top.
  package func why(
    _ path: String, line: Int, at revision: String, lines: Int
  ) throws(CommandError) -> WhyLine {
    let found = try reporting { try site.git.origin(ofLine: line, in: path, at: revision) }
    guard let commit = found else {
      throw CommandError(
        "there is no line \(line) of '\(TerminalText.sanitizedLine(path))' in '\(revision)'",
        hint: "'--at' names another commit or branch, such as a migration's")
    }
    let snapshot = try site.snapshot(finding: nil, looksOnly: true) { _ in }
    for state in snapshot.state.migrations {
      let index = state.steps.firstIndex { step in
        if case .merged(let merged?) = step.phase { return merged.hex == commit.hex }
        return false
      }
      guard let index else { continue }
      return WhyLine(
        path: path, line: line, commit: commit, step: try step(index, of: state, in: snapshot, lines: lines))
    }
    return WhyLine(path: path, line: line, commit: commit, step: nil)
  }
}
