import Ledger
import Migration
import Testing

/// The step that a conflicting base became: its commit has the base, and nothing else, as its second parent.
@Suite("The merge of a step that takes in the base, on a server")
struct TamperResolutionTests {
  private let world: TamperWorld
  private let base: String
  private let step: String
  private let tree: String

  init() throws {
    world = try TamperWorld()
    base = try world.work("theirs\n", on: "main").commit
    tree = try world.work("both\n").tree
    step = "refresh-\(base.prefix(10))"
    var plan = HookWorld.plan
    plan.agent = Plan.Agent(command: "merge")
    plan.refreshSeconds = 3600
    let text = Array("plan 2".utf8)
    let amendment = PlanAmendment(plan: plan, number: 2, digest: SHA256.hexDigest(of: text))
    try world.append(.planAmended(amendment), planText: text)
    try world.append(.stepAdded(StepAddition(step: step, base: try world.id(base), paths: ["README"])))
  }

  /// A commit of the tree that passed, on the branch and these.
  private func merge(with parents: [String]) throws -> String {
    let all = try [world.branch()] + parents
    return try world.git(["commit-tree", tree, "-m", "merge"] + all.flatMap { ["-p", $0] })
  }

  private func intent(_ commit: String, base: String?) throws -> Migration.Change {
    .mergeIntended(
      Fence(step: step, epoch: 1),
      MergeTarget(
        gate: 1, old: try world.id(world.branch()), new: try world.id(commit), tree: try world.id(tree),
        owner: TamperWorld.owner, expiresAt: world.soon, base: try base.map(world.id)))
  }

  private func lead() throws {
    try world.append(world.claim(step, 1))
    try world.append(world.submit(step, 1, (try merge(with: []), tree)))
    try world.append(world.gate(step, tree))
    try world.append(world.verdict(step, tree))
  }

  /// Records the merge as that commit, whatever its parents are, and pushes all of it.
  private func push(_ commit: String) throws -> HookWorld.Ran {
    try lead()
    let result = try merge(with: [])
    try world.append(intent(commit, base: base))
    try world.append(world.merged(step, commit))
    return try world.push([
      "--atomic", Ledger.ref, "\(commit):\(TamperWorld.into)",
      "\(result):refs/migrate/attempt/logging/\(step)/1",
    ])
  }

  @Test("is taken with the base that the ledger names")
  func taken() throws {
    let commit = try merge(with: [base])
    let ran = try push(commit)
    #expect(ran.isSuccess, "\(ran.errors)")
    #expect(try world.world.resolve(TamperWorld.into, in: "server.git") == commit)
  }

  @Test(
    "is refused with another second parent, with none, and with one more",
    arguments: ["another", "none", "one more", "the base's own parent", "the base twice"])
  func refused(kind: String) throws {
    let parents: [String]
    switch kind {
    case "another": parents = [try world.work("forged\n", on: "main").commit]
    case "none": parents = []
    case "one more": parents = [base, try world.work("forged\n", on: "main").commit]
    case "the base's own parent": parents = [try world.git("rev-parse", base + "^")]
    // git itself would leave the second one out.
    default:
      let text = try world.git("cat-file", "commit", merge(with: [base]))
      let line = "parent \(base)\n"
      let twice = text.replacing(line, with: line + line) + "\n"
      let before = try world.serverRefs()
      let ran = try push(try world.write("commit", Array(twice.utf8)))
      #expect(ran.code == 1 && ran.errors.contains("second parent"), "\(ran)")
      return #expect(try world.serverRefs() == before)
    }
    let before = try world.serverRefs()
    let ran = try push(try merge(with: parents))
    #expect(ran.code == 1 && ran.errors.contains("its second parent is not the base"), "\(ran)")
    #expect(ran.errors.contains("refusing to change"), "\(ran.errors)")
    #expect(try world.serverRefs() == before)
    #expect(try world.world.git("server.git", "fsck", "--no-dangling").isSuccess)
  }

  @Test(
    "is refused where the ledger names another base, or none",
    arguments: ["another", "none"])
  func named(kind: String) throws {
    try lead()
    let other = try world.work("forged\n", on: "main").commit
    let commit = try merge(with: kind == "none" ? [] : [other])
    let forged = try world.forge(intent(commit, base: kind == "none" ? nil : other))
    let before = try world.serverRefs()
    let ran = try world.push(["+\(forged):\(Ledger.ref)"])
    #expect(ran.code == 1 && ran.errors.contains("refusing to change"), "\(ran)")
    #expect(try world.serverRefs() == before)
  }
}
