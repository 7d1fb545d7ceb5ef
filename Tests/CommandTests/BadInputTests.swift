import Migration
import Support
import Testing

/// What a person gets for wrong input: the exit code and all of standard error.
@Suite struct BadInputTests {
  private static let notARepository = """
    fatal: unable to find a repository from '<root>/repo': not a git repository \
    (or any of the parent directories)

    """
  private static let noMigration = """
    fatal: there is no migration here
    hint: begin one with 'git migrate start PLAN'

    """

  /// Commands that only look, in places where there is nothing to see.
  @Test(arguments: [
    (TestRepository.Kind.none, "status", TestRun(128, err: notARepository)),
    (.none, "fsck", TestRun(128, err: notARepository)),
    (.bare, "fsck", TestRun(0, out: "ok 0 entries\n")),
    (.bare, "log", TestRun(0)),
    (
      .bare, "status",
      TestRun(0, out: "no migration here\n", err: "hint: begin one with 'git migrate start PLAN'\n")
    ),
    (
      .unborn, "status",
      TestRun(0, out: "no migration here\n", err: "hint: begin one with 'git migrate start PLAN'\n")
    ),
    (.oneCommit, "show", TestRun(128, err: noMigration)),
    (.oneCommit, "pause", TestRun(128, err: noMigration)),
    (.unborn, "graph", TestRun(128, err: noMigration)),
    (
      .oneCommit, "frobnicate",
      TestRun(
        129, err: "error: 'frobnicate' is not a git migrate command\nhint: 'git migrate -h' lists them\n")
    ),
    (
      .oneCommit, "stauts",
      TestRun(129, err: "error: 'stauts' is not a git migrate command\nhint: did you mean 'status'?\n")
    ),
  ])
  func nothingThere(_ kind: TestRepository.Kind, _ command: String, _ expected: TestRun) throws {
    let world = try TestRepository(kind)
    #expect(world.normalized(try world.runMigrate(command)) == expected)
  }

  @Test func aDetachedHeadIsNoHindrance() throws {
    let world = try TestRepository()
    try world.git("checkout", "--quiet", "--detach")
    try world.write("plan.md", Plans.small)
    #expect(try world.runMigrate("status").code == 0)
    #expect(try world.runMigrate("check", "plan.md").code == 0)
  }

