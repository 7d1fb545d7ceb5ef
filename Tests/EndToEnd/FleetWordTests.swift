import CanonicalJSON
import Migration
import Support
import System
import Testing

/// What people ask of a fleet by the words that they know from one migration.
@Suite("Words to a fleet")
struct FleetWordTests {
  @Test func `pause and resume hold all of it, by one entry`() throws {
    let world = try FleetWorld([("cart", true), ("mail", true)])
    let plan = try world.plan(["cart", "mail"], waves: "  waves: [1, rest]\n")
    #expect(try world.migrate("fleet", "check", plan).code == 0)
    let early = try world.migrate("pause", "-m", "guava")
    #expect(early.code == 1 && early.err.contains("no wave of 'guava' is open"), "\(early)")
    #expect(try world.migrate("fleet", "run").code == 0)
    #expect(try world.migrate("fleet", "run", "--wave", "2", "--until", "00:00").code == 0)
    let pause = try world.migrate("pause", "-m", "guava", "a freeze")
    #expect(pause.code == 0 && pause.out.contains("guava wave 2 stopped: a freeze"), "\(pause)")
    let run = try world.migrate("fleet", "run")
    #expect(run.code == 1 && run.err.contains("wave 2 of 'guava' is stopped: a freeze"), "\(run)")
    let resume = try world.migrate("resume", "-m", "guava")
    #expect(resume.code == 0 && resume.out.contains("guava wave 2 opened"), "\(resume)")
    let twice = try world.migrate("resume", "-m", "guava")
    #expect(twice.code == 1 && twice.err.contains("'guava' is not stopped"), "\(twice)")
  }

  @Test func `abort gives all of it up that has not ended, and never by default`() throws {
    let world = try FleetWorld([("cart", true), ("mail", true)])
    #expect(try world.migrate("fleet", "check", try world.plan(["cart", "mail"])).code == 0)
    let unnamed = try world.migrate("abort")
    #expect(unnamed.code == 129 && unnamed.err.contains("'guava' is a fleet"), "\(unnamed)")
    #expect(try world.migrate("abort", "-m", "guava.cart").code == 0)
    let abort = try world.migrate("abort", "-m", "guava", "not now")
    #expect(abort.code == 0 && abort.out == "guava: 1 target aborted\n", "\(abort)")
    #expect(try world.states() == ["cart": "skipped", "mail": "skipped"])
  }

  @Test(arguments: ["status", "run", "finish", "show", "refresh"])
  func `a fleet is no migration, and what it is is said`(_ command: String) throws {
    let world = try FleetWorld([("cart", true)])
    #expect(try world.migrate("fleet", "check", try world.plan(["cart"])).code == 0)
    let run = try world.migrate(command, "-m", "guava")
    #expect(run.code == 128 && run.err.contains("'guava' is a fleet, and no migration"), "\(run)")
    #expect(run.err.contains("one of its targets is '-m guava.cart'"), "\(run)")
  }

  @Test func `a target is not worked in before its wave is open`() throws {
    let world = try FleetWorld([("cart", true), ("mail", true)])
    let plan = try world.plan(["cart", "mail"], waves: "  waves: [1, rest]\n")
    #expect(try world.migrate("fleet", "check", plan).code == 0)
    let run = try world.migrate("run", "-m", "guava.mail")
    #expect(run.code == 1 && run.err.contains("wave 2 of 'guava' is not open yet"), "\(run)")
    #expect(run.err.contains("git migrate fleet run --fleet guava --wave 2"), "\(run)")
  }

  @Test func `a fleet is begun without hooks as well`() throws {
    let world = try FleetWorld([("cart", true)])
    let check = try world.migrate("fleet", "check", "--no-hooks", try world.plan(["cart"]))
    #expect(check.code == 0, "\(check)")
    #expect(try world.states() == ["cart": "waiting"])
  }

  @Test func `what would be offered is listed with where it goes`() throws {
    let world = try FleetWorld([("cart", true)])
    #expect(try world.migrate("fleet", "check", try world.plan(["cart"])).code == 0)
    #expect(try world.migrate("fleet", "run").code == 0)
    let list = try world.migrate("fleet", "publish", "-n")
    #expect(list.code == 0, "\(list)")
    #expect(list.out == "cart  migrate/guava → main  1 file  team-cart  to be opened\n")
    let report = try JSON.parse(try world.migrate("fleet", "publish", "-n", "--json").out)
    guard case .array(let targets)? = report["targets"] else { return #expect(Bool(false), "\(report)") }
    #expect(targets.first?["branch"] == .string("migrate/guava"))
    #expect(targets.first?["base"] == .string("main"))
  }

  @Test func `of several units the branch is named that is there`() throws {
    let world = try FleetWorld([("cart", true)])
    let plan = try world.plan(["cart"], more: "publish: { unit: step }")
    #expect(try world.migrate("fleet", "check", plan).code == 0)
    #expect(try world.migrate("fleet", "run").code == 0)
    let report = try JSON.parse(try world.migrate("fleet", "status", "--json").out)
    guard case .array(let targets)? = report["targets"] else { return #expect(Bool(false), "\(report)") }
    #expect(targets.first?["branch"] == .string("migrate-pr/guava/S1"))
    #expect(try !world.tip("cart", "migrate-pr/guava/S1").isEmpty)
    #expect(try world.states() == ["cart": "pushed"])
  }

  @Test func `a clone knows the target's branches by their names there`() throws {
    let world = try FleetWorld([("cart", true)])
    #expect(try world.migrate("fleet", "check", try world.plan(["cart"])).code == 0)
    #expect(try world.migrate("fleet", "run").code == 0)
    let look = world.home.root + "/look"
    #expect(try world.migrate("fleet", "clone", "cart", look).code == 0)
    let refs = try world.git(look, "for-each-ref", "--format=%(refname)").split(separator: "\n")
    #expect(
      refs == ["refs/heads/migrate/guava", "refs/remotes/origin/main", "refs/remotes/origin/migrate/guava"])
    let upstream = try world.git(look, "rev-parse", "--abbrev-ref", "migrate/guava@{upstream}")
    #expect(upstream == "origin/migrate/guava")
    #expect(try world.git(look, "rev-parse", "origin/main") == world.tip("cart", "main"))
    let status = try world.git(look, "status", "--short", "--branch")
    #expect(status == "## migrate/guava...origin/migrate/guava")
  }

  @Test func `people hear of each target that waits for them, once, and of a bad base nobody does`() throws {
    let world = try FleetWorld([("cart", true), ("mail", true), ("pay", false)])
    let plan = try world.plan(
      ["cart", "mail", "pay"], steps: "  - { id: S1, run: 'exit 7' }",
      more: "notify: { command: 'echo \"$MIGRATE_MIGRATION $MIGRATE_EVENT\" >> \"$HOME/told\"' }")
    #expect(try world.migrate("fleet", "check", plan).code == 1)
    #expect(!Files.exists(world.home.root + "/home/told"))
    #expect(try world.migrate("fleet", "run", "-j", "2").code == 1)
    let told = try Files.readFile(world.home.root + "/home/told") ?? []
    let lines = String(decoding: told, as: UTF8.self).split(separator: "\n").sorted()
    #expect(lines == ["guava.cart blocked", "guava.mail blocked"])
    let again = try world.migrate("notify", "-m", "guava")
    #expect(again.code == 0, "\(again)")
    #expect(try Files.readFile(world.home.root + "/home/told")?.count == told.count, "\(again)")
  }
}
