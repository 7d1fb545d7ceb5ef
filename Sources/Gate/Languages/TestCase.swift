/// A test of a file, or a function that tests may call.
struct TestCase {
  var name: String
  /// The classes, modules or descriptions around it, from outside.
  var scope: [String] = []
  /// From 1.
  var line: Int
  /// What a runner would call; a helper is only looked at when a test calls it.
  var isTest = true
  /// Why no runner collects it, though it reads like a test.
  var hidden: String?
  /// Attributes, decorators, parameters.
  var head: Range<Int>
  var body: Range<Int>
  /// Whether the block is one of indentation.
  var isIndented = false
  /// Attributes of the classes around it.
  var scopeHeads: [Range<Int>] = []
  /// The marks at it, around it and in it.
  var marks: [TestFile.Mark] = []
  /// Set when a mark keeps it from running.
  var skip: Mark?
  var facts = TestFacts()

  struct Mark: Hashable {
    var text: String
    var line: Int
  }

  /// For comparing across files and languages: without case and `_`, without `test` in front.
  var key: String {
    let plain = TestCase.plain(name)
    return plain.hasPrefix("test") && plain.utf8.count > 4 ? String(plain.dropFirst(4)) : plain
  }

  static func plain(_ name: String) -> String {
    String(name.lowercased().filter { $0.isLetter || $0.isNumber })
  }

  var fullName: String { (scope + [name]).joined(separator: ".") }
}

/// One assertion that is reached when its test runs.
struct Assertion: Hashable {
  var line: Int
  var name: String
  /// The statement with its literals taken out.
  var shape: String
  var literals: [String]
  var words: Set<String>
  /// 3: compares with an exact value, 2: with a kind or a part of it, 1: only that there is something, 0: nothing.
  var strength: Int
  var isNegative: Bool
  /// The wide exceptions and tolerances it names.
  var looseness: Set<String>
}

/// What a test's text says about how much it proves.
struct TestFacts {
  var assertions: [Assertion] = []
  /// Every literal of head and body.
  var literals: Set<String> = []
  /// Literals in lists: parameters and tables.
  var tables: [String] = []
  var words: Set<String> = []
  /// What it calls.
  var calls: Set<String> = []
  /// Places that catch what an assertion throws, and go on.
  var swallows = 0
  /// Statements after which nothing is reached.
  var earlyEnd: (line: Int, text: String)?

  /// Those that can fail.
  var effective: [Assertion] { assertions.filter { $0.strength > 0 } }
}

/// Reads the facts of one stretch of code.
struct FactReader {
  let code: SourceCode
  let language: any TestLanguage
  private var dead: [Range<Int>] = []

  init(_ code: SourceCode, _ language: any TestLanguage) {
    self.code = code
    self.language = language
  }

  mutating func facts(of test: TestCase) -> TestFacts {
    var facts = TestFacts()
    dead = []
    findDead(in: test, &facts)
    readTokens(test.head, &facts)
    readTokens(test.body, &facts)
    facts.tables = tables(in: test)
    facts.swallows = swallows(in: test.body)
    let voids = Set(language.voids.hits(in: code, test.body).map { code.tokens[$0.index].line })
    readAssertions(test.head, voids, &facts)
    readAssertions(test.body, voids, &facts)
    return facts
  }

  private func readTokens(_ range: Range<Int>, _ facts: inout TestFacts) {
    for index in range {
      let token = code.tokens[index]
      switch token.kind {
      case .string, .number:
        facts.literals.insert(token.text)
        if token.kind == .string { facts.literals.formUnion(FactReader.pieces(token.text)) }
      case .word:
        facts.words.insert(TestCase.plain(token.text))
        if FactReader.constants.contains(token.text) { facts.literals.insert(token.text.lowercased()) }
        if code.isMark(index + 1, "(") || code.isMark(index + 1, "!"), !isDeclared(index) { facts.calls.insert(token.text) }
        // Ruby calls without brackets.
        if language.dialect.hasRubyBlocks, code.kind(index - 1) == .newline, code.kind(index + 1) != .mark { facts.calls.insert(token.text) }
      case .mark, .newline: break
      }
    }
  }

