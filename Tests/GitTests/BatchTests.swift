import Testing

@testable import Git

/// Objects that are written together.
@Suite("Batches of objects") struct BatchTests {
  private static let far = Signature(
    name: " Ann Ø. ", email: "ann@example.com", seconds: 1_112_911_993, offsetMinutes: -570)

  @Test("a commit of a batch has the name that it has outside of one")
  func sameNames() throws {
    let world = try World()
    let first = try world.commit(["a": "1\n"])
    let tree = try world.repository.treeOf(commit: first)
    let batch = try ObjectBatch(for: world.repository)
    for parents in [[], [first], [first, first]] {
      let written = try batch.writeCommit(
        tree: tree, parents: parents, message: "änd\n\nmore\n", author: BatchTests.far,
        committer: World.person)
      let expected = try world.repository.writeCommit(
        tree: tree, parents: parents, message: "änd\n\nmore\n", author: BatchTests.far,
        committer: World.person)
      #expect(written == expected)
    }
  }

  @Test("nothing is in the repository before it is stored, and git finds everything there after")
  func storesAll() throws {
    let world = try World()
    let first = try world.commit(["a": "1\n", "sub/deep/b": "2\n", "sub/c": "3\n", "other/d": "4\n"])
    let base = try world.repository.treeOf(commit: first)
    let batch = try ObjectBatch(for: world.repository)
    var parent = first
    for number in 1...20 {
      let blob = try batch.writeBlob(Array("number \(number)\n".utf8))
      let tree = try batch.writeTree(
        updating: base, upserts: [("sub/deep/b", blob, .blob), ("new/e", blob, .blob)], removals: ["sub/c"])
      parent = try batch.writeCommit(
        tree: tree, parents: [parent], message: "change \(number)\n", author: World.person,
        committer: World.person)
    }
    #expect(try !world.repository.objectExists(parent))
    try batch.store()
    #expect(try world.git("rev-list", "--count", parent.hex) == "21")
    #expect(try world.git("show", "\(parent.hex):sub/deep/b") == "number 20")
    #expect(try world.git("ls-tree", "-r", "--name-only", parent.hex) == "a\nnew/e\nother/d\nsub/deep/b")
    try world.git("fsck", "--strict", "--no-dangling")
  }

  @Test("a tree of a batch can be changed again in the same batch, in folders too")
  func treeOfBatch() throws {
    let world = try World()
    let first = try world.commit(["a": "1\n", "sub/deep/b": "2\n", "sub/c": "3\n"])
    let batch = try ObjectBatch(for: world.repository)
    var tree = try world.repository.treeOf(commit: first)
    for path in ["x", "sub/deep/d", "sub/e", "new/f", "new/g"] {
      let blob = try batch.writeBlob(Array("\(path)\n".utf8))
      tree = try batch.writeTree(updating: tree, upserts: [(path, blob, .blob)], removals: [])
    }
    let commit = try batch.writeCommit(
      tree: tree, parents: [first], message: "all\n", author: World.person, committer: World.person)
    try batch.store()
    #expect(
      try world.git("ls-tree", "-r", "--name-only", commit.hex)
        == "a\nnew/f\nnew/g\nsub/c\nsub/deep/b\nsub/deep/d\nsub/e\nx")
    try world.git("fsck", "--strict", "--no-dangling")
  }

  @Test("a signature that would forge a header is refused")
  func refusesForgery() throws {
    let world = try World()
    let tree = try world.repository.treeOf(commit: try world.commit(["a": "1\n"]))
    let batch = try ObjectBatch(for: world.repository)
    for name in ["", "a\nparent b", "a <b>"] {
      let person = Signature(name: name, email: "a@b", seconds: 0)
      #expect(throws: GitError.self, "\(name)") {
        try batch.writeCommit(tree: tree, parents: [], message: "m", author: person, committer: World.person)
      }
    }
    #expect(throws: GitError.self) {
      try batch.writeCommit(
        tree: tree, parents: [], message: "a\0b", author: World.person, committer: World.person)
    }
  }
}
