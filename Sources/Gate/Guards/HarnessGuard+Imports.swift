/// Where the names come from that tests use.
extension HarnessGuard {
  /// Names that came from the code and now come from beside the tests, and assertions that come from anywhere
  /// but the framework.
  static func imports(_ comparison: inout TestComparison) {
    for file in comparison.newFiles
    where file.path.isPython || file.path.isJavaScript {
      guard let old = comparison.oldFiles.first(where: { comparison.pathNow($0) == file.path.path }) else {
        continue
      }
      let (before, after) = (sources(old), sources(file))
      SubjectUse.read(old: (old, before), new: (file, after), &comparison)
      for name in ["assert", "expect"] where rebinds(file.code, name) && !rebinds(old.code, name) {
        comparison.add(.testHook, file.path.path, nil, name, "'\(name)' means something else now")
      }
      for (name, place) in after.sorted(by: { $0.key < $1.key }) {
        let isFramework = [
          "expect", "test", "it", "describe", "assert", "pytest", "unittest", "TestCase", "strict",
        ].contains(name)
        let isLocal =
          place.source.hasPrefix(".") || place.source.lowercased().contains("test") && !isKnown(place.source)
          || place.source.lowercased().contains("fake") || place.source.lowercased().contains("stub")
          || place.source.lowercased().contains("conftest")
        if isFramework {
          if isLocal, before[name]?.source != place.source {
            comparison.add(
              .testHook, file.path.path, place.line, name, "'\(name)' comes from '\(place.source)' now")
          }
        } else if let was = before[name], was.source != place.source,
          leavesCode(was.source, place.source),
          !isSameFile(was.source, of: old.path, place.source, of: file.path, comparison.change)
        {
          comparison.add(
            .replacedCode, file.path.path, place.line, name,
            "'\(name)' comes from '\(place.source)' now, beside the tests")
        }
      }
    }
  }

  /// `const assert = new Proxy(…)`: a name of the framework that is no import.
  private static func rebinds(_ code: SourceCode, _ name: String) -> Bool {
    (code.places[name] ?? []).contains { index in
      guard ["const", "let", "var"].contains(code.text(index - 1)), code.isMark(index + 1, "=") else {
        return false
      }
      return !(index..<min(code.statementEnd(from: index), index + 30)).contains {
        ["require", "import", "strict", "expect", "assert"].contains(code.text($0)) && $0 != index
          && !code.isMark($0 - 1, "(")
      }
    }
  }

  private static func isKnown(_ source: String) -> Bool {
    [
      "pytest", "unittest", "node:test", "vitest", "@jest/globals", "@testing-library", "django.test",
      "bun:test", "@playwright/test", "numpy.testing", "ava", "tap",
    ].contains { source.hasPrefix($0) }
  }

  /// Whether two imports lead to one file of the code, which may have moved.
  private static func isSameFile(
    _ was: String, of old: TestPath, _ now: String, of path: TestPath, _ change: TreeChange
  ) -> Bool {
    guard let before = resolved(was, from: old), let after = resolved(now, from: path) else { return false }
    if before == after { return true }
    return change.paths.contains { path in
      guard case .renamed = path.kind else { return false }
      return path.path.hasPrefix(after + ".") && path.oldPath?.hasPrefix(before + ".") == true
    }
  }

  /// Where a relative import leads, without its ending.
  private static func resolved(_ source: String, from path: TestPath) -> String? {
    guard source.hasPrefix("."), source.contains("/") else { return nil }
    var folders = path.folders
    for part in source.split(separator: "/") {
      if part == ".." { _ = folders.popLast() } else if part != "." { folders.append(String(part)) }
    }
    let joined = folders.joined(separator: "/")
    return joined.split(separator: ".").first.map(String.init) ?? joined
  }

  private static func leavesCode(_ old: String, _ new: String) -> Bool {
    let words = ["test", "fake", "stub", "mock", "helper", "conftest", "double", "dummy"]
    let now = new.lowercased()
    if words.contains(where: { now.contains($0) && !old.lowercased().contains($0) }) { return true }
    return old.hasPrefix("../") && new.hasPrefix("./")
  }

  static func sources(_ file: TestFile) -> [String: (source: String, line: Int)] {
    let code = file.code
    var found: [String: (String, Int)] = [:]
    for index in code.indices where code.isWord(index) {
      if file.path.isPython, code.isWord(index, "from"), index == 0 || code.kind(index - 1) == .newline {
        let end = code.statementEnd(from: index)
        guard let word = (index..<end).first(where: { code.isWord($0, "import") }) else { continue }
        let source = code.tokens[(index + 1)..<word].map(\.text).joined()
        for position in (word + 1)..<max(word + 1, end)
        where code.isWord(position) && code.text(position) != "as" {
          found[code.text(position)] = (source, code.tokens[index].line)
        }
      } else if file.path.isPython, code.isWord(index, "import"),
        index == 0 || code.kind(index - 1) == .newline
      {
        let end = code.statementEnd(from: index)
        if let alias = (index..<end).first(where: { code.isWord($0, "as") }) {
          found[code.text(alias + 1)] = (
            code.tokens[(index + 1)..<alias].map(\.text).joined(), code.tokens[index].line
          )
        }
      } else if code.isWord(index, "import") || code.isWord(index, "require") {
        let end = min(code.statementEnd(from: index), index + 60)
        guard let string = (index..<end).first(where: { code.kind($0) == .string }) else { continue }
        var start = index
        if code.isWord(index, "require") {
          while start > 0, code.kind(start - 1) != .newline, !code.isMark(start - 1, ";") { start -= 1 }
        }
        for position in start..<string
        where code.isWord(position)
          && !["import", "require", "const", "let", "var", "from", "as"].contains(code.text(position))
        {
          found[code.text(position)] = (code.text(string), code.tokens[index].line)
        }
      }
    }
    return found
  }
}
