/// minitest, test-unit, RSpec and Rails' test blocks.
struct RubyTests: TestLanguage {
  let extensions = ["rb", "rake"]

  let dialect: Dialect = {
    var dialect = Dialect()
    dialect.lineComments = ["#"]
    dialect.hasBlockComments = false
    dialect.quotes = Array("\"'`".utf8)
    dialect.hasHereDocuments = true
    dialect.hasRubyBlocks = true
    dialect.hasRegularExpressions = true
    dialect.interpolation = Array("#".utf8)
    dialect.nameBytes = Array("@$".utf8)
    dialect.hasLineEnds = true
    return dialect
  }()

  func isTestPath(_ path: TestPath) -> Bool {
    path.stem.hasPrefix("test_") || path.stem.hasSuffix("_test") || path.stem.hasSuffix("_spec")
  }

  let skips = PatternTable([
    "xit", "xdescribe", "xcontext", "xspecify", "xexample", "xscenario", "xfeature", "fit #s", "fdescribe #s",
    "fcontext #s", "skip : ", "pending : ", "focus : true",
    ": skip", ": pending", ": focus", "omit", "pend", "omit_if", "omit_unless", "skip_until", "skip_if",
    "skip", "pending", "skip_unless", "filter_run_excluding", "filter_run_when_matching",
    "skip_test", "undef_method", "remove_method", "undef", "runnable_methods", "if : false", "unless : true",
    "if :",
  ])

  let hooks = PatternTable([
    ". failure_exit_code", ". error_exit_code",
    "exit ! ", "exit!", "exit 0", "exit ( 0", "abort", "at_exit", "Minitest . after_run",
    "Minitest . extensions", "class Minitest", "module Minitest", "def assert_equal", "def assert_nil",
    "def assert_raises", "def assert_includes", "def assert_in_delta", "def assert_match",
    "def assert_predicate", "def assert (", "def refute", "def refute_equal",
    "def expect", "define_method ( : assert*", "alias assert*", "alias_method : assert*", "around ( : each",
    "around ( :", "around :", "config . around", "config . before", "config . filter*", "prepend", "refine",
    "class RSpec", "module RSpec", "def ==",
    "$stdout =", "$stderr =", "$stdout . reopen", "Process . exit!", "Process . kill", "Kernel . exit",
    "reporter", "def run", "def self . runnable_methods", "define_method", "instance_variable_set",
    "class Test",
    "exclude_pattern", "config . pattern", "fail_if_no_examples", "failure_exit_code", "dry_run",
    "def passed?", "def failure", "allow_any_instance_of", "autorun",
  ])

  let voids = PatternTable([
    "assert true", "assert ( true", "assert 1", "|| true", "or true", "expect ( true )", "anything",
    "assert_equal 1 , 1", "assert_equal true , true", "expect ( 1 )",
  ])

  func assertion(in code: SourceCode, at index: Int) -> AssertionSite? {
    guard code.isWord(index) else { return nil }
    let word = code.text(index)
    let isMember = code.isMark(index - 1, ".")
    let isStart =
      index == 0 || code.kind(index - 1) == .newline || code.isMark(index - 1, "{")
      || code.isMark(index - 1, "|") || code.isMark(index - 1, ";") || code.isWord(index - 1, "do")
    if isMember,
      word.hasPrefix("must_") || word.hasPrefix("wont_") || word == "should" || word == "should_not"
    {
      var start = index
      while start > 0, code.kind(start - 1) != .newline { start -= 1 }
      return AssertionSite(range: start..<code.statementEnd(from: index), name: word)
    }
    if ["expect", "is_expected"].contains(word), !isMember {
      let end = code.statementEnd(from: index)
      return code.tokens[index..<end].contains { ["to", "not_to", "to_not"].contains($0.text) }
        ? AssertionSite(range: index..<end, name: word) : nil
    }
    guard !isMember, isStart || code.isMark(index + 1, "("),
      word.hasPrefix("assert") || word.hasPrefix("refute") || word == "flunk" || word.hasPrefix("check_")
        || word.hasPrefix("verify_")
    else { return nil }
    if code.isMark(index + 1, "(") {
      return AssertionSite(range: index..<code.statementEnd(from: index), name: word, arguments: index + 1)
    }
    return AssertionSite(range: index..<code.statementEnd(from: index), name: word)
  }

