/// Tests that are still there, and no longer use any of the code that they are for.
enum SubjectUse {
  typealias Imports = [String: (source: String, line: Int)]

  /// A file that used names of the tree's own code and now uses none, though no other file of tests changed
  /// that could use them for it.
  static func read(
    old: (file: TestFile, imports: Imports), new: (file: TestFile, imports: Imports),
    _ comparison: inout TestComparison
  ) {
    let file = new.file
    guard file.language.isTestPath(file.path), !file.tests.isEmpty else { return }
    let before = used(old.file, old.imports, comparison.change)
    guard !before.isEmpty, used(file, new.imports, comparison.change).isEmpty else { return }
    // A fixture that was there before may use it for them.
    func parameters(_ file: TestFile) -> Int {
      file.tests.reduce(0) { $0 + file.code.tokens[$1.head].count { $0.kind == .word && $0.text != "self" } }
    }
    guard parameters(file) <= parameters(old.file) else { return }
    let isUsedElsewhere = comparison.newFiles.contains { other in
      other.path.path != file.path.path && (other.path.isBelowTests || other.language.isTestPath(other.path))
    }
    guard !isUsedElsewhere else { return }
    comparison.add(
      .replacedCode, file.path.path, nil, before.sorted().first,
      "the tests no longer use '\(before.sorted().joined(separator: "', '"))', which they are for")
  }

  /// The imported names of the tree's code that stand anywhere but in imports.
  private static func used(_ file: TestFile, _ imports: Imports, _ change: TreeChange) -> Set<String> {
    Set(
      imports.filter { name, place in
        isOfTree(place.source, file.path, change)
          && (file.code.places[name] ?? []).contains { file.code.tokens[$0].line != place.line }
      }.map(\.key))
  }

  private static func isOfTree(_ source: String, _ path: TestPath, _ change: TreeChange) -> Bool {
    if !path.isPython { return source.hasPrefix(".") }
    guard !source.lowercased().contains("test"), !source.hasPrefix(".") else { return false }
    let place = source.split(separator: ".").joined(separator: "/")
    return ["", "src/", "lib/"].contains { root in
      [root + place + ".py", root + place + "/__init__.py"].contains { name in
        change.newText(name) != nil || change.oldText(name) != nil
      }
    }
  }
}
