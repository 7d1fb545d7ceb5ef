/// The cause of a failure, made comparable: failures with one fingerprint are one thing for a person to look
/// at, whichever steps they stopped.
public enum Fingerprint {
  /// How much of a text counts, in characters.
  private static let length = 200

  /// 16 hexadecimal digits for the kind and the first fault, in which paths, numbers, hexadecimal digits and
  /// the step's own names are taken out.
  public static func of(_ failure: Failure, step: PlannedStep?) -> String {
    let first = failure.details.first ?? failure.reason
    return String(
      SHA256.hexDigest(of: Array("\(failure.kind.rawValue)\n\(plain(first, step: step))".utf8)).prefix(16))
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

  private static func plain(word: String, _ step: PlannedStep?) -> String {
    if word.contains("/") { return "PATH" }
    if let step, !step.id.isEmpty, word.contains(step.id) {
      return plain(word: word.replacing(step.id, with: "STEP"), nil)
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
