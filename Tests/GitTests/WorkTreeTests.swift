import Glibc
import System
import Testing

@testable import Git

@Suite struct WorkTreeTests {
  @Test func snapshotSeesWhatGitWouldAdd() throws {
    let world = try World()
    let base = try world.commit([
      ".gitignore": "*.log\nbuild/\n", "kept": "1", "gone": "1", "changed": "1", "run.sh": "1", "dir/x": "1",
      "tofile/y": "1", "hidden": "1",
    ])
    let worktree = try world.worktree("w", at: base)
    try world.write("w/changed", "2")
    try world.write("w/new/deep/file", "n")
    try world.write("w/noise.log", "n")
    try world.write("w/build/out", "n")
    unlink("\(world.root)/w/gone")
    chmod("\(world.root)/w/run.sh", 0o755)
    symlink("/etc/passwd", "\(world.root)/w/link")
    try Files.removeTree("\(world.root)/w/tofile")
    try world.write("w/tofile", "file now")
    try world.git("update-index", "--assume-unchanged", "hidden", in: "\(world.root)/w")
    try world.write("w/hidden", "2")
    try world.git("init", "-q", "inner", in: "\(world.root)/w")
    try world.write("w/inner/file", "x")
    let index = try world.read("repo/.git/worktrees/w/index").map { Array($0.utf8) }
    let snapshot = try worktree.snapshot()
    #expect(try world.read("repo/.git/worktrees/w/index").map { Array($0.utf8) } == index)
    let files = try world.repository.files(inTree: snapshot.tree)
    #expect(
      files == [
        ".gitignore", "changed", "dir/x", "hidden", "kept", "link", "new/deep/file", "run.sh", "tofile",
      ])
    #expect(snapshot.embeddedRepositories == ["inner"])
    let entry = { (path: String) in try world.repository.entry(at: path, inTree: snapshot.tree) }
    #expect(try entry("run.sh")?.mode == .executable)
    #expect(try entry("link")?.mode == .symbolicLink)
    #expect(try entry("link").map { try world.repository.blob($0.oid) } == Array("/etc/passwd".utf8))
    #expect(try entry("hidden").map { try world.repository.blob($0.oid) } == Array("2".utf8))
    // git's own answer is the same tree, but for the repository inside.
    try Files.removeTree("\(world.root)/w/inner")
    try world.git("update-index", "--no-assume-unchanged", "hidden", in: "\(world.root)/w")
    #expect(try world.program(of: worktree).snapshotWorktree(path: "\(world.root)/w").tree == snapshot.tree)
    try world.git("add", "-A", in: "\(world.root)/w")
    #expect(try world.git("write-tree", in: "\(world.root)/w") == snapshot.tree.hex)
    #expect(try worktree.snapshotTree() == snapshot.tree)
  }

  @Test func snapshotOfAConflictedIndexIsTheFiles() throws {
    let world = try World()
    let base = try world.commit(["a": "1\n", "b": "1\n"])
    let left = try world.commit(["a": "2\n", "b": "2\n"], parents: [base])
    let right = try world.commit(["a": "3\n"], parents: [base])
    let worktree = try world.worktree("w", at: left)
    #expect(throws: World.Failure.self) { try world.git("merge", right.hex, in: "\(world.root)/w") }
    unlink("\(world.root)/w/b")
    try world.write("w/a", "both\n")
    #expect(try world.repository.files(inTree: worktree.snapshotTree()) == ["a"])
    // The slot is used again: no merge is left half done.
    try worktree.checkoutTree(commit: right)
    #expect(try worktree.status().isEmpty)
    #expect(!world.exists("repo/.git/worktrees/w/MERGE_HEAD"))
  }

  @Test func reuseMakesExactlyTheCommitAndKeepsIgnored() throws {
    let world = try World()
    let first = try world.commit([
      ".gitignore": "cache/\n", "a": "1", "dir/b": "1", "swap": "1", "same": "1", "fold/x": "1", "bits": "1",
    ])
    let second = try world.commit([
      ".gitignore": "cache/\n", "a": "2", "new/c": "1", "swap/inner": "1", "same": "1", "fold": "file",
      "bits": "1",
    ])
    let worktree = try world.worktree("w", at: first)
    let root = "\(world.root)/w"
    try world.write("w/cache/object", "kept")
    try world.write("w/untracked/deep/file", "x")
    try world.write("w/same", "dirty")
    try world.write(
      "w/.gitignore", "cache/\n*.py\n")
    try world.write("w/planted.py", "evil")
    try world.write("victim/file", "x")
    symlink("\(world.root)/victim", "\(root)/new")
    try world.git("init", "-q", "inner", in: root)
    try world.git("checkout", "-q", "-b", "mine", in: root)
    try world.git("add", "-A", "--", ".", ":!inner", in: root)
    try worktree.checkoutTree(commit: second)
    #expect(try worktree.head() == .detached(second))
    #expect(try world.git("status", "--porcelain", in: root) == "")
    #expect(try world.git("status", "--porcelain", "--ignored", in: root) == "!! cache/")
    #expect(try world.read("w/cache/object") == "kept")
    #expect(try world.read("w/new/c") == "1")
    #expect(try world.read("w/same") == "1")
    #expect(!world.exists("w/planted.py") && !world.exists("w/inner") && !world.exists("w/untracked"))
    #expect(try world.read("victim/file") == "x")
    #expect(!world.exists("victim/c"))
    try worktree.checkoutTree(commit: first)
    #expect(try worktree.snapshotTree() == world.repository.treeOf(commit: first))
    #expect(try world.git("status", "--porcelain", in: root) == "")
  }

  /// libgit2's checkout alone believes size and time of a file, which anybody can set.
  @Test func forgedTimesDoNotSurviveReuse() throws {
    let world = try World()
    let commit = try world.commit(["a": "good", "b": "good"])
    let worktree = try world.worktree("w", at: commit)
    let root = "\(world.root)/w"
    // Time must pass, or the file counts as too young to be believed anyway.
    usleep(1_100_000)
    try world.git("update-index", "--refresh", in: root)
    var status = stat()
    stat("\(root)/a", &status)
    try world.git("update-index", "--assume-unchanged", "b", in: root)
    let file = open("\(root)/a", O_WRONLY)
    write(file, "evil", 4)
    var times = [status.st_atim, status.st_mtim]
    futimens(file, &times)
    close(file)
    try world.write("w/b", "evil")
    try worktree.checkoutTree(commit: commit)
    #expect(try world.read("w/a") == "good")
    #expect(try world.read("w/b") == "good")
    // With a forged index too, only reading every file helps.
    let forge = open("\(root)/a", O_WRONLY)
    write(forge, "evil", 4)
    futimens(forge, &times)
    close(forge)
    try world.git("update-index", "--index-info", in: root, input: "100644 \(try blob(world, "evil")) 0\ta\n")
    try world.git("update-index", "--refresh", in: root)
    try worktree.checkoutTree(commit: commit, believing: .nothing)
    #expect(try world.read("w/a") == "good")
  }

  private func blob(_ world: World, _ text: String) throws -> String {
    try world.repository.writeBlob(Array(text.utf8)).hex
  }

  @Test func brokenStateDoesNotStopReuse() throws {
    let world = try World()
    let commit = try world.commit(["a": "1"])
    let worktree = try world.worktree("w", at: commit)
    try world.write("repo/.git/worktrees/w/index", "garbage")
    try world.write("repo/.git/worktrees/w/HEAD", "nonsense\n")
    try world.write("repo/.git/worktrees/w/index.lock", "")
    #expect(throws: GitError.self) { try worktree.checkoutTree(commit: commit) }
    let again = try Repository.openWorktree(
      path: "\(world.root)/w", expectedCommonDirectory: world.repository.commonDirectory,
      environment: world.environment)
    try again.checkoutTree(commit: commit, breakingLocks: true)
    #expect(try again.head() == .detached(commit))
    #expect(try again.status().isEmpty)
  }

  @Test func statusListsPaths() throws {
    let world = try World()
    let commit = try world.commit(["a": "1", "b": "1", ".gitignore": "ignored\n"])
    let worktree = try world.worktree("w", at: commit)
    #expect(try worktree.status().isEmpty)
    try world.write("w/a", "2")
    try world.write("w/dir/new", "x")
    try world.write("w/ignored", "x")
    #expect(try worktree.status() == ["a", "dir/new"])
    #expect(try worktree.status(includingUntracked: false) == ["a"])
    #expect(try !worktree.status().isEmpty)
  }

  @Test func submodulesAreTheGitProgramsAffair() throws {
    let world = try World()
    let inner = try world.commit(["x": "1"])
    let base = try world.commit(["a": "1"])
    let tree = try world.repository.writeTree(
      updating: world.repository.treeOf(commit: base),
      upserts: [(path: "sub", blob: inner, mode: .submodule)],
      removals: [])
    let commit = try world.repository.writeCommit(
      tree: tree, parents: [], message: "m", author: World.person, committer: World.person)
    #expect(try world.repository.needsGitProgram(forCommit: commit) == "it has a submodule 'sub'")
    #expect(try world.repository.files(inTree: tree) == ["a"])
    let worktree = try world.worktree("w", at: commit)
    #expect(try worktree.snapshotTree() == tree)
    try world.git("init", "-q", "sub", in: "\(world.root)/w")
    try world.write("w/sub/file", "x")
    try world.git("add", ".", in: "\(world.root)/w/sub")
    try world.git("commit", "-q", "-m", "inner", in: "\(world.root)/w/sub")
    #expect(try worktree.snapshotTree() == tree)
    // git records what is checked out, and it is said that nobody else has it.
    let snapshot = try world.program(of: worktree).snapshotWorktree(path: "\(world.root)/w")
    let head = try world.git("rev-parse", "HEAD", in: "\(world.root)/w/sub")
    #expect(try world.repository.entry(at: "sub", inTree: snapshot.tree)?.oid.hex == head)
    #expect(snapshot.submodules.map(\.path) == ["sub"])
    #expect(snapshot.submodules.first?.obstacle != nil)
  }

  @Test func reasonsForTheGitProgram() throws {
    let world = try World()
    let plain = try world.commit(["a": "1", ".gitattributes": "*.txt text eol=lf\n"])
    let lfs = try world.commit(["d/.gitattributes": "*.bin filter=lfs diff=lfs merge=lfs -text\n"])
    let encoded = try world.commit([".gitattributes": "*.txt working-tree-encoding=UTF-16\n"])
    #expect(try world.repository.needsGitProgram(forCommit: plain) == nil)
    #expect(try world.repository.needsGitProgram(forCommit: encoded) != nil)
    // Whether there is a filter of that name is not asked here: it may be configured where libgit2 sees none.
    #expect(
      try world.repository.needsGitProgram(forCommit: lfs) == "its files pass through the filter 'lfs'")
    #expect(try world.repository.needsGitProgram(forCommit: plain) == nil)
    try world.git("config", "core.sparseCheckout", "true")
    #expect(try world.repository.needsGitProgram(forCommit: plain) == "the checkout is sparse")
  }
}

