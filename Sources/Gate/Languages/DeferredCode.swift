/// What of a test is put into functions that nobody calls, or off until it is over.
extension FactReader {
  /// Functions inside of a test that nothing in it names again.
  mutating func findUncalled(in test: TestCase) {
    for index in test.body
    where ["def", "function", "func", "fn", "fun"].contains(code.text(index)) && code.isWord(index) {
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
      let uses = test.body.filter { code.isWord($0, name) && $0 != index + 1 && !block.contains($0) }
      let isAttributed = code.isMark(code.previous(before: index), "]") || code.isMark(index - 1, ")")
      // A coroutine that is only called never begins.
      let isIdle =
        test.isIndented && code.isWord(index - 1, "async")
        && uses.allSatisfy { code.kind($0 - 1) == .newline && code.isMark($0 + 1, "(") }
      if uses.isEmpty && !isAttributed || isIdle { dead.append(block) }
    }
  }

  /// Closures that are given a name that nothing calls: `check = lambda: …`, `const check = () => …`.
  mutating func findClosures(in test: TestCase) {
    for index in test.body where code.isWord(index) {
      let equals = code.isMark(index + 1, ":") ? typedEquals(after: index + 1) : index + 1
      guard code.isMark(equals, "=") || code.isMark(equals, ":="), !code.isMark(index - 1, ".") else {
        continue
      }
      let start = equals + 1
      guard beginsClosure(start, test.isIndented) else { continue }
      let block = start..<min(closureEnd(start), test.body.upperBound)
      let name = code.text(index)
      let isUsed = test.body.contains { place in
        code.isWord(place, name) && place != index && !block.contains(place)
          && !(code.isMark(place - 1, "=") && code.isWord(place - 2, "_"))
          && !(code.isMark(place - 1, ")") && code.isWord(place - 2, "void"))
      }
      if name == "_" || !isUsed, block.lowerBound < block.upperBound { dead.append(block) }
    }
  }

  /// The `=` behind a type: `let check: () -> Void = { … }`.
  private func typedEquals(after colon: Int) -> Int {
    (colon..<min(colon + 12, code.tokens.count)).first {
      code.isMark($0, "=") || code.kind($0) == .newline || code.isMark($0, ",")
    } ?? colon
  }

  private func beginsClosure(_ start: Int, _ isIndented: Bool) -> Bool {
    switch code.text(start) {
    case "lambda", "function", "func", "proc", "fn": return code.isWord(start)
    case "async":
      return !isIndented
        && ["function", "(", "{", "move", "|", "||"].contains(code.text(start + 1))
        || code.isMark(start + 2, "=>")
    case "move": return code.isMark(start + 1, "|") || code.isMark(start + 1, "||")
    case "|", "||": return true
    case "->": return language.dialect.hasRubyBlocks
    case "{":
      // In Swift and Kotlin a bare block is a closure; elsewhere it is data.
      return language is SwiftTests || language is JavaTests
    case "(":
      let close = code.end(of: start)
      return code.isMark(close, "=>") || code.isMark(close, "->")
    case "[":
      let close = code.end(of: start)
      return language is CTests && (code.isMark(close, "(") || code.isMark(close, "{"))
    default: return code.isWord(start) && (code.isMark(start + 1, "=>") || code.isMark(start + 1, "->"))
    }
  }

  func closureEnd(_ start: Int) -> Int {
    if language is CTests, let open = code.brace(from: code.end(of: start)) { return code.end(of: open) }
    let end = code.statementEnd(from: start)
    // Ruby's `proc do … end`.
    if language.dialect.hasRubyBlocks, let block = (start..<end).first(where: { code.isWord($0, "do") }) {
      return max(end, code.endBlock(from: block).upperBound)
    }
    return end
  }

  /// What waits for something that was put off.
  private static let waits: Set = [
    "done", "resolve", "await", "advanceTimersByTime", "runAllTimers", "clock", "tick", "Promise", "end",
    "waitFor", "runOnlyPendingTimers", "advanceTimersToNextTimer", "runAll", "enable",
    "advanceTimersByTimeAsync",
    "runAllTimersAsync", "next",
  ]

