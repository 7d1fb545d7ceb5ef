/// Settings of runners that stand in another file now: `setup.cfg` and `pyproject.toml`, `jest.config.js` and
/// `vitest.config.ts`.
struct MovedSettings {
  private let change: TreeChange

  init(_ change: TreeChange) { self.change = change }

  private static let pythonNames: Set = [
    "setup.cfg", "pyproject.toml", "pytest.ini", ".pytest.ini", "tox.ini", "pytest.toml", ".pytest.toml",
    ".coveragerc",
  ]

  /// The values of each key of a file in INI or TOML, wherever they stand, as bare words.
  private static func values(_ text: String) -> [String: Set<String>] {
    var found: [String: Set<String>] = [:]
    var key: String?
    for line in lines(of: text) {
      let plain = line.trimmed
      if plain.isEmpty || plain.hasPrefix("#") || plain.hasPrefix(";") { continue }
      if plain.hasPrefix("["), plain.hasSuffix("]"), line.indentation == 0, !plain.has("\"") {
        key = nil
        continue
      }
      var value = plain
      if line.indentation == 0, let name = plain.before("=")?.trimmed, !name.isEmpty, !name.has("\"") {
        key = name.lowercased()
        value = (plain.after("=") ?? "").trimmed
      }
      guard let key else { continue }
      found[key, default: []].formUnion(words(value))
    }
    return found
  }

  private static func words(_ value: Substring) -> [String] {
    value.split { " \t,[]\"'".contains($0) }.map { $0.lowercased() }
  }

  private func settings(_ side: (ChangedPath) -> (String, String)?) -> [[String: Set<String>]] {
    change.paths.compactMap { path in
      guard let (name, text) = side(path), MovedSettings.pythonNames.contains(TestPath(name).name) else {
        return nil
      }
      return MovedSettings.values(text)
    }
  }

  /// Whether a line only says what another file of Python's settings said before.
  func stood(_ line: Substring) -> Bool {
    guard let name = LineJudge.name(line).map({ $0.lowercased() }) else { return false }
    let value = Set(MovedSettings.words(line.after("=") ?? ""))
    let before = settings { path in
      path.oldPath.flatMap { name in change.oldText(name).map { (name, $0) } }
    }
    return before.contains { all in all[name].map { value.isSubset(of: $0) } ?? false }
  }

  /// Whether a line that is gone stands in another file of Python's settings now, with all its values.
  func isKept(_ line: Substring, of path: TestPath) -> Bool {
    guard let name = LineJudge.name(line).map({ $0.lowercased() }),
      let text = change.oldText(path.path), let values = MovedSettings.values(text)[name]
    else { return false }
    let after = settings { path in
      path.newPath.flatMap { name in change.newText(name).map { (name, $0) } }
    }
    return after.contains { all in all[name].map { values.isSubset(of: $0) } ?? false }
  }

  /// Whether each path of a value stood in the settings of another runner of JavaScript.
  func stoodInJavaScript(_ value: Substring) -> Bool {
    let before = change.paths.compactMap { path -> String? in
      guard let name = path.oldPath else { return nil }
      let kind = ProtectedFileKind(TestPath(name))
      return kind == .javascript || kind == .settingsOfMocha || kind == .scripts ? change.oldText(name) : nil
    }
    let paths = value.split { " ,[]\"'`{}()".contains($0) }.map { word in
      var text = word
      for start in ["<rootDir>/", "./"] { text = text.dropping(start) ?? text }
      return String(text)
    }.filter { $0.contains("/") || $0.contains(".") }
    return !paths.isEmpty && paths.allSatisfy { path in before.contains { $0.contains(path) } }
  }
}
