import Git
import Migration

/// What `git migrate clean` removes, or would.
package struct RemovedLitter: PrintedAnswer {
  /// What was found.
  package let litter: Litter
  /// Whether nothing is done.
  package let isDryRun: Bool

  /// What goes and what stays.
  package static let form = AnswerForm<RemovedLitter>.document([
    .flag("dry_run", \.isDryRun), .texts("worktrees", \.litter.worktrees),
    .texts("refs") { $0.litter.attempts.map(\.ref) + $0.litter.branches.map(\.ref) },
    .texts("set_aside", \.litter.asides), .texts("kept", \.litter.kept),
    .number("attempts_kept", \.litter.precious),
  ])

  /// Tells of litter.
  package init(_ litter: Litter, isDryRun: Bool) {
    self.litter = litter
    self.isDryRun = isDryRun
  }

  package func text(_: Palette) -> String {
    let word = isDryRun ? "would remove" : "removing"
    return
      (litter.worktrees.map { "\(word) the worktree '\($0)'" }
      + litter.asides.map { "\(word) '\($0)', which was moved aside and no ref holds" }
      + litter.attempts.map { "\(word) '\($0.ref)'" }
      + litter.branches.map {
        "\(word) the branch '\($0.ref.dropFirst("refs/heads/".count))', which '\($0.base)' holds"
      }).lines
  }
}
