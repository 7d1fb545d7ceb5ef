import CanonicalJSON
import Migration
import Support
import System
import Testing

/// What becomes of a fleet over its life: ends, bases that are mended, plans that change, and others that
/// work on it at the same time.
@Suite("The life of a fleet")
struct FleetLifeTests {
  @Test(arguments: [[], ["--no-merge"], ["--partial"]])
  func `what is finished in a target is handed over there all the same`(_ options: [String]) throws {
    let world = try FleetWorld([("cart", true)])
    #expect(try world.migrate("fleet", "check", try world.plan(["cart"])).code == 0)
    #expect(try world.migrate("fleet", "run", "--no-push").code == 0)
    let base = try world.git(world.path, "rev-parse", "fleet/guava.cart")
    let finish = try world.migrate(["finish", "-m", "guava.cart"] + options)
    #expect(finish.code == 0 && finish.err.contains("git migrate fleet run"), "\(finish)")
    #expect(try world.git(world.path, "rev-parse", "fleet/guava.cart") == base, "it is the people's")
    #expect(try world.states() == ["cart": "done"])
    let run = try world.migrate("fleet", "run")
    #expect(run.code == 0, "\(run)")
    #expect(try world.states() == ["cart": "pushed"])
    #expect(try world.at("cart", "show", "migrate/guava:app.py") == "import newlog  # cart")
    #expect(try world.complaints() == "")
  }

  @Test func `the ledger holds no more of each target than it must`() throws {
    let names = ["cart", "mail", "pay", "tax"]
    let world = try FleetWorld()
    try world.add("tax")
    // Nothing of its own in any: what passed in one is known to pass in all.
    for name in names.dropFirst() { try world.copy("cart", to: name) }
    #expect(try world.migrate("fleet", "check", try world.plan(names)).code == 0)
    let checkpoints = try world.git(
      world.path, "log", "--format=%H", "refs/migrate/ledger", "--", "checkpoint.json")
    #expect(checkpoints.split(separator: "\n").count == 1, "with the first target alone")
    #expect(try world.migrate("fleet", "run", "-j", "1").code == 0)
    #expect(Set(try world.states().values) == ["pushed"])
    #expect(try world.sentences().count { $0.contains("base is judged") } == 1)
    #expect(try world.sentences().count { $0.contains("is published by") } == 0)
    #expect(try world.sentences().count { $0.contains("gate 1 started") } == 1)
    #expect(try world.complaints() == "")
  }

  @Test func `the base of a target is not led forward by its end`() throws {
    let world = try FleetWorld([("cart", true)])
    #expect(try world.migrate("fleet", "check", try world.plan(["cart"])).code == 0)
    #expect(try world.migrate("fleet", "run").code == 0)
    _ = try world.home.runGit(["init", "--quiet", "--bare", world.home.root + "/shared.git"])
    _ = try world.git(world.path, "remote", "add", "origin", world.home.root + "/shared.git")
    _ = try world.git(world.path, "config", "migrate.remote", "origin")
    let finish = try world.migrate("finish", "-m", "guava.cart", "--push")
    #expect(finish.code == 129 && finish.err.contains("is a target of the fleet 'guava'"), "\(finish)")
  }

  @Test func `a base that is mended there is taken in by the next check`() throws {
    let world = try FleetWorld([("cart", true), ("mail", false)])
    let plan = try world.plan(["cart", "mail"])
    #expect(try world.migrate("fleet", "check", plan).code == 1)
    #expect(try world.states() == ["cart": "waiting", "mail": "bad base"])
    let still = try world.migrate("fleet", "check", plan)
    #expect(still.code == 1 && !still.err.contains("could not be"), "\(still)")
    try world.commit("mail", "good", "yes\n")
    let check = try world.migrate("fleet", "check", plan)
    #expect(check.code == 0, "\(check)")
    #expect(try world.states() == ["cart": "waiting", "mail": "waiting"])
    #expect(try world.migrate("fleet", "run").code == 0)
    #expect(try world.states() == ["cart": "pushed", "mail": "pushed"])
    #expect(try world.at("mail", "show", "migrate/guava:app.py") == "import newlog  # mail")
    #expect(try world.at("mail", "log", "-1", "--format=%s", "migrate/guava^1").hasPrefix("Merge main into"))
    #expect(try world.complaints() == "")
  }

  @Test func `a base that is mended by another gate is judged again`() throws {
    let world = try FleetWorld([("mail", false)])
    #expect(try world.migrate("fleet", "check", try world.plan(["mail"])).code == 1)
    let gate = "{ verifiers: [{ name: app, kind: lint, run: 'test -e app.py' }] }"
    let check = try world.migrate("fleet", "check", try world.plan(["mail"], gate: gate))
    #expect(check.code == 0 && check.err.contains("the plan of 1 target is amended"), "\(check)")
    #expect(try world.states() == ["mail": "waiting"])
  }

  @Test func `refresh brings the base of a target`() throws {
    let world = try FleetWorld([("cart", true)])
    #expect(try world.migrate("fleet", "check", try world.plan(["cart"])).code == 0)
    try world.commit("cart", "new.txt", "new\n")
    let refresh = try world.migrate("refresh", "-m", "guava.cart")
    #expect(refresh.code == 0 && refresh.out.contains("took in"), "\(refresh)")
    #expect(try world.migrate("fleet", "run").code == 0)
    #expect(try world.at("cart", "show", "migrate/guava:new.txt") == "new")
  }

