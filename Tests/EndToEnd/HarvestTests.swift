import CanonicalJSON
import Glibc
import Migration
import Supervision
import Support
import System
import Testing

/// What a worker left is taken whole or refused loudly.
@Suite("What a worker left")
struct HarvestTests {
  private func failure(_ world: MigrationWorld, _ step: String = "A") throws -> (reason: String, kind: String)
  {
    let shown = try JSON.parse(try world.migrate("show", "--json", step).out)
    guard case .array(let attempts)? = shown["attempts"],
      case .array(let failures)? = attempts.last?["failures"],
      case .string(let reason)? = failures.last?["reason"], case .string(let kind)? = failures.last?["kind"]
    else { return ("", "") }
    return (reason, kind)
  }

  private func left(_ world: MigrationWorld, _ step: String = "A") throws -> [String] {
    let shown = try JSON.parse(try world.migrate("show", "--json", step).out)
    guard case .array(let attempts)? = shown["attempts"], case .array(let lines)? = attempts.last?["left"]
    else { return [] }
    return lines.compactMap { if case .string(let text) = $0 { text } else { nil } }
  }

  private func tree(_ world: MigrationWorld, _ commit: String = "migrate/mig") throws -> [String] {
    try world.repository.git("ls-tree", "-r", "--name-only", commit).split(separator: "\n").map(String.init)
  }

  // MARK: Ignored files

  @Test("is its own also where something lay before: what it wrote over, and new files among very many")
  func writtenOver() throws {
    let world = try MigrationWorld(files: [".gitignore": "vendor/\n*.lock\n"])
    try world.start(
      """
        - { id: A, run: 'echo 1 > dep.lock; echo 1 > same.lock; echo 1 > a.txt' }
        - id: B
          needs: [A]
          run: |
            git rm -q .gitignore; echo mine > vendor/own.txt; echo new > dep.lock
            git add -A; git commit -qm all
      """,
      more: "worktree: { setup: 'mkdir -p vendor; cd vendor; test -e xaaa || seq 2500 | split -l 1 -a 4 -' }")
    let run = try world.migrate("run", "-j", "1")
    #expect(run.code == 0, "\(run)")
    let files = try world.repository.git("ls-tree", "-r", "--name-only", "migrate/mig")
    #expect(files == "a.txt\ndep.lock\nvendor/own.txt")
    #expect(try world.file("dep.lock") == "new")
  }

  @Test("and git ignores is named, in the run and afterwards, but for caches")
  func ignored() throws {
    let world = try MigrationWorld(files: [".gitignore": "lib/\n*.log\nout/\n__pycache__/\ntarget/\n"])
    try world.start(
      """
        - { id: A, run: 'echo x > x; mkdir lib out out/deep __pycache__ target; \
      echo 1 > lib/foo.py; echo 1 > a.log; \
      echo 1 > out/1; echo 2 > out/deep/2; echo 3 > __pycache__/x.pyc; \
      echo 1 > target/o; echo > target/CACHEDIR.TAG' }
      """)
    let run = try world.migrate("run")
    #expect(run.code == 0, "\(run)")
    #expect(try left(world) == ["a.log (ignored)", "lib/foo.py (ignored)", "out/ (ignored)"])
    #expect(run.err.contains("A: not taken: lib/foo.py (ignored)"), "\(run)")
    #expect(try world.migrate("show", "A").out.contains("not taken: out/ (ignored)"))
    #expect(try tree(world) == [".gitignore", "a.txt", "x"])
  }

  @Test("is no 'nothing had to be changed' when git ignores all of it")
  func onlyIgnored() throws {
    let world = try MigrationWorld(files: [".gitignore": "lib/\n.ruff_cache/\n"])
    try world.start(
      """
        - { id: A, run: 'mkdir -p lib; echo 1 > lib/foo.py' }
        - { id: B, run: 'mkdir -p .ruff_cache; echo 1 > .ruff_cache/x' }
      """)
    #expect(try world.migrate("run", "--jobs", "1").code == 1)
    #expect(try world.states() == ["A": "blocked", "B": "merged"])
    #expect(try failure(world).kind == "noChange")
    #expect(try failure(world).reason.contains("lib/foo.py"))
  }

