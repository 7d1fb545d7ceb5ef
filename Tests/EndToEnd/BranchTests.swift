import Glibc
import Migration
import Support
import System
import Testing

/// The integration branch while a migration goes on, and the base that people go on working on.
@Suite("The integration branch")
struct BranchTests {
  private static let wait = #"touch "$HOME/at"; while [ ! -e "$HOME/go" ]; do sleep 0.05; done; "#

  @Test("checked out and clean: its files move along")
  func checkedOutClean() throws {
    let world = try MigrationWorld()
    try world.start("  - { id: A, run: 'echo x > x; echo b > a.txt' }")
    try world.repository.git("checkout", "--quiet", "migrate/mig")
    try world.repository.write("untracked", "mine\n")
    let run = try world.migrate("run")
    #expect(run.code == 0, "\(run)")
    #expect(try text(world.repository.path + "/a.txt") == "b\n")
    #expect(try text(world.repository.path + "/x") == "x\n")
    #expect(try text(world.repository.path + "/untracked") == "mine\n")
    #expect(try world.repository.git("status", "--porcelain") == "?? untracked")
  }

  @Test("checked out with changes elsewhere: steps are merged, and the changes stay")
  func checkedOutDirtyElsewhere() throws {
    let world = try MigrationWorld()
    try world.start("  - { id: A, run: 'echo x > x' }")
    try world.repository.git("checkout", "--quiet", "migrate/mig")
    try world.repository.write("a.txt", "mine\n")
    let run = try world.migrate("run")
    #expect(run.code == 0, "\(run)")
    #expect(try world.repository.git("status", "--porcelain") == " M a.txt")
    #expect(try text(world.repository.path + "/x") == "x\n")
  }

  @Test("checked out with changes in the way: the run says so, touches nothing, goes on once they are gone")
  func checkedOutDirty() throws {
    let world = try MigrationWorld()
    try world.start("  - { id: A, run: 'echo x > x; echo b > a.txt' }")
    try world.repository.git("checkout", "--quiet", "migrate/mig")
    try world.repository.write("a.txt", "mine\n")
    let run = try world.begin("run")
    #expect(eventually { run.output.contains("uncommitted changes") }, "\(run.output)")
    #expect(try text(world.repository.path + "/a.txt") == "mine\n")
    #expect(try world.merged() == [])
    #expect(run.isRunning, "it waits")
    try world.repository.git("checkout", "--quiet", "--", "a.txt")
    #expect(try run.wait().code == 0, "\(run.output)")
    #expect(try world.repository.git("status", "--porcelain") == "")
    #expect(try text(world.repository.path + "/x") == "x\n")
    #expect(run.output.split(separator: "uncommitted changes").count <= 2, "it is said once")
  }

  @Test(
    "checked out where a killed git left its lock: that is said, no step is judged, and all goes on after",
    arguments: ["touch", "mkdir"])
  func indexLock(kind: String) throws {
    let world = try MigrationWorld()
    try world.start("  - { id: A, run: 'echo x > x' }")
    try world.repository.git("checkout", "--quiet", "migrate/mig")
    let lock = world.repository.path + "/.git/index.lock"
    #expect(try world.repository.run(kind, [lock]).code == 0)
    let run = try world.begin("run")
    #expect(eventually { run.output.contains("remove '\(lock)'") }, "\(run.output)")
    #expect(try world.count("gate") == 0 && world.states()["A"] == "submitted", "\(run.output)")
    try Files.removeTree(lock)
    #expect(try run.wait().code == 0, "\(run.output)")
    #expect(try text(world.repository.path + "/x") == "x\n")
  }

