import CanonicalJSON
import Migration
import Support
import System
import Testing

/// One plan in many repositories: over bare repositories on this machine, driven as a user does it.
@Suite("A fleet")
struct FleetTests {
  @Test func `a codemod is done in each target, judged there, and pushed to a branch there`() throws {
    let world = try FleetWorld()
    let check = try world.migrate("fleet", "check", try world.plan(["cart", "mail", "pay"]))
    #expect(check.code == 0 && check.out.contains("3 targets"), "\(check)")
    #expect(try world.tip("cart").isEmpty, "a survey changes nothing there")
    let run = try world.migrate("fleet", "run", "-j", "2")
    #expect(run.code == 0 && run.out.contains("3 pushed"), "\(run)")
    for name in ["cart", "mail", "pay"] {
      #expect(try world.at(name, "show", "migrate/guava:app.py") == "import newlog  # \(name)")
      #expect(try world.at(name, "rev-list", "--count", "main..migrate/guava") == "1")
      #expect(try world.at(name, "for-each-ref", "--format=%(refname)", "refs/migrate").isEmpty)
    }
    #expect(try world.states() == ["cart": "pushed", "mail": "pushed", "pay": "pushed"])
    #expect(try world.complaints() == "")
    let before = try world.sentences()
    let again = try world.migrate("fleet", "run")
    #expect(again.code == 0, "\(again)")
    #expect(try world.sentences() == before, "twice is harmless")
  }

  @Test func `bad bases and repositories out of reach are told before anything is spent`() throws {
    let world = try FleetWorld([("cart", true), ("mail", false)])
    let check = try world.migrate("fleet", "check", try world.plan(["cart", "mail", "gone"]))
    #expect(check.code == 1, "\(check)")
    #expect(check.out.contains("1 bad base"), "\(check)")
    #expect(check.err.contains("'gone' could not be begun"), "\(check)")
    let run = try world.migrate("fleet", "run")
    #expect(try world.states() == ["cart": "pushed", "mail": "bad base"], "\(run)")
    #expect(try world.tip("mail").isEmpty)
    let owners = try world.migrate("fleet", "status", "--by", "owner")
    #expect(owners.out.contains("team-mail  1: 1 bad base"), "\(owners)")
  }

  @Test func `waves open one after the other, and one that fails too often stops by itself`() throws {
    let names = ["a", "b", "c", "d"]
    let world = try FleetWorld(names.map { ($0, true) })
    let steps = "  - { id: S1, run: 'test ! -e \"$HOME/broken\" && sed -i s/oldlog/newlog/ app.py' }"
    let plan = try world.plan(
      names, steps: steps, waves: "  waves: [2, rest]\n  stop: { failed: 50% }\n")
    #expect(try world.migrate("fleet", "check", plan).code == 0)
    let early = try world.migrate("fleet", "run", "--wave", "2")
    #expect(early.code == 1 && early.err.contains("the next wave of 'guava' is 1"), "\(early)")
    try Files.writeAtomically(world.home.root + "/home/broken", [])
    let first = try world.migrate("fleet", "run")
    #expect(first.code == 1 && first.err.contains("'guava' is stopped"), "\(first)")
    #expect(try world.states()["c"] == "waiting")
    let stopped = try world.migrate("fleet", "run")
    #expect(stopped.code == 1 && stopped.err.contains("wave 1 of 'guava' is stopped"), "\(stopped)")
    let failures = try world.migrate("fleet", "failures")
    #expect(failures.out.hasPrefix("F1"), "\(failures)")
    try Files.removeFile(world.home.root + "/home/broken")
    let retry = try world.migrate("retry", "-m", "guava", "--failure", "F1")
    #expect(retry.code == 0 && retry.out.contains("may try again"), "\(retry)")
    let second = try world.migrate("fleet", "run", "--wave", "1")
    #expect(second.code == 0, "\(second)")
    #expect(try world.states() == ["a": "pushed", "b": "pushed", "c": "waiting", "d": "waiting"])
    let rest = try world.migrate("fleet", "run", "--wave", "2")
    #expect(rest.code == 0, "\(rest)")
    #expect(try world.states().values.allSatisfy { $0 == "pushed" })
    #expect(try world.complaints() == "")
  }

