import Glibc
import Supervision
import System

/// The built `git-migrate`.
public enum TestBinary {
  /// The folder it lies in: beside the test bundle, or where `MIGRATE_TEST_BINARY` says.
  public static let directory: String = {
    if let path = ChildEnvironment.current()["MIGRATE_TEST_BINARY"] { return Files.parent(of: path) }
    let bundle = Files.realPath("/proc/self/exe") ?? CommandLine.arguments[0]
    if Files.exists(Files.parent(of: bundle) + "/git-migrate") { return Files.parent(of: bundle) }
    // A runner of the toolchain loaded the bundle, whose path is among the arguments.
    let named = CommandLine.arguments.first { $0.hasSuffix(".xctest") } ?? bundle
    return Files.parent(of: Files.realPath(named) ?? named)
  }()

  /// The program's path.
  public static var path: String { directory + "/git-migrate" }
}

/// What a program that a test ran left.
public struct TestRun: Equatable, Sendable, CustomStringConvertible {
  /// The exit code; 128 plus the signal's number when a signal ended it, -1 when it took too long.
  public var code: Int32
  /// Standard output.
  public var out: String
  /// Standard error.
  public var err: String

  /// Makes a result to compare with.
  public init(_ code: Int32, out: String = "", err: String = "") {
    self.code = code
    self.out = out
    self.err = err
  }

  /// Takes what a command left.
  public init(_ outcome: Outcome) {
    switch outcome.status {
    case .exited(let code): self.code = code
    case .signalled(let signal): code = 128 + signal
    case .timedOut, .fellSilent: code = -1
    }
    out = outcome.text
    err = outcome.errorText
  }

  /// All of it, for a failed test's message.
  public var description: String { "exit \(code)\n-- stdout\n\(out)-- stderr\n\(err)--" }
}