  /// What is put off until a test is over that does not wait for it.
  mutating func findDeferred(in test: TestCase) {
    let timers: Set = ["setTimeout", "setInterval", "setImmediate", "queueMicrotask", "nextTick"]
    for index in test.body
    where code.isWord(index) && timers.contains(code.text(index)) && code.isMark(index + 1, "(") {
      let call = index..<min(code.end(of: index + 1), test.body.upperBound)
      if !isNamed(FactReader.waits, in: test.body, outside: call), !tellsEnd(call) { dead.append(call) }
    }
  }

  private func tellsEnd(_ call: Range<Int>) -> Bool {
    call.contains {
      code.isWord($0) && ["done", "resolve", "end", "next", "fulfill"].contains(code.text($0))
    }
  }

  private func isNamed(_ words: Set<String>, in body: Range<Int>, outside call: Range<Int>) -> Bool {
    body.contains { !call.contains($0) && code.isWord($0) && words.contains(code.text($0)) }
  }

  /// Promises that nobody waits for: `f().then(…)`, `(async () => …)()`, listeners for what never comes.
  mutating func findPromises(in test: TestCase) {
    guard language is JavaScriptTests else { return }
    for index in test.body {
      if code.isWord(index), ["then", "finally"].contains(code.text(index)), code.isMark(index - 1, "."),
        code.isMark(index + 1, "(")
      {
        let call = (index + 1)..<min(code.end(of: index + 1), test.body.upperBound)
        let rest = call.upperBound..<test.body.upperBound
        if isDropped(index, test.body), !tellsEnd(call), !rest.contains(where: { code.isWord($0, "await") }) {
          dead.append(call)
        }
      }
      if code.isMark(index, "("), code.isWord(index + 1, "async"), code.isMark(code.end(of: index), "("),
        isDropped(index, test.body)
      {
        let call = index..<min(code.end(of: index), test.body.upperBound)
        if !tellsEnd(call) { dead.append(call) }
      }
      if code.isWord(index), ["addEventListener", "on", "once", "subscribe"].contains(code.text(index)),
        code.isMark(index - 1, "."), code.isMark(index + 1, "(")
      {
        let call = (index + 1)..<min(code.end(of: index + 1), test.body.upperBound)
        let rest = call.upperBound..<test.body.upperBound
        let isLast = !rest.contains { code.isWord($0) && code.isMark($0 + 1, "(") }
        let isFirst = !code.isMark(index - 2, ")")
        if isLast, isFirst, !tellsEnd(call), isDropped(index, test.body),
          !isNamed(FactReader.waits, in: test.body, outside: call)
        {
          dead.append(call)
        }
      }
      if code.isMark(index, "["), code.isMark(index + 1, "]"), code.isMark(index + 2, "."),
        code.isMark(index + 4, "(")
      {
        dead.append((index + 4)..<min(code.end(of: index + 4), test.body.upperBound))
      }
    }
  }

  private static let loops: Set = ["forEach", "map", "each", "filter", "every", "some", "reduce", "flatMap"]

  /// `load('x', (error) => { expect(error)… })`, then `done()`: the test ends before its callback asserts.
  func hasty(in test: TestCase) -> Int {
    guard language is JavaScriptTests else { return 0 }
    return (code.places["done"] ?? []).filter { place in
      guard test.body.contains(place), code.isMark(place + 1, "("),
        code.isMark(code.end(of: place + 1), ";")
          || code.kind(code.end(of: place + 1)) == .newline, isStatement(place),
        let end = (test.body.lowerBound..<place).last(where: {
          code.kind($0) == .mark && !code.isMark($0, ";")
        }),
        code.isMark(end, ")"), code.partner[end] > 0
      else { return false }
      let open = code.partner[end]
      let call = open..<end
      guard code.isWord(open - 1), !FactReader.loops.contains(code.text(open - 1)), !tellsEnd(call),
        isDropped(open - 1, test.body), let arrow = call.first(where: { isBlockStart($0) })
      else { return false }
      return (arrow..<end).contains { language.assertion(in: code, at: $0) != nil }
    }.count
  }

  private func isStatement(_ place: Int) -> Bool {
    code.kind(place - 1) == .newline || code.isMark(place - 1, ";") || code.isMark(place - 1, "}")
      || code.isMark(place - 1, "{")
  }

  private func isBlockStart(_ place: Int) -> Bool {
    code.isMark(place, "=>") || code.isWord(place, "function")
  }

