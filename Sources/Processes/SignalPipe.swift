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

  /// The signals that came since the last call, oldest first; never waits.
  public static func drain() -> [Int32] {
    guard let pipe else { return [] }
    var (buffer, bytes, isTruncated) = ([UInt8](repeating: 0, count: 512), [UInt8](), false)
    while readOnce(pipe.reading, &buffer, into: &bytes, limit: 1 << 16, &isTruncated) == .data {}
    return bytes.map(Int32.init)
  }
}
