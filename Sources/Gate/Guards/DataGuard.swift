import Migration

extension TreeChange {
  /// Recorded results and test data that change or go: snapshots, golden files, fixtures. New ones, and those
  /// that only move, are no finding.
  /// `explained` and `rewritten` are what the code under test says about the change.
  func dataFindings(_ explained: ExplainedChange, _ rewritten: RewrittenTexts) -> [GuardFinding] {
    func isWritten(_ old: String, _ new: String) -> Bool {
      explained.explains(old, by: [new]) || rewritten.explainsLine(old, by: new)
    }
    let gained = Set(paths.compactMap { $0.newPath.flatMap(newText) })
    return paths.compactMap { change in
      guard let oldPath = change.oldPath, TestData.isRecorded(TestPath(oldPath)) else { return nil }
      let before = old(oldPath)
      guard let path = change.newPath else {
        // The same content elsewhere is a move.
        if let text = before.text, gained.contains(text) || isWrittenOut(text) { return nil }
        return GuardFinding(
          guardName: .tests, kind: .changedTestData, path: oldPath, message: "test data was deleted")
      }
      guard let text = before.text, let now = newText(path) else {
        if case .binary(let size, let strings) = before,
          case .binary(let newSize, let newStrings) = new(path),
          size != newSize || strings != newStrings
        {
          return GuardFinding(
            guardName: .tests, kind: .changedTestData, path: path, message: "test data was changed")
        }
        return nil
      }
      let lost = addedLines(old: now, new: text).filter { !$0.text.trimmed.isEmpty }
      let came = addedLines(old: text, new: now).map { String($0.text.trimmed) }
      let gone = lost.map { String($0.text.trimmed) }
      if explained.explainsAll(gone, by: came) { return nil }
      if gone.count == came.count, zip(gone, came).allSatisfy(isWritten) { return nil }
      if TestData.areExtended(gone, to: came) { return nil }
      let isSnapshot = TestPath(path).ending == "snap"
      guard !lost.isEmpty, !TestData.isSameData(text, now, passingOverComments: isSnapshot) else {
        return nil
      }
      return GuardFinding(
        guardName: .tests, kind: .changedTestData, path: path,
        line: addedLines(old: text, new: now).first?.number,
        message:
          "test data was changed: \(lost.count) line\(lost.count == 1 ? "" : "s") of it no longer there")
    }
  }
}

extension TreeChange {
  /// Whether the tests hold in their own text what a recorded file held: an inline snapshot.
  fileprivate func isWrittenOut(_ record: String) -> Bool {
    let values = TestData.values(of: record)
    guard !values.isEmpty else { return false }
    func strings(_ name: String?, _ read: (String) -> String?) -> [String] {
      guard let name, let language = TestLanguages.language(of: TestPath(name)), let text = read(name),
        language.isTestPath(TestPath(name)), text.utf8.count <= TestFile.readLimit
      else { return [] }
      return SourceCode(text, language.dialect).tokens.filter { $0.kind == .string }.map {
        TestData.flat($0.text)
      }
    }
    let (before, after) = (
      paths.flatMap { strings($0.oldPath, oldText) }, paths.flatMap { strings($0.newPath, newText) }
    )
    return values.allSatisfy { value in
      after.contains { $0.contains(value) } && !before.contains { $0.contains(value) }
    }
  }
}

/// Which files hold what tests compare with.
enum TestData {
  private static let endings: Set = [
    "snap", "ambr", "golden", "approved", "snapshot", "expected", "verified", "baseline",
  ]
  private static let folders: Set = [
    "__snapshots__", "snapshots", "testdata", "fixtures", "golden", "goldens", "expected", "__fixtures__",
    "cassettes", "test_data", "test-data",
    "testfiles", "resources", "data", "baselines", "approvals", "__image_snapshots__",
  ]

