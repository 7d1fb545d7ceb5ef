/// The tests of a file, and the functions that they may lean on.
extension JavaScriptTests {
  private static let declarers: Set = ["it", "test", "specify", "xit", "xtest", "fit", "xspecify", "bench"]
  private static let groups: Set = [
    "describe", "suite", "context", "xdescribe", "fdescribe", "xcontext", "xsuite", "fcontext",
  ]

  func cases(in code: SourceCode, path: TestPath) -> [TestCase] {
    var found: [TestCase] = []
    read(code, 0..<code.tokens.count, [], nil, [], &found)
    return found
  }

  private func read(
    _ code: SourceCode, _ range: Range<Int>, _ scope: [String], _ hidden: String?, _ heads: [Range<Int>],
    _ found: inout [TestCase]
  ) {
    var index = range.lowerBound
    while index < range.upperBound {
      guard code.isWord(index) else {
        index += 1
        continue
      }
      let word = code.text(index)
      let isMember = code.isMark(index - 1, ".")
      let isDeno =
        isMember && code.isWord(index - 2, "Deno")
        || isMember && ["t", "ctx", "test"].contains(code.text(index - 2))
      if JavaScriptTests.declarers.contains(word) || JavaScriptTests.groups.contains(word),
        !isMember || isDeno,
        let open = call(code, index)
      {
        let close = code.end(of: open)
        let parts = code.arguments(of: open)
        guard let first = parts.first, code.tokens[first].contains(where: { $0.kind != .newline }) else {
          index = close
          continue
        }
        let name = code.spelled(first)
        let inner = first.upperBound..<max(first.upperBound, close - 1)
        if JavaScriptTests.groups.contains(word) {
          let dead =
            code.isMark(index - 1, "&&") || code.isMark(index - 1, "||")
            ? "it is only declared under a condition" : returned(code, inner) ?? emptyTable(code, index)
          read(code, inner, scope + [name], hidden ?? dead, heads + [index..<first.upperBound], &found)
        } else {
          var test = TestCase(
            name: name, scope: scope, line: code.tokens[index].line, head: index..<first.upperBound,
            body: inner)
          test.scopeHeads = heads
          test.hidden = hidden
          if parts.count < 2, !isDeno || word != "test" { test.hidden = test.hidden ?? "it has no body" }
          found.append(test)
          // node:test and tap have tests inside of tests.
          read(code, inner, scope + [name], hidden, heads, &found)
        }
        index = max(index + 1, close)
        continue
      }
      if !isMember, let dropped = droppedTest(code, index, scope, heads, hidden) {
        found.append(dropped)
        index = max(index + 1, code.end(of: index + 1))
        continue
      }
      if let block = neverRun(code, index, range) {
        read(code, block, scope, "it stands under a condition that never holds", heads, &found)
        index = max(index + 1, block.upperBound)
        continue
      }
      if let end = readFunction(code, index, scope, hidden, heads, &found) {
        index = max(index + 1, end)
        continue
      }
      index += 1
    }
  }

  /// The bracket of the call that begins at `index`: `it(`, `it.only(`, `it.each(…)(`, "it.each`…`(".
  private func call(_ code: SourceCode, _ index: Int) -> Int? {
    var position = index + 1
    var isTable = false
    while code.isMark(position, "."), code.isWord(position + 1) {
      if ["each", "for", "skipIf", "runIf", "extend"].contains(code.text(position + 1)) { isTable = true }
      position += 2
    }
    if isTable {
      if code.isMark(position, "(") {
        position = code.end(of: position)
      } else if code.kind(position) == .string {
        position += 1
      }
    }
    guard code.isMark(position, "(") else { return nil }
    // A declaration (`function test(…) {`, a method) is no call.
    if ["function", "class", "const", "let", "var", "new", "import"].contains(code.text(index - 1)) {
      return nil
    }
    if code.isMark(code.end(of: position), "{") { return nil }
    return position
  }

