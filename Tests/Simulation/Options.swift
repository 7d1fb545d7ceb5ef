/// What the command line says.
struct Options: Sendable {
  /// A word that cannot be understood.
  struct Fault: Error {
    var text: String
  }

  var first: UInt64 = 1
  var count = 2000
  var jobs = 2
  /// Named in the line that repeats a failure.
  var commit = "HEAD"
  var isVerbose = false
  var isCanary = false

  init() {}

  init(_ words: ArraySlice<String>) throws(Fault) {
    var rest = words
    while let word = rest.popFirst() {
      switch word {
      case "--verbose":
        isVerbose = true
        continue
      case "--canary":
        isCanary = true
        continue
      default: break
      }
      guard let value = rest.popFirst() else { throw Fault(text: "'\(word)' needs a value") }
      switch word {
      case "--seed":
        first = try Options.number(value)
        count = 1
      case "--seeds": count = Int(clamping: try Options.number(value) as UInt64)
      case "--from": first = try Options.number(value)
      case "--jobs": jobs = max(1, Int(clamping: try Options.number(value) as UInt64))
      case "--commit": commit = value
      default: throw Fault(text: "unknown option '\(word)'")
      }
    }
  }

  private static func number(_ text: String) throws(Fault) -> UInt64 {
    guard let number = UInt64(text) else { throw Fault(text: "'\(text)' is no number") }
    return number
  }
}
