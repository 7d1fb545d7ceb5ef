import CanonicalJSON
import Git
import Migration

/// The ledger as it was at one tip.
public struct LedgerSnapshot: Equatable, Sendable {
  /// The commit at the end of the chain, or `nil` for an empty ledger.
  public var tip: OID?
  /// The tree of the tip.
  public var tree: OID?
  /// How many entries the chain has.
  public var sequence: Int
  /// The folded state.
  public var state: State

  /// The empty ledger.
  public static let empty = LedgerSnapshot(tip: nil, tree: nil, sequence: 0, state: State())
}

/// An entry in its place.
public struct LedgerEntry: Equatable, Sendable {
  /// The commit that holds it.
  public var commit: OID
  /// The entry.
  public var entry: Entry
}

/// Something a command wants to be true: an event without its time and author.
public struct Proposal: Equatable, Sendable {
  /// The migration's name.
  public var migration: String
  /// What is to happen.
  public var change: Migration.Change
  /// The exact bytes of the plan file, for a change that brings a plan.
  public var planText: [UInt8]?
  /// What is known of the attempt that it ends, or of its verdict, for a ledger whose version has a place for
  /// it.
  public var facts: [JSON.Member] = []
  /// The lists of tests that the facts name by their digests.
  public var lists: [[UInt8]] = []
  /// Who wants it, when that is not the one who appends: an event that waited keeps its author.
  package var author: String?
  /// The nonce it was recorded with before, so that no two clones, nor one twice, count it as two events.
  package var nonce: String?
  /// The ledger's time when it was decided first, of one that its author still waits for: what it is to last
  /// counts from when it is recorded. The ledger's time may leap where somebody's clock is ahead.
  package var decidedAt: Timestamp?

  /// Makes a proposal.
  public init(_ migration: String, _ change: Migration.Change, planText: [UInt8]? = nil) {
    self.migration = migration
    self.change = change
    self.planText = planText
  }

  /// What is to happen, recorded at that time.
  package func change(at: Timestamp) -> Migration.Change {
    guard let decidedAt, decidedAt < at else { return change }
    return change.postponed(byMilliseconds: at.milliseconds - decidedAt.milliseconds)
  }
}

/// What became of an append.
public enum AppendOutcome: Equatable, Sendable {
  /// Every proposal is in the ledger, and on the disk.
  case won(LedgerSnapshot, effects: [Effect])
  /// `decide` refused one of them, so that none was written.
  case refused(Refusal)
  /// There was nothing to propose.
  case nothing(LedgerSnapshot)
}
