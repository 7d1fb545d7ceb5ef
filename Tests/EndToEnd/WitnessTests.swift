import Migration
import Support
import System
import Testing

/// I-2: what was seen of a ledger once is in it for ever, and where it is not, nothing is built on it.
@Suite struct WitnessTests {
  private static let ref = "refs/migrate/ledger"
  private static let steps = "  - { id: S1 }\n  - { id: S2 }\n  - { id: S3 }"

  private func tip(_ world: MigrationWorld) throws -> String {
    try world.repository.git("rev-parse", Self.ref)
  }

  /// As somebody does it whom no hook stops.
  private func move(_ world: MigrationWorld, to value: String?) throws {
    let change = value.map { [Self.ref, $0] } ?? ["-d", Self.ref]
    let run = try world.repository.runGit(["-c", "core.hooksPath=/dev/null", "update-ref"] + change)
    #expect(run.code == 0, "\(run)")
  }

  /// Nothing is recorded, the reason and the way out are told, and `fsck` has a finding.
  private func expectRefusal(_ world: MigrationWorld, _ reason: String, tip: String?) throws {
    for command in [["claim", "S3"], ["run", "--quiet"], ["pause", "wait"]] {
      let refused = try world.repository.run(TestBinary.path, command)
      #expect(refused.code == 128 && refused.err.contains(reason), "\(refused)")
      #expect(refused.err.contains("/.local/state/git-migrate/seen/"), "\(refused)")
    }
    #expect(try self.tip(world) == tip)
    let fsck = try world.migrate("fsck")
    #expect(fsck.code == 1 && fsck.err.contains("I-2") && fsck.err.contains(reason), "\(fsck)")
  }

  @Test func `a ledger that was put back takes no entry until it is where it was`() throws {
    let world = try MigrationWorld()
    try world.start(Self.steps)
    let old = try tip(world)
    #expect(try world.migrate("claim", "S1").code == 0)
    let new = try tip(world)
    try move(world, to: old)
    try expectRefusal(world, "which was seen here, is not in it any more", tip: old)
    try move(world, to: new)
    #expect(try world.migrate("claim", "S2").code == 0)
    #expect(try world.complaints() == "")
  }

  @Test func `so does one in whose place another was put, which is legal in itself`() throws {
    let world = try MigrationWorld()
    try world.start(Self.steps)
    let old = try tip(world)
    #expect(try world.migrate("claim", "S1").code == 0)
    try move(world, to: old)
    let elsewhere = ["XDG_STATE_HOME": world.home("other-user")]
    #expect(try world.migrate("claim", "S2", adding: elsewhere).code == 0, "another user saw nothing")
    try expectRefusal(world, "which was seen here, is not in it any more", tip: try tip(world))
  }

  @Test func `a restored backup is seen, although it has no trace of what came after`() throws {
    let world = try MigrationWorld()
    try world.start(Self.steps)
    let path = world.repository.path
    #expect(try world.repository.run("cp", ["-a", path, path + ".backup"]).code == 0)
    #expect(try world.migrate("claim", "S1").code == 0)
    try Files.removeTree(path)
    try Files.move(path + ".backup", to: path)
    try expectRefusal(world, "which was seen here, is gone", tip: try tip(world))
  }

  @Test func `a ledger that was deleted is not begun anew without a word`() throws {
    let world = try MigrationWorld()
    try world.start(Self.steps)
    let old = try tip(world)
    try move(world, to: nil)
    try world.repository.git("branch", "-D", "migrate/mig")
    let again = try world.migrate("start", world.repository.root + "/plan.md")
    #expect(again.code == 128 && again.err.contains("it is gone; entry '\(old.prefix(10))"), "\(again)")
    let fsck = try world.migrate("fsck")
    #expect(fsck.code == 1 && fsck.err.contains("I-2"), "\(fsck)")
    // Whoever wanted that says so, in the way that was named.
    let seen = world.home(".local/state/git-migrate/seen")
    for file in try Files.listDirectory(seen) { try Files.removeFile(seen + "/" + file) }
    let meant = try world.migrate("start", world.repository.root + "/plan.md")
    #expect(meant.code == 0, "\(meant)")
  }

  @Test func `another repository in the same place is another one`() throws {
    let world = try MigrationWorld()
    let path = world.repository.path
    #expect(try world.repository.run("cp", ["-a", path, path + ".fresh"]).code == 0)
    try world.start(Self.steps)
    #expect(try world.migrate("claim", "S1").code == 0)
    try Files.removeTree(path)
    try Files.move(path + ".fresh", to: path)
    try world.start(Self.steps)
    #expect(try world.migrate("claim", "S1").code == 0)
    #expect(try world.complaints() == "")
  }

  @Test func `so is a clone of what was in that place, which has its entries and not its ledger`() throws {
    let world = try MigrationWorld()
    let path = world.repository.path
    try world.start(Self.steps)
    try Files.move(path, to: path + ".old")
    let clone = ["clone", "--quiet", path + ".old", path]
    #expect(try world.repository.runGit(clone, in: world.repository.root).code == 0)
    try world.start(Self.steps)
    #expect(try world.migrate("claim", "S1").code == 0)
  }

  /// A bare repository beside the world, as `origin`.
  private func addRemote(_ world: MigrationWorld) throws {
    try world.repository.git("init", "--quiet", "--bare", world.repository.root + "/hub.git")
    try world.repository.git("remote", "add", "origin", world.repository.root + "/hub.git")
  }

  @Test func `a ledger that was put back is not shared`() throws {
    let world = try MigrationWorld()
    try addRemote(world)
    try world.start(Self.steps)
    let old = try tip(world)
    #expect(try world.migrate("claim", "S1").code == 0)
    try move(world, to: old)
    let sharing = try world.migrate("init", "--remote", "origin")
    #expect(sharing.err.contains("which was seen here, is not in it any more"), "\(sharing)")
    #expect(try world.repository.runGit(["ls-remote", "origin", Self.ref]).out == "")
    #expect(try world.migrate("claim", "S1", "--no-worktree").code == 128)
  }

  @Test func `what was decided anew when it was shared is no reason to refuse afterwards`() throws {
    let world = try MigrationWorld()
    try addRemote(world)
    try world.start(Self.steps)
    #expect(try world.migrate("init", "--remote", "origin").code == 0)
    let other = world.repository.root + "/other"
    try world.repository.git("clone", "--quiet", world.repository.root + "/hub.git", other)
    #expect(try world.migrate("init", "--remote", "origin", in: other).code == 0)
    try world.repository.git("config", "--unset", "migrate.remote")
    #expect(try world.migrate("claim", "S1", "--no-worktree").code == 0)
    #expect(try world.migrate("claim", "S2", "--no-worktree", in: other).code == 0)
    #expect(try world.migrate("init", "--remote", "origin").code == 0)
    try world.repository.git("config", "--unset", "migrate.remote")
    let claim = try world.migrate("claim", "S3", "--no-worktree")
    #expect(claim.code == 0, "\(claim)")
    #expect(try world.complaints() == "")
  }

  @Test func `where nothing can be remembered, all goes on without`() throws {
    let world = try MigrationWorld()
    try Files.makeDirectories(world.home(".local/state/git-migrate"))
    try Files.writeAtomically(world.home(".local/state/git-migrate/seen"), Array("a file\n".utf8))
    try world.start(Self.steps)
    #expect(try world.migrate("claim", "S1").code == 0)
    #expect(try world.complaints() == "")
  }
}
