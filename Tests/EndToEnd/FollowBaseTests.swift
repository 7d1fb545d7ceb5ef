import Migration
import Support
import System
import Testing

/// `refresh: { every: 1h }`: a run takes a moved base in by itself.
@Suite("A run follows the base")
struct FollowBaseTests {
  private static let more =
    "refresh: { every: 1h }\nnotify: 'echo \"$MIGRATE_EVENT: $MIGRATE_NOTICE\" >> \"$HOME/told\"'"

  private func commit(_ path: String, _ text: String, in world: MigrationWorld) throws {
    try world.repository.write(path, text)
    try world.repository.git("add", path)
    try world.repository.git("commit", "--quiet", "--message=\(path)")
  }

  @Test("through the gate, and finish has nothing to complain of")
  func takesIn() throws {
    let world = try MigrationWorld()
    try world.start(
      "  - { id: A, run: 'cat other > copy' }",
      gate: "{ verifiers: [{ name: t, kind: build, run: 'test -e a.txt' }] }",
      more: Self.more)
    try commit("other", "theirs\n", in: world)
    let run = try world.migrate("run")
    #expect(run.code == 0, "\(run)")
    #expect(try world.count("took in the moved base") == 1)
    #expect(try world.file("copy") == "theirs", "workers begin on what was taken in")
    #expect(try world.migrate("run").code == 0)
    let finish = try world.migrate("finish")
    #expect(finish.code == 0, "\(finish)")
    #expect(try world.complaints() == "")
  }

  @Test("what it brings of what is migrated away becomes steps, and is counted, in the same run")
  func expandsAgain() throws {
    let world = try MigrationWorld(files: ["src/a.txt": "oldlog\n"])
    let steps = """
        - for: { lines: "git grep -l oldlog -- src" }
          id: "{{match.line}}"
          run: "sed -i s/oldlog/newlog/ {{match.line}}"
      """
    let count = "until: { count: \"git grep -o oldlog -- src | wc -l\" }\n"
    try world.start(steps, more: count + Self.more)
    try commit("src/b.txt", "oldlog\n", in: world)
    let run = try world.migrate("run")
    #expect(run.code == 0, "\(run)")
    #expect(run.err.contains("'main' brought 1 new step: src-b.txt"), "\(run)")
    #expect(run.out.contains("0 uses left (1 before)"), "\(run)")
    #expect(try world.states() == ["src-a.txt": "merged", "src-b.txt": "merged"])
    #expect(try world.migrate("finish").code == 0)
    #expect(try world.complaints() == "")
  }

  @Test("a base that was broken when the migration began is mended by what came since")
  func mendsBase() throws {
    let world = try MigrationWorld(files: ["broken": ""])
    try world.start(
      "  - { id: A, run: 'echo x > x' }",
      gate: "{ verifiers: [{ name: t, kind: build, run: 'test ! -e broken' }] }",
      more: Self.more)
    try world.repository.git("rm", "--quiet", "broken")
    try world.repository.git("commit", "--quiet", "--message=mended")
    let run = try world.migrate("run")
    #expect(run.code == 0, "\(run)")
  }

  @Test("a conflict is told once with the way out, to the notify command too, and the steps go on")
  func conflict() throws {
    let world = try MigrationWorld()
    try world.start("  - { id: A, run: 'echo b > a.txt' }")
    #expect(try world.migrate("run").code == 0)
    try world.amend(
      "  - { id: A, run: 'echo b > a.txt' }\n  - { id: B, needs: [A], run: 'echo c > c' }", more: Self.more)
    try commit("a.txt", "theirs\n", in: world)
    let run = try world.migrate("run")
    #expect(run.code == 0, "\(run)")
    #expect(
      run.err.split(separator: "\n").count { $0.contains("conflicts with 'migrate/mig' in 'a.txt'") } == 1)
    #expect(run.err.contains("git migrate amend"), "\(run)")
    #expect(try world.note("told").contains("base: 'main' has moved and conflicts"))
    #expect(try world.file("c") == "c")
    #expect(try world.count("took in") == 0)
  }

  @Test("once more when every step is done, so that the result can be handed back")
  func lastLook() throws {
    let world = try MigrationWorld()
    let wait = #"touch "$HOME/at"; while [ ! -e "$HOME/go" ]; do sleep 0.05; done"#
    try world.start("  - { id: A, run: '\(wait); echo x > x' }", more: Self.more)
    let run = try world.begin("run")
    #expect(eventually { Files.exists(world.home("at")) }, "\(run.output)")
    try commit("other", "theirs\n", in: world)
    try world.allow("go")
    #expect(try run.wait().code == 0, "\(run.output)")
    let finish = try world.migrate("finish")
    #expect(finish.code == 0, "\(finish)")
    #expect(try world.file("other", at: "main") == "theirs" && world.file("x", at: "main") == "x")
  }

  @Test("of a shared ledger as it is there, when nobody has brought it here; refresh does, too")
  func shared() throws {
    let world = try SharedMigration()
    let other = try world.clone("b")
    func push(_ file: String) throws {
      try Files.writeAtomically(other + "/" + file, Array("theirs\n".utf8))
      try world.git(other, "add", file)
      try world.git(other, "commit", "--quiet", "--message=theirs")
      try world.git(other, "push", "--quiet", "origin", "main")
    }
    try world.first.start("  - { id: A, run: 'cat other > copy' }", more: Self.more)
    try push("other")
    let run = try world.first.migrate("run")
    #expect(run.code == 0, "\(run)")
    #expect(try world.first.file("copy") == "theirs")
    try push("more")
    let refresh = try world.first.migrate("refresh")
    #expect(refresh.code == 0 && refresh.out.contains("took in 'main'"), "\(refresh)")
    let finish = try world.first.migrate("finish", "--push")
    #expect(finish.code == 0, "\(finish)")
    #expect(try world.git(world.server, "show", "main:copy") == "theirs")
  }
}
