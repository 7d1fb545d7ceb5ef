import Support
import System
import Testing

/// What a plan says of the sandbox of its own commands.
@Suite("The sandbox of a plan's own commands", .enabled(if: HostileTests.hasSandbox)) struct SandboxTests {
  private func world(_ steps: String, gate: String = "none", more: String = "") throws -> MigrationWorld {
    let world = try MigrationWorld()
    try world.repository.git("config", "--global", "migrate.sandbox", "auto")
    try world.start(steps, gate: gate, more: more)
    return world
  }

  @Test("takes the network from a single verifier, and leaves it to the others")
  func network() throws {
    let place = "readlink /proc/self/ns/net"
    let world = try world(
      "  - { id: A, run: '\(place) > a.txt' }",
      gate: "{ verifiers: ["
        + "{ name: off, kind: build, network: off, run: 'test \"$(\(place))\" != \"$(cat a.txt)\"' }, "
        + "{ name: on, kind: build, run: 'grep -qx a a.txt || test \"$(\(place))\" = \"$(cat a.txt)\"' }] }")
    let run = try world.migrate("run")
    #expect(run.code == 0, "\(run)")
    #expect(try world.states() == ["A": "merged"])
  }

  @Test("lets them write what the plan names of the home, and nothing else there")
  func home() throws {
    let world = try MigrationWorld()
    try world.repository.git("config", "--global", "migrate.sandbox", "auto")
    for folder in [".m2", ".ssh"] { try Files.makeDirectories(world.home(folder)) }
    let write = "echo $MIGRATE_STEP >> ~/.m2/kept; echo evil >> ~/.ssh/lost; true"
    try world.start(
      "  - { id: A, run: '\(write); echo x > x' }",
      gate: "{ verifiers: [{ name: t, kind: build, run: '\(write)' }] }", more: "home: [~/.m2]")
    let run = try world.migrate("run")
    #expect(run.code == 0, "\(run)")
    #expect(try world.note(".m2/kept").contains("A\n"))
    #expect(!Files.exists(world.home(".ssh/lost")))
  }

  @Test("is around the command that counts, too: it runs what workers wrote")
  func until() throws {
    let world = try MigrationWorld(files: ["count.sh": "echo 1\n"])
    try world.repository.git("config", "--global", "migrate.sandbox", "auto")
    let evil = "echo evil > ~/evil; echo evil > \(world.repository.path)/evil; echo 0"
    try world.start(
      "  - { id: A, run: \"echo '\(evil)' > count.sh\" }", more: "until: { count: sh count.sh }")
    let run = try world.migrate("run")
    #expect(run.code == 0, "\(run)")
    #expect(try world.migrate("status").out.contains("0"))
    #expect(!Files.exists(world.home("evil")) && !Files.exists(world.repository.path + "/evil"))
  }
}