  @Test("checked out with a file of the user's in the way: nothing of the user's is lost")
  func untrackedInTheWay() throws {
    let world = try MigrationWorld()
    try world.start(
      "  - { id: A, run: 'echo theirs > x' }",
      gate: #"{ verifiers: [{ name: t, run: 'echo t >> "$HOME/judged"' }] }"#)
    try world.repository.git("checkout", "--quiet", "migrate/mig")
    try world.repository.write("x", "mine\n")
    let run = try world.begin("run")
    #expect(eventually { run.output.contains("'x' in") }, "\(run.output)")
    #expect(try text(world.repository.path + "/x") == "mine\n", "\(run.output)")
    #expect(try world.merged() == [])
    #expect(run.isRunning, "it waits")
    try Files.removeFile(world.repository.path + "/x")
    #expect(try run.wait().code == 0, "\(run.output)")
    #expect(try text(world.repository.path + "/x") == "theirs\n")
    #expect(try world.note("judged") == "t\nt\n", "the base once, and the step once")
    #expect(run.output.split(separator: "'x' in").count == 2, "it is said once")
    #expect(try world.complaints() == "")
  }

  @Test("checked out with a file in the way that git ignores: it is the user's all the same")
  func ignoredInTheWay() throws {
    let world = try MigrationWorld(files: [".gitignore": ".env\nconf\n"])
    try world.start("  - { id: A, run: 'echo theirs > .env; mkdir conf; echo b > conf/b; git add -f .' }")
    try world.repository.git("checkout", "--quiet", "migrate/mig")
    for (path, name) in [(".env", ".env"), ("conf", "conf")] {
      try world.repository.write(path, "mine\n")
      let run = try world.begin("run")
      #expect(eventually { run.output.contains("'\(name)' in") }, "\(run.output)")
      run.send(SIGINT)
      _ = try run.wait()
      #expect(try text(world.repository.path + "/" + path) == "mine\n")
      #expect(try world.merged() == [])
      try Files.removeFile(world.repository.path + "/" + path)
    }
    #expect(try world.migrate("run").code == 0)
    #expect(try text(world.repository.path + "/.env") == "theirs\n")
    #expect(try text(world.repository.path + "/conf/b") == "b\n")
  }

  @Test("kept where it is by a hook of the user's: the reason is what the hook said")
  func refusedByHook() throws {
    let world = try MigrationWorld()
    let hook = """
      #!/bin/sh
      [ "$1" = prepared ] || exit 0
      while read -r old new ref; do
        case $ref in refs/heads/main) echo "not on Saturdays" >&2; exit 1 ;; esac
      done

      """
    let file = world.repository.path + "/.git/hooks/reference-transaction"
    try Files.makeDirectories(Files.parent(of: file))
    try Files.writeAtomically(file, Array(hook.utf8), mode: 0o755)
    try world.start("  - { id: A, run: 'echo x > x; echo y > a.txt' }", more: "into: main")
    let run = try world.begin("run")
    #expect(eventually { run.output.contains("A not merged: ") }, "\(run.output)")
    run.send(SIGINT)
    let end = try run.wait()
    #expect(end.out.contains("ref updates aborted by hook: not on Saturdays"), "\(end)")
    #expect(try world.repository.git("status", "--porcelain") == "")
  }

  @Test("checked out in part, as a sparse checkout, it is clean, and steps are merged into it")
  func sparse() throws {
    let world = try MigrationWorld(files: ["in/a": "a\n", "out/b": "b\n"])
    try world.repository.git("sparse-checkout", "set", "in")
    try world.start("  - { id: A, run: 'echo x > in/x; echo y > out/y' }", more: "into: main")
    let run = try world.migrate("run")
    #expect(run.code == 0, "\(run)")
    #expect(try text(world.repository.path + "/in/x") == "x\n")
    #expect(!Files.exists(world.repository.path + "/out"))
    #expect(try world.repository.git("status", "--porcelain") == "")
  }

  @Test("lets nobody commit, merge or move it by hand while a run goes on, and the run goes on")
  func byHand() throws {
    let world = try MigrationWorld()
    try world.start(
      "  - { id: A, run: 'echo x > x' }\n"
        + "  - { id: B, needs: [A], run: '\(BranchTests.wait) echo y > y' }")
    let run = try world.begin("run")
    #expect(eventually { Files.exists(world.home("at")) }, "\(run.output)")
    let repository = world.repository
    let tip = try repository.git("rev-parse", "migrate/mig")
    let ledger = try repository.git("rev-parse", "refs/migrate/ledger")

    try repository.git("checkout", "--quiet", "-b", "topic", "main")
    try repository.write("sneaky", "s\n")
    try repository.git("add", "sneaky")
    try repository.git("commit", "--quiet", "--message=sneaky")
    try repository.git("checkout", "--quiet", "migrate/mig")
    let attempts = [
      ["merge", "--no-edit", "topic"], ["merge", "--ff-only", "topic"], ["cherry-pick", "topic"],
      ["commit", "--allow-empty", "-m", "empty"], ["commit", "--amend", "-m", "other"],
      ["reset", "--hard", "main"], ["update-ref", "refs/heads/migrate/mig", "topic"],
      ["update-ref", "-d", "refs/heads/migrate/mig"], ["branch", "-f", "migrate/mig", "main"],
      ["update-ref", "refs/migrate/ledger", "main"], ["update-ref", "-d", "refs/migrate/ledger"],
      ["push", ".", "+topic:migrate/mig"],
    ]
    for arguments in attempts {
      let denied = try repository.runGit(arguments)
      #expect(denied.code != 0, "git \(arguments)")
      #expect(try repository.git("rev-parse", "migrate/mig") == tip, "git \(arguments)")
      let now = try repository.git("rev-parse", "refs/migrate/ledger")
      let isAhead = try repository.runGit(["merge-base", "--is-ancestor", ledger, now]).code == 0
      #expect(isAhead, "git \(arguments)")
      _ = try repository.runGit(["merge", "--abort"])
      _ = try repository.runGit(["cherry-pick", "--abort"])
      _ = try repository.runGit(["checkout", "--quiet", "--force", "migrate/mig"])
    }
    try repository.git("checkout", "--quiet", "--force", "topic")
    try repository.git("commit", "--quiet", "--allow-empty", "--message=free")
    try repository.git("gc", "--quiet")
    try world.allow("go")
    #expect(try run.wait().code == 0, "\(run.output)")
    #expect(try world.merged() == ["A", "B"])
    #expect(try world.complaints() == "")
  }

  @Test("follows an amended plan while the run goes on")
  func amended() throws {
    let world = try MigrationWorld()
    let first = "  - { id: A, run: '\(BranchTests.wait) echo x > x' }\n"
    try world.start(first + "  - { id: B, needs: [A], run: 'echo y > y' }")
    let run = try world.begin("run", "--jobs", "1")
    #expect(eventually { Files.exists(world.home("at")) })
    #expect(throws: TestFailure.self) {
      try world.amend(first + "  - { id: B, needs: [nobody], run: 'true' }")
    }
    try world.amend(
      first + "  - { id: C, needs: [A], run: 'echo z > z' }\n  - { id: D, needs: [C], run: 'echo d > d' }")
    try world.allow("go")
    #expect(try run.wait().code == 0, "\(run.output)")
    #expect(try world.states() == ["A": "merged", "B": "cancelled", "C": "merged", "D": "merged"])
    #expect(try world.repository.git("ls-tree", "--name-only", "migrate/mig") == "a.txt\nd\nx\nz")
    #expect(try world.complaints() == "")
  }

