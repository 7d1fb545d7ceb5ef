import CanonicalJSON
import Migration
import Support
import System
import Testing

@Suite("A worktree slot")
struct SlotTests {
  private static let ignoring = [".gitignore": "cache/\n*.env\nlocal.txt\n.worktreeinclude\n"]

  @Test("is made usable: files that git ignores are copied in, then the set-up command runs")
  func prepared() throws {
    let world = try MigrationWorld(files: SlotTests.ignoring)
    let repository = world.repository
    try repository.write(".worktreeinclude", "# tools read this\n\nlocal.txt\n")
    try repository.write("local.txt", "local\n")
    try repository.write("sub/dev.env", "KEY=1\n")
    try repository.write("other.env", "KEY=2\n")
    try world.start(
      """
        - { id: A, run: 'cat local.txt sub/dev.env setup > "$HOME/seen"; test ! -e other.env; echo x > x' }
      """,
      gate: "{ verifiers: [{ name: t, run: 'cat sub/dev.env > \"$HOME/gate\"' }] }",
      more: "worktree: { copy: [sub/dev.env], setup: 'echo $MIGRATE_STEP was set up > setup' }")
    let run = try world.migrate("run")
    #expect(run.code == 0, "\(run)")
    #expect(try world.note("seen") == "local\nKEY=1\nA was set up\n")
    #expect(try world.note("gate") == "KEY=1\n")
    let tree = try repository.git("ls-tree", "-r", "--name-only", "migrate/mig")
    #expect(tree == ".gitignore\na.txt\nx", "ignored files and what the set-up wrote are no result")
  }

  @Test("follows the user's own configuration: what they ignore everywhere, and their filters")
  func configured() throws {
    let world = try MigrationWorld()
    world.repository.environment["GIT_CONFIG_GLOBAL"] = nil
    try Files.writeAtomically(world.home("ignored"), Array("*.swp\n".utf8))
    let filters = "[filter \"up\"]\n\tclean = tr a-z A-Z\n\tsmudge = tr A-Z a-z\n\trequired = true\n"
    let own = TestRepository.noWalls + "[core]\n\texcludesFile = \(world.home("ignored"))\n" + filters
    try Files.writeAtomically(world.home(".gitconfig"), Array(own.utf8))
    try world.repository.write(".gitattributes", "*.up filter=up\n")
    try world.repository.write("old.up", "old\n")
    try world.repository.git("add", ".")
    try world.repository.git("commit", "--quiet", "--message=up")
    try world.start("  - { id: A, run: 'cp old.up \"$HOME/seen\"; echo new > new.up; echo x > .a.swp' }")
    let run = try world.migrate("run")
    #expect(run.code == 0, "\(run)")
    #expect(try world.note("seen") == "old\n")
    #expect(try world.file("new.up") == "NEW")
    #expect(try world.repository.git("diff", "--name-only", "main", "migrate/mig") == "new.up")
  }

  @Test("whose set-up fails costs no attempt of the step; in the end a person must look")
  func setupFails() throws {
    let world = try MigrationWorld()
    try world.start(
      "  - { id: A, run: 'echo x > x' }",
      more: "worktree: { setup: 'echo tried >> \"$HOME/tries\"; echo no such tool; exit 9' }")
    let run = try world.migrate("run")
    #expect(run.code == 1, "\(run)")
    #expect(try world.states() == ["A": "blocked"])
    #expect(try world.members("reason")["A"]?.contains("the set-up command ended with exit code 9") == true)
    let tries = try world.note("tries").split(separator: "\n").count
    #expect((3...20).contains(tries), "\(tries) tries")
    #expect(try world.steps().first?["attempts"] == .integer(0))
  }

