import Glibc
import Migration
import Support
import System
import Testing

/// A verdict depends on the tree alone.
@Suite("The gate's worktree")
struct CleanGateTests {
  private func gate(_ run: String, kind: String = "build", more: String = "") -> String {
    "{ verifiers: [{ name: t, kind: \(kind), run: '\(run)' }]\(more.isEmpty ? "" : ", " + more) }"
  }

  private func notes(_ world: MigrationWorld, _ file: String) throws -> [String] {
    try world.note(file).split(separator: "\n").map(String.init)
  }

  @Test("has nothing that an earlier candidate made, ignored or not")
  func leftovers() throws {
    let world = try MigrationWorld(files: [
      ".gitignore": "dist/\n", "src/foo.txt": "foo\n", "need.txt": "foo\n",
    ])
    try world.start(
      "  - { id: A, run: 'rm src/foo.txt' }",
      gate: gate(
        "mkdir -p dist && cp src/* dist/ 2>/dev/null; echo x > untracked; cat dist/$(cat need.txt).txt"))
    let run = try world.migrate("run")
    #expect(run.code == 1, "\(run)")
    #expect(try world.states() == ["A": "blocked"])
  }

  @Test("is fooled by no bytecode of another candidate of the same second and size")
  func bytecode() throws {
    let world = try MigrationWorld(files: [
      ".gitignore": "__pycache__/\n", "m.py": "V = 1\n", "t.py": "import m, sys; sys.exit(m.V >= 5)\n",
    ])
    try world.start(
      (2...9).map {
        "  - { id: A\($0), needs: [\($0 > 2 ? "A\($0 - 1)" : "")], run: 'echo V = \($0) > m.py' }"
      }
      .joined(separator: "\n"),
      gate: gate("python3 t.py"))
    #expect(try world.migrate("run").code == 1)
    #expect(try world.file("m.py") == "V = 4")
    #expect(try world.states()["A5"] == "blocked")
  }

  @Test("shows a verifier nothing of the files that the one before it wrote, and made something of")
  func bytecodeOfVerifier() throws {
    let world = try MigrationWorld(files: [".gitignore": "__pycache__/\n", "conf.py": "LIMIT = 10\n"])
    try world.start(
      (1...4).map { "  - { id: A\($0), run: 'sed -i s/10/99/ conf.py' }" }.joined(separator: "\n"),
      gate: """

          verifiers:
            - name: fix
              kind: lint
              mutates: allow
              run: sed -i s/99/20/ conf.py; python3 -c 'import conf'
            - { name: t, kind: build, run: "python3 -c 'import conf; assert conf.LIMIT < 50'" }
        """)
    #expect(try world.migrate("run").code == 1)
    #expect(try world.file("conf.py") == "LIMIT = 10")
  }

  @Test("is whole again after somebody made it sparse, as the next step's worktree is")
  func sparse() throws {
    let world = try MigrationWorld(files: ["lib/a.txt": "good\n", "src/b.txt": "1\n"])
    try world.start(
      """
        - { id: A, run: 'echo 2 > src/b.txt; git sparse-checkout set --no-cone /src' }
        - { id: B, needs: [A], run: 'test -e lib/a.txt && echo BAD > lib/a.txt' }
        - { id: C, needs: [A], run: 'echo 3 > src/c.txt' }
      """,
      gate: """

          verifiers:
            - { name: t, kind: build, run: "test -e lib/a.txt && ! grep -rq BAD ." }
            - { name: part, kind: build, mutates: allow, run: "git sparse-checkout set --no-cone /src" }
        """)
    #expect(try world.migrate("run", "-j", "1").code == 1)
    #expect(try world.states() == ["A": "merged", "B": "blocked", "C": "merged"])
    #expect(try world.migrate("show", "B").out.contains("t: exited with 1"))
  }