  // MARK: The base

  private func moveBase(_ world: MigrationWorld, _ path: String, _ text: String) throws {
    try world.repository.write(path, text)
    try world.repository.git("add", path)
    try world.repository.git("commit", "--quiet", "--message=on main")
  }

  @Test("takes in a moved base through the gate, and is handed back as a fast-forward")
  func refreshed() throws {
    let world = try MigrationWorld()
    try world.start(
      "  - { id: A, run: 'echo x > x' }", gate: "{ verifiers: [{ name: t, run: 'test ! -e bad' }] }")
    #expect(try world.migrate("run").code == 0)
    #expect(try world.migrate("refresh").out.contains("has all of 'main'"))
    try moveBase(world, "news", "n\n")
    let early = try world.migrate("finish")
    #expect(early.code == 1 && early.err.contains("git migrate refresh"), "\(early)")
    let refresh = try world.migrate("refresh")
    #expect(refresh.code == 0, "\(refresh)")
    #expect(try world.file("news") == "n")
    #expect(try world.file("x") == "x")
    #expect(try world.complaints() == "")
    let finish = try world.migrate("finish")
    #expect(finish.code == 0, "\(finish)")
    #expect(try world.repository.git("rev-parse", "main") == world.repository.git("rev-parse", "migrate/mig"))
    #expect(try text(world.repository.path + "/x") == "x\n", "main is checked out, so its files moved along")
    #expect(try world.repository.git("status", "--porcelain") == "")
    #expect(try world.complaints() == "")
  }