  /// Reads the function that is declared at `index`, and the tests in it; where it ends.
  private func readFunction(
    _ code: SourceCode, _ index: Int, _ scope: [String], _ hidden: String?, _ heads: [Range<Int>],
    _ found: inout [TestCase]
  ) -> Int? {
    guard let (name, block) = function(code, index) else {
      guard let (name, block) = method(code, index) else { return nil }
      found.append(
        TestCase(
          name: name, scope: scope, line: code.tokens[index].line, isTest: false,
          head: index..<block.lowerBound, body: block))
      read(code, block, scope, hidden, heads, &found)
      return block.upperBound
    }
    var helper = TestCase(
      name: name, scope: scope, line: code.tokens[index].line, isTest: false,
      head: index..<block.lowerBound, body: block)
    helper.scopeHeads = []
    found.append(helper)
    let isCalled = (code.places[name] ?? []).contains { place in
      // A method of that name is another.
      if code.isMark(place - 1, "."), !code.isWord(place - 2, "this") { return false }
      return place != index && !block.contains(place) && !code.isWord(place - 1, "function")
        && !code.isWord(place - 1, "const")
    }
    let reason = hidden ?? (isCalled ? nil : "it stands in a function that nobody calls")
    read(code, block, scope, reason, heads, &found)
    return block.upperBound
  }

  private static let statements: Set = [
    "if", "for", "while", "switch", "catch", "with", "return", "function", "constructor",
  ]

  /// `exports.expectEntries = function (entries) {`, `module.exports = { expectEntries(entries) {`
  private func method(_ code: SourceCode, _ index: Int) -> (String, Range<Int>)? {
    guard code.isWord(index), !JavaScriptTests.statements.contains(code.text(index)) else { return nil }
    if code.isMark(index - 1, "."), code.isWord(index - 2, "exports"), code.isMark(index + 1, "=") {
      var open = index + 2
      while code.isWord(open, "async") || code.isWord(open, "function") { open += 1 }
      guard code.isMark(open, "(") else { return nil }
      let close = code.end(of: open)
      if code.isMark(close, "{") { return (code.text(index), close..<code.end(of: close)) }
      guard code.isMark(close, "=>") else { return nil }
      return (code.text(index), close..<code.statementEnd(from: close + 1))
    }
    if let plugged = plugged(code, index) { return plugged }
    let before = code.previous(before: index)
    let isMember =
      ["{", "}", ",", ";"].contains { code.isMark(before, $0) }
      || ["async", "static", "public", "private"].contains(code.text(before)) && code.isWord(before)
    guard isMember, code.isMark(index + 1, "("), !JavaScriptTests.declarers.contains(code.text(index)) else {
      return nil
    }
    var close = code.end(of: index + 1)
    // A type of what comes back.
    if code.isMark(close, ":") {
      guard let open = (close..<min(close + 12, code.tokens.count)).first(where: { code.isMark($0, "{") })
      else { return nil }
      close = open
    }
    guard code.isMark(close, "{") else { return nil }
    return (code.text(index), close..<code.end(of: close))
  }

  /// chai's `Assertion.addMethod('waiting', function (people) { … })`
  private func plugged(_ code: SourceCode, _ index: Int) -> (String, Range<Int>)? {
    guard ["addMethod", "addProperty", "addChainableMethod"].contains(code.text(index)),
      code.isMark(index - 1, "."), code.isMark(index + 1, "("),
      let made = code.arguments(of: index + 1).dropFirst().first,
      let open = made.first(where: { code.isMark($0, "{") })
    else { return nil }
    let name = code.next(after: index + 1)
    return code.kind(name) == .string ? (code.text(name), open..<code.end(of: open)) : nil
  }

  /// What reads like a test, and is given to a function that never calls it.
  private func droppedTest(
    _ code: SourceCode, _ index: Int, _ scope: [String], _ heads: [Range<Int>], _ hidden: String?
  ) -> TestCase? {
    guard code.isMark(index + 1, "("), let first = droppedName(code, index) else { return nil }
    let close = code.end(of: index + 1)
    var test = TestCase(
      name: code.spelled(first), scope: scope, line: code.tokens[index].line, head: index..<first.upperBound,
      body: first.upperBound..<max(first.upperBound, close - 1))
    test.scopeHeads = heads
    test.hidden = hidden ?? "'\(code.text(index))' never calls it"
    return test
  }

