import Migration
import Runner
import System

/// The lower end of a terminal, where lines are kept up to date in place. Whatever else is written to the
/// terminal takes them away first.
final class LiveScreen {
  private let context: Context
  private let stream: StandardStream
  private var block = LiveBlock()
  /// What the terminal shows.
  private let colour: Bool

  /// The terminal of standard output or, when only that is one, of standard error; `nil` when neither can
  /// show it.
  init?(_ context: Context, colour: Bool) {
    guard !["", "dumb"].contains(context.environment["TERM"] ?? "") else { return nil }
    guard let stream = [StandardStream.output, .error].first(where: \.isTerminal) else { return nil }
    self.stream = stream
    self.context = context
    self.colour = colour
    context.output.willWrite = { [unowned self] in takeAway() }
    // The size is asked at each frame; that signal only wakes who waits.
    _ = try? SignalPipe.install([Signal.resize, Signal.suspend])
  }

  /// Ctrl-Z: makes room, and stops until somebody says `fg`.
  func suspend() {
    takeAway()
    SignalPipe.suspend()
  }

  /// Whether standard output is the terminal that it is drawn on.
  var isStandardOutput: Bool { stream == .output }

  /// The terminal as it is now.
  var screen: RunPicture.Screen {
    let size = stream.size
    return RunPicture.Screen(
      columns: size?.columns ?? 80, rows: size?.rows ?? 24, colour: colour, isASCII: context.isASCII)
  }

  /// Shows lines, and `above` them lines that scroll away, in one write.
  func draw(_ lines: [String], above: [String] = []) {
    if let bytes = block.draw(lines, columns: screen.columns, above: above) { write(bytes) }
  }

  /// Takes the lines away.
  func takeAway() { if let bytes = block.takeAway(columns: screen.columns) { write(bytes) } }

  /// Leaves the lines where they are.
  func leave() { if let bytes = block.leave() { write(bytes) } }

  /// A terminal that is gone sends a signal.
  private func write(_ text: String) { try? stream.write(Array(text.utf8)) }
}
