/// Numbers that the code gives names to and that are others now: a new default, a new price, a new limit.
///
/// A test that expected what the code makes of the old number and expects what it makes of the new one
/// follows the code. Only what stands behind a name counts: `LEVELS = 4` says what is meant, `return n * 4`
/// does not, nor does a variable of a function.
struct ChangedNumbers {
  /// One number, before and after.
  struct Pair: Hashable {
    var old: Double
    var new: Double
  }

  private(set) var pairs: [Pair] = []
  /// The names, without case and signs, whose flag is the other one now.
  private(set) var flags: Set<String> = []
  var isEmpty: Bool { pairs.isEmpty }
  private static let mostPairs = 64

  init(_ code: ChangedCode) {
    var found: Set<Pair> = []
    for file in code.files {
      guard let before = file.old, let after = file.new, found.count < ChangedNumbers.mostPairs else {
        continue
      }
      let isMixed = file.path.ending == "rs"
      readFlags(file, before, after)
      let (was, now) = (Bindings.numbers(before, isMixed), Bindings.numbers(after, isMixed))
      guard was != now else { continue }
      found.formUnion(
        ChangedNumbers.pairs(
          Bindings(before, file.language, isMixed, was), Bindings(after, file.language, isMixed, now)))
    }
    pairs = found.sorted { ($0.old, $0.new) < ($1.old, $1.new) }
  }

  /// `compact: false` and `compact: true`
  private mutating func readFlags(_ file: ChangedCode.File, _ old: SourceCode, _ new: SourceCode) {
    func bound(_ code: SourceCode) -> [String: [Int]] {
      let end = ExplainedChange.end(of: code, file.path.ending == "rs")
      return ["true", "false", "True", "False"].reduce(into: [:]) { found, flag in
        for place in code.places[flag] ?? [] where place < end {
          guard ["=", ":", "=>"].contains(where: { code.isMark(place - 1, $0) }),
            let name = Bindings.name(before: place - 1, code)
          else { continue }
          found[TestCase.plain(name), default: []].append(place)
        }
      }
    }
    let (before, after) = (bound(old), bound(new))
    let turned = before.compactMap { name, places -> (name: String, places: [Int])? in
      guard let others = after[name] else { return nil }
      let (was, now) = (Set(places.map(old.text)), Set(others.map(new.text)))
      return was.count == 1 && now.count == 1 && was != now ? (name, others) : nil
    }
    guard !turned.isEmpty else { return }
    let bodies = Bindings.bodies(new, file.language)
    for (name, places) in turned where !places.allSatisfy({ Bindings.isPassing($0 - 1, new, bodies) }) {
      flags.insert(name)
    }
  }

  private static func pairs(_ old: Bindings, _ new: Bindings) -> [Pair] {
    var found: [Pair] = []
    func take(_ one: [Bindings.Value], _ other: [Bindings.Value]) {
      guard one.count == other.count else { return }
      for (was, now) in zip(one, other) where was.shape == now.shape && was != now {
        found += zip(was.numbers, now.numbers).filter { $0 != $1 }.map { Pair(old: $0, new: $1) }
      }
    }
    for (name, values) in old.values { take(values, new.values[name] ?? []) }
    // A name that is another with its number: `RENT = 35` and `DEFAULT_RATE = 42`.
    let gone = old.values.filter { new.values[$0.key] == nil }
    let came = new.values.filter { old.values[$0.key] == nil && !old.names.contains($0.key) }
    guard came.count == 1, let other = came.first?.value, other.count == 1 else { return found }
    if gone.count == 1, let one = gone.first?.value { take(one, other) }
    // One that had none: `if weight > 20` and `MAX_WEIGHT = 31`.
    let (lost, won) = (old.numbers.subtracting(new.numbers), new.numbers.subtracting(old.numbers))
    if lost.count == 1, let one = lost.first, other[0].numbers == [won.first ?? one], won.count == 1 {
      found.append(Pair(old: one, new: other[0].numbers[0]))
    }
    return found
  }

  // MARK: What tests make of them

  /// Whether a number, or a text with numbers in it, is what the code makes of its new numbers where the old
  /// one is what it made of the old ones.
  func explains(_ old: String, by fresh: [String]) -> Bool {
    guard !pairs.isEmpty, old.utf8.count < 400, fresh.count < 256 else { return false }
    if let number = Double(old) {
      return fresh.contains { text in
        guard let other = Double(text), other != number else { return false }
        return isFollowed(number, other, isWhole: !old.contains(".") && !text.contains("."))
      }
    }
    guard let parts = ChangedNumbers.parts(old) else { return false }
    return fresh.contains { text in
      guard text != old, let others = ChangedNumbers.parts(text), others.words == parts.words else {
        return false
      }
      return zip(parts.numbers, others.numbers).allSatisfy { one, other in
        guard let was = Double(one), let now = Double(other) else { return false }
        let isWhole = !one.contains(".") && !other.contains(".")
        return was == now || isFollowed(was, now, isWhole: isWhole)
          || isFollowed(was * 100, now * 100, isWhole: false)
      }
    }
  }

