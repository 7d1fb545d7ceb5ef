/// What stands in no test: marks, tables and constants that all of a file share.
extension TestComparison {
  private func isUnit(_ value: String, _ old: TestFile, _ new: TestFile) -> Bool {
    Double(value).map { $0 != 0 && isScaled($0, old, new) } ?? false
  }

  /// Marks, tables and constants that stand in no test.
  mutating func compareOutside(_ oldKeys: Set<String>) {
    var before: [String: Int] = [:]
    for file in oldFiles { for mark in file.skips { before[mark.family, default: 0] += 1 } }
    // Marks that went along with a move are none more.
    for file in oldFiles {
      for test in file.tests { for mark in test.marks { before[mark.family, default: 0] += 1 } }
    }
    for file in newFiles {
      for test in file.tests { for mark in test.marks { before[mark.family, default: 0] -= 1 } }
    }
    for file in newFiles {
      let tests = file.tests
      let isNew =
        !tests.isEmpty && !oldFiles.contains { newPaths[$0.path.path] == file.path.path }
        && !tests.contains { oldKeys.contains($0.key) }
      for mark in file.skips {
        if let count = before[mark.family], count > 0 {
          before[mark.family] = count - 1
        } else if !isNew {
          add(.skippedTest, file.path.path, mark.line, mark.text, "tests are newly skipped by '\(mark.text)'")
        }
      }
    }
    let known = KnownValues(
      own: newFiles.reduce(into: []) { all, file in
        all.formUnion(file.literals)
        for test in file.cases { all.formUnion(test.facts.literals) }
      })
    for file in oldFiles {
      guard let now = newFiles.first(where: { $0.path.path == pathNow(file) }) else { continue }
      let isKept = file.code.places["TEST_P"]?.count ?? 0 <= now.code.places["TEST_P"]?.count ?? 0
      if isKept, file.instances > now.instances {
        add(.fewerParameters, pathNow(file), nil, nil, "the tests go over fewer values than before")
      }
      if now.cuts > file.cuts {
        add(.fewerParameters, pathNow(file), nil, nil, "the tests go over a part of their rows only")
      }
      if now.examples.running < file.examples.running, now.examples.silent.count > file.examples.silent.count
      {
        add(
          .skippedTest, pathNow(file), now.examples.silent.first, "example",
          "an example in a comment no longer runs as a test")
      }
    }
    compareShared(known)
  }

  /// Tables and constants of a file.
  private mutating func compareShared(_ known: KnownValues) {
    for file in oldFiles where newPaths[file.path.path] != nil || !file.tests.isEmpty {
      guard let now = newFiles.first(where: { $0.path.path == pathNow(file) }) else { continue }
      // What stands inside of a test is read with it.
      let tests = Set(file.tests.map(\.name))
      let provided = file.helpers.filter {
        $0.facts.effective.isEmpty && tests.isDisjoint(with: $0.scope)
      }.flatMap(\.facts.tables)
      let fresh = Array(now.shared.subtracting(file.shared))
      let calls = file.tests.reduce(into: Set<String>()) { $0.formUnion($1.facts.calls) }
      let words = Set(now.code.tokens.filter { $0.kind == .word }.map { TestCase.plain($0.text) })
      let rows = lost(Set(file.tables + provided), known).filter {
        !explained.explains($0, by: fresh) && explained.names(of: $0).isDisjoint(with: words)
          && !isRetyped($0, calls: calls, fresh: fresh) && !isUnit($0, file, now)
          && !explained.isOtherNumber($0, by: fresh)
      }
      if !rows.isEmpty {
        add(.fewerParameters, pathNow(file), nil, nil, "the tests' tables no longer have \(spelled(rows))")
      }
      let values = lost(Set(file.constants.map(\.text)), known).filter {
        !rows.contains($0) && !explained.explains($0, by: fresh)
          && !explained.isOtherNumber($0, by: fresh) && !Instants.isOne($0, of: fresh)
      }
      if !values.isEmpty, file.language.isTestPath(file.path) {
        add(.changedExpectation, pathNow(file), nil, nil, "the tests no longer name \(spelled(values))")
      }
    }
  }
}