  @Test func `a branch that people have moved is theirs`() throws {
    let world = try FleetWorld([("cart", true)])
    _ = try world.at("cart", "branch", "migrate/guava", "main")
    #expect(try world.migrate("fleet", "check", try world.plan(["cart"])).code == 0)
    let before = try world.tip("cart")
    let run = try world.migrate("fleet", "run")
    #expect(run.code == 0, "\(run)")
    #expect(try world.tip("cart") == before, "nothing is forced")
    #expect(try world.states() == ["cart": "people"], "\(run)")
  }

  @Test func `a push that was announced and cut off is looked after`() throws {
    let world = try FleetWorld([("cart", true)])
    #expect(try world.migrate("fleet", "check", try world.plan(["cart"])).code == 0)
    #expect(try world.migrate("fleet", "run", "--no-push").code == 0)
    #expect(try world.states() == ["cart": "done"])
    // The remote takes nothing: the move stays announced.
    let hook = "\(world.servers)/cart.git/hooks/pre-receive"
    try Files.writeAtomically(hook, Array("#!/bin/sh\nexit 1\n".utf8), mode: 0o755)
    let refused = try world.migrate("fleet", "run")
    #expect(refused.code == 1 && refused.err.contains("is not pushed"), "\(refused)")
    #expect(try world.sentences().contains { $0.contains("is to be pushed at") })
    #expect(try world.tip("cart").isEmpty)
    try Files.removeFile(hook)
    // As if the push had come through, and the record of it not.
    let tip = try world.git(world.path, "rev-parse", "migrate/guava.cart")
    _ = try world.git(world.path, "push", "--quiet", world.url("cart"), "\(tip):refs/heads/migrate/guava")
    let after = try world.migrate("fleet", "run")
    #expect(after.code == 0, "\(after)")
    #expect(try world.states() == ["cart": "pushed"])
    #expect(try world.tip("cart") == tip)
  }

  @Test func `an agent is told its target, and what a plan allows it allows over all targets`() throws {
    let world = try FleetWorld()
    let agent =
      "agent: { command: 'cat > \"$HOME/prompt-$MIGRATE_TARGET\"; mkdir \"$HOME/alone\" && sleep 0.2 && "
      + "echo x >> app.py && rmdir \"$HOME/alone\"', max_concurrent: 1 }"
    let plan = try world.plan(["cart", "mail", "pay"], steps: "  - { id: S1 }", more: agent)
    #expect(try world.migrate("fleet", "check", plan).code == 0)
    let run = try world.migrate("fleet", "run", "-j", "3")
    #expect(run.code == 0, "\(run)")
    let prompt = try Files.readFile(world.home.root + "/home/prompt-mail") ?? []
    #expect(String(decoding: prompt, as: UTF8.self).hasPrefix("Do S1 in mail."))
    #expect(try world.states().values.allSatisfy { $0 == "pushed" })
  }

  @Test func `a clone of a target has the work, and leads to the target`() throws {
    let world = try FleetWorld([("cart", true)])
    #expect(try world.migrate("fleet", "check", try world.plan(["cart"])).code == 0)
    #expect(try world.migrate("fleet", "run").code == 0)
    let clone = try world.migrate("fleet", "clone", "cart", world.home.root + "/look")
    #expect(clone.code == 0, "\(clone)")
    let look = world.home.root + "/look"
    #expect(try world.git(look, "rev-parse", "HEAD") == (try world.tip("cart")))
    #expect(try world.git(look, "remote", "get-url", "origin") == world.url("cart"))
    #expect(try world.git(look, "rev-parse", "--abbrev-ref", "HEAD") == "migrate/guava")
  }

  @Test func `a lock that was left at a target is told soon, and the work goes on without it`() throws {
    let world = try FleetWorld([("cart", true)])
    #expect(try world.migrate("fleet", "check", try world.plan(["cart"])).code == 0)
    try Files.makeDirectories("\(world.servers)/cart.git/refs/heads/migrate")
    try Files.writeAtomically(world.lock("cart"), [])
    let locked = try world.migrate("fleet", "run")
    #expect(locked.code == 1 && locked.err.contains("refs/heads/migrate/guava.lock"), "\(locked)")
    try Files.removeFile(world.lock("cart"))
    let after = try world.migrate("fleet", "run")
    #expect(after.code == 0, "\(after)")
    #expect(try world.states() == ["cart": "pushed"])
  }

