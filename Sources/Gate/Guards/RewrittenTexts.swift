/// Which functions of the code write other texts than they did, and what tests of them may expect for that.
///
/// A test that expected a text and expects another follows the code when what it asks writes its texts
/// otherwise now, when the new text is one of those, and when it says no other value: no number is another
/// while one is gone, and no word is gone that the code had not written itself.
struct RewrittenTexts {
  private struct Texts {
    /// What stands around the places that are filled in the texts that came.
    var came: [[String]] = []
    /// The same of the texts of before.
    var old: [[String]] = []
    /// The words of the texts of before.
    var words: Set<String> = []
  }

  private var functions: [String: Texts] = [:]
  /// What is asked without its name: how a thing reads as a text, what its making refuses.
  private var unnamed = Texts()

  /// The words of how things read as texts by functions that are gone: now they read as their types say.
  private var freed: Set<String>?

  private static let silent: Set = [
    "__str__", "__repr__", "__format__", "__init__", "toString", "ToString", "to_s", "inspect", "description",
    "debugDescription", "errorDescription", "fmt", "String", "Error", "constructor", "init", "new",
    "initialize", "__construct", "__toString", "message", "getMessage", "operator", "what", "render", "main",
  ]
  private static let readers: Set = [
    "__str__", "__repr__", "toString", "ToString", "to_s", "inspect", "description", "debugDescription",
    "fmt",
    "String",
  ]
  private static let mostDepth = 3

  init(_ code: ChangedCode) {
    var callers: [String: Set<String>] = [:]
    for file in code.files {
      guard let old = file.old, let new = file.new, RewrittenTexts.differ(old, new) else { continue }
      var before: [String: [String]] = [:]
      for (name, body) in CodeFunctions.found(in: old, file.language) {
        before[name, default: []] += RewrittenTexts.texts(old, body)
      }
      var after: [String: [String]] = [:]
      for (name, body) in CodeFunctions.found(in: new, file.language) {
        after[name, default: []] += RewrittenTexts.texts(new, body)
        for word in new.tokens[body] where word.kind == .word && word.text != name {
          callers[word.text, default: []].insert(name)
        }
      }
      for (name, texts) in before where RewrittenTexts.readers.contains(name) && after[name] == nil {
        let words = RewrittenTexts.words(texts.joined(separator: " "))
        freed = (freed ?? []).union(words)
      }
      for (name, texts) in after { take(name, before[name] ?? [], texts) }
      // What stands in no function is written by who knows whom.
      takeOutside(RewrittenTexts.texts(old, old.indices), RewrittenTexts.texts(new, new.indices), after)
    }
    spread(by: callers)
  }

  var isEmpty: Bool { functions.isEmpty && unnamed.came.isEmpty && freed == nil }

  private mutating func take(_ name: String, _ old: [String], _ new: [String]) {
    let came = Set(new).subtracting(old)
    guard !came.isEmpty else { return }
    let texts = Texts(
      came: came.map(Template.pieces), old: old.map(Template.pieces),
      words: old.reduce(into: []) {
        $0.formUnion(RewrittenTexts.words(Template.parts($1).joined(separator: " ")))
      })
    func add(_ all: inout Texts) {
      all.came += texts.came
      all.old += texts.old
      all.words.formUnion(texts.words)
    }
    if RewrittenTexts.silent.contains(name) { add(&unnamed) } else { add(&functions[name, default: Texts()]) }
  }

  private mutating func takeOutside(_ old: [String], _ new: [String], _ inside: [String: [String]]) {
    let known = inside.values.reduce(into: Set<String>()) { $0.formUnion($1) }
    take("init", old, new.filter { !known.contains($0) })
  }

  /// Who calls what writes otherwise does so, too.
  private mutating func spread(by callers: [String: Set<String>]) {
    var fresh = Set(functions.keys)
    for _ in 0..<RewrittenTexts.mostDepth {
      var next: Set<String> = []
      for name in fresh.sorted() {
        guard let texts = functions[name] else { continue }
        for caller in (callers[name] ?? []).sorted() where functions[caller] == nil {
          functions[caller] = texts
          next.insert(caller)
        }
      }
      if next.isEmpty { return }
      fresh = next
    }
  }

  private static func texts(_ code: SourceCode, _ range: Range<Int>) -> [String] {
    code.tokens[range].filter { $0.kind == .string && $0.text.utf8.count < 400 }.map(\.text)
  }

  private static func differ(_ old: SourceCode, _ new: SourceCode) -> Bool {
    Set(texts(new, new.indices)) != Set(texts(old, old.indices))
  }

  /// Whether a text is another of `fresh` now because what a file of tests names writes it so.
  /// `filled` are numbers of the old one that a row fills into a template now. Where nobody knows what asks
  /// for it, as what lies between did not change, the same code must have written the old one (`wrote`).
  func explains(
    _ old: String, by fresh: [String], filledWith filled: Set<String> = [], wrote: Bool = false,
    in names: (String) -> Bool
  ) -> Bool {
    guard !isEmpty, old.utf8.count < 2000, fresh.count < 256 else { return false }
    let asked = [unnamed] + functions.filter { names($0.key) }.map(\.value)
    return fresh.contains { text in
      text != old && text.utf8.count < 4000
        && asked.contains { texts in
          if wrote, !texts.old.contains(where: { $0.count > 1 && Template.writes(old, $0) }) { return false }
          return texts.came.contains { pieces in
            guard Template.writes(text, pieces) else {
              return Template.isOnlyFilled(pieces) && RewrittenTexts.isReordered(old, text)
            }
            let isTemplate = !filled.isEmpty && Template.pieces(text).count > 1
            return RewrittenTexts.saysSame(
              old, text, beside: texts.words, written: pieces.joined(separator: " "),
              filledWith: isTemplate ? filled : [])
          }
        } || text != old && isFreed(old, text)
    }
  }

