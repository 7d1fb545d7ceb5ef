/// The kinds of things that guards find. Their words are part of the formats that scripts rely on: none is
/// renamed.
public enum FindingKind: String, CaseIterable, Sendable {
  /// A path outside of the step's globs.
  case outsidePaths = "outside-paths"
  /// A test is gone, and no other proves what it proved.
  case lostTest = "lost-test"
  /// A test is still there to read, but no runner collects it.
  case hiddenTest = "hidden-test"
  /// A mark keeps a test from running or from failing.
  case skippedTest = "skipped-test"
  /// A test returns, or leaves, before it asserts.
  case earlyReturn = "early-return"
  /// A test has no assertion left that can fail.
  case noAssertion = "no-assertion"
  /// A test asserts less than before.
  case fewerAssertions = "fewer-assertions"
  /// An assertion became weaker: another comparison, a wider exception, a tolerance.
  case weakenedAssertion = "weakened-assertion"
  /// A value that a test expected, or gave, is another now.
  case changedExpectation = "changed-expectation"
  /// Parameters of a test, or rows of its table, are gone.
  case fewerParameters = "fewer-parameters"
  /// What an assertion throws is caught and dropped.
  case swallowedFailure = "swallowed-failure"
  /// A recorded result or a file of test data was changed or removed.
  case changedTestData = "changed-test-data"
  /// The code under test is replaced by a stand-in in its tests.
  case replacedCode = "replaced-code"
  /// The code answers what a test asks with the value that the test expects.
  case specialCase = "special-case"
  /// Test code reaches into its runner: hooks, forced exits, other meanings of `assert`.
  case testHook = "test-hook"
  /// A file takes the name of a module or program that tests use.
  case shadowedModule = "shadowed-module"
  /// The code asks whether it is being tested.
  case testDetection = "test-detection"
  /// A file that decides how the verifiers run was changed.
  case protectedFile = "protected-file"
  /// A secret is added.
  case secret
  /// A line of a merge that was not finished.
  case conflictMarker = "conflict-marker"
  /// A symbolic link that leads out of the tree.
  case outsideLink = "outside-link"
  /// Characters that make code read in another order than it runs, or that cannot be seen.
  case hiddenCharacters = "hidden-characters"
  /// A large binary file is added.
  case largeBinary = "large-binary"
  /// A file that was text cannot be read as text any more, or is text in another encoding.
  case unreadableText = "unreadable-text"
  /// A test that ran and passed on the base did not run on the candidate.
  case missingTest = "missing-test"
  /// Fewer tests ran than on the base, by a runner that does not tell their names.
  case fewerTests = "fewer-tests"
  /// The test runner that spoke on the base did not speak on the candidate.
  case otherRunner = "other-runner"
  /// A new or changed test that passes without the code that it came with.
  case unfalsifiedTest = "unfalsified-test"
  /// Anything else.
  case other
}
