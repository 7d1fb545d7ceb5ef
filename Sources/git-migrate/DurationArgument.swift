import ArgumentParser

/// A length of time on the command line: `90s`, `20m`, `1h`, `2d`, or a number of seconds.
struct DurationArgument: ExpressibleByArgument {
  /// The length in seconds; from 1 to seven days.
  let seconds: Int

  init?(argument: String) {
    let units: [Character: Int] = ["s": 1, "m": 60, "h": 3600, "d": 86400]
    let unit = argument.last.flatMap { units[$0] }
    let digits = unit == nil ? argument[...] : argument.dropLast()
    guard let number = Int(digits), digits.allSatisfy(\.isNumber), number > 0, number <= 7 * 86400 else {
      return nil
    }
    let (product, overflowed) = number.multipliedReportingOverflow(by: unit ?? 1)
    guard !overflowed, product <= 7 * 86400 else { return nil }
    seconds = product
  }
}
