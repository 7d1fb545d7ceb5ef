import func Glibc.memchr

/// Cuts a program's output into lines as it comes, in constant memory: without colours and carriage returns,
/// and without the rest of lines that are too long for anybody.
struct LineScanner {
  /// Longer lines are cut, unless they begin like a document that some reporters write as one line.
  static let longestLine = 16 << 10
  static let longestDocument = 8 << 20
  /// How much of the end is kept, for what is not understood.
  private static let tailSize = 32 << 10

  /// The beginning of a line whose end has not come yet.
  private var carry: [UInt8] = []
  private var previousWasReturn = false
  private var tail: [UInt8] = []

  /// Takes the next bytes and gives each whole line to `body`; what `body` returns says whether lines equal
  /// to that one may be left out. Linear.
  mutating func feed(_ bytes: UnsafeBufferPointer<UInt8>, _ body: (UnsafeBufferPointer<UInt8>) -> Bool) {
    guard let base = bytes.baseAddress, bytes.count > 0 else { return }
    keepTail(bytes)
    var start = 0
    var isIdle = false
    while start < bytes.count {
      if isIdle, carry.isEmpty { start = LineScanner.afterShort(base, from: start, count: bytes.count) }
      let rest = bytes.count - start
      if rest <= 0 { return }
      guard let found = memchr(base + start, 0x0A, rest) else {
        extend(UnsafeBufferPointer(start: base + start, count: rest))
        return
      }
      let end = UnsafeRawPointer(found) - UnsafeRawPointer(base)
      let line = UnsafeBufferPointer(start: base + start, count: end - start)
      if !carry.isEmpty {
        extend(line)
        let whole = carry
        carry.removeAll(keepingCapacity: whole.count < 1 << 16)
        isIdle = whole.withUnsafeBufferPointer { LineScanner.plain($0, body) }
        start = end + 1
      } else {
        let mayRepeat = LineScanner.plain(line, body)
        isIdle = mayRepeat
        let next = end + 1
        start = mayRepeat ? LineScanner.afterRepeats(bytes, from: start, next: next) : next
      }
    }
  }

  /// The last line, when it had no end.
  mutating func finish(_ body: (UnsafeBufferPointer<UInt8>) -> Bool) {
    guard !carry.isEmpty else { return }
    let whole = carry
    carry = []
    whole.withUnsafeBufferPointer { _ = LineScanner.plain($0, body) }
  }

  /// The last lines that hold anything, at most `count`.
  func lastLines(_ count: Int) -> [String] {
    var lines: [String] = []
    let isCut = tail.count >= LineScanner.tailSize
    tail.withUnsafeBufferPointer { bytes in
      for (index, part) in bytes.split(separator: 0x0A, omittingEmptySubsequences: false).enumerated()
      where !(isCut && index == 0 && bytes.contains(0x0A)) {
        _ = LineScanner.plain(UnsafeBufferPointer(rebasing: part)) { line in
          let text = String(decoding: line, as: UTF8.self)
          if !text[...].trimmed.isEmpty { lines.append(text) }
          return false
        }
      }
    }
    return Array(lines.suffix(count))
  }

  private mutating func keepTail(_ bytes: UnsafeBufferPointer<UInt8>) {
    let size = LineScanner.tailSize
    if bytes.count >= size {
      tail = Array(bytes.suffix(size))
    } else {
      tail += bytes
      if tail.count > 2 * size { tail.removeFirst(tail.count - size) }
    }
  }

  private mutating func extend(_ part: UnsafeBufferPointer<UInt8>) {
    let first = carry.first ?? part.first ?? 0
    let limit =
      first == UInt8(ascii: "{") || first == UInt8(ascii: "[") || first == UInt8(ascii: "<")
      ? LineScanner.longestDocument : LineScanner.longestLine
    if carry.count < limit { carry += part.prefix(limit - carry.count) }
    // A line of nothing but what is left out is a line all the same.
    if carry.isEmpty, part.count > 0 { carry.append(0x20) }
  }

