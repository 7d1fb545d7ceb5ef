import Git
import Ledger

/// One line that git gives a hook: a ref that is about to move.
public struct RefUpdate: Equatable, Sendable {
  /// What a ref says.
  public enum Value: Equatable, Sendable {
    /// Nothing: there is no such ref, or git does not tell.
    case none
    /// An object.
    case oid(OID)
    /// Another ref (git 2.46 and later announce symbolic refs).
    case symbolic(String)

    /// The object, if it is one.
    public var oid: OID? {
      guard case .oid(let oid) = self else { return nil }
      return oid
    }
  }

  /// What it said before, as far as git tells.
  public var old: Value
  /// What it is to say.
  public var new: Value
  /// The full name.
  public var ref: String

  /// Makes an update from its parts.
  public init(old: Value, new: Value, ref: String) {
    self.old = old
    self.new = new
    self.ref = ref
  }

  /// The lines of `reference-transaction` and `pre-receive`: `<old> <new> <ref>`. Empty lines are passed
  /// over.
  public static func read(transaction bytes: [UInt8]) throws(RefObjection) -> [RefUpdate] {
    try lines(bytes) { (fields) in
      guard fields.count == 3, let old = Value(fields[0]), let new = Value(fields[1]) else { return nil }
      return RefUpdate(old: old, new: new, ref: fields[2])
    }
  }

  /// The lines of `pre-push`: `<local ref> <local oid> <remote ref> <remote oid>`, seen from the receiver.
  public static func read(push bytes: [UInt8]) throws(RefObjection) -> [RefUpdate] {
    try lines(bytes) { (fields) in
      // The local name is whatever the user typed and may hold spaces (`:/some words`); the rest may not.
      guard fields.count >= 4, let new = Value(fields[fields.count - 3]),
        let old = Value(fields[fields.count - 1])
      else { return nil }
      return RefUpdate(old: old, new: new, ref: fields[fields.count - 2])
    }
  }

  private static func lines(
    _ bytes: [UInt8], _ read: ([String]) -> RefUpdate?
  ) throws(RefObjection) -> [RefUpdate] {
    var result: [RefUpdate] = []
    for line in bytes.split(separator: 0x0A) {
      let fields = line.split(separator: 0x20, omittingEmptySubsequences: false).map { PathText.string($0) }
      guard let update = read(fields), !update.ref.isEmpty else {
        throw RefObjection(PathText.string(line), "it is not a line that git writes to this hook")
      }
      result.append(update)
    }
    return result
  }
}

/// Names of refs are bytes. Swift compares text by whole characters and canonical equivalence: a combining
/// mark after a slash would hide the slash, and two names that differ in git would be one.
extension String {
  func hasBytewisePrefix(_ prefix: String) -> Bool { utf8.starts(with: prefix.utf8) }
  func isBytewise(_ other: String) -> Bool { utf8.elementsEqual(other.utf8) }
}

extension RefUpdate.Value {
  init?(_ text: String) {
    if text.hasPrefix("ref:") {
      self = .symbolic(String(text.dropFirst(4)))
    } else if let oid = OID(text) {
      self = oid.isZero ? .none : .oid(oid)
    } else {
      return nil
    }
  }
}

/// Why a ref may not move as somebody asks.
public struct RefObjection: Error, Equatable, Sendable, CustomStringConvertible {
  /// The full name of the ref.
  public var ref: String
  /// The reason, without the ref.
  public var reason: String
  /// What to do instead, or `nil`.
  public var hint: String?

  /// Makes an objection.
  public init(_ ref: String, _ reason: String, hint: String? = nil) {
    self.ref = ref
    self.reason = reason
    self.hint = hint
  }

  /// One line in git's grammar.
  public var description: String { "refusing to change '\(ref)': \(reason)" }
}
