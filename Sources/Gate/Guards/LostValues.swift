/// Values that a test named and names no more.
extension TestComparison {
  /// The values of `old` that nothing new names, whatever their spelling.
  func lost(_ old: Set<String>, _ known: KnownValues) -> [String] {
    old.filter { value in
      if known.contains(value) { return false }
      let plain = Substring(value).trimmed
      if plain.isEmpty || known.contains(String(plain)) { return false }
      // Longer texts may have been split, joined, or wrapped.
      if value.utf8.count > 3,
        known.contains(where: {
          $0.contains(value)
            || $0.utf8.count * 2 > value.utf8.count && value.contains($0) && isNamed(value, beside: $0, known)
        })
      {
        return false
      }
      let bare = TestCase.plain(value)
      if bare.utf8.count > 6, known.contains(where: { TestCase.plain($0) == bare }) { return false }
      if isJoined(value, known) { return false }
      // `1.0` and `1`, `'90'` and `90` are one value.
      return !known.contains(Lexer.plainNumber(value))
    }.sorted()
  }

  /// Whether a text is put together from two that are known, such as a template and what it is filled with.
  private func isJoined(_ value: String, _ known: KnownValues) -> Bool {
    let bytes = Array(value.utf8)
    guard bytes.count > 4, bytes.count < 80 else { return false }
    let isFilled = known.contains { template in
      if TestComparison.isFilled(value, template, known) { return true }
      guard let head = template[...].before("${"), let tail = template[...].after("}"),
        !(head.isEmpty && tail.isEmpty)
      else { return false }
      let text = value[...]
      guard text.hasPrefix(String(head)), text.hasSuffix(String(tail)),
        value.utf8.count > head.utf8.count + tail.utf8.count
      else { return false }
      return known.contains(
        String(decoding: bytes[head.utf8.count..<(bytes.count - tail.utf8.count)], as: UTF8.self))
    }
    if isFilled { return true }
    return (3..<bytes.count).contains { cut in
      known.contains(String(decoding: bytes[..<cut], as: UTF8.self))
        && known.contains(String(decoding: bytes[cut...], as: UTF8.self))
    }
  }

  /// Whether a text is a template of several letters with known values in it: `depot answered {status}`.
  private static func isFilled(_ value: String, _ template: String, _ known: KnownValues) -> Bool {
    guard let sign = template.utf8.firstIndex(where: { "{%$#\\".utf8.contains($0) }),
      template.utf8.count < 200, !template.hasPrefix("{\""), value.hasPrefix(template[..<sign])
    else { return false }
    let pieces = Template.pieces(template)
    guard pieces.reduce(0, { $0 + $1.count(where: \.isLetter) }) >= 4,
      let fillings = Template.fillings(of: value, pieces)
    else { return false }
    return fillings.allSatisfy { known.contains($0) || known.contains(Lexer.plainNumber($0)) }
  }

  /// Whether a text is put together from a few that are known: `"price of " + item + " must be positive"`.
  static func isSpliced(_ value: String, of isKnown: (String) -> Bool) -> Bool {
    let bytes = Array(value.utf8)
    guard bytes.count >= 8, bytes.count <= 160 else { return false }
    // The fewest parts that reach each place, and whether one of them is long.
    var reached: [(parts: Int, isLong: Bool)?] = Array(repeating: nil, count: bytes.count + 1)
    reached[0] = (0, false)
    for start in bytes.indices {
      guard let here = reached[start], here.parts < 5 else { continue }
      for end in (start + 1)...bytes.count where end - start < bytes.count {
        let isShort = end - start < 2
        let part = String(decoding: bytes[start..<end], as: UTF8.self)
        guard !isShort || part.first?.isLetter == false, isKnown(part) else { continue }
        let next = (here.parts + 1, here.isLong || (end - start) * 3 >= bytes.count)
        if reached[end].map({ $0.parts > next.0 || next.1 && !$0.isLong }) ?? true { reached[end] = next }
      }
    }
    return reached[bytes.count]?.isLong ?? false
  }

  /// The same for rows: those that stood in one string each may all stand in parts now.
  func lostRows(_ old: Set<String>, _ known: KnownValues) -> [String] {
    let rows = lost(old, known)
    let joined = old.filter { $0.contains(",") || $0.contains("|") }
    guard !joined.isEmpty,
      joined.count == rows.filter(joined.contains).count
        || joined.count > 1 && joined.allSatisfy({ !known.contains($0) })
    else { return rows }
    return rows.filter { row in
      !joined.contains(row)
        || !row.split(whereSeparator: { ",|".contains($0) }).allSatisfy {
          let part = String($0[...].trimmed)
          return known.contains(part) || known.contains(Lexer.plainNumber(part))
            || isSpelledInParts(part, known)
        }
    }
  }

  /// Whether a value with signs in it is made of its numbers now: `2026-01-04`, and `of(2026, 1, 4)`.
  private func isSpelledInParts(_ value: String, _ known: KnownValues) -> Bool {
    let parts = value.split { !($0.isLetter || $0.isNumber) }
    guard parts.count > 1 else { return false }
    return parts.allSatisfy { part in
      let bare = part.drop { $0 == "0" }
      return known.names(String(part)) || known.names(bare.isEmpty ? "0" : String(bare))
    }
  }

  /// Whether a recorded text of several lines is written as a value now.
  func isSpelledOut(_ value: String, _ known: KnownValues, _ words: Set<String>) -> Bool {
    guard value.contains("\n") else { return false }
    let parts = value.split { !($0.isLetter || $0.isNumber || $0 == "." || $0 == "-") }.map(String.init)
    return !parts.isEmpty && parts.allSatisfy { known.contains($0) || words.contains(TestCase.plain($0)) }
  }

  /// Whether a key is the name of a member now: `reply['state']` and `reply.state`.
  func isName(_ value: String, _ words: Set<String>) -> Bool {
    guard value.utf8.count > 2, value.first?.isLetter == true,
      value.allSatisfy({ $0.isLetter || $0.isNumber || $0 == "_" })
    else { return false }
    return words.contains(TestCase.plain(value))
  }

  func spelled(_ values: [String]) -> String {
    let shown = values.prefix(3).map { "'\(TestComparison.line($0))'" }.joined(separator: ", ")
    return shown + (values.count > 3 ? " and \(values.count - 3) more" : "")
  }

  private static func line(_ text: String) -> String {
    Secret.redacted(text.split(separator: "\n").joined(separator: " ").shortened(to: 40)[...])
  }
}