  private static let declarers: Set = ["it", "specify", "test", "example", "scenario", "should", "its"]
  private static let crossed: Set = ["xit", "xspecify", "xexample", "fit", "xscenario"]
  private static let groups: Set = [
    "describe", "context", "feature", "xdescribe", "xcontext", "fdescribe", "fcontext", "RSpec",
  ]
  private static let shared: Set = ["shared_examples", "shared_examples_for", "shared_context"]
  /// What runs the examples that groups share.
  static let includers: Set = [
    "include_examples", "it_behaves_like", "it_should_behave_like", "include_context",
  ]

  func cases(in code: SourceCode, path: TestPath) -> [TestCase] {
    var found: [TestCase] = []
    read(code, 0..<code.tokens.count, [], [], nil, &found)
    var seen: [String: Int] = [:]
    for index in found.indices where found[index].isTest && found[index].name.hasPrefix("test_") {
      if let earlier = seen[found[index].fullName] {
        found[earlier].hidden = "another '\(found[index].name)' takes its place"
      }
      seen[found[index].fullName] = index
    }
    return found
  }

  private func read(
    _ code: SourceCode, _ range: Range<Int>, _ scope: [String], _ heads: [Range<Int>], _ hidden: String?,
    _ found: inout [TestCase]
  ) {
    var index = range.lowerBound
    var isPrivate = false
    while index < range.upperBound {
      let isFirst =
        index == range.lowerBound || code.kind(index - 1) == .newline || code.isMark(index - 1, ";")
      guard code.isWord(index), isFirst else {
        index += 1
        continue
      }
      let word = code.text(index)
      switch word {
      case "class", "module":
        let block = code.endBlock(from: index)
        let end = code.statementEnd(from: index)
        let header = code.tokens[index..<min(end, code.tokens.count)].map(\.text).joined(separator: " ")
        let isCase =
          word == "module" || header.contains("Test") || header.contains("Spec") || header.contains("Case")
        let hasBase = header.contains("<") || word == "module"
        read(
          code, block, scope + [code.text(index + 1)], heads,
          hidden ?? (isCase && hasBase ? nil : "class '\(code.text(index + 1))' is no test case"), &found)
        index = block.upperBound + 1
      case "private",
        "protected" where code.kind(index + 1) == .newline:
        isPrivate = true
        index += 1
      case "private" where code.isWord(index + 1, "def"):
        isPrivate = true
        index += 1
        let block = code.endBlock(from: index)
        add(code, index, block, scope, heads, "it is private", &found)
        isPrivate = false
        index = block.upperBound + 1
      case "def":
        let block = code.endBlock(from: index)
        add(code, index, block, scope, heads, isPrivate ? "it is private" : hidden, &found)
        index = block.upperBound + 1
      case "if", "unless", "while":
        let block = code.endBlock(from: index)
        let condition = code.spelled((index + 1)..<max(index + 1, code.statementEnd(from: index)))
        let never = word == "unless" ? ["true"] : ["false", "nil"]
        read(
          code, block, scope, heads,
          hidden
            ?? (never.contains(condition) || condition.hasPrefix("ENV") || condition.hasPrefix("RUBY_")
              || condition.hasPrefix("defined") ? "it stands under '\(word) \(condition)'" : nil),
          &found)
        index = block.upperBound + 1
      default: index = readCall(code, index, range, scope, heads, hidden, &found)
      }
    }
  }

