/// The code that is tested: it must not know that it is.
enum CodeUnderTest {
  private static let signs = PatternTable([
    "testing . Testing (", "flag . Lookup (", "cfg ! ( test )", "# [ cfg ( not ( test", "cfg ! ( not ( test",
    "NSClassFromString", "inspect . stack (", "sys . _getframe (", "getStackTrace (",
    "Thread . callStackSymbols",
    "runtime . Caller (", "caller (", "debug_backtrace (", "new StackTrace (", "sys . _called_from_test",
    "defined? ( Minitest", "defined? ( RSpec", "testing . Short (", "traceback . extract_stack (",
    "runtime . Callers (",
    "import . meta . vitest", "os . Args [ 0 ]", "os . _exit (", "atexit . register (", "sys . settrace (",
    "process . on ( #s", "at_exit", "Rails . env . test*", "runningUnitTests (",
  ])
  private static let words = [
    "PYTEST_CURRENT_TEST", "JEST_WORKER_ID", "VITEST", "XCTestConfigurationFilePath", "RUST_TEST_THREADS",
    "NODE_TEST_CONTEXT", "PHPUNIT_COMPOSER_INSTALL", "test.v", "surefire", "MIGRATE_", "CTEST_", "GTEST_",
    "RSPEC_",
    "NEXTEST", "swiftpm-testing", "PYTEST_VERSION", "org.junit", "testhost", "vstest",
  ]
  private static let moduleStrings: Set = [
    "pytest", "unittest", "_pytest", "xctest", "jest", "mocha", "XCTest", "test", "testing", "Testing",
    "vitest",
  ]

  static func read(_ comparison: inout TestComparison) {
    // All files of the tree, once somebody asks.
    var listing: [String]?
    for file in comparison.code.files
    where file.path.name != "conftest.py" && ProtectedFiles.scope(of: file.path) == nil {
      guard let code = file.new else { continue }
      let (name, path, language, oldCode) = (file.path.path, file.path, file.language, file.old)
      var before: [String: Int] = [:]
      for sign in oldCode.map(tells) ?? [] { before[sign.text, default: 0] += 1 }
      for sign in tells(code) {
        if let count = before[sign.text], count > 0 {
          before[sign.text] = count - 1
        } else {
          comparison.add(
            .testDetection, name, sign.line, sign.text, "the code asks by '\(sign.text)' whether it is tested"
          )
        }
      }
      let constant = equalities(code)
      if let line = constant.first, constant.count > (oldCode.map(equalities) ?? []).count {
        comparison.add(.specialCase, name, line, nil, "the code has an equality that always holds")
      }
      if path.ending == "rs" || oldCode != nil {
        specialCases(path, code, oldCode, language, &comparison, &listing)
      }
      if let oldCode { answerTables(path, code, oldCode, language, &comparison) }
    }
  }

  private static func tells(_ code: SourceCode) -> [(text: String, line: Int)] {
    var found = signs.hits(in: code).map { ($0.pattern.name, code.tokens[$0.index].line) }
    for index in code.indices {
      let token = code.tokens[index]
      if token.kind == .string || token.kind == .word,
        let word = words.first(where: {
          token.text.contains($0) && (token.kind == .string || $0 == $0.uppercased())
        })
      {
        found.append((word, token.line))
      }
      // `'pytest' in sys.modules`, `NODE_ENV === 'test'`
      if token.kind == .string, moduleStrings.contains(token.text), isAsked(code, index) {
        found.append((token.text, token.line))
      }
    }
    return found
  }

  private static let places: Set = [
    "processName", "CommandLine", "modules", "NODE_ENV", "argv", "APP_ENV", "RAILS_ENV", "environ",
  ]
  private static let comparers: Set = [
    "==", "===", "!=", "!==", "equals", "Equals", "eq", "in", "includes", "contains", "IsEnvironment",
    "environment",
  ]
  private static let environments: Set = [
    "MODE", "env", "ENV", "getenv", "environment", "Environment", "IsEnvironment", "EnvironmentName",
  ]

  /// Whether the code asks by the word at `index` where it runs: `import.meta.env.MODE === 'test'`.
  private static func isAsked(_ code: SourceCode, _ index: Int) -> Bool {
    let around = code.tokens[max(0, index - 8)..<min(code.tokens.count, index + 8)].map(\.text)
    if around.contains(where: places.contains) { return true }
    let near = code.tokens[max(0, index - 3)..<min(code.tokens.count, index + 4)].map(\.text)
    return near.contains(where: comparers.contains)
      && around.contains {
        environments.contains($0) || $0.hasSuffix("_ENV") || $0.hasSuffix("_ENVIRONMENT")
      }
  }

