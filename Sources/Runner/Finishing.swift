import Git
import Ledger
import Migration

/// Takes in a moved base, and hands the result back: people keep working on `base` all the time (DESIGN §6).
public struct Finishing {
  let site: Site
  let report: (String) -> Void

  /// Makes it; `report` gets lines for people.
  public init(site: Site, report: @escaping (String) -> Void) {
    self.site = site
    self.report = report
  }

  /// What became of a refresh.
  public enum RefreshOutcome: Equatable, Sendable {
    /// The base has not moved past what the branch has.
    case upToDate
    /// The branch holds the base now.
    case refreshed(String)
    /// The two conflict in these paths; nothing was changed.
    case conflicts([String])
    /// The merged tree did not pass; nothing was changed.
    case failed(Verdict, Migration.Failure)
  }

  /// How often the branch may move while the base is judged with it.
  private static let triesToRefresh = 5

  /// Merges the moved base into the integration branch, through the gate. Waits its turn where steps are
  /// judged and merged meanwhile, and judges again when the branch has moved.
  public func refresh(_ name: String, stopWhen shouldStop: () -> Bool, signals: Int32) throws(CommandError)
    -> RefreshOutcome
  {
    for _ in 0..<Finishing.triesToRefresh {
      let state = try turn(name, shouldStop, signals)
      if let outcome = try refreshOnce(state, shouldStop, signals) { return outcome }
    }
    throw CommandError(
      "the branch moves on each time before the base is judged with it",
      hint: "hold the steps with 'git migrate pause', refresh, then go on with 'git migrate resume'",
      exitCode: .no)
  }

  /// Waits until no step is judged or merged, and gives the state then.
  private func turn(
    _ name: String, _ shouldStop: () -> Bool, _ signals: Int32
  ) throws(CommandError) -> MigrationState {
    var isTold = false
    while true {
      let snapshot = try Recovery(site: site, report: report).sweep(name)
      guard let state = snapshot.state.migration(named: name) else {
        throw CommandError("no migration '\(name)'")
      }
      guard
        let mover = state.stepsInFlight.first(where: Finishing.isMoving)?.id
          ?? (state.refresh == nil ? nil : "another refresh"), !state.phase.isTerminal
      else { return state }
      if shouldStop() {
        throw CommandError("interrupted; nothing was changed", exitCode: .interrupted)
      }
      if !isTold { report("waiting for '\(mover)', which is at its gate") }
      isTold = true
      site.wait(for: [signals])
    }
  }

  private static func isMoving(_ step: Step) -> Bool {
    switch step.phase {
    case .gating, .merging: true
    case .waiting, .ready, .leased, .submitted, .merged, .backoff, .blocked, .skipped, .cancelled: false
    }
  }

  /// Gives `nil` when the branch has moved in between.
  private func refreshOnce(
    _ state: MigrationState, _ shouldStop: () -> Bool, _ signals: Int32
  ) throws(CommandError) -> RefreshOutcome? {
    let place = try ends(state)
    if try reporting({ try site.repository.isAncestor(place.base, of: place.tip) }) { return .upToDate }
    let merged: OID
    switch try reporting({ try site.repository.mergeCommits(ours: place.tip, theirs: place.base) }) {
    case .conflicts(let paths): return .conflicts(paths)
    case .clean(let tree): merged = tree
    }
    // What would only be found after the gate has run is said before.
    if let obstacle = try site.obstacle(toMoving: state.intoRef, isOwn: !state.isShared) {
      throw CommandError(obstacle, exitCode: .no)
    }
    if let obstacle = try site.obstacle(toMoving: state.intoRef, from: place.tip, toTree: merged) {
      throw CommandError(obstacle, exitCode: .no)
    }
    let commit = try site.integrationCommit(
      tree: merged, parents: [place.tip, place.base],
      message: "Merge \(state.base) into \(state.into)\n\nMigrate-Refresh: \(state.name)\n")
    if let outcome = try judge(state, commit, stopWhen: shouldStop, signals: signals) { return outcome }
    while true {
      let outcome = try Interpreter(site: site, report: report).append(by: site.actor) {
        (_, at) throws(Refusal) in
        let refresh = Refresh(
          base: place.base.objectID, old: place.tip.objectID, new: commit.objectID, tree: merged.objectID,
          verifiers: state.gateDigest, verdict: .passed, owner: Site.owner(),
          expiresAt: at.adding(seconds: 600))
        return ((), [Proposal(state.name, .refreshIntended(refresh))])
      }
      switch outcome {
      case .refused(let refusal) where refusal.code == .tipMoved: return nil
      case .refused(let refusal) where refusal.code == .limited:
        // The verdict holds as long as the branch is where it was.
        let now = try turn(state.name, shouldStop, signals)
        guard try ends(now).tip == place.tip else { return nil }
      case .refused(let refusal): throw CommandError(refusal)
      case .nothing: return .upToDate
      case .recorded: return try refreshed(state, commit)
      }
    }
  }

