import CanonicalJSON
import Migration
import Support
import Testing

/// What the commands print that only read.
@Suite struct ReadingTests {
  @Test func statusInItsFormats() throws {
    let world = try TestRepository()
    try world.start(Plans.demo)
    let text = try world.runMigrate("status")
    #expect(
      text.out == """
        demo  running  0 of 2 merged  1 ready  1 waiting  → migrate/demo
          you have not approved plan 1 of 'demo'
              git migrate trust demo
          nobody is at work; 1 step can begin
              git migrate run
          S1  ready    First
          S2  waiting  Second  (waits for S1)

        """)
    let porcelain = try world.runMigrate("status", "--porcelain")
    #expect(
      porcelain.out == """
        # version 1
        # seq 1
        # migration demo running migrate/demo
        demo\tS1\tready\t0\t0\t-\t-\t-\t-\t-\tFirst
        demo\tS2\twaiting\t0\t0\t-\t-\t-\tS1\twaits for S1\tSecond

        """)
    #expect(try world.runMigrate("status", "-z").out.hasPrefix("# version 1\0# seq 1\0"))
    let json = try JSON.parse(try world.runMigrate("status", "--json").out.trimmed)
    #expect(json["version"] == .integer(1))
    #expect(try world.runMigrate("status", "--markdown").out.hasPrefix("# Status\n"))
    #expect(try world.runMigrate("status", "--json", "--markdown").code == 129)
  }

  @Test func coloursAreDecidedLikeGits() throws {
    let world = try TestRepository()
    try world.start(Plans.demo)
    func isColoured(_ arguments: [String], _ adding: [String: String] = [:]) throws -> Bool {
      try world.runGit(arguments, adding: adding).out.contains("\u{1B}[")
    }
    #expect(try !isColoured(["migrate", "status"]))
    #expect(try isColoured(["migrate", "status", "--color"]))
    #expect(try isColoured(["-c", "color.ui=always", "migrate", "status"]))
    #expect(try !isColoured(["-c", "color.ui=always", "-c", "color.migrate=never", "migrate", "status"]))
    #expect(try !isColoured(["-c", "color.ui=always", "migrate", "status"], ["NO_COLOR": "1"]))
    #expect(try isColoured(["migrate", "status", "--color=always"], ["NO_COLOR": "1"]))
    #expect(try isColoured(["migrate", "status"], ["CLICOLOR_FORCE": "1"]))
    #expect(try isColoured(["migrate", "status"], ["GIT_PAGER_IN_USE": "true", "TERM": "xterm"]))
    #expect(try !isColoured(["migrate", "status"], ["GIT_PAGER_IN_USE": "true", "TERM": "dumb"]))
  }

  @Test func theLogReadsBothWays() throws {
    let world = try TestRepository()
    try world.start(Plans.demo)
    try world.record("demo", [.migrationPaused(reason: "lunch"), .migrationResumed])
    let log = try world.runMigrate("log", "-n2")
    #expect(
      log.out == """
            3  2026-01-01 00:00:07  demo resumed
            2  2026-01-01 00:00:07  demo paused: lunch

        """)
    let lines = try world.runMigrate("log", "--json").out.split(separator: "\n").map {
      try JSON.parse(String($0))
    }
    #expect(lines.map { $0["seq"] } == [.integer(1), .integer(2), .integer(3)])
    #expect(lines.allSatisfy { $0["ledger_commit"] != nil })
    #expect(
      try world.runMigrate("log", "--kind", "migration.paused", "--json").out.split(separator: "\n").count
        == 1)
    #expect(try world.runMigrate("log", "--step", "S1").out == "")
    let cat = try world.runMigrate("ledger", "cat", "2").out
    #expect(cat.hasPrefix("{\"at\":") && cat.contains("\"reason\":\"lunch\""))
    let commit = try world.git("log", "-1", "--format=%B", "refs/migrate/ledger~1")
    #expect(try world.runMigrate("ledger", "cat", "--raw", "2").out.trimmed == commit.trimmed)
  }

  @Test func showTellsAllOfAStep() throws {
    let world = try TestRepository()
    try world.start(Plans.demo, text: "the plan\n")
    let fence = Fence(step: "S1", epoch: 1)
    let owner = Owner(machine: "m", boot: "b", pid: 0, startTicks: 0)
    let claim = Claim(
      fence: fence, holder: "tester", owner: owner, base: try world.head(),
      expiresAt: Timestamp(milliseconds: (TestRepository.epoch + 600) * 1000), slot: nil)
    let failure = Failure(kind: .worker, reason: "no luck", details: ["line one\nline \u{1B}[2Jtwo"])
    try world.record("demo", [.stepClaimed(claim), .attemptFailed(fence, failure)])
    try world.git("update-ref", "refs/migrate/attempt/demo/S1/1", "HEAD")
    try world.writeLog("demo", "S1", "1-work", "one\ntwo\n\u{1B}[31mthree\u{1B}[0m\n")
    let text = world.normalized(try world.runMigrate("show", "S1", "-n2"))
    #expect(text.code == 0)
    #expect(text.out.contains("S1  First\n"))
    #expect(text.out.contains("  needed by  S2\n"))
    #expect(text.out.contains("1 of 3 failed, epoch 1"))
    #expect(text.out.contains("      line one\n      line ^[[2Jtwo\n"))
    #expect(text.out.contains("'git show refs/migrate/attempt/demo/S1/1'"))
    #expect(text.out.hasSuffix("/1-work.log\n  two\n  three\n"))
    let json = try JSON.parse(try world.runMigrate("show", "S1", "--json").out.trimmed)
    guard case .array(let attempts)? = json["attempts"] else { throw TestFailure("no attempts") }
    #expect(attempts.count == 1 && attempts[0]["epoch"] == .integer(1))
    #expect(try world.runMigrate("show", "--plan").out == "the plan\n")
    #expect(try world.runMigrate("show").out.hasPrefix("demo\n  state     running\n"))
  }

  @Test func logsOfAStep() throws {
    let world = try TestRepository()
    try world.start(Plans.demo)
    let none = try world.runMigrate("logs", "S1")
    #expect(none == TestRun(1, err: "error: nobody has worked on 'S1' yet\n"))
    try world.writeLog("demo", "S1", "1-work", "first\n")
    try world.writeLog("demo", "S1", "2-work", "second\n\u{1B}[31mred\n")
    #expect(try world.runMigrate("logs", "S1").out == "second\n\u{1B}[31mred\n")
    #expect(try world.runMigrate("logs", "S1", "--epoch", "1").out == "first\n")
    let run4 = try world.runMigrate("logs", "S1", "--all", "-n1")
    #expect(
      run4.out == """
        ==> 1-work <==
        first

        ==> 2-work <==
        \u{1B}[31mred

        """)
    #expect(try world.runMigrate("logs", "S1", "-f").out.hasSuffix("red\n"))
    #expect(try world.runMigrate("logs").out.split(separator: "\n").count == 2)
    let terminal = try world.run("script", ["-qec", "git-migrate logs S1", "/dev/null"])
    if terminal.code == 0 { #expect(terminal.out == "second\r\nred\r\n") }
  }

  @Test func graphInItsLanguages() throws {
    let world = try TestRepository()
    try world.start(Plans.demo)
    #expect(try world.runMigrate("graph").out == "S1  First  [ready]\n\nS2  Second  [waiting]  needs S1\n")
    #expect(try world.runMigrate("graph", "--dot").out.contains("\"S1\" -> \"S2\""))
    #expect(try world.runMigrate("graph", "--mermaid").out.hasPrefix("graph LR\n"))
    let json = try JSON.parse(try world.runMigrate("graph", "--json").out.trimmed)
    #expect(json["migration"] == .string("demo"))
  }

  @Test func replayShowsWhatChanged() throws {
    let world = try TestRepository()
    try world.start(Plans.demo)
    try world.record("demo", [.migrationPaused(reason: "lunch")])
    let text = try world.runMigrate("replay", "--at", "2").out
    #expect(text.contains(#"  state   migrations.demo.phase: ["running"] → ["paused","lunch"]"#))
    let first = try JSON.parse(try world.runMigrate("replay", "--json", "--to", "1").out.trimmed)
    guard case .array(let effects)? = first["effects"] else { throw TestFailure("no effects") }
    #expect(effects.contains { $0["create_branch"] != nil })
    #expect(try world.runMigrate("replay", "--at", "9").code == 128)
  }
}

extension String {
  /// Without the line ends at the end.
  var trimmed: String {
    var text = self[...]
    while text.hasSuffix("\n") { text.removeLast() }
    return String(text)
  }
}
