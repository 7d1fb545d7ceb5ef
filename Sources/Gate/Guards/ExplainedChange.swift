/// What the change of the code explains of what its tests expect: a text that is written in another form.
///
/// Where the code's own literals changed from `%.2f EUR` to `, €`, a test that expected `12.50 EUR` and
/// expects `12,50 €` now follows the code, as each migration of a format does. The numbers and names that the
/// text is filled with must stay what they were: those say what is computed.
struct ExplainedChange {
  /// The pieces of the code's literals that are only there before, and only afterwards.
  private var gone: Set<String> = []
  private var came: Set<String> = []
  /// Literals that are no longer there, as the words that they are made of.
  private var templates: [Set<String>] = []
  /// Numbers that say a version of a format, before and after.
  private var versions: Set<String> = []
  /// Endings and names of files that were renamed or are gone, and of those that came.
  private var oldNames: Set<String> = []
  private var newNames: Set<String> = []
  var (oldWords, newWords): (Set<String>, Set<String>) = ([], [])
  /// The code's texts on one side only, as what stands between the values that they are filled with.
  var goneTexts: [[String]] = []
  var cameTexts: [[String]] = []
  /// The code's texts of several words on both sides.
  var keptTexts: Set<String> = []
  /// Words of the code's names and texts that it has on both sides.
  var keptWords: Set<String> = []
  /// The names that the changed code had and has no more, without case and signs.
  var goneWords: Set<String> = []
  /// Those that it has and had not.
  var cameWords: Set<String> = []
  /// The functions that make digests on one side only.
  var goneDigests: Set<String> = []
  var cameDigests: Set<String> = []
  /// Answers by HTTP that the code gave on one side only.
  var goneStatuses: Set<Int> = []
  var cameStatuses: Set<Int> = []
  /// Values that the code has names for, with those of another kind that they name now.
  var retyped: [String: Set<String>] = [:]
  /// The numbers of the code that it has on one side only.
  private(set) var (goneNumbers, cameNumbers): (Set<String>, Set<String>) = ([], [])
  /// Those that it has names for and that are others now.
  let numbers: ChangedNumbers
  /// The units that the code newly converts to.
  let scales: ChangedScales
  /// Whether the tree depends on other versions of its libraries.
  var movesLibraries = false
  /// Whether it depends on another library in place of one.
  var swapsLibraries = false
  /// The names that new code gives to values, without case and signs.
  var constants: [String: Set<String>] = [:]

  init(_ change: TreeChange, _ code: ChangedCode) {
    numbers = ChangedNumbers(code)
    scales = ChangedScales(code)
    for path in change.paths { readNames(path.oldPath, path.newPath) }
    for file in code.files {
      guard let before = file.old, let after = file.new else { continue }
      let isMixed = file.path.ending == "rs"
      read(ExplainedChange.literals(before, isMixed), ExplainedChange.literals(after, isMixed))
      readNames(before, after)
      let (was, now) = (ExplainedChange.numbers(before, isMixed), ExplainedChange.numbers(after, isMixed))
      goneNumbers.formUnion(was.subtracting(now))
      cameNumbers.formUnion(now.subtracting(was))
    }
    readNewFiles(code)
    readManifests(change)
    readPages(change)
    keptWords.formUnion(oldWords.intersection(newWords))
    (goneWords, cameWords) = (oldWords.subtracting(newWords), newWords.subtracting(oldWords))
    (oldWords, newWords) = ([], [])
  }

  var isEmpty: Bool { gone.isEmpty && came.isEmpty && oldNames.isEmpty }

  private mutating func readNames(_ old: String?, _ new: String?) {
    guard let old, old != new else { return }
    func names(_ path: String) -> Set<String> {
      let path = TestPath(path)
      return [path.ending, path.name, path.stem, path.path]
    }
    oldNames.formUnion(names(old))
    if let new { newNames.formUnion(names(new)) }
  }

