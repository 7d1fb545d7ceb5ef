import Git
import Migration
import System

/// The ledger of one repository, with all that its own writers need of each other: their queue, the rules for
/// a lock that was left, and the memory of what was seen. Of remotes it knows nothing.
final class LocalStore {
  let reader: ChainReader
  let writer: ChainWriter
  let clock: any WallClock
  let sights: Sights
  private let randomness: any RandomSource
  private let queue: WriterQueue
  /// The place in the queue, while we have it.
  private var place: FileLock?
  private var hasToldOfLock = false
  /// Told what a person should know.
  var tell: (String) -> Void = { _ in }
  /// Moves the ledger's ref to a commit from the tip that was decided on. A seam: tests put faults here, and
  /// a move without the check of the old value, to see that they would notice.
  var move: (Repository, OID, OID?) -> SwapOutcome = { repository, new, old in
    repository.compareAndSwap(ref: LedgerRefs.ledger, to: new, from: old)
  }
  /// Whether local writers queue; off only in tests, to show that correctness does not rest on it.
  var isQueueing = true
  /// How long a writer waits in the queue.
  var patience = WriterQueue.patience

  init(
    _ reader: ChainReader, _ writer: ChainWriter, clock: any WallClock, randomness: any RandomSource,
    witness: Witness?
  ) {
    self.reader = reader
    self.writer = writer
    self.clock = clock
    self.randomness = randomness
    queue = WriterQueue(folder: reader.repository.commonDirectory + "/migrate")
    sights = Sights(reader, queue: queue, witness: witness)
  }

  var repository: Repository { reader.repository }

  /// Waits for its turn among the local writers, and meanwhile reads what they wrote; then does its work.
  /// Whoever waits for as long as it takes gets no turn before others.
  func inTurn<Value>(
    forAsLongAsItTakes: Bool = false, _ body: () throws(LedgerError) -> Value
  ) throws(LedgerError) -> Value {
    place = try enterQueue(forAsLongAsItTakes: forAsLongAsItTakes)
    defer {
      place?.free()
      place = nil
    }
    return try body()
  }

  /// Whether somebody else is appending at this moment.
  var isQueueBusy: Bool { isQueueing && queue.isBusy }

  private func enterQueue(forAsLongAsItTakes: Bool) throws(LedgerError) -> FileLock? {
    guard isQueueing else { return nil }
    let known = forAsLongAsItTakes ? nil : reader.remembered.tip
    do throws(FileError) {
      return try queue.enter(knowing: known, withinSeconds: forAsLongAsItTakes ? nil : patience) {
        // An error will be met again where it counts.
        _ = try? reader.read()
      }
    } catch {
      throw .file(error)
    }
  }

  private func recoverLock() throws(LedgerError) -> Bool {
    try StaleLock.recover(in: repository, holding: place, now: clock.now())
  }

  /// Says, once, which lock keeps a writer waiting, and for how long.
  private func tellOfLeftLock() {
    guard !hasToldOfLock, let path = StaleLock.present(on: LedgerRefs.ledger, in: repository) else { return }
    hasToldOfLock = true
    tell(
      "waiting for '\(path)', which no program has open; a killed one left it, and it is taken away when it "
        + "is a minute old")
  }
}

extension LocalStore: EntryStore {
  func read() throws(LedgerError) -> LedgerSnapshot {
    let seen = try reader.read()
    try sights.require(seen.tip)
    return seen
  }

  func extend(
    _ sketch: inout DraftSketch, by proposal: Proposal, at: Timestamp, _ author: String
  ) throws(LedgerError) -> Refusal? {
    try writer.extend(&sketch, by: proposal, at: at, author)
  }

  func together(
    _ count: Int, _ body: () throws(LedgerError) -> DraftOutcome
  ) throws(LedgerError) -> DraftOutcome { try writer.together(count, body) }

  func swap(to draft: inout Draft, from seen: LedgerSnapshot) throws(LedgerError) -> SwapOutcome {
    try moveHere(to: draft.tip, from: seen.tip)
  }

  /// All that is known was read here.
  func hasGrown(beyond seen: LedgerSnapshot) throws(LedgerError) -> Bool { false }

  func canWait(afterErrors errors: Int) throws(LedgerError) -> Bool {
    if try recoverLock() { return true }
    // A lock that nobody has open was left by a killed process, most likely: it is old enough soon.
    let isLeft = StaleLock.isLeft(in: repository)
    if isLeft { tellOfLeftLock() }
    return errors < (isLeft ? Tries.forLeftLock : Tries.afterErrors)
  }

