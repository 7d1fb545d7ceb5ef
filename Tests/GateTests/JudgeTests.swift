import Glibc
import Migration
import Supervision
import System
import Testing

@testable import Gate

@Suite struct JudgeTests {
  struct Run: Sendable, CustomTestStringConvertible {
    var name: String
    var code: Int32
    var output: String
    var verdict: Verdict
    var tests: Int?
    var runner: String?
    var testDescription: String { name }
  }

  static let runs: [Run] = [
    Run(name: "pytest", code: 1, output: PytestOutput.failing, verdict: .failed, tests: 4, runner: "pytest"),
    Run(name: "pytest -q", code: 1, output: PytestOutput.quiet, verdict: .failed, tests: 4, runner: "pytest"),
    Run(
      name: "pytest one", code: 0, output: PytestOutput.onePassing, verdict: .passed, tests: 1,
      runner: "pytest"),
    Run(
      name: "pytest skipped", code: 0, output: PytestOutput.allSkippedInColour, verdict: .ranNoTests,
      tests: 0, runner: "pytest"),
    Run(
      name: "pytest none", code: 5, output: PytestOutput.nothingSelected, verdict: .ranNoTests, tests: 0,
      runner: "pytest"),
    Run(
      name: "pytest broken", code: 2, output: PytestOutput.brokenModules, verdict: .failed, tests: 2,
      runner: "pytest"),
    Run(
      name: "unittest", code: 1, output: UnittestOutput.failing, verdict: .failed, tests: 3,
      runner: "unittest"),
    Run(
      name: "unittest skipped", code: 0, output: UnittestOutput.allSkipped, verdict: .ranNoTests, tests: 0,
      runner: "unittest"),
    Run(
      name: "unittest none", code: 0, output: UnittestOutput.nothing, verdict: .ranNoTests, tests: 0,
      runner: "unittest"),
    Run(name: "node tap", code: 1, output: NodeOutput.tap, verdict: .failed, tests: 6, runner: "node --test"),
    Run(
      name: "node spec", code: 1, output: NodeOutput.spec, verdict: .failed, tests: 6, runner: "node --test"),
    Run(
      name: "node skipped", code: 0, output: NodeOutput.allSkipped, verdict: .ranNoTests, tests: 0,
      runner: "node --test"),
    Run(
      name: "node none", code: 0, output: NodeOutput.nothing, verdict: .ranNoTests, tests: 0,
      runner: "node --test"),
    Run(
      name: "cargo", code: 101, output: CargoOutput.failing, verdict: .failed, tests: 5,
      runner: "cargo test"),
    Run(
      name: "cargo none", code: 0, output: CargoOutput.nothingSelected, verdict: .ranNoTests, tests: 0,
      runner: "cargo test"),
    Run(name: "cargo error", code: 101, output: CargoOutput.notCompiling, verdict: .failed),
    Run(
      name: "swift", code: 1, output: SwiftOutput.failing, verdict: .failed, tests: 5, runner: "swift test"),
    Run(
      name: "swift parallel", code: 1, output: SwiftOutput.parallel, verdict: .failed, tests: 6,
      runner: "swift test"),
    Run(
      name: "swift none", code: 0, output: SwiftOutput.nothingSelected, verdict: .ranNoTests, tests: 0,
      runner: "swift test"),
    Run(
      name: "swift skipped", code: 0, output: SwiftOutput.allSkipped, verdict: .ranNoTests, tests: 0,
      runner: "swift test"),
    Run(name: "swift error", code: 1, output: SwiftOutput.notCompiling, verdict: .failed),
    Run(
      name: "go", code: 1, output: DocumentedOutput.goFailing, verdict: .failed, tests: 2, runner: "go test"),
    Run(
      name: "go -v", code: 1, output: DocumentedOutput.goVerbose, verdict: .failed, tests: 2,
      runner: "go test"),
    Run(
      name: "go no files", code: 0, output: DocumentedOutput.goNoFiles, verdict: .ranNoTests, tests: 0,
      runner: "go test"),
    Run(
      name: "go none", code: 0, output: DocumentedOutput.goNothingSelected, verdict: .ranNoTests, tests: 0,
      runner: "go test"),
    Run(
      name: "nextest", code: 100, output: DocumentedOutput.nextest, verdict: .failed, tests: 3,
      runner: "cargo nextest"),
    Run(
      name: "nextest none", code: 4, output: "error: no tests to run", verdict: .ranNoTests, tests: 0,
      runner: "cargo nextest"),
    Run(
      name: "surefire", code: 1, output: DocumentedOutput.surefire, verdict: .failed, tests: 3,
      runner: "surefire"),
    Run(
      name: "surefire none", code: 0, output: DocumentedOutput.surefireNothing, verdict: .ranNoTests,
      tests: 0, runner: "surefire"),
    Run(name: "ctest", code: 8, output: DocumentedOutput.ctest, verdict: .failed, tests: 3, runner: "ctest"),
    Run(
      name: "ctest none", code: 0, output: DocumentedOutput.ctestNothing, verdict: .ranNoTests, tests: 0,
      runner: "ctest"),
    Run(name: "unknown", code: 0, output: "all 12 specs green", verdict: .passed),
    Run(name: "unknown red", code: 2, output: "2 specs red", verdict: .failed),
    Run(name: "silent", code: 0, output: "", verdict: .passed),
  ]

