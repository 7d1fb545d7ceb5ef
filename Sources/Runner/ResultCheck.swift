import Git
import Ledger
import Migration

/// Judges the result of a migration once more before it is handed over, each time in a new worktree with
/// nothing kept: what the gate saw step by step must hold where nobody has worked before.
public struct ResultCheck {
  let site: Site
  let state: MigrationState
  let report: (String) -> Void

  /// Makes it for a migration; `report` gets lines for people.
  public init(site: Site, state: MigrationState, report: @escaping (String) -> Void) {
    self.site = site
    self.state = state
    self.report = report
  }

  /// How it ended.
  public enum Ending: Equatable, Sendable {
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
  public struct Culprit: Equatable, Sendable {
    /// The commit.
    public var commit: OID
    /// Its first line.
    public var subject: String
    /// The step that it merged; `nil` for a commit of people's, a base that was taken in, and the start.
    public var step: String?
    /// Whether it is the commit that the migration began at.
    public var isStart: Bool
  }

  /// Judges the tree of `tip`, the tip of the integration branch; when it fails, searches the first merged
  /// step that does by halving.
  public func run(
    tip: OID, stopWhen shouldStop: () -> Bool, signals: Int32
  ) throws(CommandError) -> Ending {
    let isUnchanged = try reporting {
      try site.repository.treeOf(commit: tip) == site.repository.treeOf(commit: state.start.oid)
    }
    guard !state.plan.gate.verifiers.isEmpty, !isUnchanged else { return .passed }
    let found = try judge(tip, shouldStop, signals)
    guard let failure = found.failure else { return .passed }
    if found.verdict == .couldNotRun { return .unknown(failure) }
    report("the result does not pass in a new worktree; looking for the first step that does not")
    return try bisect(tip, failure, shouldStop, signals)
  }

  /// `commits[good]` passes as far as is known, `commits[bad]` does not. Trains are passed over first: the
  /// gate judged no tree inside of one, and only in the one that fails it is worth a look.
  private func bisect(
    _ tip: OID, _ failure: Migration.Failure, _ shouldStop: () -> Bool, _ signals: Int32
  ) throws(CommandError) -> Ending {
    let commits = try history(to: tip)
    var failure = failure
    var (good, bad) = (0, commits.count - 1)
    for places in [try ends(of: commits), Array(commits.indices)] {
      let between = places.filter { good < $0 && $0 < bad }
      var (low, high) = (-1, between.count)
      while high - low > 1 {
        let middle = (low + high) / 2
        let found = try judge(commits[between[middle]], shouldStop, signals)
        if found.verdict == .couldNotRun { return .failed(failure, first: nil) }
        if let worse = found.failure {
          (high, bad, failure) = (middle, between[middle], worse)
        } else {
          (low, good) = (middle, between[middle])
        }
      }
    }
    // Of the last commit only the first judgement is known, and that one led to all this.
    if bad == commits.count - 1 {
      let again = try judge(tip, shouldStop, signals)
      if again.verdict == .couldNotRun { return .failed(failure, first: nil) }
      guard let worse = again.failure else { return .undecided(failure) }
      failure = worse
    }
    // That the start passes is what the baseline said of a worktree that may have kept something.
    if bad == 1, let worse = try judge(commits[0], shouldStop, signals).failure {
      (bad, failure) = (0, worse)
    }
    return .failed(failure, first: try culprit(commits[bad], isStart: bad == 0))
  }

  /// The places of the commits that the branch was at.
  private func ends(of commits: [OID]) throws(CommandError) -> [Int] {
    try reporting { () throws -> [Int] in
      try commits.indices.filter { index in
        guard index + 1 < commits.count else { return true }
        let next = try site.repository.commit(commits[index + 1])
        return try !site.repository.commit(commits[index]).isInsideTrain(before: next)
      }
    }
  }

  /// The commits of the branch, from where the migration began to the tip.
  private func history(to tip: OID) throws(CommandError) -> [OID] {
    try reporting { () throws -> [OID] in
      var commits = [tip]
      while let last = commits.last, last != state.start.oid {
        guard let parent = try site.repository.commit(last).parents.first else { break }
        commits.append(parent)
      }
      return commits.reversed()
    }
  }

  private func culprit(_ oid: OID, isStart: Bool) throws(CommandError) -> Culprit {
    let commit = try reporting { try site.repository.commit(oid) }
    let step = state.steps.first { step in
      if case .merged(let merged) = step.phase { return merged?.oid == oid }
      return false
    }
    let subject = commit.message.split(separator: "\n").first.map(String.init) ?? ""
    return Culprit(commit: oid, subject: subject, step: step?.id, isStart: isStart)
  }

  private func judge(
    _ commit: OID, _ shouldStop: () -> Bool, _ signals: Int32
  ) throws(CommandError) -> VerifierReport {
    let job = try site.startVerifiers(
      state.plan, on: commit, migration: state.name, isFresh: true
    ) { [state] in .result(state.name, $0) }
    return try job.finish(stopWhen: shouldStop, signals: signals)
  }
}
