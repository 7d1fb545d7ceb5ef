import Testing

/// How the code looks, as far as the formatter does not see to it.
@Suite struct StyleTests {
  private static let longestFile = 400
  private static let longestFunction = 70
  private static let longestLine = 110

  static let sources = Tree.swiftFiles(under: "Sources")
  private static let all =
    sources + Tree.swiftFiles(under: "Tests") + Tree.files.filter { $0 == "Package.swift" }

  @Test func `files are short`() {
    let findings = StyleTests.all.compactMap { path -> Finding? in
      let count = Tree.lines(path).count
      guard count > StyleTests.longestFile else { return nil }
      return Finding(path: path, line: nil, message: "\(count) lines, at most \(StyleTests.longestFile)")
    }
    #expect(findings.isEmpty, "\(Finding.list(findings))")
  }

  @Test func `functions are short`() {
    let findings = StyleTests.all.compactMap { path in Tree.code[path].map { (path, $0) } }.flatMap {
      path, code in
      FunctionScanner(code).functions.filter { $0.length > StyleTests.longestFunction }.map {
        Finding(
          path: path, line: $0.line,
          message: "'\($0.name)' has \($0.length) lines, at most \(StyleTests.longestFunction)")
      }
    }
    #expect(findings.isEmpty, "\(Finding.list(findings))")
  }

  @Test func `lines are short`() {
    let findings = StyleTests.all.flatMap { path in
      Tree.lines(path).enumerated().filter { index, line in
        line.utf8.count > StyleTests.longestLine && line.count > StyleTests.longestLine
          && !StyleTests.isQuotation(path, line: index)
      }.map {
        Finding(
          path: path, line: $0.offset + 1,
          message: "\($0.element.count) characters, at most \(StyleTests.longestLine)")
      }
    }
    #expect(findings.isEmpty, "\(Finding.list(findings))")
  }

  /// What other programs print is as wide as it is.
  private static func isQuotation(_ path: String, line: Int) -> Bool {
    guard path.contains("/Fixtures/") else { return false }
    return Tree.code[path]?.textLines.contains(line) == true
  }

  /// What ends the program instead of telling what is wrong: an error has a place to go.
  @Test func `nothing gives up`() {
    let words = ["try!", "as!", "fatalError", "preconditionFailure"]
    let findings = Tree.lines(with: words) { $0.hasPrefix("Sources/") && $0.hasSuffix(".swift") }
      .flatMap { found in
        let code = " " + (Tree.code[found.path]?.lines[found.line - 1] ?? "")
        return words.filter { word in
          // A word may end in ours: `retry!` is no `try!`.
          code.ranges(of: word).contains { !code[code.index(before: $0.lowerBound)].isLetter }
        }.map { Finding(path: found.path, line: found.line, message: "'\($0)'") }
      }
    #expect(findings.isEmpty, "\(Finding.list(findings))")
  }

  /// Swift 6.3, unoptimized: a large part of a value that an accessor lends is kept by a copy, and then what
  /// was lent is released in its stead, after the accessor's memory is gone.
  @Test func `nothing is lent by an accessor`() {
    let findings = Tree.lines(with: ["_read {"]) { $0.hasPrefix("Sources/") && $0.hasSuffix(".swift") }
      .filter { (Tree.code[$0.path]?.lines[$0.line - 1] ?? "").contains("_read {") }
      .map { Finding(path: $0.path, line: $0.line, message: "'_read'") }
    #expect(findings.isEmpty, "\(Finding.list(findings))")
  }

  @Test func `public declarations say what they are`() {
    let findings = StyleTests.sources.flatMap { path in
      let lines = Tree.lines(path)
      return (Tree.code[path]?.lines ?? []).enumerated().filter { index, line in
        StyleTests.isPublic(line) && !StyleTests.isDocumented(lines, at: index)
      }.map { Finding(path: path, line: $0.offset + 1, message: "public, without a docstring") }
    }
    #expect(findings.isEmpty, "\(Finding.list(findings))")
  }

  /// Whether the line declares something public. What an extension adds is documented where it is.
  private static func isPublic(_ line: String) -> Bool {
    let tokens = SwiftCode.tokens(of: line)
    guard let word = tokens.firstIndex(of: "public") else { return false }
    let modifiers: Set<Substring> = [
      "@", "static", "final", "mutating", "indirect", "nonisolated", "override", "discardableResult",
      "inlinable", "Sendable",
    ]
    guard tokens[..<word].allSatisfy(modifiers.contains) else { return false }
    return !["import", "extension"].contains(tokens.dropFirst(word + 1).first ?? "")
  }

  /// Whether a docstring ends right above, or above the attributes.
  private static func isDocumented(_ lines: [Substring], at index: Int) -> Bool {
    for above in lines[..<index].reversed() {
      let text = above.drop { $0 == " " }
      if text.hasPrefix("@") { continue }
      return text.hasPrefix("///")
    }
    return false
  }
}
