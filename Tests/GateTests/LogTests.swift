import FoundationEssentials
import Gate
import Migration
import Supervision
import System
import Testing

/// What is made of what real tools printed: `Logs/NAME.log` and beside it `Logs/NAME.expected`, which
/// `RECORD_TRANSCRIPTS=1` writes anew. Only places of the machine were changed in the logs; those of jest,
/// vitest, Gradle, Kotlin's K2, dotnet, Surefire, ESLint's default, stylelint, prettier, PHPStan, Scala and
/// its runners, Spock, Jasmine, Karma, Playwright, Bun, Deno, Catch2's XML and `go5-json` are written after
/// the published formats; `jest5` is real.
@Suite struct LogTests {
  private static let folder = #filePath.split(separator: "/").dropLast().joined(separator: "/")
  static let names: [String] = {
    let all = (try? FileManager.default.contentsOfDirectory(atPath: "/" + folder + "/Logs")) ?? []
    return all.filter { $0.hasSuffix(".log") }.map { String($0.dropLast(4)) }.sorted()
  }()

  private static let lints = [
    "ruff", "flake8", "pylint", "mypy", "shellcheck", "eslint", "black", "cmake", "tsc", "yamllint", "bandit",
    "sqlfluff", "stylelint", "phpstan", "prettier", "pyright", "phpcs",
  ]

  private func bytes(_ name: String) -> [UInt8] {
    (try? Data(contentsOf: URL(filePath: "/" + LogTests.folder + "/Logs/" + name))).map { Array($0) } ?? []
  }

  private func told(_ name: String, _ bytes: [UInt8]) -> String {
    let kind: Plan.Verifier.Kind = LogTests.lints.contains { name.hasPrefix($0) } ? .lint : .test
    let judgement = judge(kind: kind, status: .exited(1), output: bytes)
    var lines = ["\(judgement.verdict)"]
    if let report = judgement.report {
      func number(_ value: Int?) -> String { value.map { "\($0)" } ?? "?" }
      lines.append(
        "\(report.runner): ran \(report.executed), skipped \(number(report.skipped)), "
          + "failed \(number(report.failed)), passed \(report.passed.sorted())")
    }
    return (lines + judgement.failures.map { "- \($0.text)" }).joined(separator: "\n") + "\n"
  }

  @Test(arguments: names) func `a tool's output gives its failures and nothing else`(_ name: String) throws {
    let found = told(name, bytes("\(name).log"))
    if ProcessInfo.processInfo.environment["RECORD_TRANSCRIPTS"] == "1" {
      try Data(found.utf8).write(to: URL(filePath: "/" + LogTests.folder + "/Logs/\(name).expected"))
    }
    #expect(found == String(decoding: bytes("\(name).expected"), as: UTF8.self))
  }

  @Test(arguments: names) func `how an output is cut into pieces changes nothing`(_ name: String) {
    let all = bytes("\(name).log")
    for size in [13, 4096] {
      var reading = VerifierReading(kind: .test)
      for start in stride(from: 0, to: all.count, by: size) {
        reading.read(Array(all[start..<min(start + size, all.count)]))
      }
      let pieces = judge(kind: .test, status: .exited(1), reading: reading)
      #expect(pieces == judge(kind: .test, status: .exited(1), output: all), "\(name) in pieces of \(size)")
    }
  }

  @Test(arguments: [
    "node-spec", "node-tap", "node2-spec", "nextest-color", "vitest", "pytest", "unittest", "cargo",
    "go-test",
    "prove3", "surefire", "ctest", "gtest", "rspec", "phpunit", "mocha", "dotnet", "pytest-q", "meson",
    "munit", "gotestsum", "node-dot", "bun", "deno", "catch-xml",
  ])
  func `two runs in one output are both counted`(_ name: String) throws {
    let one = bytes("\(name).log")
    let report = try #require(judge(kind: .test, status: .exited(0), output: one).report)
    let both = try #require(judge(kind: .test, status: .exited(0), output: one + [0x0A] + one).report)
    #expect(both.executed == report.executed * 2)
    #expect((both.failed ?? 0) >= (report.failed ?? 0))
  }

  @Test func `what failed in a first run is not forgotten in a second`() {
    let first = bytes("node-spec.log") + [0x0A]
    let counts = ["tests 1", "suites 0", "pass 1", "fail 0", "cancelled 0", "skipped 0", "todo 0"]
    let passing = "✔ adds (0.5ms)\n" + counts.map { "ℹ \($0)\n" }.joined()
    let found = judge(kind: .test, status: .exited(0), output: first + Array(passing.utf8))
    #expect(found.verdict == .failed)
  }

