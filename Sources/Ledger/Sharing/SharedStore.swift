import Git
import Migration

/// What is known of the remote's state of health.
package struct RemoteContact {
  /// When it answered last.
  var answered: Timestamp?
  /// Until when it is not asked, because it could not be reached a moment ago.
  var restUntil: Timestamp?
  /// Why it could not be followed when that was tried last.
  var obstacle: String?
  /// That it cannot be reached, as far as the person was told.
  package var outage = Outage()

  /// What follows from entries that had waited and that the remote has otherwise than they were recorded
  /// here, and is still to be done.
  var due: [Effect] = []

  /// Hands over what is still to be done; nobody else gets it.
  package mutating func takeDue() -> [Effect] {
    defer { due = [] }
    return due
  }

  /// For how long an answer counts as new, in seconds: a run that finds nothing to do must not ask without
  /// end.
  static let freshSeconds = 2
  /// For how long a remote that cannot be reached is left alone, in seconds.
  static let restSeconds = 10

  /// Nothing is known yet.
  package init() {}

  /// Forgets what was known of its health, but not what the person was told: it is asked again.
  mutating func renew() { (answered, restUntil, obstacle) = (nil, nil, nil) }
}

/// A clone's copy of a ledger: the seam below the code that keeps it and a remote together, so that the
/// simulator runs the very same.
package protocol SharedStore: EntryStore {
  /// Whom the ledger is shared through; `nil` keeps it to this clone.
  var remote: (any LedgerRemote)? { get }
  /// What this process knows of the remote.
  var contact: RemoteContact { get nonmutating set }
  /// Tells a person what they should know.
  func warn(_ text: String)
  /// Where the ledger ends here.
  func currentTip() throws(LedgerError) -> OID?
  /// The state at any entry that is here.
  func snapshot(at tip: OID) throws(LedgerError) -> LedgerSnapshot
  /// Whether an entry lies behind another one that is here, or is the same; or so a commit of a branch.
  func isAncestor(_ commit: OID, of tip: OID) throws(LedgerError) -> Bool
  /// The entries up to `tip` that are not among those up to `known`, oldest first.
  func entries(to tip: OID, without known: OID?) throws(LedgerError) -> [Entry]
  /// The exact bytes of a plan file, or `nil` when the ledger has no such plan.
  func planText(_ migration: String, number: Int, in snapshot: LedgerSnapshot) throws(LedgerError) -> [UInt8]?
  /// A list of tests that lies beside the entries, or `nil`.
  func testList(_ digest: String, in snapshot: LedgerSnapshot) throws(LedgerError) -> [UInt8]?
  /// Moves the ref here, provided that it is at `old`.
  func moveHere(to new: OID, from old: OID?) throws(LedgerError) -> SwapOutcome
  /// Keeps a tip that will not be part of the chain; gives the ref that does.
  func keepRefused(_ tip: OID) throws(LedgerError) -> String
  /// Throws unless every entry after `known` up to `tip` is a legal one.
  func inspect(_ tip: OID, after known: OID?) throws(LedgerError)
  /// What a ref that is not the ledger's names here.
  func tip(of ref: String) throws(LedgerError) -> OID?
  /// The push of what was said in an attempt; `nil` where there is nothing, or it stays here.
  func words(_ migration: String, _ fence: Fence) -> GitProgram.PushUpdate?
  /// The refs here that keep results of claims: each one, and the archives.
  func attempts() throws(LedgerError) -> [(name: String, oid: OID)]
  /// Waits for a random time, at most so long.
  func pause(atMostMicroseconds longest: UInt64)
}

extension SharedStore {
  /// A store without words has none.
  package func words(_ migration: String, _ fence: Fence) -> GitProgram.PushUpdate? { nil }
}

extension RefStore: SharedStore {
  private var repository: Repository { ledger.repository }

  var remote: (any LedgerRemote)? { ledger.remote }

  var contact: RemoteContact {
    get { ledger.contact }
    nonmutating set { ledger.contact = newValue }
  }

  func warn(_ text: String) { ledger.warn(text) }

  func currentTip() throws(LedgerError) -> OID? { try ledger.currentTip() }

  func snapshot(at tip: OID) throws(LedgerError) -> LedgerSnapshot { try ledger.snapshot(at: tip) }

  func isAncestor(_ commit: OID, of tip: OID) throws(LedgerError) -> Bool {
    try asGit { () throws(GitError) in try repository.isAncestor(commit, of: tip) }
  }

  func entries(to tip: OID, without known: OID?) throws(LedgerError) -> [Entry] {
    let commits = try asGit { () throws(GitError) in
      try repository.commits(from: tip, excluding: known.map { [$0] } ?? [], firstParentOnly: true)
    }
    var entries: [Entry] = []
    for oid in commits.reversed() {
      entries.append(try ledger.chain.entry(of: try ledger.chain.commit(oid), plans: ledger.plans).entry)
    }
    return entries
  }

  func planText(_ migration: String, number: Int, in snapshot: LedgerSnapshot) throws(LedgerError) -> [UInt8]?
  {
    try ledger.planText(migration, number: number, in: snapshot)
  }

  func testList(_ digest: String, in snapshot: LedgerSnapshot) throws(LedgerError) -> [UInt8]? {
    try ledger.testList(digest, in: snapshot)
  }

  func moveHere(to new: OID, from old: OID?) throws(LedgerError) -> SwapOutcome {
    if StaleLock.exists(in: repository) { _ = try recoverLock() }
    StaleLock.announce(new, holding: queue)
    return ledger.move(repository, new, old)
  }

  func keepRefused(_ tip: OID) throws(LedgerError) -> String {
    let ref = Ledger.refusedFolder + tip.short
    switch repository.compareAndSwap(ref: ref, to: tip, from: nil) {
    case .won, .lost: return ref
    case .busy(let error), .unknown(let error): throw .git(error)
    }
  }

  func inspect(_ tip: OID, after known: OID?) throws(LedgerError) {
    do throws(InspectionFault) {
      try ledger.verifySuccession(from: known, to: tip)
    } catch {
      switch error {
      case .unreadable(let error): throw error
      case .breach(let breach):
        throw .damaged(
          commit: breach.commit, reason: "\(breach.rule): \(breach.reason), in '\(remote?.name ?? "")'")
      }
    }
  }

  func words(_ migration: String, _ fence: Fence) -> GitProgram.PushUpdate? {
    ledger.wordsUpdate(migration, fence)
  }

  func tip(of ref: String) throws(LedgerError) -> OID? {
    try asGit { () throws(GitError) in try repository.resolve(ref) }
  }

  func attempts() throws(LedgerError) -> [(name: String, oid: OID)] {
    try asGit { () throws(GitError) in
      try repository.references(matching: Ledger.attemptFolder + "*")
        + repository.references(matching: Ledger.archiveFolder + "*")
    }
  }

  func pause(atMostMicroseconds longest: UInt64) {
    RetryPolicy.pause(microseconds: Int(ledger.randomness.next() % longest))
  }
}