  /// Whether a text has all the values of one that a function made that is gone.
  private func isFreed(_ old: String, _ new: String) -> Bool {
    guard let freed else { return false }
    let won = RewrittenTexts.numbers(new).map(\.value)
    return RewrittenTexts.numbers(old).allSatisfy { won.contains($0.value) }
      && RewrittenTexts.saysSame(old, new, beside: freed)
  }

  /// The same for the lines of a recorded file, whatever wrote them.
  func explainsLine(_ old: String, by new: String) -> Bool {
    explains(old, by: [new]) { _ in true }
  }

  // MARK: Values

  private static func words(_ text: String) -> Set<String> {
    let plain = text.replacing("\\n", with: " ").replacing("\\t", with: " ")
    // What parts a day from its time is no word.
    return Set(plain.split { !$0.isLetter }.map { $0.lowercased() }).subtracting(["t", "z"])
  }

  /// The numbers of a text, each with half of the last place that it is written with.
  private static func numbers(_ text: String) -> [(value: Double, half: Double)] {
    let bytes = Array(text.utf8)
    var found: [(Double, Double)] = []
    var index = 0
    func isDigit(_ place: Int) -> Bool {
      bytes.indices.contains(place) && bytes[place] >= 0x30 && bytes[place] <= 0x39
    }
    while index < bytes.count {
      guard isDigit(index) else {
        index += 1
        continue
      }
      var end = index
      while isDigit(end) || end < bytes.count && bytes[end] == 0x2E && isDigit(end + 1) { end += 1 }
      let digits = bytes[index..<end]
      let places = digits.lastIndex(of: 0x2E).map { end - $0 - 1 } ?? 0
      let half = (0..<min(places, 9)).reduce(0.51) { half, _ in half / 10 }
      found.append((Double(String(decoding: digits, as: UTF8.self)) ?? -1, half))
      index = end
    }
    return found
  }

  /// Whether a value is written so, with at least two places that say something.
  private static func isRounded(_ value: Double, to number: (value: Double, half: Double)) -> Bool {
    abs(value - number.value) <= number.half && (number.value >= number.half * 10 || value == number.value)
  }

  /// Whether a text has a time whose minutes are written without their zero.
  private static func losesZero(_ text: String) -> Bool {
    let bytes = Array(text.utf8)
    func isDigit(_ place: Int) -> Bool {
      bytes.indices.contains(place) && bytes[place] >= 0x30 && bytes[place] <= 0x39
    }
    return bytes.indices.contains {
      bytes[$0] == 0x3A && isDigit($0 - 1) && isDigit($0 + 1) && !isDigit($0 + 2)
    }
  }

  /// Whether one number is told in two units, or the reverse: `150 s` and `2 min 30 s`.
  private static func isSplit(_ one: [Double], _ other: [Double]) -> Bool {
    let (whole, parts) = one.count == 1 ? (one, other) : (other, one)
    guard whole.count == 1, parts.count == 2 || parts.count == 3 else { return false }
    return Units.factors.contains { factor in
      parts.dropFirst().allSatisfy { $0 < factor } && parts.reduce(0) { $0 * factor + $1 } == whole[0]
    }
  }

  /// The runs of digits, whatever stands between them.
  private static func parts(_ text: String) -> [Int] {
    text.split { !$0.isNumber }.compactMap { Int($0) }.sorted()
  }

  /// Whether two texts are made of the same words and runs of digits: only their order and signs are others.
  private static func isReordered(_ old: String, _ new: String) -> Bool {
    func runs(_ text: String) -> [Substring] { text.split { !$0.isNumber }.sorted() }
    return runs(old) == runs(new) && words(old) == words(new) && runs(old).count > 1
  }

  /// Whether two texts name the same values, apart from words that the code itself had written.
  /// `written` is what the code itself writes into the new one.
  static func saysSame(
    _ old: String, _ new: String, beside known: Set<String>, written: String = "",
    filledWith filled: Set<String> = []
  ) -> Bool {
    if old.lowercased() == new.lowercased() { return true }
    if losesZero(new), !losesZero(old) { return false }
    let lostWords = words(old).subtracting(words(new)).subtracting(known)
    // `\n` is no word.
    guard lostWords.allSatisfy({ $0 == "n" || known.contains(String($0.dropFirst())) && $0.hasPrefix("n") })
    else { return false }
    var won = numbers(new)
    var lost: [(value: Double, half: Double)] = []
    for number in numbers(old) {
      if let place = won.firstIndex(where: { $0.value == number.value }) {
        won.remove(at: place)
      } else {
        lost.append(number)
      }
    }
    lost.removeAll { number in filled.contains { Double($0) == number.value } }
    for number in numbers(written) {
      if let place = won.firstIndex(where: { $0.value == number.value }) { won.remove(at: place) }
    }
    if lost.isEmpty || won.isEmpty || parts(old) == parts(new) { return true }
    func digits(_ text: String) -> String { String(text.filter(\.isNumber)) }
    if digits(old) == digits(new) || isSplit(lost.map(\.value), won.map(\.value)) { return true }
    // The same numbers with more places.
    if lost.count == won.count,
      zip(lost, won).allSatisfy({ $1.half < $0.half && isRounded($1.value, to: $0) })
    {
      return true
    }
    return lost.count == won.count
      && Units.factors.contains { factor in
        [factor, 1 / factor].contains { scale in
          zip(lost, won).allSatisfy { one, other in
            isRounded(other.value / scale, to: one) || isRounded(one.value * scale, to: other)
          }
        }
      }
  }
}
