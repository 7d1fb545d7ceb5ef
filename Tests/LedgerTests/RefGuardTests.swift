import Git
import Ledger
import Migration
import System
import Testing

@testable import Guarding

@Suite struct RefGuardLedgerTests {
  let world: RefGuardWorld

  init() throws {
    world = try RefGuardWorld()
    try world.start()
  }

  private func tip() throws -> OID { try #require(try world.repository.resolve(Ledger.ref)) }

  /// A second entry that is written and not yet in the ledger.
  private func next() throws -> (old: OID, new: OID) {
    let old = try tip()
    try world.append(.migrationPaused(reason: "lunch"))
    let new = try tip()
    try world.set(Ledger.ref, old)
    return (old, new)
  }

  @Test func `a legal entry may follow, whatever old value the caller gave`() throws {
    let (old, new) = try next()
    #expect(world.objection((Ledger.ref, old, new)) == nil)
    #expect(world.objection((Ledger.ref, nil, new)) == nil)
    #expect(world.objection((Ledger.ref, old, new), vantage: .push) == nil)
  }

  @Test
  func `who pushes with a false old value, or one ref twice, has nothing judged by what will not happen`()
    throws
  {
    let (old, new) = try next()
    #expect(world.objection((Ledger.ref, old, new), vantage: .receive) == nil)
    let lie = try #require(world.objection((Ledger.ref, nil, new), vantage: .receive))
    #expect(lie.contains("cannot lock ref '\(Ledger.ref)': is at \(old.hex) but expected 0000"))
    let evil = try world.commit(on: [world.base])
    #expect(
      world.objection((Ledger.ref, old, new), (world.into, nil, evil), vantage: .receive)?.contains(
        "but expected")
        == true)
    #expect(
      world.objection((Ledger.ref, old, new), (Ledger.ref, old, new), vantage: .receive)
        == "it is to move twice")
  }

  @Test func `names are bytes: a mark on the slash hides no ref`() throws {
    let (old, _) = try next()
    let junk = world.objection(("refs/migrate/\u{301}junk", nil, old), vantage: .receive)
    #expect(junk?.contains("lie there") == true)
    // Nor can an integration branch be hidden so: no plan may name one.
    #expect(throws: (any Error).self) { try RefGuardWorld(into: "\u{301}x").start() }
  }

  @Test func `a whole chain may be created`() throws {
    let (_, new) = try next()
    try world.set(Ledger.ref, nil)
    #expect(world.objection((Ledger.ref, nil, new)) == nil)
    #expect(world.objection((Ledger.ref, nil, new), vantage: .push) == nil)
  }

  @Test func `the ledger is neither deleted nor put back`() throws {
    let (old, new) = try next()
    #expect(world.objection((Ledger.ref, old, nil)) == "the ledger is never deleted")
    #expect(world.objection((Ledger.ref, nil, nil)) == "the ledger is never deleted")
    try world.set(Ledger.ref, new)
    #expect(world.objection((Ledger.ref, new, old))?.contains("the ledger only grows") == true)
    #expect(world.objection((Ledger.ref, nil, old))?.contains("the ledger only grows") == true)
  }

  @Test func `a commit that is no entry may not follow`() throws {
    let old = try tip()
    let foreign = try world.commit(on: [old])
    #expect(world.objection((Ledger.ref, old, foreign))?.contains("not legal") == true)
    #expect(world.objection((Ledger.ref, old, world.base))?.contains("does not follow") == true)
  }

  @Test func `an entry that decide refuses may not follow`() throws {
    // The same entry once more: its number is wrong, and the pause would be the second.
    let (old, new) = try next()
    let entry = try world.repository.commit(new)
    let author = Signature(name: "git-migrate", email: "git-migrate@localhost", seconds: 1)
    let copy = try world.repository.writeCommit(
      tree: entry.tree, parents: [new], message: entry.message, author: author, committer: author)
    #expect(world.objection((Ledger.ref, old, copy))?.contains("not legal") == true)
  }

  @Test func `packing and pruning change nothing and pass`() throws {
    let now = try tip()
    #expect(world.objection((Ledger.ref, nil, now)) == nil)
    #expect(world.objection((Ledger.ref, now, nil)) != nil)
    let packed = world.repository.commonDirectory + "/packed-refs"
    try Files.writeAtomically(packed, Array("# pack-refs with: peeled\n\(now.hex) \(Ledger.ref)\n".utf8))
    #expect(world.objection((Ledger.ref, now, nil)) == nil)
    // Others may have moved it since git has read it: whoever packs does not hold the ref itself.
    let (old, new) = try next()
    try world.set(Ledger.ref, new)
    try Files.writeAtomically(packed + ".lock", [])
    #expect(world.objection((Ledger.ref, nil, old)) == nil)
    let lock = "\(world.repository.commonDirectory)/\(Ledger.ref).lock"
    try Files.writeAtomically(lock, [])
    #expect(world.objection((Ledger.ref, nil, old))?.contains("the ledger only grows") == true)
    try Files.removeFile(lock)
    try Files.removeFile(packed + ".lock")
    #expect(world.objection((Ledger.ref, nil, old))?.contains("the ledger only grows") == true)
    try world.set(Ledger.ref, now)
    // The same line while somebody holds the lock is a real deletion.
    try Files.writeAtomically(packed + ".lock", [])
    #expect(world.objection((Ledger.ref, now, nil)) != nil)
  }

  @Test func `what an attempt left is written once`() throws {
    let ref = "refs/migrate/attempt/logging/S1/1"
    let work = try world.commit(on: [world.base])
    #expect(world.objection((ref, nil, work)) == nil)
    try world.set(ref, work)
    #expect(world.objection((ref, work, world.base)) != nil)
    #expect(world.objection((ref, work, nil)) != nil)
    #expect(world.objection((ref, nil, work)) == nil)
  }

  @Test(arguments: [RefGuard.Vantage.transaction, .push, .receive])
  func `an archive takes results of finished steps, and their refs go with it`(vantage: RefGuard.Vantage)
    throws
  {
    let (ref, archive) = ("refs/migrate/attempt/logging/S1/1", "refs/migrate/archive/logging")
    let work = try world.commit(on: [world.base])
    try world.set(ref, work)
    func archived(_ claim: String, after previous: OID? = nil) throws -> OID {
      try RefGuardWorld.commit(
        world.repository, "Keep\n\n\(claim) \(work.hex)\n", [:],
        parents: [previous, work].compactMap(\.self),
        isEmpty: true)
    }
    let tip = try archived("S1/1")
    func objection(_ updates: (String, OID?, OID?)...) -> String? {
      world.objection(list: updates, vantage: vantage)
    }
    #expect(objection((archive, nil, tip))?.contains("no claim 1 of the step 'S1'") == true)
    try world.intendMerge("S1", from: world.base, to: work)
    #expect(objection((archive, nil, tip))?.contains("'S1' is not finished") == true)
    #expect(objection((archive, nil, tip), (ref, work, nil)) != nil)
    try world.set(world.into, work)
    try world.recordMerge("S1", work)
    #expect(objection((ref, work, nil))?.contains("keeps the work of an attempt") == true)
    #expect(objection((archive, nil, tip)) == nil)
    #expect(objection((archive, nil, tip), (ref, work, nil)) == nil)
    #expect(objection((archive, nil, try archived("S1/2"))) != nil)
    #expect(objection(("refs/migrate/archive/other", nil, tip)) != nil)
    try world.set(archive, tip)
    #expect(objection((ref, work, nil)) == nil)
    #expect(objection((archive, tip, nil)) != nil)
    #expect(objection((archive, tip, try archived("S1/1"))) == nil, "the same commit")
    #expect(objection((archive, tip, try archived("S1/1", after: tip))) == nil)
    #expect(objection((archive, tip, work)) != nil)
  }

  @Test func `a symbolic ref is never one of ours`() throws {
    let update = RefUpdate(old: .none, new: .symbolic("refs/heads/main"), ref: "refs/migrate/x")
    #expect(throws: RefObjection.self) {
      try RefGuard(ledger: world.ledger, vantage: .transaction).check([update])
    }
  }

  @Test func `HEAD and other people's refs pass, also when the ledger is damaged`() throws {
    let work = try world.commit(on: [world.base])
    try world.set(Ledger.ref, work)
    #expect(world.objection(("HEAD", world.base, work), ("refs/heads/main", world.base, work)) == nil)
    #expect(world.objection(("refs/tags/v1", nil, work), ("ORIG_HEAD", nil, work)) == nil)
    #expect(world.objection((world.into, world.base, work))?.contains("cannot be checked") == true)
  }

  @Test func `lines are read strictly`() throws {
    let zero = String(repeating: "0", count: 40)
    let one = world.base.hex
    let read = try RefUpdate.read(
      transaction: Array("\(zero) \(one) refs/x\n\n\(one) ref:refs/y HEAD\n".utf8))
    #expect(
      read == [
        RefUpdate(old: .none, new: .oid(world.base), ref: "refs/x"),
        RefUpdate(old: .oid(world.base), new: .symbolic("refs/y"), ref: "HEAD"),
      ])
    for line in [
      "\(zero) \(one)", "\(zero) \(one) refs/x y", "x \(one) refs/x", "\(zero)  refs/x", "\(zero) \(one) ",
    ] {
      #expect(throws: RefObjection.self) { try RefUpdate.read(transaction: Array(line.utf8)) }
    }
    let push = try RefUpdate.read(push: Array("HEAD^{/a b} \(one) refs/migrate/x \(zero)\n".utf8))
    #expect(push == [RefUpdate(old: .none, new: .oid(world.base), ref: "refs/migrate/x")])
  }
}