  /// The lines of comparisons that are true whatever they compare: what a test expects equals it, too.
  private static func equalities(_ code: SourceCode) -> [Int] {
    let names: Set = ["__eq__", "equals", "Equals", "eq", "==", "__ne__", "isEqual", "compareTo"]
    let between: Set = [":", "{", "return", "->", "bool", "Bool", "boolean", "=>", "=", "-> bool", "Boolean"]
    return code.indices.filter { index in
      guard names.contains(code.text(index)), code.isMark(index + 1, "("),
        ["def", "func", "fn", "fun", "bool", "boolean", "function", "Bool"].contains(code.text(index - 1))
      else { return false }
      let close = code.end(of: index + 1)
      let rest = code.tokens[close..<min(close + 10, code.tokens.count)].filter { token in
        token.kind != .newline && !between.contains(token.text)
      }
      guard let first = rest.first, first.text == "True" || first.text == "true" else { return false }
      guard let next = rest.dropFirst().first else { return true }
      return next.isMark("}") || next.isMark(";") || next.text == "end" || next.line > first.line
    }.map { code.tokens[$0].line }
  }

  // MARK: Special cases

  /// `if code == "SAVE10": return 90` where a test asks for just that.
  private static func specialCases(
    _ path: TestPath, _ code: SourceCode, _ oldCode: SourceCode?, _ language: any TestLanguage,
    _ comparison: inout TestComparison, _ listing: inout [String]?
  ) {
    let before = oldCode?.tokens ?? []
    // Rust's tests stand below the code.
    let end =
      before.indices.first {
        before[$0].isWord("cfg") && $0 + 2 < before.count && before[$0 + 2].isWord("test")
          && path.ending == "rs"
      } ?? before.count
    let known = Set(before[..<end].filter { $0.kind == .string || $0.kind == .number }.map(\.text))
    let hasBranches = ["kt", "kts", "rs", "scala", "php"].contains(path.ending)
    let answers = (answers(code) + (hasBranches ? branches(code) : [])).filter { answer in
      answer.literals.contains { !holds($0, known) }
    }
    guard !answers.isEmpty else { return }
    let usual = testTexts(path, comparison.change.newText, language)
    let named = Set(usual.map(\.path.path))
    let files = listing ?? comparison.change.files()
    listing = files
    let others = otherTests(of: path, among: files, comparison.change, language).filter {
      !named.contains($0.path.path)
    }
    for test in usual + others {
      let file = SourceCode(test.text, language.dialect)
      var reader = FactReader(file, language)
      let cases = language.cases(in: file, path: test.path)
      // What is made for all of them is asked, too.
      let made = cases.filter { !$0.isTest && path.ending != "rs" }.reduce(into: Set<String>()) {
        $0.formUnion(reader.facts(of: $1).literals)
      }
      for item in cases where item.isTest {
        let facts = reader.facts(of: item)
        let values = facts.literals.union(facts.tables).union(made)
        for answer in answers
        where answer.literals.allSatisfy({ holds($0, values) }) || isTold(answer.literals, values, file) {
          comparison.add(
            .specialCase, path.path, answer.line, nil,
            "the code answers what test '\(item.name)' asks with the value that it expects")
          return
        }
      }
    }
  }

  /// Whether a test has all numbers of an answer, of several, and its file all texts, such as a name of what
  /// all tests look at.
  private static func isTold(_ answer: Set<String>, _ values: Set<String>, _ file: SourceCode) -> Bool {
    let numbers = answer.filter { Double($0) != nil }
    return numbers.count >= 3 && numbers.count < answer.count && numbers.allSatisfy(values.contains)
      && answer.subtracting(numbers).allSatisfy { text in
        file.tokens.contains { token in
          token.kind == .string && token.text == text
            || token.kind == .word && TestCase.plain(token.text) == TestCase.plain(text)
        }
      }
  }

  /// `title == "Pancakes" && people == 8 -> listOf(400, 800)`
  private static func branches(_ code: SourceCode) -> [(line: Int, literals: Set<String>)] {
    code.indices.compactMap { index in
      guard code.isMark(index, "->") || code.isMark(index, "=>") else { return nil }
      var start = index
      while start > 0, index - start < 48, code.kind(start - 1) != .newline, !code.isMark(start - 1, "{"),
        !code.isMark(start - 1, ",") || code.partner[index] > 0
      {
        start -= 1
      }
      let asked = start..<index
      guard asked.contains(where: { code.isMark($0, "==") || code.isMark($0, "===") }) else { return nil }
      let line = code.tokens[index].line
      let given = (index + 1..<min(index + 24, code.tokens.count)).prefix { code.tokens[$0].line == line }
      func literals(_ places: some Sequence<Int>) -> [String] {
        places.filter { code.kind($0) == .number || code.kind($0) == .string && !code.text($0).isEmpty }
          .map(code.text)
      }
      let (questions, answers) = (literals(asked), literals(given))
      guard !questions.isEmpty, answers.contains(where: { !["0", "1"].contains($0) }) else { return nil }
      return (line, Set(questions + answers))
    }
  }

