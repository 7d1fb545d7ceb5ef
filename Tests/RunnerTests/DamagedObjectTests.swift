import Glibc
import Processes
import Support
import Testing

/// A power cut leaves objects that end in the middle, and anybody can leave a FIFO: reading them ends all the
/// same, and says what to do.
@Suite struct DamagedObjectTests {
  private func check(_ world: MigrationWorld, _ arguments: [String], says text: String) throws {
    let run = try BackgroundRun(world.repository, TestBinary.path, arguments)
    let end = try run.wait(seconds: 30)
    #expect(end.code == 128 && end.err.contains(text), "\(arguments): \(end)")
    #expect(end.err.contains("hint: "), "\(end)")
  }

  private func path(_ world: MigrationWorld, _ revision: String) throws -> String {
    let name = try world.repository.git("rev-parse", revision)
    return "\(world.repository.path)/.git/objects/\(name.prefix(2))/\(name.dropFirst(2))"
  }

  @Test(
    arguments: [
      "refs/migrate/ledger", "refs/migrate/ledger^{tree}", "refs/migrate/ledger:checkpoint.json",
      "refs/migrate/ledger:plans/mig/1.json",
    ])
  func `an object that is cut off`(_ revision: String) throws {
    let world = try MigrationWorld()
    try world.start("  - { id: A, run: 'true' }")
    let path = try path(world, revision)
    let found = try Files.readFile(path)
    let bytes = try #require(found)
    chmod(path, 0o644)
    try Files.writeAtomically(path, Array(bytes.prefix(bytes.count * 2 / 3)))
    try check(world, ["status"], says: "cut off")
    try check(world, ["pause"], says: "cut off")
  }

  @Test func `a FIFO in place of an object, or of the ledger's ref`() throws {
    let world = try MigrationWorld()
    try world.start("  - { id: A, run: 'true' }")
    let object = try path(world, "refs/migrate/ledger")
    try Files.move(object, to: object + ".away")
    #expect(mkfifo(object, 0o644) == 0)
    try check(world, ["status"], says: "it is no file")
    try Files.removeFile(object)
    try Files.move(object + ".away", to: object)
    let ref = world.repository.path + "/.git/refs/migrate/ledger"
    try Files.removeFile(ref)
    #expect(mkfifo(ref, 0o644) == 0)
    try check(world, ["status"], says: "is no file")
  }
}
