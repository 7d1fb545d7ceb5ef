import Git
import Migration

/// What a writer has seen of the ledger, compared with what the user's witness remembers.
final class Sights {
  private let reader: ChainReader
  private let queue: WriterQueue
  /// Where it is remembered, outside of the repository; `nil` remembers nothing.
  private let witness: Witness?
  /// What of it is known to be so.
  private var known: Witness.Sight?

  /// The longest chain whose first entry is looked for, the first time that a ledger is seen.
  private static let firstWithin = 10_000

  init(_ reader: ChainReader, queue: WriterQueue, witness: Witness?) {
    self.reader = reader
    self.queue = queue
    self.witness = witness
  }

  private var repository: Repository { reader.repository }

  /// Throws `setBack` when the ledger does not follow what was seen of it. Costs one small file, and nothing
  /// when we wrote last.
  func require(_ tip: OID?) throws(LedgerError) {
    guard let witness, tip == nil || tip != known?.tip else { return }
    known = nil
    guard let sight = witness.sight else { return }
    let verdict = try asGit { () throws(GitError) in try compare(sight, tip) }
    switch verdict {
    case .follows(let tip): known = Witness.Sight(tip: tip, first: sight.first)
    case .isAnother: return
    case .setBack(let reason):
      // Somebody who did not wait in the queue may have been faster: then the ref's move will say so.
      guard try reader.tip() == tip else { return }
      throw .setBack(reason: reason, witness: witness.path)
    }
  }

  /// Remembers that the ledger was seen like this.
  func note(_ seen: LedgerSnapshot) {
    guard let witness, let tip = seen.tip, tip != known?.tip else { return }
    let first = known?.first ?? (seen.sequence <= Self.firstWithin ? try? self.first(of: tip) : .zero)
    guard let first else { return }
    let sight = Witness.Sight(tip: tip, first: first)
    witness.remember(sight)
    known = sight
  }

  /// Forgets what was seen.
  func forget() {
    known = nil
    witness?.forget()
  }

  /// I-2, where something was seen before: the ledger leads on from there.
  func findings() throws(GitError) -> [Finding] {
    guard let witness, let sight = witness.sight,
      case .setBack(let reason) = try compare(sight, try repository.resolve(LedgerRefs.ledger))
    else { return [] }
    let error = LedgerError.setBack(reason: reason, witness: witness.path)
    return [Finding(rule: "I-2", subject: LedgerRefs.ledger, message: reason, remedy: error.hint ?? "")]
  }

  private enum Comparison {
    /// The ledger, at this entry, is the one that was seen or leads on from it.
    case follows(OID)
    /// It is the ledger of another repository in the same place, or there is none.
    case isAnother
    /// It was put back, or another put in its place.
    case setBack(reason: String)
  }

  private func compare(_ sight: Witness.Sight, _ tip: OID?) throws(GitError) -> Comparison {
    if let tip, tip == sight.tip { return .follows(tip) }
    guard try repository.objectExists(sight.tip) else {
      guard let tip, sight.first != .zero, try first(of: tip) == sight.first else { return .isAnother }
      return .setBack(reason: "entry '\(sight.tip.short)', which was seen here, is gone")
    }
    guard let tip else {
      // A clone of what was in this place has the entries, and never had the ledger.
      guard queue.wasUsed else { return .isAnother }
      return .setBack(reason: "it is gone; entry '\(sight.tip.short)' was seen here")
    }
    if try repository.isAncestor(sight.tip, of: tip) { return .follows(tip) }
    return .setBack(reason: "entry '\(sight.tip.short)', which was seen here, is not in it any more")
  }

  private func first(of tip: OID) throws(GitError) -> OID {
    var first = tip
    while let parent = try repository.commit(first).parents.first { first = parent }
    return first
  }
}
