import Git
import Ledger
import Migration
import Runner
import Site
import Supervision
import System
import Testing

/// What the installed hooks let the real git program do to the ledger: every storage state × every operation
/// (PITFALLS E.3, F14).
@Suite struct HookTableTests {
  enum Storage: CaseIterable { case loose, packed, both }

  enum Operation: CaseIterable {
    case gc, packPrune, packKeep, sameValue, append, appendBlind, fetch, pushInto
    case delete, deleteExpected, rewind, foreign, mixed, fetchRewind, pushDelete, pushRewind, branchForce

    var isAllowed: Bool {
      switch self {
      case .gc, .packPrune, .packKeep, .sameValue, .append, .appendBlind, .fetch, .pushInto: true
      case .delete, .deleteExpected, .rewind, .foreign, .mixed, .fetchRewind, .pushDelete, .pushRewind,
        .branchForce:
        false
      }
    }
  }

  @Test(arguments: Storage.allCases, Operation.allCases)
  func `the ledger only grows`(_ storage: Storage, _ operation: Operation) throws {
    let world = try HookWorld()
    try world.makeRepository()
    try world.start()
    let first = try #require(try world.resolve(Ledger.ref))
    try world.pause()
    let old = try #require(try world.resolve(Ledger.ref))
    // A clone that is one entry ahead.
    try world.git("repo", "clone", "-q", ".", "../ahead")
    try world.git("ahead", "fetch", "-q", "origin", "+refs/migrate/*:refs/migrate/*")
    try world.append(world.site("ahead"), .migrationResumed)
    let next = try #require(try world.resolve(Ledger.ref, in: "ahead"))
    try world.git("repo", "fetch", "-q", "../ahead", next)
    switch storage {
    case .loose: break
    case .packed: try world.git("repo", "pack-refs", "--all", "--prune")
    case .both: try world.git("repo", "pack-refs", "--all", "--no-prune")
    }
    _ = try world.install()

    let main = try #require(try world.resolve("main"))
    let ran = try run(operation, world, first: first, old: old, next: next, main: main)
    let now = try world.resolve(Ledger.ref)
    let grows: [Operation] = [.append, .appendBlind, .fetch, .pushInto]
    #expect(now == (grows.contains(operation) ? next : old), "\(ran.errors)")
    #expect(ran.isSuccess == operation.isAllowed, "\(ran.errors)")
    if !operation.isAllowed { #expect(ran.errors.contains("refs/migrate/ledger"), "\(ran.errors)") }
    #expect(try world.git("repo", "fsck", "--strict", "--no-dangling").isSuccess)
  }

  private func run(
    _ operation: Operation, _ world: HookWorld, first: String, old: String, next: String, main: String
  ) throws -> HookWorld.Ran {
    let ref = Ledger.ref
    switch operation {
    case .gc: return try world.git("repo", "gc", "-q", "--prune=now")
    case .packPrune: return try world.git("repo", "pack-refs", "--all", "--prune")
    case .packKeep: return try world.git("repo", "pack-refs", "--all", "--no-prune")
    case .sameValue: return try world.git("repo", "update-ref", ref, old)
    case .append: return try world.git("repo", "update-ref", ref, next, old)
    case .appendBlind: return try world.git("repo", "update-ref", ref, next)
    case .fetch: return try world.git("repo", "fetch", "-q", "../ahead", "refs/migrate/*:refs/migrate/*")
    case .pushInto: return try world.git("ahead", "push", "-q", "origin", ref)
    case .delete: return try world.git("repo", "update-ref", "-d", ref)
    case .deleteExpected: return try world.git("repo", "update-ref", "-d", ref, old)
    case .rewind: return try world.git("repo", "update-ref", ref, first, old)
    case .foreign: return try world.git("repo", "update-ref", ref, main)
    case .mixed:
      let input = "create refs/heads/side \(main)\nupdate \(ref) \(main)\n"
      let ran = try world.git("repo", "update-ref", "--stdin", input: input)
      #expect(try world.resolve("refs/heads/side") == nil)
      return ran
    case .fetchRewind: return try world.git("repo", "fetch", "-q", "../ahead", "+\(first):\(ref)")
    case .pushDelete: return try world.git("ahead", "push", "-q", "origin", ":\(ref)")
    case .pushRewind: return try world.git("ahead", "push", "-q", "origin", "+\(first):\(ref)")
    case .branchForce:
      // Porcelain that ends at the same ref through a symbolic one.
      try world.git("repo", "symbolic-ref", "refs/heads/alias", ref)
      return try world.git("repo", "update-ref", "refs/heads/alias", main)
    }
  }
}

/// What they let it do to branches.
@Suite struct HookBranchTests {
  let world: HookWorld

