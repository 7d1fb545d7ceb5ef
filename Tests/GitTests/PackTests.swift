import Support
import Testing

@testable import Git

/// Objects of ours are packed; those of others are left alone.
@Suite struct PackTests {
  @Test func `only what the given commits lead to, and others do not, is packed`() throws {
    let world = try TestRepository()
    let repository = try Repository.open(gitDirectory: world.path + "/.git", environment: world.environment)
    let git = GitProgram(repository)
    try world.write("theirs.txt", "theirs\n")
    try world.git("add", ".")
    try world.git("commit", "--quiet", "--message=theirs")
    let main = try #require(OID(try world.git("rev-parse", "HEAD")))
    try world.write("stray.txt", "in no commit\n")
    let stray = try world.git("hash-object", "-w", "stray.txt")
    _ = try world.run("rm", ["stray.txt"])
    try world.write("ours.txt", "ours\n")
    try world.git("add", ".")
    let tree = try world.git("write-tree")
    let ours = try #require(OID(try world.git("commit-tree", "-p", "HEAD", "-m", "ours", tree)))
    try world.git("reset", "--quiet", "--hard")
    let before = git.looseObjects().count

    // Three of them are ours, however many lie there.
    #expect(try git.packLooseObjects(reachedBy: [ours], butNotBy: [main], atLeast: 4) == 0)
    #expect(git.looseObjects().count == before)
    #expect(try git.packLooseObjects(reachedBy: [ours], butNotBy: [main]) == 3, "a commit, a tree and a file")
    #expect(git.looseObjects().count == before - 3)
    #expect(try world.git("count-objects", "-v").contains("in-pack: 3"))
    for oid in [main.hex, stray] {
      #expect(try world.runGit(["cat-file", "-e", oid]).code == 0)
    }
    #expect(try repository.commit(ours).tree.hex == tree, "a handle that was open before finds them")
    // There is nothing to do the next time, and no second pack.
    #expect(try git.packLooseObjects(reachedBy: [ours], butNotBy: [main]) == 0)
    #expect(try world.git("count-objects", "-v").contains("packs: 1"))
    #expect(try world.runGit(["fsck", "--strict", "--no-dangling"]).code == 0)
  }
}
