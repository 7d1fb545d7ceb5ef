import Support
import System
import Testing

@testable import Git

/// A pack whose index something else than git has made can keep objects as differences that lead back to
/// themselves: libgit2 follows them without end.
@Suite struct DamagedPackTests {
  private func check(_ world: MigrationWorld, _ arguments: [String], says text: String) throws {
    let run = try BackgroundRun(world.repository, TestBinary.path, arguments)
    let end = try run.wait(seconds: 30)
    #expect(end.code == 128 && end.err.contains(text), "\(arguments): \(end)")
    #expect(end.err.contains("hint: "), "\(end)")
  }

  /// Puts an object in a pack of its own as a difference to the next of so many, and the last one as one to
  /// it; the file that it had is gone.
  private func makeEndless(_ world: MigrationWorld, _ revision: String, count: Int) throws {
    let name = try world.repository.git("rev-parse", revision)
    let first = try #require(OID(name))
    var names = Set([first])
    for number in 1..<count { names.insert(OID(words: (UInt64(number) << 50 | 7, 5, UInt32(number)))) }
    let chain = [first] + names.filter { $0 != first }
    var pack = Array("PACK".utf8) + word(2) + word(UInt32(chain.count))
    var offsets: [OID: UInt32] = [:]
    for (index, oid) in chain.enumerated() {
      offsets[oid] = UInt32(pack.count)
      // A difference of one byte to the one that is named; what follows is an empty stream of zlib.
      pack += [0x71] + bytes(chain[(index + 1) % chain.count]) + [0x78, 0x9C, 0x03, 0, 0, 0, 0, 1]
    }
    pack += SHA1.digest(of: pack)
    var index: [UInt8] = [0xFF, 0x74, 0x4F, 0x63] + word(2)
    let sorted = chain.sorted()
    for byte in 0...255 { index += word(UInt32(sorted.filter { bytes($0)[0] <= byte }.count)) }
    for oid in sorted { index += bytes(oid) }
    for _ in sorted { index += word(0) }
    for oid in sorted { index += word(offsets[oid] ?? 0) }
    index += pack.suffix(20)
    index += SHA1.digest(of: index)
    let objects = world.repository.path + "/.git/objects"
    try Files.makeDirectories(objects + "/pack")
    try Files.writeAtomically(objects + "/pack/pack-\(name).pack", pack)
    try Files.writeAtomically(objects + "/pack/pack-\(name).idx", index)
    try Files.removeFile("\(objects)/\(name.prefix(2))/\(name.dropFirst(2))")
  }

  private func word(_ number: UInt32) -> [UInt8] { withUnsafeBytes(of: number.bigEndian) { Array($0) } }

  private func bytes(_ oid: OID) -> [UInt8] {
    withUnsafeBytes(of: oid.words.0.bigEndian) { Array($0) }
      + withUnsafeBytes(of: oid.words.1.bigEndian) { Array($0) } + word(oid.words.2)
  }

  @Test(arguments: [1, 2, 7, 1500], ["refs/migrate/ledger", "refs/migrate/ledger^{tree}"])
  func `an object of the ledger that is a difference to itself`(_ count: Int, _ revision: String) throws {
    let world = try MigrationWorld()
    try world.start("  - { id: A, run: 'true' }")
    try makeEndless(world, revision, count: count)
    try check(world, ["status"], says: "has differences that lead back to themselves")
  }

  @Test(arguments: ["HEAD", "HEAD:a.txt"])
  func `one that a run reads ends it with the remedy, and costs no attempt`(_ revision: String) throws {
    let world = try MigrationWorld()
    try world.start("  - { id: A, run: 'echo x > x' }")
    try makeEndless(world, revision, count: 2)
    try check(world, ["run"], says: "has differences that lead back to themselves")
    #expect(try world.count("attempt failed") == 0)
  }

  @Test func `a pack with differences that git made is read as ever`() throws {
    let world = try MigrationWorld(files: ["a.txt": (1...400).map { "line \($0)\n" }.joined()])
    for number in 1...5 {
      try world.repository.write("a.txt", (1...400).map { "line \($0 + ($0 == number ? 1 : 0))\n" }.joined())
      try world.repository.git("commit", "--quiet", "--all", "--message=\(number)")
    }
    for settings in [["-c", "repack.useDeltaBaseOffset=false"], []] {
      let packed = try world.repository.runGit(settings + ["repack", "-adfq"])
      #expect(packed.code == 0, "\(packed)")
      for name in try world.repository.git("rev-list", "--objects", "--all").split(separator: "\n") {
        let oid = try #require(OID(String(name.prefix(40))))
        let repository = try Repository.open(
          gitDirectory: world.repository.path + "/.git", environment: world.repository.environment)
        #expect(try !repository.content(of: oid).isEmpty)
      }
    }
  }

  @Test func `a pack that is cut off`() throws {
    let world = try MigrationWorld()
    try world.start("  - { id: A, run: 'true' }")
    try world.repository.git("repack", "-adq")
    let folder = world.repository.path + "/.git/objects/pack"
    for name in try Files.listDirectory(folder) where name.hasSuffix(".pack") {
      let found = try Files.readFile(folder + "/" + name)
      let bytes = try #require(found)
      try Files.removeFile(folder + "/" + name)
      try Files.writeAtomically(folder + "/" + name, Array(bytes.prefix(bytes.count / 2)))
    }
    try check(world, ["status"], says: ".pack' is cut off or not as git wrote it")
    try check(world, ["run"], says: ".pack' is cut off or not as git wrote it")
  }
}