  /// Whether nothing takes the value of the expression that holds `index`: it is a statement of its own.
  func isDropped(_ index: Int, _ body: Range<Int>) -> Bool {
    var position = index
    while position > body.lowerBound {
      let before = position - 1
      if code.kind(before) == .newline {
        if code.isMark(position, ".") || code.isMark(position, "?.") {
          position = before
          continue
        }
        let last = code.previous(before: before)
        return last < body.lowerBound
          || !["=", "=>", "(", ",", "+", "&&", "||", "?", ":", "["].contains(code.text(last))
          || code.kind(last) != .mark
      }
      if code.kind(before) == .mark {
        switch code.text(before) {
        case ")", "]", "}":
          guard code.partner[before] >= 0 else { return false }
          if code.isMark(before, "}"), code.kind(code.partner[before]) == .mark,
            code.tokens[before].line < code.tokens[position].line
          {
            return true
          }
          position = code.partner[before]
          continue
        case "{", ";": return !(code.isMark(before, "{") && code.isMark(before - 1, "$"))
        case "(", "[", ",", "=", "=>", "?", ":", "&&", "||", "...": return false
        default: break
        }
      }
      if code.isWord(before), ["await", "return", "yield", "void"].contains(code.text(before)) {
        return code.isWord(before, "void")
      }
      position = before
    }
    return true
  }

  /// Work for another thread or task that the test does not wait for.
  mutating func findElsewhere(in test: TestCase) {
    for index in test.body where code.isWord(index) {
      guard let call = elsewhere(index), call.upperBound <= test.body.upperBound else { continue }
      let rest = call.upperBound..<test.body.upperBound
      let isAwaited =
        isNamed(FactReader.joins, in: rest, outside: call) || isTaken(index, call)
        || rest.contains { code.isMark($0, "<") && code.isMark($0 + 1, "-") }
      if !isAwaited { dead.append(call) }
    }
  }

  private static let joins: Set = [
    "join", "await", "Wait", "wait", "value", "get", "recv", "fulfillment", "waitForExpectations", "Sleep",
    "sleep", "Eventually", "select", "block_on", "awaitTermination", "invokeAll", "WaitAll", "result",
    "GetAwaiter", "Join", "countDown", "acquire", "unwrap", "receive", "semaphore",
  ]

  private func elsewhere(_ index: Int) -> Range<Int>? {
    switch code.text(index) {
    case "go" where language is GoTests && code.isWord(index + 1, "func"):
      return code.brace(from: index + 2).map { $0..<code.end(of: $0) }
    case "spawn" where language is RustTests && code.isMark(index + 1, "("):
      return index..<code.end(of: index + 1)
    case "Task" where language is SwiftTests, "asyncAfter" where language is SwiftTests,
      "async" where language is SwiftTests:
      return code.isWord(index, "async") && !code.isMark(index - 1, ".")
        ? nil : code.brace(from: index + 1).flatMap { $0 - index < 14 ? $0..<code.end(of: $0) : nil }
    case "Thread", "runAsync", "submit", "execute":
      guard language is JavaTests || language is CSharpTests, code.isMark(index + 1, "(") else { return nil }
      return index..<code.end(of: index + 1)
    case "launch" where code.isWord(index - 2, "GlobalScope"):
      return code.brace(from: index + 1).map { $0..<code.end(of: $0) }
    case "ContinueWith" where language is CSharpTests && code.isMark(index + 1, "("):
      return index..<code.end(of: index + 1)
    case "Run" where language is CSharpTests && code.isWord(index - 2, "Task") && code.isMark(index + 1, "("):
      return index..<code.end(of: index + 1)
    case "new" where language.dialect.hasRubyBlocks && code.isWord(index - 2, "Thread"):
      return index..<code.endBlock(from: index).upperBound
    default: return nil
    }
  }

  /// What another thread throws, no test of the JVM hears of; the others may be waited for where they begin.
  private func isTaken(_ index: Int, _ call: Range<Int>) -> Bool {
    if code.isWord(index, "Thread") { return false }
    let after = code.next(after: call.upperBound - 1)
    if code.isMark(after, ".") { return true }
    return (max(0, index - 6)..<index).contains {
      code.isWord($0, "await") || code.isMark($0, "=") && !code.isWord($0 - 1, "_")
        || code.isWord($0, "return") || code.isWord($0, "push")
    }
  }
}
