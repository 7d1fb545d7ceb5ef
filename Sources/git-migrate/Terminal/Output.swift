import CanonicalJSON
import Migration
import Runner
import Site
import System

/// Standard output: buffered, and no write error goes unseen. A full disk ends the command with 128; a reader
/// that went away ends it the way `SIGPIPE` ends any program.
final class Output {
  private let stream: StandardStream
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

  init(_ stream: StandardStream) { self.stream = stream }

  /// Whether a person looks at it.
  var isTerminal: Bool { stream.isTerminal }

  /// The terminal's columns, or `nil` when it is none.
  var columns: Int? { stream.columns }

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
    do throws(StreamError) {
      try stream.write(buffer)
    } catch {
      buffer = []
      if error.isBrokenPipe {
        guard let readerLeft else { StandardStream.endOfBrokenPipe() }
        isReaderGone = true
        return readerLeft()
      }
      let error = CommandError("unable to write to standard output: \(error)")
      failure = error
      throw error
    }
    buffer = []
  }

  /// Writes a line to standard error, after all that standard output has got, made safe for a terminal, and
  /// without the passwords of addresses: it ends in logs that many read.
  func note(_ line: String) {
    try? flush()
    willWrite?()
    // There is nowhere left to say that standard error is gone.
    try? StandardStream.error.write(
      Array((TerminalText.sanitized(AddressText.withoutPasswords(line)) + "\n").utf8))
  }
}