  /// Tables that stand in one string, such as JUnit's `@CsvSource`.
  private static func pieces(_ text: String) -> [String] {
    guard text.utf8.count < 400, text.contains(",") || text.contains("|") || text.contains("\t") else { return [] }
    return text.split { ",|\t\n".contains($0) }.map { piece in
      let plain = String(Substring(piece).trimmed)
      return plain.first?.isNumber == true ? Lexer.plainNumber(plain) : plain
    }
  }

  static let constants: Set = ["True", "False", "None", "true", "false", "nil", "null", "undefined", "nullptr", "NULL"]

  // MARK: Assertions

  private func readAssertions(_ range: Range<Int>, _ voids: Set<Int>, _ facts: inout TestFacts) {
    var index = range.lowerBound
    while index < range.upperBound {
      if let end = dead.first(where: { $0.contains(index) })?.upperBound {
        index = max(index + 1, end)
        continue
      }
      guard let site = language.assertion(in: code, at: index), !isDeclared(index) else {
        index += 1
        continue
      }
      var found = assertion(site)
      if voids.contains(found.line) { found.strength = 0 }
      facts.assertions.append(found)
      // What an assertion's block holds is looked at too; what is chained to it is part of it.
      index = nested(site) ?? max(index + 1, min(site.range.upperBound, range.upperBound))
    }
  }

  private func nested(_ site: AssertionSite) -> Int? {
    if site.isReversed { return nil }
    return site.range.first { code.isMark($0, "{") || code.isMark($0, "=>") }.flatMap { brace in
      code.tokens[brace..<site.range.upperBound].contains { AssertionWords.begins($0.text) && $0.kind == .word }
        ? brace + 1 : nil
    }
  }

  /// `def assertTotal(…)` declares one and does not call it.
  private func isDeclared(_ index: Int) -> Bool {
    ["def", "func", "fn", "function", "fun", "import", "class", "struct", "void"].contains(code.text(index - 1))
  }

  private func assertion(_ site: AssertionSite) -> Assertion {
    let skipped = messageTokens(site)
    var (shape, literals, words, names) = ("", [String](), Set<String>(), [String]())
    var (hasEquality, isNegative, throwsAnything) = (false, site.isReversed, false)
    var looseness: Set<String> = []
    for index in site.range where !skipped.contains(index) {
      let token = code.tokens[index]
      switch token.kind {
      case .newline: continue
      case .string, .number:
        literals.append(token.text)
        shape += "§ "
      case .word where FactReader.constants.contains(token.text):
        literals.append(token.text.lowercased())
        shape += "§ "
      case .word:
        if AssertionWords.begins(token.text) || code.isMark(index - 1, ".") && code.isMark(index + 1, "(")
          || index == site.range.lowerBound || AssertionWords.isMatcher(token.text)
        {
          names.append(token.text)
        }
        if !AssertionWords.isOwn(token.text) { words.insert(TestCase.plain(token.text)) }
        if token.text == "not" || token.text == "is" && code.isWord(index + 1, "not") { isNegative.toggle() }
        if token.text.lowercased().hasPrefix("not") || token.text.contains("Not") || token.text.hasPrefix("refute")
          || token.text.contains("False") || token.text.contains("_not_") || token.text.hasPrefix("wont_")
          || token.text.hasSuffix("_ne") || token.text.hasSuffix("_NE") || token.text.hasSuffix("FALSE")
        {
          if token.text != "not", token.text != "NotFound" { isNegative.toggle() }
        }
        if FactReader.throwing.contains(token.text), !code.isMark(index + 1, "(") && token.text.contains("_") || code.isMark(index + 2, ")") && code.isMark(index + 1, "(") { throwsAnything = true }
        if FactReader.wide.contains(token.text) { looseness.insert(token.text) }
        shape += token.text + " "
      case .mark:
        if token.text == "==" || token.text == "===" { hasEquality = true }
        if token.text == "!=" || token.text == "!==" {
          isNegative.toggle()
          if site.isReversed { hasEquality = true }
        }
        if token.text == "!", !code.isWord(index - 1) || code.tokens[index - 1].text == "return" { isNegative.toggle() }
        shape += token.text + " "
      }
    }
    if let open = site.arguments, let third = code.arguments(of: open).dropFirst(2).first, third.count <= 2,
      code.tokens[third].contains(where: { $0.kind == .number }), AssertionWords.strength([site.name], hasEquality: false) == 3
    {
      looseness.insert("a tolerance")
    }
    var strength = AssertionWords.strength(names, hasEquality: hasEquality)
    if words.isEmpty && !FactReader.expectations.contains(site.name) || isTautology(site) { strength = 0 }
    // What throws anything at all says little.
    if throwsAnything { strength = min(strength, 2) }
    if site.name == "should_panic", !literals.isEmpty { strength = 3 }
    return Assertion(
      line: code.tokens[site.range.lowerBound].line, name: site.name, shape: shape, literals: literals, words: words,
      strength: strength, isNegative: isNegative, looseness: looseness)
  }

