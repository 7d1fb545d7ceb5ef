/// The function that a program of tests begins with.
enum MainFunctions {
  private static let runners: Set = [
    "RUN_ALL_TESTS", "UNITY_END", "RUN_TEST", "UNITY_BEGIN", "run", "runTests", "run_tests",
    "srunner_run_all",
    "cmocka_run_group_tests", "unit_test_main", "Session", "applyCommandLine", "runAllTests", "RunAllTests",
    "greatest", "GREATEST_MAIN_END", "QTEST_MAIN", "main",
  ]

  /// Whether all that it gives back is what came of the tests, and it only leaves before for its arguments.
  static func tellsOutcome(_ code: SourceCode, _ name: Int) -> Bool {
    guard let open = code.brace(from: code.end(of: name + 1)), open - code.end(of: name + 1) < 3 else {
      return false
    }
    let body = (open + 1)..<max(open + 1, code.end(of: open) - 1)
    let leaves: Set = ["exit", "_exit", "_Exit", "quick_exit", "abort", "longjmp", "raise", "signal"]
    guard !body.contains(where: { code.isWord($0) && leaves.contains(code.text($0)) }) else { return false }
    let returns = body.filter { code.isWord($0, "return") }
    guard let last = returns.last, code.end(ofBlockOf: last, in: body) == body.upperBound else {
      return false
    }
    return returns.allSatisfy { place in
      place == last
        ? isOutcome(place, code, body) : isOfArguments(place, code, body) || isOutcome(place, code, body)
    }
  }

  /// `return UNITY_END();`, `return failures > 0 ? 1 : 0;`, `return result;`
  private static func isOutcome(_ place: Int, _ code: SourceCode, _ body: Range<Int>) -> Bool {
    let end = code.statementEnd(from: place)
    let value = code.tokens[(place + 1)..<max(place + 1, end)]
    guard let first = value.first(where: { $0.kind == .word || $0.kind == .number }), first.kind == .word,
      !["EXIT_SUCCESS", "EXIT_FAILURE", "true", "false"].contains(first.text),
      !value.contains(where: {
        $0.kind == .mark && ["&&", "||", "*", "&", "|", "^", "%", ","].contains($0.text)
      })
    else { return false }
    if value.contains(where: { $0.kind == .word && runners.contains($0.text) }) { return true }
    // A variable or a counter that the tests set.
    return body.lowerBound < place
      && (body.lowerBound..<place).contains { code.isWord($0) && runners.contains(code.text($0)) }
      || first.text.lowercased().hasPrefix("fail") || first.text.lowercased().hasSuffix("failures")
      || first.text.lowercased().hasPrefix("err")
  }

  /// A return below a condition that asks for the program's arguments.
  private static func isOfArguments(_ place: Int, _ code: SourceCode, _ body: Range<Int>) -> Bool {
    var index = place
    while index > body.lowerBound {
      index -= 1
      guard code.isWord(index, "if"), code.isMark(index + 1, "(") else { continue }
      let condition = (index + 2)..<max(index + 2, code.end(of: index + 1) - 1)
      return condition.contains { code.isWord($0, "argc") || code.isWord($0, "argv") }
        && !condition.contains { code.isWord($0, "getenv") }
    }
    return false
  }
}

extension SourceCode {
  /// Where the statements end that the word at `index` stands among, when they are those of `body` itself.
  fileprivate func end(ofBlockOf index: Int, in body: Range<Int>) -> Int? {
    let isNested = body.contains { isMark($0, "{") && $0 < index && partner[$0] > index }
    return isNested ? nil : body.upperBound
  }
}
