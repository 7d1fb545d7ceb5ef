import Glibc

/// Why a file operation failed.
public struct FileError: Error, Equatable, Sendable, CustomStringConvertible {
  /// The path that the operation was about.
  public let path: String
  /// What was tried: an infinitive such as `read`.
  public let operation: String
  /// The errno of the failed call; `EFBIG` when a file is larger than the caller's limit.
  public let code: Int32

  /// Makes an error.
  public init(path: String, operation: String, code: Int32) {
    self.path = path
    self.operation = operation
    self.code = code
  }

  /// One line in git's grammar.
  public var description: String { "cannot \(operation) '\(path)': \(errorText(code))" }

  static func last(_ operation: String, _ path: String) -> FileError {
    FileError(path: path, operation: operation, code: errno)
  }
}
