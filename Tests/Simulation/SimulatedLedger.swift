import CanonicalJSON
import Draws
import Git
import Ledger
import Migration

/// The ledger as one process sees it: the loop of an append is the real one, the store below it is not.
final class SimulatedLedger: EventLedger, EntryStore {
  let world: World
  unowned let process: Process
  let remote: (any LedgerRemote)?
  /// What is left for others is what must be proven, also where there are few.
  let contact = RemoteContact(crowd: 1)
  private var remembered = LedgerSnapshot.empty
  /// The entries that the append under way has written.
  private var written: [OID] = []

  init(world: World, process: Process) {
    self.world = world
    self.process = process
    remote = process.machine.clone.isSharing ? SimulatedRemote(world: world, process: process) : nil
  }

  var clone: Clone { process.machine.clone }

  var clock: any WallClock { process.clock }

  func read() throws(LedgerError) -> LedgerSnapshot {
    guard process.passes() else { throw .git(Process.crashed) }
    guard let tip = clone.tip else { return .empty }
    if tip != remembered.tip { remembered = try fold(to: tip, after: remembered) }
    return remembered
  }

  /// Folds what is new, as every process does for itself (I-8).
  func fold(to tip: OID, after known: LedgerSnapshot) throws(LedgerError) -> LedgerSnapshot {
    if !world.foldsAlone, let snapshot = world.nodes[tip.number].snapshot {
      check(tip)
      return snapshot
    }
    var added: [OID] = []
    var next: OID? = tip
    while let oid = next, oid != known.tip {
      check(oid)
      added.append(oid)
      next = world.node(oid).parent
    }
    var snapshot = next == known.tip ? known : .empty
    for oid in added.reversed() {
      let entry = world.node(oid).entry
      do throws(Refusal) { _ = try snapshot.state.apply(entry.event) } catch {
        world.fail("I-8", "an entry of the chain is refused: \(error.message)")
        throw .damaged(commit: oid, reason: error.message)
      }
      snapshot.sequence += 1
      snapshot.tip = oid
    }
    return snapshot
  }

  /// Nobody reads an entry that has not come here.
  func check(_ entry: OID) {
    if !clone.hasEntry(entry) {
      world.fail("I-6", "\(clone.name) reads entry \(entry.number) without having it")
    }
  }

  func append(
    by author: String, _ propose: (LedgerSnapshot, Timestamp) throws(Refusal) -> [Proposal]
  ) throws(LedgerError) -> AppendOutcome {
    let before = written
    written = []
    defer { written = before }
    do throws(LedgerError) {
      let left = try leaveForOthers(author, propose)
      let outcome = try inQueue { () throws(LedgerError) in
        guard let shared else { return try Append(store: self, author: author).run(propose) }
        if let left, let outcome = try shared.collect(left) { return outcome }
        try shared.shareWaiting()
        return try Append(store: shared, author: author).run(propose)
      }
      guard !process.isCrashed else { throw .git(Process.crashed) }
      acknowledge(outcome)
      return outcome
    } catch {
      if !process.isCrashed { acknowledge(error) }
      throw error
    }
  }

  /// What waits in the queue of its clone leaves what it wants: here nobody can wait while others go on, and
  /// so it is as if it had been killed there, or had not found the queue taken after all.
  private func leaveForOthers(
    _ author: String, _ propose: (LedgerSnapshot, Timestamp) throws(Refusal) -> [Proposal]
  ) throws(LedgerError) -> LeftParcel? {
    guard let shared, clone.isQueueTaken || world.strikes(world.faults.left) else { return nil }
    return try shared.leaveHere(by: author, propose)
  }

  private var shared: SharedStore<SimulatedLedger>? { remote.map { SharedStore(self, $0, contact) } }

  /// As with `git migrate sync`.
  func synchronize() throws(LedgerError) -> SyncReport {
    guard let shared else { return SyncReport() }
    return try inQueue { () throws(LedgerError) in try shared.synchronize() }
  }

  /// Brings the result of a claim here that another machine handed in.
  func fetchAttempt(_ migration: String, _ fence: Fence) throws(GitError) {
    try remote?.fetch(attempts: [LedgerRefs.attempt(migration, fence)])
  }

  /// Of a shared ledger, one process of a clone appends at a time. Without one, the simulator does without
  /// the queue, to show that correctness does not rest on it.
  private func inQueue<Value>(_ body: () throws(LedgerError) -> Value) throws(LedgerError) -> Value {
    guard clone.isSharing else { return try body() }
    guard !clone.isQueueTaken else { throw .git(Process.crashed) }
    clone.isQueueTaken = true
    defer { clone.isQueueTaken = false }
    return try body()
  }

