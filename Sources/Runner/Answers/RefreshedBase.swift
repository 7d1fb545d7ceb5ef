import Ledger
import Migration
import Site

/// What became of taking in the moved base.
package struct RefreshedBase: PrintedAnswer {
  /// The migration before.
  package let state: MigrationState
  /// How it went.
  package let outcome: RefreshWork.Outcome

  /// How it went, and what was found.
  package static let form = AnswerForm<RefreshedBase>.document([
    .word("result", words, \.result),
    .text("reason", \.reason), .texts("details", \.details),
  ])

  private static let words = [
    "refreshed", "up to date", "conflicts", "failed", "could not run", "ran no tests",
  ]

  private var result: String {
    switch outcome {
    case .upToDate: "up to date"
    case .refreshed: "refreshed"
    case .conflicts: "conflicts"
    case .failed(let verdict, _): verdict.words
    }
  }

  private var reason: String {
    switch outcome {
    case .upToDate: "'\(state.into)' has all of '\(state.base)'"
    case .refreshed(let commit): "'\(state.into)' took in '\(state.base)' as \(commit.prefix(10))"
    case .conflicts: "'\(state.base)' conflicts with '\(state.into)'"
    case .failed(_, let failure): failure.reason
    }
  }

  private var details: [String] {
    switch outcome {
    case .upToDate, .refreshed: []
    case .conflicts(let paths): paths
    case .failed(_, let failure): failure.details
    }
  }

  package func text(_: Palette) -> String { ([reason] + details).lines }

  /// What a script sees.
  package var exitCode: CommandError.ExitCode {
    switch outcome {
    case .upToDate, .refreshed: .done
    case .conflicts: .no
    case .failed(let verdict, _): verdict == .couldNotRun ? .couldNotVerify : .no
    }
  }

  /// What to do next.
  package var hint: String? {
    guard case .conflicts = outcome else { return nil }
    return "add a step that resolves them, with 'git migrate amend', or revert what conflicts on the base"
  }
}

extension Answers {
  /// Merges the moved base into the integration branch, through the gate.
  package func refresh(
    _ migration: String?, _ interruption: () throws(CommandError) -> Interruption
  ) throws(CommandError) -> RefreshedBase {
    let state = try site.migration(migration, in: try snapshot(finding: migration).state)
    if !state.plan.gate.verifiers.isEmpty { try site.requireTrust(state) }
    try site.requireReady(state)
    let errand = Errand(in: site, state.name, RefreshWork(in: site, report: warn), report: warn)
    return RefreshedBase(state: state, outcome: try errand.run(interruption()))
  }
}
