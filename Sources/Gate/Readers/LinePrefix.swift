/// What goes before each line of a log that somebody else passes on: the time on a CI's page, the name of a
/// service (`web-1  | `), of a task (`[test] `, `shop:test: `), the step of a build.
///
/// Nothing is taken for one because a single line looks like it: the first lines of a log are held back, and
/// what most of them have in common is left out of all.
struct LinePrefix {
  /// How many lines decide.
  static let window = 48
  private static let heldBytes = 64 << 10
  private var held: [[UInt8]] = []
  private var size = 0
  private var isDecided = false
  private var kinds: Set<Kind> = []

  private enum Kind: CaseIterable { case time, step, service, task, label }

  /// Gives the line to `body` as it was before it was passed on, now or with a later one.
  mutating func read(_ line: UnsafeBufferPointer<UInt8>, _ body: (UnsafeBufferPointer<UInt8>) -> Bool) -> Bool
  {
    if isDecided { return kinds.isEmpty ? body(line) : body(plain(line)) }
    held.append(Array(line))
    size += line.count
    if held.count >= LinePrefix.window || size > LinePrefix.heldBytes { decide(body) }
    return false
  }

  /// Gives what is still held back.
  mutating func finish(_ body: (UnsafeBufferPointer<UInt8>) -> Bool) { if !isDecided { decide(body) } }

  private mutating func decide(_ body: (UnsafeBufferPointer<UInt8>) -> Bool) {
    isDecided = true
    let lines = held.filter { !$0.isEmpty }
    let all = Set(Kind.allCases)
    held.withEach { line in
      var rest = line
      var before: Set<Kind> = []
      // `[test]   | code` may be a label before a line of a compiler: what most lines have tells.
      while let (kind, length) = LinePrefix.prefix(rest, of: all.subtracting(before)) {
        for other in Kind.allCases where !before.contains(other) {
          if LinePrefix.length(other, rest) != nil { counts[other, default: 0] += 1 }
        }
        before.insert(kind)
        rest = UnsafeBufferPointer(rebasing: rest.dropFirst(length))
      }
    }
    kinds = Set(counts.filter { lines.count > 1 && $0.value * 3 >= lines.count * 2 }.keys)
    held.withEach { line in _ = body(kinds.isEmpty ? line : plain(line)) }
    held = []
    counts = [:]
  }

  /// How many lines of the first have which.
  private var counts: [Kind: Int] = [:]

  private func plain(_ line: UnsafeBufferPointer<UInt8>) -> UnsafeBufferPointer<UInt8> {
    var rest = line
    var before: Set<Kind> = []
    while let (kind, length) = LinePrefix.prefix(rest, of: kinds.subtracting(before)) {
      before.insert(kind)
      rest = UnsafeBufferPointer(rebasing: rest.dropFirst(length))
      if kind == .time { rest = LinePrefix.withoutMark(rest) }
    }
    return rest
  }

  /// Each kind is there once.
  private static func prefix(_ line: UnsafeBufferPointer<UInt8>, of kinds: Set<Kind>) -> (Kind, Int)? {
    for kind in Kind.allCases where kinds.contains(kind) {
      if let length = length(kind, line) { return (kind, length) }
    }
    return nil
  }

  private static func length(_ kind: Kind, _ line: UnsafeBufferPointer<UInt8>) -> Int? {
    switch kind {
    case .time: time(line)
    case .step: step(line)
    case .service: service(line)
    case .task: task(line)
    case .label: label(line)
    }
  }

  /// `##[error]`, which a CI's page makes of `::error::`.
  private static func withoutMark(_ line: UnsafeBufferPointer<UInt8>) -> UnsafeBufferPointer<UInt8> {
    for mark in ["##[error]", "##[warning]"] where line.starts(with: mark.utf8) {
      return UnsafeBufferPointer(rebasing: line.dropFirst(mark.utf8.count))
    }
    return line
  }