  private func refreshed(_ state: MigrationState, _ commit: OID) throws(CommandError) -> RefreshOutcome {
    if try reporting({ try site.repository.resolve(state.intoRef) }) == commit {
      return .refreshed(commit.hex)
    }
    // Shared, the ledger may have it while something keeps the branch here.
    let now = try reporting { try site.ledger.read() }.state.migration(named: state.name)
    if let now, now.tip == commit.objectID {
      let reason = try site.follow(now)
      report("'\(state.into)' is not moved here yet: \(reason ?? "the next command tries again")")
      return .refreshed(commit.hex)
    }
    let last = try reporting { try site.ledger.entries() }.last
    throw CommandError(
      "'\(state.into)' did not take the base in: \(last?.entry.event.sentence ?? "it did not move")",
      exitCode: .no)
  }

  private func judge(
    _ state: MigrationState, _ commit: OID, stopWhen shouldStop: () -> Bool, signals: Int32
  ) throws(CommandError) -> RefreshOutcome? {
    guard !state.plan.gate.verifiers.isEmpty else { return nil }
    let job = try GateJob(
      site: site, plan: state.plan, commit: commit, variables: ["MIGRATE_MIGRATION": state.name]
    ) { [site] in "\(site.localDirectory)/logs/\(state.name)/refresh-\($0).log" }
    let found = try job.finish(stopWhen: shouldStop, signals: signals)
    guard let failure = found.failure else { return nil }
    return .failed(found.verdict, failure)
  }

  private func ends(_ state: MigrationState) throws(CommandError) -> (tip: OID, base: OID) {
    guard let tip = try reporting({ try site.repository.resolve(state.intoRef) }) else {
      throw CommandError(
        "the integration branch '\(state.into)' is gone",
        hint: "run 'git update-ref \(state.intoRef) \(state.tip.hex)'")
    }
    guard let base = try reporting({ try site.repository.resolve("refs/heads/" + state.base) }) else {
      throw site.isMissing(branch: state.base)
    }
    return (tip, base)
  }

  // MARK: Finish

  /// Fast-forwards the base branch to the result. Gives `nil` when that is done, or why it cannot be.
  public func handBack(_ state: MigrationState, result: ObjectID) throws(CommandError) -> String? {
    let ref = "refs/heads/" + state.base
    guard let base = try reporting({ try site.repository.resolve(ref) }) else {
      return "there is no branch '\(state.base)' here"
    }
    guard try isHere(result.oid, of: state) else { return "the result \(result.short) is not here" }
    if try reporting({ try base == result.oid || site.repository.isAncestor(result.oid, of: base) }) {
      return nil
    }
    guard try reporting({ try site.repository.isAncestor(base, of: result.oid) }) else {
      return "'\(state.base)' has moved since"
    }
    switch try BranchMove(site: site).move(ref, from: base, to: result.oid) {
    case .moved: return nil
    case .notMoved(let reason): return reason
    case .elsewhere: return "'\(state.base)' was moved by somebody else"
    }
  }

  /// Whether the result is here; another clone may have brought it about.
  private func isHere(_ result: OID, of state: MigrationState) throws(CommandError) -> Bool {
    try reporting { () throws -> Bool in
      if try site.repository.objectExists(result) { return true }
      _ = try site.ledger.remote?.fetch(branches: [state.intoRef])
      return try site.repository.objectExists(result)
    }
  }
}