  @Test func `a target that is amended stays in its fleet, and keeps its own plan`() throws {
    let world = try FleetWorld([("cart", true), ("mail", true)])
    let plan = try world.plan(["cart", "mail"])
    #expect(try world.migrate("fleet", "check", plan).code == 0)
    let own = """
      ---
      migration: guava.mail
      attempts: 1
      gate: none
      steps:
        - { id: S1, run: 'echo own >> app.py' }
      ---

      """
    try Files.writeAtomically(world.home.root + "/own.md", Array(own.utf8))
    let amend = try world.migrate("amend", world.home.root + "/own.md")
    #expect(amend.code == 0, "\(amend)")
    #expect(try world.states() == ["cart": "waiting", "mail": "waiting"])
    let check = try world.migrate("fleet", "check", plan)
    #expect(check.code == 0 && check.err.contains("'mail' keeps the plan of its own"), "\(check)")
    #expect(try world.migrate("fleet", "run").code == 0)
    #expect(try world.states() == ["cart": "pushed", "mail": "pushed"])
    #expect(try world.at("mail", "show", "migrate/guava:app.py") == "import oldlog  # mail\nown")
    let whole = try world.migrate("amend", plan)
    #expect(whole.code == 128 && whole.err.contains("git migrate fleet check"), "\(whole)")
  }

  @Test func `a changed plan amends what has not ended, and a target that is taken out is told`() throws {
    let world = try FleetWorld([("cart", true), ("mail", true)])
    #expect(try world.migrate("fleet", "check", try world.plan(["cart", "mail"])).code == 0)
    let steps = "  - { id: S1, title: 'For {{target.id}}', run: 'sed -i s/oldlog/log3/ app.py' }"
    let check = try world.migrate("fleet", "check", try world.plan(["mail"], steps: steps))
    #expect(check.code == 0 && check.err.contains("the plan of 1 target is amended"), "\(check)")
    #expect(check.err.contains("1 target of 'guava' not in the list any more, first 'cart'"), "\(check)")
    let again = try world.migrate("fleet", "check", try world.plan(["mail"], steps: steps))
    #expect(again.code == 0 && !again.err.contains("amended"), "twice is harmless: \(again)")
    #expect(try world.migrate("fleet", "run").code == 0)
    #expect(try world.at("mail", "show", "migrate/guava:app.py") == "import log3  # mail")
    #expect(try world.at("cart", "show", "migrate/guava:app.py") == "import newlog  # cart")
    #expect(try world.complaints() == "")
  }

  @Test func `a target that could not be begun holds up no later wave`() throws {
    let world = try FleetWorld([("mail", true)])
    let plan = try world.plan(["gone", "mail"], waves: "  waves: [1, rest]\n")
    #expect(try world.migrate("fleet", "check", plan).code == 1)
    let run = try world.migrate("fleet", "run")
    #expect(run.code == 0, "\(run)")
    #expect(try world.states() == ["mail": "pushed"])
    // It comes later, into a wave that is open.
    try world.add("gone")
    #expect(try world.migrate("fleet", "check", plan).code == 0)
    #expect(try world.migrate("fleet", "run").code == 0)
    #expect(try world.states() == ["gone": "pushed", "mail": "pushed"])
  }

  @Test func `two at once do the same, and neither is told that it failed`() throws {
    let world = try FleetWorld()
    let plan = try world.plan(["cart", "mail", "pay"])
    let checks = try world.twice("fleet", "check", plan)
    #expect(checks.code == 0, "\(checks)")
    #expect(try world.states().count == 3)
    let runs = try world.twice("fleet", "run")
    #expect(runs.code == 0, "\(runs)")
    #expect(try world.states() == ["cart": "pushed", "mail": "pushed", "pay": "pushed"])
    #expect(try world.sentences().count { $0.contains("wave 1 opened") } == 1)
    #expect(try world.sentences().count { $0.contains("all pushed at") } == 3)
    #expect(try world.complaints() == "")
  }

  @Test func `a push that hangs holds up no work`() throws {
    let world = try FleetWorld([("cart", true), ("mail", true)])
    // The first push is through when the second target's work is at its end, and so on the way by then.
    let pipe = world.home.root + "/home/pipe"
    _ = try world.home.run("mkfifo", [pipe])
    let hook = "\(world.servers)/cart.git/hooks/pre-receive"
    try Files.writeAtomically(
      hook, Array("#!/bin/sh\ncat > /dev/null\nread x < '\(pipe)'\n".utf8), mode: 0o755)
    let work = "sed -i s/oldlog/newlog/ app.py; test {{target.id}} = cart || echo > \"$HOME/pipe\""
    let plan = try world.plan(["cart", "mail"], steps: "  - { id: S1, run: '\(work)' }")
    #expect(try world.migrate("fleet", "check", plan).code == 0)
    let run = try world.migrate("fleet", "run", "-j", "1")
    #expect(run.code == 0, "\(run)")
    #expect(try world.states() == ["cart": "pushed", "mail": "pushed"])
  }

  @Test func `what people have merged there is seen, also where no forge says so`() throws {
    let world = try FleetWorld([("cart", true), ("mail", true)])
    #expect(try world.migrate("fleet", "check", try world.plan(["cart", "mail"])).code == 0)
    #expect(try world.migrate("fleet", "run").code == 0)
    let work = world.home.root + "/work-cart"
    _ = try world.git(work, "pull", "--quiet", "--no-edit", "\(world.servers)/cart.git", "migrate/guava")
    try world.commit("cart", "later.txt", "more\n")
    let publish = try world.migrate("fleet", "publish")
    #expect(publish.out.contains("1 merged"), "\(publish)")
    #expect(try world.states() == ["cart": "merged", "mail": "pushed"])
  }
}
