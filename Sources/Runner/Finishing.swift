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
      let state = try waitForTurn(name, shouldStop, signals)
      guard try site.base(of: state) != nil else {
        throw site.isMissing(branch: state.base)
      }
      let task = RefreshTask(site: site, migration: name, report: report)
      switch try finish(task, shouldStop, signals) {
      case .upToDate: return .upToDate
      case .refreshed(let commit): return .refreshed(commit.hex)
      case .conflicts(let paths, _): return .conflicts(paths)
      case .failed(let verdict, let failure): return .failed(verdict, failure)
      case .outrun: continue
      case .obstructed(let reason): throw CommandError(reason, exitCode: .no)
      case .refused(let refusal): throw CommandError(refusal)
      case .stopped: throw Finishing.interrupted
      }
    }
    throw CommandError(
      "the branch moves on each time before the base is judged with it",
      hint: "hold the steps with 'git migrate pause', refresh, then go on with 'git migrate resume'",
      exitCode: .no)
  }

  private static var interrupted: CommandError {
    CommandError("interrupted; nothing was changed", exitCode: .interrupted)
  }

  /// Waits until no step is judged or merged, and gives the state then.
  private func waitForTurn(
    _ name: String, _ shouldStop: () -> Bool, _ signals: Int32
  ) throws(CommandError) -> MigrationState {
    var isTold = false
    while true {
      let snapshot = try Recovery(site: site, report: report).sweep(name)
      guard let state = snapshot.state.migration(named: name) else {
        throw CommandError("no migration '\(name)'")
      }
      guard let mover = state.mover, !state.phase.isTerminal else { return state }
      if shouldStop() { throw Finishing.interrupted }
      if !isTold { report("waiting for '\(mover)', which is at its gate") }
      isTold = true
      site.wait(for: [signals])
    }
  }

  private func finish(
    _ task: RefreshTask, _ shouldStop: () -> Bool, _ signals: Int32
  ) throws(CommandError) -> RefreshTask.Ending {
    var isTold = false
    while true {
      if let ending = try task.advance() { return ending }
      if let mover = task.waitsFor {
        if !isTold { report("waiting for '\(mover)', which is at its gate") }
        isTold = true
      }
      site.wait(for: [task.descriptor, signals])
      if shouldStop() { task.stop() }
    }
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
