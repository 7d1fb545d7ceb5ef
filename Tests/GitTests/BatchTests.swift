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

  @Test("objects of any size come back as they were, also one that was written twice")
  func sizes() throws {
    let world = try World()
    let batch = try ObjectBatch(for: world.repository)
    // Sizes around those at which the head of an object in a pack gets another byte; and bytes that deflate
    // makes longer.
    var noise = UInt32(1)
    let contents = [0, 1, 15, 16, 17, 2047, 2048, 300_000].map { count in
      (0..<count).map { _ -> UInt8 in
        noise = noise &* 1_664_525 &+ 1_013_904_223
        return UInt8(truncatingIfNeeded: noise >> 24)
      }
    }
    let names = try (contents + contents).map { try batch.writeBlob($0) }
    try batch.store()
    #expect(try names.map { try world.repository.blob($0) } == contents + contents)
    try world.git("fsck", "--strict", "--no-dangling")
  }

  @Test(
    "SHA-1 gives the sums that FIPS 180 lists",
    arguments: [
      ("", "da39a3ee5e6b4b0d3255bfef95601890afd80709"),
      ("abc", "a9993e364706816aba3e25717850c26c9cd0d89d"),
      (
        "abcdbcdecdefdefgefghfghighijhijkijkljklmklmnlmnomnopnopq",
        "84983e441c3bd26ebaae4aa1f95129e5e54670f1"
      ),
      (String(repeating: "a", count: 1_000_000), "34aa973cd4c4daa4f61eeb2bdbad27316534016f"),
    ])
  func sums(_ text: String, _ sum: String) {
    let digits = SHA1.digest(of: Array(text.utf8)).map { byte in
      (byte < 16 ? "0" : "") + String(byte, radix: 16)
    }
    #expect(digits.joined() == sum)
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
