import Glibc

/// Why a file operation failed.
public struct FileError: Error, Equatable, Sendable, CustomStringConvertible {
  /// The path that the operation was about.
  public let path: String
  /// What was tried: an infinitive such as `read`.
  public let operation: String
  /// The errno of the failed call; `EFBIG` when a file is larger than the caller's limit, and `notPlain`.
  public let code: Int32

  /// The code for a pipe, a socket or a disk where a file is expected.
  public static let notPlain: Int32 = -1

  /// Makes an error.
  public init(path: String, operation: String, code: Int32) {
    self.path = path
    self.operation = operation
    self.code = code
  }

  /// Whether a file is larger than the caller's limit.
  public var isTooLarge: Bool { code == EFBIG }

  /// Whether something is there already that was to be made.
  public var isThere: Bool { code == EEXIST }

  /// Why, in git's grammar.
  public var reason: String {
    code == Self.notPlain ? "it is not a plain file" : errorText(code)
  }

  /// One line in git's grammar.
  public var description: String { "cannot \(operation) '\(path)': \(reason)" }

  /// What the last system call failed with.
  package static func last(_ operation: String, _ path: String) -> FileError {
    FileError(path: path, operation: operation, code: errno)
  }
}
