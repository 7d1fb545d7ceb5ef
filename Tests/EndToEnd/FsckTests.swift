import CanonicalJSON
import Git
import Glibc
import Ledger
import Migration
import Runner
import Supervision
import Support
import System
import Testing

/// Every rule that a repository can show, broken, and what `git migrate fsck` says of it.
@Suite struct FsckTests {
  private func findings(_ world: TamperWorld) throws -> (code: Int32, list: [[String: String]], text: String)
  {
    let command = Command(
      TestBinary.path, ["fsck", "--json"], environment: world.world.environment,
      directory: world.world.path("repo"))
    let outcome = try command.run()
    guard case .exited(let code) = outcome.status else { throw HookWorld.Stop(reason: "\(outcome.status)") }
    guard code <= 1 else { return (code, [], outcome.errorText) }
    guard case .array(let items)? = try JSON.parse(outcome.text)["findings"] else { return (code, [], "") }
    let list = items.map { item in
      Dictionary(
        uniqueKeysWithValues: ["rule", "subject", "message", "remedy"].map { key in
          guard case .string(let text)? = item[key] else { return (key, "") }
          return (key, text)
        })
    }
    return (code, list, outcome.text)
  }

  @Test func `a sound repository has no findings`() throws {
    let world = try TamperWorld()
    let found = try findings(world)
    #expect(found.code == 0 && found.list.isEmpty, "\(found.text)")
  }

  /// What a single copy cannot show: an older or another ledger that is legal in itself.
  private static let unseen = ["a truncated chain", "a rewritten chain"]

  @Test(arguments: Tamperings.all.filter { $0.isEntry && !unseen.contains($0.name) })
  func `an entry that a server refuses is found where there is no server`(_ tampering: Tampering) throws {
    let world = try TamperWorld()
    let spec = try tampering.make(world)[0]
    let oid = String(spec.dropFirst(spec.hasPrefix("+") ? 1 : 0).prefix(40))
    try world.set(TamperWorld.ledger, oid)
    let found = try findings(world)
    #expect(found.code == 1 || (found.code == 128 && found.text.hasPrefix("fatal: ")), "\(found)")
    for item in found.list {
      #expect(item["rule"]?.hasPrefix("I-") == true && item["remedy"] != "", "\(item)")
      #expect(item["subject"] != "" && item["message"] != "", "\(item)")
    }
    if found.code == 1, let rule = tampering.reason.firstRange(of: "I-"), tampering.reason.count < 6 {
      let wanted = String(tampering.reason[rule.lowerBound...])
      #expect(found.list.contains { $0["rule"] == wanted }, "\(found.list)")
    }
  }

  @Test(arguments: Self.breaks)
  func `the rule is named`(_ broken: Break) throws {
    let world = try TamperWorld()
    try broken.make(world)
    let found = try findings(world)
    #expect(found.code == 1, "\(found)")
    let item = found.list.first {
      $0["rule"] == broken.rule && $0["message"]?.contains(broken.message) == true
    }
    #expect(item != nil, "\(found.list)")
    #expect(item?["remedy"] != "" && item?["subject"] != "")
  }

  struct Break: Sendable, CustomTestStringConvertible {
    var rule: String
    var message: String
    var make: @Sendable (TamperWorld) throws -> Void

    init(_ rule: String, _ message: String, _ make: @escaping @Sendable (TamperWorld) throws -> Void) {
      (self.rule, self.message, self.make) = (rule, message, make)
    }

    var testDescription: String { "\(rule): \(message)" }
  }

  private static let into = TamperWorld.into

