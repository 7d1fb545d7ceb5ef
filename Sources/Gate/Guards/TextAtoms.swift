/// What a text says, whatever its punctuation and the form of its dates and amounts.
enum TextAtoms {
  private static let currencies: Set = [
    "eur", "euro", "euros", "usd", "gbp", "chf", "cents", "cent", "ct", "dollars", "pounds",
  ]

  /// Whether one of other texts says the same in another form: `zone B until 06.05.2024 13:30` and
  /// `zone B, until 2024-05-06T13:30:00Z`.
  static func areSame(_ value: String, _ others: [String]) -> Bool {
    guard value.utf8.count < 400, value.utf8.contains(where: isDigit) else { return false }
    let wanted = atoms(value)
    guard !wanted.isEmpty else { return false }
    return others.contains { $0 != value && $0.utf8.count < 400 && atoms($0) == wanted }
  }

  /// The amount of a text that says nothing else, such as `1.890,00 EUR`.
  static func amount(_ text: String) -> Double? {
    guard text.utf8.count < 30 else { return nil }
    let all = atoms(text).filter { !currencies.contains($0) }
    guard all.count == 1, let number = all[0][...].dropping("n") else { return nil }
    return Double(number)
  }

  /// Words without case, numbers, days and times, in order.
  static func atoms(_ text: String) -> [String] {
    text.split { " \t\n;()[]{}<>|=\"'*_".contains($0) }.flatMap(atoms(ofWord:))
  }

  private static func isDigit(_ byte: UInt8) -> Bool { byte >= 0x30 && byte <= 0x39 }

  private static func atoms(ofWord word: Substring) -> [String] {
    var plain = word
    while let last = plain.last, ".,:-!?€$£%".contains(last) { plain = plain.dropLast() }
    while let first = plain.first, ".,:€$£".contains(first) { plain = plain.dropFirst() }
    if plain.isEmpty { return [] }
    if let seconds = Instants.seconds(of: String(plain)) {
      let (day, rest) = (seconds / 86_400, seconds % 86_400)
      let hasTime = plain.has(":")
      return ["d\(day)"] + (hasTime ? [time(rest / 3600, rest / 60 % 60, rest % 60)] : [])
    }
    let clock = plain.utf8.split(separator: UInt8(ascii: ":"), omittingEmptySubsequences: false).map {
      Int(Substring($0))
    }
    if (2...3).contains(clock.count), clock.allSatisfy({ $0.map { (0..<60).contains($0) } ?? false }) {
      return [time(clock[0] ?? 0, clock[1] ?? 0, clock.count == 3 ? clock[2] ?? 0 : 0)]
    }
    if let number = number(plain) { return ["n\(number)"] }
    return plain.split { !($0.isLetter || $0.isNumber) }.map { $0.lowercased() }
  }

  private static func time(_ hour: Int, _ minute: Int, _ second: Int) -> String {
    "t\(hour * 3600 + minute * 60 + second)"
  }

  /// `1.890,00`, `1,890.00` and `1890`; two digits behind the last sign are a fraction, three are none.
  private static func number(_ text: Substring) -> Double? {
    guard let first = text.utf8.first, isDigit(first) || first == UInt8(ascii: "-") else { return nil }
    let parts = text.split(omittingEmptySubsequences: false) { $0 == "." || $0 == "," }
    let digits = parts.enumerated().allSatisfy { place, part in
      let bare = place == 0 ? part.dropping("-") ?? part : part
      return !bare.isEmpty && bare.utf8.allSatisfy(isDigit)
    }
    guard digits, let last = parts.last else { return nil }
    if parts.count == 1 { return Double(text) }
    let isGrouped = last.utf8.count == 3 && (parts.count > 2 || parts[0].utf8.count <= 3 && parts[0] != "0")
    let whole = parts.dropLast().joined()
    return isGrouped ? Double(whole + last) : Double(whole + "." + last)
  }
}
