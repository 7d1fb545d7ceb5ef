import Glibc

/// Why a process could not be started, watched or talked to. A child's own non-zero exit is never an error.
public struct ProcessError: Error, Equatable, Sendable, CustomStringConvertible {
  /// What went wrong.
  public enum Cause: Equatable, Sendable {
    /// No such program, in `PATH` or at the path given.
    case notFound
    /// The program exists and may not be executed.
    case notExecutable
    /// The working directory does not exist or cannot be entered.
    case noSuchDirectory(String)
    /// An argument or an environment value holds a NUL byte.
    case embeddedNUL
    /// The supervisor ended without a report.
    case noReport
    /// Any other failed system call, by errno.
    case system(call: String, errno: Int32)
  }

  /// The program or file that the operation was about.
  public let subject: String
  /// What went wrong.
  public let cause: Cause

  /// Makes an error about `subject`.
  public init(subject: String, cause: Cause) {
    self.subject = subject
    self.cause = cause
  }

  /// One line in git's grammar.
  public var description: String {
    switch cause {
    case .notFound: "cannot run '\(subject)': not found"
    case .notExecutable: "cannot run '\(subject)': permission denied"
    case .noSuchDirectory(let path): "cannot run '\(subject)': no such directory '\(path)'"
    case .embeddedNUL: "cannot run '\(subject)': an argument holds a NUL byte"
    case .noReport: "supervisor of '\(subject)' ended without a report"
    case .system(let call, let code): "'\(subject)': \(call) failed: \(errorText(code))"
    }
  }

  /// What the last system call failed with.
  package static func system(_ subject: String, _ call: String) -> ProcessError {
    ProcessError(subject: subject, cause: .system(call: call, errno: errno))
  }
}

/// The C library's text for an errno, with git's lower-case start.
package func errorText(_ code: Int32) -> String {
  var buffer = [CChar](repeating: 0, count: 256)
  guard strerror_r(code, &buffer, buffer.count) == 0 else { return "error \(code)" }
  let message = String(decoding: buffer.lazy.map { UInt8(bitPattern: $0) }.prefix { $0 != 0 }, as: UTF8.self)
  guard let first = message.first else { return "error \(code)" }
  return first.lowercased() + message.dropFirst()
}
