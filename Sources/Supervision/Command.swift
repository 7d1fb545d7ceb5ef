import Glibc
import System

/// How a process ended.
public enum ExitStatus: Equatable, Sendable {
  /// It exited by itself with this code.
  case exited(Int32)
  /// This signal ended it.
  case signalled(Int32)
  /// It ran longer than it was allowed to and was killed.
  case timedOut
  /// It printed nothing, and took nothing that was meant for it, for longer than it was allowed to and was
  /// killed.
  case fellSilent

  /// Whether it exited by itself with 0.
  public var isSuccess: Bool { self == .exited(0) }

  init(waitStatus: Int32) {
    let signal = waitStatus & 0x7F
    self = signal == 0 ? .exited((waitStatus >> 8) & 0xFF) : .signalled(signal)
  }
}

/// What a finished command left.
public struct Outcome: Sendable {
  /// How it ended.
  public let status: ExitStatus
  /// The bytes it wrote to standard output, up to the limit.
  public let stdout: [UInt8]
  /// The bytes it wrote to standard error, up to the limit.
  public let stderr: [UInt8]
  /// Whether output beyond the limit was dropped.
  public let isTruncated: Bool

  /// Standard output as text; invalid UTF-8 is replaced.
  public var text: String { String(decoding: stdout, as: UTF8.self) }
  /// Standard error as text; invalid UTF-8 is replaced.
  public var errorText: String { String(decoding: stderr, as: UTF8.self) }
}

/// A short program that is run to its end while the caller waits, such as `git` itself.
///
/// It leads its own session, so it can neither be stopped by the terminal nor ask there for a password. For
/// programs that nobody trusts to end by themselves there is `SupervisedChild`.
public struct Command: Sendable {
  /// The program: a path, or a name that is looked up in the `PATH` of `environment`.
  public var executable: String
  /// The arguments after the program's name.
  public var arguments: [String]
  /// The whole environment; nothing is inherited.
  public var environment: [String: String]
  /// The working directory, or `nil` for the caller's.
  public var directory: String?
  /// What it reads on standard input; `nil` is `/dev/null`.
  public var input: [UInt8]?
  /// The longest run in seconds, or `nil` for no limit. Then its process group gets TERM, and KILL after
  /// `graceSeconds`.
  public var timeoutSeconds: Int?
  /// How long a program that is given an answer may take to ask, in seconds. Then its input ends.
  public var askingSeconds = 30
  /// How long it may take to obey TERM, in seconds.
  public var graceSeconds = 2

  /// Describes a run; nothing happens before `run`.
  public init(
    _ executable: String, _ arguments: [String] = [], environment: [String: String],
    directory: String? = nil
  ) {
    self.executable = executable
    self.arguments = arguments
    self.environment = environment
    self.directory = directory
  }

  /// Runs the program to its end. At most `outputLimit` bytes of each stream are kept; the rest is read and
  /// dropped, so a chatty child never blocks.
  ///
  /// It returns when the program itself has ended, with everything it wrote; a background child of its that
  /// still holds the pipe is not waited for. Throws when it cannot be started or watched.
  ///
  /// A program that asks back is given `answer`: it gets what was written to standard output so far, and once
  /// it gives bytes, those are the rest of the input. While it has given none, the input stays open.
  ///
  /// `mayGoOn` is asked each second that the program takes; once it says no, the program is ended as if its
  /// time were over.
  public func run(
    outputLimit: Int = 64 << 20, answer: (([UInt8]) -> [UInt8]?)? = nil, mayGoOn: (() -> Bool)? = nil
  ) throws(ProcessError) -> Outcome {
    var feed = try Pipe(for: executable)
    var out = try Pipe(for: executable)
    var err = try Pipe(for: executable)
    let null = try openDescriptor("/dev/null", O_RDONLY)
    let hasInput = input != nil || answer != nil
    let pid = try Spawn(
      executable: executable, arguments: arguments, environment: environment, directory: directory,
      standard: (hasInput ? feed.reading : null.raw, out.writing, err.writing)
    ).start()
    // Only the child may hold these ends, or neither side would ever see the other's end.
    feed.closeReading()
    out.closeWriting()
    err.closeWriting()
    var loop = CommandLoop(
      command: self, pid: pid, limit: outputLimit, feed: feed, out: out, err: err, answer: answer,
      mayGoOn: mayGoOn)
    return loop.run()
  }
}
