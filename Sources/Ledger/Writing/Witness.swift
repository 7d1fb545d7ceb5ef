import Git
import Migration
import System

/// The newest entry that this user wrote to a ledger, kept outside of the repository (I-2).
///
/// An older copy of a ledger is sound in itself, and so is another one in its place: after a restored backup,
/// or when somebody moved the ref, steps would be done twice and epochs given twice. This file remembers. It
/// is written without a sync: after a loss of power it may name an older entry, which the ledger has as well.
public struct Witness: Sendable {
  /// What was seen.
  struct Sight: Equatable {
    /// The newest entry.
    var tip: OID
    /// The first entry of its chain, which no other ledger has; zeros when nobody looked for it.
    var first: OID
  }

  /// The file.
  public let path: String

  /// Remembers in `folder`, into which only the user writes, the ledger of the repository whose git directory
  /// is `commonDirectory`.
  public init(folder: String, commonDirectory: String) {
    path = folder + "/" + SHA256.hexDigest(of: PathText.bytes(commonDirectory)).prefix(32)
  }

  /// What was seen last; `nil` when nothing was, or when the file cannot be read.
  var sight: Sight? {
    guard let bytes = try? Files.readFile(path, limit: 256) else { return nil }
    let words = String(decoding: bytes, as: UTF8.self).split(whereSeparator: \.isWhitespace)
    guard words.count == 2, let tip = OID(String(words[0])), let first = OID(String(words[1])) else {
      return nil
    }
    return Sight(tip: tip, first: first)
  }

  /// Remembers a sight. That it cannot be written is no reason not to go on.
  func remember(_ sight: Sight) {
    let bytes = Array("\(sight.tip.hex) \(sight.first.hex)\n".utf8)
    if (try? Files.overwrite(path, bytes, mode: 0o600)) != nil { return }
    try? Files.makeDirectories(Files.parent(of: path), mode: 0o700)
    try? Files.overwrite(path, bytes, mode: 0o600)
  }

  /// Forgets what was seen.
  func forget() { try? Files.removeFile(path) }
}

extension Ledger {
  /// The longest chain whose first entry is looked for, the first time that a ledger is seen.
  private static let firstWithin = 10_000

  /// Throws `setBack` when the ledger does not follow what was seen of it. Costs one small file, and nothing
  /// when we wrote last.
  ///
  /// Of a shared one, what waits here gives way to what the others recorded, and what was seen of the
  /// remote's is compared when it is fetched: nothing is remembered any more once the remote has it.
  func requireWitnessed(_ tip: OID?) throws(LedgerError) {
    guard let witness, tip == nil || tip != witnessed?.tip else { return }
    witnessed = nil
    if try wasSeenShared() { return witness.forget() }
    guard let sight = witness.sight else { return }
    let verdict = try asGit { () throws(GitError) in try compare(sight, tip) }
    switch verdict {
    case .follows(let tip): witnessed = Witness.Sight(tip: tip, first: sight.first)
    case .isAnother: return
    case .setBack(let reason):
      // Somebody who did not wait in the queue may have been faster: then the ref's move will say so.
      guard try currentTip() == tip else { return }
      throw .setBack(reason: reason, witness: witness.path)
    }
  }

  /// Remembers that the ledger was seen like this.
  func noteWitnessed(_ seen: LedgerSnapshot) {
    guard remote == nil, let witness, let tip = seen.tip, tip != witnessed?.tip else { return }
    let first = witnessed?.first ?? (seen.sequence <= Self.firstWithin ? try? self.first(of: tip) : .zero)
    guard let first else { return }
    let sight = Witness.Sight(tip: tip, first: first)
    witness.remember(sight)
    witnessed = sight
  }

  /// I-2, where something was seen before: the ledger leads on from there.
  func witnessFindings() throws(GitError) -> [Finding] {
    guard remote == nil, let witness, let sight = witness.sight,
      case .setBack(let reason) = try compare(sight, try repository.resolve(Ledger.ref))
    else { return [] }
    let error = LedgerError.setBack(reason: reason, witness: witness.path)
    return [Finding(rule: "I-2", subject: Ledger.ref, message: reason, remedy: error.hint ?? "")]
  }

  /// Whether a remote was seen to have the ledger.
  private func wasSeenShared() throws(LedgerError) -> Bool {
    guard let remote else { return false }
    return try asGit { () throws(GitError) in try remote.knownTip() } != nil
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