  @Test("is what that worker wrote: what was copied in or built before is not, whatever becomes of the rules")
  func thereBefore() throws {
    let world = try MigrationWorld(files: [".gitignore": "build/\n.env\n"])
    try world.repository.write(".env", "KEY=1\n")
    try world.repository.write("local.cfg", "mine\n")
    try world.start(
      """
        - { id: A, run: 'mkdir build; echo junk > build/cache.o; echo junk > build/other.o; echo x > x' }
        - { id: B, needs: [A], run: 'echo none > .gitignore; echo more >> build/cache.o; echo y > build/new; \
      echo KEY=2 >> .env; git add --all' }
      """, more: "worktree: { copy: [.env, local.cfg] }")
    let run = try world.migrate("run", "--jobs", "1")
    #expect(run.code == 0, "\(run)")
    #expect(try tree(world) == [".gitignore", "a.txt", "build/cache.o", "build/new", "x"])
    #expect(try left(world) == ["build/ (ignored)"])
    #expect(try left(world, "B") == [".env (copied in)"])
  }

  @Test("in a commit of its own may not have what was copied in either")
  func copiedIntoACommit() throws {
    let world = try MigrationWorld(files: [".gitignore": ".env\n"])
    try world.repository.write(".env", "KEY=1\n")
    try world.start("  - { id: A }", more: "worktree: { copy: [.env] }")
    #expect(try world.migrate("claim", "A").code == 0)
    let slot = world.slot(1)
    try world.repository.git("-C", slot, "add", "--force", ".env")
    try world.repository.git("-C", slot, "commit", "--quiet", "--message=x")
    let commit = try world.repository.git("-C", slot, "rev-parse", "HEAD")
    let submit = try world.migrate("submit", "--commit", commit, in: slot)
    #expect(submit.code == 1 && submit.err.contains("'.env'"), "\(submit)")
    #expect(try world.states() == ["A": "leased"])
  }

  @Test("beside what the set-up command made is told apart from that")
  func setUp() throws {
    let world = try MigrationWorld(files: [".gitignore": "deps/\n"])
    try world.start(
      "  - { id: A, run: 'echo 1 > deps/mine; echo x > x' }",
      more: "worktree: { setup: 'mkdir -p deps tool; echo 1 > deps/theirs; git init -q tool' }")
    let run = try world.migrate("run")
    #expect(run.code == 0, "\(run)")
    #expect(try left(world) == ["deps/mine (ignored)"])
  }

  // MARK: Many files

  @Test("in many files is taken whole, as one pack", arguments: [false, true])
  func manyFiles(_ isRefused: Bool) throws {
    let world = try MigrationWorld(files: [".gitignore": "*.log\n"])
    let more = isRefused ? "git init -q app; echo x > app/x" : "echo x > a.log"
    try world.start(
      """
        - { id: A, run: 'mkdir d; for i in $(seq 100); do echo $i > d/f$i; done; rm a.txt; \(more)' }
      """)
    let run = try world.migrate("run")
    #expect(run.code == (isRefused ? 1 : 0), "\(run)")
    let ref = "refs/migrate/attempt/mig/A/1"
    #expect(try tree(world, ref).count == 101)
    #expect(try world.file("d/f77", at: ref) == "77")
    let counts = try world.repository.git("count-objects", "-v")
    #expect(counts.contains("packs: ") && !counts.contains("in-pack: 0"), "\(counts)")
    #expect(try world.repository.git("fsck", "--strict", "--no-dangling") == "")
    if isRefused {
      #expect(try failure(world).kind == "nested")
      #expect(try text(world.slot(1) + ".left-1/app/x") == "x\n")
    } else {
      #expect(try left(world) == ["a.log (ignored)"])
    }
  }

