import Migration

extension TreeChange {
  /// Recorded results and test data that change or go: snapshots, golden files, fixtures. New ones, and those
  /// that only move, are no finding.
  public func dataFindings() -> [GuardFinding] {
    let gained = Set(paths.compactMap { $0.newPath.flatMap(newText) })
    return paths.compactMap { change in
      guard let oldPath = change.oldPath, TestData.isRecorded(TestPath(oldPath)) else { return nil }
      let before = old(oldPath)
      guard let path = change.newPath else {
        // The same content elsewhere is a move.
        if let text = before.text, gained.contains(text) { return nil }
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
      guard !lost.isEmpty, !TestData.isSameData(text, now) else { return nil }
      return GuardFinding(
        guardName: .tests, kind: .changedTestData, path: path,
        line: addedLines(old: text, new: now).first?.number,
        message:
          "test data was changed: \(lost.count) line\(lost.count == 1 ? "" : "s") of it no longer there")
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
      !["README", "Makefile", "package.json"].contains(path.name)
    else {
      return false
    }
    return names.contains { folders.contains($0) }
      || ["json", "csv", "txt", "yaml", "yml", "xml", "html", "tsv", "sql", "out", "in", "dat", "jsonl"]
        .contains(path.ending)
  }

  /// Whether two texts hold the same words and numbers in the same order, whatever stands between them.
  static func isSameData(_ one: String, _ other: String) -> Bool {
    func words(_ text: String) -> [Substring] {
      text.utf8.split { byte in
        !(byte >= 0x80 || byte == 0x5F || byte == 0x2E || byte == 0x2D || (byte >= 0x30 && byte <= 0x39)
          || (byte | 0x20 >= 0x61 && byte | 0x20 <= 0x7A))
      }.map { Substring($0) }
    }
    return words(one) == words(other)
  }
}
