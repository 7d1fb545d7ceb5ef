/// Tables of answers in the code under test.
extension CodeUnderTest {
  /// `if rolls in SEEN { return SEEN[rolls] }` where the table holds what the tests expect, and is new.
  static func answerTables(
    _ path: TestPath, _ code: SourceCode, _ oldCode: SourceCode, _ language: any TestLanguage,
    _ comparison: inout TestComparison
  ) {
    let known = Set(oldCode.tokens.filter { $0.kind == .string || $0.kind == .number }.map(\.text))
    let tables = tables(code).filter { table in table.values.contains { !known.contains($0) } }
    guard !tables.isEmpty else { return }
    // Tests that were there before the table was: a new table and its own tests come together.
    let expected = testTexts(path, comparison.change.oldText, language).reduce(into: Set<String>()) {
      all, test in
      let file = SourceCode(test.text, language.dialect)
      var reader = FactReader(file, language)
      for item in language.cases(in: file, path: test.path) where item.isTest {
        let facts = reader.facts(of: item)
        all.formUnion(facts.literals)
        all.formUnion(facts.tables)
      }
    }
    for table in tables where table.values.allSatisfy(expected.contains) {
      comparison.add(
        .specialCase, path.path, table.line, nil, "the code looks up the values that its tests expect")
      return
    }
  }

  /// The values of tables that a condition asks and that are given back as they are.
  private static func tables(_ code: SourceCode) -> [(line: Int, values: [String])] {
    (code.places["if"] ?? []).compactMap { index in
      let window = index..<min(index + 48, code.tokens.count)
      if let table = looked(up: window, code) {
        return values(of: table, code).map { (code.tokens[index].line, $0) }
      }
      guard let back = window.first(where: { code.isWord($0, "return") }) else { return nil }
      let condition = (index + 1)..<back
      guard let name = code.isWord(back + 1) ? code.text(back + 1) : nil else { return nil }
      // `if let known = [1: 2.0][attempt] { return known }`
      let open = condition.first { place in
        ["[", "{"].contains(code.text(place)) && code.partner[place] > place && code.partner[place] < back
          && (code.isMark(code.end(of: place), "[") || code.isMark(code.end(of: place), "."))
          && code.tokens[place..<code.partner[place]].contains { $0.isMark(":") }
      }
      if let open, condition.contains(where: { code.isWord($0, name) }) {
        return values(of: open, code).map { (code.tokens[index].line, $0) }
      }
      guard condition.contains(where: { code.isWord($0, name) }),
        code.isMark(back + 2, "[") || code.isMark(back + 2, "."), let table = bound(name, code)
      else { return nil }
      return values(of: table, code).map { (code.tokens[index].line, $0) }
    }
  }

  /// The table of `if title == "Leek soup" { grams = leek[portions] }`.
  private static func looked(up window: Range<Int>, _ code: SourceCode) -> Int? {
    guard
      let open = window.first(where: { code.isMark($0, "{") || code.isMark($0, ":") }),
      window.prefix(while: { $0 < open }).contains(where: { place in
        code.kind(place) == .string && (code.isMark(place - 1, "==") || code.isMark(place - 1, "==="))
      })
    else { return nil }
    let body = (open + 1)..<min(open + 12, code.tokens.count)
    guard
      let name = body.first(where: { place in
        code.isMark(place, "=") && code.isWord(place + 1) && code.isMark(place + 2, "[")
      })
    else { return nil }
    return bound(code.text(name + 1), code)
  }

  /// The bracket of the table that a name is bound to.
  private static func bound(_ name: String, _ code: SourceCode) -> Int? {
    for place in (code.places[name] ?? []).prefix(64) {
      guard
        let equals = (place + 1..<min(place + 14, code.tokens.count)).first(where: {
          code.isMark($0, "=") || code.isMark($0, ":=") || code.kind($0) == .newline || code.isMark($0, ";")
            || code.isMark($0, ")")
        }), code.isMark(equals, "=") || code.isMark(equals, ":=")
      else { continue }
      let open = (equals + 1..<min(equals + 12, code.tokens.count)).first {
        (code.isMark($0, "{") || code.isMark($0, "[")) && code.partner[$0] > $0 + 1
          // `map[int]float64{8: 1200}`
          && !(code.isMark($0, "[") && code.isWord($0 - 1, "map"))
      }
      if let open { return open }
    }
    return nil
  }

  /// What a table gives for its keys.
  private static func values(of open: Int, _ code: SourceCode) -> [String]? {
    let inner = (open + 1)..<code.partner[open]
    let values = inner.filter { place in
      let token = code.tokens[place]
      guard token.kind == .number || token.kind == .string, !token.text.isEmpty else { return false }
      return code.isMark(place - 1, ":") || code.isMark(place - 1, "=>")
    }.map(code.text).filter { $0 != "0" && $0 != "1" }
    return values.isEmpty ? nil : values
  }
}
