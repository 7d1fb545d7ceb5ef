import Git
import Ledger
import Migration
import Support
import System
import Testing

@testable import Runner
@testable import Site

@Suite("A harvest")
struct TakenWorkTests {
  private let world: SiteWorld
  private let fence = Fence(step: "S1", epoch: 1)
  private let path: String

  init() throws {
    world = try SiteWorld(files: [".gitignore": "cache\n"])
    let claim = try world.claim("S1")
    path = try Slots(site: world.site).prepare("slot-1", migration: "mig", claim: claim, plan: world.plan)
  }

  private func write(_ name: String, _ text: String) throws {
    try Files.makeDirectories(Files.parent(of: path + "/" + name))
    try Files.writeAtomically(path + "/" + name, Array(text.utf8))
  }

  private func take() throws -> Harvest.Taken {
    let worktree = try Repository.openWorktree(
      path: path, expectedCommonDirectory: world.site.repository.commonDirectory,
      name: Slots.worktreeName("slot-1"), environment: world.repository.environment)
    return try Harvest(site: world.site).take(
      worktree, slot: "slot-1", migration: "mig", fence: fence, base: try world.id("migrate/mig").oid)
  }

  private func files(_ tree: OID) throws -> String {
    try world.repository.git("ls-tree", "-r", "--name-only", tree.hex)
  }

  @Test("takes what was changed, added and deleted, and nothing that git ignores")
  func everything() throws {
    try write("deep/new.txt", "n\n")
    try write("cache", "c\n")
    try Files.removeFile(path + "/a.txt")
    let taken = try take()
    #expect(try files(taken.tree) == ".gitignore\ndeep/new.txt")
    #expect(taken.failure == nil && taken.untakeable == [])
  }

  @Test("of untouched files is the base's tree")
  func nothing() throws {
    #expect(try take().tree.hex == world.id("migrate/mig^{tree}").hex)
  }

  @Test("tells of a repository in it, whose files it cannot take")
  func nested() throws {
    try write("inner/file", "f\n")
    _ = try world.repository.runGit(["init", "--quiet"], in: path + "/inner")
    let taken = try take()
    #expect(taken.failure?.kind == .nested, "\(taken)")
    #expect(taken.untakeable.map { $0.hasPrefix("inner") } == [true])
  }

  @Test("is kept on the ref of its claim once; the same work again is no other result")
  func keeping() throws {
    let harvest = Harvest(site: world.site)
    func keep(_ tree: OID) throws -> OID {
      try harvest.keep(
        tree: tree, base: try world.id("migrate/mig").oid, migration: "mig", fence: fence, subject: "S1")
    }
    try write("new.txt", "n\n")
    let first = try take().tree
    let commit = try keep(first)
    #expect(try world.repository.git("rev-parse", LedgerRefs.attempt("mig", fence)) == commit.hex)
    #expect(try keep(first) == commit)
    try write("new.txt", "other\n")
    let second = try take().tree
    #expect(throws: CommandError.self) { try keep(second) }
  }
}
