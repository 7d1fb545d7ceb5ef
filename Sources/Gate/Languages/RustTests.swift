/// `cargo test`.
struct RustTests: TestLanguage {
  let extensions = ["rs"]

  let dialect: Dialect = {
    var dialect = Dialect()
    dialect.nestsComments = true
    dialect.hasCharacters = true
    dialect.hasHashStrings = true
    return dialect
  }()

  func isSkip(_ code: SourceCode, at index: Int) -> Bool {
    // `#[ignore = "…"]` is met by its beginning.
    if code.isWord(index, "ignore"), code.isMark(index - 1, "[") { return false }
    // `#[cfg(test)]` is where tests stand.
    return !(code.isMark(index, "#") && code.isWord(index + 2, "cfg") && code.isWord(index + 4, "test"))
  }

  func isTestPath(_ path: TestPath) -> Bool { true }

  let skips = PatternTable([
    "# [ ignore", "cfg_attr (", "# [ cfg ( any", "# [ cfg ( FALSE", "# [ cfg ( false", "# [ cfg ( feature",
    "# [ cfg ( not",
    "# [ cfg ( all", "# [ cfg ( target_os", "# [ cfg ( windows", "# [ cfg ( debug_assertions",
    "# [ cfg ( miri", "# ! [ cfg (",
    "# [ cfg ( doctest", "# [ cfg ( loom", "# [ cfg ( #w )", "# [ cfg ( target_arch",
    "# [ cfg ( target_family", "ignore = #s",
  ])

  let hooks = PatternTable([
    "process :: exit (", "process :: abort (", "panic :: set_hook", "set_hook (", "macro_rules ! assert {",
    "macro_rules ! assert_eq", "macro_rules ! assert_ne", "macro_rules ! matches", "catch_unwind (",
    "macro_rules ! test", "libc :: _exit", "impl PartialEq", "fn eq (", "thread :: panicking",
    "resume_unwind", "use std :: assert*",
  ])

  let voids = PatternTable(["assert ! ( true", "|| true", "assert_eq ! ( 1 , 1", "assert_eq ! ( true , true"])

  func assertion(in code: SourceCode, at index: Int) -> AssertionSite? {
    guard code.isWord(index) else { return nil }
    let word = code.text(index)
    if word == "should_panic" {
      let end = code.isMark(index + 1, "(") ? code.end(of: index + 1) : index + 1
      return AssertionSite(range: (index - 1)..<end, name: word)
    }
    if word == "panic", code.isMark(index + 1, "!"), code.isMark(index + 2, "(") {
      return AssertionSite(range: index..<code.end(of: index + 2), name: word)
    }
    guard AssertionWords.begins(word), code.isMark(index + 1, "!") || code.isMark(index + 1, "(") else {
      return nil
    }
    let open = code.isMark(index + 1, "!") ? index + 2 : index + 1
    if code.isMark(index - 1, ".") { return nil }
    guard code.isMark(open, "(") || code.isMark(open, "[") || code.isMark(open, "{") else { return nil }
    return AssertionSite(range: index..<code.end(of: open), name: word, arguments: open)
  }

  /// Code in the comments of documentation.
  func examples(in text: String) -> (running: Int, silent: [Int]) {
    var (running, silent, isInside) = (0, [Int](), false)
    for (number, raw) in text.split(separator: "\n", omittingEmptySubsequences: false).enumerated() {
      let line = raw.trimmed
      guard let words = (line.dropping("///") ?? line.dropping("//!"))?.trimmed,
        let kind = words.dropping("```")
      else { continue }
      isInside.toggle()
      guard isInside else { continue }
      let tags = kind.split { $0 == "," || $0 == " " }
      if tags.contains(where: { ["no_run", "ignore", "text", "compile_fail"].contains($0) }) {
        silent.append(number + 1)
      } else if tags.allSatisfy({ $0 == "rust" || $0 == "should_panic" || $0.hasPrefix("edition") }) {
        running += 1
      }
    }
    return (running, silent)
  }

  func cases(in code: SourceCode, path: TestPath) -> [TestCase] {
    let modules = code.types(["mod"])
    let macros = code.indices.filter { code.isWord($0, "macro_rules") }.compactMap { code.brace(from: $0) }
      .map { $0..<code.end(of: $0) }
    let functions = code.functions("fn")
    return made(in: code) + ownMacros(in: code)
      + functions.map { function in
        let attributes = code.tokens[function.head.lowerBound..<max(function.head.lowerBound, function.index)]
          .map(\.text).joined()
        let isTest = [
          "#[test]", "::test]", "::test(", "#[rstest", "#[test_case", "#[quickcheck", "proptest",
          "#[wasm_bindgen_test", "#[googletest",
        ].contains { attributes.contains($0) }
        let around = modules.filter { $0.body.contains(function.index) }
        var test = TestCase(
          name: function.name, scope: around.map(\.name), line: code.tokens[function.index].line,
          isTest: isTest, head: function.head,
          body: function.body)
        test.scopeHeads = around.map { code.attributes(before: $0.keyword)..<$0.keyword }
        if isTest {
          if macros.contains(where: { $0.contains(function.index) }) { test.hidden = "it stands in a macro" }
          if functions.contains(where: { $0.body.contains(function.index) }) {
            test.hidden = "it stands inside a function"
          }
        }
        return test
      }
  }

  /// Macros that tests call as they call functions: `macro_rules! assert_shade { … }`.
  private func ownMacros(in code: SourceCode) -> [TestCase] {
    (code.places["macro_rules"] ?? []).compactMap { index in
      guard code.isWord(index + 2), let open = code.brace(from: index) else { return nil }
      let body = open..<code.end(of: open)
      if body.contains(where: { code.isWord($0, "fn") }) { return nil }
      return TestCase(
        name: code.text(index + 2), line: code.tokens[index].line, isTest: false, head: index..<open,
        body: body)
    }
  }

  /// Tests that a macro of the file makes: `scans!(number, "12.5", …)`.
  private func made(in code: SourceCode) -> [TestCase] {
    (code.places["macro_rules"] ?? []).flatMap { index -> [TestCase] in
      guard let open = code.brace(from: index) else { return [] }
      let body = open..<code.end(of: open)
      let name = code.text(index + 2)
      let isMade = body.contains { code.isWord($0, "test") && code.isMark($0 - 1, "[") }
      guard isMade, code.isWord(index + 2) else { return [] }
      return (code.places[name] ?? []).filter { code.isMark($0 + 1, "!") && !body.contains($0) }.flatMap {
        call in
        let range = (call + 2)..<code.end(of: call + 2)
        let names = range.filter { place in
          code.isWord(place)
            && (place == call + 3 || code.isMark(place + 1, ":") || code.isMark(place + 1, "=>"))
        }
        return names.map { place in
          TestCase(name: code.text(place), line: code.tokens[place].line, head: range, body: body)
        }
      }
    }
  }
}
