import CanonicalJSON
import Migration
import Support
import System
import Testing

/// Only a verdict `passed` merges; everything else is said for what it is, and blamed on nobody else.
@Suite("A gate")
struct VerdictTests {
  private func verifier(_ run: String) -> String { "{ verifiers: [{ name: t, run: '\(run)' }] }" }

  @Test("whose command is missing could not run: nothing merges, no attempt is counted, and it ends")
  func missingCommand() throws {
    let world = try MigrationWorld()
    try world.start(
      "  - { id: A, run: 'echo x > x' }",
      gate: verifier("test ! -e x || { echo tried >> \"$HOME/tries\"; no-such-program; }"))
    let run = try world.begin("run")
    #expect(try run.wait().code == 1, "\(run.output)")
    #expect(run.output.contains("'no-such-program' is missing"), "\(run.output)")
    #expect(try world.states() == ["A": "submitted"])
    #expect(try world.merged() == [])
    #expect(try world.count("A claimed") == 1, "the work is not thrown away")
    let tries = try world.note("tries").split(separator: "\n").count
    #expect(tries == 1, "\(tries) tries")
  }

  @Test("that ran no tests lets nothing through")
  func noTests() throws {
    let world = try MigrationWorld(files: ["test_it.py": VerdictTests.suite])
    try world.start(
      "  - { id: A, run: 'rm test_it.py; echo x > x' }",
      gate: verifier("PYTHONDONTWRITEBYTECODE=1 python3 -m unittest discover -p \"test_*.py\""))
    let run = try world.migrate("run")
    #expect(run.code == 1, "\(run)")
    #expect(run.out.contains("no tests"), "\(run)")
    #expect(try world.merged() == [])
    #expect(try world.states() == ["A": "blocked"])
  }

  private static let suite = """
    import unittest
    class T(unittest.TestCase):
        def test_one(self):
            self.assertEqual(open("a.txt").read(), "a\\n")

    """

  @Test("tells the next attempt which test failed")
  func failingTest() throws {
    let world = try MigrationWorld(files: ["test_it.py": VerdictTests.suite])
    try world.start(
      "  - { id: A, run: 'echo b > a.txt' }",
      gate: verifier("PYTHONDONTWRITEBYTECODE=1 python3 -m unittest discover -p \"test_*.py\""))
    #expect(try world.migrate("run").code == 1)
    let prompt = try text(world.repository.path + "/.git/migrate/prompts/mig/A-2.md")
    #expect(prompt.contains("test_one"), "\(prompt)")
    #expect(try world.file("a.txt") == "a")
  }

  @Test("is not asked again about what a codemod makes once more, until a person retries it")
  func sameResult() throws {
    let world = try MigrationWorld()
    try world.start(
      "  - { id: A, run: 'echo x > x' }",
      gate: verifier("test ! -e x || { echo tried >> \"$HOME/tries\"; echo nope; exit 1; }"))
    let run = try world.migrate("run")
    #expect(run.code == 1, "\(run)")
    #expect(try world.note("tries") == "tried\n")
    #expect(try world.count("A claimed") == 2, "it may be that the branch has moved meanwhile")
    let reason = try world.members("reason")["A"] ?? ""
    #expect(reason.contains("with the same result: t: exited with 1: nope"), "\(reason)")
    #expect(try world.migrate("retry", "A").code == 0)
    #expect(try world.migrate("run").code == 1)
    #expect(try world.note("tries") == "tried\ntried\n")
    #expect(try world.complaints() == "")
  }

  @Test("that takes too long has failed, and leaves no process")
  func timeout() throws {
    let world = try MigrationWorld()
    try world.start(
      "  - { id: A, run: 'echo x > x' }",
      gate: "{ verifiers: [{ name: t, timeout: 1s, run: 'test ! -e x || sleep 1000' }] }")
    let run = try world.begin("run")
    #expect(try run.wait().code == 1)
    #expect(run.output.contains("1 s"), "\(run.output)")
    #expect(try world.merged() == [])
    #expect(try world.survivors() == [])
  }

  @Test("that the base does not pass pauses the migration and blames no step")
  func redBaseline() throws {
    let world = try MigrationWorld()
    try world.start(
      "  - { id: A, run: 'echo x > x' }\n  - { id: B, run: 'echo y > y' }",
      gate: verifier("test -e \"$HOME/mended\""))
    let run = try world.migrate("run")
    #expect(run.code == 1, "\(run)")
    #expect(run.out.contains("the base itself does not pass the gate"), "\(run)")
    #expect(try world.phase() == "paused")
    #expect(try world.states() == ["A": "ready", "B": "ready"])
    #expect(try world.count("claimed") == 0, "no agent works on a broken base")
    #expect(try world.migrate("run").code == 1, "paused is paused")

    try world.allow("mended")
    #expect(try world.migrate("resume").code == 0)
    let next = try world.migrate("run")
    #expect(next.code == 0, "\(next)")
    #expect(try world.steps().allSatisfy { $0["attempts"] == .integer(1) }, "none of them failed")
    #expect(try world.states() == ["A": "merged", "B": "merged"])
  }

  @Test("judges the very tree that is merged: two good steps that break each other never both get in")
  func togetherBad() throws {
    let world = try MigrationWorld()
    try world.start(
      "  - { id: A, run: 'echo x > x' }\n  - { id: B, run: 'echo y > y' }",
      gate: verifier("! { test -e x && test -e y; }"))
    let run = try world.migrate("run", "--jobs", "2")
    #expect(run.code == 1, "\(run)")
    #expect(try world.states().values.sorted() == ["blocked", "merged"])
    #expect(try world.merged().count == 1)
  }

  @Test("cannot be talked round by what it judges: its worktree is not the worker's")
  func ownWorktree() throws {
    let world = try MigrationWorld(files: [".gitignore": "cheat\n"])
    try world.start(
      "  - { id: A, run: 'touch cheat; echo x > x' }", gate: verifier("test ! -e x || test -e cheat"))
    #expect(try world.migrate("run").code == 1)
    #expect(try world.states() == ["A": "blocked"])
  }

  @Test("with guards sends back a lost test, a change outside the step's paths and a secret")
  func guards() throws {
    let world = try MigrationWorld(files: ["test_it.py": VerdictTests.suite, "src/one.py": "one = 1\n"])
    try world.start(
      """
        - { id: lost, run: 'rm test_it.py' }
        - { id: outside, paths: ["src/**"], run: 'echo x > other' }
        - { id: secret, run: 'printf "%s%s\\n" "-----BEGIN RSA PRIV" "ATE KEY-----" > key.pem' }
        - { id: fine, paths: ["src/**"], run: 'echo "one = 2" > src/one.py' }
      """, gate: "{ verifiers: [{ name: t, run: 'true' }], guards: [tests, scope, secrets] }")
    let run = try world.migrate("run", "--jobs", "2")
    #expect(run.code == 1, "\(run)")
    let wanted = ["lost": "blocked", "outside": "blocked", "secret": "blocked", "fine": "merged"]
    #expect(try world.states() == wanted)
    #expect(try world.merged() == ["fine"])
  }
}
