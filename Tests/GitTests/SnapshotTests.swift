import Glibc
import System
import Testing

@testable import Git

@Suite("A snapshot of a work tree")
struct SnapshotTests {
  /// The ways in which a repository can be looked at.
  enum Kind: String, CaseIterable {
    case plain, byGit, filter, submodule, sparse, untrustedTimes
  }

  private static let count = 200

  /// Edits that nothing but the content tells: the same size, in place, within the second in which the index
  /// was written, and the time set to every distance from it.
  @Test("loses no edit of the same size, however close to the index", arguments: Kind.allCases)
  func racyEdits(_ kind: Kind) throws {
    let world = try World()
    var files = [".gitattributes": kind == .filter ? "*.py filter=up\n" : "\n"]
    for number in 0..<SnapshotTests.count { files["dir/f\(number).py"] = "v = 1000\n" }
    var commit = try world.commit(files)
    if kind == .submodule {
      let tree = try world.repository.writeTree(
        updating: world.repository.treeOf(commit: commit),
        upserts: [(path: "sub", blob: commit, mode: .submodule)], removals: [])
      commit = try world.repository.writeCommit(
        tree: tree, parents: [], message: "m", author: World.person, committer: World.person)
    }
    let place = "\(world.root)/w"
    if kind == .untrustedTimes { try world.git("config", "core.trustctime", "false") }
    let worktree = try world.worktree("w", at: commit)
    let program = world.program(of: worktree)
    switch kind {
    case .plain, .byGit, .submodule, .untrustedTimes: break
    case .sparse: try world.git("sparse-checkout", "set", "dir", in: place)
    case .filter:
      try world.git("config", "--global", "filter.up.smudge", "cat")
      try world.git("config", "--global", "filter.up.clean", "tr A-Z a-z")
    }
    // Long ago for whoever looks at a copy of the index.
    let second = time(nil) - 10
    for number in 0..<SnapshotTests.count { try mark("\(place)/dir/f\(number).py", second, number * 5) }
    try world.git("update-index", "--really-refresh", in: place)
    let isLater = kind == .byGit || kind == .untrustedTimes
    try mark("\(worktree.gitDirectory)/index", second + (isLater ? 1 : 0), 500)
    for number in 0..<SnapshotTests.count {
      try edit("\(place)/dir/f\(number).py", "V = \(2000 + number)\n")
      // Half of them keep the time that they had.
      try mark("\(place)/dir/f\(number).py", second, number * 5 + (number % 2) * 2)
    }
    let tree =
      switch kind {
      case .plain, .untrustedTimes: try worktree.snapshot().tree
      case .byGit, .filter, .submodule, .sparse: try program.snapshotWorktree(path: place).tree
      }
    let letter = kind == .filter ? "v" : "V"
    let lost = try (0..<SnapshotTests.count).filter { number in
      let entry = try world.repository.entry(at: "dir/f\(number).py", inTree: tree)
      let text = try entry.map { String(decoding: try world.repository.blob($0.oid), as: UTF8.self) }
      return text != "\(letter) = \(2000 + number)\n"
    }
    #expect(lost == [])
  }

  @Test("and a check-out after it believe no index that is as young as the files")
  func youngIndex() throws {
    let world = try World()
    let commit = try world.commit(["a.py": "V = 1\n"])
    try world.git("config", "core.trustctime", "false")
    let worktree = try world.worktree("w", at: commit)
    let place = "\(world.root)/w/a.py"
    let second = time(nil) - 10
    try mark(place, second, 500)
    try world.git("update-index", "--really-refresh", in: "\(world.root)/w")
    try mark("\(worktree.gitDirectory)/index", second + 5, 0)
    try edit(place, "V = 2\n")
    try mark(place, second, 500)
    #expect(try !worktree.isExactly(treeOf: commit))
    try worktree.checkoutTree(commit: commit)
    #expect(try world.read("w/a.py") == "V = 1\n")
  }

