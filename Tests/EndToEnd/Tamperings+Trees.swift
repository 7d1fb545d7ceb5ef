import CanonicalJSON
import Ledger
import Migration
import Testing

/// What is tried with times, trees, branches and other refs.
extension Tamperings {
  // MARK: Time

  static let time: [Tampering] = [
    .entry("an entry before the last", "older than the ledger's last entry") { world in
      try world.forge(paused, at: Timestamp(milliseconds: 1_000_000_000_000))
    },
    .entry("an entry of tomorrow", "set the clock") { world in
      try world.appendAt(SystemClock().now().adding(seconds: 86_400), paused)
      return try world.tip()
    },
    .entry("an entry of the last day", "set the clock") { world in
      try world.forge(paused, at: Timestamp(milliseconds: 253_402_300_799_000))
    },
  ]

  // MARK: Trees

  static let trees: [Tampering] = [
    .entry("a tree of its own, for nothing", "its tree is not its parent's") { world in
      let entry = try world.append(paused)
      let file = try world.blob("evil")
      return try world.edit(entry, tree: world.tree(of: entry, "100644 \(file)\tSTATUS.md\n"))
    },
    change("a file more", "'evil', which no plan", "evil", "100644", "x"),
    change("a file more among the plans", "'plans/logging/9.md', which", "plans/logging/9.md", "100644", "x"),
    change("plans of no migration", "'plans/other', which", "plans/other/1.md", "100644", "x"),
    change(
      "an old plan in other bytes", "it changes 'plans/logging/1.md'", "plans/logging/1.md", "100644", "x"),
    change(
      "another plan than its digest", "not the one that was approved", "plans/logging/2.md", "100644", "x"),
    change("an executable", "no plain file (100755)", "plans/logging/2.md", "100755", "plan 2"),
    change("a symbolic link", "no plain file (120000)", "STATUS.md", "120000", "/etc/passwd"),
    change("a checkpoint that lies", "its checkpoint differs", "checkpoint.json", "100644", "{}"),
    change("a page that lies", "its STATUS.md differs", "STATUS.md", "100644", "# All is well\n"),
    change("a folder for a file", "STATUS.md", "STATUS.md/x", "100644", "x", removing: "STATUS.md"),
    .entry("a submodule", "no plain file (160000)") { world in
      let entry = try world.amend()
      return try world.edit(
        entry, tree: world.tree(of: entry, "160000 \(try world.branch())\tSTATUS.md\n"))
    },
    .entry("a page left out", "its tree has no 'STATUS.md'") { world in
      let entry = try world.amend()
      let nothing = String(repeating: "0", count: 40)
      return try world.edit(entry, tree: world.tree(of: entry, "0 \(nothing)\tSTATUS.md\n"))
    },
    .entry("a plan in another form", "not in canonical form") { world in
      let entry = try world.amend()
      let plan = try world.git("show", entry + ":plans/logging/2.json")
      let file = try world.blob(" " + plan)
      return try world.edit(
        entry, tree: world.tree(of: entry, "100644 \(file)\tplans/logging/2.json\n"))
    },
    .entry("a huge plan", "I-7") { world in
      try world.amend(String(repeating: "x", count: 2 << 20))
      return try world.tip()
    },
    .entry("a huge tree", "I-7") { world in
      let entry = try world.amend()
      let file = try world.blob("x")
      let lines = (0..<40_000).map { "100644 \(file)\tevil-\($0)\n" }.joined()
      return try world.edit(entry, tree: world.tree(of: entry, lines))
    },
    .entry("a tree with one name twice", "I-6") { world in
      let entry = try world.amend()
      let lines = try world.git("ls-tree", entry).split(separator: "\n").map(String.init)
      let evil = "100644 blob \(try world.blob("evil"))\tSTATUS.md"
      let tree = try world.rawTree([evil] + lines)
      return try world.edit(entry, tree: tree)
    },
    .entry("a tree out of order", "I-6") { world in
      let entry = try world.amend()
      let lines = try world.git("ls-tree", entry).split(separator: "\n").map(String.init)
      return try world.edit(entry, tree: world.rawTree(lines.reversed()))
    },
  ]

  /// An amendment with one path of its tree changed.
  private static func change(
    _ name: String, _ reason: String, _ path: String, _ mode: String, _ text: String, removing: String? = nil
  ) -> Tampering {
    .entry(name, reason) { world in
      let entry = try world.amend()
      let nothing = String(repeating: "0", count: 40)
      let before = removing.map { "0 \(nothing)\t\($0)\n" } ?? ""
      let lines = before + "\(mode) \(try world.blob(text))\t\(path)\n"
      return try world.edit(entry, tree: world.tree(of: entry, lines))
    }
  }

  // MARK: Branches