@Suite struct RefGuardBranchTests {
  let world: RefGuardWorld
  let work: OID

  init() throws {
    world = try RefGuardWorld()
    try world.start()
    work = try world.commit(on: [world.base])
  }

  @Test func `nothing but the intended move passes`() throws {
    let into = world.into
    #expect(world.objection((into, world.base, work))?.contains("no verdict") == true)
    try world.intendMerge("S1", from: world.base, to: work)
    #expect(world.objection((into, world.base, work)) == nil)
    #expect(world.objection((into, nil, work)) == nil)
    let other = try world.commit(on: [world.base])
    #expect(world.objection((into, world.base, other))?.contains("no verdict") == true)
    #expect(world.objection((into, world.base, try world.commit(on: [work]))) != nil)
    try world.set(into, work)
    // Now it moved and the ledger does not know yet: back would undo a merge that is about to be recorded.
    #expect(world.objection((into, work, world.base)) != nil)
    try world.recordMerge("S1", work)
    #expect(world.objection((into, work, world.base)) != nil)
  }

  @Test func `a step is merged as a commit with one parent: no other history comes along`() throws {
    let side = try world.commit(on: [world.base])
    let merge = try world.commit(on: [world.base, side])
    try world.intendMerge("S1", from: world.base, to: merge)
    #expect(world.objection((world.into, world.base, merge))?.contains("has 2 parents") == true)
  }