extension World {
  func program(of repository: Repository) -> GitProgram { GitProgram(repository, identity: World.person) }
}

@Suite struct WorkTreeSafetyTests {
  /// A link that is ignored, or tracked, stands where the next commit has a folder.
  @Test(arguments: ["ignored", "tracked", "untracked", "deep"])
  func checkoutWritesThroughNoLink(how: String) throws {
    let world = try World()
    let first = try world.commit([".gitignore": how == "ignored" ? "dir\n" : "x\n", "a": "1", "p/q": "1"])
    let second = try world.commit(["a": "1", "dir/file": "new", "dir/sub/file": "new", "p/q/r": "1"])
    let worktree = try world.worktree("w", at: first)
    try world.write("victim/sub/other", "x")
    if how == "deep" {
      try Files.makeDirectories("\(world.root)/w/dir")
      symlink("\(world.root)/victim/sub", "\(world.root)/w/dir/sub")
    } else {
      symlink("\(world.root)/victim", "\(world.root)/w/dir")
    }
    if how == "tracked" { try world.git("add", "dir", in: "\(world.root)/w") }
    try worktree.checkoutTree(commit: second)
    #expect(try Files.listDirectory("\(world.root)/victim") == ["sub"])
    #expect(try Files.listDirectory("\(world.root)/victim/sub") == ["other"])
    #expect(try world.read("w/dir/sub/file") == "new")
    #expect(try world.git("status", "--porcelain", "--ignored", in: "\(world.root)/w") == "")
    #expect(try worktree.snapshotTree() == world.repository.treeOf(commit: second))
  }