  func contains(_ draft: Draft, after seen: LedgerSnapshot) throws(LedgerError) -> Bool {
    var next = try reader.tip()
    while let oid = next, oid != seen.tip {
      if oid == draft.tip { return true }
      next = try reader.chain.commit(oid).parents.first
    }
    return false
  }

  func win(_ draft: Draft) -> AppendOutcome {
    remember(draft)
    sights.note(draft.snapshot)
    return .won(draft.snapshot, effects: draft.effects)
  }

  /// On a full disk libgit2 loses an object without a word, and only the ref's move notices.
  func cause(of error: GitError, _ draft: Draft) -> GitError {
    guard let isThere = try? repository.objectExists(draft.tip), !isThere else { return error }
    return GitError(
      message: "the entry could not be stored; the disk may be full", operation: "write to",
      subject: repository.commonDirectory + "/objects")
  }
}

extension LocalStore: CloneStore {
  func warn(_ text: String) { tell(text) }

  func currentTip() throws(LedgerError) -> OID? { try reader.tip() }

  func snapshot(at tip: OID) throws(LedgerError) -> LedgerSnapshot { try reader.snapshot(at: tip) }

  func isAncestor(_ commit: OID, of tip: OID) throws(LedgerError) -> Bool {
    try asGit { () throws(GitError) in try repository.isAncestor(commit, of: tip) }
  }

  func entries(to tip: OID, without known: OID?) throws(LedgerError) -> [Entry] {
    try reader.entries(to: tip, without: known)
  }

  func commits(to tip: OID, without known: OID?) throws(LedgerError) -> [OID] {
    try asGit { () throws(GitError) in
      try repository.commits(from: tip, excluding: known.map { [$0] } ?? [], firstParentOnly: true).reversed()
    }
  }

  func planText(_ migration: String, number: Int, in snapshot: LedgerSnapshot) throws(LedgerError) -> [UInt8]?
  {
    try reader.planText(migration, number: number, in: snapshot)
  }

  func testList(_ digest: String, in snapshot: LedgerSnapshot) throws(LedgerError) -> [UInt8]? {
    try reader.testList(digest, in: snapshot)
  }

  func moveHere(to new: OID, from old: OID?) throws(LedgerError) -> SwapOutcome {
    if StaleLock.exists(in: repository) { _ = try recoverLock() }
    StaleLock.announce(new, holding: place)
    return move(repository, new, old)
  }

  func remember(_ draft: Draft) { reader.remember(draft.snapshot) }

  func forgetSights() { sights.forget() }

  func keepRefused(_ tip: OID) throws(LedgerError) -> String {
    let ref = LedgerRefs.refusedFolder + tip.short
    switch repository.compareAndSwap(ref: ref, to: tip, from: nil) {
    case .won, .lost: return ref
    case .busy(let error), .unknown(let error): throw .git(error)
    }
  }

  func inspect(_ tip: OID, after known: OID?, from remote: String) throws(LedgerError) {
    do throws(InspectionFault) {
      try reader.verifySuccession(from: known, to: tip)
    } catch {
      switch error {
      case .unreadable(let error): throw error
      case .breach(let breach):
        throw .damaged(commit: breach.commit, reason: "\(breach.rule): \(breach.reason), in '\(remote)'")
      }
    }
  }

  /// The words of an attempt that its end is pushed with; `nil` where there are none, or the user keeps them
  /// here (`migrate.shareWords`).
  func words(_ migration: String, _ fence: Fence) -> GitProgram.PushUpdate? {
    let ref = LedgerRefs.words(migration, fence)
    guard let commit = (try? repository.resolve(ref)).flatMap(\.self),
      (try? repository.configBool("migrate.shareWords")).flatMap(\.self) != false
    else { return nil }
    return GitProgram.PushUpdate(ref: ref, to: commit, from: nil)
  }

  func tip(of ref: String) throws(LedgerError) -> OID? {
    try asGit { () throws(GitError) in try repository.resolve(ref) }
  }

  func attempts() throws(LedgerError) -> [(name: String, oid: OID)] {
    try asGit { () throws(GitError) in
      try repository.references(matching: LedgerRefs.attemptFolder + "*")
        + repository.references(matching: LedgerRefs.archiveFolder + "*")
    }
  }

  func pause(atMostMicroseconds longest: UInt64) {
    RetryPolicy.pause(microseconds: Int(randomness.next() % longest))
  }
}
