import Migration
import Support
import System
import Testing

/// The result is handed back wherever git itself could fast-forward, and otherwise a person is told why not.
@Suite("Handing back")
struct HandBackTests {
  private func done(_ steps: String = "  - { id: A, run: 'echo b > a.txt; echo x > new/x' }") throws
    -> MigrationWorld
  {
    let world = try MigrationWorld(files: ["other": "one\n", "new/y": "y\n"])
    try world.start(steps)
    let run = try world.migrate("run")
    guard run.code == 0 else { throw TestFailure("\(run)") }
    return world
  }

  private func moved(_ world: MigrationWorld) throws -> Bool { try world.file("a.txt", at: "main") == "b" }

  @Test("files with changes that the move does not touch stay as they are, staged ones too")
  func unrelated() throws {
    let world = try done()
    try world.repository.write("other", "mine\n")
    try world.repository.write("staged", "mine\n")
    try world.repository.git("add", "staged")
    let finish = try world.migrate("finish")
    #expect(finish.code == 0, "\(finish)")
    #expect(try moved(world))
    #expect(try world.repository.git("status", "--porcelain") == " M other\nA  staged")
  }

  @Test("a change in the way is named, and nothing moves", arguments: ["a.txt", "new"])
  func inTheWay(path: String) throws {
    let world = try done()
    if path == "new" {
      try world.repository.git("rm", "--quiet", "-r", "--cached", "new")
      try Files.removeTree(world.repository.path + "/new")
    }
    try world.repository.write(path, "mine\n")
    try world.repository.git("add", path)
    let finish = try world.migrate("finish")
    #expect(finish.code == 1 && finish.err.contains("'\(path)"), "\(finish)")
    #expect(try !moved(world))
    let left = try Files.readFile(world.repository.path + "/" + path) ?? []
    #expect(left == Array("mine\n".utf8))
  }

  @Test(
    "what keeps the base from moving is found before the end is recorded",
    arguments: ["dirty file", "new file", "checked out twice", "lock", "hook", "filter"])
  func nothingHalfDone(kind: String) throws {
    let world = try done()
    let repository = world.repository
    switch kind {
    case "dirty file": try repository.write("a.txt", "mine\n")
    case "new file": try repository.write("new/x", "mine\n")
    case "checked out twice": try repository.git("worktree", "add", "--quiet", "--force", "../w", "main")
    case "lock": try repository.write(".git/refs/heads/main.lock", "")
    case "hook":
      let hook = repository.path + "/.git/hooks/reference-transaction"
      let text = "#!/bin/sh\n! grep -q refs/heads/main || { echo not today >&2; exit 1; }\n"
      try Files.writeAtomically(hook, Array(text.utf8), mode: 0o755)
    default: try repository.git("config", "filter.f.smudge", "cat")
    }
    let main = try repository.git("rev-parse", "main")
    let before = try world.sentences()
    let finish = try world.migrate("finish")
    #expect(finish.code != 0, "\(finish)")
    #expect(try world.sentences() == before, "\(finish)")
    #expect(try repository.git("rev-parse", "main") == main)
    #expect(try world.phase() == "running")
  }

  @Test("a worktree whose folder is gone holds nothing back; one that is locked may come back, and does")
  func folderGone() throws {
    let world = try done()
    try world.repository.git("checkout", "--quiet", "-b", "side")
    try world.repository.git("worktree", "add", "--quiet", "../w", "main")
    try world.repository.git("worktree", "lock", "../w")
    try Files.removeTree(world.repository.root + "/w")
    let locked = try world.migrate("finish")
    #expect(locked.code == 1 && locked.err.contains("git worktree unlock"), "\(locked)")
    #expect(try !moved(world))
    try world.repository.git("worktree", "unlock", "../w")
    let finish = try world.migrate("finish")
    #expect(finish.code == 0, "\(finish)")
    #expect(try moved(world))
  }

  @Test("another repository in the place of a worktree is left alone")
  func replaced() throws {
    let world = try done()
    try world.repository.git("checkout", "--quiet", "-b", "side")
    try world.repository.git("worktree", "add", "--quiet", "../w", "main")
    let place = world.repository.root + "/w"
    try Files.removeTree(place)
    try world.repository.git("clone", "--quiet", "--no-local", world.repository.path, place)
    let finish = try world.migrate("finish")
    #expect(finish.code == 1 && finish.err.contains("git worktree repair"), "\(finish)")
    #expect(try world.repository.runGit(["status", "--porcelain"], in: place).out == "")
  }

  @Test("a rebase under way is not pulled away from under its user")
  func rebase() throws {
    let world = try done()
    let editor = "sequence.editor=sed -i s/^pick/edit/"
    try world.repository.git("-c", editor, "rebase", "--quiet", "-i", "HEAD~1")
    let head = try world.repository.git("rev-parse", "HEAD")
    let finish = try world.migrate("finish")
    #expect(finish.code == 1 && finish.err.contains("in the middle of a rebase"), "\(finish)")
    #expect(try world.repository.git("rev-parse", "HEAD") == head)
  }

  @Test("without the base here it says so, and how it comes here; so does refresh")
  func noBase() throws {
    let world = try done()
    try world.repository.git("remote", "add", "origin", "../nowhere")
    try world.repository.git("checkout", "--quiet", "-b", "side")
    try world.repository.git("branch", "--quiet", "-D", "main")
    for command in ["finish", "refresh"] {
      let run = try world.migrate(command)
      #expect(run.code == 1 && run.err.contains("there is no branch 'main' here"), "\(run)")
      #expect(run.err.contains("git fetch origin main:main"), "\(run)")
    }
    #expect(try world.phase() == "running")
  }