  @Test func `an intent does not carry from another commit`() throws {
    try world.intendMerge("S1", from: world.base, to: work)
    try world.set(world.into, try world.commit(on: [world.base]))
    #expect(world.objection((world.into, nil, work))?.contains("from another commit") == true)
  }

  @Test func `what was merged may be fetched, made again and put right`() throws {
    try world.intendMerge("S1", from: world.base, to: work)
    try world.recordMerge("S1", work)
    // A clone that is behind.
    #expect(world.objection((world.into, world.base, work)) == nil)
    try world.set(world.into, nil)
    #expect(world.objection((world.into, nil, world.base)) == nil)
    #expect(world.objection((world.into, nil, work)) == nil)
    // A branch that went astray past the hooks.
    let stray = try world.commit(on: [work])
    try world.set(world.into, stray)
    #expect(world.objection((world.into, stray, work)) == nil)
    #expect(world.objection((world.into, stray, world.base)) != nil)
    #expect(world.objection((world.into, stray, try world.commit(on: [stray]))) != nil)
  }

  @Test func `a side commit of a merge is not a place for the branch`() throws {
    let side = try world.commit(on: [world.base])
    let merge = try world.commit(on: [world.base, side])
    try world.intendMerge("S1", from: world.base, to: merge)
    try world.recordMerge("S1", merge)
    #expect(world.objection((world.into, world.base, side)) != nil)
    #expect(world.objection((world.into, world.base, merge)) == nil)
  }

  @Test func `the branch stays until the migration ends, then it is free`() throws {
    #expect(world.objection((world.into, world.base, nil))?.contains("integration branch") == true)
    try world.append(.migrationAborted(reason: "enough"))
    #expect(world.objection((world.into, world.base, nil)) == nil)
    #expect(world.objection((world.into, world.base, work)) == nil)
  }

  @Test func `a refresh moves it too, to a merge of the base and nothing else`() throws {
    let people = try world.commit(on: [world.base])
    let merge = try world.commit(on: [world.base, people])
    let tree = world.id(try world.repository.treeOf(commit: merge))
    func intend(_ base: OID) throws {
      try world.append(
        .refreshIntended(
          Refresh(
            base: world.id(base), old: world.id(world.base), new: world.id(merge), tree: tree,
            verifiers: world.plan.verifierDigest, verdict: .passed, owner: RefGuardWorld.owner,
            expiresAt: SystemClock().now().adding(seconds: 600))))
    }
    try intend(work)
    #expect(world.objection((world.into, world.base, merge))?.contains("not the base") == true)
    try world.append(.refreshAbandoned(evidence: .holder, reason: "another base"))
    try intend(people)
    #expect(world.objection((world.into, world.base, merge)) == nil)
    #expect(world.objection((world.into, world.base, try world.commit(on: [world.base]))) != nil)
  }

