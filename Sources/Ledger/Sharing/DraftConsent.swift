import Migration
import System

/// Whether a server lets entries be left there for others to take along, as a clone has seen it.
///
/// Nobody has to say it: whoever was too late again and again makes and deletes a ref there, and what came of
/// it is kept in a file, with the address that it is true of. A yes counts until the server says no; a no for
/// a day, since rules change.
struct DraftConsent {
  /// How long a no counts, in seconds.
  static let noSeconds = 24 * 3600

  /// The file, and the address of the server, without a password.
  let path: String
  let address: String

  /// What was seen of this server; `nil` when nobody knows, or that was long ago.
  func remembered(at now: Timestamp) -> Bool? {
    guard let bytes = try? Files.readPlain(path, limit: 4096) else { return nil }
    let lines = String(decoding: bytes, as: UTF8.self).split(
      separator: "\n", omittingEmptySubsequences: false)
    guard lines.count >= 3, lines[2] == address, let written = Int64(lines[1]) else { return nil }
    if lines[0] == "yes" { return true }
    let until = Timestamp(milliseconds: written).adding(seconds: Self.noSeconds)
    // A clock that was put back must not keep a no for ever.
    return lines[0] == "no" && written <= now.milliseconds && now < until ? false : nil
  }

  /// Keeps what was seen. What cannot be written is asked again.
  func remember(_ answer: Bool, at now: Timestamp) {
    let text = "\(answer ? "yes" : "no")\n\(now.milliseconds)\n\(address)\n"
    try? Files.makeDirectories(Files.parent(of: path))
    try? Files.writeAtomically(path, Array(text.utf8))
  }
}
