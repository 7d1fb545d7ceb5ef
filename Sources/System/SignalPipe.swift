import Clinux
import Glibc

/// Signals as readable data: a handler writes the signal's number into a pipe that the main loop polls.
///
/// One pipe for the whole process; children start with default handlers whatever is installed here.
public enum SignalPipe {
  private static let pipe: (reading: Int32, writing: Int32)? = {
    guard var pipe = try? Pipe(for: "signals") else { return nil }
    setNonBlocking(pipe.reading)
    setNonBlocking(pipe.writing)
    let ends = (pipe.takeReading(), pipe.takeWriting())
    migrate_signal_pipe_set(ends.1)
    return ends
  }()

  /// Catches `signals` from now on and gives the descriptor to poll. May be called again with more signals.
  public static func install(_ signals: [Int32]) throws(ProcessError) -> Int32 {
    guard let pipe else { throw .system("signals", "pipe") }
    for signal in signals where migrate_signal_pipe_catch(signal) != 0 {
      throw .system("signals", "sigaction")
    }
    return pipe.reading
  }

  /// Catches what asks a command to end: `SIGINT`, `SIGTERM` and, unless it was started to be deaf to it
  /// (`nohup`), `SIGHUP`. Gives the descriptor to poll.
  public static func installForEnd() throws(ProcessError) -> Int32 {
    var hangup = sigaction()
    sigaction(SIGHUP, nil, &hangup)
    let isDeaf = unsafeBitCast(hangup.__sigaction_handler.sa_handler, to: Int.self) == 1
    return try install([SIGINT, SIGTERM] + (isDeaf ? [] : [SIGHUP]))
  }

  /// Ends this process by a signal, as if it had never been caught: whoever waits for it sees what ended it.
  /// A lost terminal counts as `SIGTERM`, since a shell would say 129, which means wrong usage.
  ///
  /// The first process of a container outlives its signals; it exits as a shell would say it.
  public static func end(by signal: Int32) -> Never {
    let last = signal == SIGHUP ? SIGTERM : signal
    Glibc.signal(last, SIG_DFL)
    raise(last)
    exit(128 + last)
  }

  /// Stands still, as a program does that has not caught Ctrl-Z, until somebody says `fg`.
  public static func suspend() {
    Glibc.signal(SIGTSTP, SIG_DFL)
    raise(SIGTSTP)
    _ = try? install([SIGTSTP])
  }

  /// Puts a signal among those that came, as if it had come from outside.
  public static func note(_ signal: Int32) {
    migrate_note_signal(signal)
    guard let pipe else { return }
    var byte = UInt8(truncatingIfNeeded: signal)
    _ = retrying { Int32(write(pipe.writing, &byte, 1)) }
  }

  /// How often this process was asked to end by a signal that it catches: whoever waits deep below the main
  /// loop learns of it here.
  public static var endRequests: Int { Int(migrate_end_requests()) }

  /// The signals that came since the last call, oldest first; never waits.
  public static func drain() -> [Int32] {
    guard let pipe else { return [] }
    var (buffer, bytes, isTruncated) = ([UInt8](repeating: 0, count: 512), [UInt8](), false)
    while readOnce(pipe.reading, &buffer, into: &bytes, limit: 1 << 16, &isTruncated) == .data {}
    return bytes.map(Int32.init)
  }
}
