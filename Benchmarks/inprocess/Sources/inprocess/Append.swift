import Clibgit2
import Git
import Glibc
import Ledger
import Migration

/// One append beside what it cannot do without: a loose commit object and the move of a ref, by libgit2 alone.
///
/// Both sync the same things, because the setting belongs to the process. They take turns, block by block.
struct AppendBench {
  let bench: Bench
  let raw: OpaquePointer
  let odb: OpaquePointer
  var parent: git_oid?

  static let ref = "refs/bench/peer"

  init(_ path: String) throws {
    bench = try Bench(path)
    try bench.prepare(holders: 4)
    var raw: OpaquePointer?
    var odb: OpaquePointer?
    guard git_repository_open(&raw, path) == 0, let raw, git_repository_odb(&odb, raw) == 0, let odb else {
      throw Trouble("libgit2 cannot open '\(path)'")
    }
    self.raw = raw
    self.odb = odb
  }

  /// Prints the nanoseconds of every append, of both kinds.
  mutating func run(blocks: Int, perBlock: Int) throws {
    var ours: [Int64] = []
    var peer: [Int64] = []
    for round in 0..<(blocks * perBlock) {
      let start = Bench.now()
      try bench.renew(1 + round % 4, round: round)
      ours.append(Bench.now() - start)
      guard (round + 1).isMultiple(of: perBlock) else { continue }
      let text = try commitText()
      for _ in 0..<perBlock { peer.append(try appendBare(text)) }
    }
    print("{\"ours\":\(ours),\"peer\":\(peer)}")
  }

  /// The last entry's tree and message, so that both write as many bytes.
  private func commitText() throws -> (head: [UInt8], tail: [UInt8]) {
    guard let tip = try bench.ledger.read().tip else { throw Trouble("the ledger is empty") }
    let commit = try bench.repository.commit(tip)
    let who = "git-migrate <git-migrate@localhost> \(commit.author.seconds) +0000"
    return (
      Array("tree \(commit.tree.hex)\n".utf8),
      Array("author \(who)\ncommitter \(who)\n\n".utf8) + commit.messageBytes
    )
  }

  private mutating func appendBare(_ text: (head: [UInt8], tail: [UInt8])) throws -> Int64 {
    let start = Bench.now()
    var bytes = text.head
    if let parent { bytes += Array("parent \(AppendBench.hex(parent))\n".utf8) }
    bytes += text.tail
    var written = git_oid()
    guard git_odb_write(&written, odb, bytes, bytes.count, GIT_OBJECT_COMMIT) == 0 else {
      throw Trouble("libgit2 cannot write a commit")
    }
    var expected = parent ?? git_oid()
    var made: OpaquePointer?
    guard git_reference_create_matching(&made, raw, AppendBench.ref, &written, 1, &expected, nil) == 0 else {
      throw Trouble("libgit2 cannot move a ref")
    }
    git_reference_free(made)
    parent = written
    return Bench.now() - start
  }

  private static func hex(_ oid: git_oid) -> String {
    var oid = oid
    var text = [CChar](repeating: 0, count: 41)
    git_oid_tostr(&text, text.count, &oid)
    return String(decoding: text.prefix(40).map { UInt8(bitPattern: $0) }, as: UTF8.self)
  }
}