  /// The name of a test that a function of the file is given as `it` is, and never calls.
  private func droppedName(_ code: SourceCode, _ index: Int) -> Range<Int>? {
    guard code.kind(code.next(after: index + 1)) == .string else { return nil }
    let parts = code.arguments(of: index + 1)
    guard parts.count >= 2, let first = parts.first,
      let place = parts.lastIndex(where: { part in
        code.tokens[part].contains { $0.isMark("=>") || $0.isWord("function") }
      }), place > 0
    else { return nil }
    let isDropped = (code.places[code.text(index)] ?? []).prefix(64).contains { declared in
      guard let block = function(code, declared - 1)?.1 else { return false }
      let open = (declared..<block.upperBound).first { code.isMark($0, "(") }
      guard let open, open < block.lowerBound else { return false }
      let parameters = code.arguments(of: open)
      if code.tokens[open..<code.end(of: open)].contains(where: { $0.isMark("...") }) { return false }
      let names = parameters.map { part in part.first { code.isWord($0) }.map(code.text) ?? "" }
      let end = code.end(of: open)
      let rest = end..<max(end, block.upperBound)
      guard names.indices.contains(place) else { return !rest.contains { code.isWord($0, "arguments") } }
      return !rest.contains { code.isWord($0, names[place]) }
    }
    return isDropped ? first : nil
  }

  private func neverRun(_ code: SourceCode, _ index: Int, _ range: Range<Int>) -> Range<Int>? {
    guard code.isWord(index, "if") || code.isWord(index, "while"), code.isMark(index + 1, "(") else {
      return nil
    }
    let close = code.end(of: index + 1)
    let text = code.spelled((index + 2)..<max(index + 2, close - 1))
    guard
      ["false", "0", "null", "undefined", "! true", "! 1", "1 === 2", "NaN", ""].contains(text)
        || text.hasPrefix("process . env")
        || text.hasPrefix("false &&") || text.hasPrefix("typeof ") || text.hasPrefix("! process . env")
    else { return nil }
    guard let open = code.brace(from: close), open - close < 3 else {
      return close..<min(code.statementEnd(from: close), range.upperBound)
    }
    return open..<min(code.end(of: open), range.upperBound)
  }

  /// `describe.each([])(…)`
  private func emptyTable(_ code: SourceCode, _ index: Int) -> String? {
    var position = index + 1
    while code.isMark(position, "."), code.isWord(position + 1) { position += 2 }
    let isTable = code.isWord(position - 1, "each") || code.isWord(position - 1, "for")
    guard isTable, code.isMark(position, "("), code.isMark(position + 1, "["),
      code.isMark(code.next(after: position + 1), "]")
    else { return nil }
    return "its group has a table without rows"
  }

  private func returned(_ code: SourceCode, _ range: Range<Int>) -> String? {
    guard let open = range.first(where: { code.isMark($0, "{") }) else { return nil }
    let first = code.next(after: open)
    return code.isWord(first, "return") && !code.isWord(first + 1, "describe")
      ? "its group returns before it" : nil
  }

  private func function(_ code: SourceCode, _ index: Int) -> (String, Range<Int>)? {
    let parameters = code.afterTypeArguments(index + 2)
    if code.isWord(index, "function"), code.isWord(index + 1), code.isMark(parameters, "(") {
      let close = code.end(of: parameters)
      guard let open = code.brace(from: close) else { return nil }
      return (code.text(index + 1), open..<code.end(of: open))
    }
    guard ["const", "let", "var"].contains(code.text(index)), code.isWord(index + 1),
      code.isMark(index + 2, "=")
    else { return nil }
    var start = index + 3
    if code.isWord(start, "async") { start += 1 }
    if code.isWord(start, "function") {
      guard let open = code.brace(from: start) else { return nil }
      return (code.text(index + 1), open..<code.end(of: open))
    }
    let arrow = code.isMark(start, "(") ? code.end(of: start) : start + 1
    guard code.isMark(arrow, "=>") || code.isMark(arrow, ":") else { return nil }
    let end = code.statementEnd(from: arrow)
    guard code.tokens[arrow..<min(end, code.tokens.count)].contains(where: { $0.isMark("=>") }) else {
      return nil
    }
    return (code.text(index + 1), arrow..<end)
  }
}
