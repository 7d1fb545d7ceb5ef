/// Kotest, whose tests are named by strings: `test("adds") { … }`, `"adds" { … }`, `"a list" should { … }`.
struct KotestSpecs {
  let code: SourceCode
  private(set) var found: [TestCase] = []

  private static let styles: Set = [
    "FunSpec", "StringSpec", "DescribeSpec", "ShouldSpec", "BehaviorSpec", "WordSpec", "FreeSpec",
    "FeatureSpec", "ExpectSpec",
  ]
  private static let tests: Set = ["test", "it", "should", "then", "Then", "scenario", "expect"]
  private static let groups: Set = [
    "context", "describe", "given", "Given", "when", "When", "and", "And", "feature",
  ]

  init(_ code: SourceCode) {
    self.code = code
    for style in KotestSpecs.styles {
      for index in code.places[style] ?? [] where isParent(index) {
        let open = index + 1
        let isInside = code.isMark(open, "(") && code.isMark(code.next(after: open), "{")
        let start = isInside ? code.next(after: open) : code.brace(from: open)
        guard let start, code.isMark(start, "{") else { continue }
        read((start + 1)..<max(start + 1, code.end(of: start) - 1), [className(before: index)], [], nil)
      }
    }
  }

  private func isParent(_ index: Int) -> Bool {
    (max(0, index - 24)..<index).contains { code.isMark($0, ":") } && code.isMark(index + 1, "(")
      && !className(before: index).isEmpty
  }

  private func className(before index: Int) -> String {
    let start = (max(0, index - 40)..<index).last { code.isWord($0, "class") || code.isWord($0, "object") }
    return start.map { code.text($0 + 1) } ?? ""
  }

  private mutating func read(
    _ range: Range<Int>, _ scope: [String], _ heads: [Range<Int>], _ skip: TestCase.Mark?
  ) {
    var index = range.lowerBound
    while index < range.upperBound {
      guard let item = item(at: index), item.open < range.upperBound else {
        index += 1
        continue
      }
      let line = code.tokens[index].line
      var name = item.name
      var mark = skip
      if item.word.hasPrefix("x") { mark = mark ?? TestCase.Mark(text: item.word, line: line) }
      // A bang in front of its name keeps a test from running, `f:` all others.
      for sign in ["!", "f:"] where name.hasPrefix(sign) {
        name.removeFirst(sign.count)
        mark = mark ?? TestCase.Mark(text: "\"\(sign)…\"", line: line)
      }
      let head = index..<item.open
      if let word = head.first(where: {
        ["enabled", "enabledIf", "enabledOrReasonIf"].contains(code.text($0)) && code.isWord($0)
      }), code.text(word + 2) != "true" {
        mark = mark ?? TestCase.Mark(text: code.text(word), line: line)
      }
      let body = item.open..<min(code.end(of: item.open), range.upperBound)
      if item.isGroup {
        read(body.dropFirst(), scope + [name], heads + [head], mark)
      } else {
        var test = TestCase(name: name, scope: scope, line: line, head: head, body: body)
        test.scopeHeads = heads
        test.skip = mark
        found.append(test)
      }
      index = max(index + 1, body.upperBound)
    }
  }

  /// The group or the test that begins at `index`, with the brace of its block.
  private func item(at index: Int) -> (name: String, word: String, isGroup: Bool, open: Int)? {
    if code.kind(index) == .string, !code.isMark(index - 1, "(") {
      let name = code.text(index)
      let isGroup =
        code.isMark(index + 1, "-")
        || ["should", "When", "when", "Should"].contains(code.text(index + 1)) && code.isWord(index + 1)
      let start = isGroup ? index + 2 : index + 1
      return block(after: start).map { (name, "", isGroup, $0) }
    }
    guard code.isWord(index), code.isMark(index + 1, "("), code.kind(index + 2) == .string,
      !code.isMark(index - 1, ".")
    else { return nil }
    let word = code.text(index)
    let plain = word.hasPrefix("x") ? String(word.dropFirst()) : word
    let isGroup = KotestSpecs.groups.contains(plain)
    guard isGroup || KotestSpecs.tests.contains(plain) else { return nil }
    return block(after: code.end(of: index + 1)).map { (code.text(index + 2), word, isGroup, $0) }
  }

  /// The brace at `index`, behind a `.config(…)` where there is one.
  private func block(after index: Int) -> Int? {
    var position = index
    if code.isMark(position, "."), code.isWord(position + 1, "config"), code.isMark(position + 2, "(") {
      position = code.end(of: position + 2)
    }
    return code.isMark(position, "{") ? position : nil
  }
}
