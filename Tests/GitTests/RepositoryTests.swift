import Glibc
import System
import Testing

@testable import Git

@Suite struct RepositoryTests {
  @Test func oids() throws {
    let hex = "0123456789abcdef0123456789abcdef01234567"
    let oid = try #require(OID(hex))
    #expect(oid.hex == hex && "\(oid)" == hex && OID(oid.raw) == oid && !oid.isZero)
    #expect(OID(hex.uppercased()) == oid)
    #expect(OID.zero.hex == String(repeating: "0", count: 40) && OID.zero.isZero)
    for bad in ["", "0", String(hex.dropLast()), hex + "0", "g" + hex.dropFirst(), "é" + hex.dropFirst(2)] {
      #expect(OID(bad) == nil)
    }
    #expect(OID.zero < oid)
  }

  @Test func objectsRoundTrip() throws {
    let world = try World()
    let repository = world.repository
    let bytes: [UInt8] = [0, 1, 255, 10, 0]
    let blob = try repository.writeBlob(bytes)
    #expect(try repository.blob(blob) == bytes)
    #expect(try repository.objectSize(blob) == 5)
    #expect(try repository.blob(repository.writeBlob([])) == [])
    let missing = try #require(OID(String(repeating: "1", count: 40)))
    #expect(try repository.objectExists(blob) && !repository.objectExists(missing))
    let error = #expect(throws: GitError.self) { try repository.commit(missing) }
    #expect(error?.isNotFound == true)
    #expect(error?.description.hasPrefix("unable to read commit '1111") == true)
    #expect(throws: GitError.self) { try repository.commit(blob) }
    let parent = try world.commit(["a": "1"])
    let author = Signature(name: "Ä B", email: "x@y", seconds: 5, offsetMinutes: -90)
    let oid = try repository.writeCommit(
      tree: repository.treeOf(commit: parent), parents: [parent, parent], message: "\n subject \n\nbody",
      author: author,
      committer: World.person)
    let commit = try repository.commit(oid)
    #expect(
      commit.parents == [parent, parent] && commit.author == author && commit.committer == World.person)
    #expect(commit.message == "\n subject \n\nbody")
    #expect(
      try world.git("log", "-1", "--format=%an <%ae> %ad", "--date=raw", oid.hex) == "Ä B <x@y> 5 -0130")
    #expect(try repository.references(matching: "*").isEmpty)
    for bad in ["", "a\nb", "<"] {
      #expect(throws: GitError.self) {
        try repository.writeCommit(
          tree: commit.tree, parents: [], message: "m", author: Signature(name: bad, email: "e", seconds: 0),
          committer: World.person)
      }
    }
    #expect(throws: GitError.self) {
      try repository.writeCommit(
        tree: missing, parents: [], message: "m", author: author, committer: author)
    }
  }

  @Test func callsAreMadeAgainWhileGitTidiesUp() throws {
    let world = try World()
    let oid = try world.commit(["a": "1"])
    let place = "\(world.repository.commonDirectory)/objects/\(oid.hex.prefix(2))/\(oid.hex.dropFirst(2))"
    try Files.move(place, to: place + ".packed")
    var calls = 0
    let code = world.repository.undisturbed {
      calls += 1
      if calls == 2 { try? Files.move(place + ".packed", to: place) }
      return (try? world.repository.objectSize(oid)) == nil ? -3 : 0
    }
    #expect(code == 0 && calls == 2, "an object that is neither here nor there, for a moment")
    calls = 0
    let other = world.repository.undisturbed {
      calls += 1
      return -1
    }
    #expect(other == -1 && calls == 1, "any other failure stays one")
  }

  @Test func treesAreUpdated() throws {
    let world = try World()
    let repository = world.repository
    let one = try repository.writeBlob([1])
    let two = try repository.writeBlob([2])
    let base = try repository.writeTree(
      updating: nil,
      upserts: [
        ("a/b/c", one, .blob), ("a-b", one, .blob), ("a.b", one, .executable), ("z", one, .symbolicLink),
      ],
      removals: [])
    #expect(try repository.files(inTree: base) == ["a-b", "a.b", "a/b/c", "z"])
    let next = try repository.writeTree(
      updating: base, upserts: [("a/b/d", two, .blob), ("z", two, .blob)],
      removals: ["a/b/c", "none", "a/none/x"])
    #expect(try repository.files(inTree: next) == ["a-b", "a.b", "a/b/d", "z"])
    let emptied = try repository.writeTree(updating: next, upserts: [], removals: ["a/b/d"])
    #expect(try repository.entry(at: "a", inTree: emptied) == nil)
    #expect(try repository.entry(at: "a/b", inTree: next)?.kind == .tree)
    #expect(try repository.entry(at: "a/b/d", inTree: next)?.oid == two)
    #expect(try repository.entry(at: "a.b", inTree: next)?.mode == .executable)
    #expect(
      try repository.entry(at: "a//b", inTree: next) == nil && repository.entry(at: "", inTree: next) == nil)
    #expect(try repository.writeTree(updating: base, upserts: [], removals: []) == base)
    #expect(
      try repository.writeTree(updating: nil, upserts: [], removals: []).hex
        == "4b825dc642cb6eb9a060e54bf8d69288fbee4904")
    for bad in ["../x", "a/../x", "", "/x", ".git/config", "a//x", "a\0b"] {
      #expect(throws: GitError.self, "\(bad)") {
        try repository.writeTree(updating: base, upserts: [(bad, one, .blob)], removals: [])
      }
    }
    #expect(throws: GitError.self) { try repository.writeTree(updating: base, upserts: [], removals: ["a"]) }
  }

  @Test func namesThatAreNotTextSurvive() throws {
    let world = try World()
    let odd: [[UInt8]] = [
      [0x61, 0xFF, 0x62], [0xC3, 0x28], Array("\u{10FE80}".utf8), [0xE2, 0x82],
      Array("line\nquote\"tab\t".utf8),
      Array("é".utf8), Array("e\u{301}".utf8), [0xED, 0xA0, 0x80], [0xF4, 0x90, 0x80, 0x80],
    ]
    for bytes in odd { #expect(PathText.bytes(PathText.string(bytes)) == bytes) }
    let blob = try world.repository.writeBlob([1])
    let tree = try world.repository.writeTree(
      updating: nil, upserts: odd.map { (path: PathText.string($0), blob: blob, mode: .blob) }, removals: [])
    let names = try world.repository.files(inTree: tree)
    #expect(names.map { PathText.bytes($0) } == odd.sorted { $0.lexicographicallyPrecedes($1) })
    for name in names { #expect(try world.repository.entry(at: name, inTree: tree)?.oid == blob) }
    let commit = try world.repository.writeCommit(
      tree: tree, parents: [], message: "m", author: World.person, committer: World.person)
    let worktree = try world.worktree("w", at: commit)
    #expect(try worktree.snapshotTree() == tree)
    #expect(try world.repository.changes(from: nil, to: tree).count == odd.count)
    try world.repository.removeWorktree(name: "w", derivedPath: "\(world.root)/w")
    #expect(!world.exists("w"))
  }

  @Test func headAndRefs() throws {
    let world = try World()
    let repository = world.repository
    #expect(try repository.head() == .unborn(branch: "refs/heads/main"))
    #expect(try repository.resolve("HEAD") == nil)
    let commit = try world.commit(["a": "1"])
    _ = repository.compareAndSwap(ref: "refs/heads/main", to: commit, from: nil)
    _ = repository.compareAndSwap(ref: "refs/migrate/b/x", to: commit, from: nil)
    _ = repository.compareAndSwap(ref: "refs/migrate/a", to: commit, from: nil)
    #expect(try repository.head() == .branch(name: "refs/heads/main", oid: commit))
    #expect(
      try repository.references(matching: "refs/migrate/*").map(\.name) == [
        "refs/migrate/a", "refs/migrate/b/x",
      ])
    #expect(try repository.resolve("refs/heads/none") == nil)
    #expect(throws: GitError.self) { try repository.resolve("bad name") }
    #expect(try repository.revision("main~0") == commit && repository.revision("nothing") == nil)
    try world.git("checkout", "-q", "--detach", "-f", "main")
    #expect(try repository.head() == .detached(commit))
  }

  @Test func history() throws {
    let world = try World()
    let repository = world.repository
    let first = try world.commit(["a": "1"])
    let left = try world.commit(["a": "2"], parents: [first])
    let right = try world.commit(["a": "1", "b": "1"], parents: [first])
    let merge = try world.commit(["a": "2", "b": "1"], parents: [left, right])
    let stranger = try world.commit(["z": "1"])
    #expect(try repository.isAncestor(first, of: merge) && repository.isAncestor(merge, of: merge))
    #expect(try !repository.isAncestor(merge, of: first) && !repository.isAncestor(stranger, of: merge))
    #expect(try repository.mergeBase(left, right) == first && repository.mergeBase(left, stranger) == nil)
    #expect(try Set(repository.commits(from: merge, excluding: [first])) == [merge, left, right])
    #expect(try repository.commits(from: merge, firstParentOnly: true) == [merge, left, first])
    #expect(try repository.commits(from: merge, excluding: [left], firstParentOnly: true) == [merge])
    #expect(try repository.commits(from: merge, limit: 1) == [merge])
    #expect(try repository.commits(from: first, excluding: [merge]).isEmpty)
  }

  @Test func changesAndMerges() throws {
    let world = try World()
    let repository = world.repository
    let body = (1...30).map { "line \($0)\n" }.joined()
    let base = try repository.treeOf(commit: world.commit(["a": body, "b": "1\n", "c": "1\n"]))
    let ours = try repository.treeOf(commit: world.commit(["moved": body, "b": "2\n", "c": "1\n"]))
    let theirs = try repository.treeOf(commit: world.commit(["a": body + "more\n", "b": "1\n", "d": "1\n"]))
    let plain = try repository.changes(from: base, to: ours)
    #expect(plain.map(\.path) == ["a", "b", "moved"] && plain.map(\.kind) == [.deleted, .modified, .added])
    #expect(plain.first?.newBlob == nil && plain.first?.oldMode == .blob && plain.last?.oldBlob == nil)
    let renames = try repository.changes(from: base, to: ours, detectingRenames: true)
    #expect(renames.map(\.kind) == [.modified, .renamed] && renames.last?.oldPath == "a")
    #expect(try repository.changes(from: nil, to: base).map(\.kind) == [.added, .added, .added])
    let merged = try repository.mergeTrees(ancestorTree: base, oursTree: ours, theirsTree: theirs)
    guard case .clean(let tree) = merged else { throw World.Failure(text: "\(merged)") }
    #expect(try repository.files(inTree: tree) == ["b", "d", "moved"])
    let clash = try repository.treeOf(commit: world.commit(["a": body, "b": "3\n", "c": "2\n"]))
    #expect(
      try repository.mergeTrees(ancestorTree: base, oursTree: ours, theirsTree: clash) == .conflicts(["b"]))
    #expect(
      try repository.mergeTrees(ancestorTree: nil, oursTree: ours, theirsTree: clash)
        == .conflicts(["b", "c"]))
    let root = try world.commit(["a": "1\n"])
    let one = try world.commit(["a": "1\n", "x": "1\n"], parents: [root])
    let two = try world.commit(["a": "2\n"], parents: [root])
    let result = try repository.mergeCommits(ours: one, theirs: two)
    guard case .clean(let both) = result else { throw World.Failure(text: "\(result)") }
    #expect(try repository.files(inTree: both) == ["a", "x"])
  }
}
