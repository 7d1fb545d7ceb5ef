import Ledger
import Migration
import Plans
import Runner
import Site
import System

/// Follows a plan file while a run is at work: what is changed there, is good, and runs no other commands
/// becomes an amendment. What is not is told once, and the last good plan stays. What a worker is doing ends
/// under the plan that it began with.
final class PlanFollower {
  private let context: Context
  private let site: Site
  private let path: String
  private let migration: String
  private var stamp: FileStamp?
  private var lookedAt = FileStamp.Look()
  /// The digest of the bytes that were looked at last.
  private var digest = ""
  /// What was said last.
  private var told = ""
  /// The digest of a file whose commands the user has to approve.
  private var waiting: String?
  /// Whether a yes at the terminal approves them.
  private let canAsk: Bool
  /// How many commands are shown.
  private static let most = 5

  /// Follows a file for a migration. Throws when workers could write it.
  init(_ context: Context, _ path: String, of migration: String) throws(CommandError) {
    (self.context, self.path, self.migration) = (context, path, migration)
    site = try context.site()
    canAsk = StandardStream.input.isTerminal && context.environment["GIT_TERMINAL_PROMPT"] != "0"
    let real = Files.realPath(path) ?? path
    let root = try site.worktreeRoot()
    guard !real.hasPrefix((Files.realPath(root) ?? root) + "/") else {
      throw CommandError(
        "'\(path)' lies where workers can write", hint: "keep the plan outside of the worktrees of steps")
    }
    let name = try PlanInput(path: path).file.settings.migration
    guard name == migration else {
      throw CommandError("the plan '\(path)' is for '\(name)', not '\(migration)'")
    }
  }

  /// Looks at the file; says whether the ledger has changed.
  func look() throws(CommandError) -> Bool {
    let now = FileStamp.Look()
    let found = FileStamp(of: path)
    // A file that was changed just now may be changed again, and look the same.
    let isKnown = found == stamp && (found?.isSettled(at: lookedAt) ?? true)
    if isKnown, waiting == nil { return false }
    (stamp, lookedAt) = (found, now)
    do throws(CommandError) {
      try hear()
      return try take()
    } catch {
      if error.isDamage || error.isOffline { throw error }
      tell(error)
      return false
    }
  }

  private func take() throws(CommandError) -> Bool {
    let bytes = try PlanInput.read(path)
    let newest = SHA256.hexDigest(of: bytes)
    if newest == digest, waiting == nil { return false }
    let snapshot = try reporting { try site.ledger.read() }
    guard let state = snapshot.state.migration(named: migration), !state.phase.isTerminal else {
      return false
    }
    digest = newest
    let asked = waiting
    waiting = nil
    if newest == state.planDigest { return false }
    let input = try PlanInput(path: path)
    guard input.file.settings.migration == migration else {
      throw CommandError("it is for '\(input.file.settings.migration)' now, not '\(migration)'")
    }
    let commands = try newCommands(of: input, state, snapshot)
    if !commands.isEmpty {
      waiting = input.digest
      if asked != input.digest { StandardStream.input.forgetTyped() }
      let more = commands.count > Self.most ? "; and \(commands.count - Self.most) more" : ""
      let answer = canAsk ? "'y' and Enter here, or " : ""
      throw CommandError(
        "it runs something else: \(commands.prefix(Self.most).joined(separator: "; "))\(more)",
        hint: "\(answer)'git migrate trust --plan \(path)' approves it")
    }
    let plan = try input.expanded(
      in: context, at: state.tip.hex, runsCommands: true, for: state.plan.fleet)
    return try amend(input, plan, state)
  }

  /// Takes a yes to what was shown: to those bytes, and no others.
  private func hear() throws(CommandError) {
    guard canAsk, let waiting, let line = StandardStream.input.typedLine()?.lowercased(),
      line == "y" || line == "yes"
    else { return }
    try Trust(environment: site.environment).approve(digest: waiting, name: migration, at: site.clock.now())
  }

  /// The commands that the file has, the plan in force has not, and the user has not approved.
  private func newCommands(
    of input: PlanInput, _ state: MigrationState, _ snapshot: LedgerSnapshot
  ) throws(CommandError) -> [String] {
    let isApproved = try Trust(environment: site.environment).isApproved(digest: input.digest)
    if isApproved { return [] }
    let old = try reporting {
      try site.ledger.reader.planText(migration, number: state.planNumber, in: snapshot)
    }
    let known = old.flatMap { try? PlanFile.parse($0, path: path) }?.commandTexts ?? []
    return input.file.commandTexts.subtracting(known).sorted()
  }

  private func amend(
    _ input: PlanInput, _ plan: Plan, _ state: MigrationState
  ) throws(CommandError) -> Bool {
    let outcome = try context.interpreter().append(by: site.actor) {
      [migration] (snapshot, _) throws(Refusal) in
      guard let before = snapshot.state.migration(named: migration) else {
        throw Refusal.noMigration(migration)
      }
      guard before.planNumber == state.planNumber else {
        throw Refusal(.stale, "the plan of '\(migration)' was amended meanwhile")
      }
      let amendment = PlanAmendment(plan: plan, number: before.planNumber + 1, digest: input.digest)
      var proposal = Proposal(migration, .planAmended(amendment), planText: input.bytes)
      proposal.facts = [AmendmentFacts.member(.reload)]
      return (before, [proposal])
    }
    if let refusal = outcome.refusal {
      // Tried again at the next look: a refresh may be under way, or a dropped step.
      if [.stale, .limited, .held].contains(refusal.code) { (digest, stamp) = ("", nil) }
      throw CommandError(refusal)
    }
    guard case .recorded(let after, let before) = outcome,
      let now = after.state.migration(named: migration)
    else { return false }
    try site.approve(input.digest, migration, in: after.state)
    told = ""
    context.note(
      "\(path): plan \(now.planNumber): \(AmendmentSummary(from: before, to: now).text)")
    return true
  }

  /// Said once: until something else is to be said, or it is about other bytes.
  private func tell(_ error: CommandError) {
    let words = error.message + (waiting ?? "")
    guard told != words else { return }
    told = words
    context.warn("'\(path)' is not followed, and the plan in force stays: \(error.message)", hint: error.hint)
  }
}
