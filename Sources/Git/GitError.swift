import Clibgit2
import Glibc
import System

/// Why a git operation failed.
///
/// Printed as `unable to <operation> '<subject>': <message>`, git's grammar (CodingGuidelines): lower case,
/// no full stop, the subject in quotes. `hint` says what to do next and is printed on a line of its own.
public struct GitError: Error, CustomStringConvertible, Equatable, Sendable {
  /// The raw result of libgit2 (`GIT_ELOCKED` is -14), or -1 when the failure is our own finding.
  public var code: Int32
  /// The raw class of libgit2's error; 0 when there is none.
  public var errorClass: Int32
  /// The reason, without the operation and its subject.
  public var message: String
  /// What was tried: an infinitive such as `read commit`.
  public var operation: String
  /// The path, ref or object that it was tried on; may be empty.
  public var subject: String
  /// What a person can do about it.
  public var hint: String?
  /// The path where something lies that is no file, and git's or our own file should, when it is about that.
  public internal(set) var oddPlace: String?

  /// Makes an error.
  public init(
    code: Int32 = -1, errorClass: Int32 = 0, message: String, operation: String, subject: String = "",
    hint: String? = nil
  ) {
    self.code = code
    self.errorClass = errorClass
    // What is an error is told to many, and kept in logs.
    self.message = AddressText.withoutPasswords(message)
    self.operation = operation
    self.subject = AddressText.withoutPasswords(subject)
    self.hint = hint
  }

  /// One line in git's grammar.
  public var description: String {
    let quoted = subject.isEmpty ? "" : " '\(subject)'"
    return "unable to \(operation)\(quoted): \(message)"
  }

  /// Whether the object, ref, path or key was not there.
  public var isNotFound: Bool { code == GIT_ENOTFOUND.rawValue }

  /// Whether it is about an index that only the git program reads: a sparse or a split one.
  public var isUnreadableIndex: Bool { message.contains("unsupported mandatory extension") }

  /// Whether the file of an object cannot be what git wrote: nothing that reads it will get further.
  public var isDamagedObject: Bool { ObjectGuard.isDamage(message) }

  /// What a person can do about an object that is gone.
  public static let missingObjectHint = ObjectGuard.missingHint

  /// The loose object that is damaged, as far as the error says so.
  public var damagedObject: OID? { ObjectGuard.damagedObject(in: message) }

  /// Whether somebody else holds the lock of a ref, of the index or of the configuration.
  public var isLocked: Bool { code == GIT_ELOCKED.rawValue }

  /// Whether the machine lacks something (room, memory, descriptors) or its disk fails, so that the same call
  /// can do better another time. By the words that the system has for it, which git prints too.
  public var isShortage: Bool {
    let numbers = [ENOSPC, EDQUOT, ENOMEM, EMFILE, ENFILE, EIO, EROFS, EAGAIN, EINTR]
    let text = message.lowercased()
    return isLocked || numbers.contains { text.contains(String(cString: strerror($0)).lowercased()) }
      || text.contains("out of memory") || text.contains("file exists")
  }

  /// Copies libgit2's error of the call that just failed on this thread, then clears it, so that a later
  /// reader never sees a stale one (STYLE 5.1).
  static func last(_ code: Int32, _ operation: String, _ subject: String) -> GitError {
    let found = git_error_last()?.pointee
    let message = found?.message.map { String(cString: $0) } ?? "error \(code)"
    let text = corrected(normalized(message))
    let error = GitError(
      code: isDenial(code, message) ? GIT_ERROR.rawValue : code, errorClass: Int32(found?.klass ?? 0),
      message: isDenial(code, message) ? text.replacing("' is locked: ", with: "': ") : text,
      operation: operation, subject: subject, hint: ObjectGuard.hint(for: message))
    git_error_clear()
    return error
  }

  /// libgit2 calls a file locked that may not be read or written (`git_fs_path_set_error`): nobody holds it,
  /// and no waiting helps.
  private static func isDenial(_ code: Int32, _ message: String) -> Bool {
    code == GIT_ELOCKED.rawValue && message.hasSuffix(String(cString: strerror(EACCES)))
  }

  /// Whether the system did not let us read or write something; by its words, which git prints too.
  public var isDenied: Bool {
    message.lowercased().contains("permission denied") || message == GitError.unreadable
  }

  /// Of what lies in a work tree and may not be read.
  static let unreadable = "it cannot be read"

  /// libgit2 1.5.1 says of a file that is too short for an index that it is gone.
  private static func corrected(_ message: String) -> String {
    let (start, end) = ("failed to read index: '", "' no longer exists")
    guard message.hasPrefix(start), message.hasSuffix(end) else { return message }
    let path = String(message.dropFirst(start.count).dropLast(end.count))
    return Files.exists(path) ? "'\(path)' is damaged: it is no index" : message
  }

  /// The failure of the system call that just set `errno`.
  static func system(_ number: Int32, _ operation: String, _ subject: String) -> GitError {
    GitError(
      errorClass: Int32(GIT_ERROR_OS.rawValue), message: normalized(String(cString: strerror(number))),
      operation: operation, subject: subject)
  }

  private static func normalized(_ message: String) -> String {
    var result = Substring(message)
    while let last = result.last, last == "." || last.isWhitespace { result.removeLast() }
    guard let first = result.first else { return "unknown error" }
    // "EOF" or "HEAD" keep their capitals; only a capitalised word is made plain.
    let isWord = result.dropFirst().first.map { $0.isLowercase || $0 == " " } ?? true
    return isWord ? first.lowercased() + result.dropFirst() : String(result)
  }
}

/// The one funnel of libgit2's results: 0 and above pass, anything else becomes an error at once, on the
/// thread that made the call.
@discardableResult
func check(
  _ code: Int32, _ operation: String, _ subject: @autoclosure () -> String = ""
) throws(GitError) -> Int32 {
  guard code < 0 else { return code }
  throw .last(code, operation, subject())
}

/// Like `check`, but "not there" is `false` instead of an error.
func found(
  _ code: Int32, _ operation: String, _ subject: @autoclosure () -> String = ""
) throws(GitError) -> Bool {
  if code == GIT_ENOTFOUND.rawValue {
    git_error_clear()
    return false
  }
  try check(code, operation, subject())
  return true
}

/// The object that a successful libgit2 call filled in. Null after success would be a bug of libgit2; it is
/// reported instead of trapped.
func unwrap<Handle>(_ handle: Handle?, _ operation: String) throws(GitError) -> Handle {
  guard let handle else { throw GitError(message: "libgit2 returned no object", operation: operation) }
  return handle
}
