import Testing

/// How the code looks, as far as the formatter does not see to it.
@Suite struct StyleTests {
  private static let longestFile = 400
  private static let longestFunction = 70
  private static let longestLine = 110

  private static let sources = Tree.swiftFiles(under: "Sources")
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
    let findings = StyleTests.all.flatMap { path in
      FunctionScanner(SwiftCode(Tree.text(path) ?? "")).functions
        .filter { $0.length > StyleTests.longestFunction }.map {
          Finding(
            path: path, line: $0.line,
            message: "'\($0.name)' has \($0.length) lines, at most \(StyleTests.longestFunction)")
        }
    }
    #expect(findings.isEmpty, "\(Finding.list(findings))")
  }

  /// The outputs of other programs that tests keep are as wide as they are.
  @Test func `lines are short`() {
    let findings = StyleTests.all.filter { !$0.contains("/Fixtures/") }.flatMap { path in
      Tree.lines(path).enumerated().filter { $0.element.count > StyleTests.longestLine }.map {
        Finding(
          path: path, line: $0.offset + 1,
          message: "\($0.element.count) characters, at most \(StyleTests.longestLine)")
      }
    }
    #expect(findings.isEmpty, "\(Finding.list(findings))")
  }

  /// What ends the program instead of telling what is wrong: an error has a place to go.
  @Test func `nothing gives up`() {
    let words = ["try !", "as !", "fatalError", "preconditionFailure"]
    let findings = StyleTests.sources.flatMap { path in
      SwiftCode(Tree.text(path) ?? "").lines.enumerated().flatMap { index, line in
        let code = " \(SwiftCode.tokens(of: line).joined(separator: " ")) "
        return words.filter { code.contains(" \($0) ") }.map {
          Finding(path: path, line: index + 1, message: "'\($0.filter { $0 != " " })'")
        }
      }
    }
    #expect(findings.isEmpty, "\(Finding.list(findings))")
  }

  @Test func `public declarations say what they are`() {
    let findings = StyleTests.sources.flatMap { path in
      let lines = Tree.lines(path)
      return SwiftCode(Tree.text(path) ?? "").lines.enumerated().filter { index, line in
        StyleTests.isPublic(line) && !StyleTests.isDocumented(lines, at: index)
      }.map { Finding(path: path, line: $0.offset + 1, message: "public, without a docstring") }
    }
    #expect(findings.isEmpty, "\(Finding.list(findings))")
  }

  /// Whether the line declares something public. What an extension adds is documented where it is.
  private static func isPublic(_ line: String) -> Bool {
    let tokens = SwiftCode.tokens(of: line)
    guard let word = tokens.firstIndex(where: { $0 == "public" || $0 == "open" }) else { return false }
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
