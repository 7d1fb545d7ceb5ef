import Migration
import Supervision
import System
import Testing

@testable import Gate

@Suite struct FailureTests {
  private func failures(_ output: String, kind: Plan.Verifier.Kind = .test) -> [String] {
    judge(kind: kind, status: .exited(1), output: output).failures.map(\.text)
  }

  @Test func `pytest`() {
    let expected = [
      "test_a.py::test_err (test_a.py:10): RuntimeError: fixture",
      "test_a.py::test_bad[1] (test_a.py:6): AssertionError: n is wrong\n    assert 1 == 3",
      "test_a.py::test_bad[2] (test_a.py:6): AssertionError: n is wrong\n    assert 2 == 3",
    ]
    #expect(failures(PytestOutput.failing) == expected)
    #expect(failures(PytestOutput.quiet) == expected)
    let broken = failures(PytestOutput.brokenModules)
    #expect(broken.count == 2)
    #expect(broken[0].hasPrefix("bad/test_imp.py (bad/test_imp.py:1): ModuleNotFoundError"))
    #expect(broken[1].contains("SyntaxError: invalid syntax"))
  }

  @Test func `one line stands for the whole run`() {
    func headline(_ output: String, _ status: Supervision.ExitStatus = .exited(1)) -> String {
      judge(kind: .test, status: status, output: output, timeoutSeconds: 5).headline
    }
    #expect(headline(PytestOutput.failing) == "test_a.py::test_err: RuntimeError: fixture (and 2 more)")
    #expect(headline(CargoOutput.notCompiling) == "src/lib.rs:7: error[E0308]: mismatched types (and 1 more)")
    #expect(headline("one\n  oh no \n\n") == "exited with 1: oh no")
    #expect(headline("") == "exited with 1")
    #expect(headline("sh: 1: ruff: not found\n", .exited(127)).hasSuffix(": sh: 1: ruff: not found"))
    // How a run was cut off says more than what it had printed by then.
    #expect(headline(PytestOutput.failing, .timedOut) == "timed out after 5 s")
    #expect(headline("x\n", .exited(137)) == "was killed by a signal")
    #expect(headline(String(repeating: "é", count: 500)).count == Judgement.headlineLimit)
  }

  @Test func `unittest`() {
    let expected = [
      "test_err (test_u.T.test_err) (/tmp/fx/py/test_u.py:7): KeyError: 'x'",
      "test_bad (test_u.T.test_bad) (/tmp/fx/py/test_u.py:4): AssertionError: 1 != 2",
    ]
    #expect(failures(UnittestOutput.failing) == expected)
    #expect(failures(UnittestOutput.verbose) == expected)
  }