  @Test("and takes long to be kept does not keep a run from ending; it is kept later")
  func interrupted() throws {
    let world = try MigrationWorld(files: [".gitattributes": "*.slow filter=slow\n"])
    world.repository.environment["GIT_CONFIG_GLOBAL"] = nil
    let script = "touch ~/cleaning; while test -e ~/block; do sleep 0.05; done; cat\n"
    try Files.writeAtomically(world.home("clean"), Array(script.utf8))
    try Files.writeAtomically(
      world.home(".gitconfig"),
      Array((TestRepository.noWalls + "[filter \"slow\"]\n\tclean = sh ~/clean\n").utf8))
    try Files.writeAtomically(world.home("block"), [])
    try world.start("  - { id: A, run: 'echo new > a.slow' }")
    let run = try world.begin("run")
    #expect(eventually { Files.exists(world.home("cleaning")) })
    run.send(SIGINT)
    #expect(eventually { run.output.contains("stopping") })
    run.send(SIGINT)
    #expect(try run.wait().code == 130)
    #expect(try world.states() == ["A": "ready"])
    try Files.removeFile(world.home("block"))
    let again = try world.migrate("run")
    #expect(again.code == 0, "\(again)")
    #expect(try world.file("a.slow") == "new")
    #expect(try world.file("a.slow", at: "refs/migrate/attempt/mig/A/1") == "new", "what the first one wrote")
  }

  // MARK: Repositories inside

  @Test("in a repository of its own fails the attempt, and is kept")
  func nested() throws {
    let world = try MigrationWorld()
    try world.start(
      "  - { id: A, run: 'echo x > x; mkdir app; cd app; git init -q; echo hi > f; git add f' }")
    let run = try world.migrate("run", "--jobs", "1")
    #expect(run.code == 1, "\(run)")
    #expect(try world.states() == ["A": "blocked"])
    #expect(try failure(world).kind == "nested")
    #expect(try failure(world).reason.contains("'app'"))
    #expect(try text(world.slot(1) + ".left-1/app/f") == "hi\n")
    #expect(try text(world.slot(1) + ".left-2/app/f") == "hi\n")
    #expect(try world.file("x", at: "refs/migrate/attempt/mig/A/1") == "x")
  }

  @Test("in the middle of a merge with conflicts is no result; by hand it can be mended")
  func unmerged() throws {
    let merge = """
      export GIT_AUTHOR_NAME=w GIT_AUTHOR_EMAIL=w@x GIT_COMMITTER_NAME=w GIT_COMMITTER_EMAIL=w@x
      echo 1 > a.txt; git checkout -q -b $1; git commit -qam 1; git checkout -q --detach HEAD~1
      echo 2 > a.txt; git commit -qam 2; git merge -q $1
      """
    let world = try MigrationWorld()
    try Files.writeAtomically(world.home("merge"), Array(merge.utf8))
    try world.start(
      """
        - { id: A, run: 'sh "$HOME/merge" "side-$MIGRATE_EPOCH"; true' }
        - { id: B, priority: -1 }
      """)
    let run = try world.migrate("run", "--jobs", "1")
    #expect(run.code == 1, "\(run)")
    #expect(try failure(world).kind == "unmerged")
    #expect(try failure(world).reason.contains("a.txt"))
    #expect(try world.file("a.txt", at: "refs/migrate/attempt/mig/A/1").contains("<<<<<<<"))

    let claim = try world.migrate("claim", "B", "--json")
    #expect(claim.code == 0, "\(claim)")
    let script = Command(
      "/bin/sh", [world.home("merge"), "side-b"], environment: world.repository.environment,
      directory: world.slot(1))
    _ = try script.run()
    let refused = try world.migrate("submit", in: world.slot(1))
    #expect(refused.code == 1 && refused.err.contains("a.txt"), "\(refused)")
    #expect(try world.states()["B"] == "leased")
    try Files.writeAtomically(world.slot(1) + "/a.txt", Array("both\n".utf8))
    _ = try world.repository.runGit(["-C", world.slot(1), "add", "a.txt"])
    #expect(try world.migrate("submit", in: world.slot(1)).code == 0)
    #expect(try world.file("a.txt") == "both")
  }

  // MARK: The .git file