  @Test("does not take in a base that conflicts, or that does not pass with it")
  func notRefreshed() throws {
    let world = try MigrationWorld()
    try world.start(
      "  - { id: A, run: 'echo x > x; echo b > a.txt' }",
      gate: "{ verifiers: [{ name: t, run: '! { test -e bad && test -e x; }' }] }")
    #expect(try world.migrate("run").code == 0)
    let tip = try world.repository.git("rev-parse", "migrate/mig")
    try moveBase(world, "bad", "b\n")
    let failing = try world.migrate("refresh")
    #expect(failing.code == 1, "\(failing)")
    #expect(try world.repository.git("rev-parse", "migrate/mig") == tip)
    try moveBase(world, "a.txt", "c\n")
    let conflict = try world.migrate("refresh")
    #expect(conflict.code == 1 && conflict.out.contains("a.txt"), "\(conflict)")
    #expect(try world.repository.git("rev-parse", "migrate/mig") == tip)
    #expect(try world.complaints() == "")
    let finish = try world.migrate("finish", "--no-merge")
    #expect(finish.code == 0, "\(finish)")
    #expect(try world.repository.git("rev-parse", "migrate/mig") == tip)
  }

  @Test("is handed back only where main is clean; a second finish does it then")
  func dirtyMain() throws {
    let world = try MigrationWorld()
    try world.start("  - { id: A, run: 'echo x > x; echo b > a.txt' }")
    #expect(try world.migrate("run").code == 0)
    try world.repository.write("a.txt", "mine\n")
    let finish = try world.migrate("finish")
    #expect(finish.code == 1 && finish.err.contains("uncommitted changes"), "\(finish)")
    #expect(try text(world.repository.path + "/a.txt") == "mine\n")
    try world.repository.git("checkout", "--quiet", "--", "a.txt")
    #expect(try world.migrate("finish").code == 0)
    #expect(try text(world.repository.path + "/x") == "x\n")
    #expect(!Files.exists(world.repository.path + ".migrate"))
  }

  @Test("gone in the middle of a migration is named with the command that brings it back")
  func gone() throws {
    let world = try MigrationWorld()
    try world.start("  - { id: A, run: 'echo x > x' }\n  - { id: B, needs: [A], run: 'echo y > y' }")
    try world.repository.git("config", "migrate.jobs", "1")
    #expect(try world.migrate("run").code == 0)
    try world.amend(
      "  - { id: A, run: 'echo x > x' }\n  - { id: B, needs: [A], run: 'echo y > y' }\n"
        + "  - { id: C, needs: [B], run: 'echo z > z' }")
    try world.repository.git("-c", "core.hooksPath=/dev/null", "branch", "--quiet", "-D", "migrate/mig")
    let run = try world.migrate("run")
    #expect(run.code == 128 && run.err.contains("the integration branch 'migrate/mig' is gone"), "\(run)")
    let remedy = try #require(
      run.err.split(separator: "'").map(String.init).first { $0.hasPrefix("git update-ref") })
    #expect(try world.repository.run("sh", ["-c", remedy]).code == 0, "\(remedy)")
    let next = try world.migrate("run")
    #expect(next.code == 0, "\(next)")
    #expect(try world.file("z") == "z")
  }
}