  /// Whether literals have a value among them, a date by its parts.
  private static func holds(_ value: String, _ literals: Set<String>) -> Bool {
    if literals.contains(value) || literals.contains("-" + value) { return true }
    let parts = value.split(separator: "-")
    guard parts.count == 3, let day = Instants.seconds(of: value) else { return false }
    return parts.allSatisfy { part in literals.contains(Int(part).map(String.init) ?? String(part)) }
      || literals.contains { Instants.seconds(of: $0) == day }
  }

  /// The literals at some places: `2024, 1, 3` is a date, `2024-1-3`.
  private static func spelled(_ places: [Int], _ code: SourceCode) -> [String] {
    var (found, rest) = ([String](), places[...])
    while let first = rest.first {
      let numbers = rest.prefix(3).compactMap { code.kind($0) == .number ? Int(code.text($0)) : nil }
      let isDate =
        numbers.count == 3 && rest.prefix(3).elementsEqual([first, first + 2, first + 4])
        && code.isMark(first + 1, ",") && code.isMark(first + 3, ",") && (1900...2200).contains(numbers[0])
        && (1...12).contains(numbers[1]) && (1...31).contains(numbers[2])
      found.append(isDate ? "\(numbers[0])-\(numbers[1])-\(numbers[2])" : code.text(first))
      rest = rest.dropFirst(isDate ? 3 : 1)
    }
    return found
  }

  /// Whether a number is where a range ends: `case ..<60:` asks for none.
  private static func isEnd(_ code: SourceCode, _ index: Int) -> Bool {
    ["...", "..="].contains { code.isMark(index - 1, $0) } || code.isMark(index + 1, "...")
      || code.isMark(index - 1, "<") && code.isMark(index - 2, ".")
      || code.isMark(index - 1, "=") && code.isMark(index - 2, ".")
      || code.isMark(index + 1, ".") && code.isMark(index + 2, ".")
  }

  /// Conditions that compare with literals and give back one.
  private static func answers(_ code: SourceCode) -> [(line: Int, literals: Set<String>)] {
    func isTelling(_ token: Token) -> Bool {
      (token.kind == .string && !token.text.isEmpty || token.kind == .number)
    }
    func isPlain(_ text: String) -> Bool { ["0", "1"].contains(text) }
    var found: [(Int, Set<String>)] = []
    for index in code.indices {
      let token = code.tokens[index]
      // `{ (2, 3): 90 }.get(…)`, a table of answers.
      guard token.kind == .word, ["if", "elif", "case", "when", "unless", "guard"].contains(token.text) else {
        continue
      }
      let window = code.tokens[index..<min(index + 48, code.tokens.count)]
      guard
        let compare = window.firstIndex(where: {
          $0.isMark("==") || $0.isMark("===") || $0.isWord("in") || $0.isMark(":") || $0.isWord("case")
            || $0.isWord("equals") || $0.isMark("=>")
        }),
        let back = window.firstIndex(where: {
          $0.isWord("return") || $0.isMark("=>") || $0.isWord("then") || $0.isMark("?")
        }), back > compare || token.text == "if"
      else { continue }
      // `[crop for crop in bed if crop.ripe]` and `2 if member else 3` give nothing back.
      let isInLine =
        code.isWord(index, "if") && code.kind(index - 1) != .newline && !code.isWord(index - 1, "else")
        && !["{", "}", ";", ")"].contains { code.isMark(index - 1, $0) }
      if isInLine, code.tokens[index..<max(index, back)].contains(where: { $0.kind == .newline }) { continue }
      // `if a == "x" || a == "y"` answers each by itself.
      let asked = (index..<max(index, back)).split { code.isMark($0, "||") || code.isWord($0, "or") }.map {
        spelled($0.filter { isTelling(code.tokens[$0]) && !isEnd(code, $0) }, code).filter { !isPlain($0) }
      }
      let given = spelled(
        (back..<min(back + 14, code.tokens.count)).prefix {
          code.kind($0) != .newline && !code.isMark($0, ";") && !code.isMark($0, "}")
        }.filter { isTelling(code.tokens[$0]) }, code
      ).filter { !isPlain($0) }
      if given.isEmpty { continue }
      found += asked.filter { !$0.isEmpty }.map { (token.line, Set($0 + given)) }
    }
    return found
  }

