/// What of a test is given to something that never runs it.
extension FactReader {
  private static let lazyMakers: Set = [
    "iter", "into_iter", "iter_mut", "sequenceOf", "asSequence", "generateSequence", "lazy", "stream",
    "IntStream", "Stream",
  ]
  private static let lazySteps: Set = [
    "map", "filter", "inspect", "peek", "onEach", "flat_map", "filter_map",
  ]
  private static let consumers: Set = [
    "for_each", "collect", "count", "sum", "all", "any", "fold", "last", "min", "max", "toList", "forEach",
    "toSet", "first", "next", "single", "none", "reduce", "find", "position", "product", "toArray",
    "allMatch", "anyMatch", "noneMatch", "forEachOrdered", "unzip", "partition", "try_for_each",
    "joinToString",
    "contains", "nth", "find_map",
  ]

  /// Closures of lazy chains that nothing takes a value from, and loops over nothing at all.
  mutating func findLazy(in test: TestCase) {
    for index in test.body {
      findEmptyLoop(index, test)
      guard code.isWord(index), FactReader.lazySteps.contains(code.text(index)), code.isMark(index - 1, ".")
      else { continue }
      let start = statementStart(index, test.body)
      let end = min(code.statementEnd(from: index), test.body.upperBound)
      let statement = start..<max(start, end)
      let closure = (index + 1)..<max(index + 1, code.end(of: index + 1))
      func names(_ words: Set<String>) -> Bool {
        statement.contains { code.isWord($0) && words.contains(code.text($0)) && !closure.contains($0) }
      }
      guard names(FactReader.lazyMakers), !names(FactReader.consumers),
        !statement.contains(where: {
          ["for", "return", "await", "yield", "extend"].contains(code.text($0))
        })
      else { continue }
      // Given to a name that is looked at later, it may be run there.
      if let equals = statement.first(where: { code.isMark($0, "=") }), equals < index,
        !code.isWord(equals - 1, "_"),
        (end..<test.body.upperBound).contains(where: { code.isWord($0, code.text(equals - 1)) })
      {
        continue
      }
      let open = index + 1
      if code.isMark(open, "(") || code.isMark(open, "{") {
        dead.append(open..<min(code.end(of: open), test.body.upperBound))
      }
    }
  }

  private func statementStart(_ index: Int, _ body: Range<Int>) -> Int {
    var start = index
    while start > body.lowerBound {
      let before = start - 1
      if code.isMark(before, ")") || code.isMark(before, "]"), code.partner[before] >= body.lowerBound {
        start = code.partner[before]
      } else if code.isMark(before, ";") || code.isMark(before, "{") || code.isMark(before, "}") {
        return start
      } else if code.kind(before) == .newline, !code.isMark(start, ".") {
        return start
      } else {
        start = before
      }
    }
    return start
  }

  /// `[].each do … end`, `{}.forEach { … }`
  private mutating func findEmptyLoop(_ index: Int, _ test: TestCase) {
    let loops: Set = ["each", "forEach", "map", "for_each", "each_with_index", "each_pair", "ForEach"]
    guard code.isMark(index, "[") || code.isMark(index, "{"), code.partner[index] == index + 1,
      code.isMark(index + 2, "."), code.isWord(index + 3), loops.contains(code.text(index + 3))
    else { return }
    let end: Int
    if code.isMark(index + 4, "(") || code.isMark(index + 4, "{") {
      end = code.end(of: index + 4)
    } else if language.dialect.hasRubyBlocks {
      end = code.endBlock(from: index + 3).upperBound
    } else {
      return
    }
    dead.append((index + 4)..<max(index + 4, min(end, test.body.upperBound)))
  }

  /// `x in 1 ..< 1`, `i in range 0`
  static func isEmptyRange(_ condition: [String]) -> Bool {
    guard let place = condition.lastIndex(where: { $0 == "in" || $0 == "of" }) else { return false }
    let over = condition[(place + 1)...].map { $0.filter { $0 != "_" } }
    if over.count >= 2, over[over.startIndex] == "range" { return over.count == 2 && over[1] == "0" }
    let numbers = over.map { Int($0.prefix { $0.isNumber }) }
    guard over.count >= 3, over.count <= 5, let first = numbers.first ?? nil,
      let last = numbers.dropFirst().compactMap({ $0 }).first,
      !over.contains("downTo"), !over.contains("step")
    else { return false }
    let marks = over.dropFirst().filter { Int($0) == nil }.joined()
    let isClosed = marks.contains("=") || marks.contains("...") && !marks.contains("<")
    guard marks.hasPrefix("..") || marks.hasPrefix("until") else { return false }
    return isClosed ? first > last : first >= last && !(marks == ".." && first == last && over.count > 3)
  }

  // MARK: Rows

  /// Lists of values of which a filter takes some out: `[1, 2].filter { … }`, `[x for x in [1, 2] if …]`.
  func sieves(in range: Range<Int>) -> Int {
    let filters: Set = ["filter", "select", "reject", "Where", "where", "filterNot", "grep"]
    return range.filter { index in
      guard code.isMark(index, "["), code.partner[index] > index + 2 else { return false }
      let inner = code.tokens[(index + 1)..<code.partner[index]]
      let values = inner.count { $0.kind == .string || $0.kind == .number }
      guard values >= 2, !inner.contains(where: { $0.isWord("for") || $0.isMark("=>") }) else { return false }
      let end = code.end(of: index)
      if code.isMark(end, "."), filters.contains(code.text(end + 1)) { return true }
      if code.isMark(index - 1, "("), code.text(index - 2) == "array_filter" { return true }
      return code.isWord(index - 1, "in") && code.isWord(end, "if")
    }.count
  }
}