  private static let throwing: Set = ["toThrow", "toThrowError", "raise_error", "toThrowErrorMatchingSnapshot"]

  /// Assertions that need no name of what they are about.
  private static let expectations: Set = ["should_panic", "throws", "raises", "fail", "flunk", "panic", "record"]

  private static let wide: Set = [
    "should_panic",
    "Exception", "BaseException", "Throwable", "RuntimeException", "StandardError", "approx", "ANY", "anything", "any",
    "closeTo", "toBeCloseTo", "isclose", "NEAR", "EXPECT_NEAR", "ASSERT_NEAR", "InDelta", "accuracy", "within",
    "assertAlmostEqual", "anyOf", "oneOf", "assertIn", "Any", "toBeOneOf", "ignore_case", "lower", "toLowerCase",
    "or",
  ]

  /// What an assertion only says when it fails: the string beside the arguments that it compares.
  private func messageTokens(_ site: AssertionSite) -> Range<Int> {
    if let open = site.arguments {
      let parts = code.arguments(of: open)
      guard parts.count >= 2 else { return 0..<0 }
      func isMessage(_ part: Range<Int>) -> Bool {
        code.tokens[part].first { $0.kind != .newline }?.kind == .string && !code.tokens[part].contains { $0.isMark("==") }
      }
      let takesTwo = AssertionWords.strength([site.name], hasEquality: false) == 3
      if parts.count >= (takesTwo ? 3 : 2), let last = parts.last, isMessage(last) { return last }
      if parts.count >= 3, isMessage(parts[0]), takesTwo { return parts[0] }
      return 0..<0
    }
    // Python's `assert x, "message"`.
    guard site.name == "assert" || site.name == "refute" else { return 0..<0 }
    var index = site.range.lowerBound
    while index < site.range.upperBound {
      if code.isMark(index, ",") { return index..<site.range.upperBound }
      index = code.partner[index] > index ? code.partner[index] + 1 : index + 1
    }
    return 0..<0
  }

  /// Compares a thing with itself.
  private func isTautology(_ site: AssertionSite) -> Bool {
    func same(_ one: ArraySlice<Token>, _ other: ArraySlice<Token>) -> Bool {
      let (left, right) = (one.filter { $0.kind != .newline }.map(\.text), other.filter { $0.kind != .newline }.map(\.text))
      return !left.isEmpty && left == right
    }
    if let open = site.arguments {
      let parts = code.arguments(of: open)
      if parts.count >= 2, same(code.tokens[parts[0]], code.tokens[parts[1]]) { return true }
      // `expect(x).toBe(x)`
      let after = code.end(of: open)
      if parts.count == 1, code.isMark(after, "."),
        let second = (after..<min(after + 8, code.tokens.count)).first(where: { code.isMark($0, "(") }),
        same(code.tokens[parts[0]], code.tokens[(second + 1)..<max(second + 1, code.end(of: second) - 1)])
      {
        return true
      }
    }
    let inside = site.arguments.map { ($0 + 1)..<max($0 + 1, code.end(of: $0) - 1) } ?? (site.range.lowerBound + 1)..<site.range.upperBound
    guard inside.lowerBound < inside.upperBound,
      let equals = inside.first(where: { code.isMark($0, "==") || code.isMark($0, "===") })
    else { return false }
    return same(code.tokens[inside.lowerBound..<equals], code.tokens[(equals + 1)..<inside.upperBound])
  }

  // MARK: What is not reached

