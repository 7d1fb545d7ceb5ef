import Migration
import Testing

@testable import Gate

/// Changes of files that decide how tests run, and how much is looked at to compare them.
@Suite struct ProtectedTests {
  private func found(_ path: String, _ old: String?, _ new: String?, isStrict: Bool = false) -> Bool {
    let kind: ChangedPath.Kind = old == nil ? .added : new == nil ? .deleted : .modified
    let change = TreeChange(
      paths: [ChangedPath(path: path, kind: kind)], oldText: { $0 == path ? old : nil },
      newText: { $0 == path ? new : nil })
    return !change.protectedFindings(isStrict: isStrict).isEmpty
  }

  private static let workflow = """
    on: [push]
    jobs:
      test:
        runs-on: ubuntu-22.04
        steps:
          - uses: actions/checkout@v3
          - run: npm ci
          - run: npm test
    """

  @Test(arguments: [
    ("ubuntu-22.04", "ubuntu-24.04"), ("checkout@v3", "checkout@v4"),
    ("npm ci", "pnpm install --frozen-lockfile"),
    ("- run: npm test", "- run: npm run lint\n      - run: npm test"),
    (
      "- run: npm test",
      "- run: npm test\n      - if: github.ref == 'refs/heads/main'\n        run: npm run build"
    ),
  ]) func `what runs as many tests is let by, and found where the plan names the guard`(
    _ old: String, _ new: String
  ) {
    let text = ProtectedTests.workflow
    let path = ".github/workflows/ci.yml"
    #expect(!found(path, text, text.replacing(old, with: new)))
    #expect(found(path, text, text.replacing(old, with: new), isStrict: true))
  }

  @Test(arguments: [
    ("run: npm test", "run: npm test || true"), ("run: npm test", "run: npm test; echo done"),
    ("run: npm test", "run: npm test -- --grep fast"), ("run: npm test", "run: npm test | tee log"),
    ("- run: npm test", "- run: npm test\n        continue-on-error: true"),
    ("- run: npm test", "- if: false\n        run: npm test"), ("      - run: npm test", ""),
    ("- run: npm ci", "- run: npm ci\n      - run: rm -rf test"),
    ("- run: npm test", "- run: set +e\n      - run: npm test"),
    ("- run: npm test", "- run: npm test\n        env:\n          NODE_OPTIONS: --require ./quiet.js"),
    ("on: [push]", "on:\n  push:\n    paths-ignore: ['**']"), ("on: [push]", "on: workflow_dispatch"),
  ]) func `what may keep a test from running or from failing is found`(_ old: String, _ new: String) {
    let text = ProtectedTests.workflow
    #expect(found(".github/workflows/ci.yml", text, text.replacing(old, with: new)), "\(new)")
  }

  @Test func `a shell's line is cut where a shell cuts it`() {
    let line = ShellLine("CI=1 npx jest --ci 'a && b' 2>&1 | tee log && exit 0")
    #expect(line.commands.map(\.count) == [6, 2, 2])
    #expect(line.operators == ["|", "&&"])
    #expect(ShellLine.runsTests(["CI=1", "npx", "jest"]))
    #expect(ShellLine.runsTests(["uv", "run", "python", "-m", "pytest"]))
    #expect(!ShellLine.runsTests(["pip", "install", "pytest"]))
  }

  @Test func `what is looked at grows with the tests, not with their square`() {
    func looks(_ count: Int) -> Int {
      func text(_ name: String, _ value: Int) -> String {
        (0..<count).map {
          "def test_\(name)_\($0)():\n    assert total_\($0)([\($0)]) == \($0 + value)\n"
        }.joined(separator: "\n")
      }
      let (old, new) = (text("adds", 1000), text("sums", 1000))
      var comparison = TestComparison(
        TreeChange(
          paths: [ChangedPath(path: "tests/test_big.py", kind: .modified)],
          oldText: { $0 == "tests/test_big.py" ? old : nil },
          newText: { $0 == "tests/test_big.py" ? new : nil }))
      #expect(comparison.findings().isEmpty)
      return comparison.standIns?.looks ?? 0
    }
    let (few, many) = (looks(50), looks(400))
    #expect(few > 0)
    #expect(many < few * 16)
  }
}
