import CanonicalJSON
import Migration
import Support
import System
import Testing

/// Hosts that do as they please: they scan what is pushed, delete branches, and have branches of their own.
@Suite("A host with a will of its own")
struct HostTests {
  private static let gate = "{ verifiers: [{ name: t, run: 'test -e a.txt' }] }"

  /// Has the server refuse every push of a ref that matches `refs` with a file `blocked` in it.
  private func scan(_ world: SharedMigration, _ refs: String) throws {
    let hook = """
      #!/bin/sh
      while read -r old new ref; do
        case $ref in \(refs))
          git ls-tree --name-only "$new" | grep -q '^blocked$' &&
            { echo "error: GH013: this push holds a secret" >&2; exit 1; } ;;
        esac
      done
      exit 0
      """
    try Files.writeAtomically(world.server + "/hooks/pre-receive", Array(hook.utf8), mode: 0o755)
  }

  @Test("that does not take one result: the attempt fails with its words, and the others go on")
  func oneAttempt() throws {
    let world = try SharedMigration()
    try world.first.start(
      """
        - { id: A, priority: 9, run: 'echo x > blocked' }
        - { id: B, run: 'echo b > fb' }
      """, gate: HostTests.gate)
    try scan(world, "refs/migrate/attempt/*")
    let run = try world.first.migrate("run", "--jobs", "1")
    #expect(run.code == 1, "\(run)")
    #expect(try world.first.states() == ["A": "blocked", "B": "merged"])
    #expect(try world.first.count("A claimed") == 2, "as many as the plan's attempts")
    #expect(try world.first.members("reason")["A"]?.contains("GH013: this push holds a secret") == true)
    #expect(try world.git(world.server, "show", "migrate/mig:fb") == "b")
    #expect(try world.first.complaints() == "")
  }

