import Migration
import Support
import System
import Testing

/// How results get onto the integration branch while people are about.
@Suite("The integration branch of a run")
struct RunMergeTests {
  private static func wait(for file: String) -> String {
    "while [ ! -e \"$HOME/\(file)\" ]; do sleep 0.02; done"
  }

  @Test("takes two steps that touch the same line one after the other: the later one is done again")
  func conflict() throws {
    let world = try MigrationWorld()
    let meet = { (mine: String, other: String) in
      "touch \"$HOME/at-\(mine)\"; \(RunMergeTests.wait(for: "at-\(other)")); echo \(mine) >> a.txt"
    }
    try world.start(
      """
        - { id: A, run: '\(meet("A", "B"))' }
        - { id: B, run: '\(meet("B", "A"))' }
      """, gate: "{ verifiers: [{ name: t, run: 'test -e a.txt' }] }")
    let run = try world.migrate("run", "--jobs", "2")
    #expect(run.code == 0, "\(run)")
    #expect(run.out.contains("conflicts with what was merged since"), "\(run)")
    #expect(["a\nA\nB", "a\nB\nA"].contains(try world.file("a.txt")))
    #expect(try world.merged().sorted() == ["A", "B"])
    #expect(try world.complaints() == "")
  }

  @Test(
    "that is checked out clean moves along with its files, in the main worktree and in a linked one",
    arguments: [false, true])
  func checkedOut(_ isLinked: Bool) throws {
    let world = try MigrationWorld()
    try world.start(
      "  - { id: A, run: 'echo x > x; echo b > a.txt' }\n  - { id: B, needs: [A], run: 'rm x' }")
    let place = isLinked ? world.repository.root + "/linked" : world.repository.path
    if isLinked {
      try world.repository.git("worktree", "add", "--quiet", place, "migrate/mig")
    } else {
      try world.repository.git("checkout", "--quiet", "migrate/mig")
    }
    // What git does not know is in nobody's way.
    try Files.writeAtomically(place + "/mine", Array("mine\n".utf8))
    let run = try world.migrate("run", "--jobs", "1")
    #expect(run.code == 0, "\(run)")
    #expect(try text(place + "/a.txt") == "b\n")
    #expect(!Files.exists(place + "/x"))
    #expect(try text(place + "/mine") == "mine\n")
    let status = try world.repository.runGit(["status", "--porcelain"], in: place)
    #expect(status.out == "?? mine\n", "\(status)")
    #expect(try world.merged() == ["A", "B"])
  }

  @Test("that is checked out with changes stays, and the run says why and goes on when they are gone")
  func dirty() throws {
    let world = try MigrationWorld()
    try world.start(
      "  - { id: A, run: '\(RunMergeTests.wait(for: "go")); echo b > a.txt' }\n"
        + "  - { id: B, needs: [A], run: 'echo y > y' }")
    try world.repository.git("checkout", "--quiet", "migrate/mig")
    let before = try world.repository.git("rev-parse", "HEAD")
    let run = try world.begin("run")
    #expect(try eventually { try world.states()["A"] == "leased" }, "\(run.output)")
    try world.repository.write("a.txt", "mine\n")
    try world.allow("go")
    #expect(eventually { run.output.contains("uncommitted changes") }, "\(run.output)")
    #expect(try world.repository.git("rev-parse", "migrate/mig") == before)
    #expect(try text(world.repository.path + "/a.txt") == "mine\n")
    #expect(try world.states() == ["A": "submitted", "B": "waiting"])
    try world.repository.git("stash", "--quiet")
    let end = try run.wait()
    #expect(end.code == 0, "\(end)")
    #expect(try text(world.repository.path + "/a.txt") == "b\n")
    #expect(try world.repository.git("status", "--porcelain") == "")
    #expect(end.err.split(separator: "\n").count { $0.contains("uncommitted changes") } == 1, "\(end)")
    #expect(try world.count("A claimed") == 1)
    #expect(try world.count("uncommitted changes") == 0, "an obstacle is no entry")
  }

