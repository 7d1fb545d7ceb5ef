/// The cause of a failure, made comparable: failures with one fingerprint are one thing for a person to look
/// at, whichever steps they stopped.
public enum Fingerprint {
  /// How much of a text counts, in characters.
  private static let length = 200

  /// 16 hexadecimal digits for the kind, the verifier and the first fault, in which paths, numbers,
  /// hexadecimal digits and the step's own names are taken out. What the plan has a `name` for is one cause,
  /// however it showed.
  public static func of(_ failure: Failure, step: PlannedStep?, name: String? = nil) -> String {
    var parts = [failure.kind.rawValue, failure.verifier ?? "", plain(failure.telling, step: step)]
    if let name { parts = ["failures", name] }
    return String(SHA256.hexDigest(of: Array(parts.joined(separator: "\n").utf8)).prefix(16))
  }

  /// The text that is compared.
  static func plain(_ text: String, step: PlannedStep?) -> String {
    var words: [String] = []
    let line = text.split(whereSeparator: \.isNewline).first.map(String.init) ?? ""
    for word in line.prefix(2 * length).split(separator: " ") {
      words.append(plain(word: String(word), step))
    }
    return String(words.joined(separator: " ").prefix(length))
  }

  /// The word with STEP in place of a name that stands in it by itself; `nil` where it does not. The letters
  /// of a short name occur in any word.
  private static func replaced(_ name: String, in word: String) -> String? {
    var (result, rest, isFound) = ("", word[...], false)
    while let range = rest.firstRange(of: name), !range.isEmpty {
      let before = (result + rest[..<range.lowerBound]).last
      let isAlone =
        !(before.map(isOfName) ?? false)
        && !(rest[range.upperBound...].first.map(isOfName) ?? false)
      result += rest[..<range.lowerBound] + (isAlone ? "STEP" : String(rest[range]))
      if isAlone { isFound = true }
      rest = rest[range.upperBound...]
    }
    return isFound ? result + rest : nil
  }

  /// What the step is called, and what it was made for; the longest first. Numbers are taken out anyway, and
  /// what is shorter occurs in words of any kind.
  private static func ownNames(of step: PlannedStep) -> [String] {
    let matched = ["name", "stem", "line"].compactMap { step.match[$0] }
    let names = matched.filter { $0.count > 2 && !$0.contains(" ") && Int($0) == nil }
    return [step.id] + names.sorted { ($1.count, $0) < ($0.count, $1) }
  }

  private static func isOfName(_ character: Character) -> Bool {
    character.isLetter || character.isNumber || character == "-" || character == "_"
  }

  private static func plain(word: String, _ step: PlannedStep?) -> String {
    if word.contains("/") { return "PATH" }
    if let step {
      for name in ownNames(of: step) {
        if let word = replaced(name, in: word) { return plain(word: word, nil) }
      }
    }
    var result = ""
    var run = ""
    func close() {
      guard !run.isEmpty else { return }
      let isNumber = run.utf8.allSatisfy { (0x30...0x39).contains($0) }
      let isHex = run.utf8.count >= 7 && run.utf8.contains { (0x30...0x39).contains($0) }
      result += isNumber ? "N" : isHex ? "HEX" : run
      run = ""
    }
    for character in word {
      if character.isASCII, character.isHexDigit {
        run.append(character)
      } else {
        close()
        result.append(character)
      }
    }
    close()
    return result
  }
}