  @Test func `a branch that is in the way of ours is named`() throws {
    let world = try FleetWorld([("cart", true)])
    _ = try world.at("cart", "branch", "migrate", "main")
    #expect(try world.migrate("fleet", "check", try world.plan(["cart"])).code == 0)
    let run = try world.migrate("fleet", "run")
    #expect(run.code == 1 && run.err.contains("'refs/heads/migrate' exists; cannot create"), "\(run)")
  }

  /// The process that pushes is called by the name of the file that it was started as, `exe`.
  @Test(arguments: ["pre-receive", "post-receive"], ["git-migrate", "exe"])
  func `a run that is killed with the push is gone on with, once`(_ hook: String, _ name: String) throws {
    let world = try FleetWorld([("cart", true)])
    #expect(try world.migrate("fleet", "check", try world.plan(["cart"])).code == 0)
    // Whoever serves the push kills who pushes: before anything has moved there, or after.
    let file = "\(world.servers)/cart.git/hooks/\(hook)"
    let script = """
      #!/bin/sh
      p=$$
      while [ "$p" -gt 1 ]; do
        echo "$p" >>"\(world.servers)/pids"
        p=$(sed -n 's/^PPid:[^0-9]*//p' "/proc/$p/status")
        [ "$(cat "/proc/$p/comm")" = \(name) ] && { kill -9 "$p"; break; }
      done
      exit 0

      """
    try Files.writeAtomically(file, Array(script.utf8), mode: 0o755)
    let killed = try world.migrate("fleet", "run")
    #expect(killed.code != 0, "\(killed)")
    let below = String(decoding: try Files.readFile("\(world.servers)/pids") ?? [], as: UTF8.self)
    let pids = below.split(separator: "\n").compactMap { Int32($0) }
    #expect(pids.count > 2, "\(killed)")
    // What is below who is killed ends soon after; until then it may come to its end, or not.
    #expect(eventually { !pids.contains { ProcessIdentity(pid: $0) != nil } })
    #expect(try name != "exe" || !world.sentences().contains { $0.contains("all pushed at") })
    try Files.removeFile(file)
    // Who serves the push may die with it, and leave its lock.
    try Files.removeFile(world.lock("cart"))
    let after = try world.migrate("fleet", "run")
    #expect(after.code == 0, "\(after)")
    #expect(try world.states() == ["cart": "pushed"])
    #expect(try world.tip("cart") == (try world.git(world.path, "rev-parse", "migrate/guava.cart")))
    #expect(try world.sentences().count { $0.contains("all pushed at") } == 1)
    #expect(try world.at("cart", "rev-list", "--count", "main..migrate/guava") == "1")
    #expect(try world.complaints() == "")
  }

