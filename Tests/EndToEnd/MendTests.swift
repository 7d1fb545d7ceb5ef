import CanonicalJSON
import Migration
import Support
import System
import Testing

/// What a worker or a person can break, and how the run gets over it.
@Suite("Things that are broken on the way")
struct MendTests {
  private func started(_ steps: String, gate: String = "gate: none") throws -> TestRepository {
    let world = try TestRepository()
    let plan = """
      ---
      migration: mend
      \(gate)
      attempts: 2
      backoff: { initial: 0, max: 0 }
      steps:
      \(steps)
      ---
      """
    try Files.writeAtomically(world.root + "/plan.md", Array(plan.utf8))
    let start = try world.runMigrate("start", world.root + "/plan.md")
    #expect(start.code == 0, "\(start)")
    return world
  }

  private func states(_ world: TestRepository) throws -> [String: String] {
    let status = try JSON.parse(try world.runMigrate("status", "--json").out)
    guard case .array(let migrations)? = status["migrations"],
      case .array(let steps)? = migrations.first?["steps"]
    else { return [:] }
    var found: [String: String] = [:]
    for step in steps {
      if case .string(let id)? = step["id"], case .string(let state)? = step["state"] { found[id] = state }
    }
    return found
  }

  @Test("a worker that deletes its worktree's .git stops nobody but itself")
  func brokenSlot() throws {
    let world = try started(
      """
        - { id: vandal, run: "rm -f .git; echo x > new.txt" }
        - { id: good, run: "echo y > good.txt" }
        - { id: better, run: "echo z > better.txt" }
      """)
    let run = try world.runMigrate("run", "--jobs", "1")
    #expect(run.code == 1, "\(run)")
    #expect(try states(world) == ["vandal": "blocked", "good": "merged", "better": "merged"])
    let kept = try world.git("show", "refs/migrate/attempt/mend/vandal/1:new.txt")
    #expect(kept == "x", "its files are kept")
  }

  @Test("a verifier that is missing is no verdict: submit says 125 and the step waits")
  func missingVerifier() throws {
    let world = try started(
      "  - { id: A }", gate: "gate: { verifiers: [{ name: t, run: 'test ! -e changed || no-such-program' }] }"
    )
    #expect(try world.runMigrate("claim", "A").code == 0)
    let slot = world.path + ".migrate/slot-1"
    try Files.writeAtomically(slot + "/changed", [])
    let submit = try world.runMigrate("submit", in: slot)
    #expect(submit.code == 125, "\(submit)")
    #expect(try states(world) == ["A": "submitted"])
  }

  @Test("where the branch is checked out with changes nothing is recorded and nothing touched")
  func dirtyCheckout() throws {
    let world = try started("  - { id: A }")
    #expect(try world.runMigrate("claim", "A").code == 0)
    let slot = world.path + ".migrate/slot-1"
    try Files.writeAtomically(slot + "/a.txt", Array("new\n".utf8))
    try world.git("checkout", "--quiet", "migrate/mend")
    try world.write("a.txt", "mine\n")
    let submit = try world.runMigrate("submit", in: slot)
    #expect(submit.code == 125)
    #expect(submit.out.contains("uncommitted changes"), "\(submit)")
    #expect(try world.git("log", "-1", "--format=%s", "refs/migrate/ledger").hasPrefix("A submitted"))
    #expect(try world.git("diff", "--stat").contains("a.txt"))
    try world.git("checkout", "--quiet", "--", "a.txt")
    #expect(try world.runMigrate("run").code == 0)
    #expect(try states(world) == ["A": "merged"])
    #expect(try world.git("status", "--porcelain") == "")
    #expect(try Files.readFile(world.path + "/a.txt") == Array("new\n".utf8), "its files moved along")
  }

  @Test("an agent that hands in by itself is welcome")
  func submitsItself() throws {
    let world = try started(
      "  - { id: A, run: 'echo x > x.txt; git-migrate submit --no-wait' }")
    let run = try world.runMigrate("run")
    #expect(run.code == 0, "\(run)")
    #expect(!run.err.contains("late"), "\(run)")
    #expect(try states(world) == ["A": "merged"])
  }

  @Test("a start that was cut off before its branch was made is mended by the next command")
  func missingBranch() throws {
    let world = try started("  - { id: A, run: 'echo x > x.txt' }")
    try world.git("-c", "core.hooksPath=/dev/null", "branch", "--quiet", "-D", "migrate/mend")
    #expect(try world.runMigrate("run").code == 0)
    #expect(try states(world) == ["A": "merged"])
  }

  @Test("no path of this machine reaches the ledger with a failure")
  func relativePaths() throws {
    let check = "test ! -e x.txt || { echo $PWD/x.txt:1:1: error: bad; false; }"
    let world = try started(
      "  - { id: A, run: 'echo x > x.txt' }",
      gate: "gate: { verifiers: [{ name: t, kind: build, run: '\(check)' }] }")
    #expect(try world.runMigrate("run").code == 1)
    let ledger = try world.git("log", "--format=%B", "refs/migrate/ledger")
    #expect(ledger.contains("x.txt"))
    #expect(!ledger.contains(world.root))
  }
}