  @Test("by git sees files behind marks, and outside of a sparse cone")
  func marks() throws {
    let world = try World()
    let commit = try world.commit(["a": "1\n", "b": "1\n", "in/x": "1\n", "out/x": "1\n"])
    let worktree = try world.worktree("w", at: commit)
    let place = "\(world.root)/w"
    try world.git("sparse-checkout", "set", "in", in: place)
    try world.git("update-index", "--assume-unchanged", "a", in: place)
    try world.git("update-index", "--skip-worktree", "b", in: place)
    for path in ["a", "b", "in/new", "out/new"] { try world.write("w/\(path)", "2\n") }
    let tree = try world.program(of: worktree).snapshotWorktree(path: place).tree
    let changes = try worktree.changes(from: worktree.treeOf(commit: commit), to: tree)
    #expect(changes.map(\.path) == ["a", "b", "in/new", "out/new"])
  }

  @Test("leaves out what was there before, also when it was added since", arguments: [false, true])
  func leavesOut(_ byGit: Bool) throws {
    let world = try World()
    let commit = try world.commit([".gitignore": "old/\n", "tracked": "1\n"])
    let worktree = try world.worktree("w", at: commit)
    let place = "\(world.root)/w"
    for path in ["old/a", "old/b", "tracked", "new", "old/new"] { try world.write("w/\(path)", "2\n") }
    try world.write("w/.gitignore", "nothing\n")
    try world.git("add", "old/b", in: place)
    let scope = Snapshot.Scope(base: try worktree.treeOf(commit: commit)) {
      ["old/a", "old/b", "tracked"].contains($0)
    }
    let snapshot =
      byGit
      ? try world.program(of: worktree).snapshotWorktree(path: place, scope) : try worktree.snapshot(scope)
    #expect(
      try world.repository.files(inTree: snapshot.tree) == [".gitignore", "new", "old/new", "tracked"])
    #expect(Set(snapshot.leftOut) == ["old/a", "old/b"])
  }

  @Test(
    "names what a merge left undecided, what is ignored and what is a repository", arguments: [false, true])
  func names(_ byGit: Bool) throws {
    let world = try World()
    let base = try world.commit([".gitignore": "*.o\nbuild/\n", "a": "1\n"])
    let left = try world.commit([".gitignore": "*.o\nbuild/\n", "a": "2\n"], parents: [base])
    let right = try world.commit([".gitignore": "*.o\nbuild/\n", "a": "3\n"], parents: [base])
    let worktree = try world.worktree("w", at: left)
    let place = "\(world.root)/w"
    #expect(throws: World.Failure.self) { try world.git("merge", right.hex, in: place) }
    for path in ["x.o", "build/y", "build/z"] { try world.write("w/\(path)", "2\n") }
    try world.git("init", "-q", "inner", in: place)
    try world.write("w/inner/file", "x")
    let snapshot =
      byGit ? try world.program(of: worktree).snapshotWorktree(path: place) : try worktree.snapshot()
    #expect(snapshot.unmerged == ["a"])
    #expect(snapshot.ignored.sorted() == ["build/", "x.o"])
    #expect(snapshot.embeddedRepositories == ["inner"])
    #expect(try world.repository.files(inTree: snapshot.tree) == [".gitignore", "a"])
  }

  private func mark(_ path: String, _ second: Int, _ milliseconds: Int) throws {
    var times = [
      timespec(tv_sec: second, tv_nsec: milliseconds * 1_000_000),
      timespec(tv_sec: second, tv_nsec: milliseconds * 1_000_000),
    ]
    #expect(utimensat(AT_FDCWD, path, &times, 0) == 0)
  }

  /// In place: the inode stays.
  private func edit(_ path: String, _ text: String) throws {
    let file = open(path, O_WRONLY)
    defer { close(file) }
    #expect(write(file, text, text.utf8.count) == text.utf8.count)
  }

  @Test(
    "says of an index that is none what is the matter with it",
    arguments: ["garbage", String(repeating: "x", count: 99)])
  func damagedIndex(content: String) throws {
    let world = try World()
    let worktree = try world.worktree("w", at: try world.commit(["a": "1"]))
    try Files.writeAtomically(worktree.gitDirectory + "/index", Array(content.utf8))
    let error = #expect(throws: GitError.self) { try worktree.snapshot() }
    #expect(
      error?.message.contains("exists") == false && error?.message.contains("index") == true,
      "\(error as Any)")
  }
}
