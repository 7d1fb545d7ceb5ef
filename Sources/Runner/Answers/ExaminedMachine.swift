import Migration
import Site
import System

/// What `git migrate doctor` found on this machine and in this repository.
package struct ExaminedMachine: PrintedAnswer {
  /// Each thing that was looked at.
  package let checks: [DoctorCheck]

  /// Whether nothing is wrong, and what was looked at.
  package static let form = AnswerForm<ExaminedMachine>.document([
    .flag("ok", \.isHealthy), .list("checks", \.checks),
  ])

  /// Tells of checks.
  package init(_ checks: [DoctorCheck]) { self.checks = checks }

  /// Whether nothing is an error; a warning alone is none.
  package var isHealthy: Bool { !checks.contains { $0.level == .error } }

  /// What a script sees.
  package var exitCode: CommandError.ExitCode { isHealthy ? .done : .no }

  package func text(_: Palette) -> String {
    checks.map { check in
      let hint = check.hint.map { ["  hint: \($0)"] } ?? []
      return ["\(check.level.rawValue): \(check.name): \(check.message)"] + hint
    }.joined().map { TerminalText.sanitized($0) + "\n" }.joined()
  }
}

extension DoctorCheck: Answer {
  /// What was looked at, and how it stands.
  public static let form = AnswerForm<DoctorCheck>([
    .text("name", \.name), .word("level", Level.allCases.map(\.rawValue), \.level.rawValue),
    .text("message", \.message), .text("hint", orNull: \.hint),
  ])
}