  /// Whether one number became another by a share or a sum of one that the code changed.
  private func isFollowed(_ old: Double, _ new: Double, isWhole: Bool) -> Bool {
    pairs.contains { pair in
      if old == pair.old, new == pair.new { return true }
      func isShare(_ was: Double, _ now: Double) -> Bool {
        guard was != 0, now != 0, old != 0 else { return false }
        let wanted = old * now / was
        return abs(new - wanted) <= (isWhole && abs(old) >= 20 ? 1 : 1e-9 * abs(wanted))
      }
      if isShare(pair.old, pair.new) { return true }
      // What is left of a whole, or comes on top of it.
      for whole in [1.0, 100.0] where abs(pair.old) < whole && abs(pair.new) < whole {
        if isShare(whole - pair.old, whole - pair.new) || isShare(whole + pair.old, whole + pair.new) {
          return true
        }
      }
      let step = pair.new - pair.old
      let times = (new - old) / step
      return times == times.rounded() && times >= 1 && times <= (abs(step) < 20 ? 3 : 12)
    }
  }

  /// A text as its numbers and what stands around them; `nil` when there are none.
  static func parts(_ text: String) -> (words: [String], numbers: [String])? {
    var (words, numbers, current) = ([""], [String](), "")
    let bytes = Array(text.utf8)
    func isDigit(_ place: Int) -> Bool {
      bytes.indices.contains(place) && bytes[place] >= 0x30 && bytes[place] <= 0x39
    }
    var rest: [UInt8] = []
    for place in bytes.indices {
      let isPoint = bytes[place] == 0x2E && isDigit(place - 1) && isDigit(place + 1)
      if isDigit(place) || isPoint && !current.contains(".") {
        if current.isEmpty {
          words[words.count - 1] = String(decoding: rest, as: UTF8.self)
          rest = []
        }
        current.append(Character(Unicode.Scalar(bytes[place])))
      } else {
        if !current.isEmpty {
          numbers.append(current)
          words.append("")
          current = ""
        }
        rest.append(bytes[place])
      }
    }
    if !current.isEmpty {
      numbers.append(current)
      words.append("")
    }
    words[words.count - 1] = String(decoding: rest, as: UTF8.self)
    return numbers.isEmpty ? nil : (words, numbers)
  }
}

/// The numbers that code gives names to.
private struct Bindings {
  /// What stands behind one name: its numbers, and all else.
  struct Value: Equatable {
    var numbers: [Double]
    var shape: String
  }

  private(set) var values: [String: [Value]] = [:]
  /// All words and numbers of the code.
  private(set) var names: Set<String> = []
  let numbers: Set<Double>
  private static let mostTokens = 12

  /// All numbers of a file's code, and the texts that are one.
  static func numbers(_ code: SourceCode, _ isMixed: Bool) -> Set<Double> {
    let tokens = code.tokens[..<ExplainedChange.end(of: code, isMixed)]
    return Set(
      tokens.filter { $0.kind == .number || $0.kind == .string && $0.text.utf8.count < 20 }.compactMap {
        Double($0.text)
      })
  }

  init(_ code: SourceCode, _ language: any TestLanguage, _ isMixed: Bool, _ numbers: Set<Double>) {
    let end = ExplainedChange.end(of: code, isMixed)
    names = Set(code.places.keys)
    self.numbers = numbers
    let bodies = Bindings.bodies(code, language)
    for index in 0..<end {
      // Kotlin's `"large" to 600` is a pair, too.
      let isSign =
        ["=", ":", ":=", "=>"].contains { code.isMark(index, $0) }
        || code.isWord(index, "to") && code.kind(index - 1) == .string
      guard isSign, let name = Bindings.name(before: index, code),
        let value = Bindings.value(index + 1, code), !Bindings.isPassing(index, code, bodies)
      else { continue }
      values[name, default: []].append(value)
    }
    // `#define LEVELS 4`
    for index in code.places["define"] ?? [] where index < end {
      guard code.isWord(index + 1), let value = Bindings.value(index + 2, code, inLine: true) else {
        continue
      }
      values[code.text(index + 1), default: []].append(value)
    }
  }