  private static let breaks: [Break] = [
    Break("I-8", "its checkpoint differs") { world in
      let entry = try world.amend()
      let lines = "100644 \(try world.blob("{}"))\tcheckpoint.json\n"
      try world.set(TamperWorld.ledger, world.edit(entry, tree: world.tree(of: entry, lines)))
    },
    Break("I-16", "is blocked") { world in
      for epoch in 1...3 {
        let time = SystemClock().now().adding(seconds: (epoch - 4) * 100_000 + 300_000)
        try world.appendAt(time, world.claim("S2", epoch, until: time.adding(seconds: 60)))
        try world.appendAt(
          time, .attemptFailed(Fence(step: "S2", epoch: epoch), Failure(kind: .worker, reason: "no")))
      }
      let time = SystemClock().now().adding(seconds: 300_000)
      let forged = try world.forge(world.claim("S2", 4, until: time.adding(seconds: 60)), at: time)
      try world.set(TamperWorld.ledger, forged)
    },
    Break("I-17", "the worktree slot 'slot-1' belongs to 'S2'") { world in
      try world.amend(steps: [PlannedStep(id: "S3", run: "true")])
      try world.append(world.claim("S2", 1, slot: "slot-1"))
      try world.set(TamperWorld.ledger, world.forge(world.claim("S3", 1, slot: "slot-1")))
    },
    Break("I-21", "'S3' waits for S2") { world in
      try world.amend(steps: [PlannedStep(id: "S3", needs: ["S2"], run: "true")])
      try world.set(TamperWorld.ledger, world.forge(world.claim("S3", 1)))
    },
    Break("I-22", "has a commit that no gate passed: work") { world in
      try world.set(into, world.work().commit)
    },
    Break("I-22", "the integration branch is gone") { world in _ = try world.git("update-ref", "-d", into) },
    Break("I-22", "its tree is not the one that passed") { world in
      let (good, evil) = (try world.work(), try world.work("evil\n"))
      try world.merge(evil.commit, passed: good.tree)
      try world.set(into, evil.commit)
    },
    Break("I-22", "it does not follow") { world in
      let work = try world.work()
      let bare = try world.git("commit-tree", work.tree, "-p", "main", "-m", "work")
      try world.merge(bare, passed: work.tree)
      try world.set(into, bare)
    },
    Break("I-22", "it has 2 parents") { world in
      let work = try world.work()
      let other = try world.git("commit-tree", work.tree, "-p", "main", "-m", "other")
      let merge = try world.git("commit-tree", work.tree, "-p", into, "-p", other, "-m", "work")
      try world.merge(merge, passed: work.tree)
      try world.set(into, merge)
    },
    Break("I-23", "where the ledger says it is") { world in _ = try world.git("update-ref", into, "main") },
    Break("I-26", "lie there") { world in _ = try world.git("update-ref", "refs/migrate/junk", "main") },
    Break("I-26", "the ledger has no claim 4 of the step 'S1'") { world in
      _ = try world.git("update-ref", "refs/migrate/attempt/logging/S1/4", "main")
    },
    Break("I-26", "is missing") { world in
      try world.append(world.claim("S2", 1))
      let path = "repo/.git/refs/migrate/attempt/logging/S2/1"
      try world.world.write(path, String(repeating: "7", count: 40) + "\n")
    },
    Break("I-27", "nobody can move what it locks") { world in
      try world.leave("repo/.git/refs/migrate/ledger.lock", age: 3600)
    },
    Break("I-27", "never written to their end") { world in
      try world.leave("repo/.git/objects/ab/tmp_obj_x", age: 7200)
    },
    Break("I-25", "git knows no worktree for it") { world in
      try world.append(world.claim("S2", 1, slot: "slot-1", owner: HookWorld.here))
    },
    Break("I-25", "the files there are of 'S9', epoch 1") { world in
      _ = try world.git("worktree", "add", "-q", "--detach", "../repo.migrate/slot-1", "main")
      try Files.move(
        world.world.path("repo/.git/worktrees/slot-1"),
        to: world.world.path("repo/.git/worktrees/migrate-slot-1"))
      try world.world.write(
        "repo.migrate/slot-1/.git",
        "gitdir: \(world.world.path("repo/.git/worktrees/migrate-slot-1"))\n")
      try world.world.write(
        "repo/.git/migrate/slots/slot-1.json",
        "{\"base\":\"\(try world.branch())\",\"boot\":\"b\",\"closed\":false,\"epoch\":1,\"machine\":\"m\","
          + "\"migration\":\"logging\",\"pid\":1,\"step\":\"S9\",\"ticks\":1}")
      try world.append(world.claim("S2", 1, slot: "slot-1", owner: HookWorld.here))
    },
    Break("I-25", "is registered at") { world in
      _ = try world.git(
        "worktree", "add", "-q", "--detach", "--lock", "--reason", "git-migrate uses this worktree",
        "../elsewhere/migrate-slot-1", "main")
    },
  ]
}

extension HookWorld {
  /// A claim of this machine that is bound to no process.
  static var here: Owner { Owner(machine: Machine.identity, boot: Machine.bootID, pid: 0, startTicks: 0) }
}