  /// `it "…" do`, `describe … do`, and the next index to look at.
  private func readCall(
    _ code: SourceCode, _ index: Int, _ range: Range<Int>, _ scope: [String], _ heads: [Range<Int>],
    _ hidden: String?, _ found: inout [TestCase]
  ) -> Int {
    let word = code.text(index)
    let end = code.statementEnd(from: index)
    if RubyTests.includers.contains(word), word != "include_context" {
      var test = TestCase(
        name: code.spelled((index + 1)..<max(index + 1, end)), scope: scope, line: code.tokens[index].line,
        head: index..<end, body: end..<end)
      test.hidden = hidden
      test.scopeHeads = heads
      found.append(test)
      return max(end, index + 1)
    }
    // `define_method("test_refuses_#{name}") do`
    let isDefined =
      word == "define_method"
      && (index + 1...index + 2).contains { code.kind($0) == .string && code.text($0).hasPrefix("test_") }
    let isTest = isDefined || RubyTests.declarers.contains(word) || RubyTests.crossed.contains(word)
    // `RSpec::Matchers.define :give do |name|`
    let isMatcher =
      word == "matcher"
      || word == "RSpec" && code.tokens[index..<end].contains { $0.isWord("Matchers") }
    let isShared = isMatcher || (index...index + 2).contains { RubyTests.shared.contains(code.text($0)) }
    guard isTest || isShared || RubyTests.groups.contains(word) else { return index + 1 }
    let opening = (index..<min(end, range.upperBound)).first {
      code.isWord($0, "do") || code.isMark($0, "{")
    }
    guard let opening else {
      if isTest, code.kind(index + 1) == .string {
        var test = TestCase(
          name: code.text(index + 1), scope: scope, line: code.tokens[index].line, head: index..<end,
          body: end..<end)
        test.hidden = hidden ?? "it has no body"
        test.scopeHeads = heads
        found.append(test)
      }
      return max(end, index + 1)
    }
    let block =
      code.isWord(opening, "do")
      ? code.endBlock(from: opening) : (opening + 1)..<max(opening + 1, code.end(of: opening) - 1)
    let name =
      (index..<opening).first { code.kind($0) == .string || isMatcher && code.isMark($0 - 1, ":") }.map(
        code.text)
      ?? code.spelled((index + 1)..<opening)
    if isShared {
      // Whoever includes them runs them.
      found.append(
        TestCase(
          name: name, scope: scope, line: code.tokens[index].line, isTest: false, head: index..<opening,
          body: block))
    } else if isTest {
      var test = TestCase(
        name: name.isEmpty ? code.spelled(block) : name, scope: scope, line: code.tokens[index].line,
        head: index..<opening, body: block)
      test.hidden = hidden
      test.scopeHeads = heads
      found.append(test)
    } else {
      read(code, block, scope + [name], heads + [index..<opening], hidden, &found)
    }
    return block.upperBound + 1
  }

  /// Whether test-unit's `data` stands in front of a test.
  private func isGivenRows(_ code: SourceCode, _ index: Int) -> Bool {
    (code.places["data"] ?? []).contains { place in
      place < index && code.kind(place - 1) == .newline
        && code.next(after: code.statementEnd(from: place) - 1) == index
    }
  }

  private func add(
    _ code: SourceCode, _ index: Int, _ block: Range<Int>, _ scope: [String], _ heads: [Range<Int>],
    _ hidden: String?, _ found: inout [TestCase]
  ) {
    let name = code.text(index + 1)
    let isTest = name.hasPrefix("test_")
    var test = TestCase(
      name: name, scope: scope, line: code.tokens[index].line, isTest: isTest,
      head: index..<min(index + 2, block.upperBound),
      body: min(index + 2, block.upperBound)..<block.upperBound)
    test.scopeHeads = heads
    if isTest {
      test.hidden = scope.isEmpty ? "it stands in no class" : hidden
      if code.isWord(index + 1, "self") { test.hidden = "it belongs to the class" }
      if code.isMark(index + 2, "("), code.end(of: index + 2) > index + 4, !isGivenRows(code, index) {
        test.hidden = "it takes parameters"
      }
    }
    found.append(test)
  }
}