  private mutating func findDead(in test: TestCase, _ facts: inout TestFacts) {
    let body = test.body
    guard !body.isEmpty else { return }
    // The depth of the body's own statements.
    let base = code.tokens[body].first { $0.kind != .newline }?.indentation ?? 0
    findUncalled(in: test)
    var index = body.lowerBound
    if !test.isIndented, let open = body.first(where: { code.isMark($0, "{") }), code.partner[open] > open {
      index = open + 1
    }
    var isStart = true
    while index < body.upperBound {
      let token = code.tokens[index]
      if token.kind == .newline || token.isMark(";") {
        isStart = true
        index += 1
        continue
      }
      if isStart, token.kind == .word, !test.isIndented || token.indentation <= base, ends(index, body) {
        let end = code.statementEnd(from: index)
        let rest = min(end, body.upperBound)..<body.upperBound
        if code.tokens[rest].contains(where: { $0.kind == .word }) {
          facts.earlyEnd = (token.line, token.text)
          dead.append(rest)
        }
        return
      }
      if let block = constantBlock(index, test.isIndented), block.upperBound <= body.upperBound { dead.append(block) }
      isStart = token.isMark("{") || token.isMark("}")
      index = code.partner[index] > index && !token.isMark("{") ? code.partner[index] + 1
        : code.isMark(index, "{") && code.partner[index] > index ? skipBlock(index) : index + 1
    }
  }

  /// Functions inside of a test that nothing in it names again.
  private mutating func findUncalled(in test: TestCase) {
    for index in test.body where ["def", "function", "func", "fn", "fun"].contains(code.text(index)) && code.isWord(index) {
      let name = code.text(index + 1)
      guard code.isWord(index + 1), code.isMark(index + 2, "(") else { continue }
      let block: Range<Int>
      if test.isIndented {
        block = code.indentedBlock(after: index, deeperThan: code.tokens[index].indentation)
      } else if let open = code.brace(from: index + 2) {
        block = open..<code.end(of: open)
      } else {
        continue
      }
      let isNamed = test.body.contains { code.isWord($0, name) && $0 != index + 1 && !block.contains($0) }
      let isAttributed = code.isMark(code.previous(before: index), "]") || code.isMark(index - 1, ")")
      if !isNamed, !isAttributed { dead.append(block) }
    }
  }

  private mutating func skipBlock(_ index: Int) -> Int {
    // Constant conditions may stand deeper, too.
    let end = code.end(of: index)
    for inner in index..<min(end, code.tokens.count) {
      if let block = constantBlock(inner, false), block.upperBound <= end { dead.append(block) }
    }
    return end
  }

  /// Whether the statement at `index` always leaves the test.
  private func ends(_ index: Int, _ body: Range<Int>) -> Bool {
    // `return expect(…)` and `return if x` go on, in a way.
    let end = min(code.statementEnd(from: index), body.upperBound)
    let statement = code.tokens[index..<max(index + 1, end)]
    switch code.text(index) {
    case "if":
      let text = statement.map(\.text).joined()
      return ["if(true)return", "iftrue{return", "ifTrue:return", "if1:return", "if(1)return", "if(true){return"].contains { text.hasPrefix($0) }
    case "return":
      return !statement.dropFirst().contains {
        $0.kind == .word && (AssertionWords.begins($0.text) || ["if", "unless", "new", "await"].contains($0.text))
      }
    case "raise", "throw": return !statement.dropFirst().contains { ["if", "unless"].contains($0.text) }
    case "exit", "sys", "os", "process", "System", "next":
      let text = statement.map(\.text).joined()
      return ["exit(", "sys.exit(", "os._exit(", "process.exit(", "System.exit(", "os.Exit("].contains { text.hasPrefix($0) }
        || text == "next"
    default: return false
    }
  }

  /// `if False:`, `if (false) {`, `while false`, `for x in []`: the block that is never run.
  private func constantBlock(_ index: Int, _ isIndented: Bool) -> Range<Int>? {
    guard code.isWord(index), ["if", "while", "for", "foreach", "unless"].contains(code.text(index)) else { return nil }
    var condition: [String] = []
    var position = index + 1
    while position < code.tokens.count, condition.count < 8 {
      let token = code.tokens[position]
      if token.kind == .newline || token.isMark("{") || token.isMark(":") { break }
      if !(token.isMark("(") || token.isMark(")")) { condition.append(token.text) }
      position += 1
    }
    let text = condition.joined(separator: " ")
    let never: Bool
    switch code.text(index) {
    case "if", "while":
      never = ["False", "false", "0", "None", "nil", "null", "TYPE_CHECKING", "not True", "! true", "! 1", "[ ]", "1 == 2", "1 > 2", "1 === 2", "1 == 0"].contains(text)
        || text.hasPrefix("False and ") || text.hasPrefix("false && ") || text.hasPrefix("0 and ")
    case "unless": never = text == "true"
    default: never = text.hasSuffix("in [ ]") || text.hasSuffix("of [ ]") || text.hasSuffix("in") && code.isMark(position, "(") || text.hasSuffix("in 0 ..")
    }
    guard never else { return nil }
    if isIndented || code.isMark(position, ":") {
      return code.indentedBlock(after: index, deeperThan: code.tokens[index].indentation)
    }
    if let open = code.brace(from: index) { return open..<code.end(of: open) }
    return nil
  }

