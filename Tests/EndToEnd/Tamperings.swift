import Ledger
import Migration
import Testing

/// Something that a pusher could try: what is pushed, and a part of the answer.
struct Tampering: Sendable, CustomTestStringConvertible {
  var name: String
  var reason: String
  var make: @Sendable (TamperWorld) throws -> [String]

  init(_ name: String, _ reason: String, _ make: @escaping @Sendable (TamperWorld) throws -> [String]) {
    (self.name, self.reason, self.make) = (name, reason, make)
  }

  /// Whether it is pushed as the ledger alone.
  var isEntry = false

  /// One entry pushed as the ledger.
  static func entry(
    _ name: String, _ reason: String, _ make: @escaping @Sendable (TamperWorld) throws -> String
  ) -> Tampering {
    var tampering = Tampering(name, reason) { ["+\(try make($0)):\(TamperWorld.ledger)"] }
    tampering.isEntry = true
    return tampering
  }

  var testDescription: String { name }
}

enum Tamperings {
  typealias World = TamperWorld
  static let ledger = TamperWorld.ledger
  static let into = TamperWorld.into

  static let all = form + chain + rules + time + trees + branches + refs

  static let paused = Migration.Change.migrationPaused(reason: "lunch")

  // MARK: The form of an entry

  private static let form: [Tampering] = [
    .entry("a commit by hand", "its message is not a sentence and a line") { world in
      try world.git("commit-tree", "main^{tree}", "-p", world.tip(), "-m", "hello")
    },
    .entry("an entry without nonce", "I-6") { world in
      let text = try world.git("cat-file", "commit", world.append(paused))
      guard let start = text.firstRange(of: "\"nonce\":\"")?.lowerBound else { return "" }
      return try world.edit(world.tip(), (String(text[start...].prefix(44)), ""))
    },
    .entry("white space in the line", "not in canonical form") { world in
      try world.edit(world.append(paused), ("\"at\":", "\"at\": "))
    },
    .entry("keys in another order", "not in canonical form") { world in
      try world.edit(world.append(paused), ("{\"at\"", "{\"v\":2,\"at\""), (",\"v\":2}", "}"))
    },
    .entry("a kind nobody knows", "I-7") { world in
      try world.edit(world.append(paused), ("migration.paused", "migration.praised"))
    },
    .entry("a newer version", "has format 3, which this version cannot read") { world in
      try world.edit(world.append(paused), ("\"v\":2}", "\"v\":3}"))
    },
    .entry("a version that never was", "there is no version 0") { world in
      try world.edit(world.append(paused), ("\"v\":2}", "\"v\":0}"))
    },
    .entry("a float", "a number with a fraction") { world in
      try world.edit(world.append(paused), ("\"v\":2}", "\"v\":2.0}"))
    },
    .entry("a key twice", "stands twice") { world in
      try world.edit(world.append(paused), ("\"v\":2}", "\"v\":2,\"v\":2}"))
    },
    .entry("a member nobody knows", "a member that this version does not know") { world in
      try world.edit(world.append(paused), ("\"v\":2}", "\"v\":2,\"w\":1}"))
    },
    .entry("bytes after the line", "more than one line") { world in
      try world.edit(world.append(paused), ("\"v\":2}", "\"v\":2}\nand more"))
    },
    .entry("bytes behind a NUL", "I-6") { world in
      let text = try world.git("cat-file", "commit", world.append(paused))
      return try world.write("commit", Array("\(text)\n\0evil\n".utf8))
    },
    .entry("nested to the stack's end", "nested deeper") { world in
      let deep = String(repeating: "[", count: 30_000)
      return try world.edit(world.append(paused), ("\"lunch\"", deep))
    },
    .entry("a sentence that lies", "its sentence is 'logging resumed'") { world in
      try world.edit(world.append(paused), ("logging paused: lunch", "logging resumed"))
    },
    .entry("another author", "its author, its time or another header") { world in
      try world.edit(world.append(paused), ("author git-migrate", "author somebody"))
    },
    .entry("another time in the commit", "its author, its time or another header") { world in
      try world.edit(world.append(paused), ("@localhost> 1", "@localhost> 2"))
    },
    .entry("a header more", "its author, its time or another header") { world in
      try world.edit(world.append(paused), ("+0000\n\n", "+0000\nencoding latin1\n\n"))
    },
    .entry("a huge reason", "I-7") { world in
      try world.forge(.migrationPaused(reason: String(repeating: "x", count: 66_000)))
    },
    .entry("a huge commit", "I-7") { world in
      try world.forge(.migrationPaused(reason: String(repeating: "x", count: 10 << 20)))
    },
  ]

