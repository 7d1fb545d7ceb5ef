import Draws
import Git
import Ledger
import Migration

/// The server as one process reaches it: through a network with everything that may go wrong in it.
final class SimulatedRemote: LedgerRemote {
  private let world: World
  private let server: Clone
  private unowned let process: Process

  let name = "server"

  init?(world: World, process: Process) {
    guard let server = world.server else { return nil }
    (self.world, self.server, self.process) = (world, server, process)
    takesDrafts = world.combines
  }

  private var clone: Clone { process.machine.clone }

  func fetch(branches: [String]) throws(GitError) -> OID? {
    try contact()
    let (tip, branch) = (server.tip, server.branch)
    // In the order of their names, as git lists them: a dictionary has none that stays.
    let drafts = server.attempts.filter { $0.key.hasPrefix(LedgerRefs.inboxFolder) }
      .sorted { $0.key < $1.key }.map { WaitingDraft(ref: $0.key, tip: $0.value) }
    travel()
    guard process.passes() else { throw Process.crashed }
    clone.learn(ledger: tip, world)
    clone.learn(commit: branch, world)
    clone.knownBranch = branch
    clone.drafts = drafts
    clone.pushesSinceFetch = 0
    for draft in drafts { clone.learn(ledger: draft.tip, world) }
    guard process.passes() else { throw Process.crashed }
    return tip
  }

  func fetch(attempts: [String]) throws(GitError) {
    try contact()
    for ref in attempts {
      guard let commit = server.attempts[ref] else { continue }
      if let mine = clone.attempts[ref], mine != commit { throw error("'\(ref)' holds another result") }
      clone.attempts[ref] = commit
      clone.learn(commit: commit, world)
    }
    guard process.passes() else { throw Process.crashed }
  }

  /// Gets as far as the server, to read there.
  private func contact() throws(GitError) {
    guard process.passes() else { throw Process.crashed }
    travel()
    let isCut = !world.isCalm && world.now < clone.fetchCutUntil
    if isCut || server.isAway || world.strikes(world.faults.drop) {
      throw error("the connection was refused")
    }
  }

  func push(_ updates: [GitProgram.PushUpdate]) throws(GitError) -> GitProgram.PushOutcome {
    let isCut = !world.isCalm && world.now < clone.pushCutUntil
    let wasAlive = !process.isCrashed
    guard process.passes() else {
      // What a killed process has sent may still be on its way.
      if wasAlive, !isCut, world.strikes(world.faults.late) { world.post(updates) }
      throw Process.crashed
    }
    travel()
    if isCut || server.isAway || world.strikes(world.faults.drop) {
      return .unknown("the connection was refused")
    }
    if world.strikes(world.faults.late) {
      world.post(updates)
      return .unknown("the remote end hung up unexpectedly")
    }
    if let words = server.refusal { return .rejected(words) }
    if world.now < world.readOnlyUntil, !world.isCalm { return .rejected("the server is read-only") }
    if world.strikes(world.faults.refused) { return .rejected("the server is busy") }
    if world.strikes(world.faults.locked) { return .lost([world.chance.pick(updates).ref]) }
    world.rivals.popLast()?()
    let outcome = world.receive(updates)
    travel()
    if outcome == .won { clone.pushesSinceFetch += 1 }
    guard process.passes() else { throw Process.crashed }
    return world.strikes(world.faults.cut) ? .unknown("the remote end hung up unexpectedly") : outcome
  }

  func knownTip() throws(GitError) -> OID? {
    guard process.passes() else { throw Process.crashed }
    return clone.known
  }

  func knownTip(ofBranch ref: String) throws(GitError) -> OID? {
    guard process.passes() else { throw Process.crashed }
    return clone.knownBranch
  }

  func remember(_ tip: OID) throws(GitError) {
    guard process.passes() else { throw Process.crashed }
    clone.known = tip
  }

  func delete(_ refs: [(ref: String, commit: OID)]) throws(GitError) -> String? {
    try contact()
    if world.strikes(world.faults.refused) { return "the server deletes nothing" }
    // All of them or none.
    let isThere = refs.allSatisfy { server.attempts[$0.ref] == $0.commit }
    if isThere { for (ref, _) in refs { server.attempts[ref] = nil } }
    guard process.passes() else { throw Process.crashed }
    if world.strikes(world.faults.cut) { return "the remote end hung up unexpectedly" }
    return isThere ? nil : "a ref is not there any more"
  }

