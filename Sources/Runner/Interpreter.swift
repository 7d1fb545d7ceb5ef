import Git
import Ledger
import Migration
import Site

/// Performs effects after their entry is durable, and decides nothing (DESIGN §1).
public struct Interpreter {
  let site: any Surroundings
  /// Told what happens, a line at a time, for people.
  let report: (String) -> Void

  /// Makes an interpreter; `report` gets a line for people now and then.
  public init(site: Site, report: @escaping (String) -> Void = { _ in }) {
    self.init(in: site, report: report)
  }

  /// Makes an interpreter in any world.
  package init(in site: any Surroundings, report: @escaping (String) -> Void = { _ in }) {
    self.site = site
    self.report = report
  }

  /// Performs what can be performed at once. Every effect may be performed again: each looks first. One that
  /// cannot be performed keeps no other back; its error is thrown in the end.
  public func perform(_ effects: [Effect]) throws(CommandError) {
    var first: CommandError?
    let begun = effects.compactMap(\.newBranch)
    var made: Set<String> = []
    // Those of many targets come together: a process for each would take longer than the rest of a start.
    if begun.count > 1 {
      do throws(CommandError) { made = try site.createBranches(begun) } catch { first = error }
    }
    for effect in effects {
      if let branch = effect.newBranch?.branch, made.contains(branch) { continue }
      do throws(CommandError) { try perform(effect) } catch { first = first ?? error }
    }
    if let first { throw first }
  }

  private func perform(_ effect: Effect) throws(CommandError) {
    switch effect {
    case .createBranch(_, let branch, let commit): try createBranch(branch, at: commit)
    case .moveBranch(let migration, let fence, let old, let new):
      try move(migration, fence, from: old, to: new)
    case .moveRefreshedBranch(let migration, let old, let new):
      try moveRefreshed(migration, from: old, to: new)
    case .notify(let migration, let notice): notify(migration, notice)
    }
  }

  func createBranch(_ branch: String, at commit: ObjectID) throws(CommandError) {
    if let reason = try site.createBranch(branch, at: commit.oid) {
      throw CommandError(
        "unable to create the branch '\(branch)': \(reason)",
        hint: "mend it and run the command again; 'git migrate abort' ends the migration")
    }
  }

  /// Moves the branch of an intended merge and records what became of it.
  private func move(
    _ migration: String, _ fence: Fence, from old: ObjectID, to new: ObjectID
  ) throws(CommandError) {
    guard let state = try site.state(of: migration)
    else { return }
    if site.hasRemote {
      return try share(
        .stepMerged(fence, commit: new, train: state.trainMerge(of: fence)),
        or: { $0.end(ofMerge: fence, to: new, by: owner, didMove: false, reason: $1) }, migration)
    }
    let (didMove, reason) = try outcome(of: state, from: old.oid, to: new.oid) {
      $0.isIntended(mergeOf: fence, to: new, by: owner)
    }
    try record(migration) {
      $0.end(ofMerge: fence, to: new, by: owner, didMove: didMove, reason: reason)
    }
  }

  private func moveRefreshed(
    _ migration: String, from old: ObjectID, to new: ObjectID
  ) throws(CommandError) {
    guard let state = try site.state(of: migration)
    else { return }
    if site.hasRemote {
      return try share(
        .refreshMerged(commit: new),
        or: { $0.end(ofRefreshTo: new, by: owner, didMove: false, reason: $1) }, migration)
    }
    let (didMove, reason) = try outcome(of: state, from: old.oid, to: new.oid) {
      $0.isIntended(refreshTo: new, by: owner)
    }
    try record(migration) {
      $0.end(ofRefreshTo: new, by: owner, didMove: didMove, reason: reason)
    }
  }

  private var owner: Owner { site.owner }

  /// Moves the branch, if that is still intended when the branch is held: a process that slept may have lost
  /// its intent meanwhile (I-23). Says whether it moved, and if not, why.
  private func outcome(
    of state: MigrationState, from old: OID, to new: OID, while isIntended: (MigrationState) -> Bool
  ) throws(CommandError) -> (didMove: Bool, reason: String) {
    let move = try BranchMove(site: site).move(
      state.intoRef, from: old, to: new, isOwn: !state.peopleShareBranch,
      unless: {
        guard let now = try? site.events.read().state.migration(named: state.name) else {
          return "the ledger cannot be read"
        }
        return isIntended(now) ? nil : "it is not intended any more"
      })
    switch move {
    case .moved: return (true, "")
    case .notMoved(let reason): return (false, reason)
    case .elsewhere(let found): return (false, Interpreter.elsewhere(state.into, found))
    }
  }

  /// Appends what the newest state says of the end of a move; nothing when it is not ours to end any more.
  func record(
    _ migration: String, _ change: (MigrationState) -> Migration.Change?
  ) throws(CommandError) {
    let outcome = try append(by: site.actor) { (snapshot, _) throws(Refusal) in
      guard let state = snapshot.state.migration(named: migration), let change = change(state) else {
        return ((), [])
      }
      return ((), [Proposal(migration, change)])
    }
    if let refusal = outcome.refusal { throw CommandError(refusal) }
  }

  static func elsewhere(_ branch: String, _ found: OID?) -> String {
    "'\(branch)' was moved to '\(found?.hex.prefix(10) ?? "nowhere")' by somebody else"
  }

  // MARK: Telling a person

  private func notify(_ migration: String, _ notice: Notice) {
    switch notice {
    case .stepBlocked, .personWanted, .paused: report(notice.words)
    // Whoever looks at the base tells it.
    case .allStepsDone, .baseHeld: break
    }
    site.tell(migration, notice, report: report)
  }
}

extension Effect {
  /// The branch that is to be made, and where.
  fileprivate var newBranch: (branch: String, commit: OID)? {
    if case .createBranch(_, let branch, let commit) = self { (branch, commit.oid) } else { nil }
  }
}
