import Glibc
import Support
import System
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

  /// What becomes of the file of an object.
  enum Damage: CaseIterable { case cut, garbage, pipe }

  /// libgit2 reads these by itself, when it checks out and compares.
  @Test(arguments: ["HEAD:a.txt", "HEAD:d", "HEAD:d/b"], Damage.allCases)
  func `an object that a run checks out ends it with the remedy, and costs no attempt`(
    _ revision: String, _ damage: Damage
  ) throws {
    let world = try MigrationWorld(files: ["d/b": "b\n"])
    try world.start("  - { id: A, run: 'echo x > x' }")
    let path = try path(world, revision)
    let found = try Files.readFile(path)
    let bytes = try #require(found)
    try Files.removeFile(path)
    switch damage {
    case .cut: try Files.writeAtomically(path, Array(bytes.prefix(bytes.count * 2 / 3)))
    case .garbage: try Files.writeAtomically(path, Array("no zlib at all, and long enough for a header".utf8))
    case .pipe: #expect(mkfifo(path, 0o644) == 0)
    }
    try check(world, ["run"], says: damage == .pipe ? "is no file" : "is cut off or not as git wrote it")
    #expect(try world.states() == ["A": "ready"])
    #expect(try world.count("attempt failed") == 0)
    #expect(try world.survivors() == [])
    // Once it is whole again, all goes on.
    try Files.removeFile(path)
    try Files.writeAtomically(path, bytes)
    #expect(try world.migrate("run").code == 0)
    #expect(try world.states() == ["A": "merged"])
  }

  /// `git gc --prune=now` beside an alternate that goes away, a copy that was broken off, a disk.
  @Test(
    arguments: ["HEAD:a.txt", "HEAD:d", "HEAD:d/b", "HEAD^{tree}"],
    ["none", "{ verifiers: [{ name: t, kind: build, run: 'true' }] }"])
  func `an object that a run checks out and that is gone ends it with the remedy, and costs no attempt`(
    _ revision: String, _ gate: String
  ) throws {
    let world = try MigrationWorld(files: ["d/b": "b\n"])
    try world.start("  - { id: A, run: 'echo x > x' }\n  - { id: B, run: 'echo y > y' }", gate: gate)
    let path = try path(world, revision)
    try Files.move(path, to: path + ".away")
    try check(world, ["run"], says: "'git fsck' lists what is missing")
    #expect(try world.states() == ["A": "ready", "B": "ready"])
    #expect(try world.count("attempt failed") == 0)
    let slots = (try? Files.listDirectory(world.repository.path + ".migrate")) ?? []
    #expect(!slots.contains { $0.contains("broken") })
    try Files.move(path + ".away", to: path)
    #expect(try world.migrate("run").code == 0)
    #expect(try world.states() == ["A": "merged", "B": "merged"])
  }

  @Test(arguments: ["refs/migrate/attempt/mig/A/1", "refs/migrate/attempt/mig/A/1:a.txt"])
  func `an object of a submitted result that a merge reads sends that step back, and the others go on`(
    _ revision: String
  ) throws {
    let world = try MigrationWorld(files: ["a.txt": (1...40).map { "\($0)\n" }.joined()])
    try world.start(
      "  - { id: A, run: 'sed -i s/^2$/two/ a.txt' }\n  - { id: B, run: 'sed -i s/^39$/end/ a.txt' }",
      gate: "{ verifiers: [{ name: t, run: 'touch \"$HOME/at\"; test -e \"$HOME/go\" || sleep 600' }] }")
    #expect(try world.migrate("claim", "A").code == 0)
    let submit = try BackgroundRun(
      world.repository, "sh",
      ["-c", "cd '\(world.slot(1))' && sed -i s/^2$/two/ a.txt && exec '\(TestBinary.path)' submit"])
    #expect(eventually { Files.exists(world.home("at")) }, "\(submit.output)")
    submit.send(SIGINT)
    _ = try submit.wait()
    // Another step is merged before it, so that both have changed the file.
    let path = try path(world, revision)
    let found = try Files.readFile(path)
    let bytes = try #require(found)
    chmod(path, 0o644)
    try Files.writeAtomically(path, Array(bytes.prefix(bytes.count * 2 / 3)))
    try world.allow("go")
    let run = try BackgroundRun(world.repository, TestBinary.path, ["run"])
    let end = try run.wait(seconds: 60)
    #expect(try world.states()["B"] == "merged", "\(end)")
    let failures = try world.migrate("show", "A")
    #expect(failures.out.contains("what was handed in is of no use: unable to read object"), "\(failures)")
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
    try check(world, ["status"], says: "is no file")
    try Files.removeFile(object)
    try Files.move(object + ".away", to: object)
    let ref = world.repository.path + "/.git/refs/migrate/ledger"
    try Files.removeFile(ref)
    #expect(mkfifo(ref, 0o644) == 0)
    try check(world, ["status"], says: "is no file")
  }
}
