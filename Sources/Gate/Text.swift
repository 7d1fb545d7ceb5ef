import func Glibc.memchr
import func Glibc.memcmp

extension String {
  /// Cut to at most `limit` characters, with `…` where something is missing.
  func shortened(to limit: Int) -> String { count > limit ? prefix(limit - 1) + "…" : self }
}

extension Substring {
  /// Compared byte by byte: the standard library compares by characters, which is many times slower.
  func hasPrefix(_ prefix: String) -> Bool {
    compare { text in
      prefix.bytes { wanted in
        guard let base = text.baseAddress, let start = wanted.baseAddress else { return wanted.isEmpty }
        return text.count >= wanted.count && memcmp(base, start, wanted.count) == 0
      }
    }
  }

  /// The same for the end.
  func hasSuffix(_ suffix: String) -> Bool {
    compare { text in
      suffix.bytes { wanted in
        guard let base = text.baseAddress, text.count >= wanted.count else { return wanted.isEmpty }
        return memcmp(base + (text.count - wanted.count), wanted.baseAddress ?? base, wanted.count) == 0
      }
    }
  }

  private func compare<Found>(_ body: (UnsafeBufferPointer<UInt8>) -> Found) -> Found {
    if let found = utf8.withContiguousStorageIfAvailable(body) { return found }
    return Array(utf8).withUnsafeBufferPointer(body)
  }

  /// Whether `needle` occurs, compared byte by byte.
  func has(_ needle: String) -> Bool { offset(of: needle) != nil }

  /// What follows the first `needle`, or `nil`.
  func after(_ needle: String) -> Substring? { range(of: needle).map { self[$0.upperBound...] } }

  /// What precedes the first `needle`, or `nil`.
  func before(_ needle: String) -> Substring? { range(of: needle).map { self[..<$0.lowerBound] } }

  /// What is left after `prefix`, or `nil` when it does not start so.
  func dropping(_ prefix: String) -> Substring? {
    guard hasPrefix(prefix) else { return nil }
    return self[utf8.index(startIndex, offsetBy: prefix.utf8.count)...]
  }

  /// What is left without `suffix`, or `nil` when it does not end so.
  func droppingSuffix(_ suffix: String) -> Substring? {
    guard hasSuffix(suffix) else { return nil }
    return self[..<utf8.index(endIndex, offsetBy: -suffix.utf8.count)]
  }

  /// Without blanks and tabs at both ends.
  var trimmed: Substring {
    let (start, end) = compare { text in
      var (start, end) = (0, text.count)
      while start < end, text[start] == 0x20 || text[start] == 0x09 { start += 1 }
      while end > start, text[end - 1] == 0x20 || text[end - 1] == 0x09 { end -= 1 }
      return (start, end)
    }
    let text = utf8
    let first = text.index(startIndex, offsetBy: start)
    return self[first..<text.index(first, offsetBy: end - start)]
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

  /// The parts between every `separator`.
  func components(_ separator: String) -> [Substring] {
    var (parts, rest) = ([Substring](), self)
    while let front = rest.before(separator), let tail = rest.after(separator) {
      parts.append(front)
      rest = tail
    }
    return parts + [rest]
  }

  private func range(of needle: String) -> Range<Index>? {
    guard let offset = offset(of: needle) else { return nil }
    let start = utf8.index(startIndex, offsetBy: offset)
    return start..<utf8.index(start, offsetBy: needle.utf8.count)
  }

  /// Where `needle` starts, in bytes. Every line is searched for dozens of them, so this works on the bytes.
  private func offset(of needle: String) -> Int? {
    compare { text in
      needle.bytes { wanted -> Int? in
        guard let base = text.baseAddress, let start = wanted.baseAddress, text.count >= wanted.count else {
          return nil
        }
        if wanted.isEmpty { return 0 }
        var position = 0
        let last = text.count - wanted.count
        while position <= last {
          guard let found = memchr(base + position, Int32(wanted[0]), last - position + 1) else { return nil }
          position = UnsafeRawPointer(found) - UnsafeRawPointer(base)
          if memcmp(base + position, start, wanted.count) == 0 { return position }
          position += 1
        }
        return nil
      }
    }
  }
}

extension String {
  /// Its bytes, in one piece.
  fileprivate func bytes<Found>(_ body: (UnsafeBufferPointer<UInt8>) -> Found) -> Found {
    if let found = utf8.withContiguousStorageIfAvailable(body) { return found }
    return Array(utf8).withUnsafeBufferPointer(body)
  }
}