  // MARK: The chain

  private static let chain: [Tampering] = [
    .entry("a rewritten chain", "the ledger only grows") { world in
      var parent = ""
      for entry in try world.git("rev-list", "--reverse", ledger).split(separator: "\n").map(String.init) {
        let text = try world.git("cat-file", "commit", entry) + "\n"
        let lines = text.split(separator: "\n", omittingEmptySubsequences: false).map { line in
          line.hasPrefix("parent ") ? "parent \(parent)" : String(line)
        }
        let joined = lines.joined(separator: "\n").replacing("\"by\":\"w\"", with: "\"by\":\"x\"")
        parent = try world.write("commit", Array(joined.utf8))
      }
      return parent
    },
    .entry("a truncated chain", "the ledger only grows") { world in try world.git("rev-parse", ledger + "~2")
    },
    .entry("two parents", "it has 2 parents") { world in
      try world.forge(paused, parents: [try world.tip(), try world.git("rev-parse", "main")])
    },
    .entry("two parents, the ledger second", "the entries are not legal: I-") { world in
      try world.forge(paused, parents: [try world.git("rev-parse", "main"), try world.tip()])
    },
    .entry("a merge of two continuations", "it has 2 parents") { world in
      let one = try world.forge(paused)
      let two = try world.forge(paused)
      return try world.forge(.migrationResumed, sequence: 9, parents: [one, two])
    },
    .entry("a second root", "the ledger only grows") { world in
      try world.forge(paused, sequence: 1, parents: [])
    },
    .entry("people's history", "the ledger only grows") { world in try world.git("rev-parse", "main") },
    .entry("an entry left out", "it has number") { world in try world.forge(paused, sequence: 9) },
    .entry("the same number again", "it has number") { world in try world.forge(paused, sequence: 7) },
    .entry("a nonce from the chain", "I-3") { world in
      let line = try world.git("log", "-1", "--format=%b", ledger + "~3")
      return try world.forge(paused, nonce: String(line.split(separator: "\"nonce\":\"")[1].prefix(32)))
    },
    .entry("a nonce twice in one push", "I-3") { world in
      let nonce = String(repeating: "ab", count: 16)
      let first = try world.forge(paused, nonce: nonce)
      return try world.forge(.migrationResumed, sequence: 9, nonce: nonce, parents: [first])
    },
    Tampering("the ledger deleted", "the ledger is never deleted") { _ in [":\(ledger)"] },
    .entry("a blob", "is a blob, no commit") { world in try world.blob("x") },
    .entry("a tree", "is a tree, no commit") { world in try world.git("rev-parse", ledger + "^{tree}") },
    .entry("a tag object", "is a tag, no commit") { world in
      let tip = try world.append(paused)
      return try world.write(
        "tag", Array("object \(tip)\ntype commit\ntag x\ntagger a <a@b> 1 +0000\n\nx\n".utf8))
    },
    Tampering("an object left out", "") { world in
      let entry = try world.amend()
      let lost = "100644 \(String(repeating: "7", count: 40))\tplans/logging/2.md\n"
      let index = ["GIT_INDEX_FILE": world.world.path("index")]
      _ = try world.git(["read-tree", entry], adding: index)
      _ = try world.git(["update-index", "--index-info"], input: Array(lost.utf8), adding: index)
      let tree = try world.git(["write-tree", "--missing-ok"], adding: index)
      return ["\(try world.edit(entry, tree: tree)):\(ledger)"]
    },
    Tampering("legal and illegal in one push", "the entries are not legal") { world in
      [
        "\(try world.work(on: "main").commit):refs/heads/main",
        "\(try world.forge(paused, sequence: 9)):\(ledger)",
      ]
    },
  ]

  // MARK: What decide refuses