  /// The bodies of functions.
  static func bodies(_ code: SourceCode, _ language: any TestLanguage) -> [Range<Int>] {
    CodeFunctions.found(in: code, language).map(\.body).filter { !isOfType($0, code) }
  }

  /// `class Visit(val note: String) {`
  private static func isOfType(_ body: Range<Int>, _ code: SourceCode) -> Bool {
    code.tokens[max(0, body.lowerBound - 40)..<body.lowerBound].reversed().prefix { $0.kind != .newline }
      .contains { ["class", "record", "struct", "object", "enum"].contains($0.text) && $0.kind == .word }
  }

  /// Whether a sign belongs to a variable of a function, to a choice, a part of a list or a closure.
  static func isPassing(_ sign: Int, _ code: SourceCode, _ bodies: [Range<Int>]) -> Bool {
    let text = code.text(sign)
    let isCapital = code.text(sign - 1).first?.isUppercase == true
    let isMember =
      code.isMark(sign - 2, ".") || code.isMark(sign - 2, "::") || code.text(sign - 1).hasPrefix("@")
    if code.kind(sign - 1) == .string || isCapital || isMember { return false }
    var start = sign
    while start > 0, sign - start < 24, code.kind(start - 1) != .newline,
      !["{", "}", ";"].contains(where: { code.isMark(start - 1, $0) })
    {
      start -= 1
    }
    switch text {
    case ":": return code.isMark(sign - 2, "[") || (start..<sign).contains { code.isMark($0, "?") }
    case "=>": return true
    default:
      // `retries=3` among parameters.
      let isGiven = (start..<sign).contains { code.isMark($0, "(") && code.partner[$0] > sign }
      return !isGiven && bodies.contains { $0.contains(sign) }
    }
  }

  /// `LEVELS =`, `o.Levels =`, `levels: int =`, `const LEVELS: u32 =`, `"shirt":`
  static func name(before sign: Int, _ code: SourceCode) -> String? {
    let last = sign - 1
    if code.kind(last) == .string { return "\"" + code.text(last) }
    // `public int Minutes { get; set; } = 20;`
    if code.isMark(last, "}"), code.partner[last] > 0, code.isWord(code.partner[last] - 1) {
      return code.text(code.partner[last] - 1)
    }
    guard code.isWord(last), !FactReader.constants.contains(code.text(last)) else { return nil }
    // A type stands between.
    if code.isMark(sign, "="), code.isMark(last - 1, ":"), code.isWord(last - 2) {
      return code.text(last - 2)
    }
    return code.text(last)
  }

  /// What stands from an index on up to the end of the value, if it is made of numbers and units only.
  private static func value(_ start: Int, _ code: SourceCode, inLine: Bool = false) -> Value? {
    var value = Value(numbers: [], shape: "")
    var index = start
    while index < code.tokens.count, index < start + mostTokens {
      let token = code.tokens[index]
      if inLine, token.line != code.tokens[start].line { return value.numbers.isEmpty ? nil : value }
      switch token.kind {
      case .newline: return value.numbers.isEmpty ? nil : value
      case .number, .string:
        // `Decimal("0.19")`
        guard let number = Double(token.text), token.kind == .number || code.isMark(index - 1, "(") else {
          return nil
        }
        value.numbers.append(number)
        value.shape += "§ "
      case .word:
        // `Duration.ofMinutes(20)`, `20 * time.Minute`
        let isUnit =
          token.text.first?.isUppercase == true || code.isMark(index + 1, "(") || code.isMark(index + 1, ".")
          || code.isMark(index - 1, ".")
        let isEnd = ["if", "unless", "end", "then"].contains(token.text)
        if isEnd { return value.numbers.isEmpty ? nil : value }
        guard isUnit || ["new", "time"].contains(token.text) else { return nil }
        value.shape += token.text + " "
      case .mark:
        if [",", ";", ")", "}", "]"].contains(token.text), !isClosing(index, from: start, code) {
          return value.numbers.isEmpty ? nil : value
        }
        guard ["(", ")", "*", ".", "-", "+", ",", "::"].contains(token.text) || isPath(index, code) else {
          return nil
        }
        value.shape += token.text + " "
      }
      index += 1
    }
    return nil
  }

  /// `Duration::from_secs(30)`
  private static func isPath(_ index: Int, _ code: SourceCode) -> Bool {
    code.isMark(index, ":") && (code.isMark(index + 1, ":") || code.isMark(index - 1, ":"))
  }

  /// Whether a mark belongs to a bracket that the value itself opened.
  private static func isClosing(_ index: Int, from start: Int, _ code: SourceCode) -> Bool {
    (start..<index).contains { code.isMark($0, "(") && code.partner[$0] >= index }
  }
}
