import CanonicalJSON
import Migration
import System

/// What a gate's slot remembers from one candidate to the next, beside the repository. It is taken away while
/// a candidate is judged: after a run that was killed nothing is known of the folder, and nothing is kept.
package struct GateNote: Equatable {
  /// The last whole second that a file of the slot may have as its time, since the Unix epoch.
  package var second: Int64 = 0
  /// The folders that were kept, relative to the top.
  package var kept: [String] = []
  /// What was in them, as `Repository.fingerprint` says it.
  package var fingerprint = ""
  /// A digest of the set-up command and of the content of its inputs, when all it made is in kept folders.
  package var setup: String?
  /// The folder for caches that go by time, while there is one.
  package var caches: String?

  /// A note that knows nothing.
  package init() {}

  /// Reads a note; `nil` when the bytes are none.
  package init?(bytes: [UInt8]) {
    guard let json = try? JSON.parse(bytes), case .integer(let second)? = json["second"],
      case .array(let kept)? = json["kept"], case .string(let fingerprint)? = json["fingerprint"]
    else { return nil }
    self.second = second
    self.fingerprint = fingerprint
    for item in kept {
      guard case .string(let path) = item else { return nil }
      self.kept.append(path)
    }
    if case .string(let text)? = json["setup"] { setup = text }
    if case .string(let text)? = json["caches"] { caches = text }
  }

  /// How the names of folders for caches begin.
  package static let cachesPrefix = "git-migrate-gate-"

  /// Removes the folder for caches that a gate left which was killed; says whether there is none any more. A
  /// note can be written by others, so only a folder of that name goes.
  @discardableResult
  package func removeCaches() -> Bool {
    guard let caches else { return true }
    let parts = caches.split(separator: "/")
    guard caches.hasPrefix("/"), parts.last?.hasPrefix(GateNote.cachesPrefix) == true, !parts.contains("..")
    else { return true }
    try? Files.removeTree(caches)
    return !Files.exists(caches)
  }

  var json: JSON {
    .object([
      JSON.Member("second", .integer(second)), JSON.Member("kept", .array(kept.map(JSON.string))),
      JSON.Member("fingerprint", .string(fingerprint)),
      JSON.Member("setup", setup.map(JSON.string) ?? .null),
      JSON.Member("caches", caches.map(JSON.string) ?? .null),
    ])
  }
}
