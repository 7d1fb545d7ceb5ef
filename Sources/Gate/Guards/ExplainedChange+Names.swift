/// What the code's own names and templates say about values that tests expect.
extension ExplainedChange {
  private static let digestLengths = [
    "md5": 32, "sha1": 40, "sha224": 56, "sha256": 64, "sha384": 96, "sha512": 128, "blake2b": 128,
    "blake2s": 64, "crc32": 8,
  ]

  private static func digests(_ code: SourceCode) -> Set<String> {
    code.tokens.reduce(into: []) { found, token in
      guard token.kind != .mark, token.text.utf8.count < 40 else { return }
      let plain = TestCase.plain(token.text)
      for name in digestLengths.keys where plain.contains(name) { found.insert(name) }
    }
  }

  /// `NAME = 80`, `case light = 80`, `NAME: int = 80`: the values that code has names for.
  private static func named(_ code: SourceCode) -> [String: Set<String>] {
    var found: [String: Set<String>] = [:]
    for index in code.indices {
      let token = code.tokens[index]
      guard token.kind == .number || token.kind == .string else { continue }
      // `#define ERROR (-1)`
      var place = index - 1
      while code.isMark(place, "(") || code.isMark(place, "-") { place -= 1 }
      if code.isWord(place), code.isWord(place - 1, "define") {
        found[token.text, default: []].insert(TestCase.plain(code.text(place)))
      }
      guard code.isMark(index - 1, "=") else { continue }
      // A type may stand between.
      let names = (max(0, index - 4)..<index - 1).filter { code.isWord($0) }.map(code.text)
      found[token.text, default: []].formUnion(names.map(TestCase.plain).filter { $0.utf8.count > 2 })
    }
    return found
  }

  /// The text or number that stands behind each name: `NEW: 0`, `NEW = 'new'`.
  private static func bound(_ code: SourceCode) -> [String: Token] {
    code.indices.reduce(into: [:]) { found, index in
      guard code.isWord(index), code.isMark(index + 1, ":") || code.isMark(index + 1, "="),
        code.kind(index + 2) == .number || code.kind(index + 2) == .string
      else { return }
      found[code.text(index)] = code.tokens[index + 2]
    }
  }

  /// Whether a value has a name in the code, and what it names is a value of another kind now.
  func isRetyped(_ value: String, by fresh: [String]) -> Bool {
    retyped[value].map { !$0.isDisjoint(with: fresh) } ?? false
  }

  /// Whether the code gave one answer by HTTP and gives one of the same kind now: 201 in place of 200.
  func isOtherStatus(_ value: String, by fresh: [String]) -> Bool {
    guard let number = Int(value), goneStatuses.contains(number) else { return false }
    return fresh.contains { text in
      Int(text).map { cameStatuses.contains($0) && $0 / 100 == number / 100 } ?? false
    }
  }

  static let manifests: Set = [
    "pyproject.toml", "setup.cfg", "Pipfile", "package.json", "Cargo.toml", "go.mod", "pom.xml",
    "build.gradle", "build.gradle.kts", "Gemfile", "composer.json", "Package.swift", "mix.exs",
    "libs.versions.toml", "Directory.Packages.props", "vcpkg.json", "conanfile.txt",
  ]

  /// Whether a manifest of the tree names other versions of what it depends on, and whether it names others.
  mutating func readManifests(_ change: TreeChange) {
    for path in change.paths {
      let name = TestPath(path.path)
      guard
        ExplainedChange.manifests.contains(name.name) || name.ending == "csproj"
          || name.name.hasPrefix("requirements") && name.ending == "txt",
        let old = path.oldPath.flatMap(change.oldText), let new = path.newPath.flatMap(change.newText)
      else { continue }
      func hasNumber(_ lines: [(number: Int, text: Substring)]) -> Bool {
        lines.contains { $0.text.utf8.contains { $0 >= 0x30 && $0 <= 0x39 } }
      }
      guard hasNumber(addedLines(old: old, new: new)), hasNumber(addedLines(old: new, new: old)) else {
        continue
      }
      movesLibraries = true
      func words(_ text: String) -> Set<Substring> { Set(text.split { !$0.isLetter && !"-_".contains($0) }) }
      let (before, after) = (words(old), words(new))
      if !before.isSubset(of: after), !after.isSubset(of: before) { swapsLibraries = true }
    }
  }

