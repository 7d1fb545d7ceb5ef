import CanonicalJSON
import Git
import Migration
import System

/// The only store: a chain of commits on `refs/migrate/ledger`, one accepted event each (DESIGN §2).
///
/// One instance serves one thread and one repository. It remembers the last state it folded, so that a
/// long-lived caller pays only for what is new.
public final class Ledger {
  /// The ref that is the ledger.
  public static let ref = "refs/migrate/ledger"

  /// The repository the ledger lives in.
  public let repository: Repository
  /// Where the objects of entries are written: the repository, or a batch for it.
  var writing: any ObjectWriter
  let clock: any WallClock
  let randomness: any RandomSource
  let redact: (String) -> String
  let chain: Chain
  let plans: PlanStore
  /// What finished steps have left.
  package let archive: AttemptArchive
  /// The files of the last checkpoint that was written here.
  var pages = CheckpointPages()
  private var remembered = LedgerSnapshot.empty
  /// Moves the ledger's ref to a commit from the tip that was decided on. A seam: tests put faults here, and
  /// a move without the check of the old value, to see that they would notice.
  var move: (Repository, OID, OID?) -> SwapOutcome = { repository, new, old in
    repository.compareAndSwap(ref: Ledger.ref, to: new, from: old)
  }
  /// The repository that the ledger is shared through; `nil` keeps it to this one.
  public var remote: (any LedgerRemote)?
  /// Told what a person should know: that the remote cannot be reached, what it refused.
  public var warn: (String) -> Void = { _ in }
  private var hasToldOfLock = false
  /// Where it is remembered, outside of the repository, what was seen of the ledger; `nil` remembers nothing.
  public var witness: Witness?
  /// What of it is known to be so.
  var witnessed: Witness.Sight?
  /// When the remote was asked last, and until when it is not asked again after it could not be reached.
  package var contact = RemoteContact()
  /// Whether local writers queue; off only in tests, to show that correctness does not rest on it.
  var isQueueing = true
  /// How long a writer waits in the queue.
  var patience = WriterQueue.patience
  let queue: WriterQueue

  /// How often an append that got an open outcome is tried again before it is given up.
  static let triesAfterErrors = 3
  /// How often, when the ref's lock was left by nobody that is there; each try waits about a second.
  static let triesForLeftLock = 75

  /// Makes a ledger over a repository; reads nothing yet. Every free text of an event goes through `redact`
  /// before the entry is built: what is recorded is pushed, and never taken back.
  public init(
    repository: Repository, clock: any WallClock = SystemClock(),
    randomness: any RandomSource = SystemRandomness(), redact: @escaping (String) -> String = { $0 }
  ) {
    self.repository = repository
    writing = repository
    self.clock = clock
    self.randomness = randomness
    self.redact = redact
    chain = Chain(repository: repository)
    plans = PlanStore(repository: repository)
    archive = AttemptArchive(repository)
    queue = WriterQueue(folder: repository.commonDirectory + "/migrate")
  }

  /// The state at the tip. Costs one checkpoint and the entries after it, or only what is new since the last
  /// call.
  ///
  /// Throws `damaged` for a chain that breaks the format and `newer` for an entry of a newer version.
  public func read() throws(LedgerError) -> LedgerSnapshot {
    guard let tip = try currentTip() else {
      remembered = .empty
      return remembered
    }
    #if KNOWN_BUGS
      if KnownBug.unknownEventIgnored.isOn { return try withoutNewer(tip) }
    #endif
    if tip != remembered.tip { remembered = try snapshot(at: tip, known: remembered) }
    return remembered
  }

  #if KNOWN_BUGS
    private func withoutNewer(_ tip: OID) throws(LedgerError) -> LedgerSnapshot {
      do throws(LedgerError) {
        return try snapshot(at: tip, known: .empty)
      } catch {
        guard case .newer = error, let parent = try chain.commit(tip).parents.first else { throw error }
        return try withoutNewer(parent)
      }
    }
  #endif

  /// The state at any entry of the chain.
  public func snapshot(at tip: OID) throws(LedgerError) -> LedgerSnapshot {
    try snapshot(at: tip, known: .empty)
  }

  /// Appends what `propose` wants, all of it or nothing.
  ///
  /// `propose` sees the newest state and the time the events will carry; it is asked again whenever somebody
  /// else was faster, so that it always decides on what is true now. `won` means durable: objects and ref are
  /// synced. The compare-and-swap uses the very tip that `propose` saw. An open outcome is settled by looking
  /// for our nonce in the chain (PITFALLS F7).
  public func append(
    by author: String, _ propose: (LedgerSnapshot, Timestamp) throws(Refusal) -> [Proposal]
  ) throws(LedgerError) -> AppendOutcome {
    let queue = try enterQueue()
    defer { queue?.free() }
    let store = RefStore(ledger: self, queue: queue)
    if remote != nil { try Sharing(store).shareWaiting() }
    return try Append(store: store, author: author).run(propose)
  }

