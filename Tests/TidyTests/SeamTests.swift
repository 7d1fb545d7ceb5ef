import Testing

/// What a world has to bring, it brings: a protocol that crosses a module has no requirement with a default.
/// A method that is not as visible as the protocol does not satisfy it, and with a default nobody hears of
/// that.
@Suite struct SeamTests {
  @Test func `no seam between modules has a default`() {
    let members = StyleTests.sources.compactMap { Tree.code[$0] }.map(SeamScanner.init)
    let seams = members.reduce(into: [String: Set<String>]()) { $0.merge($1.seams) { $0.union($1) } }
    #expect(seams.count > 15 && seams["Surroundings"]?.contains("wait(for:atMost:)") == true)
    let defaults = members.flatMap(\.extensions).flatMap { name, names in
      (seams[name] ?? []).intersection(names).map { "\(name).\($0)" }
    }
    #expect(defaults.isEmpty, "\(defaults.sorted())")
  }

  @Test func `requirements and what an extension adds are told apart`() {
    let source = """
      package protocol Seam: AnyObject {
        var size: Int { get }
        func wait(for descriptors: [Int32], atMost milliseconds: Int)
        func end(_ words: String, by: (Int) -> Void) throws(Failure) -> [Int]
      }
      protocol Own { func own() }
      extension Seam {
        func wait(for descriptors: [Int32]) { func inner() {} }
        package func end(
          _ words: String,
          by report: (Int) -> Void
        ) throws(Failure) -> [Int] { [] }
      }
      """
    let found = SeamScanner(SwiftCode(source))
    #expect(found.seams == ["Seam": ["size", "wait(for:atMost:)", "end(_:by:)"]])
    #expect(found.extensions.map(\.name) == ["Seam"])
    #expect(found.extensions.map(\.names) == [["wait(for:)", "end(_:by:)"]])
  }
}

/// Finds what protocols that other modules see require, and what extensions declare.
struct SeamScanner {
  /// The requirements of `public` and `package` protocols.
  private(set) var seams: [String: Set<String>] = [:]
  /// What the extensions of anything declare, by the name of what is extended.
  private(set) var extensions: [(name: String, names: Set<String>)] = []
  private let tokens: [Substring]

  init(_ code: SwiftCode) {
    tokens = code.lines.flatMap(SwiftCode.tokens)
    for index in tokens.indices where index + 1 < tokens.count {
      let name = String(tokens[index + 1])
      if tokens[index] == "protocol", index > 0, ["public", "package"].contains(tokens[index - 1]) {
        seams[name] = declared(after: index)
      }
      if tokens[index] == "extension" { extensions.append((name, declared(after: index))) }
    }
  }

  /// The names of what the next braces hold, not of what lies deeper.
  private func declared(after start: Int) -> Set<String> {
    var names: Set<String> = []
    var depth = 0
    for index in tokens.indices[start...] {
      switch tokens[index] {
      case "{": depth += 1
      case "}":
        depth -= 1
        if depth == 0 { return names }
      case "var" where depth == 1: names.insert(String(tokens[index + 1]))
      case "func" where depth == 1: names.insert(String(tokens[index + 1]) + labels(after: index + 1))
      default: break
      }
    }
    return names
  }

  /// The labels of a function's parameters, as `(for:atMost:)`.
  private func labels(after name: Int) -> String {
    guard let open = tokens.indices[name...].first(where: { tokens[$0] == "(" }) else { return "" }
    var text = "("
    var depth = 0
    for index in tokens.indices[open...] {
      if ["(", "[", "<"].contains(tokens[index]) { depth += 1 }
      let isArrow = tokens[index] == ">" && tokens[index - 1] == "-"
      if [")", "]", ">"].contains(tokens[index]), !isArrow { depth -= 1 }
      if depth == 0 { return text + ")" }
      let isFirst = index == open || tokens[index] == "," && depth == 1
      if isFirst, index + 1 < tokens.count, tokens[index + 1] != ")" { text += "\(tokens[index + 1]):" }
    }
    return text
  }
}