  init() throws {
    world = try HookWorld()
    try world.makeRepository()
    _ = try world.install()
    try world.start()
  }

  @Test func `nobody commits, merges, pushes or moves by hand on the integration branch`() throws {
    let into = "refs/heads/migrate/logging"
    let before = try #require(try world.resolve(into))
    try world.git("repo", "checkout", "-q", "-b", "side")
    try world.git("repo", "commit", "-q", "--allow-empty", "-m", "side")
    let side = try #require(try world.resolve("side"))
    try world.git("repo", "checkout", "-q", "migrate/logging")
    try world.git("repo", "clone", "-q", ".", "../other")
    try world.git("other", "commit", "-q", "--allow-empty", "-m", "other")
    let tries: [[String]] = [
      ["commit", "-q", "--allow-empty", "-m", "x"],
      ["commit", "-q", "--allow-empty", "--no-verify", "-m", "x"],
      ["merge", "-q", "--no-ff", "-m", "x", "side"],
      ["merge", "-q", "--no-ff", "--no-verify", "-m", "x", "side"],
      ["merge", "-q", "--ff-only", "side"], ["reset", "-q", "--hard", "main~1"],
      ["cherry-pick", "--allow-empty", "side"],
      ["update-ref", into, side], ["update-ref", "-d", into],
      ["fetch", "-q", "--update-head-ok", "../other", "+migrate/logging:migrate/logging"],
    ]
    for arguments in tries {
      let ran = try run(arguments)
      #expect(!ran.isSuccess, "\(arguments)")
      #expect(ran.errors.contains("migrate/logging"), "\(arguments): \(ran.errors)")
      #expect(try world.resolve(into) == before, "\(arguments)")
      _ = try run(["merge", "--abort"])
      _ = try run(["cherry-pick", "--quit"])
      _ = try run(["reset", "-q", "--hard"])
    }
    try world.git("repo", "checkout", "-q", "main")
    for arguments in [["branch", "-D", "migrate/logging"], ["branch", "-f", "migrate/logging", "side"]] {
      #expect(!(try run(arguments)).isSuccess, "\(arguments)")
      #expect(try world.resolve(into) == before, "\(arguments)")
    }
    let push = try world.git("other", "push", "-q", "origin", "HEAD:migrate/logging")
    #expect(push.errors.contains("git migrate submit"), "\(push.errors)")
    #expect(try world.resolve(into) == before)
  }

  private func run(_ arguments: [String]) throws -> HookWorld.Ran {
    let command = Command("git", arguments, environment: world.environment, directory: world.path("repo"))
    let outcome = try command.run()
    return HookWorld.Ran(
      code: outcome.status.isSuccess ? 0 : 1, text: outcome.text, errors: outcome.errorText)
  }

  @Test func `our own merge passes the same hook`() throws {
    let into = "refs/heads/migrate/logging"
    let (old, new) = try world.intendMerge("S1")
    let site = try world.site()
    let (from, to) = (try #require(OID(old)), try #require(OID(new)))
    #expect(try site.git.updateRef(into, to: to, from: from, hooks: .effective) == .moved)
    try world.recordMerge("S1", new)
    #expect(try world.resolve(into) == new)
    let again = try site.git.updateRef(into, to: from, from: to, hooks: .effective)
    guard case .denied = again else { throw HookWorld.Stop(reason: "\(again)") }
  }

  @Test func `it also guards from linked worktrees and by --git-dir`() throws {
    try world.git("repo", "worktree", "add", "-q", "--detach", "../linked")
    for folder in ["linked", "repo/.git"] {
      let ran = try world.git(folder, "update-ref", "refs/heads/migrate/logging", "HEAD~1")
      #expect(!ran.isSuccess && ran.errors.contains("no verdict"), "\(folder): \(ran.errors)")
      #expect(try world.git(folder, "update-ref", "refs/heads/free", "HEAD~1").isSuccess)
    }
    let ran = try world.git(".", "--git-dir=repo/.git", "update-ref", "refs/heads/migrate/logging", "HEAD~1")
    #expect(!ran.isSuccess && ran.errors.contains("no verdict"), "\(ran.errors)")
  }

  @Test func `without our program only our refs wait`() throws {
    let environment = world.withoutProgram
    #expect(
      try world.git("repo", "commit", "-q", "--allow-empty", "-m", "x", environment: environment).isSuccess)
    #expect(try world.git("repo", "branch", "other", environment: environment).isSuccess)
    #expect(try world.git("repo", "tag", "v1", environment: environment).isSuccess)
    let ran = try world.git("repo", "update-ref", "refs/migrate/x", "HEAD", environment: environment)
    #expect(!ran.isSuccess)
    #expect(ran.errors.contains("'git-migrate' is not in PATH"), "\(ran.errors)")
    #expect(
      !(try world.git("repo", "update-ref", "refs/heads/migrate/logging", "HEAD~1", environment: environment))
        .isSuccess)
  }