  static func isRecorded(_ path: TestPath) -> Bool {
    if endings.contains(path.ending) || path.stem.hasSuffix(".approved") || path.stem.hasSuffix(".verified")
      || path.stem.hasSuffix(".golden") || path.stem.hasSuffix(".expected")
    {
      return true
    }
    if TestLanguages.language(of: path) != nil { return false }
    let names = path.folders.map { $0.lowercased() }
    if names.contains(where: {
      ["__snapshots__", "snapshots", "testdata", "golden", "goldens", "__fixtures__", "cassettes"].contains(
        $0)
    }) {
      return true
    }
    guard path.isBelowTests, !["md", "rst", "cfg", "ini", "toml", "lock", "cmake"].contains(path.ending),
      !["README", "Makefile", "package.json", "CMakeLists.txt", "constraints.txt"].contains(path.name),
      !path.name.hasPrefix("requirements")
    else {
      return false
    }
    return names.contains { folders.contains($0) }
      || ["json", "csv", "txt", "yaml", "yml", "xml", "html", "tsv", "sql", "out", "in", "dat", "jsonl"]
        .contains(path.ending)
  }

  /// A text without the blanks around its lines.
  static func flat(_ text: String) -> String {
    lines(of: text).map { String($0.trimmed) }.filter { !$0.isEmpty }.joined(separator: "\n")
  }

  /// The values that a recorded file holds: those of its entries when it is a file of snapshots, else its
  /// whole text; none when they are too short to be told from anything else.
  static func values(of record: String) -> [String] {
    var rest = record[...]
    var found: [String] = []
    while let entry = rest.after("exports[`") {
      guard let body = entry.after("] = `"), let value = body.before("`;") else { return [] }
      found.append(flat(String(value)))
      rest = body
    }
    if found.isEmpty { found = [flat(record)] }
    return found.contains { $0.utf8.count < 4 } ? [] : found
  }

  /// A line of a snapshot without the kind of what it opens, which newer writers leave out: `Array [`.
  private static func unnamed(_ line: Substring) -> Substring {
    for word in ["Array [", "Object {"] {
      if let rest = line.droppingSuffix(word), rest.isEmpty || rest.hasSuffix(" ") { return rest }
    }
    return line
  }

  /// Whether each line has more than it had, as much as all others: a new field of a record, a new column.
  static func areExtended(_ gone: [String], to came: [String]) -> Bool {
    func words(_ line: String) -> [Substring] {
      line.split { !($0.isLetter || $0.isNumber || "_.-".contains($0)) }
    }
    guard !gone.isEmpty, gone.count == came.count, gone.count < 2_000 else { return false }
    var fields: Set<Int> = []
    for (line, other) in zip(gone, came) {
      let (old, new) = (words(line), words(other))
      var rest = old[...]
      for word in new where word == rest.first { rest = rest.dropFirst() }
      guard rest.isEmpty, new.count > old.count, !old.isEmpty else { return false }
      func signs(_ text: String) -> Int { text.count { ",;\t|".contains($0) } }
      fields.insert(signs(other) - signs(line))
    }
    return fields.count == 1 && fields.first.map { $0 > 0 } == true
  }

  /// Whether two texts hold the same words and numbers in the same order, whatever stands between them.
  static func isSameData(_ one: String, _ other: String, passingOverComments: Bool = false) -> Bool {
    func words(_ whole: String) -> [Substring] {
      // The head of a file of snapshots names the tool that wrote it.
      let text =
        passingOverComments
        ? lines(of: whole).filter { !$0.hasPrefix("//") }.map(unnamed).joined(separator: "\n") : whole
      return text.utf8.split { byte in
        !(byte >= 0x80 || byte == 0x5F || byte == 0x2E || byte == 0x2D || (byte >= 0x30 && byte <= 0x39)
          || (byte | 0x20 >= 0x61 && byte | 0x20 <= 0x7A))
      }.map { Substring($0) }
    }
    return words(one) == words(other)
  }
}
