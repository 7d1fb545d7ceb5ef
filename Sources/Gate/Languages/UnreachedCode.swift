/// What of a test is never reached.
extension FactReader {
  mutating func findDead(in test: TestCase, _ facts: inout TestFacts) {
    let body = test.body
    guard !body.isEmpty else { return }
    // The depth of the body's own statements.
    let base = code.tokens[body].first { $0.kind != .newline }?.indentation ?? 0
    findUncalled(in: test)
    findClosures(in: test)
    findMadeOnly(in: test)
    findDeferred(in: test)
    findPromises(in: test)
    findElsewhere(in: test)
    findLazy(in: test)
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
      if let block = constantBlock(index, test.isIndented), block.upperBound <= body.upperBound {
        dead.append(block)
      }
      isStart = token.isMark("{") || token.isMark("}")
      index =
        code.partner[index] > index && !token.isMark("{")
        ? code.partner[index] + 1
        : code.isMark(index, "{") && code.partner[index] > index ? skipBlock(index) : index + 1
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
      return [
        "if(true)return", "iftrue{return", "ifTrue:return", "if1:return", "if(1)return", "if(true){return",
      ].contains { text.hasPrefix($0) }
    case "return":
      return !statement.dropFirst().contains {
        $0.kind == .word
          && (AssertionWords.begins($0.text) || ["if", "unless", "new", "await"].contains($0.text))
      }
    case "raise", "throw": return !statement.dropFirst().contains { ["if", "unless"].contains($0.text) }
    case "exit", "sys", "os", "process", "System", "next":
      let text = statement.map(\.text).joined()
      return ["exit(", "sys.exit(", "os._exit(", "process.exit(", "System.exit(", "os.Exit("].contains {
        text.hasPrefix($0)
      }
        || text == "next"
    default: return false
    }
  }

  /// `if False:`, `if (false) {`, `while false`, `for x in []`: the block that is never run.
  private func constantBlock(_ index: Int, _ isIndented: Bool) -> Range<Int>? {
    guard code.isWord(index), ["if", "while", "for", "foreach", "unless"].contains(code.text(index)) else {
      return nil
    }
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
      never =
        [
          "False", "false", "0", "None", "nil", "null", "TYPE_CHECKING", "not True", "! true", "! 1", "[ ]",
          "1 == 2", "1 > 2", "1 === 2", "1 == 0",
        ].contains(text)
        || text.hasPrefix("False and ") || text.hasPrefix("false && ") || text.hasPrefix("0 and ")
    case "unless": never = text == "true"
    // Of `for count in ():` the brackets were left out.
    default:
      never =
        text.hasSuffix("in [ ]") || text.hasSuffix(" in") && code.isMark(position, ":")
        || text.hasSuffix("of [ ]")
        || text.hasSuffix("in") && code.isMark(position, "(") || text.hasSuffix("in 0 ..")
        || FactReader.isEmptyRange(condition)
    }
    guard never else { return nil }
    if isIndented || code.isMark(position, ":") {
      return code.indentedBlock(after: index, deeperThan: code.tokens[index].indentation)
    }
    if let open = code.brace(from: index) { return open..<code.end(of: open) }
    return nil
  }
}
