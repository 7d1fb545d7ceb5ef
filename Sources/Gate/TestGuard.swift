import Migration

/// What a file holds of tests.
struct TestInventory {
  /// The names of its tests, in order; languages whose tests have no names give the line's text.
  var names: [String] = []
  var assertions = 0
  /// How many lines carry a mark that keeps a test from running or from failing.
  var skipMarks = 0
}

extension TreeChange {
  /// Tests that would be lost: deleted or emptied test files, test files moved to where no runner looks,
  /// tests that vanish, new marks that skip tests, and files whose last assertion goes.
  ///
  /// A test counts as kept when a test of that name is in any changed file afterwards, or when another test
  /// file of the change gains one: moving and porting tests is what migrations do.
  public func testFindings() -> [GuardFinding] {
    var findings: [GuardFinding] = []
    var files: [(change: ChangedPath, old: TestInventory, new: TestInventory)] = []
    for change in paths {
      let (old, new) = (inventory(change.oldPath, oldText), inventory(change.newPath, newText))
      guard old != nil || new != nil else { continue }
      files.append((change, old ?? TestInventory(), new ?? TestInventory()))
      findings += skipFindings(change)
    }
    let kept = Set(files.flatMap(\.new.names))
    var spare = files.reduce(0) { $0 + max(0, $1.new.names.count - $1.old.names.count) }
    for file in files {
      let lost = file.old.names.count - file.new.names.count
      let gone = file.old.names.filter { !kept.contains($0) }
      if lost > 0 && !gone.isEmpty {
        // Tests under new names elsewhere stand in for the ones that are gone, once each.
        let replaced = min(spare, gone.count)
        spare -= replaced
        if replaced < gone.count { findings.append(lossFinding(file.change, file.new, gone)) }
      }
      if file.old.assertions > 0, file.new.assertions == 0, !file.new.names.isEmpty {
        findings.append(finding(file.change, "no assertion is left in this test file"))
      }
    }
    return findings
  }

  private func lossFinding(_ change: ChangedPath, _ new: TestInventory, _ gone: [String]) -> GuardFinding {
    let list = gone.prefix(5).map { "'\($0)'" }.joined(separator: ", ")
    let names = list + (gone.count > 5 ? " and \(gone.count - 5) more" : "")
    switch change.kind {
    case .deleted: return finding(change, "test file was deleted with \(names)")
    case .renamed(let old) where !TestLanguage.isTestFile(path: change.path):
      return finding(change, "test file '\(old)' was moved to where no test runner looks")
    default:
      return finding(change, new.names.isEmpty ? "no test is left: \(names)" : "tests are gone: \(names)")
    }
  }

  private func finding(_ change: ChangedPath, line: Int? = nil, _ message: String) -> GuardFinding {
    GuardFinding(guardName: .tests, path: change.path, line: line, message: message)
  }

  private func skipFindings(_ change: ChangedPath) -> [GuardFinding] {
    guard let path = change.newPath, let new = newText(path), let language = TestLanguage(path: path) else {
      return []
    }
    let old = change.oldPath.flatMap(oldText)
    let before = old.map { language.inventory(of: $0).skipMarks } ?? 0
    // A mark that moves to another line, or is written in another way, is none more than before.
    guard language.inventory(of: new).skipMarks > before else { return [] }
    return addedLines(old: old, new: new).compactMap { number, text in
      language.skipMark(in: text).map { finding(change, line: number, "test is newly skipped by '\($0)'") }
    }
  }

  /// The tests of a file that a runner would find, or `nil` when it is not a file of tests.
  private func inventory(_ path: String?, _ text: (String) -> String?) -> TestInventory? {
    guard let path, let language = TestLanguage(path: path) else { return nil }
    // Rust keeps tests in any file; elsewhere the name decides whether a runner looks into it.
    guard language == .rust || TestLanguage.isTestFile(path: path), let content = text(path) else {
      return nil
    }
    let inventory = language.inventory(of: content)
    return language == .rust && inventory.names.isEmpty && !TestLanguage.isTestFile(path: path)
      ? nil : inventory
  }
}
