import Git
import Ledger
import Migration
import Processes

/// Performs effects after their entry is durable, and decides nothing (DESIGN §1).
///
/// Effects that need somebody who stays (making a worktree and working in it, running a gate) belong to the
/// caller: the command that claimed, submitted or runs the migration.
public struct Interpreter {
  let site: Site
  /// Told what happens, a line at a time, for people.
  let report: (String) -> Void

  /// Makes an interpreter; `report` gets a line for people now and then.
  public init(site: Site, report: @escaping (String) -> Void = { _ in }) {
    self.site = site
    self.report = report
  }

  /// Performs what can be performed at once. Every effect may be performed again: each looks first.
  public func perform(_ effects: [Effect]) throws(CommandError) {
    for effect in effects {
      switch effect {
      case .createBranch(_, let branch, let commit): try createBranch(branch, at: commit)
      case .moveBranch(let migration, let fence, let old, let new):
        try move(migration, fence, from: old, to: new)
      case .moveRefreshedBranch(let migration, let old, let new):
        try moveRefreshed(migration, from: old, to: new)
      case .notify(let migration, let notice): notify(migration, notice)
      case .prepareWork, .stopWork, .runGate, .intendMerge, .handBack: continue
      }
    }
  }

  private func createBranch(_ branch: String, at commit: String) throws(CommandError) {
    let ref = "refs/heads/" + branch
    try HookBranches(commonDirectory: site.repository.commonDirectory).add(
      try reporting { try site.ledger.read() }.state)
    try reporting {
      guard let target = OID(commit), try site.repository.resolve(ref) == nil else { return }
      switch try site.git.updateRef(
        ref, to: target, from: nil, hooks: .effective, message: "git-migrate start")
      {
      case .moved: return
      case .lost(let text), .denied(let text), .busy(let text), .unknown(let text):
        throw CommandError("unable to create the branch '\(branch)': \(text)")
      }
    }
  }

  /// Moves the branch of an intended merge and records what became of it.
  private func move(
    _ migration: String, _ fence: Fence, from old: String, to new: String
  ) throws(CommandError) {
    guard let from = OID(old), let to = OID(new), let commit = ObjectID(new),
      let state = try reporting({ try site.ledger.read() }).state.migration(named: migration)
    else { return }
    if site.ledger.isShared {
      return try share(
        .stepMerged(fence, commit: commit),
        or: { $0.end(ofMerge: fence, to: commit, didMove: false, reason: $1) }, migration)
    }
    let (didMove, reason) = try outcome(of: state, from: from, to: to)
    try record(migration) {
      $0.end(ofMerge: fence, to: commit, didMove: didMove, reason: reason)
    }
  }

  private func moveRefreshed(_ migration: String, from old: String, to new: String) throws(CommandError) {
    guard let from = OID(old), let to = OID(new), let commit = ObjectID(new),
      let state = try reporting({ try site.ledger.read() }).state.migration(named: migration)
    else { return }
    if site.ledger.isShared {
      return try share(
        .refreshMerged(commit: commit),
        or: { $0.end(ofRefreshTo: commit, didMove: false, reason: $1) }, migration)
    }
    let (didMove, reason) = try outcome(of: state, from: from, to: to)
    try record(migration) { $0.end(ofRefreshTo: commit, didMove: didMove, reason: reason) }
  }

  /// Moves the branch; says whether it moved, and if not, why.
  private func outcome(of state: MigrationState, from old: OID, to new: OID) throws(CommandError) -> (
    didMove: Bool, reason: String
  ) {
    switch try BranchMove(site: site).move(state.intoRef, from: old, to: new, isOwn: !state.isShared) {
    case .moved: (true, "")
    case .notMoved(let reason): (false, reason)
    case .elsewhere(let found): (false, Interpreter.elsewhere(state.into, found))
    }
  }

  /// Appends what the newest state says of the end of a move; nothing when it is not ours to end any more.
  func record(
    _ migration: String, _ change: (MigrationState) -> Migration.Change?
  ) throws(CommandError) {
    let outcome = try reporting {
      try site.ledger.append(by: site.actor) { (snapshot, _) throws(Refusal) in
        guard let state = snapshot.state.migration(named: migration), let change = change(state) else {
          return []
        }
        return [Proposal(migration, change)]
      }
    }
    switch outcome {
    case .won(_, let effects): try perform(effects)
    case .refused(let refusal): throw CommandError(refusal)
    case .nothing: return
    }
  }

  static func elsewhere(_ branch: String, _ found: OID?) -> String {
    "'\(branch)' was moved to '\(found?.hex.prefix(10) ?? "nowhere")' by somebody else"
  }

  /// Appends what an effect brought about, and performs what follows from it.
  func record(_ proposals: [Proposal]) throws(CommandError) {
    let outcome = try reporting { try site.ledger.append(proposals, by: site.actor) }
    switch outcome {
    case .won(_, let effects): try perform(effects)
    case .refused(let refusal): throw CommandError(refusal)
    case .nothing: return
    }
  }

  // MARK: Telling a person

  /// Runs the plan's `notify` command, if there is one and its plan is trusted. A failure to tell is told
  /// here.
  private func notify(_ migration: String, _ notice: Notice) {
    switch notice {
    case .stepBlocked, .paused: report(Interpreter.words(notice))
    case .allStepsDone: break
    }
    guard let state = try? site.ledger.read().state.migration(named: migration),
      let command = state.plan.notify,
      (try? Trust(environment: site.environment).isApproved(digest: state.approvalDigest)) == true
    else { return }
    var variables = ["MIGRATE_MIGRATION": migration, "MIGRATE_NOTICE": Interpreter.words(notice)]
    switch notice {
    case .stepBlocked(let step, _):
      variables.merge(["MIGRATE_EVENT": "blocked", "MIGRATE_STEP": step]) { $1 }
    case .paused: variables["MIGRATE_EVENT"] = "paused"
    case .allStepsDone: variables["MIGRATE_EVENT"] = "done"
    }
    let environment = ChildEnvironment.allowList(
      from: site.environment, adding: variables, extraNames: site.passedVariables)
    var run = Command("/bin/sh", ["-c", command], environment: environment, directory: site.directory)
    run.timeoutSeconds = 30
    run.input = Array((Interpreter.words(notice) + "\n").utf8)
    do throws(ProcessError) {
      let outcome = try run.run()
      if !outcome.status.isSuccess { report("the notify command \(WorkJob.words(outcome.status))") }
    } catch {
      report("the notify command could not be run: \(error.description)")
    }
  }

  static func words(_ notice: Notice) -> String {
    switch notice {
    case .stepBlocked(let step, let reason): "\(step) is blocked: \(reason)"
    case .paused(let reason): "the migration is paused: \(reason)"
    case .allStepsDone: "every step is done"
    }
  }
}