  /// Where lines of at most two bytes end that nobody waits for.
  private static func afterShort(_ base: UnsafePointer<UInt8>, from first: Int, count: Int) -> Int {
    var start = first
    while start + 3 <= count {
      if base[start] == 0x0A {
        start += 1
      } else if base[start + 1] == 0x0A, base[start] != UInt8(ascii: "{"), base[start] != UInt8(ascii: "[") {
        start += 2
      } else if base[start + 2] == 0x0A, base[start + 1] != 0x0A, base[start] != UInt8(ascii: "O") {
        start += 3
      } else {
        break
      }
    }
    return start
  }

  /// Where the lines that equal the one from `start` to `next` end: they are compared, not read.
  private static func afterRepeats(_ bytes: UnsafeBufferPointer<UInt8>, from start: Int, next: Int) -> Int {
    let period = next - start
    guard let base = bytes.baseAddress, next + period <= bytes.count else { return next }
    var index = next
    // Each byte must equal the one a line before it.
    while index + 8 <= bytes.count {
      let one = UnsafeRawPointer(base + index).loadUnaligned(as: UInt64.self)
      let other = UnsafeRawPointer(base + index - period).loadUnaligned(as: UInt64.self)
      if one != other { break }
      index += 8
    }
    while index < bytes.count, bytes[index] == bytes[index - period] { index += 1 }
    return next + (index - next) / period * period
  }

  /// Gives a line without escape sequences, and as several where carriage returns part it. The answer of
  /// `body` for the last.
  private static func plain(_ line: UnsafeBufferPointer<UInt8>, _ body: (UnsafeBufferPointer<UInt8>) -> Bool)
    -> Bool
  {
    guard let base = line.baseAddress, line.count > 0 else { return body(line) }
    let first = base[0]
    let isDocument = first == UInt8(ascii: "{") || first == UInt8(ascii: "[") || first == UInt8(ascii: "<")
    let limit = isDocument ? longestDocument : longestLine
    let count = min(line.count, limit)
    if memchr(base, 0x1B, count) == nil {
      var start = 0
      var end = line.count
      if base[end - 1] == 0x0D { end -= 1 }
      if end == 0 { return body(UnsafeBufferPointer(start: base, count: 0)) }
      guard let found = memchr(base, 0x0D, min(end, limit)) else {
        return body(UnsafeBufferPointer(start: base, count: min(end, limit)))
      }
      var position = UnsafeRawPointer(found) - UnsafeRawPointer(base)
      while true {
        _ = body(UnsafeBufferPointer(start: base + start, count: min(position - start, limit)))
        start = position + 1
        guard start < end else { return false }
        guard let next = memchr(base + start, 0x0D, end - start) else { break }
        position = UnsafeRawPointer(next) - UnsafeRawPointer(base)
      }
      _ = body(UnsafeBufferPointer(start: base + start, count: min(end - start, limit)))
      return false
    }
    stripped(UnsafeBufferPointer(start: base, count: count)) { part in _ = body(part) }
    return false
  }

  private static func stripped(
    _ line: UnsafeBufferPointer<UInt8>, _ body: (UnsafeBufferPointer<UInt8>) -> Void
  ) {
    var plain: [UInt8] = []
    plain.reserveCapacity(line.count)
    var escape = Escape.none
    for (index, byte) in line.enumerated() {
      if escape != .none {
        escape = escape.next(byte)
      } else if byte == 0x1B {
        escape = .started
      } else if byte == 0x0D {
        if index == line.count - 1 { break }
        plain.withUnsafeBufferPointer(body)
        plain.removeAll(keepingCapacity: true)
      } else {
        plain.append(byte)
      }
    }
    plain.withUnsafeBufferPointer(body)
  }

  /// Where in an escape sequence we are.
  private enum Escape {
    case none, started, control, string, stringEscape

    func next(_ byte: UInt8) -> Escape {
      switch self {
      case .none: return .none
      case .started:
        // `ESC [` starts a control sequence, `ESC ]` and its kin a string, anything else is two bytes long.
        if byte == UInt8(ascii: "[") { return .control }
        return "]PX^_".utf8.contains(byte) ? .string : .none
      case .control: return (0x40...0x7E).contains(byte) ? .none : .control
      case .string: return byte == 0x07 ? .none : byte == 0x1B ? .stringEscape : .string
      case .stringEscape: return .none
      }
    }
  }
}
