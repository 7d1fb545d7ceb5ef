import Glibc
import Migration
import Runner
import System

/// The lower end of a terminal, where lines are kept up to date in place. Whatever else is written to the
/// terminal takes them away first.
final class LiveScreen {
  private let context: Context
  private let descriptor: Int32
  private var block = LiveBlock()
  /// What the terminal shows.
  private let colour: Bool

  /// The terminal of standard output or, when only that is one, of standard error; `nil` when neither can
  /// show it.
  init?(_ context: Context, colour: Bool) {
    guard !["", "dumb"].contains(context.environment["TERM"] ?? "") else { return nil }
    if isatty(STDOUT_FILENO) == 1 {
      descriptor = STDOUT_FILENO
    } else if isatty(STDERR_FILENO) == 1 {
      descriptor = STDERR_FILENO
    } else {
      return nil
    }
    self.context = context
    self.colour = colour
    context.output.willWrite = { [unowned self] in takeAway() }
    // The size is asked at each frame; that signal only wakes who waits.
    _ = try? SignalPipe.install([SIGWINCH, SIGTSTP])
  }

  /// Ctrl-Z: makes room, and stops until somebody says `fg`.
  func suspend() {
    takeAway()
    signal(SIGTSTP, SIG_DFL)
    raise(SIGTSTP)
    _ = try? SignalPipe.install([SIGTSTP])
  }

  /// Whether standard output is the terminal that it is drawn on.
  var isStandardOutput: Bool { descriptor == STDOUT_FILENO }

  /// The terminal as it is now.
  var screen: RunPicture.Screen {
    var size = winsize()
    let isKnown = ioctl(descriptor, UInt(TIOCGWINSZ), &size) == 0 && size.ws_col > 0
    return RunPicture.Screen(
      columns: isKnown ? Int(size.ws_col) : 80, rows: isKnown && size.ws_row > 0 ? Int(size.ws_row) : 24,
      colour: colour, isASCII: context.isASCII)
  }

  /// Shows lines, and `above` them lines that scroll away, in one write.
  func draw(_ lines: [String], above: [String] = []) {
    if let bytes = block.draw(lines, columns: screen.columns, above: above) { write(bytes) }
  }

  /// Takes the lines away.
  func takeAway() { if let bytes = block.takeAway(columns: screen.columns) { write(bytes) } }

  /// Leaves the lines where they are.
  func leave() { if let bytes = block.leave() { write(bytes) } }

  private func write(_ text: String) {
    let bytes = Array(text.utf8)
    var written = 0
    while written < bytes.count {
      let count = bytes[written...].withUnsafeBytes { Glibc.write(descriptor, $0.baseAddress, $0.count) }
      if count < 0 && (errno == EINTR || errno == EAGAIN) { continue }
      // A terminal that is gone sends a signal.
      guard count > 0 else { return }
      written += count
    }
  }
}