  @Test func `an added step brings the base that it is bound to, and nothing else`() throws {
    let people = try world.commit(on: [world.base])
    let merge = try world.commit(on: [world.base, people])
    let step = "refresh-\(people.hex.prefix(10))"
    try world.append(.stepAdded(StepAddition(step: step, base: world.id(people), paths: ["a"])))
    try world.intendMerge(step, from: world.base, to: merge, with: people)
    func objection(_ parents: [OID], _ vantage: RefGuard.Vantage) throws -> String? {
      let other = try RefGuardWorld.commit(
        world.repository, "other\n", ["a": try text(of: merge)], parents: parents)
      return world.objection((world.into, world.base, other), vantage: vantage)
    }
    for vantage in [RefGuard.Vantage.transaction, .push] {
      #expect(world.objection((world.into, world.base, merge), vantage: vantage) == nil)
      #expect(try objection([world.base], vantage) != nil)
      #expect(try objection([world.base, work], vantage) != nil)
      #expect(try objection([world.base, people, work], vantage) != nil)
    }
  }

  @Test func `an intent whose commit has another second parent is refused`() throws {
    let people = try world.commit(on: [world.base])
    let step = "refresh-\(people.hex.prefix(10))"
    try world.append(.stepAdded(StepAddition(step: step, base: world.id(people), paths: ["a"])))
    let merge = try world.commit(on: [world.base, work])
    try world.intendMerge(step, from: world.base, to: merge, with: people)
    #expect(world.objection((world.into, world.base, merge))?.contains("not the base") == true)
  }

  private func text(of commit: OID) throws -> String {
    let tree = try world.repository.treeOf(commit: commit)
    let entry = try #require(try world.repository.entry(at: "a", inTree: tree))
    return String(decoding: try world.repository.blob(entry.oid), as: UTF8.self)
  }

  @Test func `entries and branch pushed together are judged together`() throws {
    let before = try #require(try world.repository.resolve(Ledger.ref))
    try world.intendMerge("S1", from: world.base, to: work)
    try world.recordMerge("S1", work)
    let after = try #require(try world.repository.resolve(Ledger.ref))
    try world.set(Ledger.ref, before)
    #expect(
      world.objection((Ledger.ref, before, after), (world.into, world.base, work), vantage: .push) == nil)
    #expect(world.objection((world.into, world.base, work), (Ledger.ref, before, after)) == nil)
    #expect(world.objection((world.into, world.base, work), vantage: .push) != nil)
  }
}

@Suite struct RefGuardSharedTests {
  let world: RefGuardWorld

  init() throws {
    world = try RefGuardWorld(into: "main")
    try world.start(shared: true)
  }

  @Test func `people's commits pass, and the branch stays`() throws {
    let work = try world.commit(on: [world.base])
    #expect(world.objection(("refs/heads/main", world.base, work)) == nil)
    #expect(world.objection(("refs/heads/main", world.base, nil)) != nil)
  }

  @Test func `a step's commit needs a verdict, by trailer and by attempt ref`() throws {
    let signed = try world.commit(on: [world.base], "work\n\nMigrate-Step: logging/S1\n")
    #expect(world.objection(("refs/heads/main", world.base, signed))?.contains("no verdict") == true)
    #expect(world.objection(("refs/heads/main", world.base, try world.commit(on: [signed]))) != nil)
    let foreign = try world.commit(on: [world.base], "work\n\nMigrate-Step: other/S1\n")
    #expect(world.objection(("refs/heads/main", world.base, foreign)) == nil)
    let work = try world.commit(on: [world.base])
    try world.set("refs/migrate/attempt/logging/S1/1", work)
    #expect(world.objection(("refs/heads/main", world.base, work)) != nil)
    #expect(
      world.objection(("refs/heads/main", world.base, try world.commit(on: [world.base, work]))) != nil)
  }

  @Test func `the intended merge passes, and people build on it`() throws {
    let merge = try world.commit(on: [world.base], "S1\n\nMigrate-Step: logging/S1\n")
    try world.intendMerge("S1", from: world.base, to: merge)
    #expect(world.objection(("refs/heads/main", world.base, merge)) == nil)
    let people = try world.commit(on: [world.base])
    try world.set("refs/heads/main", people)
    #expect(world.objection(("refs/heads/main", people, try world.commit(on: [people, merge]))) != nil)
    try world.set("refs/heads/main", merge)
    try world.recordMerge("S1", merge)
    #expect(world.objection(("refs/heads/main", merge, try world.commit(on: [merge]))) == nil)
  }
}
