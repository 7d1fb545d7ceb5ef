/// ScalaTest and munit, whose tests are named by strings: `test("adds") { … }`, `it should "add" in { … }`.
struct ScalaSpecs {
  private(set) var found: [TestCase] = []

  init(_ code: SourceCode) {
    let types = code.types(["class", "object", "trait"])
    for index in code.indices where code.isWord(index) {
      guard let (name, head, body) = ScalaSpecs.test(at: index, code) else { continue }
      let around = types.filter { $0.body.contains(index) }
      var test = TestCase(
        name: name, scope: around.map(\.name), line: code.tokens[index].line, head: head, body: body)
      test.scopeHeads = around.map { code.attributes(before: $0.keyword)..<$0.keyword }
      let stop = ScalaSpecs.stop(in: body, code)
      let isMarked =
        code.isMark(index + 1, "(")
        && (index + 2..<code.end(of: index + 1)).contains {
          ["ignore", "fail", "pending", "Ignore", "Fail"].contains(code.text($0)) && code.isWord($0)
        }
      if code.isWord(index, "ignore") || stop != nil || isMarked {
        test.skip = TestCase.Mark(text: stop.map(code.text) ?? "ignore", line: code.tokens[index].line)
      }
      found.append(test)
    }
  }

  private static func test(at index: Int, _ code: SourceCode) -> (String, Range<Int>, Range<Int>)? {
    let word = code.text(index)
    if ["test", "ignore", "property"].contains(word), code.isMark(index + 1, "("),
      code.kind(index + 2) == .string,
      !code.isMark(index - 1, ".")
    {
      let close = code.end(of: index + 1)
      return block(close, index, code).map { (code.text(index + 2), index..<$0.lowerBound, $0) }
    }
    if ["in", "ignore"].contains(word), code.kind(index - 1) == .string {
      var start = index - 1
      while start > 0, code.kind(start - 1) != .newline, !code.isMark(start - 1, "{") { start -= 1 }
      return block(index + 1, start, code).map { (code.text(index - 1), start..<$0.lowerBound, $0) }
    }
    return nil
  }

  /// The block that begins at `open`, in braces or by its indentation.
  private static func block(_ open: Int, _ start: Int, _ code: SourceCode) -> Range<Int>? {
    if code.isMark(open, "{") { return open..<code.end(of: open) }
    guard code.isMark(open, ":"), code.kind(open + 1) == .newline else { return nil }
    return code.indentedBlock(after: open, deeperThan: code.tokens[start].indentation)
  }

  /// What ends a test without failing it, as a statement of its own.
  private static func stop(in body: Range<Int>, _ code: SourceCode) -> Int? {
    body.first { place in
      guard code.isWord(place), code.kind(place - 1) == .newline || code.isMark(place - 1, "{") else {
        return false
      }
      if ["pending", "cancel", "pendingUntilFixed"].contains(code.text(place)) {
        return !code.isMark(place + 1, "=")
      }
      return code.isWord(place, "assume") && code.isMark(place + 1, "(")
    }
  }
}

/// Spock, whose features are methods that strings name, and whose conditions are lines below `then:`.
enum SpockSpecs {
  static func isSpec(_ code: SourceCode) -> Bool { code.places["Specification"] != nil }

  static func features(_ code: SourceCode) -> [TestCase] {
    guard isSpec(code) else { return [] }
    let types = code.types(["class"])
    return code.indices.compactMap { index -> TestCase? in
      guard code.kind(index) == .string, code.isMark(index + 1, "("),
        code.isWord(index - 1, "def") || code.isWord(index - 1, "void")
      else { return nil }
      let close = code.end(of: index + 1)
      guard code.isMark(close, "{") else { return nil }
      let around = types.filter { $0.body.contains(index) }
      let start = code.attributes(before: index - 1)
      var test = TestCase(
        name: code.text(index), scope: around.map(\.name), line: code.tokens[index].line, head: start..<close,
        body: close..<code.end(of: close))
      test.scopeHeads = around.map { code.attributes(before: $0.keyword)..<$0.keyword }
      return test
    }
  }

  private static let labels: Set = [
    "given", "setup", "when", "then", "expect", "where", "cleanup", "and", "filter",
  ]

  /// The condition that begins at `index`: a line below `then:` or `expect:`.
  static func condition(in code: SourceCode, at index: Int) -> AssertionSite? {
    guard isSpec(code), code.kind(index - 1) == .newline, code.isWord(index) || code.isMark(index, "!"),
      !isLabel(index, code)
    else { return nil }
    var place = index - 1
    var steps = 0
    while place > 0, steps < 400 {
      if isLabel(place, code), !code.isWord(place, "and") {
        guard code.isWord(place, "then") || code.isWord(place, "expect") else { return nil }
        let end = code.statementEnd(from: index)
        let isThrown = (index..<end).contains { code.isWord($0, "thrown") }
        return AssertionSite(range: index..<end, name: isThrown ? "throws" : code.text(index))
      }
      if code.isMark(place, "{"), code.partner[place] > index { return nil }
      // What is closed before it is another's.
      if code.isMark(place, "}"), code.partner[place] >= 0 { place = code.partner[place] }
      place -= 1
      steps += 1
    }
    return nil
  }

  private static func isLabel(_ index: Int, _ code: SourceCode) -> Bool {
    code.isWord(index) && labels.contains(code.text(index)) && code.isMark(index + 1, ":")
      && code.kind(index - 1) == .newline
  }
}
