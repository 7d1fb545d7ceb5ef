import ArgumentParser
import Migration

/// A length of time on the command line: `90s`, `20m`, `1h`, `2d`, or a number of seconds.
struct DurationArgument: ExpressibleByArgument {
  /// The length in seconds; from 1 to seven days.
  let seconds: Int

  init?(argument: String) {
    guard let seconds = SpanText.seconds(argument), (1...7 * 86400).contains(seconds) else { return nil }
    self.seconds = seconds
  }
}
