import Git
import Ledger
import Migration
import Site

/// Judges the result of a migration once more before it is handed over, each time in a new worktree with
/// nothing kept: what the gate saw step by step must hold where nobody has worked before. When it does not,
/// searches the first merged step that does not.
///
/// Never waits: the owner polls `descriptor` and calls `advance()` until it says how it ended.
package final class ResultTask {
  /// How it ended.
  package enum Ending: Equatable, Sendable {
    /// The result passed, or there is nothing to judge: no verifier, or no change.
    case passed
    /// It did not pass; the first commit that does not, when that could be found.
    case failed(Migration.Failure, first: Culprit?)
    /// It did not pass, and then the same tree did: a verifier says now this, now that.
    case undecided(Migration.Failure)
    /// A verifier could not be run, or was stopped: nothing is known of the result.
    case unknown(Migration.Failure)
  }

  /// The first commit of the branch whose tree does not pass.
  package struct Culprit: Equatable, Sendable {
    /// The commit.
    package var commit: OID
    /// Its first line.
    package var subject: String
    /// The step that it merged; `nil` for a commit of people's, a base that was taken in, and the start.
    package var step: String?
    /// Whether it is the commit that the migration began at.
    package var isStart: Bool
  }

  private let site: any Surroundings
  private let state: MigrationState
  private let tip: OID
  private let report: (String) -> Void
  private var stage: Stage
  private var isStopping = false
  /// What was found of each place that was judged and did not pass, when it was judged last.
  private var failures: [Int: Migration.Failure] = [:]

  private enum Stage {
    case whole(any GateVerification)
    case searching(ResultSearch, [BranchCommit], any GateVerification)
    case ended(Ending)
  }

  /// Begins with the tree of `tip`, the tip of the integration branch; `report` gets lines for people.
  package init(
    in site: any Surroundings, _ state: MigrationState, tip: OID, report: @escaping (String) -> Void
  ) throws(CommandError) {
    self.site = site
    self.state = state
    self.tip = tip
    self.report = report
    let isUnchanged = try site.tree(of: tip) == site.tree(of: state.start.oid)
    if state.plan.gate.verifiers.isEmpty || isUnchanged {
      stage = .ended(.passed)
    } else {
      stage = .whole(try site.startGate(state.plan, on: tip, for: .result(migration: state.name)))
    }
  }

  /// Readable when `advance` may have something to do; negative when it has, or when time has to pass.
  package var descriptor: Int32 {
    switch stage {
    case .whole(let job), .searching(_, _, let job): job.descriptor
    case .ended: -1
    }
  }

  /// Stops the verifier; `advance` then says that nothing is known.
  package func stop() {
    isStopping = true
    switch stage {
    case .whole(let job), .searching(_, _, let job): job.stop()
    case .ended: return
    }
  }

  /// Goes as far as it can without waiting, and says how it ended once it has.
  package func advance() throws(CommandError) -> Ending? {
    while true {
      switch stage {
      case .ended(let ending): return ending
      case .whole(let job):
        guard let found = try job.poll() else { return nil }
        stage = try begin(after: found)
      case .searching(var search, let commits, let job):
        guard let found = try job.poll() else { return nil }
        if case .judge(let place) = search.next, found.verdict != .couldNotRun {
          failures[place] = found.failure ?? failures[place]
        }
        search.note(found.verdict)
        stage = try goOn(search, commits)
      }
    }
  }

  private func begin(after found: VerifierReport) throws(CommandError) -> Stage {
    guard let failure = found.failure else { return .ended(.passed) }
    if found.verdict == .couldNotRun || isStopping { return .ended(.unknown(failure)) }
    report("the result does not pass in a new worktree; looking for the first step that does not")
    let commits = try site.history(of: state, to: tip)
    failures[commits.count - 1] = failure
    return try goOn(ResultSearch(ends: commits.map(\.isEnd)), commits)
  }

  private func goOn(_ search: ResultSearch, _ commits: [BranchCommit]) throws(CommandError) -> Stage {
    let failure =
      failures[search.bad] ?? Migration.Failure(kind: .gate, reason: "the result does not pass")
    switch search.next {
    case .judge(let place):
      if isStopping { return .ended(.unknown(failure)) }
      let job = try site.startGate(
        state.plan, on: commits[place].commit, for: .result(migration: state.name))
      return .searching(search, commits, job)
    case .undecided: return .ended(.undecided(failure))
    case .found(let place):
      return .ended(.failed(failure, first: place.map { culprit(commits[$0], isStart: $0 == 0) }))
    }
  }

  private func culprit(_ found: BranchCommit, isStart: Bool) -> Culprit {
    let step = state.steps.first { step in
      if case .merged(let merged) = step.phase { return merged?.oid == found.commit }
      return false
    }
    return Culprit(commit: found.commit, subject: found.subject, step: step?.id, isStart: isStart)
  }
}