  @Test("cannot be changed by hand, and git's housekeeping and other branches go on as ever")
  func byHand() throws {
    let world = try MigrationWorld()
    try world.start("  - { id: A, run: 'echo x > x' }\n  - { id: B, needs: [A], run: 'echo y > y' }")
    let repository = world.repository
    try repository.git("branch", "side")
    let tree = try repository.git("rev-parse", "main^{tree}")
    let stray = try repository.git("commit-tree", "-p", "main", "-m", "stray", tree)
    try repository.git("clone", "--quiet", repository.path, "../clone")
    let clone = repository.root + "/clone"
    #expect(try repository.runGit(["commit", "--allow-empty", "-m", "x"], in: clone).code == 0)
    let before = try repository.git("rev-parse", "migrate/mig")
    try repository.git("checkout", "--quiet", "migrate/mig")
    for arguments in [
      ["commit", "--no-verify", "--allow-empty", "-m", "x"], ["merge", "--no-ff", "--no-edit", stray],
      ["update-ref", "refs/heads/migrate/mig", stray], ["reset", "--hard", stray],
      ["update-ref", "-d", "refs/migrate/ledger"], ["push", "--force", ".", "\(stray):migrate/mig"],
    ] {
      let run = try repository.runGit(arguments)
      #expect(run.code != 0, "\(arguments): \(run)")
      #expect(try repository.git("rev-parse", "refs/heads/migrate/mig") == before, "\(arguments)")
      _ = try repository.runGit(["merge", "--abort"])
      try repository.git("reset", "--quiet", "--hard")
    }
    try repository.git("checkout", "--quiet", "main")
    let push = try repository.runGit(["push", "--force", "origin", "HEAD:migrate/mig"], in: clone)
    #expect(push.code != 0, "\(push)")
    #expect(try repository.git("rev-parse", "migrate/mig") == before)

    for arguments in [
      ["gc", "--quiet", "--prune=now"], ["pack-refs", "--all"], ["checkout", "--quiet", "side"],
      ["commit", "--allow-empty", "-m", "free"], ["checkout", "--quiet", "main"], ["branch", "-D", "side"],
    ] {
      let run = try repository.runGit(arguments)
      #expect(run.code == 0, "\(arguments): \(run)")
    }
    #expect(try world.migrate("run").code == 0)
    try repository.git("gc", "--quiet", "--prune=now")
    #expect(try world.complaints() == "")
    #expect(try world.migrate("finish").code == 0)
    #expect(try repository.git("ls-tree", "--name-only", "main") == "a.txt\nx\ny")
  }

  @Test("is guarded from agents too: what one does to refs by hand changes nothing")
  func vandal() throws {
    let world = try MigrationWorld()
    let hand =
      "git update-ref refs/heads/migrate/mig HEAD~1; git update-ref -d refs/migrate/ledger; "
      + "git branch -D migrate/mig; git push . HEAD~1:migrate/mig; git checkout migrate/mig; "
      + "git commit --allow-empty -m sly; echo x > x"
    try world.repository.git("commit", "--quiet", "--allow-empty", "--message=two")
    try world.start(
      "  - { id: A, run: '\(hand)' }\n  - { id: B, needs: [A], run: 'echo y > y' }",
      gate: "{ verifiers: [{ name: t, run: 'test -e a.txt' }] }")
    let run = try world.migrate("run", "--jobs", "1")
    #expect(run.code == 0, "\(run)")
    #expect(try world.merged() == ["A", "B"])
    #expect(try world.complaints() == "")
  }

  @Test("is not held up by a worker that checked it out in its worktree and changed files there")
  func checkedOutByWorker() throws {
    let world = try MigrationWorld()
    try world.start(
      """
        - { id: A, run: 'git checkout -q migrate/mig && echo b > a.txt && echo x > x' }
        - { id: B, needs: [A], run: 'git checkout -q migrate/mig && cat a.txt x > y' }
      """, gate: "{ verifiers: [{ name: t, run: 'test -e a.txt' }] }")
    let run = try world.begin("run", "--jobs", "1")
    let end = try run.wait()
    #expect(end.code == 0, "\(end)")
    #expect(try world.merged() == ["A", "B"])
    #expect(try world.file("y") == "b\nx")
    #expect(try world.complaints() == "")
  }

  @Test("moves while a worker has it checked out and changed files there, and nothing happens to these")
  func checkedOutByBusyWorker() throws {
    let world = try MigrationWorld()
    try world.start(
      """
        - id: A
          run: |
            git checkout -q migrate/mig && echo mine > a.txt && touch "$HOME/at"
            \(RunMergeTests.wait(for: "go")); cat b.txt a.txt > "$HOME/seen"; echo x > x
        - id: B
          run: |
            \(RunMergeTests.wait(for: "at")); echo b > b.txt
      """, gate: "{ verifiers: [{ name: t, run: 'test -e a.txt' }] }")
    let run = try world.begin("run", "--jobs", "2")
    #expect(try eventually { try world.states()["B"] == "merged" }, "\(run.output)")
    try world.allow("go")
    let end = try run.wait()
    #expect(end.code == 0, "\(end)")
    #expect(try world.note("seen") == "mine\n", "b.txt is not there, and a.txt is the worker's")
    #expect(try world.merged() == ["B", "A"])
    #expect(try world.repository.git("ls-tree", "--name-only", "migrate/mig") == "a.txt\nb.txt\nx")
    #expect(try world.file("a.txt") == "mine")
  }

  @Test(
    "and a person's worktree stay as they are at the end, even when it is named like one of ours",
    arguments: ["migrate-review", "migrate-gate-9"])
  func namedLikeOurs(_ name: String) throws {
    let world = try MigrationWorld()
    try world.start("  - { id: A, run: 'echo x > x' }")
    let place = world.repository.root + "/" + name
    try world.repository.git("worktree", "add", "--quiet", "-b", "review", place)
    try Files.writeAtomically(place + "/precious", Array("mine\n".utf8))
    #expect(try world.migrate("run").code == 0)
    let finish = try world.migrate("finish")
    #expect(finish.code == 0, "\(finish)")
    #expect(try text(place + "/precious") == "mine\n")
    #expect(try world.repository.runGit(["status", "--porcelain"], in: place).out == "?? precious\n")
    #expect(try world.repository.git("worktree", "list").contains(name))
    #expect(!Files.exists(world.repository.path + ".migrate"))
  }
}