  mutating func readNames(_ before: SourceCode, _ after: SourceCode) {
    func words(_ code: SourceCode) -> [String] {
      code.tokens.filter { $0.kind == .word }.map { TestCase.plain($0.text) }
    }
    oldWords.formUnion(words(before))
    newWords.formUnion(words(after))
    let (old, new) = (ExplainedChange.digests(before), ExplainedChange.digests(after))
    goneDigests.formUnion(old.subtracting(new))
    cameDigests.formUnion(new.subtracting(old))
    let (was, now) = (Statuses.given(by: before), Statuses.given(by: after))
    goneStatuses.formUnion(was.subtracting(now))
    cameStatuses.formUnion(now.subtracting(was))
    let values = ExplainedChange.bound(after)
    for (name, token) in ExplainedChange.bound(before) {
      if let other = values[name], other.kind != token.kind {
        retyped[token.text, default: []].insert(other.text)
      }
    }
    let known = ExplainedChange.named(before)
    for (value, names) in ExplainedChange.named(after) {
      constants[value, default: []].formUnion(names.subtracting(known[value] ?? []))
    }
  }

  /// New files of the code may hold the constants.
  mutating func readNewFiles(_ code: ChangedCode) {
    for file in code.files where file.change.kind == .added && !file.language.isTestPath(file.path) {
      guard let text = file.new else { continue }
      readNames(SourceCode("", file.language.dialect), text)
    }
  }

  /// The names that the code has for a value now.
  func names(of value: String) -> Set<String> { constants[value] ?? [] }

  /// Whether a text names what the code has another name for now: `'store.requests.post'` and
  /// `'store.httpx.post'`.
  func isNamedAnew(_ old: String, by new: [String]) -> Bool {
    func words(_ text: String) -> Set<String> {
      Set(text.split { !($0.isLetter || $0.isNumber || $0 == "_") }.map { TestCase.plain(String($0)) })
    }
    let before = words(old)
    guard before.count < 20, !goneWords.isDisjoint(with: before) else { return false }
    return new.contains { text in
      guard text.utf8.count < old.utf8.count * 3 + 40 else { return false }
      let after = words(text)
      let (gone, came) = (before.subtracting(after), after.subtracting(before))
      return !gone.isEmpty && !came.isEmpty && gone.isSubset(of: goneWords) && came.isSubset(of: cameWords)
    }
  }

  /// Whether a value is a digest, and the code makes others now that are as long as one of `fresh`.
  func isDigest(_ value: String, now fresh: [String]) -> Bool {
    func isHex(_ text: String) -> Bool {
      text.utf8.count >= 8
        && text.utf8.allSatisfy { ($0 >= 0x30 && $0 <= 0x39) || ($0 | 0x20 >= 0x61 && $0 | 0x20 <= 0x66) }
    }
    func lengths(_ names: Set<String>) -> Set<Int> {
      Set(names.compactMap { ExplainedChange.digestLengths[$0] })
    }
    let (old, new) = (lengths(goneDigests), lengths(cameDigests))
    // The beginnings of both.
    if let least = old.min(), !new.isEmpty, isHex(value), value.utf8.count < least,
      fresh.contains(where: { isHex($0) && $0.utf8.count == value.utf8.count })
    {
      return true
    }
    return isHex(value) && old.contains(value.utf8.count)
      && fresh.contains { isHex($0) && new.contains($0.utf8.count) }
  }

  /// Whether a text was written by code that is gone, with nothing in its place.
  func isOfDeleted(_ text: String) -> Bool {
    goneTexts.contains { Template.rest(of: text, $0) != nil } && cameTexts.isEmpty
  }

  /// Whether a text was written by code that is gone, and all that it was filled with is still named.
  func isFilledStill(_ text: String, _ known: KnownValues) -> Bool {
    cameTexts.isEmpty
      && goneTexts.contains { parts in
        guard let words = Template.rest(of: text, parts), !words.isEmpty else { return false }
        return words.allSatisfy(known.contains)
      }
  }

  /// Whether a text was written by code that is gone, and one of others holds all that it was filled with:
  /// `Hide('cow', 20)` and `Hide(kind='cow', weight=20)`.
  func fillsStill(_ text: String, in others: [String]) -> Bool {
    let fillings = fillings(of: text)
    return !fillings.isEmpty
      && others.contains { other in
        let words = Set(other.split { !($0.isLetter || $0.isNumber) }.map(String.init))
        return other != text && fillings.contains { $0.isSubset(of: words) && $0.count > 1 }
      }
  }

  /// What a text was filled with by code that is gone.
  func fillings(of text: String) -> [Set<String>] {
    goneTexts.compactMap { Template.rest(of: text, $0) }.filter { !$0.isEmpty }
  }

  /// Whether a text was written by a template that is gone, and is now by one that came, with all that it was
  /// filled with.
  func fills(_ old: String, by new: [String]) -> Bool {
    let fillings = goneTexts.compactMap { Template.rest(of: old, $0) }
    guard !fillings.isEmpty, !cameTexts.isEmpty else { return false }
    return new.contains { text in
      guard text != old else { return false }
      let rests = cameTexts.compactMap { Template.rest(of: text, $0) }
      return rests.contains { rest in
        fillings.contains { words in words.allSatisfy(rest.contains) }
      }
    }
  }
}