  @Test("that does not take one of the results that had waited for it: the others get there")
  func oneThatWaited() throws {
    let world = try SharedMigration()
    try world.first.start(
      "  - { id: A }\n  - { id: B }", gate: HostTests.gate)
    let first = world.first.repository.path
    for (number, step) in ["A", "B"].enumerated() {
      #expect(try world.migrate(first, "claim", step, "--worker", "w").code == 0)
      let file = step == "A" ? "blocked" : "fb"
      try Files.writeAtomically("\(first).migrate/slot-\(number + 1)/\(file)", Array("x\n".utf8))
    }
    try Files.move(world.server, to: world.server + ".away")
    for number in 1...2 {
      let submitted = try world.migrate("\(first).migrate/slot-\(number)", "submit", "--no-wait")
      #expect(submitted.code == 0, "\(submitted)")
    }
    try Files.move(world.server + ".away", to: world.server)
    try scan(world, "refs/migrate/attempt/*")
    let sync = try world.migrate(first, "sync")
    #expect(sync.err.contains("GH013: this push holds a secret"), "\(sync)")
    #expect(try world.first.states() == ["A": "ready", "B": "submitted"])
    #expect(
      try world.tip(first, "refs/migrate/ledger") == world.tip(world.server, "refs/migrate/ledger"))
    #expect(try world.first.complaints() == "")
  }

  @Test(
    "that does not take what had waited as the last attempt of a step: a person is told that it is blocked",
    arguments: [["sync"], ["status", "--fetch"]])
  func blockedByWaiting(command: [String]) throws {
    let world = try SharedMigration()
    try world.first.start(
      "  - { id: A }\n  - { id: B }", gate: HostTests.gate, more: "notify: 'echo told >> \"$HOME/told\"'")
    let first = world.first.repository.path
    try scan(world, "refs/migrate/attempt/*")
    for told in ["", "told\n"] {
      let claim = try JSON.parse(try world.migrate(first, "claim", "A", "--worker", "w", "--json").out)
      guard case .string(let slot)? = claim["worktree"] else {
        Issue.record("\(claim)")
        return
      }
      try Files.writeAtomically(slot + "/blocked", Array("x\n".utf8))
      try Files.move(world.server, to: world.server + ".away")
      #expect(try world.migrate(slot, "submit", "--no-wait").code == 0)
      try Files.move(world.server + ".away", to: world.server)
      let run = try world.first.repository.run(TestBinary.path, command, in: first)
      #expect(try world.first.note("told") == told, "\(run)")
    }
    #expect(try world.first.states()["A"] == "blocked")
  }

  @Test("that does not take one merge: its step is blocked with the words in the end, and the others go on")
  func oneMerge() throws {
    let world = try SharedMigration()
    try world.first.start(
      """
        - { id: A, priority: 9, run: 'echo x > blocked' }
        - { id: B, run: 'echo b > fb' }
      """, gate: HostTests.gate)
    try scan(world, "refs/heads/*")
    let run = try world.first.migrate("run", "--jobs", "1")
    #expect(run.code == 1, "\(run)")
    #expect(try world.first.states() == ["A": "blocked", "B": "merged"])
    #expect(try world.first.members("reason")["A"]?.contains("GH013: this push holds a secret") == true)
    #expect(try world.git(world.server, "show", "migrate/mig:fb") == "b")
  }

  @Test("that deleted the integration branch: it is put back, which is told, and nothing is judged in vain")
  func deleted() throws {
    let world = try SharedMigration()
    try world.first.start(
      """
        - { id: A, run: 'echo a > fa' }
        - { id: B, needs: [A], run: "rm '\(world.server)/refs/heads/migrate/mig'; echo b > fb" }
      """, gate: HostTests.gate)
    try Files.removeFile(world.server + "/refs/heads/migrate/mig")
    let run = try world.first.migrate("run")
    #expect(run.code == 0, "\(run)")
    #expect(run.err.contains("'migrate/mig' was gone from 'origin'; it is put back"), "\(run)")
    #expect(try world.git(world.server, "show", "migrate/mig:fb") == "b")
    #expect(try world.first.count("B gate") <= 4, "at most one merge came to nothing")
  }

  @Test("on which somebody put the branch elsewhere: told once, with the way back")
  func movedThere() throws {
    let world = try SharedMigration()
    try world.first.start("  - { id: A, run: 'echo a > fa' }", gate: HostTests.gate)
    let tree = try world.git(world.server, "rev-parse", "main^{tree}")
    let stray = try world.git(
      world.server, "-c", "user.name=x", "-c", "user.email=x", "commit-tree", "-m", "stray", tree)
    let past = "core.hooksPath=/dev/null"
    try world.git(world.server, "-c", past, "update-ref", "refs/heads/migrate/mig", stray)
    let run = try world.begin(world.first.repository.path, "run")
    #expect(eventually { run.output.contains("git push --force-with-lease") }, "\(run.output)")
    try world.git(world.server, "-c", past, "update-ref", "refs/heads/migrate/mig", "main")
    #expect(try run.wait().code == 0, "\(run.output)")
    #expect(try world.first.count("not merged") == 0)
  }

  @Test("that has a branch called like a folder of ours: start is refused, and says so")
  func nameThere() throws {
    let world = try SharedMigration()
    try world.git(world.first.repository.path, "push", "--quiet", "origin", "main:refs/heads/migrate")
    let before = try world.git(world.server, "for-each-ref")
    #expect(throws: TestFailure.self) { try world.first.start("  - { id: A, run: 'true' }") }
    let start = try world.first.migrate("start", world.first.repository.root + "/plan.md")
    #expect(start.code == 128, "\(start)")
    #expect(start.err.contains("the branch 'migrate' of 'origin' is in the way"), "\(start)")
    #expect(try world.git(world.server, "for-each-ref") == before)
    #expect(
      try world.first.repository.runGit(["rev-parse", "-q", "--verify", "refs/migrate/ledger"]).code == 1)
  }

  @Test(
    "names of branches that git cannot have beside each other are refused before anything is recorded",
    arguments: [("migrate", ""), ("integration/x", "into: integration"), ("a", "into: a/b/c")])
  func nameHere(_ branch: String, _ more: String) throws {
    let world = try MigrationWorld()
    try world.repository.git("branch", branch)
    #expect(throws: TestFailure.self) { try world.start("  - { id: A, run: 'true' }", more: more) }
    for command in ["check", "start"] {
      let run = try world.migrate(command, world.repository.root + "/plan.md")
      #expect(run.code == 128, "\(run)")
      #expect(run.err.contains("the branch '\(branch)' is in the way"), "\(run)")
    }
    #expect(try world.repository.runGit(["rev-parse", "-q", "--verify", "refs/migrate/ledger"]).code == 1)
  }

  @Test("a migration whose branch cannot be made any more can be aborted")
  func abortWithoutBranch() throws {
    let world = try MigrationWorld()
    try world.start("  - { id: A, run: 'true' }")
    try world.repository.git("-c", "core.hooksPath=/dev/null", "update-ref", "-d", "refs/heads/migrate/mig")
    try world.repository.git("branch", "migrate")
    let abort = try world.migrate("abort")
    #expect(abort.code == 0, "\(abort)")
    #expect(try world.phase() == "aborted")
  }
}