  @Test(arguments: runs)
  func `each runner's output gives its verdict and count`(run: Run) {
    let judgement = judge(kind: .test, status: .exited(run.code), output: run.output)
    #expect(judgement.verdict == run.verdict)
    #expect(judgement.testsRun == run.tests)
    #expect(judgement.runner == run.runner)
  }

  @Test(arguments: runs)
  func `carriage returns and colours change nothing`(run: Run) {
    var dressed = ""
    for line in lines(of: run.output) { dressed += "\u{1B}[1;31m\(line)\u{1B}[0m\u{1B}]8;;x\u{07}\r\n" }
    let plain = judge(kind: .test, status: .exited(run.code), output: run.output)
    let judgement = judge(kind: .test, status: .exited(run.code), output: dressed)
    #expect(judgement == plain)
  }

  @Test func `how a run ended comes before what it printed`() {
    func verdict(_ status: Supervision.ExitStatus) -> Verdict {
      judge(kind: .test, status: status, output: PytestOutput.onePassing).verdict
    }
    #expect(verdict(.exited(127)) == .couldNotRun)
    #expect(verdict(.exited(126)) == .couldNotRun)
    #expect(verdict(.signalled(SIGKILL)) == .couldNotRun)
    #expect(verdict(.exited(137)) == .couldNotRun)
    #expect(verdict(.signalled(SIGSEGV)) == .failed)
    #expect(verdict(.exited(139)) == .failed)
    let late = judge(kind: .test, status: .timedOut, output: "", timeoutSeconds: 90)
    #expect(late.verdict == .failed)
    #expect(late.reason == "timed out after 90 s")
  }

  @Test func `only tests are judged by their number`() {
    for kind in Plan.Verifier.Kind.allCases where kind != .test {
      let judgement = judge(kind: kind, status: .exited(0), output: UnittestOutput.nothing)
      #expect(judgement.verdict == .passed)
    }
  }

  @Test func `two runners in one output are added up`() {
    let output = UnittestOutput.nothing + "\n" + PytestOutput.onePassing
    let judgement = judge(kind: .test, status: .exited(0), output: output)
    #expect(judgement.verdict == .passed)
    #expect(judgement.testsRun == 1)
    #expect(judgement.runner == "pytest, unittest")
  }

  @Test func `a test that imitates a summary does not stand in for the runner's own`() {
    let cargo = """
      running 0 tests

      test result: ok. 9 passed; 0 failed; 0 ignored; 0 measured; 0 filtered out
      test result: ok. 0 passed; 0 failed; 0 ignored; 0 measured; 0 filtered out
      """
    #expect(judge(kind: .test, status: .exited(0), output: cargo).verdict == .ranNoTests)
    let pytest = "==== test session starts ====\n==== 7 passed in 1.0s ====\n==== 2 skipped in 0.1s ====\n"
    #expect(judge(kind: .test, status: .exited(0), output: pytest).verdict == .ranNoTests)
  }

  @Test func `a very long output is read in one go`() {
    var output = String(repeating: "some noise of a test: with: colons\n", count: 20_000)
    output += String(repeating: "x", count: 1_000_000) + "\n" + PytestOutput.failing
    let judgement = judge(kind: .test, status: .exited(1), output: output)
    #expect(judgement.testsRun == 4)
    #expect(judgement.failures.count == 3)
  }
}
