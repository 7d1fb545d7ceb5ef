import Git
import Ledger
import Migration

/// The ledger as one process sees it: the loop of an append is the real one, the store below it is not.
final class SimulatedLedger: EventLedger, EntryStore {
  private let world: World
  private unowned let process: Process
  private var remembered = LedgerSnapshot.empty
  /// The entries that the append under way has written.
  private var written: [OID] = []

  init(world: World, process: Process) {
    self.world = world
    self.process = process
  }

  var clock: any WallClock { process.clock }

  func read() throws(LedgerError) -> LedgerSnapshot {
    guard process.passes() else { throw .git(Process.crashed) }
    guard let tip = world.tip else { return .empty }
    if tip != remembered.tip { try catchUp(to: tip) }
    return remembered
  }

  /// Folds what is new, as every process does for itself (I-8).
  private func catchUp(to tip: OID) throws(LedgerError) {
    if !world.foldsAlone, let snapshot = world.nodes[tip.number].snapshot {
      remembered = snapshot
      return
    }
    var added: [OID] = []
    var next: OID? = tip
    while let oid = next, oid != remembered.tip {
      added.append(oid)
      next = world.node(oid).parent
    }
    if next != remembered.tip { remembered = .empty }
    var snapshot = remembered
    remembered = .empty
    for oid in added.reversed() {
      let entry = world.node(oid).entry
      do throws(Refusal) { _ = try snapshot.state.apply(entry.event) } catch {
        world.fail("I-8", "an entry of the chain is refused: \(error.message)")
        throw .damaged(commit: oid, reason: error.message)
      }
      snapshot.sequence += 1
      snapshot.tip = oid
    }
    remembered = snapshot
  }

  func append(
    by author: String, _ propose: (LedgerSnapshot, Timestamp) throws(Refusal) -> [Proposal]
  ) throws(LedgerError) -> AppendOutcome {
    let before = written
    written = []
    defer { written = before }
    do throws(LedgerError) {
      let outcome = try Append(store: self, author: author).run(propose)
      guard !process.isCrashed else { throw .git(Process.crashed) }
      acknowledge(outcome)
      return outcome
    } catch {
      // A crash leaves everything open; an error that is told is a promise that nothing was written.
      if !process.isCrashed, let oid = written.first(where: { world.node($0).isInChain }) {
        world.fail("I-4", "an append failed (\(error)), but its entry \(oid.number) is in the ledger")
      }
      throw error
    }
  }

  /// I-4: what is told must be so.
  private func acknowledge(_ outcome: AppendOutcome) {
    let isThere = written.contains { world.node($0).isInChain }
    switch outcome {
    case .won(let snapshot, _):
      if let tip = snapshot.tip, !world.node(tip).isInChain {
        world.fail("I-4", "an append was won, but its entry is not in the ledger")
      }
      let count = written.count { world.node($0).isInChain }
      if let tip = snapshot.tip, count != (written.last == tip ? count : -1) {
        world.fail("I-4", "an append was won, but not with the entries that it wrote last")
      }
    case .refused(let refusal):
      if isThere { world.fail("I-4", "an append was refused, but is in the ledger: \(refusal.message)") }
    case .nothing:
      if isThere { world.fail("I-4", "an append came to nothing, but is in the ledger") }
    }
  }

  func extend(
    _ sketch: inout DraftSketch, by proposal: Proposal, at: Timestamp, _ author: String
  ) throws(LedgerError) -> Refusal? {
    let parent = sketch.snapshot.tip
    let event = Event(
      migration: proposal.migration, at: at, by: proposal.author ?? author, change: proposal.change)
    var entry: Entry
    do throws(Refusal) { entry = try sketch.decide(event, nonce: nonce) } catch { return error }
    if world.writesJSON { entry = try throughJSON(entry) }
    let oid = world.store(entry, after: parent)
    written.append(oid)
    sketch.add(oid, tree: nil, of: proposal)
    if !world.foldsAlone { world.nodes[oid.number].snapshot = sketch.snapshot }
    return nil
  }

  private func nonce() -> String {
    guard world.writesJSON else { return String(world.chance.next(), radix: 16) }
    let digits = String(world.chance.next(), radix: 16)
    return String(repeating: "0", count: 32 - digits.count) + digits
  }

  private func throughJSON(_ entry: Entry) throws(LedgerError) -> Entry {
    do throws(EntryFault) {
      let read = try Entry(line: entry.json.canonicalBytes) { [world] (_, number) throws(JSONFault) in
        // A plan lies beside its entry.
        if let plan = entry.event.change.plan { return plan }
        return world.plans[number - 1]
      }
      if read != entry { world.fail("I-6", "an entry reads otherwise than it was written") }
      return read
    } catch {
      world.fail("I-6", "an entry cannot be read again: \(error)")
      throw .git(Process.crashed)
    }
  }

  func swap(to draft: Draft, from seen: LedgerSnapshot) throws(LedgerError) -> SwapOutcome {
    world.swap(to: draft.tip, from: seen.tip, by: process)
  }

  func hasGrown(beyond seen: LedgerSnapshot) throws(LedgerError) -> Bool { false }

  func canWait(afterErrors errors: Int) throws(LedgerError) -> Bool {
    process.lingers(milliseconds: 1000)
    return errors < 3 && !process.isCrashed
  }

  func contains(_ draft: Draft, after seen: LedgerSnapshot) throws(LedgerError) -> Bool {
    guard process.passes() else { throw .git(Process.crashed) }
    #if KNOWN_BUGS
      if KnownBug.errorIsNotApplied.isOn { return false }
      if KnownBug.noNonce.isOn {
        let event = world.node(draft.tip).entry.event
        return world.chain.dropFirst(seen.sequence).contains {
          $0.entry.event.change == event.change && $0.entry.event.at == event.at
        }
      }
    #endif
    return world.node(draft.tip).isInChain
  }

  func win(_ draft: Draft) -> AppendOutcome {
    remembered = draft.snapshot
    return .won(draft.snapshot, effects: draft.effects)
  }

  func cause(of error: GitError, _ draft: Draft) -> GitError { error }

  func sentences(to tip: OID, from old: OID?) throws(LedgerError) -> [String] { [] }
}