  @Test(
    "behind a broken .git file costs one attempt, and is kept",
    arguments: ["rm .git", "echo x > .git", "rm .git; git init -q", "echo gitdir: $HOME/repo > .git"])
  func gitFile(_ harm: String) throws {
    let world = try MigrationWorld()
    try world.repository.git("init", "-q", world.home("repo"))
    try world.start(
      """
        - { id: A, run: 'echo run >> "$HOME/runs"; echo new > a.txt; \(harm)' }
        - { id: B, run: 'echo b > b' }
      """)
    let run = try world.migrate("run", "--jobs", "1")
    #expect(run.code == 1, "\(run)")
    #expect(try world.note("runs") == "run\nrun\n", "two attempts are allowed")
    #expect(try world.states() == ["A": "blocked", "B": "merged"])
    #expect(try failure(world).kind == "git_file")
    #expect(try world.file("a.txt", at: "refs/migrate/attempt/mig/A/1") == "new")
    #expect(try world.file("a.txt", at: "refs/migrate/attempt/mig/A/2") == "new")
  }

  @Test("in a slot whose registration is gone is set aside")
  func registration() throws {
    let world = try MigrationWorld()
    try world.start("  - { id: A, run: 'echo new > a.txt; rm -r \"$(git rev-parse --git-dir)\"' }")
    #expect(try world.migrate("run", "--jobs", "1").code == 1)
    #expect(try world.states() == ["A": "blocked"])
    #expect(try text(world.slot(1) + ".broken-1/a.txt") == "new\n")
    #expect(try text(world.slot(1) + ".broken-2/a.txt") == "new\n")
  }

  @Test("of which git can record nothing costs an attempt, and is set aside")
  func untakeable() throws {
    let world = try MigrationWorld()
    try world.start(
      """
        - { id: A, run: 'echo new > a.txt; echo x > "$(git rev-parse --git-dir)/index"' }
        - { id: B, run: 'echo b > b' }
      """)
    #expect(try world.migrate("run", "--jobs", "1").code == 1)
    #expect(try world.states() == ["A": "blocked", "B": "merged"])
    #expect(try world.steps().first?["attempts"] == .integer(2))
    #expect(try text(world.slot(1) + ".broken-1/a.txt") == "new\n")
    #expect(try failure(world).reason.contains("cannot be recorded"))
  }

  // MARK: What a plan expects

  @Test("unchanged fails where the plan expects a change")
  func expectsChange() throws {
    let world = try MigrationWorld()
    try world.start(
      """
        - { id: A, expect: change, run: 'true' }
        - { id: B, run: 'true' }
        - { id: C, expect: change }
      """)
    #expect(try world.migrate("run", "--jobs", "1").code == 1)
    #expect(try world.states() == ["A": "blocked", "B": "merged", "C": "ready"])
    #expect(try failure(world).kind == "noChange")
    #expect(try world.migrate("claim", "C").code == 0)
    let submit = try world.migrate("submit", "--no-op", in: world.slot(1))
    #expect(submit.code == 1 && submit.err.contains("expects a change"), "\(submit)")
  }

  @Test("by a codemod that exits 1 after it changed files is counted for the person who reads of it")
  func exitsAfterChange() throws {
    let world = try MigrationWorld()
    try world.start(
      """
        - { id: A, run: 'echo 1 > a.txt; echo 1 > b; exit 1' }
        - { id: B, run: 'exit 1' }
      """)
    #expect(try world.migrate("run", "--jobs", "1").code == 1)
    #expect(try failure(world).reason == "ended with exit code 1; it changed 2 files")
    #expect(try failure(world, "B").reason == "ended with exit code 1")
    #expect(try world.migrate("show", "A").out.contains("run: <command> || [ $? -eq 1 ]"))
  }

  @Test("what the set-up wrote is none of the worker's, tracked or not, unless he writes over it")
  func setUpIsNobodys() throws {
    let world = try MigrationWorld(files: ["lock.json": "1\n"])
    try world.start(
      """
        - { id: A, run: 'test -e venv/tool && grep -q 1 lock.json && echo b > a.txt' }
        - { id: B, needs: [A], run: 'echo mine > venv/tool; echo 3 > lock.json' }
      """,
      more: "worktree: { setup: 'echo 2 > lock.json; mkdir -p venv; echo 1 > venv/tool; echo x > venv/y' }")
    let run = try world.migrate("run", "-j", "1")
    #expect(run.code == 0, "\(run)")
    #expect(try world.repository.git("diff", "--name-only", "main", "migrate/mig~1") == "a.txt")
    let all = try world.repository.git("diff", "--name-only", "main", "migrate/mig")
    #expect(all.split(separator: "\n") == ["a.txt", "lock.json", "venv/tool"])
  }
}