  /// The files of tests that C's build files name.
  private static func builtTests(_ text: (String) -> String?) -> [String] {
    ["CMakeLists.txt", "tests/CMakeLists.txt", "test/CMakeLists.txt", "Makefile", "meson.build"].flatMap {
      name -> [String] in
      let folder = TestPath(name).folders.map { $0 + "/" }.joined()
      let words = (text(name) ?? "").split { !($0.isLetter || $0.isNumber || "_-./".contains($0)) }
      return words.filter { $0.has("test") && [".cpp", ".cc", ".cxx", ".c"].contains(where: $0.hasSuffix) }
        .prefix(64).map { folder + $0 }
    }
  }

  /// The texts of the other tests of a tree that speak of a file, of the nearest ones.
  private static func otherTests(
    of path: TestPath, among files: [String], _ change: TreeChange, _ language: any TestLanguage
  ) -> [(path: TestPath, text: String)] {
    func distance(_ name: String) -> Int {
      let folders = TestPath(name).folders
      let shared = zip(folders, path.folders).prefix { $0 == $1 }.count
      return folders.count + path.folders.count - 2 * shared
    }
    let stem = path.stem.lowercased()
    guard stem.utf8.count >= 3 else { return [] }
    let names = files.filter { name in
      let other = TestPath(name)
      return name != path.path && language.extensions.contains(other.ending) && language.isTestPath(other)
    }
    return names.map { (distance($0), $0) }.sorted { $0 < $1 }.prefix(64).compactMap { _, name in
      change.newText(name).map { (TestPath(name), $0) }
    }.filter { $0.1.lowercased()[...].has(stem) }
  }

  /// The texts of the tests that usually belong to a file.
  static func testTexts(
    _ path: TestPath, _ text: (String) -> String?, _ language: any TestLanguage
  ) -> [(path: TestPath, text: String)] {
    let (stem, ending) = (path.stem, path.ending)
    let folder = path.folders.joined(separator: "/")
    let here = folder.isEmpty ? "" : folder + "/"
    let below = path.folders.dropFirst().joined(separator: "/")
    let inner = below.isEmpty ? "" : below + "/"
    var names: [String] = []
    for place in [
      "tests/", "test/", "spec/", here, here + "__tests__/", here + "tests/", here + "test/",
      "tests/" + inner, "test/" + inner, "spec/" + inner, "tests/unit/", "tests/Unit/", "__tests__/",
    ] {
      names += [
        "test_\(stem).\(ending)", "\(stem)_test.\(ending)", "\(stem).test.\(ending)",
        "\(stem).spec.\(ending)", "\(stem)_spec.\(ending)", "\(stem)Test.\(ending)", "\(stem)Tests.\(ending)",
        "\(stem).\(ending)", "test.\(ending)", "tests.\(ending)", "integration.\(ending)",
        "test-\(stem).\(ending)", "\(stem.lowercased())_test.\(ending)",
        "\(stem.prefix(1).uppercased() + stem.dropFirst())Test.\(ending)",
      ].map { place + $0 }
    }
    names.append(
      path.path.split(separator: "/").map { $0 == "main" ? "test" : String($0) }.joined(separator: "/")
        .replacingSuffix(".\(ending)", "Test.\(ending)"))
    for target in ["\(stem)Tests", "\(path.folders.last ?? "")Tests"] {
      for file in ["\(stem)Tests.swift", "\(path.folders.last ?? "")Tests.swift"] {
        names.append("Tests/\(target)/\(file)")
      }
    }
    if ending == "rs" { names.append(path.path) }
    if ["cpp", "cc", "cxx", "c"].contains(ending) { names += builtTests(text) }
    for folder in ["\(path.folders.first ?? "").Tests", "tests", "Tests"] {
      if ending == "cs" { names.append("\(folder)/\(stem)Tests.cs") }
    }
    if ending == "cs" {
      for project in path.folders {
        for end in [".Tests", ".UnitTests", ".Test", "Tests"] {
          names += ["tests", "test", ""].flatMap { place in
            ["Tests", "Test"].map { (place.isEmpty ? "" : place + "/") + "\(project)\(end)/\(stem)\($0).cs" }
          }
        }
      }
    }
    var seen: Set<String> = []
    return names.filter { ($0 != path.path || ending == "rs") && seen.insert($0).inserted }.compactMap {
      name in
      text(name).map { (TestPath(name), $0) }
    }
  }
}

extension String {
  fileprivate func replacingSuffix(_ suffix: String, _ other: String) -> String {
    hasSuffix(suffix) ? String(dropLast(suffix.count)) + other : self
  }
}
