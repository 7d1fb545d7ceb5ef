import Gate
import Git
import Ledger
import Migration
import Site

/// Takes a moved base into the integration branch, through the gate (DESIGN §6).
///
/// Never waits: the owner polls `descriptor` and calls `advance()` until it says how it ended.
final class RefreshTask {
  /// How it ended. Only `refreshed` has changed anything.
  enum Ending: Equatable {
    /// The base has not moved past what the branch has.
    case upToDate
    /// The branch holds the base now, with this commit.
    case refreshed(OID)
    /// The two conflict in these paths.
    case conflicts([String], base: OID)
    /// The merged tree did not pass.
    case failed(Verdict, Migration.Failure)
    /// The branch cannot be moved as things are, so that judging would be in vain.
    case obstructed(String)
    /// The branch or its gate changed meanwhile: another try begins there.
    case outrun
    /// The ledger did not take it.
    case refused(Refusal)
    /// It was asked to stop.
    case stopped
  }

  private let site: any Surroundings
  private let migration: String
  private let report: (String) -> Void
  private var stage = Stage.begin
  private var isStopping = false
  /// Whoever has to be done before the branch can move, while this waits.
  private(set) var waitsFor: String?

  private enum Stage {
    case begin
    case judging(any GateVerification, Merged)
    case passed(Merged)
    case ended(Ending)
  }

  private struct Merged {
    var base: OID
    var candidate: Candidate
    /// The digest of the gate that speaks.
    var gate: String
    /// What its verifiers told.
    var runs: [ComparedRun] = []
    /// How the verdict came about.
    var evidence = VerdictEvidence()
  }

  init(site: any Surroundings, migration: String, report: @escaping (String) -> Void) {
    self.site = site
    self.migration = migration
    self.report = report
  }

  /// Readable when `advance` may have something to do; negative when it has, or when time has to pass.
  var descriptor: Int32 {
    switch stage {
    case .begin, .passed, .ended: -1
    case .judging(let job, _): job.descriptor
    }
  }

  /// Stops the verifier; the next `advance` ends it.
  func stop() {
    isStopping = true
    if case .judging(let job, _) = stage { job.stop() }
  }

  /// Goes as far as it can without waiting, and says how it ended once it has.
  func advance() throws(CommandError) -> Ending? {
    while true {
      switch stage {
      case .ended(let ending): return ending
      case .begin: stage = isStopping ? .ended(.stopped) : try begin()
      case .judging(let job, var merged):
        guard let found = try job.poll() else { return nil }
        if isStopping {
          stage = .ended(.stopped)
        } else if let failure = found.failure {
          stage = .ended(.failed(found.verdict, failure))
        } else {
          merged.runs = found.runs
          merged.evidence.flaky = found.evidence.flaky
          merged.evidence.reused = found.evidence.reused
          stage = .passed(merged)
        }
      case .passed(let merged):
        if isStopping {
          stage = .ended(.stopped)
        } else {
          guard let ending = try merge(merged) else { return nil }
          stage = .ended(ending)
        }
      }
    }
  }

