/// Units that the code newly converts to: it multiplies or divides by what parts two of them.
///
/// A test that expected `95` and expects `5700` follows code that has `* 60` now. Only factors between units
/// count, so that a number that somebody made up explains nothing, and only where the code's own words tell
/// of another unit: else it may be a mistake.
struct ChangedScales {
  /// A new value is the old one times `factor` and `offset` more.
  private struct Map: Hashable {
    var factor: Double
    var offset: Double
  }

  private var maps: Set<Map> = []
  var isEmpty: Bool { maps.isEmpty }

  private static let units =
    Units.factors + [
      24, 86_400, 7, 12, 1_000_000, 60_000, 3.6, 1.609344, 1.609, 0.621371, 2.20462, 2.54, 0.3048,
    ]

  init(_ code: ChangedCode) {
    for file in code.files {
      guard let old = file.old, let new = file.new else { continue }
      let isMixed = file.path.ending == "rs"
      if let factor = ChangedScales.common(old, new, isMixed) { maps.insert(Map(factor: factor, offset: 0)) }
      guard ChangedScales.tellsUnits(old, new) else { continue }
      var left = ChangedScales.chains(old, isMixed).reduce(into: [Map: Int]()) { $0[$1, default: 0] += 1 }
      var came: Set<Map> = []
      for map in ChangedScales.chains(new, isMixed) {
        if let count = left[map], count > 0 { left[map] = count - 1 } else { came.insert(map) }
      }
      maps.formUnion(came.filter(ChangedScales.isOfUnits))
      // `/ 60` became `/ 3600`.
      let gone = left.filter { $0.value > 0 && $0.key.offset == 0 }.keys
      guard gone.count <= 8, came.count <= 8 else { continue }
      for (one, other) in gone.flatMap({ one in came.map { (one, $0) } }) where other.offset == 0 {
        let map = Map(factor: other.factor / one.factor, offset: 0)
        if ChangedScales.isOfUnits(map) { maps.insert(map) }
      }
    }
  }

  /// The factor between units by which all numbers of a file are others, of at least two.
  private static func common(_ old: SourceCode, _ new: SourceCode, _ isMixed: Bool) -> Double? {
    func numbers(_ code: SourceCode) -> Set<Double> {
      let tokens = code.tokens[..<ExplainedChange.end(of: code, isMixed)]
      return Set(
        tokens.filter { $0.kind == .number }.compactMap { Double(Lexer.plainNumber($0.text)) })
    }
    let (before, after) = (numbers(old), numbers(new))
    let gone = before.subtracting(after).filter { $0 != 0 }
    let came = after.subtracting(before)
    guard gone.count >= 2, gone.count < 256 else { return nil }
    return units.flatMap { [$0, 1 / $0] }.first { factor in
      gone.allSatisfy { number in
        came.contains { abs($0 - number * factor) <= 1e-9 * abs(number * factor) }
      }
    }
  }

  private static let names: Set = [
    "second", "seconds", "sec", "secs", "minute", "minutes", "min", "mins", "hour", "hours", "day", "days",
    "ms",
    "millis", "milliseconds", "micros", "nanos", "s", "h", "cent", "cents", "euro", "euros", "eur", "dollars",
    "pence", "pounds", "g", "kg", "mg", "gram", "grams", "kilo", "kilos", "kilogram", "kilograms", "ton",
    "tons",
    "tonne", "tonnes", "t", "m", "km", "cm", "mm", "metre", "metres", "meter", "meters", "kilometre",
    "kilometres", "kilometers", "centimetres", "centimeters", "mile", "miles", "inch", "inches", "feet", "l",
    "ml", "litre", "litres", "liter", "liters", "celsius", "fahrenheit", "kelvin", "c", "f", "k", "percent",
    "byte", "bytes", "kb", "mb", "kib", "mib", "kmh", "kph", "mph", "knots", "weeks", "months", "years", "wh",
    "kwh", "watt", "watts", "hpa", "bar",
  ]