  /// What libgit2 writes by itself differs in nothing: modes, links, line ends.
  @Test func filesAreWrittenAsGitWritesThem() throws {
    let world = try World()
    let repository = world.repository
    let text = try repository.writeBlob(Array("one\ntwo\n".utf8))
    let link = try repository.writeBlob(Array("a/run".utf8))
    let attributes = try repository.writeBlob(Array("*.crlf text eol=crlf\n*.id ident\n".utf8))
    let ident = try repository.writeBlob(Array("$Id$\n".utf8))
    let tree = try repository.writeTree(
      updating: nil,
      upserts: [
        ("a/run", text, .executable), ("a/b/c/plain", text, .blob), ("link", link, .symbolicLink),
        (".gitattributes", attributes, .blob), ("x.crlf", text, .blob), ("y.id", ident, .blob),
        ("empty", try repository.writeBlob([]), .blob),
      ], removals: [])
    let commit = try repository.writeCommit(
      tree: tree, parents: [], message: "m", author: World.person, committer: World.person)
    let worktree = try world.worktree("w", at: commit)
    try world.git("worktree", "add", "-q", "--detach", "\(world.root)/g", commit.hex)
    for path in ["a/run", "a/b/c/plain", "link", "x.crlf", "y.id", "empty"] {
      var ours = stat()
      var gits = stat()
      lstat("\(world.root)/w/\(path)", &ours)
      lstat("\(world.root)/g/\(path)", &gits)
      #expect(ours.st_mode == gits.st_mode, "\(path)")
      #expect(try world.read("w/\(path)") == world.read("g/\(path)"))
    }
    #expect(try world.read("w/x.crlf") == "one\r\ntwo\r\n")
    #expect(try world.git("status", "--porcelain", in: "\(world.root)/w") == "")
    #expect(try worktree.snapshotTree() == tree)
    // The index is good enough for git to read no file again.
    let list = try world.git("ls-files", "--debug", "a/run", in: "\(world.root)/w")
    #expect(!list.contains("mtime: 0:"))
  }