  func win(_ draft: Draft) -> AppendOutcome {
    remembered = draft.snapshot
    noteWitnessed(draft.snapshot)
    return .won(draft.snapshot, effects: draft.effects)
  }

  func currentTip() throws(LedgerError) -> OID? {
    do throws(GitError) { return try repository.resolve(Ledger.ref) } catch { throw .git(error) }
  }

  /// Waits for its turn among the local writers, and meanwhile reads what they wrote. Shared, there is no
  /// limit: whoever is in front may be waiting for the remote.
  func enterQueue() throws(LedgerError) -> FileLock? {
    guard isQueueing else { return nil }
    let known = remote == nil ? remembered.tip : nil
    do throws(FileError) {
      return try queue.enter(knowing: known, withinSeconds: remote == nil ? patience : nil) {
        // An error will be met again where it counts.
        _ = try? read()
      }
    } catch {
      throw .file(error)
    }
  }

  // MARK: Reading

  /// Folds what lies between a state we have, or the tip's checkpoint, and the tip.
  private func snapshot(at tip: OID, known: LedgerSnapshot) throws(LedgerError) -> LedgerSnapshot {
    let commit = try chain.commit(tip)
    let newest = try chain.entry(of: commit, plans: plans)
    let distance = newest.entry.sequence - known.sequence
    let isNear = known.tip != nil && distance >= 0 && distance <= 2 * Checkpoint.interval
    let base = isNear ? known : try checkpoint(of: commit) ?? .empty
    var entries: [LedgerEntry] = []
    var current = (commit: commit, entry: newest)
    while current.entry.entry.sequence > base.sequence {
      entries.append(current.entry)
      guard let parent = current.commit.parents.first else {
        if base.sequence == 0 { break }
        throw .damaged(
          commit: current.commit.oid,
          reason: "the chain ends here, after entry \(base.sequence) of a checkpoint")
      }
      let next = try chain.commit(parent)
      current = (next, try chain.entry(of: next, plans: plans))
    }
    if isNear && current.commit.oid != known.tip {
      // Somebody put another chain in the ledger's place; nothing that we remember holds for it.
      return try snapshot(at: tip, known: .empty)
    }
    var snapshot = base
    for entry in entries.reversed() { try advance(&snapshot, by: entry) }
    snapshot.tip = tip
    snapshot.tree = commit.tree
    return snapshot
  }

  private func checkpoint(of commit: Commit) throws(LedgerError) -> LedgerSnapshot? {
    guard let saved = try savedCheckpoint(of: commit) else { return nil }
    return LedgerSnapshot(tip: nil, tree: nil, sequence: saved.sequence, state: saved.state)
  }

  func savedCheckpoint(of commit: Commit) throws(LedgerError) -> (sequence: Int, state: State)? {
    do {
      guard let found = try repository.entry(at: Checkpoint.path, inTree: commit.tree) else { return nil }
      let bytes = try repository.blob(found.oid)
      return try Checkpoint.read(bytes) { (migration, number) throws(JSONFault) in
        try plans.plan(migration, number, inTree: commit.tree)
      }
    } catch {
      throw .damaged(commit: commit.oid, reason: "its checkpoint cannot be read: \(error)")
    }
  }

  /// Says, once, which lock keeps a writer waiting, and for how long.
  func tellOfLeftLock() {
    guard !hasToldOfLock, let path = StaleLock.present(on: Ledger.ref, in: repository) else { return }
    hasToldOfLock = true
    warn(
      "waiting for '\(path)', which no program has open; a killed one left it, and it is taken away when it "
        + "is a minute old")
  }

  /// Folds one entry onto a snapshot; an entry out of place, or one that `decide` refuses, is damage.
  @discardableResult
  func advance(_ snapshot: inout LedgerSnapshot, by found: LedgerEntry) throws(LedgerError) -> [Effect] {
    guard found.entry.sequence == snapshot.sequence + 1 else {
      throw .damaged(
        commit: found.commit,
        reason: "it has number \(found.entry.sequence) where \(snapshot.sequence + 1) should be")
    }
    do throws(Refusal) {
      let effects = try snapshot.state.apply(found.entry.event)
      snapshot.sequence += 1
      snapshot.tip = found.commit
      return effects
    } catch {
      throw .damaged(commit: found.commit, reason: "its event was not allowed: \(error.message)")
    }
  }
}