  @Test func `what is pushed is offered in each target, once, and what people close stays closed`() throws {
    let world = try FleetWorld()
    let forge = try Forge(world)
    #expect(try world.migrate("fleet", "check", try forge.plan(["cart", "mail", "pay"])).code == 0)
    let run = try world.migrate("fleet", "run")
    #expect(run.code == 0, "\(run)")
    let first = try forge.publish()
    #expect(first.code == 0 && first.out.contains("3 open"), "\(first)")
    let requests = try forge.requests()
    #expect(Set(requests.map { $0["repository"]?.text ?? "" }) == ["cart", "mail", "pay"])
    #expect(requests.allSatisfy { $0["branch"]?.text == "migrate/guava" && $0["base"]?.text == "main" })
    let again = try forge.publish()
    #expect(again.code == 0, "\(again)")
    #expect(try forge.requests().count == 3)
    try Files.writeAtomically(forge.folder + "/control.json", Array(#"{"close": [1]}"#.utf8))
    #expect(try forge.publish().code == 0)
    #expect(try world.states().values.allSatisfy { $0 == "rejected" })
    #expect(try forge.publish().code == 0)
    #expect(try forge.requests().count == 3, "closed is a person's word")
  }

  @Test func `a forge that is to be let alone holds up no target that is elsewhere`() throws {
    let world = try FleetWorld()
    let forge = try Forge(world)
    let plan = try forge.plan(["cart", "mail"], elsewhere: ["pay"])
    #expect(try world.migrate("fleet", "check", plan).code == 0)
    #expect(try world.migrate("fleet", "run").code == 0)
    try Files.writeAtomically(forge.folder + "/control.json", Array(#"{"limit": 1}"#.utf8))
    let first = try forge.publish()
    #expect(first.code == 1 && first.err.contains("pay: on no forge that is known"), "\(first)")
    let again = try forge.publish()
    #expect(again.code == 1 && again.err.contains("pay: on no forge that is known"), "\(again)")
    #expect(
      again.err.split(separator: "\n").count { $0.contains("is to be let alone until") } == 1, "\(again)")
    #expect(try forge.requests().isEmpty)
  }

  /// A forge above the world's repositories, which git finds by an address that names a host.
  final class Forge {
    let world: FleetWorld
    let folder: String
    private let server: LoopbackServer

    init(_ world: FleetWorld) throws {
      let folder = world.home.root + "/forge"
      (self.world, self.folder) = (world, folder)
      try Files.makeDirectories(folder)
      let program = Files.parent(of: Files.parent(of: #filePath)) + "/Fleet/forge.py"
      let servers = world.servers
      server = try LoopbackServer(world.home, "python3") { [program, "\($0)", folder, servers] }
      let config =
        TestRepository.noWalls + "\tforge = github\n\tforgePause = 1\n"
        + "\tforgeUrl = http://127.0.0.1:\(server.port)/api/v3\n"
        + "[url \"\(servers)/\"]\n"
        + ["127.0.0.1", "forge.test"].map { "\tinsteadOf = https://\($0)/shop/\n" }.joined()
      try Files.writeAtomically(world.home.root + "/gitconfig", Array(config.utf8))
    }

    /// A plan for targets there, and for some at a host that nobody knows.
    func plan(_ names: [String], elsewhere: [String] = []) throws -> String {
      let file = try world.plan(names + elsewhere)
      let text = String(decoding: try Files.readFile(file) ?? [], as: UTF8.self)
      var hosted = text
      for name in names + elsewhere {
        let host = elsewhere.contains(name) ? "forge.test" : "127.0.0.1"
        hosted = hosted.replacing(world.url(name), with: "https://\(host)/shop/\(name).git")
      }
      try Files.writeAtomically(file, Array(hosted.utf8))
      return file
    }

    func publish() throws -> TestRun {
      try world.migrate("fleet", "publish", adding: ["GH_ENTERPRISE_TOKEN": "secret"])
    }

    func requests() throws -> [StreamValue] {
      StreamValue.parse(try Files.readFile(folder + "/state.json") ?? [])?["requests"]?.elements ?? []
    }
  }

  @Test(arguments: [
    ("ext::sh -c true", "has a blank"), ("--upload-pack=x", "begins like an option"),
    ("ext::x", "names a helper program"), ("https://me:secret@forge.test/a/b", "has a password"),
    ("../here", "is no address"),
  ]) func `an address that could run something is refused`(_ url: String, _ words: String) throws {
    let world = try FleetWorld([])
    let plan = try world.plan(["cart"])
    let text = String(decoding: try Files.readFile(plan) ?? [], as: UTF8.self)
    try Files.writeAtomically(plan, Array(text.replacing(world.url("cart"), with: url).utf8))
    let check = try world.migrate("fleet", "check", plan)
    #expect(check.code == 128 && check.err.contains(words), "\(check)")
    #expect(try world.git(world.path, "for-each-ref", "refs/migrate").isEmpty)
    let offline = try world.migrate("check", plan)
    #expect(offline.code == 128 && offline.err.contains(words), "\(offline)")
  }

  @Test func `a plan for many is not started as one for this repository`() throws {
    let world = try FleetWorld([("cart", true)])
    let start = try world.migrate("start", try world.plan(["cart"]))
    #expect(start.code == 128 && start.err.contains("git migrate fleet check"), "\(start)")
    let check = try world.migrate("check", try world.plan(["cart"]))
    #expect(check.code == 0 && check.out.contains("1 target"), "\(check)")
  }
}