  @Test("is used again: caches stay, and nothing else of an earlier step shows in a later one")
  func reuse() throws {
    let world = try MigrationWorld(files: SlotTests.ignoring)
    let check = """
      set -e; ls -A | sort > "$HOME/seen-$MIGRATE_STEP"; cat a.txt >> "$HOME/seen-$MIGRATE_STEP"; \
      mkdir -p cache; echo $MIGRATE_STEP >> cache/log; echo junk > junk-$MIGRATE_STEP; \
      echo changed > a.txt; chmod +x a.txt; mkdir -p dir; echo x > dir/$MIGRATE_STEP
      """
    try world.start(
      """
        - { id: A, run: '\(check); exit 1' }
        - { id: B, priority: -1, run: '\(check); cp cache/log "$HOME/cache"' }
      """)
    let run = try world.migrate("run", "--jobs", "1")
    #expect(run.code == 1, "\(run)")
    #expect(try world.note("seen-A") == ".git\n.gitignore\na.txt\ncache\na\n", "of its second attempt")
    #expect(try world.note("seen-B") == ".git\n.gitignore\na.txt\ncache\na\n")
    #expect(try world.note("cache") == "A\nA\nB\n", "the cache was kept through all of them")
    #expect(try Files.listDirectory(world.repository.path + ".migrate").contains("slot-2") == false)
    #expect(try world.file("junk-A", at: "refs/migrate/attempt/mig/A/1") == "junk")
    let tree = try world.repository.git("ls-tree", "-r", "--name-only", "migrate/mig")
    #expect(tree == ".gitignore\na.txt\ndir/B\njunk-B")
  }

  @Test("of a failed attempt stays as it is when the plan says so")
  func kept() throws {
    let world = try MigrationWorld()
    try world.start(
      "  - { id: A, run: 'echo half > half; exit 1' }", more: "worktree: { keep: true }")
    #expect(try world.migrate("run", "--jobs", "1").code == 1)
    #expect(try text(world.slot(1) + "/half") == "half\n")
    #expect(try text(world.slot(2) + "/half") == "half\n")
  }

  @Test("is removed by finish and abort only after its content is on a ref", arguments: ["finish", "abort"])
  func removed(_ word: String) throws {
    let world = try MigrationWorld()
    try world.start("  - { id: A, run: 'echo x > x' }\n  - { id: B }")
    #expect(try world.migrate("run", "--jobs", "1").code == 1)
    #expect(try world.migrate("claim", "B", "--worker", "w").code == 0)
    let slot = try #require(
      try Files.listDirectory(world.repository.path + ".migrate").first { $0.hasPrefix("slot-") })
    let path = world.repository.path + ".migrate/" + slot
    try Files.writeAtomically(path + "/precious", Array("work\n".utf8))
    let end =
      word == "finish"
      ? try world.migrate("finish", "--partial") : try world.migrate("abort", "enough")
    #expect(end.code == 0, "\(end)")
    // The worker holds B and may still be writing: its folder must be there, or what was in it on a ref.
    let isThere = Files.exists(path + "/precious")
    let onRef = try world.repository.runGit(["show", "refs/migrate/attempt/mig/B/1:precious"])
    #expect(isThere || onRef.out == "work\n", "\(end)")
    #expect(isThere == end.err.contains("may still be worked on"), "\(end)")
    #expect(try world.complaints() == "")
  }

  @Test("whose holder has released it is removed by abort, and what lay in it is on the attempt's ref")
  func removedAfterRelease() throws {
    let world = try MigrationWorld()
    try world.start("  - { id: A }")
    #expect(try world.migrate("claim", "A").code == 0)
    try Files.writeAtomically(world.slot(1) + "/precious", Array("work\n".utf8))
    #expect(try world.migrate("release", in: world.slot(1)).code == 0)
    #expect(try world.migrate("abort").code == 0)
    #expect(!Files.exists(world.repository.path + ".migrate"))
    #expect(try world.repository.git("worktree", "list").split(separator: "\n").count == 1)
    #expect(try world.file("precious", at: "refs/migrate/attempt/mig/A/1") == "work")
  }

  @Test("leaves a person's worktree alone that git knows by the same name")
  func foreignNames() throws {
    let world = try MigrationWorld()
    for name in ["migrate-slot-1", "migrate-gate-1"] {
      let path = world.home(name)
      try world.repository.git("worktree", "add", "-q", "--detach", path)
      try Files.writeAtomically(path + "/mine", Array("mine\n".utf8))
    }
    try world.start(
      "  - { id: A, run: 'echo x > x' }", gate: "{ verifiers: [{ name: t, run: 'test -e a.txt' }] }")
    let end = try world.migrate("run")
    #expect(end.code == 0, "\(end)")
    #expect(try world.states() == ["A": "merged"])
    #expect(try world.migrate("finish").code == 0)
    for name in ["migrate-slot-1", "migrate-gate-1"] {
      #expect(try world.repository.git("-C", world.home(name), "status", "--porcelain") == "?? mine")
    }
    #expect(try world.complaints() == "")
  }
}
