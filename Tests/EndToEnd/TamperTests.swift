import Ledger
import Migration
import Runner
import Site
import Testing

/// What a server with nothing but the `pre-receive` hook lets a real `git push` do.
@Suite struct TamperTests {
  @Test(arguments: Tamperings.all)
  func `a server refuses, says why, and changes nothing`(_ tampering: Tampering) throws {
    let world = try TamperWorld()
    let arguments = try tampering.make(world)
    let before = try world.serverRefs()
    let ran = try world.push(arguments)
    #expect(ran.code == 1 || (tampering.reason.isEmpty && ran.code != 0), "\(ran)")
    #expect(ran.errors.contains(tampering.reason), "\(ran.errors)")
    if !tampering.reason.isEmpty { #expect(ran.errors.contains("refusing to change"), "\(ran.errors)") }
    #expect(try world.serverRefs() == before)
    #expect(try world.world.git("server.git", "fsck", "--no-dangling").isSuccess)
  }

  @Test func `there are enough of them`() { #expect(Tamperings.all.count >= 40) }

  private func expectTaken(_ world: TamperWorld, _ arguments: [String]) throws {
    let ran = try world.push(arguments)
    #expect(ran.isSuccess, "\(ran.errors)")
    #expect(try world.world.resolve(Ledger.ref, in: "server.git") == world.tip())
  }

  @Test func `it takes what git-migrate writes: a merge with its branch, an amendment, a result`() throws {
    let world = try TamperWorld()
    let work = try world.work()
    try world.append(world.claim("S2", 1))
    try expectTaken(world, [Ledger.ref])
    let result = "\(work.commit):refs/migrate/attempt/logging/S2/1"
    // Not before it is handed in: anybody could take the ref away from the holder.
    #expect(try !world.push([result]).isSuccess)
    try world.append(world.submit("S2", 1, work))
    try world.amend()
    try world.append(world.gate("S2", work.tree))
    try world.append(world.verdict("S2", work.tree))
    try world.append(world.intent("S2", to: work.commit, work.tree))
    try expectTaken(world, [Ledger.ref, result])
    // The branch may come later.
    try world.append(world.merged("S2", work.commit))
    try expectTaken(world, ["--atomic", Ledger.ref, "\(work.commit):\(TamperWorld.into)"])
    #expect(try world.world.resolve(TamperWorld.into, in: "server.git") == work.commit)
    try world.append(.migrationFinished(result: try world.id(work.commit), partial: false))
    try expectTaken(world, [Ledger.ref])
    // The branch is the people's own after the end.
    #expect(try world.push([":\(TamperWorld.into)"]).isSuccess)
  }

  @Test func `it takes a whole ledger at once, with its branch`() throws {
    let world = try TamperWorld()
    let hook = "server.git/hooks/pre-receive"
    let script = try world.world.read(hook) ?? ""
    try world.world.git(".", "init", "-q", "--bare", "fresh.git")
    try world.world.write("fresh.git/hooks/pre-receive", script, mode: 0o755)
    let ran = try world.world.git(
      "repo", "push", "-q", "../fresh.git", "main", Ledger.ref, TamperWorld.into, TamperWorld.attempt)
    #expect(ran.isSuccess, "\(ran.errors)")
    #expect(try world.world.resolve(Ledger.ref, in: "fresh.git") == world.tip())
    // Without the branch nobody there could go on.
    try world.world.git(".", "init", "-q", "--bare", "bare.git")
    try world.world.write("bare.git/hooks/pre-receive", script, mode: 0o755)
    let alone = try world.world.git("repo", "push", "-q", "../bare.git", Ledger.ref)
    #expect(alone.code == 1 && alone.errors.contains("push the branch together"), "\(alone.errors)")
  }

  @Test func `an hour of difference between the clocks is no fault`() throws {
    let world = try TamperWorld()
    try world.appendAt(SystemClock().now().adding(seconds: 3600), .migrationPaused(reason: "lunch"))
    try expectTaken(world, [Ledger.ref])
  }

  @Test func `a ref to try the server out comes and goes`() throws {
    let world = try TamperWorld()
    #expect(try world.push(["main:refs/migrate/probe/1"]).isSuccess)
    #expect(try world.push([":refs/migrate/probe/1"]).isSuccess)
  }

  @Test func `a thousand entries in one push take no long time`() throws {
    let world = try TamperWorld()
    let ledger = try world.world.site().ledger
    var proposals: [Proposal] = []
    for number in 0..<500 {
      proposals.append(Proposal("logging", .migrationPaused(reason: "\(number)")))
      proposals.append(Proposal("logging", .migrationResumed))
    }
    _ = try ledger.append(proposals, by: "w")
    // A limit of processor time, which does not grow on a busy machine; what is quadratic takes minutes.
    world.processorSeconds = 20
    try expectTaken(world, [Ledger.ref])
  }

  @Test func `an alias of the branch on the server is no way around`() throws {
    let world = try TamperWorld()
    _ = try world.world.install("server.git")
    try world.world.git("server.git", "symbolic-ref", "refs/heads/alias", TamperWorld.into)
    let before = try world.serverRefs()
    let ran = try world.push(["\(try world.work().commit):refs/heads/alias"])
    #expect(ran.code != 0 && ran.errors.contains("has no verdict"), "\(ran)")
    #expect(try world.serverRefs() == before)
  }

  @Test func `ledger and branch without --atomic never leave a branch that no entry allows`() throws {
    let world = try TamperWorld()
    _ = try world.world.install("server.git")
    let work = try world.work()
    try world.merge(work.commit, passed: work.tree)
    let branch = "\(work.commit):\(TamperWorld.into)"
    let old = try world.world.resolve(TamperWorld.into, in: "server.git")
    let ran = try world.push([branch, Ledger.ref])
    let (now, ledger) = (
      try world.world.resolve(TamperWorld.into, in: "server.git"),
      try world.world.resolve(Ledger.ref, in: "server.git")
    )
    // git moves them one by one, in an order of its own: then the other hook stops the branch.
    #expect(ran.isSuccess ? now == work.commit : now == old, "\(ran.errors)")
    if now == work.commit { #expect(try ledger == world.tip()) }
    try expectTaken(world, ["--atomic", branch, Ledger.ref])
  }
}
