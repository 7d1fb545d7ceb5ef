import CanonicalJSON
import Migration
import Support
import Testing

/// What the commands do that change the ledger.
@Suite struct SteeringTests {
  @Test func pauseAndResume() throws {
    let world = try TestRepository()
    try world.start(Plans.demo)
    #expect(try world.runMigrate("pause") == TestRun(0, out: "demo paused: tester asked for it\n"))
    let again = try world.runMigrate("pause")
    #expect(again == TestRun(1, err: "error: the migration 'demo' is paused already\n"))
    #expect(try world.runMigrate("resume") == TestRun(0, out: "demo resumed\n"))
    #expect(try world.runMigrate("resume").code == 1)
    #expect(try world.runMigrate("fsck").out == "ok 3 entries\n")
  }

  @Test func skipLetsDependentsGoOn() throws {
    let world = try TestRepository()
    try world.start(Plans.demo)
    let run = try world.runMigrate("skip", "S1", "S1", "--reason", "not needed", "--json")
    let json = try JSON.parse(run.out.trimmed)
    #expect(json["seq"] == .integer(2))
    #expect(try world.runMigrate("status", "--porcelain").out.contains("demo\tS2\tready\t"))
    #expect(try world.runMigrate("skip", "S2", "S1", "--reason", "x").code == 1)
    #expect(try world.runMigrate("fsck").out == "ok 2 entries\n")
  }

  @Test func retryIsForStepsThatNeedIt() throws {
    let world = try TestRepository()
    var plan = Plans.demo
    plan.attempts = 1
    try world.start(plan)
    #expect(try world.runMigrate("retry", "S1").code == 1)
    #expect(try world.runMigrate("retry", "--all-blocked") == TestRun(0, err: "no step is blocked\n"))
    let fence = Fence(step: "S1", epoch: 1)
    let claim = Claim(
      fence: fence, holder: "tester", owner: Owner(machine: "m", boot: "b", pid: 0, startTicks: 0),
      base: try world.head(), expiresAt: Timestamp(milliseconds: (TestRepository.epoch + 600) * 1000),
      slot: nil)
    try world.record(
      "demo", [.stepClaimed(claim), .attemptFailed(fence, Failure(kind: .worker, reason: "no"))])
    #expect(try world.runMigrate("status", "--porcelain").out.contains("demo\tS1\tblocked\t"))
    #expect(
      try world.runMigrate("retry", "--all-blocked", "--reason", "fixed").out
        == "S1 retried by tester: fixed\n")
    #expect(try world.runMigrate("status", "--porcelain").out.contains("demo\tS1\tready\t"))
    #expect(try world.runMigrate("retry").code == 129)
  }

  @Test func appendDecidesLikeEveryCommand() throws {
    let world = try TestRepository()
    try world.start(Plans.demo)
    func append(_ text: String) throws -> TestRun { try world.runMigrate("ledger", "append", input: text) }
    let run = try append(#"{"migration":"demo","kind":"migration.paused","reason":"plumbing"}"#)
    #expect(run.code == 0)
    #expect(try world.runMigrate("ledger", "cat", "2").out == run.out)
    #expect(try append(#"{"migration":"demo","kind":"migration.paused","reason":"x"}"#).code == 1)
    #expect(
      try append(#"{"migration":"demo","kind":"plan.amended","number":2}"#)
        == TestRun(
          128,
          err:
            "fatal: standard input is not an event: 'plan.amended' carries a plan, use 'git migrate amend'\n")
    )
    #expect(
      try append(#"{"migration":"demo","kind":"migration.resumed","seq":4}"#)
        == TestRun(128, err: "fatal: standard input is not an event: 'seq' is set by the ledger\n"))
    for text in [
      "", "[]", "{", "{\"kind\":1}", "{\"migration\":\"demo\",\"kind\":\"migration.resumed\",\"x\":1}",
    ] {
      #expect(try append(text).code == 128, "\(text)")
    }
    #expect(try world.runMigrate("fsck").out == "ok 2 entries\n")
  }
}
