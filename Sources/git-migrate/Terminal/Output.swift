import CanonicalJSON
import Glibc
import Migration
import Runner
import Site
import System

/// Standard output: buffered, and no write error goes unseen. A full disk ends the command with 128; a reader
/// that went away ends it the way `SIGPIPE` ends any program.
final class Output {
  private let descriptor: Int32
  private var buffer: [UInt8] = []
  /// The first failure; every later flush fails with it, so that nobody takes it for success.
  private var failure: CommandError?

  /// Whether nobody reads any more, and the command was given the time to put its things in order. What is
  /// still written goes nowhere.
  private(set) var isReaderGone = false
  /// What a command that has something to put in order does first when its reader goes away, in place of
  /// ending at once.
  private var readerLeft: (() -> Void)?
  /// Called before anything is written: whoever draws on the terminal makes room.
  var willWrite: (() -> Void)?

  private static let bufferSize = 64 << 10

  init(descriptor: Int32) { self.descriptor = descriptor }

  /// Whether a person looks at it.
  var isTerminal: Bool { isatty(descriptor) == 1 }

  /// The terminal's columns, or `nil` when it is none.
  var columns: Int? {
    var size = winsize()
    guard ioctl(descriptor, UInt(TIOCGWINSZ), &size) == 0, size.ws_col > 0 else { return nil }
    return Int(size.ws_col)
  }

  /// Lets a command that holds claims end in its own time when its reader goes away; `body` is called once.
  func whenReaderLeaves(_ body: @escaping () -> Void) { readerLeft = body }

  /// Writes text as it is.
  func write(_ text: String) throws(CommandError) { try write(bytes: text.utf8) }

  /// Writes text and a line feed.
  func line(_ text: String) throws(CommandError) { try write(text + "\n") }

  /// Writes a value as JSON on one line: the same value to every reader, and nothing that acts on a terminal.
  func line(json: JSON) throws(CommandError) { try write(bytes: json.printableBytes + [0x0A]) }

  /// Writes bytes as they are.
  func write(bytes: some Sequence<UInt8>) throws(CommandError) {
    buffer.append(contentsOf: bytes)
    if buffer.count >= Output.bufferSize { try flush() }
  }

  /// Hands what is buffered to the system.
  func flush() throws(CommandError) {
    if let failure { throw failure }
    if isReaderGone { buffer = [] }
    if !buffer.isEmpty { willWrite?() }
    var written = 0
    while written < buffer.count {
      let count = buffer[written...].withUnsafeBytes { Glibc.write(descriptor, $0.baseAddress, $0.count) }
      if count >= 0 {
        written += count
        continue
      }
      if errno == EINTR { continue }
      let code = errno
      buffer = []
      if code == EPIPE {
        guard let readerLeft else { Output.dieOfBrokenPipe() }
        isReaderGone = true
        return readerLeft()
      }
      let error = CommandError("unable to write to standard output: \(Output.text(of: code))")
      failure = error
      throw error
    }
    buffer = []
  }

  /// Writes a line to standard error, after all that standard output has got, and made safe for a terminal.
  func note(_ line: String) {
    try? flush()
    willWrite?()
    let bytes = Array((TerminalText.sanitized(line) + "\n").utf8)
    var written = 0
    while written < bytes.count {
      let count = bytes[written...].withUnsafeBytes { Glibc.write(STDERR_FILENO, $0.baseAddress, $0.count) }
      if count < 0 && errno == EINTR { continue }
      // There is nowhere left to say that standard error is gone.
      guard count > 0 else { return }
      written += count
    }
  }

  /// Ends the process as if `SIGPIPE` had never been ignored: a shell sees 141 and prints nothing.
  private static func dieOfBrokenPipe() -> Never {
    signal(SIGPIPE, SIG_DFL)
    raise(SIGPIPE)
    exit(141)
  }

  /// The C library's text for an errno, with git's lower-case start.
  static func text(of code: Int32) -> String {
    let message = String(cString: strerror(code))
    return (message.first.map { $0.lowercased() } ?? "") + message.dropFirst()
  }
}