  private(set) var takesDrafts: Bool
  /// A world says whether its server takes them.
  func askForDrafts(_ commit: OID) throws(GitError) {}
  func noteDraftsRefused() { takesDrafts = false }
  var pushesSinceFetch: Int { clone.pushesSinceFetch }
  func waiting() throws(GitError) -> [WaitingDraft] {
    guard process.passes() else { throw Process.crashed }
    return takesDrafts ? clone.drafts : []
  }

  /// Nobody here asks when the server was reached last, which other refs it has, or for its archives.
  var lastContact: Timestamp? { nil }
  func refs(_ patterns: [String]) throws(GitError) -> [String] { [] }
  func fetchArchive(_ ref: String) throws(GitError) -> OID? { nil }

  func probe(_ commit: OID) throws(GitError) -> ProbeOutcome { .willing }

  /// Others go on while something is under way.
  private func travel() {
    guard world.depth < 3, world.strikes(world.faults.delay) else { return }
    let longest = world.chance.pick([50, 500, 3000, 30_000])
    process.lingers(milliseconds: Int64(world.chance.draw(1...longest)))
  }

  private func error(_ message: String) -> GitError {
    GitError(message: message, operation: "fetch from", subject: name)
  }
}

extension World {
  /// A push that is on its way and arrives later.
  struct Late {
    var at: Int64
    var updates: [GitProgram.PushUpdate]
  }

  func post(_ updates: [GitProgram.PushUpdate]) {
    late.append(Late(at: now + Int64(chance.draw(1...chance.pick([100, 3000, 60_000]))), updates: updates))
  }

  /// Lets what was on its way arrive.
  func deliver() {
    guard !late.isEmpty else { return }
    let due = late.filter { $0.at <= now }
    guard !due.isEmpty else { return }
    late.removeAll { $0.at <= now }
    for push in due {
      note("a late push arrives")
      _ = receive(push.updates)
    }
    // A person who sees what it brought starts a run again.
    if isCalm { for machine in machines where machine.process == nil { machine.wakesAt = now } }
  }

  /// The network between one clone, or all of them, and the server goes away for a while, in one direction or
  /// both; or the server takes nothing.
  func partition() {
    guard server != nil else { return }
    let lease = plans.last?.leaseSeconds ?? 60
    let end = now + Int64(chance.draw(1...lease * 5000))
    let kind = chance.draw(0...5)
    if kind == 5 {
      note("the server is read-only")
      return readOnlyUntil = end
    }
    for clone in kind == 4 ? clones : [chance.pick(clones)] {
      note("\(clone.name) is cut off (\(kind))")
      if kind != 1 { clone.pushCutUntil = end }
      if kind != 0 { clone.fetchCutUntil = end }
    }
  }

  /// What the server does with a push: all of it or nothing, unless it is killed in the middle.
  func receive(_ updates: [GitProgram.PushUpdate]) -> GitProgram.PushOutcome {
    guard let server else { return .rejected("there is no server") }
    // As git does: what is there already is up to date, whatever was expected.
    let open = updates.filter { value(of: $0.ref, server) != $0.new || $0.new == .zero }
    let stale = open.filter { value(of: $0.ref, server) != $0.old }.map(\.ref)
    if !stale.isEmpty { return .lost(stale) }
    for update in open where update.ref == World.intoRef {
      if let old = update.old, let objection = objection(to: update.new, from: old) {
        return .rejected(objection)
      }
    }
    // One after the other, in the order of their names, as git does: the branch is there before its entry.
    // What is deleted goes last.
    let moves = open.sorted { ($0.new == .zero ? 1 : 0, $0.ref) < ($1.new == .zero ? 1 : 0, $1.ref) }
    let isTorn = !moves.isEmpty && strikes(faults.torn)
    for update in moves.prefix(isTorn ? chance.draw(0...moves.count - 1) : moves.count) {
      move(update, on: server)
    }
    audit.checkTogether(self, isTorn: isTorn)
    return isTorn ? .unknown("the remote end hung up unexpectedly") : .won
  }

  private func move(_ update: GitProgram.PushUpdate, on server: Clone) {
    switch update.ref {
    case Ledger.ref: append(to: update.new, from: update.old)
    case World.intoRef:
      server.branch = update.new
      note("the server's branch moves to \(update.new.number)")
      if let old = update.old { audit.checkMove(from: old, to: update.new, self) }
    default: server.attempts[update.ref] = update.new == .zero ? nil : update.new
    }
  }

  private func value(of ref: String, _ server: Clone) -> OID? {
    switch ref {
    case Ledger.ref: server.tip
    case World.intoRef: server.branch
    default: server.attempts[ref]
    }
  }
}
