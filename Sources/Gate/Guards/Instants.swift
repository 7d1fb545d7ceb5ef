import Migration

/// Points in time that are spelled as numbers and as dates.
enum Instants {
  /// What libraries call the beginning of 1970.
  static let beginnings: Set = ["epoch", "unixepoch", "timeintervalsince1970"]

  /// Whether a value is the same instant as one of others: `86400000` and `1970-01-02T00:00:00Z`,
  /// `2 Jan 1970` and `1970-01-02`; or a text that only differs by one.
  static func isOne(_ value: String, of others: [String]) -> Bool {
    if isSame(value, others) { return true }
    guard value.utf8.count < 400 else { return false }
    let bytes = Array(value.utf8)
    return others.contains { text in
      let other = Array(text.utf8)
      guard other.count < 400, other != bytes else { return false }
      let most = min(bytes.count, other.count)
      func isOfDate(_ byte: UInt8) -> Bool { byte >= 0x2D && byte <= 0x39 }
      var front = (0..<most).first { bytes[$0] != other[$0] } ?? most
      while front > 0, isOfDate(bytes[front - 1]) { front -= 1 }
      let back = (0..<(most - front)).first { bytes[bytes.count - 1 - $0] != other[other.count - 1 - $0] }
      var end = back ?? most - front
      while end > 0, isOfDate(bytes[bytes.count - end]) { end -= 1 }
      return isSame(
        bare(bytes[front..<(bytes.count - end)]), [bare(other[front..<(other.count - end)])])
    }
  }

  /// Without quotes.
  private static func bare(_ bytes: ArraySlice<UInt8>) -> String {
    String(decoding: bytes.filter { $0 != 0x22 && $0 != 0x27 && $0 != 0x5C }, as: UTF8.self)
  }

  private static func isSame(_ value: String, _ others: [String]) -> Bool {
    if let seconds = seconds(of: value) {
      return others.contains { text in
        if let other = Instants.seconds(of: text) { return text != value && other == seconds }
        return Int(text).map { $0 == seconds || $0 == seconds * 1000 } ?? false
      }
    }
    guard let number = Int(value), number >= 10_000 else { return false }
    return others.contains { text in
      seconds(of: text).map { number == $0 || number == $0 * 1000 } ?? false
    }
  }

  /// The year, month and day of `2 Jan 1970`, `January 2, 1970`.
  private static func named(_ text: String) -> [Int]? {
    let words = text.split { !($0.isLetter || $0.isNumber) }
    guard words.count == 3, text.utf8.count <= 30 else { return nil }
    let numbers = words.compactMap { Int($0) }
    let names = words.filter { $0.allSatisfy(\.isLetter) && $0.utf8.count >= 3 }
    guard numbers.count == 2, names.count == 1,
      let month = CivilDate.month(named: names[0]),
      let year = numbers.first(where: { (1900...2200).contains($0) }),
      let day = numbers.first(where: { (1...31).contains($0) })
    else { return nil }
    return [year, month, day]
  }

  /// The year, month and day of `09.03.2022` and `09/03/2022`.
  private static func dotted(_ text: String) -> [Int]? {
    for sign in [".", "/"] as [Character] {
      let parts = text.split(separator: sign, omittingEmptySubsequences: false)
      guard parts.count == 3, parts[2].utf8.count == 4, parts[0].utf8.count <= 2, parts[1].utf8.count <= 2
      else { continue }
      let numbers = parts.compactMap { Int($0) }
      guard numbers.count == 3 else { continue }
      // `03/15/2024`
      if sign == "/", numbers[1] > 12 { return [numbers[2], numbers[0], numbers[1]] }
      return numbers.reversed()
    }
    return nil
  }

  /// The seconds since 1970 of `2020-01-02`, `2020-01-02T03:04:05Z`.
  static func seconds(of text: String) -> Int? {
    let numbers = named(text) ?? dotted(text) ?? text.split { !$0.isNumber }.compactMap { Int($0) }
    guard text.utf8.count >= 8, text.utf8.count <= 30, numbers.count >= 3,
      named(text) != nil || dotted(text) != nil
        || text.first?.isNumber == true && text.split(separator: "-").count >= 3,
      (1900...2200).contains(numbers[0]),
      (1...12).contains(numbers[1]), (1...31).contains(numbers[2])
    else { return nil }
    let days = CivilDate(year: numbers[0], month: numbers[1], day: numbers[2]).daysSinceEpoch
    let clock = numbers.dropFirst(3).prefix(3) + [0, 0, 0]
    return days * 86_400 + clock[clock.startIndex] * 3600 + clock[clock.startIndex + 1] * 60
      + clock[clock.startIndex + 2]
  }
}