  private mutating func read(_ old: [String], _ new: [String]) {
    var counts: [String: Int] = [:]
    for text in new { counts[text, default: 0] += 1 }
    var lost: [String] = []
    for text in old {
      if let count = counts[text], count > 0 {
        counts[text] = count - 1
        if text.utf8.count < 40 { keptWords.insert(TestCase.plain(text)) }
        if text.utf8.count(where: { $0 == 0x20 }) >= 2 { keptTexts.insert(text) }
      } else {
        lost.append(text)
      }
    }
    let won = counts.filter { $0.value > 0 }.map(\.key)
    goneTexts += lost.map(Template.parts)
    cameTexts += won.map(Template.parts)
    for text in lost {
      let pieces = ExplainedChange.pieces(text)
      gone.formUnion(pieces)
      templates.append(Set(pieces.filter(ExplainedChange.isWord)))
    }
    for text in won { came.formUnion(ExplainedChange.pieces(text)) }
  }

  /// Where the code of a file ends: Rust's tests stand below it.
  static func end(of code: SourceCode, _ isMixed: Bool) -> Int {
    guard isMixed else { return code.tokens.count }
    return code.indices.first { code.isWord($0, "cfg") && code.isWord($0 + 2, "test") } ?? code.tokens.count
  }

  private static func numbers(_ code: SourceCode, _ isMixed: Bool) -> Set<String> {
    Set(code.tokens[..<end(of: code, isMixed)].filter { $0.kind == .number }.map(\.text))
  }

  /// Whether a number of the code is another now, or is told in another unit there: `0.4` metres and `40`
  /// centimetres.
  func isOtherNumber(_ value: String, by fresh: [String]) -> Bool {
    if numbers.explains(value, by: fresh) || scales.explains(value, by: fresh, isSaid: areSaid) {
      return true
    }
    guard goneNumbers.contains(value), let number = Double(value), number != 0 else { return false }
    return fresh.contains { text in
      guard cameNumbers.contains(text), let other = Double(text) else { return false }
      return Units.areOne(number, other)
    }
  }

  /// Whether the words of two texts only differ by such as the code itself wrote and writes.
  private func areSaid(_ old: [Substring], _ new: [Substring]) -> Bool {
    let (lost, won) = (Set(old).subtracting(new), Set(new).subtracting(old))
    func isPart(_ word: Substring, of said: Set<String>) -> Bool {
      said.contains(String(word)) || said.contains { $0[...].has(String(word)) }
    }
    return lost.allSatisfy { isPart($0, of: gone) } && won.allSatisfy { isPart($0, of: came) }
  }

  /// Whether the code writes dates, amounts or signs in another form, and a text says what it said.
  func isInOtherForm(_ value: String, by fresh: [String]) -> Bool {
    guard !goneTexts.isEmpty || !goneWords.isEmpty else { return false }
    if TextAtoms.areSame(value, fresh) { return true }
    let numbers = goneNumbers.union(cameNumbers)
    guard numbers.contains("100") || numbers.contains("100.0"), let amount = TextAtoms.amount(value) else {
      return false
    }
    return fresh.contains { text in
      TextAtoms.amount(text).map { $0 == amount * 100 || $0 * 100 == amount || $0 == amount } ?? false
    }
  }

  /// The texts of a file's code, and the numbers that say a version.
  private static func literals(_ code: SourceCode, _ isMixed: Bool) -> [String] {
    (0..<end(of: code, isMixed)).compactMap { index in
      let token = code.tokens[index]
      if token.kind == .string { return token.text }
      guard token.kind == .number else { return nil }
      let isVersion = (max(0, index - 3)..<index).contains { place in
        let text = code.text(place).lowercased()
        return ["version", "format", "schema"].contains { text.hasSuffix($0) }
      }
      return isVersion ? token.text : nil
    }
  }

  /// A text as words, numbers and signs.
  private static func pieces(_ text: String) -> [String] {
    var found: [String] = []
    var current = ""
    var isDirective = false
    for character in text {
      // `%02d` is filled in, and what follows it is no part of it.
      if isDirective {
        // `%.2f` writes a point.
        if character == "." { found.append(".") }
        if character.isLetter || !(character.isNumber || ".+-".contains(character)) { isDirective = false }
        continue
      }
      if character == "%" {
        if !current.isEmpty { found.append(current) }
        current = ""
        isDirective = true
        continue
      }
      if character.isLetter || character.isNumber || character == "_" {
        // `500g` is a number and a unit.
        if let last = current.last, last.isNumber != character.isNumber, last != "_", character != "_" {
          found.append(current)
          current = ""
        }
        current.append(character)
        continue
      }
      if !current.isEmpty { found.append(current) }
      current = ""
      if character != " " { found.append(String(character)) }
    }
    if !current.isEmpty { found.append(current) }
    return found
  }

