import Gate
import Migration
import Testing

@Suite struct GuardTests {
  /// A change written as texts before and after; an absent side is an addition or a deletion.
  private func change(_ files: [(path: String, old: String?, new: String?)]) -> TreeChange {
    let paths = files.map { file in
      ChangedPath(path: file.path, kind: file.old == nil ? .added : file.new == nil ? .deleted : .modified)
    }
    return TreeChange(
      paths: paths, oldText: { path in files.first { $0.path == path }?.old },
      newText: { path in files.first { $0.path == path }?.new })
  }

  private func messages(_ findings: [GuardFinding]) -> [String] {
    findings.map { "\($0.path)\($0.line.map { ":\($0)" } ?? ""): \($0.message)" }
  }

  @Test func `paths outside the step's globs are found, both ends of a move`() {
    let change = TreeChange(
      paths: [
        ChangedPath(path: "src/a.py", kind: .modified), ChangedPath(path: "setup.py", kind: .added),
        ChangedPath(path: "src/new.py", kind: .renamed(from: "lib/old.py")),
      ], oldText: { _ in nil }, newText: { _ in nil })
    let found = change.findings(guards: [.scope], globs: ["src/**"])
    #expect(found.map(\.path) == ["setup.py", "lib/old.py"])
    #expect(change.scopeFindings(globs: []) == [])
  }

  @Test func `deleted and emptied tests are found`() {
    let text = "def test_a():\n  assert 1\n\ndef test_b():\n  assert 2\n"
    #expect(
      messages(change([("tests/test_x.py", text, nil)]).testFindings()) == [
        "tests/test_x.py: test file was deleted with 'test_a', 'test_b'"
      ])
    #expect(
      messages(change([("tests/test_x.py", text, "# gone\n")]).testFindings()) == [
        "tests/test_x.py: no test is left: 'test_a', 'test_b'"
      ])
    let one = "def test_a():\n  assert 1\n\n# def test_b():\n"
    #expect(
      messages(change([("tests/test_x.py", text, one)]).testFindings()) == [
        "tests/test_x.py: test 'test_b' is gone"
      ])
  }

  @Test func `tests that move or are ported are kept`() {
    let text = "def test_a():\n  assert 1\n"
    #expect(change([("tests/test_x.py", text, nil), ("tests/test_y.py", nil, text)]).testFindings() == [])
    let ported = change([
      ("a.test.js", "test('adds', () => { expect(1).toBe(1); });\n", nil),
      ("a.test.ts", nil, "test('adds numbers', () => { expect(1).toBe(1); });\n"),
    ])
    #expect(ported.testFindings() == [])
  }

  @Test func `a test file moved to where no runner looks is found`() {
    let text = "def test_a():\n  assert 1\n"
    let moved = TreeChange(
      paths: [ChangedPath(path: "old/kept.py", kind: .renamed(from: "tests/test_x.py"))],
      oldText: { _ in text }, newText: { _ in text })
    #expect(
      messages(moved.testFindings()) == [
        "old/kept.py:1: test 'test_a' no longer runs: no test runner looks into its folder"
      ])
  }

  @Test(arguments: [
    ("test_a.py", "@pytest.mark.skip\n", "def test_a(): assert f() == 1\n"),
    ("test_a.py", "", "def test_a():\n  pytest.skip('x')\n  assert f() == 1\n"),
    ("a.test.js", "", "it.skip('a', () => { expect(f()).toBe(1); });\n"),
    ("a.test.ts", "", "xit('a', () => { expect(f()).toBe(1); });\n"),
    ("ATest.java", "", "class ATest {\n@Disabled\n@Test void a() { assertEquals(1, f()); } }\n"),
    ("a_test.go", "", "func TestA(t *testing.T) {\n t.Skip()\n if f() != 1 { t.Error() } }\n"),
    ("src/lib.rs", "", "#[test]\n#[ignore]\nfn a() { assert_eq!(f(), 1) }\n"),
    ("Tests/ATests/A.swift", "", "@Test(.disabled(\"x\")) func a() { #expect(f() == 1) }\n"),
    ("tests/a.cc", "", "TEST(A, b) { GTEST_SKIP(); EXPECT_EQ(f(), 1); }\n"),
  ])
  func `new marks that skip a test are found`(path: String, mark: String, rest: String) {
    let text = mark + rest
    var plain = rest
    for word in [
      "  pytest.skip('x')\n", "it.skip", "xit", "@Disabled\n", " t.Skip()\n", "#[ignore]\n",
      "(.disabled(\"x\"))",
      "GTEST_SKIP(); ",
    ] {
      plain = plain.replacing(word, with: word == "it.skip" || word == "xit" ? "it" : "")
    }
    let found = change([(path, plain, text)]).testFindings()
    #expect(found.map(\.kind) == [.skippedTest])
    #expect(found.first?.line != nil)
    // A mark that was there, and one of a new test, are none more.
    #expect(change([(path, text, "\n" + text)]).testFindings() == [])
    #expect(change([(path, nil, text)]).testFindings() == [])
  }

  @Test func `words that only look like marks are none`() {
    let text = "it('a', () => { process.exit(1); expect(1); }); // it.skip\n"
    #expect(change([("a.test.js", nil, text)]).testFindings() == [])
    #expect(change([("src/main.py", nil, "def skip(): pass\n")]).testFindings() == [])
  }

  @Test func `a file whose last assertion goes is found`() {
    let found = change([
      ("test_a.py", "def test_a():\n  assert f() == 1\n", "def test_a():\n  f()\n")
    ]).testFindings()
    #expect(messages(found) == ["test_a.py:1: 'test_a' has no assertion left that can fail"])
  }

  @Test(arguments: [
    ("-----BEGIN RSA " + "PRIVATE KEY-----", "adds a private key"),
    ("id = AKIA" + "QWERTYUIOPASDFGH", "adds an AWS access key id"),
    ("t: ghp_" + "aB3dE5fG7hI9jK1lM3nO5pQ7rS9tU1vW3xY5", "adds a GitHub token"),
    ("github_pat_" + "11AAAAAAA0abcdefghijklmnop_QRSTUVWXYZqwertyuiop", "adds a GitHub token"),
    ("xoxb-" + "1234-5678-abcdefGHIJKLmnop", "adds a Slack token"),
    ("key=AIza" + "SyA1bC2dE3fG4hI5jK6lM7nO8pQ9rS0tU1v", "adds a Google API key"),
    ("password = \"" + "hT9x2Lq8Zr4Vb6Nw1Kj3\"", "adds a literal that is named a secret"),
  ])
  func `added secrets are found without being repeated`(line: String, message: String) {
    let text = "one\n\(line)\n"
    let found = change([("config.txt", "one\n", text)]).secretFindings()
    #expect(messages(found) == ["config.txt:2: \(message)"])
    #expect(change([("config.txt", text, "zero\n" + text)]).secretFindings() == [])
    #expect(change([("config.txt", text, "one\n")]).secretFindings() == [])
  }

  @Test(arguments: [
    "aws = AKIAIOSFODNN7EXAMPLE", "ghp_xxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxx", "password = \"${PASSWORD}\"",
    "token: \"see the manual for this\"", "MAKIAQWERTYUIOPASDFGHJ", "-----BEGIN PUBLIC KEY-----",
    "let secretName = \"projects/app/secret\"", "password = os.environ[\"PASSWORD\"]",
  ])
  func `what is no secret is left alone`(line: String) {
    #expect(change([("config.txt", nil, line + "\n")]).secretFindings() == [])
  }
}

