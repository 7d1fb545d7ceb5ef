/// Values that stand in a word or in a longer text.
extension FactReader {
  /// The values that a word of an assertion stands for: `NoError` for nil, `toHaveBeenCalledOnce` for 1.
  static func meant(by word: String) -> [String] {
    guard word.utf8.count >= 3 else { return [] }
    let plain = word.lowercased()
    // `expect(spy.calledOnce).to.equal(true)` is what `toHaveBeenCalledOnce` is.
    if ["calledonce", "calledexactly", "calledwith", "callcount", "calledtimes"].contains(where: {
      plain[...].has($0)
    }) {
      return plain[...].has("once") ? ["1", "true"] : ["true"]
    }
    if plain.hasSuffix("once") { return ["1"] }
    if plain.hasSuffix("twice") { return ["2"] }
    if plain.hasSuffix("never") || plain.hasSuffix("zero") { return ["0"] }
    if plain.hasSuffix("empty") { return ["0", ""] }
    if plain.hasSuffix("true") || pageStates.contains(plain) { return ["true"] }
    if plain.hasSuffix("false") { return ["false"] }
    let isNull =
      [
        "nil", "null", "none", "undefined", "noerror", "error", "errorf", "fatal", "erroris", "beok",
        "succeeds",
      ]
      .contains { plain.hasSuffix($0) } || plain == "ok"
    return isNull ? ["nil", "null", "none", "undefined", "nullptr"] : []
  }

  /// Tables that stand in one string, such as JUnit's `@CsvSource`.
  static func pieces(_ text: String, isOfWords: Bool = false) -> [String] {
    // `%w[a b]`
    if isOfWords, text.utf8.count < 100, text.contains(" ") {
      return text.split(separator: " ").map(String.init)
    }
    let date = dateParts(of: text)
    if !date.isEmpty { return date }
    guard text.utf8.count < 4000, text.contains(",") || text.contains("|") || text.contains("\t") else {
      return []
    }
    if text.hasPrefix("{") || text.hasPrefix("[") {
      return text.split { !($0.isLetter || $0.isNumber || "._-".contains($0)) }.map(String.init)
    }
    return text.split { ",|\t\n".contains($0) }.flatMap { piece -> [String] in
      var plain = String(Substring(piece).trimmed)
      // A cell of a template: `${'99+'}`.
      if plain.hasPrefix("${"), plain.hasSuffix("}") {
        plain = String(plain.dropFirst(2).dropLast()).filter { $0 != "'" && $0 != "\"" }
      }
      return [plain.first?.isNumber == true ? Lexer.plainNumber(plain) : plain] + dateParts(of: plain)
    } + quotedCells(text)
  }

  /// The cells of a row that stand in quotes of their own: `'250 g', 'two, three'`.
  private static func quotedCells(_ text: String) -> [String] {
    let bytes = Array(text.utf8)
    var found: [String] = []
    var index = 0
    while let open = bytes[index...].firstIndex(of: 0x27) {
      let front = bytes[..<open].last { $0 != 0x20 }
      var (cell, end) = ([UInt8](), open + 1)
      while end < bytes.count {
        if bytes[end] == 0x27 {
          guard end + 1 < bytes.count, bytes[end + 1] == 0x27 else { break }
          end += 1
        }
        cell.append(bytes[end])
        end += 1
      }
      guard end < bytes.count else { break }
      if front == nil || ",|\n".utf8.contains(front ?? 0) {
        found.append(String(decoding: cell, as: UTF8.self))
        index = end + 1
      } else {
        index = open + 1
      }
    }
    return found
  }

  /// Stands in front of a number that is only a part of a date or a time, which another is not made of.
  static let partMark = "\u{1}"

  /// Whether a text is `PT1H30M`, `90s` or `1h30m`.
  private static func isDuration(_ bytes: [UInt8]) -> Bool {
    guard (2...12).contains(bytes.count), bytes.contains(where: { $0 >= 0x30 && $0 <= 0x39 }) else {
      return false
    }
    let isISO = bytes[0] == 0x50
    guard isISO || bytes[0] >= 0x30 && bytes[0] <= 0x39, bytes.last.map({ $0 > 0x39 }) == true else {
      return false
    }
    return bytes.dropFirst(isISO ? 1 : 0).allSatisfy { byte in
      byte >= 0x30 && byte <= 0x39 || byte == 0x2E || (isISO ? "PTYMWDHS" : "hms").utf8.contains(byte)
    }
  }

  /// The numbers of a day and a time as code writes them: 2026, 4 and 1 of `2026-04-01`, 8 and 20 of `08:20`.
  static func dateParts(of text: String) -> [String] {
    let bytes = Array(text.utf8)
    func isDigit(_ place: Int) -> Bool { bytes[place] >= 0x30 && bytes[place] <= 0x39 }
    let isDate =
      (10...30).contains(bytes.count) && bytes[4] == 0x2D && bytes[7] == 0x2D
      && [0, 1, 2, 3, 5, 6, 8, 9].allSatisfy(isDigit)
      && bytes.dropFirst(10).allSatisfy { $0 >= 0x30 && $0 <= 0x3A || "TZ+-. ".utf8.contains($0) }
    let hours = bytes.split(separator: 0x3A, omittingEmptySubsequences: false)
    let isTime =
      (4...8).contains(bytes.count) && (2...3).contains(hours.count)
      && hours.dropFirst().allSatisfy { $0.count == 2 } && (1...2).contains(hours[0].count)
      && hours.allSatisfy { $0.allSatisfy { $0 >= 0x30 && $0 <= 0x39 } }
    guard isDate || isTime || isDuration(bytes) else { return [] }
    return text.split { !$0.isNumber }.map { part in
      let bare = part.drop { $0 == "0" }
      return partMark + (bare.isEmpty ? "0" : bare)
    }
  }
}