  @Test("keeps the folders that the plan names, and the verdict says so")
  func keep() throws {
    let world = try MigrationWorld(files: [".gitignore": "target/\nother/\n"])
    try world.start(
      "  - { id: A, run: 'echo b > a.txt' }\n  - { id: B, needs: [A], run: 'echo c > a.txt' }",
      gate: gate(
        "test ! -e other && mkdir -p other target && ls target >> $HOME/seen && touch target/$(cat a.txt)",
        more: "keep: [target]"))
    #expect(try world.migrate("run").code == 0)
    #expect(try notes(world, "seen") == ["a", "a", "b"])
    #expect(try world.count("A gate 1 passed (kept target)") == 1)
    #expect(try world.count("baseline passed (kept") == 0, "there was nothing to keep yet")
    #expect(try world.migrate("show", "A").out.contains("kept target"))
  }

  @Test("keeps no folder that somebody else has written into")
  func keepsNothingForeign() throws {
    let world = try MigrationWorld(files: [".gitignore": "target/\n"])
    let verifier = "test ! -e target/evil && mkdir -p target && touch target/good"
    try world.start(
      "  - { id: A, run: 'echo b > a.txt; touch \"$MIGRATE_WORKTREE\"/../gate-1/target/evil' }",
      gate: gate(verifier, more: "keep: [target]"))
    let run = try world.migrate("run")
    #expect(run.code == 0, "\(run)")
    #expect(try world.count("A gate 1 passed") == 1)
    #expect(try world.count("(kept target)") == 0)
  }

  @Test("keeps no folder with files of a time that is still to come: nothing could be younger")
  func fromTheFuture() throws {
    let world = try MigrationWorld(files: [".gitignore": "out/\n"])
    let make =
      "mkdir -p out; test out/x -nt a.txt || cp a.txt out/x; touch -d \"2 hours\" out/x; cmp a.txt out/x"
    try world.start("  - { id: A, run: 'echo b > a.txt' }", gate: gate(make, more: "keep: [out]"))
    let run = try world.migrate("run")
    #expect(run.code == 0, "\(run)")
    #expect(try world.count("(kept out)") == 0)
  }