@Suite struct PathGlobTests {
  @Test(arguments: [
    ("*.py", "a.py", true), ("*.py", "d/a.py", false), ("**/*.py", "a.py", true),
    ("**/*.py", "x/y/a.py", true),
    ("src/**", "src/a/b", true), ("src/**", "src", false), ("src/", "src/a", true),
    ("src/**/t.c", "src/t.c", true),
    ("src/**/t.c", "src/a/b/t.c", true), ("src/**/t.c", "srcs/t.c", false), ("a?c", "abc", true),
    ("a?c", "a/c", false),
    ("[a-c]x", "bx", true), ("[!a-c]x", "bx", false), ("[]]", "]", true), ("\\*", "*", true),
    ("\\*", "a", false),
    ("./a", "a", true), ("/a/b", "a/b", true), ("a/**/**/b", "a/b", true), ("**", "anything/at/all", true),
    ("a*b*c", "aXbYbZc", true), ("**/a/**/b", "a/x/a/y/b", true), ("ü?", "üx", true),
  ])
  func `patterns`(pattern: String, path: String, isMatch: Bool) throws {
    #expect(try #require(PathGlob(pattern)).matches(path) == isMatch)
  }

  @Test(arguments: ["", "[a", "a//b", "../a", "a/..", "[z-a]"])
  func `what cannot be a pattern is refused`(pattern: String) {
    #expect(PathGlob(pattern) == nil)
  }

  @Test func `many stars stay cheap`() throws {
    let glob = try #require(PathGlob(String(repeating: "a*", count: 200) + "b"))
    #expect(!glob.matches(String(repeating: "a", count: 4000)))
    let deep = try #require(PathGlob(String(repeating: "**/a/", count: 100) + "b"))
    #expect(!deep.matches(String(repeating: "a/", count: 1000) + "c"))
  }
}