  @Test("core.bare that some tool has set is refused, here and in a worktree, and the doctor names it")
  func bareByMistake() throws {
    let world = try done()
    try world.repository.git("worktree", "add", "--quiet", "-b", "side", "../w")
    let main = try world.repository.git("rev-parse", "main")
    try world.repository.git("config", "core.bare", "true")
    for place in [world.repository.path, world.repository.root + "/w"] {
      let finish = try world.migrate("finish", in: place)
      #expect(finish.code == 128 && finish.err.contains("git config core.bare false"), "\(finish)")
    }
    let doctor = try world.migrate("doctor")
    #expect(doctor.out.contains("'core.bare' is true"), "\(doctor)")
    #expect(try world.repository.git("rev-parse", "main") == main)
  }

  @Test("a work tree by GIT_DIR and GIT_WORK_TREE is led along")
  func byVariables() throws {
    let world = try done()
    let repository = world.repository
    try Files.move(repository.path + "/.git", to: repository.root + "/store")
    let variables = ["GIT_DIR": repository.root + "/store", "GIT_WORK_TREE": repository.path]
    let finish = try world.migrate("finish", adding: variables)
    #expect(finish.code == 0, "\(finish)")
    #expect(try repository.runGit(["status", "--porcelain"], adding: variables).out == "")
    #expect(try repository.runGit(["show", "main:a.txt"], adding: variables).out == "b\n")
  }

  // MARK: Refresh

  @Test("refresh waits until the step at its gate is merged, and judges what is there then")
  func turn() throws {
    let world = try MigrationWorld()
    let gate =
      #"{ verifiers: [{ name: t, run: 'test ! -e x || { touch "$HOME/at"; "#
      + #"while [ ! -e "$HOME/go" ]; do sleep 0.05; done; }' }] }"#
    try world.start("  - { id: A, run: 'echo x > x' }", gate: gate)
    let run = try world.begin("run")
    #expect(eventually { Files.exists(world.home("at")) }, "\(run.output)")
    try world.repository.write("other", "theirs\n")
    try world.repository.git("add", "other")
    try world.repository.git("commit", "--quiet", "--message=theirs")
    let refresh = try world.begin("refresh")
    #expect(eventually { refresh.output.contains("waiting for 'A'") }, "\(refresh.output)")
    try world.allow("go")
    #expect(try run.wait().code == 0)
    #expect(try refresh.wait().code == 0, "\(refresh.output)")
    #expect(try world.file("x") == "x" && world.file("other") == "theirs")
  }

  @Test("refresh names changes in its way before the gate, and records nothing")
  func refreshInTheWay() throws {
    let world = try MigrationWorld()
    try world.start("  - { id: A, run: 'echo x > x' }")
    #expect(try world.migrate("run").code == 0)
    try world.repository.write("a.txt", "theirs\n")
    try world.repository.git("commit", "--quiet", "--all", "--message=theirs")
    try world.repository.git("checkout", "--quiet", "migrate/mig")
    try world.repository.write("a.txt", "mine\n")
    let before = try world.sentences()
    let refresh = try world.migrate("refresh")
    #expect(refresh.code == 1 && refresh.err.contains("uncommitted changes in the way"), "\(refresh)")
    #expect(try world.sentences() == before)
  }

  // MARK: Shared

  @Test("works the first time in a clone that does not know of the end yet")
  func unsynced() throws {
    let world = try SharedMigration()
    let other = try world.clone("b")
    try world.first.start("  - { id: A, run: 'echo b > a.txt' }")
    #expect(try world.first.migrate("run").code == 0)
    #expect(try world.migrate(other, "sync").code == 0)
    #expect(try world.first.migrate("finish").code == 0)
    let finish = try world.migrate(other, "finish")
    #expect(finish.code == 0, "\(finish)")
    #expect(try world.git(other, "show", "main:a.txt") == "b")
  }

  @Test("says that the base in the remote was not moved, and moves it when asked; one that went on stays")
  func push() throws {
    let world = try SharedMigration()
    try world.first.start("  - { id: A, run: 'echo b > a.txt' }")
    #expect(try world.first.migrate("run").code == 0)
    let finish = try world.first.migrate("finish")
    #expect(finish.code == 0 && finish.err.contains("git push origin main"), "\(finish)")
    let push = try world.first.migrate("finish", "--push")
    #expect(push.code == 0 && !push.err.contains("was not moved"), "\(push)")
    #expect(try world.git(world.server, "show", "main:a.txt") == "b")
    #expect(try world.first.migrate("finish").err == "")
  }

  @Test("does not overwrite commits in the remote that are not here")
  func pushOntoOthers() throws {
    let world = try SharedMigration()
    let other = try world.clone("b")
    try world.git(other, "commit", "--quiet", "--allow-empty", "--message=theirs")
    try world.git(other, "push", "--quiet", "origin", "main")
    try world.first.start("  - { id: A, run: 'echo b > a.txt' }")
    #expect(try world.first.migrate("run").code == 0)
    let push = try world.first.migrate("finish", "--push")
    #expect(push.code == 1 && push.err.contains("git pull"), "\(push)")
    #expect(try world.git(world.server, "log", "-1", "--format=%s", "main") == "theirs")
  }

  @Test("--push wants a shared ledger")
  func pushAlone() throws {
    let world = try done()
    let finish = try world.migrate("finish", "--push")
    #expect(finish.code == 129 && finish.err.contains("not shared"), "\(finish)")
  }
}