  private func begin() throws(CommandError) -> Stage {
    guard let state = try current() else { return .ended(.outrun) }
    guard let tip = try site.tip(of: state.intoRef) else { throw site.isGone(state) }
    guard let base = try site.base(of: state) else {
      return .ended(.obstructed("there is no branch '\(state.base)' here"))
    }
    if try site.isAncestor(base, of: tip) { return .ended(.upToDate) }
    let hasGate = !state.plan.gate.verifiers.isEmpty
    do throws(CommandError) {
      // The plan may have been amended by somebody else since.
      if hasGate { try site.requireTrust(state) }
    } catch {
      guard error.waitsForUser else { throw error }
      return .ended(.refused(Refusal(.limited, error.message, hint: error.hint)))
    }
    let candidate: Candidate
    switch try site.refreshed(state, from: tip, with: base) {
    case .conflicts(let paths): return .ended(.conflicts(paths, base: base))
    case .unusable(let reason): return .ended(.obstructed(reason))
    case .made(let made): candidate = made
    }
    // What would only be found after the gate has run is said before.
    if let found = try site.obstacle(toMerging: state) { return .ended(.obstructed(found)) }
    if let found = try site.obstacle(toMoving: state.intoRef, from: tip, toTree: candidate.tree) {
      return .ended(.obstructed(found))
    }
    var merged = Merged(base: base, candidate: candidate, gate: state.gateDigest)
    guard hasGate else { return .passed(merged) }
    merged.evidence.basis = try site.basis(of: state, report: report)
    if let known = try site.knownPass(candidate.tree.objectID, state, on: merged.evidence.basis) {
      return .judging(RememberedVerdict(known), merged)
    }
    return .judging(
      try site.startGate(state.plan, on: candidate.commit, for: .refresh(migration: migration)), merged)
  }

  /// Moves the branch; `nil` while somebody else is about to. The verdict holds as long as the branch and its
  /// gate are what they were.
  private func merge(_ merged: Merged) throws(CommandError) -> Ending? {
    guard let state = try current() else { return .outrun }
    waitsFor = state.phase.isTerminal ? nil : state.holdUp(of: .refresh)
    if waitsFor != nil { return nil }
    let candidate = merged.candidate
    guard state.gateDigest == merged.gate, try site.tip(of: state.intoRef) == candidate.tip else {
      return .outrun
    }
    let interpreter = Interpreter(in: site, report: report)
    let appended = try interpreter.appendOnly(by: site.actor) {
      [site, migration] (_, at) throws(Refusal) in
      var refresh = Refresh(
        base: merged.base.objectID, old: candidate.tip.objectID, new: candidate.commit.objectID,
        tree: candidate.tree.objectID, verifiers: merged.gate, verdict: .passed, owner: site.owner,
        expiresAt: at.adding(seconds: 600))
      refresh.evidence = merged.evidence
      return ((), [Proposal(migration, .refreshIntended(refresh)).resting(on: merged.runs)])
    }
    // Whatever comes of it, an intent is not written a second time.
    if case .recorded = appended.recorded { stage = .ended(.outrun) }
    switch try appended.perform(interpreter) {
    // The gate may have been amended in another clone: another try is judged by the new one.
    case .refused(let refusal) where [.tipMoved, .stale].contains(refusal.code): return .outrun
    case .refused(let refusal) where refusal.code == .limited: return nil
    case .refused(let refusal): return .refused(refusal)
    case .nothing: return .upToDate
    case .recorded: return try settled(candidate.commit)
    }
  }

  private func settled(_ commit: OID) throws(CommandError) -> Ending {
    guard let state = try current() else { return .outrun }
    if try site.tip(of: state.intoRef) == commit { return .refreshed(commit) }
    // Shared, the ledger may have it while something keeps the branch here.
    if state.tip == commit.objectID {
      let reason = try site.follow(state)
      report("'\(state.into)' is not moved here yet: \(reason ?? "the next command tries again")")
      return .refreshed(commit)
    }
    let snapshot = try site.snapshot()
    let last = try snapshot.tip.map { (tip) throws(CommandError) in
      try reporting { try site.events.sentences(to: tip, from: nil) }.last?.text ?? ""
    }
    return .refused(
      Refusal(.limited, "'\(state.into)' did not take the base in: \(last ?? "it did not move")"))
  }

  private func current() throws(CommandError) -> MigrationState? {
    try site.state(of: migration)
  }
}

extension Surroundings {
  /// That the integration branch is not there, and how it comes back.
  func isGone(_ state: MigrationState) -> CommandError {
    CommandError(
      "the integration branch '\(state.into)' is gone",
      hint: "run 'git update-ref \(state.intoRef) \(state.tip.hex)'")
  }
}
