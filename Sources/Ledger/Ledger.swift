import CanonicalJSON
import Git
import Migration

/// The only store: a chain of commits on `refs/migrate/ledger`, one accepted event each (DESIGN §2).
///
/// One instance serves one thread and one repository. It is put together here: the reader of the chain, the
/// store of this repository over it and, where the ledger is shared, the store that keeps it and a remote
/// together over that one.
public final class Ledger {
  /// The ref that is the ledger.
  public static let ref = LedgerRefs.ledger

  /// Reads the chain, and remembers the last state.
  public let reader: ChainReader
  let local: LocalStore
  /// The repository that the ledger is shared through; `nil` keeps it to this one.
  public internal(set) var remote: (any LedgerRemote)?
  /// When the remote was asked last, and until when it is not asked again after it could not be reached.
  package let contact = RemoteContact()

  /// The repository the ledger lives in.
  public var repository: Repository { reader.repository }

  var clock: any WallClock { local.clock }

  /// Makes a ledger over a repository; reads nothing yet. Every free text of an event goes through `redact`
  /// before the entry is built: what is recorded is pushed, and never taken back. `witness` remembers,
  /// outside of the repository, what was seen of the ledger.
  public init(
    repository: Repository, clock: any WallClock = SystemClock(),
    randomness: any RandomSource = SystemRandomness(), witness: Witness? = nil,
    redact: @escaping (String) -> String = { $0 }
  ) {
    reader = ChainReader(repository: repository)
    let writer = ChainWriter(repository, randomness: randomness, redact: redact)
    local = LocalStore(reader, writer, clock: clock, randomness: randomness, witness: witness)
  }

  /// Shares the ledger through a remote from now on, or keeps it to this repository. `warn` is told what a
  /// person should know: that the remote cannot be reached, what it refused.
  public func share(with remote: (any LedgerRemote)?, warn: @escaping (String) -> Void) {
    self.remote = remote
    local.tell = warn
  }

  /// Tells a person what they should know.
  public func warn(_ text: String) { local.tell(text) }

  /// The state at the tip; see `ChainReader.read()`.
  public func read() throws(LedgerError) -> LedgerSnapshot { try reader.read() }

  /// The state at any entry of the chain.
  public func snapshot(at tip: OID) throws(LedgerError) -> LedgerSnapshot { try reader.snapshot(at: tip) }

  /// Appends what `propose` wants, all of it or nothing.
  ///
  /// `propose` sees the newest state and the time the events will carry; it is asked again whenever somebody
  /// else was faster, so that it always decides on what is true now. `won` means durable: objects and ref are
  /// synced. The compare-and-swap uses the very tip that `propose` saw. An open outcome is settled by looking
  /// for our nonce in the chain (PITFALLS F7).
  public func append(
    by author: String, _ propose: (LedgerSnapshot, Timestamp) throws(Refusal) -> [Proposal]
  ) throws(LedgerError) -> AppendOutcome {
    guard let shared else {
      return try local.inTurn { () throws(LedgerError) in
        try Append(store: local, author: author).run(propose)
      }
    }
    // Whoever is in front takes it along.
    let left = local.isQueueBusy ? try shared.leaveHere(by: author, propose) : nil
    // Without a limit: whoever is in front may be waiting for the remote.
    return try local.inTurn(forAsLongAsItTakes: true) { () throws(LedgerError) in
      if let left, let outcome = try shared.collect(left) { return outcome }
      try shared.shareWaiting()
      return try Append(store: shared, author: author).run(propose)
    }
  }

  /// The store that keeps the ledger and the remote's together; `nil` for one that is not shared.
  var shared: SharedStore<LocalStore>? { remote.map { SharedStore(local, $0, contact) } }
}