  private static let rules: [Tampering] = [
    .entry("a merge without a verdict", "I-22") { world in
      let work = try world.work()
      try world.append(world.claim("S2", 1))
      try world.append(world.submit("S2", 1, work))
      try world.append(world.gate("S2", work.tree))
      return try world.forge(world.intent("S2", to: work.commit, work.tree))
    },
    .entry("a verdict on another tree", "I-22") { world in
      let work = try world.work()
      try world.append(world.claim("S2", 1))
      try world.append(world.submit("S2", 1, work))
      try world.append(world.gate("S2", work.tree))
      return try world.forge(world.verdict("S2", world.git("rev-parse", "main^{tree}")))
    },
    .entry("a verdict of other verifiers", "verifiers that are not the plan's") { world in
      let work = try world.work()
      try world.append(world.claim("S2", 1))
      try world.append(world.submit("S2", 1, work))
      try world.append(world.gate("S2", work.tree))
      return try world.forge(
        world.verdict("S2", work.tree, verifiers: String(repeating: "0", count: 64)))
    },
    .entry("another tree than the one that passed", "I-22") { world in
      let work = try world.work()
      try world.append(world.claim("S2", 1))
      try world.append(world.submit("S2", 1, work))
      try world.append(world.gate("S2", work.tree))
      try world.append(world.verdict("S2", work.tree))
      let evil = try world.work("evil\n")
      return try world.forge(world.intent("S2", to: evil.commit, evil.tree))
    },
    .entry("merged without an intent", "I-23") { world in
      try world.append(world.claim("S2", 1))
      return try world.forge(world.merged("S2", world.work().commit))
    },
    .entry("the work of an old epoch", "I-13") { world in
      try world.append(world.claim("S2", 1))
      try world.append(.stepReleased(Fence(step: "S2", epoch: 1), forced: true, reason: ""))
      return try world.forge(world.submit("S2", 1, world.work()))
    },
    .entry("an epoch twice", "I-12") { world in
      try world.append(world.claim("S2", 1))
      try world.append(.stepReleased(Fence(step: "S2", epoch: 1), forced: false, reason: ""))
      return try world.forge(world.claim("S2", 1))
    },
    .entry("an epoch left out", "I-12") { world in try world.forge(world.claim("S2", 2)) },
    .entry("two holders", "I-11") { world in
      try world.append(world.claim("S2", 1))
      return try world.forge(world.claim("S2", 2, by: "thief"), by: "thief")
    },
    .entry("a claim on what is merged", "I-18") { world in try world.forge(world.claim("S1", 2)) },
    .entry("a renewal by another", "I-14") { world in
      try world.append(world.claim("S2", 1))
      return try world.forge(
        .leaseRenewed(Fence(step: "S2", epoch: 1), expiresAt: world.soon.adding(seconds: 60)), by: "thief")
    },
    .entry("an expiry before its time", "I-15") { world in
      try world.append(world.claim("S2", 1))
      return try world.forge(
        .leaseExpired(Fence(step: "S2", epoch: 1), renewal: 0, evidence: .timeout), by: "thief")
    },
    .entry("the death of another process", "I-15") { world in
      try world.append(world.claim("S2", 1))
      let other = Owner(machine: "m", boot: "b", pid: 8, startTicks: 8)
      return try world.forge(
        .leaseExpired(Fence(step: "S2", epoch: 1), renewal: 0, evidence: .holderDead(other)), by: "thief")
    },
    .entry("a claim for ever", "within seven days") { world in
      try world.forge(
        .stepClaimed(
          Claim(
            fence: Fence(step: "S2", epoch: 1), holder: "w", owner: World.owner,
            base: try world.id(world.branch()), expiresAt: Timestamp(milliseconds: .max), slot: nil)))
    },
    .entry("the end of what is not done", "not done") { world in
      try world.forge(.migrationFinished(result: try world.id(world.branch()), partial: false))
    },
    .entry("work after the end", "I-18") { world in
      try world.append(.migrationAborted(reason: "enough"))
      return try world.forge(world.claim("S2", 2))
    },
    .entry("a plan that no parser would take", "the integration branch") { world in
      var plan = Plan(migration: "other", into: "../../evil", steps: [PlannedStep(id: "S1", run: "true")])
      plan.base = "main"
      return try world.forgeStart(plan)
    },
    .entry("a plan whose needs go round", "lead back") { world in
      try world.forgeStart(
        Plan(
          migration: "other",
          steps: [
            PlannedStep(id: "S1", needs: ["S2"], run: "true"),
            PlannedStep(id: "S2", needs: ["S1"], run: "true"),
          ]))
    },
  ]
}
