import Migration
import Support
import System
import Testing

/// A moved base that conflicts, and a plan with an agent.
@Suite("A base that conflicts becomes a step for the agent")
struct ConflictingBaseTests {
  private static let ran = "  - { id: A, run: 'echo b > a.txt' }"
  private static let guards =
    "{ verifiers: [{ name: t, kind: build, run: 'test -e a.txt' }], guards: [tests, scope] }"

  /// A migration that has changed `a.txt`, as its base has since.
  private func world(agent: String, base files: [String: String] = [:]) throws -> MigrationWorld {
    let world = try MigrationWorld(files: [".gitignore": "*.log\n"])
    try world.start(Self.ran, gate: Self.guards)
    #expect(try world.migrate("run").code == 0)
    try commit(["a.txt": "theirs\n"].merging(files) { $1 }, in: world)
    let more =
      "refresh: { every: 1h }\nagent:\n  command: |\n    \(agent)\n"
      + "notify: 'echo \"$MIGRATE_EVENT: $MIGRATE_NOTICE\" >> \"$HOME/told\"'"
    try world.amend(Self.ran, gate: Self.guards, more: more)
    return world
  }

  private func commit(_ files: [String: String], in world: MigrationWorld) throws {
    for (path, text) in files { try world.repository.write(path, text) }
    try world.repository.git("add", "--all", "--force")
    try world.repository.git("commit", "--quiet", "--message=theirs")
  }

  @Test("that is told of both sides, is judged, and merged as the commit that finish wants")
  func resolved() throws {
    let agent =
      "cat > \"$HOME/prompt\"; cp a.txt \"$HOME/seen\"; git status --short > \"$HOME/status\"; "
      + "printf 'both\\n' > a.txt"
    let world = try world(agent: agent, base: ["kept.log": "x\n", "test_new.py": "def test_x(): pass\n"])
    let base = try world.repository.git("rev-parse", "main")
    let tip = try world.repository.git("rev-parse", "migrate/mig")
    let step = "refresh-\(base.prefix(10))"
    let run = try world.migrate("run")
    #expect(run.code == 0, "\(run)")
    #expect(run.err.contains("the step '\(step)' was added"), "\(run)")
    let seen = try world.note("seen")
    #expect(seen.contains("<<<<<<< migrate/mig\nb\n=======\ntheirs\n>>>>>>> base"), "\(seen)")
    #expect(!(try world.note("status").contains("U")), "no unmerged entries")
    let prompt = try world.note("prompt")
    #expect(prompt.contains("'a.txt'") && prompt.contains(base) && prompt.contains(tip), "\(prompt)")
    #expect(try world.repository.git("log", "-1", "--format=%P", "migrate/mig") == "\(tip) \(base)")
    #expect(try world.file("a.txt") == "both")
    #expect(try world.file("kept.log") == "x", "a file of the base that git ignores")
    #expect(try world.states()[step] == "merged")
    for command in [["show", step], ["log"], ["graph"]] {
      let shown = try world.repository.run(TestBinary.path, command)
      #expect(shown.code == 0 && shown.out.contains(step), "\(shown)")
    }
    #expect(try world.migrate("run").code == 0)
    #expect(try world.count("added: base") == 1)
    let finish = try world.migrate("finish")
    #expect(finish.code == 0, "\(finish)")
    #expect(try world.complaints() == "")
  }

  @Test("also where nothing of the base is kept: it is taken in, and asked for no more")
  func ours() throws {
    let world = try world(agent: "echo b > a.txt")
    let run = try world.migrate("run")
    #expect(run.code == 0, "\(run)")
    #expect(try world.file("a.txt") == "b")
    #expect(try world.repository.runGit(["merge-base", "--is-ancestor", "main", "migrate/mig"]).code == 0)
    #expect(try world.migrate("finish").code == 0)
    #expect(try world.complaints() == "")
  }

  @Test(
    "markers that are left fail the attempt; a person is told once", arguments: ["true", "echo x >> a.txt"])
  func markers(agent: String) throws {
    let world = try world(agent: agent)
    let tip = try world.repository.git("rev-parse", "migrate/mig")
    let run = try world.migrate("run")
    #expect(run.code != 0, "\(run)")
    #expect(try world.count("conflict markers were left in 'a.txt'") == 2)
    #expect(try world.states().values.contains("blocked"))
    #expect(try world.repository.git("rev-parse", "migrate/mig") == tip)
    _ = try world.migrate("run")
    #expect(try world.note("told").split(separator: "\n").count { $0.hasPrefix("blocked") } == 1)
    #expect(try world.count("added: base") == 1)
    #expect(try world.complaints() == "")
  }

  @Test("one that was blocked is skipped when the base comes in by another way")
  func otherWay() throws {
    let world = try world(agent: "true")
    _ = try world.migrate("run")
    try commit(["a.txt": "a\n"], in: world)
    #expect(try world.states().values.contains("blocked"))
    let run = try world.migrate("run")
    #expect(try world.count("took in the moved base") == 1, "\(run)")
    #expect(try world.count("was taken in without it") == 1, "\(run)")
    #expect(try world.migrate("finish").code == 0)
  }

  @Test("in a shared ledger, where the server's hooks judge the merge")
  func shared() throws {
    let world = try SharedMigration()
    let first = world.first
    try first.start(Self.ran)
    #expect(try first.migrate("run").code == 0)
    let other = try world.clone("b")
    try Files.writeAtomically(other + "/a.txt", Array("theirs\n".utf8))
    try world.git(other, "commit", "--quiet", "--all", "--message=theirs")
    try world.git(other, "push", "--quiet", "origin", "main")
    try first.amend(
      Self.ran, more: "refresh: { every: 1h }\nagent: { command: 'echo both > a.txt' }")
    let run = try first.migrate("run")
    #expect(run.code == 0, "\(run)")
    #expect(try world.git(world.server, "show", "migrate/mig:a.txt") == "both")
    #expect(try world.git(world.server, "show", "migrate/mig^2:a.txt") == "theirs")
    #expect(try first.migrate("fsck").code == 0)
  }
}