  private static func isWord(_ piece: String) -> Bool {
    piece.utf8.count >= 2 && piece.first?.isLetter == true
  }

  private static func isSign(_ piece: String) -> Bool {
    piece.first.map { !($0.isLetter || $0.isNumber || $0 == "_") } ?? false
  }

  /// Whether `old` is written as one of `new` now because the code writes it so.
  func explains(_ old: String, by new: [String]) -> Bool {
    if oldNames.contains(old) || oldNames.contains(where: { $0.utf8.count > 4 && old.hasSuffix("/" + $0) }) {
      return new.contains {
        newNames.contains($0) || newNames.contains($0.split(separator: "/").last.map(String.init) ?? $0)
      }
    }
    if fills(old, by: new) { return true }
    guard !gone.isEmpty || !came.isEmpty else { return false }
    let pieces = ExplainedChange.pieces(old)
    return new.contains { text in text != old && isFollowed(pieces, ExplainedChange.pieces(text)) }
  }

  /// Whether the code wrote one word and writes the other now.
  func isSaid(_ old: String, as new: String) -> Bool { gone.contains(old) && came.contains(new) }

  /// The same for the lines of a recorded file, of which none may be missing.
  func explainsAll(_ old: [String], by new: [String]) -> Bool {
    !isEmpty && !old.isEmpty && old.count <= 2_000 && new.count >= old.count
      && old.indices.allSatisfy { place in
        explains(old[place], by: [new[place]]) || new.count < 200 && explains(old[place], by: new)
      }
  }

  private func isFollowed(_ old: [String], _ new: [String]) -> Bool {
    let (before, after) = (ExplainedChange.counts(old), ExplainedChange.counts(new))
    let lost = before.keys.filter {
      (after[$0] ?? 0) == 0 || (after[$0] ?? 0) < (before[$0] ?? 0) && !ExplainedChange.isSign($0)
    }
    let won = after.keys.filter {
      (before[$0] ?? 0) == 0 || (before[$0] ?? 0) < (after[$0] ?? 0) && !ExplainedChange.isSign($0)
    }
    // `1234.56` and `1.234,56` are one number.
    func digits(_ pieces: [String]) -> String { pieces.filter { $0.allSatisfy(\.isNumber) }.joined() }
    if digits(old) == digits(new), lost.contains(where: { $0.allSatisfy(\.isNumber) }) {
      let plain = { (pieces: [String]) in pieces.filter { !$0.allSatisfy(\.isNumber) } }
      return isFollowed(plain(old), plain(new))
    }
    // All that changes are signs: the text that they stand in must be one that the code wrote otherwise.
    let isTemplate = templates.contains { words in !words.isEmpty && words.isSubset(of: Set(old)) }
    if lost.isEmpty, won.isEmpty {
      return isTemplate || !gone.isDisjoint(with: old.filter(ExplainedChange.isSign))
    }
    func isSaid(_ piece: String, _ said: Set<String>) -> Bool {
      if said.contains(piece) { return true }
      if piece.allSatisfy(\.isNumber) { return false }
      return ExplainedChange.isSign(piece) && isTemplate
        || piece.utf8.count > 2 && said.contains { $0.contains(piece) }
    }
    guard lost.allSatisfy({ isSaid($0, gone) }), won.allSatisfy({ isSaid($0, came) }) else { return false }
    // A word for another must be a word of the code on one side at least.
    return !(lost.isEmpty && won.allSatisfy(ExplainedChange.isSign)) || isTemplate
      || won.allSatisfy(came.contains)
  }

  private static func counts(_ pieces: [String]) -> [String: Int] {
    pieces.reduce(into: [:]) { $0[$1, default: 0] += 1 }
  }
}
