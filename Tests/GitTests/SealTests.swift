import Clibgit2
import Glibc
import System
import Testing

@testable import Git

/// What is known of a work tree that others could write, its git directory too.
@Suite("A seal of a work tree")
struct SealTests {
  @Test("finds what changed, though the index was made to agree with it")
  func forgedIndex() throws {
    let world = try World()
    let worktree = try world.worktree(
      "w", at: try world.commit(["a": "good", "b": "good", "c": "good", "d/e": "1"]))
    let seal = try worktree.seal()
    try world.write("w/a", "evil")
    unlink("\(world.root)/w/d/e")
    symlink("a", "\(world.root)/w/d/e")
    try world.git("add", "-A", in: "\(world.root)/w")
    try world.git("commit", "-qm", "forged", in: "\(world.root)/w")
    unlink("\(world.root)/w/c")
    try world.write("w/new", "untracked files are none of its business")
    #expect(try worktree.changedFiles(since: seal) == ["a", "c", "d/e"])
    #expect(try world.program.changedFiles(path: "\(world.root)/w", since: seal, in: worktree) == [])
    let program = world.program(of: worktree)
    #expect(
      try program.changedFiles(path: "\(world.root)/w", since: seal, in: worktree) == ["a", "c", "d/e"])
  }

  @Test("believes no index in which a changed file has the old content and the new times")
  func forgedTimes() throws {
    let world = try World()
    let commit = try world.commit(["a": "good"])
    let worktree = try world.worktree("w", at: commit)
    let seal = try worktree.seal()
    let forge = {
      try world.write("w/a", "evil")
      try world.git("add", "a", in: "\(world.root)/w")
      try worktree.withIndex("forge") { index throws(GitError) in
        try check(git_index_read(index, 1), "forge")
        guard var entry = git_index_get_bypath(index, "a", 0)?.pointee else { return }
        entry.id = try world.repository.writeBlob(Array("good".utf8)).raw
        try check(git_index_add(index, &entry), "forge")
        try check(git_index_write(index), "forge")
      }
    }
    try forge()
    #expect(try worktree.isExactly(treeOf: commit), "the forgery is a good one")
    #expect(try worktree.changedFiles(since: seal) == ["a"])
    for belief in [IndexBelief.nothing, .seal(seal)] {
      try forge()
      try worktree.checkoutTree(commit: commit, believing: belief)
      #expect(try world.read("w/a") == "good")
    }
  }

  @Test(
    "finds an edit of the same size whose times were set back, however soon it came",
    arguments: [0, 1, 5, 20, 49, 60, 999])
  func sameSize(milliseconds: Int) throws {
    let world = try World()
    let worktree = try world.worktree("w", at: try world.commit(["a": "good"]))
    let path = "\(world.root)/w/a"
    var before = stat()
    lstat(path, &before)
    let seal = try worktree.seal()
    let file = open(path, O_WRONLY)
    write(file, "evil", 4)
    var times = [before.st_atim, before.st_mtim]
    futimens(file, &times)
    close(file)
    // An index of that age: as if the edit had come so long after the checkout, within one tick of the clock.
    let aged = WorkTreeSeal(
      index: seal.index,
      doubtfulSince: FileTime(
        seconds: Int64(before.st_ctim.tv_sec),
        nanoseconds: Int64(before.st_ctim.tv_nsec) - Int64(milliseconds)))
    #expect(try worktree.changedFiles(since: aged) == ["a"])
    let program = world.program(of: worktree)
    #expect(try program.changedFiles(path: "\(world.root)/w", since: aged, in: worktree) == ["a"])
  }

  @Test("lets a checkout write only what is not as it was left")
  func checkout() throws {
    let world = try World()
    let first = try world.commit(["a": "1", "b": "1", "c": "1"])
    let second = try world.commit(["a": "1", "b": "2", "c": "1"])
    let worktree = try world.worktree("w", at: first)
    let seal = try worktree.seal()
    let inode = { (name: String) -> UInt64 in
      var status = stat()
      lstat("\(world.root)/w/\(name)", &status)
      return UInt64(status.st_ino)
    }
    let before = inode("a")
    try world.write("w/c", "9")
    try world.git("add", "c", in: "\(world.root)/w")
    try worktree.checkoutTree(commit: second, believing: .seal(seal), writingAt: 1_000_000_000)
    #expect(inode("a") == before)
    #expect(try ["a", "b", "c"].map { try world.read("w/\($0)") } == ["1", "2", "1"])
    var status = stat()
    lstat("\(world.root)/w/b", &status)
    #expect(status.st_mtim.tv_sec == 1_000_000_000 && status.st_mtim.tv_nsec == 0)
    #expect(try world.git("status", "--porcelain", in: "\(world.root)/w").isEmpty)
  }
}
