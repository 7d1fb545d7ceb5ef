/// Values that a test need not name any more to prove what it did.
extension TestComparison {
  private static let nulls: Set = ["null", "nil", "none", "undefined", "nullptr"]

  /// Whether a value said that a callback was given no error, which is waited for now: an error is thrown.
  func isOfCallback(_ value: String, _ old: Place, _ new: Place) -> Bool {
    let waits: Set = ["await", "rejects", "resolves", "promisify", "async"]
    return TestComparison.nulls.contains(value)
      && !waits.isDisjoint(with: new.test.facts.words) && waits.isDisjoint(with: old.test.facts.words)
      && new.test.facts.effective.contains { $0.strength >= 2 }
  }

  /// Whether a number said how often a stand-in was called, and a list of its calls is compared now:
  /// `verify(exactly = 1) { tax.of(2150) }`, `assertEquals(listOf(2150), tax.asked)`.
  func isCount(_ value: String, _ before: [Assertion], _ after: [Assertion], _ known: KnownValues) -> Bool {
    guard Int(value) != nil else { return false }
    return before.contains { one in
      one.literals.contains(value) && one.literals.count > 1
        && ["exactly", "times", "calltimes"].contains { one.words.contains($0) }
        && one.literals.allSatisfy { text in
          text == value
            || after.contains { $0.strength == 3 && !$0.isNegative && $0.literals.contains(text) }
        }
    }
  }

  /// Whether a flag stood alone in comparisons with what a wider one compares now, without the other flag.
  func isFlagOfWhole(_ value: String, _ before: [Assertion], _ after: [Assertion]) -> Bool {
    guard ["true", "false"].contains(value) else { return false }
    let other = value == "true" ? "false" : "true"
    func words(_ one: Assertion) -> Set<String> { one.words.subtracting(TestComparison.commonWords) }
    let (known, named) = (Set(before.flatMap(\.literals)), Set(after.flatMap(\.literals)))
    guard known.contains(other) || !named.contains(other) else { return false }
    let shapes = Set(before.map(\.shape))
    return before.filter { $0.literals.contains(value) }.allSatisfy { one in
      // `check_dtype=False` is told, and not compared.
      !one.shape.contains(" = § ")
        && after.contains { whole in
          whole.strength == 3 && !shapes.contains(whole.shape) && !whole.isNegative && !words(one).isEmpty
            && one.literals.allSatisfy { $0 == value || named.contains($0) }
            && words(one).isSubset(of: words(whole))
        }
    }
  }

  /// Whether nothing stood in one field of what is compared as a whole now, with the values of other fields.
  func isDefaultOfWhole(_ value: String, _ before: [Assertion], _ after: [Assertion]) -> Bool {
    guard TestComparison.nulls.contains(value) else { return false }
    func subject(_ one: Assertion) -> Substring? {
      one.shape.split(separator: " ").first { word in
        word.first?.isLetter == true && !AssertionWords.isOwn(String(word))
      }
    }
    let shapes = Set(before.map(\.shape))
    let wholes = after.filter { $0.strength == 3 && !$0.isNegative && !shapes.contains($0.shape) }
    return before.filter { $0.literals.contains(value) }.allSatisfy { one in
      let others = before.filter { other in
        other.shape != one.shape && subject(other) == subject(one) && !other.literals.isEmpty
      }
      return one.literals == [value] && !others.isEmpty
        && wholes.contains { whole in others.allSatisfy { $0.literals.allSatisfy(whole.literals.contains) } }
    }
  }

  /// Whether a long text stands in a file of test data that came with the change, which the test reads.
  func isRecordedNow(_ value: String, _ new: Place) -> Bool {
    guard value.utf8.count > 12,
      new.test.facts.words.contains(where: {
        $0.contains("read") || $0.contains("load") || $0.contains("golden") || $0.contains("file")
      })
    else { return false }
    let wanted = TestData.flat(value.replacing("\\n", with: "\n"))
    return change.paths.contains { path in
      guard path.kind == .added, TestData.isRecorded(TestPath(path.path)),
        new.file.texts.names.contains(TestPath(path.path).name), let text = change.newText(path.path)
      else { return false }
      return TestData.flat(text)[...].has(wanted)
    }
  }

  /// Whether what the test asks writes a text as one of others now.
  func isWrittenAnew(_ value: String, _ new: Place, _ fresh: [String]) -> Bool {
    guard !rewritten.isEmpty else { return false }
    let called = helperFacts(new.test, newHelpers).reduce(into: Set<String>()) { $0.formUnion($1.calls) }
    return rewritten.explains(value, by: fresh) { name in
      new.file.code.places[name] != nil || called.contains(name)
    } || rewritten.explains(value, by: fresh, wrote: true) { _ in true }
  }

  /// The values that a test names now and did not.
  func newValues(_ old: Place, _ new: Place) -> [String] {
    let before = old.test.facts.literals.union(old.file.shared)
    return new.test.facts.literals.union(new.file.shared).filter { !before.contains($0) }
  }
  /// Whether what a text holds beside a part of it is known as well.
  func isNamed(_ value: String, beside part: String, _ known: KnownValues) -> Bool {
    guard let head = value[...].before(part), let tail = value[...].after(part) else { return true }
    return [head, tail].allSatisfy { rest in
      let words = rest.split { !($0.isLetter || $0.isNumber || $0 == "_") }
      return words.allSatisfy { word in
        word.utf8.count > 2 || known.contains(String(word)) || known.contains { $0[...].has(String(word)) }
      }
    }
  }

  /// What stands in the files that a test compares with: those that it names, and its snapshots.
  func recordedValues(_ place: Place) -> Set<String> {
    let words = place.test.facts.words
    var names: Set<String> = []
    if words.contains(where: { $0.contains("snapshot") }) {
      names.formUnion(
        change.paths.compactMap(\.newPath).filter { name in
          let path = TestPath(name)
          return ["snap", "ambr", "json", "txt"].contains(path.ending)
            && path.folders.contains { $0.contains("snapshot") }
            && path.stem.contains(place.file.path.stem.split(separator: ".").first.map(String.init) ?? "?")
        })
    }
    let folder = place.file.path.folders.joined(separator: "/")
    let texts = place.file.texts.names
    guard texts.count < 512 else { return [] }
    // A reader must be there, and the file be none that changes with it.
    let readers = ["read", "load", "open", "fixture", "golden", "parse"]
    guard words.contains(where: { word in readers.contains { word.contains($0) } }) || !names.isEmpty else {
      return []
    }
    for text in texts where TestPath(text).ending.utf8.count > 1 && text.contains(".") {
      let folders = texts.filter { !$0.contains(".") && !$0.isEmpty && !$0.contains("/") }.sorted()
      for part in [""] + folders.map({ $0 + "/" }).prefix(16) where place.test.facts.literals.contains(text) {
        names.insert((folder.isEmpty ? "" : folder + "/") + part + text)
      }
    }
    return names.reduce(into: []) { all, name in
      guard name.utf8.count < 300, let text = change.newText(name), text.utf8.count < 1 << 20,
        name.contains("snapshot") || change.oldText(name) == text
      else { return }
      all.formUnion(
        text.split { !($0.isLetter || $0.isNumber || "._-".contains($0)) }.map(String.init))
    }
  }
}