  /// Whether the words of names and texts that are on one side only speak of units.
  private static func tellsUnits(_ old: SourceCode, _ new: SourceCode) -> Bool {
    func words(_ code: SourceCode) -> Set<String> {
      Set(
        code.tokens.filter { $0.kind == .word || $0.kind == .string && $0.text.utf8.count < 400 }.map(\.text))
    }
    func parts(_ text: String) -> [String] {
      var (found, current) = ([String](), "")
      for character in text {
        if !character.isLetter || character.isUppercase && current.last?.isLowercase == true {
          if !current.isEmpty { found.append(current.lowercased()) }
          current = ""
        }
        if character.isLetter { current.append(character) }
      }
      return current.isEmpty ? found : found + [current.lowercased()]
    }
    let (before, after) = (words(old), words(new))
    return before.symmetricDifference(after).contains { text in
      parts(text).contains { names.contains($0) && ($0.utf8.count > 1 || text.contains { !$0.isLetter }) }
    }
  }

  private static func isOfUnits(_ map: Map) -> Bool {
    func isNear(_ one: Double, _ other: Double) -> Bool { abs(one - other) < 1e-6 * abs(other) }
    // Degrees.
    if isNear(map.factor, 1.8), map.offset == 32 { return true }
    if isNear(map.factor, 1), isNear(abs(map.offset), 273.15) { return true }
    return map.offset == 0
      && units.contains { isNear(map.factor, $0) || isNear(1 / map.factor, $0) }
  }

  /// `celsius * 9.0 / 5.0 + 32.0`: what each run of factors and sums makes of what stands before it, or, of a
  /// single product, behind it.
  private static func chains(_ code: SourceCode, _ isMixed: Bool) -> [Map] {
    let end = ExplainedChange.end(of: code, isMixed)
    func number(_ place: Int) -> Double? {
      guard place < end, code.kind(place) == .number else { return nil }
      return Double(code.text(place).filter { $0 != "_" })
    }
    var found: [Map] = []
    var index = 1
    while index < end {
      var (map, place, length) = (Map(factor: 1, offset: 0), index, 0)
      while place < end, ["*", "/", "//", "+", "-"].contains(code.text(place)), code.kind(place) == .mark,
        let value = number(place + 1), value != 0
      {
        switch code.text(place) {
        case "*": map = Map(factor: map.factor * value, offset: map.offset * value)
        case "/", "//": map = Map(factor: map.factor / value, offset: map.offset / value)
        case "+": map.offset += value
        default: map.offset -= value
        }
        length += 1
        place += 2
      }
      if length > 0 {
        found.append(map)
        index = place
      } else {
        if let value = number(index), code.isMark(index + 1, "*"), number(index + 2) == nil, value != 0 {
          found.append(Map(factor: value, offset: 0))
        }
        index += 1
      }
    }
    return found
  }

  /// Whether a number, or a text with numbers in it, is told in the other unit. `isSaid` tells whether the
  /// code wrote one word and writes another.
  func explains(_ old: String, by fresh: [String], isSaid: ([Substring], [Substring]) -> Bool) -> Bool {
    guard !maps.isEmpty, old.utf8.count < 400, fresh.count < 256, let parts = ChangedNumbers.parts(old) else {
      return false
    }
    func words(_ all: [String]) -> [Substring] { all.flatMap { $0.split { !$0.isLetter } } }
    return fresh.contains { text in
      guard text != old, let others = ChangedNumbers.parts(text), others.numbers.count == parts.numbers.count,
        words(parts.words) == words(others.words) || isSaid(words(parts.words), words(others.words))
      else { return false }
      return maps.contains { map in
        zip(parts.numbers, others.numbers).allSatisfy { ChangedScales.isMapped($0, $1, by: map) }
      }
    }
  }

  private static func isMapped(_ old: String, _ new: String, by map: Map) -> Bool {
    guard let was = Double(old), let now = Double(new) else { return false }
    func half(_ text: String) -> Double {
      let places = text[...].after(".")?.utf8.count ?? 0
      return places == 0 ? 0 : (0..<places).reduce(0.5) { half, _ in half / 10 }
    }
    let wanted = was * map.factor + map.offset
    // A whole number may be one that was rounded, where the old one was none.
    let slack = half(new) + half(old) * map.factor + (new.contains(".") || !old.contains(".") ? 0 : 0.5)
    return abs(wanted - now) <= slack + 1e-9 * abs(wanted)
  }
}
