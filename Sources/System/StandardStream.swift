import Glibc

/// Standard input, output and error of this process.
public enum StandardStream: Int32, Sendable {
  case input = 0
  case output, error

  /// Whether a person looks at it, or types there.
  public var isTerminal: Bool { isatty(rawValue) == 1 }

  /// The terminal's columns, or `nil` when it is none.
  public var columns: Int? { size?.columns }

  /// The terminal's columns and, where it tells them, rows; `nil` when it is none.
  public var size: (columns: Int, rows: Int?)? {
    var size = winsize()
    guard ioctl(rawValue, UInt(TIOCGWINSZ), &size) == 0, size.ws_col > 0 else { return nil }
    return (Int(size.ws_col), size.ws_row > 0 ? Int(size.ws_row) : nil)
  }

  /// Writes all of the bytes.
  public func write(_ bytes: [UInt8]) throws(StreamError) {
    var written = 0
    while written < bytes.count {
      let count = bytes[written...].withUnsafeBytes { Glibc.write(rawValue, $0.baseAddress, $0.count) }
      if count < 0 && errno == EINTR { continue }
      if count < 0 && errno == EAGAIN {
        // Somebody who shares the terminal does not wait for it.
        var poller = Poller()
        poller.add(writing: rawValue)
        _ = poller.wait(milliseconds: 1000)
        continue
      }
      guard count > 0 else { throw StreamError(code: errno) }
      written += count
    }
  }

  /// Reads to the end; `nil` when there is more than `limit`.
  public func readAll(limit: Int) throws(StreamError) -> [UInt8]? {
    var content: [UInt8] = []
    var buffer = [UInt8](repeating: 0, count: 64 << 10)
    while true {
      let count = Glibc.read(rawValue, &buffer, buffer.count)
      if count < 0 && errno == EINTR { continue }
      guard count >= 0 else { throw StreamError(code: errno) }
      if count == 0 { return content }
      content += buffer[..<count]
      if content.count > limit { return nil }
    }
  }

  /// Reads once what there is, at most 64 KiB; waits when there is nothing yet, and gives nothing at the end.
  public func readSome() throws(StreamError) -> [UInt8] {
    var buffer = [UInt8](repeating: 0, count: 64 << 10)
    while true {
      let count = Glibc.read(rawValue, &buffer, buffer.count)
      if count < 0 && errno == EINTR { continue }
      guard count >= 0 else { throw StreamError(code: errno) }
      return Array(buffer[..<count])
    }
  }

  /// Forgets what was typed ahead: it is the answer to no question that comes now.
  public func forgetTyped() { tcflush(rawValue, TCIFLUSH) }

  /// A line that somebody has typed at this terminal, without waiting for one; `nil` when there is none, or
  /// when another program is in the foreground.
  public func typedLine() -> String? {
    guard isTerminal, tcgetpgrp(rawValue) == getpgrp(),
      Poller(reading: [rawValue]).wait(milliseconds: 0).contains(rawValue), let bytes = try? readSome()
    else { return nil }
    return String(decoding: bytes.prefix { $0 != 0x0A }, as: UTF8.self)
  }

  /// Opens what is closed of the three, so that no file of ours can get the place of one: its content would
  /// be our output. From now on a broken pipe is an error of the write, and not the end of the process.
  public static func prepare() {
    var descriptor: Int32 = 0
    while descriptor >= 0 && descriptor <= 2 { descriptor = open("/dev/null", O_RDWR) }
    if descriptor > 2 { close(descriptor) }
    signal(SIGPIPE, SIG_IGN)
  }

  /// Ends the process as if `SIGPIPE` had never been ignored: a shell sees 141 and prints nothing.
  public static func endOfBrokenPipe() -> Never {
    signal(SIGPIPE, SIG_DFL)
    raise(SIGPIPE)
    exit(141)
  }
}

/// Why a stream cannot be read or written.
public struct StreamError: Error, Equatable, Sendable, CustomStringConvertible {
  let code: Int32

  /// Whether nobody reads any more.
  public var isBrokenPipe: Bool { code == EPIPE }
  /// The system's words, in git's grammar.
  public var description: String { errorText(code) }
}

/// Signals by what they mean.
public enum Signal {
  /// Nobody reads any more.
  public static let brokenPipe = SIGPIPE
  /// The terminal has another size.
  public static let resize = SIGWINCH
  /// A person wants the program to stand still: Ctrl-Z.
  public static let suspend = SIGTSTP
  /// Somebody wants the program to end.
  public static let ends: Set<Int32> = [SIGKILL, SIGTERM, SIGINT, SIGHUP]
  /// What asks a command to end: somebody does, or nobody is there any more.
  public static let askToEnd: Set<Int32> = [SIGHUP, SIGINT, SIGPIPE, SIGTERM]
  /// The program did what no program may.
  public static let crashes: Set<Int32> = [SIGSEGV, SIGABRT, SIGBUS, SIGILL, SIGFPE, SIGTRAP, SIGSYS]
}

extension OwnProcess {
  /// The absolute working directory; `nil` when it was removed.
  public static func workingDirectory() throws(StreamError) -> String {
    guard let path = getcwd(nil, 0) else { throw StreamError(code: errno) }
    defer { free(path) }
    return String(cString: path)
  }

  /// Files that are made from now on are for others as `mask` says; gives what was so before.
  @discardableResult
  public static func setUmask(_ mask: UInt32) -> UInt32 { umask(mask) }
}

/// The clock that never goes back.
public enum MonotonicTime {
  /// The milliseconds since some moment before this process began.
  public static var milliseconds: Int64 { monotonicMilliseconds() }
}
