import Git
import Ledger
import Migration
import Site
import Supervision
import System

/// Counts what the plan's `until` counts, in the gate's worktree, and records it: once for each commit, and
/// the command runs once for each tree.
package struct UseCounting {
  private let site: Site
  private let report: (String) -> Void

  /// Makes it for a site; `report` gets lines for people.
  package init(site: Site, report: @escaping (String) -> Void) { (self.site, self.report) = (site, report) }

  /// How many uses there are at a commit of a migration; `nil` when its plan counts nothing. Throws when the
  /// command fails or prints no number: then nothing is known, and nothing recorded.
  package func count(_ state: MigrationState, at commit: OID) throws(CommandError) -> Int? {
    guard let until = state.plan.until else { return nil }
    if let known = state.loop.count(at: commit.objectID, by: until.digest) { return known }
    let tree = try site.tree(of: commit)
    let known = state.loop.count(of: tree.objectID, by: until.digest)
    let count: Int
    if let known { count = known } else { count = try run(until, state, on: commit) }
    guard !state.phase.isTerminal else { return count }
    let uses = UseCount(
      count: count, commit: commit.objectID, tree: tree.objectID, command: until.digest)
    let outcome = try Interpreter(site: site, report: report).append(by: site.actor) {
      (snapshot, _) throws(Refusal) in
      // Somebody else may have counted meanwhile.
      let loop = snapshot.state.migration(named: state.name)?.loop
      let isKnown = loop?.count(at: uses.commit, by: uses.command) != nil
      return ((), isKnown ? [] : [Proposal(state.name, .usesCounted(uses))])
    }
    if let refusal = outcome.refusal { throw CommandError(refusal) }
    return count
  }

  private func run(_ until: Plan.Until, _ state: MigrationState, on commit: OID) throws(CommandError) -> Int {
    try site.requireTrust(state)
    let worktree = try GateWorktree.take(site: site, plan: state.plan, commit: commit, isFresh: false)
    defer { worktree.close() }
    let run = site.launcher.supervised(
      .verifier(env: []), until.count, in: worktree.directory, log: site.logFile(.count(state.name)),
      adding: ["MIGRATE_MIGRATION": state.name].merging(worktree.variables) { $1 },
      timeoutSeconds: UseCounting.seconds, isLive: true)
    let ended = try site.finish(run, limit: 64 << 10)
    func fault(_ reason: String) -> CommandError {
      CommandError(
        "the uses of '\(state.name)' could not be counted: "
          + "'\(TerminalText.sanitizedLine(until.count))' \(reason)",
        hint: "'until: { count: … }' is a command that prints one whole number", exitCode: .couldNotVerify)
    }
    guard ended.status.isSuccess else { throw fault(WorkJob.words(ended.status)) }
    let text = String(decoding: ended.output, as: UTF8.self)
    let words = text.split(whereSeparator: \.isWhitespace)
    guard words.count == 1, let number = words.first.flatMap({ Int($0) }), number >= 0 else {
      let said = TerminalText.sanitizedLine(String(text.prefix(80)))
      throw fault(said.isEmpty ? "printed nothing" : "printed '\(said)'")
    }
    return number
  }

  /// How long a count may take.
  private static let seconds = 600
}