  // MARK: Tables and swallowed failures

  /// The literals that stand in lists of at least two, such as parameters.
  private func tables(in test: TestCase) -> [String] {
    var found: [String] = []
    for range in [test.head, test.body] { found += FactReader.listLiterals(code, range) }
    return found
  }

  static func listLiterals(_ code: SourceCode, _ range: Range<Int>) -> [String] {
    var found: [String] = []
    var index = range.lowerBound
    while index < range.upperBound {
      let isList = code.isMark(index, "[") || code.isMark(index, "{") || code.isMark(index, "(")
      if isList, code.partner[index] > index, code.partner[index] < range.upperBound {
        let inner = (index + 1)..<code.partner[index]
        let isCall = code.isMark(index, "(") && code.isWord(index - 1) || code.isMark(index, "[") && (code.isWord(index - 1) || code.isMark(index - 1, "]") || code.isMark(index - 1, ")"))
        let holdsOnlyData = !code.tokens[inner].contains {
          $0.isMark(";") || $0.isMark("=") || $0.isMark("=>") || $0.isMark(":=") || $0.isMark("!=") || $0.isMark("==") || $0.isWord("if") || $0.isWord("for") || $0.isMark("->") || $0.isWord("return")
            || $0.isWord("assert") || $0.isWord("def")
        }
        let literals = code.tokens[inner].filter { $0.kind == .number || $0.kind == .string || constants.contains($0.text) }
        if !isCall, holdsOnlyData, literals.count >= 2, code.tokens[inner].contains(where: { $0.isMark(",") }) {
          found += literals.map { constants.contains($0.text) ? $0.text.lowercased() : $0.text }
          index = code.partner[index] + 1
          continue
        }
      }
      index += 1
    }
    return found
  }

  /// Places that catch everything, or what an assertion throws, and do not pass it on.
  private func swallows(in range: Range<Int>) -> Int {
    var count = 0
    for index in range where code.isWord(index) {
      switch code.text(index) {
      case "except", "rescue":
        let line = code.tokens[index..<min(index + 12, range.upperBound)].prefix { $0.kind != .newline && !$0.isMark(":") }
        let names = line.dropFirst().filter { $0.kind == .word && $0.text != "as" }.map(\.text)
        let isWide = names.isEmpty || names.contains { ["Exception", "BaseException", "AssertionError", "StandardError", "AssertionFailedError", "Assertion"].contains($0) }
        let block = code.tokens[index..<min(range.upperBound, index + 60)].dropFirst(line.count)
        let passesOn = block.prefix(30).contains { ["raise", "fail", "skip", "assert", "flunk"].contains($0.text) || AssertionWords.begins($0.text) && $0.kind == .word }
        if isWide && !passesOn { count += 1 }
      case "catch":
        if code.isMark(index - 1, ".") {
          count += 1
          continue
        }
        let open = (index..<min(index + 14, range.upperBound)).first { code.isMark($0, "{") }
        guard let open else { continue }
        let header = code.tokens[index..<open].map(\.text)
        let isNarrow = header.contains { $0.hasSuffix("Exception") && !["Exception", "RuntimeException"].contains($0) }
        let block = code.tokens[open..<min(code.end(of: open), range.upperBound)]
        let passesOn = block.contains { ["throw", "fail", "raise", "done"].contains($0.text) || AssertionWords.begins($0.text) && $0.kind == .word }
        if !isNarrow && !passesOn { count += 1 }
      case "suppress", "catch_unwind", "recover": if code.isMark(index + 1, "(") { count += 1 }
      default: break
      }
    }
    return count
  }
}