  @Test func `node`() {
    #expect(
      failures(NodeOutput.tap)
        == [
          "bad thing (/tmp/fx/node/a.test.js:2): Expected values to be strictly equal:\n    1 !== 2",
          "child bad (/tmp/fx/node/a.test.js:4): boom\n    second",
        ])
    let spec = failures(NodeOutput.spec)
    #expect(spec.count == 2)
    #expect(spec[0].hasPrefix("bad thing (a.test.js:2): AssertionError [ERR_ASSERTION]: Expected values"))
    #expect(spec[0].contains("1 !== 2"))
    #expect(spec[1] == "child bad (a.test.js:4): Error: boom\n    second")
  }

  @Test func `cargo`() {
    #expect(
      failures(CargoOutput.failing) == [
        "tests::bad (src/lib.rs:6): assertion `left == right` failed: sum\n      left: 2\n     right: 3",
        "tests::panics (src/lib.rs:6): a\n    b",
      ])
    #expect(
      failures(CargoOutput.notCompiling) == [
        "src/lib.rs:7: error[E0308]: mismatched types",
        "src/lib.rs:7: error[E0425]: cannot find function `y` in this scope",
      ])
    #expect(
      failures(DocumentedOutput.nextest).map { $0.split(separator: "\n").first.map(String.init) } == [
        "rs tests::bad (src/lib.rs:6): assertion `left == right` failed: sum",
        "rs tests::crash: ended by SIGSEGV",
      ])
  }

  @Test func `swift`() {
    let expected: Set = [
      "OldTests.testBad (/tmp/fx/sw/Tests/LibTests/x.swift:5): "
        + "XCTAssertEqual failed: (\"1\") is not equal to (\"2\") - one is two",
      "par(n:) with 1 argument n → 2 (y.swift:6): Expectation failed: (n → 2) == 1",
      "\"bad one\" (y.swift:5): Expectation failed: (one() → 1) == 2\n    a comment",
    ]
    #expect(Set(failures(SwiftOutput.failing)) == expected)
    #expect(Set(failures(SwiftOutput.parallel)) == expected)
    #expect(
      failures(SwiftOutput.notCompiling) == [
        "/tmp/fx/sw/Sources/Lib/a.swift:2: cannot convert value of type 'String' to specified type 'Int'"
      ])
  }

  @Test func `go`() {
    #expect(
      failures(DocumentedOutput.goFailing) == [
        "TestSum (sum_test.go:12): got 3, want 4\n    sum_test.go:13: and more",
        "TestSum/negative (sum_test.go:20): negative",
        "broken/a.go:7: undefined: missing",
      ])
    #expect(failures(DocumentedOutput.goVerbose) == ["TestA (a_test.go:5): said while running"])
  }

  @Test func `maven and ctest`() {
    #expect(
      failures(DocumentedOutput.surefire) == [
        "AppTest.testFoo (AppTest.java:15): expected: <1>\n    but was: <2>",
        "AppTest.testBar (AppTest.java:31): » NullPointer",
      ])
    #expect(failures(DocumentedOutput.mavenNotCompiling) == ["/src/main/java/App.java:5: cannot find symbol"])
    #expect(failures(DocumentedOutput.ctest) == ["two: (Failed)", "four: (SEGFAULT)"])
  }

  @Test func `compilers of many kinds`() {
    #expect(
      failures(DocumentedOutput.compilers, kind: .build) == [
        "a.c:3: 'x' undeclared (first use in this function)",
        "src/b.h:1: nothere.h: No such file or directory",
        "Foo.java:5: cannot find symbol",
        "src/c.ts:3: TS2322: Type 'string' is not assignable",
        "src/d.ts:4: TS2304: Cannot find name 'y'.",
      ])
    #expect(
      failures("a.py:1:8: F401 'os' imported but unused", kind: .lint) == [
        "a.py:1: F401 'os' imported but unused"
      ])
    #expect(failures("error: nothing placed\n", kind: .build) == ["error: nothing placed"])
  }

  @Test func `an unknown format gives its last lines`() {
    let output = (1...100).map { "line \($0)\n" }.joined()
    let found = judge(kind: .build, status: .exited(1), output: output).failures
    #expect(found.count == 1)
    #expect(found[0].message.hasPrefix("line 71\n"))
    #expect(found[0].message.hasSuffix("line 100"))
  }

  @Test func `a passed run has no failures`() {
    #expect(judge(kind: .build, status: .exited(0), output: DocumentedOutput.compilers).failures == [])
  }

  @Test func `a summary keeps whole failures and counts the rest`() {
    let all = (1...100).map { GateFailure(test: "test\($0)", message: "wrong") }
    let text = summary(all, limitBytes: 200)
    #expect(text.utf8.count <= 200)
    #expect(text.hasPrefix("- test1: wrong\n- test2: wrong\n"))
    let kept = lines(of: text).filter { $0.hasPrefix("- ") }.count
    #expect(text.hasSuffix("(and \(100 - kept) more)\n"))
    #expect(summary(Array(all.prefix(2)), limitBytes: 30) == "- test1: wrong\n- test2: wrong\n")
  }

  @Test func `a long message keeps its beginning and its end`() {
    let failure = GateFailure(message: "start" + String(repeating: "x", count: 100_000) + "end")
    #expect(failure.message.utf8.count < GateFailure.messageLimit)
    #expect(failure.message.hasPrefix("startx"))
    #expect(failure.message.hasSuffix("xend"))
  }
}

@Suite struct FailureGroupTests {
  private func failures(_ count: Int, _ message: (Int) -> String) -> [GateFailure] {
    (1...count).map { GateFailure(test: "t\($0)", file: "a.py", line: $0, message: message($0)) }
  }

  @Test func `failures that say the same are one, with all names`() {
    let groups = FailureGroup.groups(failures(300) { "assert \($0) == 0" } + [GateFailure(message: "other")])
    #expect(groups.map(\.count) == [300, 1])
    #expect(groups[0].text.hasPrefix("t1 (a.py:1): assert 1 == 0\n    and 299 more like it: t2 (a.py:2), "))
    #expect(groups[0].text.hasSuffix("t300 (a.py:300)"))
  }

  @Test func `a few failures that differ, or two that do not, stay as they are`() {
    #expect(FailureGroup.groups(failures(4) { "assert \($0) == 0" }).map(\.count) == [1, 1, 1, 1])
    #expect(FailureGroup.groups(failures(2) { _ in "same" }).map(\.count) == [1, 1])
    #expect(FailureGroup.groups([]) == [])
  }
}
