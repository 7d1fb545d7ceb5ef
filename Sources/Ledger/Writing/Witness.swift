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
