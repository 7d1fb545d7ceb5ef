import Git
import Ledger
import Migration
import Support
import System
import Testing

@testable import Guarding

/// What a server's hook says of results that somebody pushes by hand.
@Suite struct ResultFaultTests {
  private let world: RefGuardWorld
  private let fence = Fence(step: "S1", epoch: 1)
  private let ref = "refs/migrate/attempt/logging/S1/1"

  init() throws {
    world = try RefGuardWorld()
    try world.start()
    try world.append(
      .stepClaimed(
        Claim(
          fence: fence, holder: "w", owner: RefGuardWorld.owner, base: world.id(world.base),
          expiresAt: SystemClock().now().adding(seconds: 600), slot: nil)))
  }

  /// What is said of a push of the entry that hands a result in, with its ref if `commit` is one.
  private func objection(_ commit: ObjectID, _ tree: ObjectID) throws -> String? {
    let old = try #require(try world.repository.resolve(Ledger.ref))
    try world.append(
      .stepSubmitted(fence, Submission.Result(commit: commit, tree: tree, isNoOp: false)))
    let new = try #require(try world.repository.resolve(Ledger.ref))
    try world.set(Ledger.ref, old)
    return world.objection((Ledger.ref, old, new), vantage: .receive)
  }

  private func tree(of commit: OID) throws -> ObjectID {
    world.id(try world.repository.treeOf(commit: commit))
  }

  /// A commit with a tree of these bytes, as a program writes it that checks nothing.
  private func commit(tree bytes: [UInt8]) throws -> OID {
    let git = GitProgram(world.repository, identity: nil)
    let made = try git.run(["hash-object", "-t", "tree", "--literally", "-w", "--stdin"], input: bytes)
    let tree = try #require(OID(made.text))
    let author = Signature(name: "a", email: "a@example.com", seconds: 1_700_000_000)
    let text = """
      tree \(tree.hex)
      parent \(world.base.hex)
      author a <a@example.com> 1700000000 +0000
      committer a <a@example.com> 1700000000 +0000

      work

      """
    _ = author
    let commit = try git.run(
      ["hash-object", "-t", "commit", "--literally", "-w", "--stdin"], input: Array(text.utf8))
    return try #require(OID(commit.text))
  }

  private func entry(_ mode: String, _ name: String, _ oid: OID) -> [UInt8] {
    let hex = Array(oid.hex)
    let raw = stride(from: 0, to: 40, by: 2).compactMap { UInt8(String(hex[$0...($0 + 1)]), radix: 16) }
    return Array("\(mode) \(name)\0".utf8) + raw
  }

  @Test func `an honest one passes, with its ref`() throws {
    let work = try world.commit(on: [world.base])
    #expect(try objection(world.id(work), tree(of: work)) == nil)
  }

  @Test func `a commit that is not here, is none, or has another tree`() throws {
    let nowhere = try #require(ObjectID(String(repeating: "1", count: 40)))
    let work = try world.commit(on: [world.base])
    let blob = try world.repository.writeBlob(Array("x".utf8))
    #expect(try objection(nowhere, tree(of: work))?.contains("is not here") == true)
    #expect(try objection(world.id(blob), tree(of: work))?.contains("is a blob, no commit") == true)
    #expect(
      try objection(world.id(work), tree(of: world.base))?.contains("is not that of its commit") == true)
  }

  @Test(arguments: ["..", ".", ".git", ".GIT", "git~1", ".git ", ".git::$INDEX_ALLOCATION", ".g\u{200C}it"])
  func `a name that git refuses`(_ name: String) throws {
    let blob = try world.repository.writeBlob(Array("x".utf8))
    let work = try commit(tree: entry("100644", name, blob))
    #expect(try objection(world.id(work), tree(of: work))?.contains("of no use") == true)
  }

  @Test func `a file that is not here, or a folder that is a file`() throws {
    let nowhere = try #require(OID(String(repeating: "1", count: 40)))
    let blob = try world.repository.writeBlob(Array("x".utf8))
    for bytes in [entry("100644", "x", nowhere), entry("40000", "x", blob)] {
      let work = try commit(tree: bytes)
      #expect(try objection(world.id(work), tree(of: work))?.contains("of no use") == true)
    }
  }

  @Test func `what lies in itself again and again is looked at once`() throws {
    var tree = try world.repository.writeTree(
      updating: nil, upserts: [(path: "x", blob: try world.repository.writeBlob([]), mode: .blob)],
      removals: [])
    let git = GitProgram(world.repository, identity: nil)
    for _ in 0..<40 {
      let bytes = ["a", "b", "c", "d"].flatMap { entry("40000", $0, tree) }
      tree = try #require(
        OID(try git.run(["hash-object", "-t", "tree", "-w", "--stdin"], input: bytes).text))
    }
    let work = try commit(tree: entry("40000", "deep", tree))
    #expect(try objection(world.id(work), self.tree(of: work)) == nil)
  }

  @Test func `the ref of a claim in force takes nothing but what its holder hands in`() throws {
    let (work, other) = (try world.commit(on: [world.base]), try world.commit(on: [world.base]))
    #expect(world.objection((ref, nil, work), vantage: .receive)?.contains("nothing was handed in") == true)
    let old = try #require(try world.repository.resolve(Ledger.ref))
    try world.append(
      .stepSubmitted(
        fence, Submission.Result(commit: world.id(work), tree: tree(of: work), isNoOp: false)))
    let new = try #require(try world.repository.resolve(Ledger.ref))
    try world.set(Ledger.ref, old)
    #expect(world.objection((Ledger.ref, old, new), (ref, nil, work), vantage: .receive) == nil)
    #expect(
      world.objection((Ledger.ref, old, new), (ref, nil, other), vantage: .receive)?.contains(
        "another result") == true)
  }
}