  @Test func `a branch with another name is guarded as well`() throws {
    let other = try HookWorld()
    try other.makeRepository()
    _ = try other.install()
    try other.start(into: "next")
    #expect(!(try other.git("repo", "update-ref", "refs/heads/next", "main~1")).isSuccess)
    #expect(!(try other.git("repo", "branch", "-D", "next", environment: other.withoutProgram)).isSuccess)
    #expect(try other.git("repo", "branch", "nexttime").isSuccess)
    // A clone hears of it with the ledger.
    try other.git("repo", "clone", "-q", ".", "../clone")
    _ = try other.install("clone")
    try other.git("clone", "fetch", "-q", "origin", "refs/migrate/*:refs/migrate/*")
    #expect(!(try other.git("clone", "update-ref", "refs/heads/next", "main~1")).isSuccess)
  }

  @Test func `nothing illegal is pushed`() throws {
    try world.git(".", "init", "-q", "--bare", "server.git")
    let push = { (spec: String) in try world.git("repo", "push", "-q", "../server.git", spec) }
    #expect(try push("main:main").isSuccess)
    #expect(try push("refs/migrate/ledger:refs/migrate/ledger").isSuccess)
    #expect(!(try push("main:refs/migrate/ledger")).isSuccess)
    #expect(!(try push(":refs/migrate/ledger")).isSuccess)
    #expect(try push("migrate/logging:migrate/logging").isSuccess)
    #expect(!(try push("+main~1:migrate/logging")).isSuccess)
    try world.git("repo", "commit", "-q", "--allow-empty", "-m", "two words")
    let words = try push("HEAD^{/two words}:refs/heads/migrate/logging")
    #expect(!words.isSuccess && words.errors.contains("no verdict"), "\(words.errors)")
    #expect(try push("HEAD:main").isSuccess)
  }

  @Test func `a server refuses what no entry allows`() throws {
    try world.git(".", "init", "-q", "--bare", "server.git")
    let changes = try world.install("server.git")
    #expect(changes.done.contains("installed pre-receive"))
    let into = "refs/heads/migrate/logging"
    let push = { (folder: String, specs: [String]) in
      let command = Command(
        "git", ["push", "-q", "--atomic", "--no-verify", "../server.git"] + specs,
        environment: world.environment,
        directory: world.path(folder))
      let outcome = try command.run()
      return HookWorld.Ran(
        code: outcome.status.isSuccess ? 0 : 1, text: outcome.text, errors: outcome.errorText)
    }
    #expect(try push("repo", ["main", Ledger.ref, into]).isSuccess)
    let (old, new) = try world.intendMerge("S1")
    #expect(try world.git("repo", "update-ref", into, new, old).isSuccess)
    try world.recordMerge("S1", new)
    // The branch without the entries that allow it.
    #expect(!(try push("repo", [into])).isSuccess)
    let whole = try push("repo", [Ledger.ref, into])
    #expect(whole.isSuccess, "\(whole.errors)")
    let stray = try world.git("repo", "commit-tree", "main^{tree}", "-p", new, "-m", "stray").text
    let refused = [
      ["\(stray):\(into)"], ["+\(old):\(into)"], [":\(into)"], [":\(Ledger.ref)"],
      ["+\(Ledger.ref)~1:\(Ledger.ref)"],
      ["main", "+\(stray):\(Ledger.ref)"],
    ]
    for specs in refused {
      let ran = try push("repo", specs)
      #expect(!ran.isSuccess && ran.errors.contains("refusing to change"), "\(specs): \(ran.errors)")
    }
    #expect(try world.resolve(into, in: "server.git") == new)
    #expect(try world.resolve(Ledger.ref, in: "server.git") == world.resolve(Ledger.ref))
    #expect(try push("repo", ["\(stray):refs/heads/free"]).isSuccess)
  }
}