/// A text of the code that values are put into.
enum Template {
  /// What stands between the places that are filled: `no room for {}` is `no room for `.
  static func parts(_ text: String) -> [String] { pieces(text).filter { !$0.isEmpty } }

  /// The same with nothing where a place stands at an end or beside another: one more than there are places.
  static func pieces(_ text: String) -> [String] {
    var parts: [String] = []
    var current: [UInt8] = []
    let bytes = Array(text.utf8)
    var index = 0
    func end(_ close: UInt8, from start: Int) -> Int? { bytes[start...].prefix(60).firstIndex(of: close) }
    while index < bytes.count {
      let byte = bytes[index]
      let next = index + 1 < bytes.count ? bytes[index + 1] : 0
      var last: Int?
      if byte == 0x7B { last = end(0x7D, from: index) }
      if byte == 0x24 || byte == 0x23, next == 0x7B { last = end(0x7D, from: index) }
      if byte == 0x5C, next == 0x28 { last = end(0x29, from: index) }
      let isName = next | 0x20 >= 0x61 && next | 0x20 <= 0x7A
      if byte == 0x24, isName {
        let stop = bytes[(index + 1)...].firstIndex { !Secret.isWord($0) } ?? bytes.count
        last = stop - 1
      }
      if byte == 0x25, next == 0x28 {
        // `%(rows)d`
        last = end(0x29, from: index).flatMap { $0 + 1 < bytes.count ? $0 + 1 : nil }
      } else if byte == 0x25 {
        last = bytes[(index + 1)...].prefix(8).firstIndex { ($0 | 0x20) >= 0x61 && ($0 | 0x20) <= 0x7A }
      }
      if let last {
        parts.append(String(decoding: current, as: UTF8.self))
        current = []
        index = last + 1
      } else {
        current.append(byte)
        index += 1
      }
    }
    parts.append(String(decoding: current, as: UTF8.self))
    return parts
  }

  /// Whether a template writes nothing by itself: `{} {}`.
  static func isOnlyFilled(_ pieces: [String]) -> Bool {
    pieces.count > 1 && pieces.allSatisfy { $0[...].trimmed.isEmpty }
  }

  /// Whether all that stands between the places of a template stands in a text, in that order.
  static func writes(_ text: String, _ pieces: [String]) -> Bool {
    var rest = text[...]
    var hasSign = false
    for piece in pieces {
      var plain = piece[...]
      for end in ["\\n", "\n"] { plain = plain.droppingSuffix(end) ?? plain }
      plain = plain.trimmed
      if plain.isEmpty { continue }
      guard let tail = rest.after(String(plain)) else { return false }
      hasSign = true
      rest = tail
    }
    return hasSign
  }

  /// What a template is filled with to be a text; `nil` when it is not that text.
  static func fillings(of text: String, _ pieces: [String]) -> [String]? {
    guard let first = pieces.first, let last = pieces.last, pieces.count > 1, text.hasPrefix(first),
      text.utf8.count >= first.utf8.count + last.utf8.count, text.hasSuffix(last)
    else { return nil }
    var rest = text.dropFirst(first.count).dropLast(last.count)
    var found: [String] = []
    for piece in pieces.dropFirst().dropLast() {
      guard !piece.isEmpty, let front = rest.before(piece), let tail = rest.after(piece) else { return nil }
      found.append(String(front))
      rest = tail
    }
    return found + [String(rest)]
  }

  /// What follows in a text that begins with the last words of a part.
  private static func ending(of part: String, before text: Substring) -> Substring? {
    var end = part[...]
    while let tail = end.after(" ") {
      end = tail
      if end.count(where: \.isLetter) < 6 { return nil }
      if let rest = text.dropping(String(end)) { return rest }
    }
    return nil
  }

  /// The words that a template was filled with to make a text; `nil` when it did not make it.
  static func rest(of text: String, _ parts: [String]) -> Set<String>? {
    guard parts.reduce(0, { $0 + $1.count(where: \.isLetter) }) >= 4 else { return nil }
    var rest = text[...]
    var filled = ""
    for (number, part) in parts.enumerated() {
      guard let front = rest.before(part), let tail = rest.after(part) else {
        // Only the beginning may be expected.
        if number > 0, parts[0].count(where: \.isLetter) >= 4 { break }
        // Or the end of what stands in front.
        guard number == 0, let tail = ending(of: part, before: rest) else { return nil }
        rest = tail
        continue
      }
      filled += front + " "
      rest = tail
    }
    filled += rest
    return Set(filled.split { !($0.isLetter || $0.isNumber) }.map(String.init))
  }
}
