/// A test of a file, or a function that tests may call.
struct TestCase {
  var name: String
  /// The classes, modules or descriptions around it, from outside.
  var scope: [String] = []
  /// From 1.
  var line: Int
  /// What a runner would call; a helper is only looked at when a test calls it.
  var isTest = true
  /// Whether it only hands over to what runs the tests of a suite.
  var isRunner = false
  /// Why no runner collects it, though it reads like a test.
  var hidden: String?
  /// Attributes, decorators, parameters.
  var head: Range<Int>
  var body: Range<Int>
  /// Whether the block is one of indentation.
  var isIndented = false
  /// Attributes of the classes around it.
  var scopeHeads: [Range<Int>] = []
  /// The marks at it, around it and in it.
  var marks: [TestFile.Mark] = []
  /// Set when a mark keeps it from running.
  var skip: Mark?
  var facts = TestFacts()

  struct Mark: Hashable {
    var text: String
    var line: Int
  }

  /// For comparing across files and languages: without case and `_`, without `test` in front.
  var key: String {
    let plain = TestCase.plain(name)
    return plain.hasPrefix("test") && plain.utf8.count > 4 ? String(plain.dropFirst(4)) : plain
  }

  /// What it is called and proves: equal for a test that did not change.
  var signature: String {
    ([key] + facts.assertions.map(\.shape) + facts.literals.sorted() + facts.tables).joined(
      separator: "\u{0}")
  }

  static func plain(_ name: String) -> String {
    String(name.lowercased().filter { $0.isLetter || $0.isNumber })
  }

  var fullName: String { (scope + [name]).joined(separator: ".") }
}

/// One assertion that is reached when its test runs.
struct Assertion: Hashable {
  var line: Int
  var name: String
  /// The statement with its literals taken out.
  var shape: String
  var literals: [String]
  var words: Set<String>
  /// 3: compares with an exact value, 2: with a kind or a part of it, 1: only that there is something,
  /// 0: nothing.
  var strength: Int
  var isNegative: Bool
  /// The wide exceptions and tolerances it names.
  var looseness: Set<String>
  /// How far off a value may be, where it says so.
  var tolerance: Double?
}

/// A statement that is a call. Where what it calls is a helper that asserts, it is an assertion.
struct CallStatement: Hashable {
  /// What it calls.
  var names: [String]
  /// Whether one of them stands between what it is given: `31 pays 480`.
  var isInfix = false
  /// As an assertion whose strength nobody knows.
  var assertion: Assertion
}

/// What a test's text says about how much it proves.
struct TestFacts {
  var assertions: [Assertion] = []
  /// Every literal of head and body.
  var literals: Set<String> = []
  /// Literals in lists: parameters and tables.
  var tables: [String] = []
  /// Rows that stand in marks of their own, such as `[TestCase(1)]`.
  var rows = 0
  var words: Set<String> = []
  /// What it calls.
  var calls: Set<String> = []
  /// The statements that are calls and no assertions by themselves.
  var statements: [CallStatement] = []
  /// Places that catch what an assertion throws, and go on.
  var swallows = 0
  /// Numbers that say how often something is repeated in what a test builds.
  var repeats: Set<String> = []
  /// Recorded files that it writes by itself before it reads them.
  var written: Set<String> = []
  /// Places that pass over a row of a table that they name.
  var passes = 0
  /// Conditions under which it leaves, and passes.
  var exits = 0
  /// Assertions that are only reached under a condition.
  var conditionals = 0
  /// Stretches with assertions that are never reached.
  var unreached = 0
  /// Ends that are told outside of the callbacks whose assertions they should wait for.
  var hasty = 0
  /// Comparisons whose result nobody looks at.
  var discards = 0
  /// What a function that is no test is given, and what it compares exactly: of a matcher.
  var parameters: [String] = []
  var compared: Set<String> = []
  /// Statements after which nothing is reached.
  var earlyEnd: (line: Int, text: String)?

  /// Whether there is nothing that asserts in it, reached or not.
  var isData: Bool {
    assertions.isEmpty && !calls.contains(where: AssertionWords.begins)
      && words.isDisjoint(with: ["assert", "expect"])
  }

  /// Those that can fail.
  var effective: [Assertion] { assertions.filter { $0.strength > 0 } }
}