  @Test(arguments: [
    "pytest-collectonly", "pytest-collectonly-q", "gtest-none", "rspec-none", "phpunit-none", "mocha-none",
    "jest-none", "gradle-none", "dotnet-none",
    "surefire-skipped",
  ])
  func `a runner that ran nothing is told from one that passed`(_ name: String) {
    #expect(judge(kind: .test, status: .exited(0), output: bytes("\(name).log")).verdict == .ranNoTests)
  }

  @Test(arguments: [
    "pytest", "unittest", "cargo", "go-test", "go-test-json", "node-spec", "node-tap", "jest", "vitest",
    "mocha", "gradle", "dotnet", "surefire", "rspec", "minitest", "testunit", "phpunit", "gtest",
    "ctest", "swift-throws", "doctest", "node-junit", "rspec-json",
  ])
  func `a runner that says that tests failed is believed over exit code 0`(_ name: String) {
    let found = judge(kind: .test, status: .exited(0), output: bytes("\(name).log"))
    #expect(found.verdict == .failed)
    #expect(!found.failures.isEmpty)
  }

  @Test func `what a test prints is no result of another`() {
    for name in ["go2-printsok"] {
      #expect(judge(kind: .test, status: .exited(0), output: bytes("\(name).log")).verdict == .passed)
    }
  }

  @Test func `the report of one runner leaves another's names`() {
    var reading = VerifierReading(kind: .test)
    reading.read(Array("a.py::test_a PASSED [100%]\n=== 1 passed in 0.1s ===\nok 1 - adds\n1..1\n".utf8))
    reading.document = TestReport(runner: "pytest", executed: 1, passed: ["a.test_a"])
    reading.finish()
    #expect(reading.report?.passed.sorted() == ["a.test_a", "adds"])
  }

  @Test func `a wrapper that failed since no test ran says no more than that`() {
    let output =
      "=== no tests ran in 0.01s ===\n  py: FAIL code 5 (0.3 seconds)\n  evaluation failed :( (1.0 seconds)\n"
    #expect(judge(kind: .test, status: .exited(5), output: output).verdict == .ranNoTests)
    let silent = "  lint: FAIL code 1 (0.3 seconds)\n"
    let failures = judge(kind: .test, status: .exited(1), output: silent).failures
    #expect(failures.map(\.text) == ["tox environment 'lint' exited with 1"])
  }

  @Test func `what most lines begin with is left out, what few do is not`() {
    let lines = ["=== FAILURES ===", "___ test_a ___", "a.py:3: AssertionError", "E   assert 1 == 2", "ok"]
    let summary = "FAILED a.py::test_a - assert 1 == 2"
    let all = (lines + ["=== short test summary info ===", summary, "=== 1 failed in 0.1s ==="])
    let plain = judge(kind: .test, status: .exited(1), output: all.joined(separator: "\n"))
    for prefix in [
      "2026-11-30T20:48:24.1Z ", "web-1  | ", "[test] ", "@a/b:test: ", "#7 0.31 ", "[CI/a b]   | ",
    ] {
      let passedOn = all.map { prefix + $0 }.joined(separator: "\n")
      #expect(judge(kind: .test, status: .exited(1), output: passedOn) == plain, "\(prefix)")
    }
    // Two lines of a service in the output of a test are none.
    let quoted =
      all.prefix(3) + ["web-1  | FAILED b.py::test_b - no", "[gw0] FAILED c.py::test_c"] + all.dropFirst(3)
    let found = judge(kind: .test, status: .exited(1), output: quoted.joined(separator: "\n"))
    #expect(found.failures.map(\.test) == plain.failures.map(\.test))
  }

  @Test func `passed tests are compared by name`() {
    let base = TestReport(
      runner: "pytest", executed: 4, passed: ["a.py::t", "a.py::C::m[1]", "b.py::gone", "a.py::moved"])
    let now = TestReport(runner: "pytest", executed: 3, passed: ["a.py::t", "a.py::C::m[2]", "c.py::moved"])
    #expect(now.missing(from: base) == ["b.py::gone"])
    #expect(
      base.namesDigest == TestReport(runner: "", executed: 4, passed: base.passed.reversed()).namesDigest)
    #expect(TestReport(runner: "x", executed: 1).namesDigest == nil)
  }
}
