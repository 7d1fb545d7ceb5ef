import CanonicalJSON

/// What a plan says of failures that its people know: `failures: [ { match: "No module named '(.+)'", as:
/// "missing $1" } ]`. Those that match have one cause, with a name for people.
public struct FailurePattern: Equatable, Sendable {
  /// The regular expression that is looked for.
  public var match: String
  /// The name of the cause; `$1` is what the first group matched.
  public var name: String

  /// How many a plan may have.
  public static let most = 50
  /// How much of a failure is looked at, in bytes.
  static let reach = 1024
  /// How many steps all patterns together may take for one failure: some 20 ms of an old machine.
  static let budget = 100_000
  /// How long a name may be, in bytes.
  static let longestName = 160

  /// Makes one, unchecked; see `fault`.
  public init(match: String, name: String) {
    (self.match, self.name) = (match, name)
  }

  /// Why it cannot be used, as the end of a sentence; `nil` when it can.
  public var fault: String? {
    let pattern: TextPattern
    do throws(TextPattern.Fault) { pattern = try TextPattern(match) } catch { return error.reason }
    if match.isEmpty { return "is empty" }
    guard !name.isEmpty, name.utf8.count <= Self.longestName, !name.contains(where: \.isNewline) else {
      return "has no name for the cause, or one that is no short line"
    }
    let highest = FailurePattern.groups(in: name).max() ?? 0
    if highest > pattern.groups { return "has no group $\(highest)" }
    return nil
  }

  private static func groups(in name: String) -> [Int] {
    var (found, isDollar): ([Int], Bool) = ([], false)
    for character in name {
      if isDollar, character.isASCII, let number = character.wholeNumberValue { found.append(number) }
      isDollar = character == "$"
    }
    return found
  }

  /// The name that the first of these patterns gives a failure, or `nil`.
  static func name(of failure: Failure, by patterns: [FailurePattern]) -> String? {
    guard !patterns.isEmpty else { return nil }
    var budget = FailurePattern.budget
    let texts = [failure.details.first, failure.reason].compactMap(\.self).map(FailurePattern.head)
    for pattern in patterns {
      guard let compiled = try? TextPattern(pattern.match) else { continue }
      for text in texts {
        guard let found = compiled.firstMatch(in: text, budget: &budget) else { continue }
        return pattern.filled(found)
      }
    }
    return nil
  }

  private static func head(_ text: String) -> String {
    var (result, size) = ("", 0)
    for scalar in text.unicodeScalars {
      size += scalar.utf8.count
      if size > reach { break }
      result.unicodeScalars.append(scalar)
    }
    return result
  }

  private func filled(_ groups: [String]) -> String {
    var (result, isDollar) = ("", false)
    for character in name {
      if isDollar, character.isASCII, let number = character.wholeNumberValue, number < groups.count {
        result.removeLast()
        result += groups[number].prefix(80)
        isDollar = false
        continue
      }
      result.append(character)
      isDollar = character == "$"
    }
    return PlainText.line(String(result.prefix(FailurePattern.longestName)))
  }
}

extension FailurePattern {
  var json: JSON {
    var object = ObjectBuilder()
    object.set("match", match)
    object.set("as", name)
    return object.json
  }

  init(json: JSON) throws(JSONFault) {
    var reader = try ObjectReader(json, "a pattern of 'failures'")
    self.init(match: try reader.string("match"), name: try reader.string("as"))
    try reader.end()
  }
}
