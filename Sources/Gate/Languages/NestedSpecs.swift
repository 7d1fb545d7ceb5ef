/// Tests that are named by strings inside of described groups: Ginkgo's `It("adds", func() { … })` and
/// Quick's `it("adds") { … }`.
struct NestedSpecs {
  var groups: Set<String>
  var tests: Set<String>
  /// What stands in front of a word to take its tests out, or to run no others.
  var marks: [String]
  /// Whether the block is an argument, or follows the call.
  var isArgument: Bool

  static let ginkgo = NestedSpecs(
    groups: ["Describe", "Context", "When", "DescribeTable"], tests: ["It", "Specify"],
    marks: ["F", "P", "X"], isArgument: true)
  static let quick = NestedSpecs(
    groups: ["describe", "context"], tests: ["it"], marks: ["f", "x", "p"], isArgument: false)

  func cases(in code: SourceCode) -> [TestCase] {
    let found = code.indices.compactMap { item(code, $0) }
    return found.filter(\.isTest).map { item in
      let around = found.filter { !$0.isTest && $0.body.contains(item.index) }
      var test = TestCase(
        name: item.name, scope: around.map(\.name), line: code.tokens[item.index].line,
        head: item.index..<item.body.lowerBound, body: item.body)
      test.scopeHeads = around.map { $0.index..<$0.body.lowerBound }
      if let mark = ([item] + around).first(where: { $0.isMarked }) {
        test.skip = TestCase.Mark(text: code.text(mark.index), line: code.tokens[mark.index].line)
      }
      return test
    }
  }

  private struct Item {
    var name: String
    var index: Int
    var isTest: Bool
    var isMarked: Bool
    var body: Range<Int>
  }

  private func item(_ code: SourceCode, _ index: Int) -> Item? {
    guard code.isWord(index), code.isMark(index + 1, "("), code.kind(index + 2) == .string,
      !code.isMark(index - 1, ".")
    else { return nil }
    let word = code.text(index)
    let bare = marks.first { word.hasPrefix($0) }.map { String(word.dropFirst($0.count)) } ?? word
    let isKnown = groups.contains(word) || tests.contains(word)
    let name = isKnown ? word : bare
    guard groups.contains(name) || tests.contains(name) else { return nil }
    let close = code.end(of: index + 1)
    let open = isArgument ? (index..<close).first { code.isMark($0, "{") } : close
    guard let open, code.isMark(open, "{") else { return nil }
    return Item(
      name: code.text(index + 2), index: index, isTest: tests.contains(name), isMarked: !isKnown,
      body: open..<code.end(of: open))
  }
}