  static let branches: [Tampering] = [
    Tampering("a commit without a verdict", "has no verdict") { world in
      ["\(try world.work().commit):\(into)"]
    },
    Tampering("the branch put back", "has no verdict") { _ in ["+main:\(into)"] },
    Tampering("the branch deleted", "the integration branch of the open migration") { _ in [":\(into)"] },
    Tampering("the tree that passed without its parent", "I-22") { world in
      let work = try world.work()
      let bare = try world.git("commit-tree", work.tree, "-p", "main", "-m", "work")
      try world.merge(bare, passed: work.tree)
      return ["--atomic", "+\(bare):\(into)", ledger]
    },
    Tampering("a commit with another tree than the one that passed", "I-22") { world in
      let (good, evil) = (try world.work(), try world.work("evil\n"))
      try world.merge(evil.commit, passed: good.tree)
      return ["--atomic", "\(evil.commit):\(into)", ledger]
    },
    Tampering("a commit more than was merged", "has no verdict") { world in
      let work = try world.work()
      try world.merge(work.commit, passed: work.tree)
      return ["--atomic", "\(try world.work("evil\n", on: work.commit).commit):\(into)", ledger]
    },
    Tampering("the branch without the ledger", "has no verdict") { world in
      let work = try world.work()
      try world.merge(work.commit, passed: work.tree)
      return ["\(work.commit):\(into)"]
    },
    Tampering("the ledger without the branch", "with '--atomic'") { world in
      let work = try world.work()
      try world.merge(work.commit, passed: work.tree)
      return [ledger]
    },
    Tampering("the branch of a migration that begins, with work that nobody judged", "has no verdict") {
      world in
      try world.start(into: "next")
      return ["\(try world.work().commit):refs/heads/next", ledger]
    },
    Tampering("the branch of a migration that begins, put there before", "is here already") { world in
      let first = try world.push(["\(try world.work().commit):refs/heads/next"])
      guard first.isSuccess else { throw HookWorld.Stop(reason: first.errors) }
      try world.start(into: "next")
      return [ledger]
    },
  ]

  // MARK: Other refs

  static let refs: [Tampering] = [
    Tampering("a result overwritten", "is written once") { world in
      ["+\(try world.work().commit):\(World.attempt)"]
    },
    Tampering("a result deleted", "it keeps the work of an attempt") { _ in [":\(World.attempt)"] },
    Tampering("a result of a step nobody knows", "the ledger has no claim 1 of the step 'S9'") { _ in
      ["main:refs/migrate/attempt/logging/S9/1"]
    },
    Tampering("a result of a claim to come", "the ledger has no claim 2 of the step 'S1'") { _ in
      ["main:refs/migrate/attempt/logging/S1/2"]
    },
    Tampering("a result with a number in another form", "lie there") { _ in
      ["main:refs/migrate/attempt/logging/S1/01"]
    },
    Tampering("a result that is a blob", "is a blob") { world in
      try world.append(world.claim("S2", 1))
      return [ledger, "\(try world.blob("x")):refs/migrate/attempt/logging/S2/1"]
    },
    Tampering("a ref of no use", "lie there") { _ in ["main:refs/migrate/junk"] },
    Tampering("another ledger", "lie there") { _ in ["main:refs/migrate/ledger2"] },
    Tampering("a ref where the ledger's file is", "") { _ in ["main:refs/migrate/ledger/x"] },
  ]
}

extension TamperWorld {
  /// Starts a second migration, in the way that git-migrate does.
  func start(into: String) throws {
    let plan = Plan(migration: "other", into: into, steps: [PlannedStep(id: "S1", run: "true")])
    let text = Array("plan".utf8)
    try append(
      .migrationStarted(
        MigrationStart(
          plan: plan, digest: SHA256.hexDigest(of: text), base: "main",
          commit: try id(git("rev-parse", "main")),
          shared: false)), planText: text, migration: "other")
  }

  /// The start of a migration that `decide` would refuse: a legal one with its plan exchanged.
  func forgeStart(_ plan: Plan) throws -> String {
    try start(into: "migrate/other")
    let tip = try tip()
    let file = try blob(plan.json.canonical)
    return try edit(tip, tree: tree(of: tip, "100644 \(file)\tplans/other/1.json\n"))
  }

  /// A tree of lines like those of `git ls-tree`, in the order given.
  func rawTree(_ lines: [String]) throws -> String {
    var bytes: [UInt8] = []
    for line in lines {
      let fields = line.split(separator: "\t", maxSplits: 1)
      let head = fields[0].split(separator: " ")
      let mode = head[0] == "040000" ? "40000" : String(head[0])
      bytes += Array("\(mode) \(fields[1])\0".utf8)
      var digits = head[2][...]
      while let byte = UInt8(digits.prefix(2), radix: 16) {
        bytes.append(byte)
        digits = digits.dropFirst(2)
      }
    }
    return try write("tree", bytes)
  }
}
