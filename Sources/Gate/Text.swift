extension String {
  /// Cut to at most `limit` characters, with `…` where something is missing.
  func shortened(to limit: Int) -> String { count > limit ? prefix(limit - 1) + "…" : self }
}

extension Substring {
  /// Compared byte by byte: the standard library compares by characters, which is many times slower.
  func hasPrefix(_ prefix: String) -> Bool { utf8.starts(with: prefix.utf8) }

  /// The same for the end.
  func hasSuffix(_ suffix: String) -> Bool {
    let (text, wanted) = (utf8, suffix.utf8)
    return text.count >= wanted.count && text.suffix(wanted.count).elementsEqual(wanted)
  }

  /// Whether `needle` occurs, compared byte by byte.
  func has(_ needle: String) -> Bool { offset(of: needle) != nil }

  /// What follows the first `needle`, or `nil`.
  func after(_ needle: String) -> Substring? { range(of: needle).map { self[$0.upperBound...] } }

  /// What precedes the first `needle`, or `nil`.
  func before(_ needle: String) -> Substring? { range(of: needle).map { self[..<$0.lowerBound] } }

  /// What is left after `prefix`, or `nil` when it does not start so.
  func dropping(_ prefix: String) -> Substring? {
    guard utf8.starts(with: prefix.utf8) else { return nil }
    return self[utf8.index(startIndex, offsetBy: prefix.utf8.count)...]
  }

  /// What is left without `suffix`, or `nil` when it does not end so.
  func droppingSuffix(_ suffix: String) -> Substring? {
    guard hasSuffix(suffix) else { return nil }
    return self[..<utf8.index(endIndex, offsetBy: -suffix.utf8.count)]
  }

  /// Without blanks and tabs at both ends.
  var trimmed: Substring {
    var text = utf8
    while let first = text.first, first == 0x20 || first == 0x09 { text = text.dropFirst() }
    while let last = text.last, last == 0x20 || last == 0x09 { text = text.dropLast() }
    return Substring(text)
  }

  /// How many blanks it starts with; a tab counts as one.
  var indentation: Int { utf8.prefix { $0 == 0x20 || $0 == 0x09 }.count }

  /// The decimal number it starts with.
  var leadingNumber: Int? { Int(Substring(utf8.prefix { $0 >= 0x30 && $0 <= 0x39 })) }

  /// Whether it is `count` or more of the same `character` and nothing else.
  func isRule(of character: Unicode.Scalar, atLeast count: Int) -> Bool {
    utf8.count >= count && utf8.allSatisfy { $0 == UInt8(truncatingIfNeeded: character.value) }
  }

  /// The parts between `separator`, which is one ASCII character; empty parts are left out.
  func parts(_ separator: Unicode.Scalar) -> [Substring] {
    utf8.split(separator: UInt8(truncatingIfNeeded: separator.value)).map { Substring($0) }
  }

  private func range(of needle: String) -> Range<Index>? {
    guard let offset = offset(of: needle) else { return nil }
    let start = utf8.index(startIndex, offsetBy: offset)
    return start..<utf8.index(start, offsetBy: needle.utf8.count)
  }

  /// Where `needle` starts, in bytes. Every line is searched for a dozen of them, so this works on the bytes.
  private func offset(of needle: String) -> Int? {
    let found = utf8.withContiguousStorageIfAvailable { text in
      needle.utf8.withContiguousStorageIfAvailable { wanted -> Int? in
        guard let first = wanted.first, text.count >= wanted.count else { return nil }
        for start in 0...(text.count - wanted.count) where text[start] == first {
          var length = 1
          while length < wanted.count && text[start + length] == wanted[length] { length += 1 }
          if length == wanted.count { return start }
        }
        return nil
      }
    }
    return found.flatMap { $0 }.flatMap { $0 }
  }
}
