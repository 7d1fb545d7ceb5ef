import Gate
import Migration
import Testing

/// What a candidate ran is compared with what its base ran.
@Suite struct BaseComparisonTests {
  private func run(
    _ names: [String], runner: String? = "pytest", executed: Int? = nil, verifier: String = "t"
  ) -> ComparedRun {
    ComparedRun(
      run: VerifierRun(verifier: verifier, runner: runner, executed: executed ?? names.count),
      list: names.isEmpty ? nil : TestList(passed: names))
  }

  private func found(
    _ base: ComparedRun, _ candidate: ComparedRun, _ touched: TouchedTests = TouchedTests()
  ) -> [String] {
    BaseComparison.findings(base: [base], candidate: [candidate], touched: touched).map(\.name)
  }

  private func touched(replaced: [String: Int] = [:], kept: Set<String> = []) -> TouchedTests {
    var touched = TouchedTests()
    (touched.replaced, touched.kept) = (replaced, kept)
    return touched
  }

  @Test func `each test runs again by its name, in another place, or with parameters`() {
    let base = run(["tests.test_a.test_x", "tests.test_a.test_y", "tests.test_b.TestC.test_x"])
    #expect(found(base, base) == [])
    #expect(found(base, run(["t.test_n.test_x[1]", "t.test_n.test_x[2]", "t.test_n.test_y"])) == [])
    #expect(
      found(base, run(["tests.test_a.test_x", "tests.test_a.test_y"]))
        == ["missing-test:t:tests.test_b.TestC.test_x"])
    #expect(
      found(base, run(["tests.test_a.test_x", "tests.test_b.TestC.test_x", "tests.test_a.test_z"]))
        == ["missing-test:t:tests.test_a.test_y"], "another test does not stand in for it")
  }

  @Test func `the same runner speaks`() {
    let base = run(["a.b"], runner: "node")
    #expect(found(base, run([], runner: nil)) == ["other-runner:t:node"])
    #expect(found(base, run(["a.b"], runner: "mocha")) == ["other-runner:t:node"])
    #expect(found(base, run(["a.b"], runner: "mocha, node")) == [])
    #expect(found(run([], runner: nil), run(["a.b"])) == [], "a base without one asks for none")
  }

  @Test func `without names the numbers are compared`() {
    #expect(found(run([], executed: 12), run([], executed: 11)) == ["fewer-tests:t"])
    #expect(found(run([], executed: 12), run([], executed: 12)) == [])
    #expect(found(run(["a.b"]), run([], executed: 5)) == ["missing-test:t"], "names are not told any more")
    #expect(
      found(run(["a.b"], executed: 12), run(["a.b"], executed: 3)) == ["fewer-tests:t"],
      "names that are not all are not enough")
  }

  @Test func `joined tests and loops are explained by the text, if what stands in for them ran`() {
    let base = run(["t.test_a", "t.test_b", "t.test_c"])
    let joined = touched(replaced: ["a": 1, "b": 1])
    #expect(found(base, run(["t.test_c", "t.test_ab"]), joined) == [])
    #expect(
      found(base, run(["t.test_c"]), joined) == ["missing-test:t:t.test_a", "missing-test:t:t.test_b"],
      "it is only there to read")
    let rows = run(["t.test_a[1]", "t.test_a[2]", "t.test_a[3]"])
    #expect(found(rows, run(["t.test_a"]), touched(kept: ["a"])) == [], "a loop now")
    #expect(
      found(rows, run(["t.test_a[1]"])) == ["missing-test:t:t.test_a[2]", "missing-test:t:t.test_a[3]"])
    let table = run(["TestSum", "TestSum/none", "TestSum/two"], runner: "go")
    let renamed = run(["TestSum", "TestSum/a", "TestSum/b"], runner: "go")
    #expect(found(table, renamed, touched(kept: ["sum"])) == [])
    #expect(found(table, run(["TestSum", "TestSum/two"], runner: "go")) == ["missing-test:t:TestSum/none"])
  }

  @Test func `a list is read as it was written`() {
    let list = TestList(passed: ["b\nc", "a", "a"], known: ["x: y"])
    #expect(String(decoding: list.bytes, as: UTF8.self) == "+a\n+a\n+b c\n-x: y\n")
    #expect(TestList(bytes: list.bytes) == list)
    #expect(TestList(bytes: Array("oops\n".utf8)) == nil)
  }

  @Test func `a report in a file names what the text only counts`() throws {
    var reading = VerifierReading(kind: .test)
    reading.read(Array("..                     [100%]\n2 passed in 0.01s\n".utf8))
    reading.document = TestReport(
      junit: [
        Array(
          """
          <?xml version="1.0"?><testsuites><testsuite name="pytest" tests="2">
          <testcase classname="tests.test_a"
            name="test_x[1]" time="0.1"/><testcase classname="tests.test_a" name="test_y" />
          </testsuite></testsuites>
          """.utf8)
      ], runner: "pytest")
    reading.finish()
    #expect(reading.report?.passed == ["tests.test_a.test_x[1]", "tests.test_a.test_y"])
    #expect(reading.report?.runner == "pytest" && reading.report?.executed == 2)
  }
}