  /// `2026-11-30T20:48:24.123Z `, `[20:48:24] `, `2026-11-30 20:48:24,1 01O `, `Nov 30 20:48:24 host x[3]: `.
  private static func time(_ line: UnsafeBufferPointer<UInt8>) -> Int? {
    var cursor = Cursor(line)
    let isBracketed = cursor.take("[")
    if let month = cursor.letters(), month.count == 3 {
      guard !isBracketed, cursor.take(" "), cursor.digitsOrBlank(2), cursor.take(" "), cursor.clock(),
        cursor.take(" "), cursor.word(), cursor.take(" "), cursor.word(), line[cursor.at - 1] == colon,
        cursor.take(" ")
      else { return nil }
      return cursor.at
    }
    if cursor.isDate() { guard cursor.take("T") || cursor.take(" ") else { return nil } }
    guard cursor.clock() else { return nil }
    if cursor.take("Z") || cursor.zone() {}
    if isBracketed, !cursor.take("]") { return nil }
    guard cursor.isAtEnd || cursor.take(" ") else { return nil }
    cursor.stream()
    return cursor.at
  }

  /// `#12 3.456 `, of a container's build.
  private static func step(_ line: UnsafeBufferPointer<UInt8>) -> Int? {
    var cursor = Cursor(line)
    guard cursor.take("#"), cursor.digits() > 0, cursor.take(" "), cursor.digits() > 0, cursor.take("."),
      cursor.digits() > 0, cursor.isAtEnd || cursor.take(" ")
    else { return nil }
    return cursor.at
  }

  /// `web-1  | `, `[CI/build]   | `
  private static func service(_ line: UnsafeBufferPointer<UInt8>) -> Int? {
    var cursor = Cursor(line)
    if cursor.take("[") {
      guard let inside = cursor.until(closing), !isLevel(inside) else { return nil }
    } else {
      guard cursor.letters() != nil else { return nil }
      _ = cursor.word()
    }
    guard cursor.blanks() > 0, cursor.take("|"), cursor.isAtEnd || cursor.take(" ") else { return nil }
    return cursor.at
  }

  /// `shop:test: `, `packages/shop test: `
  private static func task(_ line: UnsafeBufferPointer<UInt8>) -> Int? {
    var start = 0
    let end = min(line.count, 80)
    for index in 0..<end {
      let byte = line[index]
      if byte == 0x20 || byte == colon {
        if byte == colon, index + 1 == line.count || line[index + 1] == 0x20 {
          guard start > 0, isTask(line[start..<index]) else { return nil }
          return min(index + 2, line.count)
        }
        if start > 0, byte == 0x20 { return nil }
        start = index + 1
      } else if !isWord(byte) {
        return nil
      }
    }
    return nil
  }

  /// `[test] `, and before Ant's lines `    [junit] `.
  private static func label(_ line: UnsafeBufferPointer<UInt8>) -> Int? {
    var cursor = Cursor(line)
    let indentation = cursor.blanks()
    guard cursor.take("["), let inside = cursor.until(closing), cursor.isAtEnd || cursor.take(" "),
      !inside.isEmpty, inside.allSatisfy({ isWord($0) || $0 == colon }), !isLevel(inside)
    else { return nil }
    if indentation > 0 {
      let name = String(decoding: inside, as: UTF8.self)
      return ["javac", "junit", "exec", "java", "testng", "scalac", "kotlinc"].contains(name)
        ? cursor.at : nil
    }
    // `[3/9]`, of ninja; the workers of pytest-xdist.
    if inside.contains(UInt8(ascii: "/")), inside.allSatisfy({ $0 < 0x3A }) { return nil }
    return inside.starts(with: "gw".utf8) ? nil : cursor.at
  }

  private static let colon = UInt8(ascii: ":")
  private static let closing = UInt8(ascii: "]")

