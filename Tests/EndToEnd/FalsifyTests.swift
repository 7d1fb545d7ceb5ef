import Support
import Testing

/// With `falsify: true` new and changed tests must fail on the code of the branch.
@Suite("A test of a step, where the plan asks what it proves,")
struct FalsifyTests {
  /// A runner of tests in one line: each passes when the code has a line of its name.
  private static let runner = """
    n=0
    for name in $(sed -n 's/^def \\(test_[a-z]*\\).*/\\1/p' tests/test_code.py); do
      n=$((n + 1))
      if grep -q "^$name" code; then echo "ok $n - $name"; else echo "not ok $n - $name"; bad=1; fi
    done
    echo "1..$n"
    exit ${bad:-0}

    """

  private func world(_ steps: String) throws -> MigrationWorld {
    let world = try MigrationWorld(files: [
      "tests/run.sh": FalsifyTests.runner, "code": "test_old\ntest_idle\n",
      "tests/test_code.py": "def test_old():\n    assert old() == 1\n",
    ])
    try world.start(
      steps, gate: "{ falsify: true, guards: [tests], verifiers: [{ name: t, run: sh tests/run.sh }] }")
    return world
  }

  /// A command that adds a line to the code and a test to the tests.
  private static func adding(_ line: String, test name: String) -> String {
    let test = "\\\\ndef test_\(name)():\\\\n    assert \(name)() == 1\\\\n"
    return "  - { id: A, run: \"echo \(line) >> code; printf '\(test)' >> tests/test_code.py\" }"
  }

  @Test("passes when it fails without the step's code")
  func fails() throws {
    let world = try world(FalsifyTests.adding("test_new", test: "new"))
    let run = try world.migrate("run")
    #expect(run.code == 0, "\(run)")
    #expect(try world.merged() == ["A"])
    #expect(try world.complaints() == "")
  }

  @Test("is told by name when it passes without it, and can be let pass")
  func passes() throws {
    let world = try world(FalsifyTests.adding("x", test: "idle"))
    let run = try world.migrate("run")
    #expect(run.code == 1, "\(run)")
    #expect(run.out.contains("test 'test_idle' is new or changed, and passes on the code"), "\(run)")
    #expect(try world.merged() == [])
    let name = "unfalsified-test:tests/test_code.py:test_idle"
    #expect(try world.migrate("allow", "A", name, "--reason", "it was missing").code == 0)
    #expect(try world.migrate("retry", "A").code == 0)
    let again = try world.migrate("run")
    #expect(again.code == 0, "\(again)")
    #expect(try world.merged() == ["A"])
    #expect(try world.complaints() == "")
  }

  @Test("is not asked for where a step brings none")
  func none() throws {
    let world = try world("  - { id: A, run: 'echo x >> code' }")
    let run = try world.migrate("run")
    #expect(run.code == 0, "\(run)")
    #expect(try world.merged() == ["A"])
  }
}