  @Test("gives a changed file a second that is later than all that is kept")
  func younger() throws {
    let world = try MigrationWorld(files: [
      ".gitignore": "cache/\n", "m.py": "V = 1\n", "t.py": "import m, sys; sys.exit(m.V >= 5)\n",
    ])
    try world.start(
      (2...7).map {
        "  - { id: A\($0), needs: [\($0 > 2 ? "A\($0 - 1)" : "")], run: 'echo V = \($0) > m.py' }"
      }
      .joined(separator: "\n"),
      gate: gate(
        "stat -c %.9Y m.py >> $HOME/times; PYTHONPYCACHEPREFIX=$PWD/cache python3 t.py", more: "keep: [cache]"
      ))
    let run = try world.migrate("run")
    #expect(run.code == 1, "\(run)")
    #expect(try world.file("m.py") == "V = 4")
    #expect(try world.count("passed (kept cache)") == 3)
    // However slow this machine is: whole seconds, each later than the one before.
    let times = try notes(world, "times").dropFirst().map { $0.split(separator: ".") }
    #expect(times.count >= 4 && times.allSatisfy { $0.last == "000000000" }, "\(times)")
    let seconds = times.compactMap { $0.first.flatMap { Int($0) } }
    #expect(
      zip(seconds, seconds.dropFirst()).allSatisfy { $0 <= $1 } && Set(seconds).count >= 4, "\(seconds)")
  }

  @Test("is made usable by the worktree's set-up, before every candidate")
  func setup() throws {
    let world = try MigrationWorld(files: [".gitignore": "made\n"])
    try world.start(
      "  - { id: A, run: 'echo b > a.txt' }", gate: gate("cat made"),
      more: "worktree: { setup: 'cp a.txt made; basename \"$PWD\" >> \"$HOME/setups\"' }")
    let run = try world.migrate("run")
    #expect(run.code == 0, "\(run)")
    #expect(try notes(world, "setups").filter { $0.hasPrefix("gate-") }.count == 2)
  }

  @Test("is made usable by a set-up of its own; one that fails is told like a verifier")
  func ownSetup() throws {
    let world = try MigrationWorld()
    try world.start(
      "  - { id: A, run: 'echo b > a.txt' }",
      gate: gate("true", more: "setup: { run: 'grep -q a a.txt || { echo \"error: no a here\"; exit 3; }' }"))
    let run = try world.migrate("run")
    #expect(run.code == 1, "\(run)")
    #expect(run.out.contains("gate 1 failed: setup: error: no a here"), "\(run)")
    #expect(try world.migrate("show", "A").out.contains("no a here"))
  }

  @Test("is set up once for inputs that stay the same, and again when they or a kept folder do not")
  func inputs() throws {
    let world = try MigrationWorld(files: [".gitignore": "deps/\n", "lock.json": "1\n"])
    try world.start(
      """
        - { id: A, run: 'echo b > a.txt' }
        - { id: B, needs: [A], run: 'echo 2 > lock.json' }
        - { id: C, needs: [B], run: 'echo c > a.txt' }
        - { id: D, needs: [C], run: 'rm -rf "$MIGRATE_WORKTREE"/../gate-*/deps; echo d > a.txt' }
      """,
      gate: gate(
        "cmp deps/lock lock.json", kind: "build",
        more:
          "keep: [deps], setup: { inputs: [lock.json], run: "
          + "'mkdir -p deps; cp lock.json deps/lock; cat a.txt lock.json | xargs >> $HOME/setups' }"
      ))
    let run = try world.migrate("run")
    #expect(run.code == 0, "\(run)")
    #expect(try notes(world, "setups") == ["a 1", "b 2", "d 2"])
  }

  @Test("is set up each time, inputs or not, when what the set-up makes is not kept")
  func inputsWithoutKeep() throws {
    let world = try MigrationWorld(files: [".gitignore": "deps/\n", "lock.json": "1\n"])
    try world.start(
      "  - { id: A, run: 'echo b > a.txt' }\n  - { id: B, needs: [A], run: 'echo c > a.txt' }",
      gate: gate("test -e deps/x", more: "setup: { run: 'mkdir deps; touch deps/x', inputs: [lock.json] }"))
    let run = try world.migrate("run")
    #expect(run.code == 0, "\(run)")
  }

  @Test("holds the candidate again when the set-up has changed it")
  func setupChanges() throws {
    let world = try MigrationWorld(files: ["lock.json": "1\n"])
    try world.start(
      "  - { id: A, run: 'echo b > a.txt' }",
      gate: gate("grep -q 1 lock.json", more: "setup: 'echo 2 > lock.json'"))
    #expect(try world.migrate("run").code == 0)
  }

  @Test("shows a verifier that changes tracked files: it has judged another tree")
  func mutation() throws {
    let world = try MigrationWorld(files: ["b.txt": "good\n"])
    try world.start(
      "  - { id: A, run: 'echo bad > b.txt' }",
      gate:
        "{ verifiers: [{ name: fix, kind: lint, run: 'sed -i s/bad/good/ b.txt && git add -A' }] }"
    )
    let run = try world.migrate("run")
    #expect(run.code == 1, "\(run)")
    #expect(run.out.contains("fix: changed tracked files, so it judged another tree: 'b.txt'"), "\(run)")
    #expect(try world.states() == ["A": "blocked"])
  }

  @Test("is the candidate's again after a verifier that may change it")
  func allowedMutation() throws {
    let world = try MigrationWorld(files: ["b.txt": "good\n", ".gitignore": "cache\n"])
    try world.start(
      "  - { id: A, run: 'echo bad > b.txt' }\n  - { id: B, run: 'echo b > a.txt' }",
      gate: """
        { verifiers: [
          { name: fix, kind: lint, mutates: allow, run: 'sed -i s/bad/good/ b.txt; rm a.txt; touch cache' },
          { name: t, kind: build, run: 'grep -q good b.txt && test -e a.txt && test ! -e cache' } ] }
        """)
    let run = try world.migrate("run")
    #expect(run.code == 1, "\(run)")
    #expect(try world.states() == ["A": "blocked", "B": "merged"])
  }

  @Test("is the candidate's, whatever a worker wrote into it and its index")
  func forged() throws {
    let world = try MigrationWorld(files: ["b.txt": "good\n"])
    let forge = """
      g=$MIGRATE_WORKTREE/../gate-1 && echo evil > $g/b.txt && git -C $g add -A && echo good > $g/b.txt && \
      echo evil > b.txt
      """
    try world.start("  - id: A\n    run: |\n      \(forge)", gate: gate("grep -q good b.txt"))
    #expect(try world.migrate("run").code == 1)
    #expect(try world.states() == ["A": "blocked"])
    // Another process, which has not left the worktree itself.
    #expect(try world.migrate("retry", "A").code == 0)
    #expect(try world.migrate("run").code == 1)
    #expect(try world.merged() == [])
  }

  @Test("lends caches that go by time a folder, and removes it")
  func caches() throws {
    let world = try MigrationWorld()
    try world.start(
      "  - { id: A, run: 'echo b > a.txt' }",
      gate: gate(
        "for d in $PYTHONPYCACHEPREFIX $TMPDIR; do test -z \"$(ls -A $d)\" && touch $d/x && "
          + "echo $d >> $HOME/seen; done"
      ))
    let run = try world.migrate("run")
    #expect(run.code == 0, "\(run)")
    let seen = try notes(world, "seen")
    #expect(Set(seen).count == 4)
    #expect(seen.allSatisfy { !Files.exists($0) })
  }

  @Test("has no tracked file of a time that is still to come beside what it keeps")
  func trackedFromTheFuture() throws {
    let world = try MigrationWorld(files: [".gitignore": "out/\n", "b.txt": "b\n"])
    // Up to date is what was made of files that are no newer: their newest time is the key.
    let make = """
      mkdir -p out; new=$(stat -c %Y a.txt b.txt | sort -n | tail -1); test "$(cat out/key)" = $new || \
      { cp a.txt out/x; echo $new > out/key; }; cmp a.txt out/x || exit 1; \
      test -e out/once || { touch -d 2100-01-01 b.txt; touch out/once; stat -c %Y b.txt > out/key; }
      """
    try world.start(
      "  - { id: A, run: 'echo x > a.txt' }\n  - { id: B, needs: [A], run: 'echo y > a.txt' }",
      gate:
        "{ keep: [out], verifiers: [{ name: t, kind: build, mutates: allow, run: '\(make)' }] }")
    let run = try world.migrate("run")
    #expect(run.code == 0, "\(run)")
    #expect(try world.count("(kept out)") == 2)
  }

  @Test(
    "that a killed run left has its folder for caches taken away by whoever comes next",
    arguments: ["abort", "run", "finish"])
  func leftCaches(next: String) throws {
    let world = try MigrationWorld()
    let wait = "echo $TMPDIR >> $HOME/where; until test -e $HOME/go; do sleep 0.05; done"
    try world.start("  - { id: A, run: 'echo b > a.txt' }", gate: gate("test ! -e $HOME/on || { \(wait); }"))
    if next == "finish" { #expect(try world.migrate("run").code == 0) }
    try world.allow("on")
    let first = try BackgroundRun(
      world.repository, TestBinary.path, [next == "finish" ? "finish" : "run"])
    #expect(try eventually { try !world.note("where").isEmpty })
    let caches = Files.parent(of: try notes(world, "where").first ?? "/")
    #expect(Files.exists(caches))
    first.send(SIGKILL)
    _ = try first.wait()
    try Files.removeFile(world.home("on"))
    #expect(Files.exists(caches))
    _ = try world.migrate(next)
    #expect(!Files.exists(caches))
  }

  @Test("leads a target folder that all worktrees would share into the candidate's own")
  func targets() throws {
    let world = try MigrationWorld()
    world.repository.environment["CARGO_TARGET_DIR"] = world.home("target")
    try world.start(
      "  - { id: A, run: 'echo b > a.txt' }",
      gate: gate(
        "test ! -e $CARGO_TARGET_DIR && mkdir -p $CARGO_TARGET_DIR && echo $CARGO_TARGET_DIR >> $HOME/seen"))
    let run = try world.migrate("run")
    #expect(run.code == 0, "\(run)")
    #expect(!Files.exists(world.home("target")))
    #expect(Set(try notes(world, "seen")).count == 2)
  }
}