  private static func isWord(_ byte: UInt8) -> Bool {
    byte >= 0x30 && byte <= 0x39 || byte | 0x20 >= 0x61 && byte | 0x20 <= 0x7A || "._-/@".utf8.contains(byte)
  }

  /// Words in brackets that runners mean themselves.
  private static func isLevel(_ text: some Sequence<UInt8>) -> Bool {
    let words = [
      "info", "error", "warn", "warning", "debug", "trace", "success", "fatal", "doctest", "notice", "fail",
      "pass", "failed", "passed", "ok", "skip",
    ]
    return words.contains(
      String(decoding: text.map { $0 >= 0x41 && $0 <= 0x5A ? $0 | 0x20 : $0 }, as: UTF8.self))
  }

  private static func isTask(_ text: some Sequence<UInt8>) -> Bool {
    [
      "test", "tests", "build", "lint", "check", "typecheck", "type-check", "compile", "ci", "unit", "e2e",
      "format", "verify", "tsc",
    ].contains(String(decoding: Array(text), as: UTF8.self))
  }
}

/// A place in a line.
private struct Cursor {
  let line: UnsafeBufferPointer<UInt8>
  var at = 0

  init(_ line: UnsafeBufferPointer<UInt8>) { self.line = line }

  var isAtEnd: Bool { at == line.count }

  mutating func take(_ text: Unicode.Scalar) -> Bool {
    guard at < line.count, line[at] == UInt8(truncatingIfNeeded: text.value) else { return false }
    at += 1
    return true
  }

  mutating func digits() -> Int {
    let start = at
    while at < line.count, line[at] >= 0x30 && line[at] <= 0x39 { at += 1 }
    return at - start
  }

  mutating func digitsOrBlank(_ count: Int) -> Bool { blanks() + digits() == count }

  mutating func blanks() -> Int {
    let start = at
    while at < line.count, line[at] == 0x20 { at += 1 }
    return at - start
  }

  /// Anything without blanks.
  mutating func word() -> Bool {
    let start = at
    while at < line.count, line[at] > 0x20, line[at] != UInt8(ascii: "|"), at - start < 64 { at += 1 }
    return at > start
  }

  mutating func letters() -> Slice<UnsafeBufferPointer<UInt8>>? {
    let start = at
    while at < line.count, line[at] | 0x20 >= 0x61 && line[at] | 0x20 <= 0x7A { at += 1 }
    return at > start ? line[start..<at] : nil
  }

  /// What comes before the next `byte`, which is taken, too.
  mutating func until(_ byte: UInt8) -> Slice<UnsafeBufferPointer<UInt8>>? {
    let start = at
    while at < line.count, line[at] != byte, at - start < 64 { at += 1 }
    guard at < line.count, line[at] == byte else { return nil }
    at += 1
    return line[start..<(at - 1)]
  }

  /// `2026-11-30`
  mutating func isDate() -> Bool {
    let start = at
    if digits() == 4, take("-") || take("/"), digits() == 2, take("-") || take("/"), digits() == 2 {
      return true
    }
    at = start
    return false
  }

  /// `20:48:24.123`
  mutating func clock() -> Bool {
    guard digits() == 2, take(":"), digits() == 2, take(":"), digits() == 2 else { return false }
    if take(".") || take(",") { return digits() > 0 }
    return true
  }

  /// `+01:00`
  mutating func zone() -> Bool {
    let start = at
    if take("+") || take("-"), digits() > 0 {
      if take(":") { _ = digits() }
      return true
    }
    at = start
    return false
  }

  /// `01O `, `00E+`: the stream that a line came from, of another CI.
  mutating func stream() {
    let start = at
    if digits() == 2, take("O") || take("E"), take(" ") || take("+") { return }
    at = start
  }
}

extension [[UInt8]] {
  fileprivate func withEach(_ body: (UnsafeBufferPointer<UInt8>) -> Void) {
    for line in self { line.withUnsafeBufferPointer(body) }
  }
}