  /// What only the repository shows stands beside what the file shows, and no command of such a plan runs.
  @Test func allFaultsOfAPlanAtOnce() throws {
    let world = try TestRepository()
    try world.git("branch", "migrate")
    try world.write(
      "plan.md",
      """
      ---
      migration: m
      base: gone
      colour: red
      gate: none
      steps:
        - { id: A, needs: [B, nope] }
        - { id: B, needs: [A] }
        - { for: { files: "*.none" }, id: "f-{{match.stem}}" }
        - { for: { lines: "touch ran" }, id: "g-{{match.line}}", needs: [q] }
      ---
      {{wrong}}

      """)
    let check = try world.runMigrate("check", "--run-commands", "plan.md")
    #expect(check.code == 128)
    #expect(
      check.err.split(separator: "\n").filter { $0.hasPrefix("fatal: ") }.map { $0.prefix(60) } == [
        "fatal: plan.md:3:7: the plan's base branch 'gone' does not e",
        "fatal: plan.md:4:1: unknown key 'colour' in the plan",
        "fatal: plan.md:7:11: the needs go in a circle: 'A' needs 'B'",
        "fatal: plan.md:7:25: no step has the id 'nope'",
        "fatal: plan.md:10:68: no step has the id 'q'",
        "fatal: plan.md:12:1: unknown name 'wrong' in a template",
        "fatal: plan.md:2:1: the branch 'migrate' is in the way: git ",
      ])
    try world.git("branch", "gone")
    let again = try world.runMigrate("check", "--run-commands", "plan.md")
    #expect(again.err.contains("plan.md:9:21: '*.none' matched no file"), "\(again)")
    #expect(try world.run("test", ["-e", "ran"]).code == 1)
  }

  @Test func plansThatCannotBeRead() throws {
    let world = try TestRepository()
    #expect(try world.run("mkfifo", ["fifo"]).code == 0)
    try world.write("large.md", String(repeating: "x", count: (1 << 20) + 1))
    try world.write("bad.md", "---\nmigration: Demo\n---\n")
    func check(_ path: String) throws -> TestRun { try world.runMigrate("check", path) }
    #expect(
      try check("none.md")
        == TestRun(128, err: "fatal: unable to read the plan 'none.md': no such file or directory\n"))
    #expect(
      try check("fifo")
        == TestRun(128, err: "fatal: unable to read the plan 'fifo': it is not a regular file\n"))
    #expect(try check(".") == TestRun(128, err: "fatal: unable to read the plan '.': it is a directory\n"))
    #expect(
      try check("/dev/zero")
        == TestRun(128, err: "fatal: unable to read the plan '/dev/zero': it is not a regular file\n"))
    #expect(
      try check("large.md")
        == TestRun(
          128,
          err: """
            fatal: unable to read the plan 'large.md': it is larger than 1 MiB
            hint: make the steps with 'for:' instead of listing them

            """))
    let bad = try check("bad.md")
    #expect(bad.code == 128)
    #expect(bad.err.hasPrefix("fatal: bad.md:2:"))
  }

  @Test func expansionNeedsACommitAndCommandsNeedTrust() throws {
    let unborn = try TestRepository(.unborn)
    try unborn.write("plan.md", Plans.forFiles)
    #expect(
      try unborn.runMigrate("check", "plan.md")
        == TestRun(
          128,
          err: "fatal: there is no commit yet, so there are no tracked files\nhint: commit something first\n")
    )
    let world = try TestRepository()
    try world.write("plan.md", Plans.forLines)
    #expect(
      try world.runMigrate("check", "plan.md")
        == TestRun(
          125,
          err: """
            error: the steps cannot be listed without running 'touch ran; echo one'
            hint: read the plan, then run 'git migrate check --run-commands plan.md'

            """))
    #expect(try world.runGit(["status", "--porcelain"]).out == "?? plan.md\n")
    #expect(try world.runMigrate("check", "--run-commands", "plan.md").code == 0)
  }

  @Test func unknownNames() throws {
    let world = try TestRepository()
    try world.start(Plans.demo)
    #expect(
      try world.runMigrate("status", "-m", "other")
        == TestRun(128, err: "fatal: no migration 'other'\nhint: 'git migrate status' lists them\n"))
    #expect(
      try world.runMigrate("show", "s1")
        == TestRun(128, err: "fatal: no step 's1' in the migration 'demo'\nhint: did you mean 'S1'?\n"))
    #expect(
      try world.runMigrate("skip", "S1", "S9", "--reason", "no")
        == TestRun(
          128,
          err: "fatal: no step 'S9' in the migration 'demo'\nhint: 'git migrate status' lists the steps\n"))
    // All or nothing: S1 was named with a step that there is not.
    #expect(try world.runMigrate("fsck").out == "ok 1 entry\n")
    #expect(
      try world.runMigrate("ledger", "cat", "7") == TestRun(128, err: "fatal: the ledger has no entry 7\n"))
  }

  @Test func moreThanOneMigrationIsOpen() throws {
    let world = try TestRepository()
    try world.start(Plans.demo)
    var other = Plans.demo
    other.migration = "other"
    other.into = "migrate/other"
    try world.start(other)
    #expect(
      try world.runMigrate("pause")
        == TestRun(
          129,
          err:
            "fatal: more than one migration is open: demo, other\nhint: say which with '--migration NAME'\n"))
    #expect(try world.runMigrate("pause", "-m", "other", "why", "not").out == "other paused: why not\n")
  }

  @Test func aTamperedLedgerStopsEverythingButLooking() throws {
    let world = try TestRepository()
    try world.start(Plans.demo)
    try world.tamper(message: "S1 merged\n\n{\"v\":1}\n")
    let status = world.normalized(try world.runMigrate("status"))
    #expect(status.code == 128)
    #expect(status.err.hasPrefix("fatal: the ledger is damaged at entry '<oid>': "))
    #expect(try world.runMigrate("pause").code == 128)
    let fsck = world.normalized(try world.runMigrate("fsck"))
    #expect(fsck.code == 1)
    #expect(fsck.err.hasPrefix("error: I-6 at '<oid>': "))
  }

  @Test func aNewerLedgerCanBeReadAsText() throws {
    let world = try TestRepository()
    try world.start(Plans.demo)
    try world.tamper(message: "S1 was enchanted\n\n{\"kind\":\"step.enchanted\",\"seq\":2,\"v\":3}\n")
    let expected = TestRun(
      128,
      err: """
        fatal: the ledger entry '<oid>' has format 3, which this version cannot read
        hint: install a newer git-migrate; this one will not write to the ledger

        """)
    #expect(world.normalized(try world.runMigrate("status")) == expected)
    #expect(world.normalized(try world.runMigrate("pause")) == expected)
    let log = try world.runMigrate("log")
    #expect(log.code == 0)
    #expect(log.out.contains("S1 was enchanted  (written by a newer version)"))
  }

  @Test func hintsCanBeSilenced() throws {
    let world = try TestRepository()
    let expected = TestRun(0, out: "no migration here\n")
    #expect(try world.runMigrate("status", adding: ["GIT_ADVICE": "0"]) == expected)
    let run = try world.runGit(["-c", "advice.migrateHints=false", "migrate", "status"])
    #expect(run == expected)
  }

  @Test func aFullDiskIsAnError() throws {
    let world = try TestRepository()
    let run = try world.run("/bin/sh", ["-c", "git-migrate status --json >/dev/full"])
    #expect(run == TestRun(128, err: "fatal: unable to write to standard output: no space left on device\n"))
    let pipe = try world.run("/bin/bash", ["-c", "git-migrate check --schema | true; echo ${PIPESTATUS[0]}"])
    // Whether the reader is gone before we write is a matter of luck; that we stay quiet is not.
    #expect(["0\n", "141\n"].contains(pipe.out))
    #expect(pipe.err == "")
  }
}