  /// The ignore rules that count are those of the commit.
  @Test func hiddenFilesDoNotSurviveReuse() throws {
    let world = try World()
    let commit = try world.commit([
      ".gitignore": "cache\n", "a/x": "1", "b/x": "1", "c/.gitignore": "keep\n", "c/x": "1",
    ])
    let worktree = try world.worktree("w", at: commit)
    try world.write("w/a/.gitignore", "*\n")
    try world.write("w/a/evil", "x")
    try world.write("w/b/.gitignore", "evil\n")
    try world.write("w/b/evil", "x")
    try world.write("w/c/.gitignore", "keep\nevil\n")
    try world.write("w/c/evil", "x")
    for kept in ["cache/x", "a/cache", "c/keep", ".pytest_cache/v"] { try world.write("w/\(kept)", "x") }
    // pytest and others make folders that ignore themselves.
    try world.write("w/.pytest_cache/.gitignore", "*\n")
    try worktree.checkoutTree(commit: commit)
    for gone in ["a/.gitignore", "a/evil", "b/.gitignore", "b/evil", "c/evil"] {
      #expect(!world.exists("w/\(gone)"), "\(gone)")
    }
    for kept in ["cache/x", "a/cache", "c/keep", ".pytest_cache/v"] {
      #expect(world.exists("w/\(kept)"), "\(kept)")
    }
    #expect(try world.read("w/c/.gitignore") == "keep\n")
  }

  /// A tree object with names that git itself never writes.
  @Test(arguments: ["..", ".git", "."])
  func craftedNamesAreRefused(name: String) throws {
    let world = try World()
    let blob = try world.repository.writeBlob([1])
    let inner = try rawTree(world, [("100644", "evil", blob)])
    let tree = try rawTree(world, [("40000", name, inner)])
    let commit = try world.repository.writeCommit(
      tree: tree, parents: [], message: "m", author: World.person, committer: World.person)
    try world.repository.addWorktree(name: "w", path: "\(world.root)/w", commit: commit, lockReason: "")
    let worktree = try Repository.openWorktree(
      path: "\(world.root)/w", expectedCommonDirectory: world.repository.commonDirectory, environment: [:])
    #expect(throws: GitError.self) { try worktree.checkoutTree(commit: commit) }
    #expect(!world.exists("evil") && !world.exists("w/evil"))
    #expect(try Files.listDirectory("\(world.root)/w") == [".git"])
  }

  private func rawTree(_ world: World, _ entries: [(String, String, OID)]) throws -> OID {
    var bytes: [UInt8] = []
    for (mode, name, oid) in entries {
      bytes += Array("\(mode) \(name)".utf8) + [0]
      bytes += stride(from: 0, to: 40, by: 2).map { UInt8(oid.hex.dropFirst($0).prefix(2), radix: 16) ?? 0 }
    }
    let output = try world.program.run(
      ["hash-object", "-t", "tree", "-w", "--literally", "--stdin"], input: bytes)
    return try #require(OID(output.text))
  }

  /// The reuse of a slot: two walks of the tree at most. The bound is loose, the machine is shared.
  @Test func snapshotAndReuseTouchOnlyWhatChanged() throws {
    let world = try World()
    let files = Dictionary(uniqueKeysWithValues: (0..<500).map { ("d\($0 % 20)/f\($0)", "content \($0)") })
    let first = try world.commit(files)
    let second = try world.commit(files.merging(["d1/f1": "other", "new": "1"]) { $1 })
    let worktree = try world.worktree("w", at: first)
    var before = stat()
    stat("\(world.root)/w/d2/f2", &before)
    try worktree.checkoutTree(commit: second)
    var after = stat()
    stat("\(world.root)/w/d2/f2", &after)
    #expect(before.st_ino == after.st_ino && before.st_ctim.tv_nsec == after.st_ctim.tv_nsec)
    #expect(try worktree.snapshotTree() == world.repository.treeOf(commit: second))
  }
}