  /// I-4: what is told must be so.
  private func acknowledge(_ outcome: AppendOutcome) {
    switch outcome {
    case .won(let snapshot, let effects):
      process.appends += 1
      process.owe(effects)
      guard let tip = snapshot.tip, let last = written.last, nonce(tip) == nonce(last) else {
        return world.fail("I-4", "an append was won, but not with the entries that it wrote last")
      }
      // Of several drafts the last one counts, in whatever form it has got there.
      var draft: Set<String> = []
      var next: OID? = last
      while let oid = next, written.contains(oid) {
        draft.insert(nonce(oid))
        next = world.node(oid).parent
      }
      if !world.node(tip).isInChain { acknowledge(draft, waiting: tip) }
      // Whatever was drafted before is lost, and stays so.
      for oid in written where !draft.contains(nonce(oid)) {
        deny(oid, "an append was won with another entry")
      }
    case .refused(let refusal):
      for oid in written { deny(oid, "an append was refused: \(refusal.message)") }
    case .nothing: for oid in written { deny(oid, "an append came to nothing") }
    }
  }

  /// What is recorded here alone is a report on its author's own work, and waits.
  private func acknowledge(_ draft: Set<String>, waiting tip: OID) {
    // A ledger that will be shared later.
    if !clone.isSharing, clone !== world.authority { return }
    guard remote != nil, let here = clone.tip, world.isAncestor(tip, of: here) else {
      return world.fail("I-4", "an append was won, but its entry is not in the ledger")
    }
    for oid in written where draft.contains(nonce(oid)) {
      let entry = world.node(oid).entry
      guard entry.event.change.isOwnReport else {
        world.fail(
          "I-4", "an append was won, but the server does not have its entry: \(entry.event.sentence)")
        continue
      }
      world.promised[entry.nonce] = clone
    }
  }

  /// A crash leaves everything open, and so does a connection; other errors promise that nothing was written.
  private func acknowledge(_ error: LedgerError) {
    switch error {
    case .busy, .notWritten, .rejected, .branchMoved, .tooLarge:
      for oid in written { deny(oid, "an append failed: \(error)") }
    case .unreachable, .git, .damaged, .newer, .rewritten, .setBack, .file:
      if remote == nil { for oid in written { deny(oid, "an append failed: \(error)") } }
    }
  }

  /// By its nonce: others may have brought it into the ledger in another form, or may still do so.
  private func deny(_ oid: OID, _ reason: String) {
    world.nodes[oid.number].isDenied = true
    world.denied.insert(nonce(oid))
    if world.audit.hasEntry(nonce: nonce(oid)) {
      world.fail("I-4", "\(reason), but entry \(oid.number) is in the ledger")
    }
  }

  private func nonce(_ oid: OID) -> String { world.node(oid).entry.nonce }

  /// Nobody can set the ledger of a clone back here.
  func requireWitnessed() throws(LedgerError) {}

  func testList(_ digest: String) throws(LedgerError) -> [UInt8]? {
    guard process.passes() else { throw .git(Process.crashed) }
    return world.lists[digest]
  }

  func testList(_ digest: String, in snapshot: LedgerSnapshot) throws(LedgerError) -> [UInt8]? {
    try testList(digest)
  }

  func extend(
    _ sketch: inout DraftSketch, by proposal: Proposal, at: Timestamp, _ author: String
  ) throws(LedgerError) -> Refusal? {
    let parent = sketch.snapshot.tip
    let event = Event(
      migration: proposal.migration, at: at, by: proposal.author ?? author, change: proposal.change(at: at),
      reserved: proposal.facts)
    var entry: Entry
    do throws(Refusal) { entry = try sketch.decide(event) { proposal.nonce ?? nonce() } } catch {
      return error
    }
    if world.writesJSON { entry = try throughJSON(entry) }
    for list in proposal.lists { world.lists[SHA256.hexDigest(of: list)] = list }
    let oid = world.store(entry, after: parent)
    clone.addEntry(oid)
    // What had waited is somebody else's, and is told to them.
    if proposal.nonce == nil { written.append(oid) }
    sketch.add(oid, tree: nil, of: proposal)
    if !world.foldsAlone { world.nodes[oid.number].snapshot = sketch.snapshot }
    return nil
  }

  /// Nothing is on a disk here.
  func together(
    _ count: Int, _ body: () throws(LedgerError) -> DraftOutcome
  ) throws(LedgerError) -> DraftOutcome { try body() }

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

  func swap(to draft: inout Draft, from seen: LedgerSnapshot) throws(LedgerError) -> SwapOutcome {
    try moveHere(to: draft.tip, from: seen.tip)
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
    guard clone !== world.authority else { return world.node(draft.tip).isInChain }
    return clone.tip.map { world.isAncestor(draft.tip, of: $0) } ?? false
  }

  func remember(_ draft: Draft) { remembered = draft.snapshot }

  func win(_ draft: Draft) -> AppendOutcome {
    remember(draft)
    return .won(draft.snapshot, effects: draft.effects)
  }

  func cause(of error: GitError, _ draft: Draft) -> GitError { error }

  func sentences(to tip: OID, from old: OID?) throws(LedgerError) -> [LedgerSentence] {
    world.entries(to: tip, without: old).map { LedgerSentence(of: world.node($0).entry.event) }
  }
}
