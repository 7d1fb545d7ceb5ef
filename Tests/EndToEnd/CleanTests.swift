import CanonicalJSON
import Migration
import Support
import System
import Testing

/// What ended migrations and runs leave behind.
@Suite("What is left behind")
struct CleanTests {
  private func refs(_ world: MigrationWorld) throws -> [String] {
    try world.repository.git("for-each-ref", "--format=%(refname)").split(separator: "\n").map(String.init)
  }

  @Test("is removed when it is asked for, as far as nothing is lost by it")
  func clean() throws {
    let world = try MigrationWorld()
    try world.start(
      """
        - { id: A, run: 'echo a > a' }
        - { id: B, needs: [A], run: 'echo $MIGRATE_EPOCH > b; test $MIGRATE_EPOCH = 2' }
      """)
    #expect(try world.migrate("run", "--jobs", "1").code == 0)
    #expect(try world.migrate("finish").code == 0)
    let lost = "refs/migrate/attempt/mig/B/1"
    let before = try refs(world)
    #expect(before.contains("refs/migrate/attempt/mig/A/1") && before.contains(lost), "\(before)")

    let refused = try world.migrate("clean")
    #expect(refused.code == 128 && refused.err.contains("hint: "), "\(refused)")
    let look = try world.migrate("clean", "-n")
    #expect(look.code == 0, "\(look)")
    #expect(
      look.out == """
        would remove 'refs/migrate/attempt/mig/A/1'
        would remove 'refs/migrate/attempt/mig/B/2'
        would remove the branch 'migrate/mig', which 'main' holds

        """)
    #expect(look.err == "kept 1 attempt of ended migrations: their files are in no other ref\n")
    #expect(try refs(world) == before)

    #expect(try world.migrate("clean", "-f").code == 0)
    #expect(try refs(world) == ["refs/heads/main", lost, "refs/migrate/ledger"])
    #expect(try world.complaints() == "")
    #expect(try world.migrate("clean", "-f").out == "")
    #expect(try world.migrate("status", "--all").code == 0)
    #expect(try world.migrate("finish").code == 0, "handing back twice is harmless")
  }

  @Test("of an open migration stays, but for worktrees that nobody uses")
  func open() throws {
    let world = try MigrationWorld()
    try world.start("  - { id: A, run: 'echo a > a' }\n  - { id: B }")
    #expect(try world.migrate("run", "--jobs", "1").code == 1)
    #expect(Files.exists(world.slot(1)))
    let before = try refs(world)
    let look = try world.migrate("clean", "-n", "--json")
    let json = try JSON.parse(look.out)
    #expect(json["refs"] == .array([]), "\(look)")
    #expect(json["worktrees"] == .array([.string(world.slot(1))]), "\(look)")
    #expect(try world.migrate("clean", "-f").code == 0)
    #expect(!Files.exists(world.slot(1)))
    #expect(try refs(world) == before)
    // A worktree in which somebody works is told and stays.
    #expect(try world.migrate("claim", "B").code == 0)
    let held = try world.migrate("clean", "-f")
    #expect(held.out == "" && held.err.hasPrefix("kept '\(world.slot(1))'"), "\(held)")
    #expect(Files.exists(world.slot(1)))
  }

  @Test("beside a slot is named by status and doctor, and goes when it is asked for")
  func aside() throws {
    let world = try MigrationWorld()
    try world.start("  - { id: A, run: 'mkdir app; echo x > app/f; git init -q app; chmod a-w app' }")
    #expect(try world.migrate("run", "--jobs", "1").code == 1)
    let places = (1...2).map { world.slot(1) + ".left-\($0)" }
    for place in places { #expect(Files.exists(place + "/app/f")) }
    // Folders of people are none of ours, whatever they are called.
    let foreign = world.slot(1) + ".left-over"
    try Files.makeDirectories(foreign)
    let named = try world.migrate("status").out + world.migrate("doctor").out
    for place in places { #expect(named.ranges(of: "'\(place)'").count == 2, "\(named)") }
    #expect(!named.contains(foreign))
    let look = try JSON.parse(try world.migrate("clean", "-n", "--json").out)
    #expect(look["set_aside"] == .array(places.map(JSON.string)))
    for place in places { #expect(Files.exists(place + "/app/f")) }
    let clean = try world.migrate("clean", "-f")
    #expect(clean.code == 0 && clean.out.contains("removing '\(places[0])'"), "\(clean)")
    for place in places { #expect(!Files.exists(place)) }
    #expect(Files.exists(foreign))
  }

  @Test("of a branch that the base does not hold, or that is checked out, is the branch")
  func branch() throws {
    let world = try MigrationWorld()
    try world.start("  - { id: A, run: 'echo a > a' }")
    #expect(try world.migrate("run").code == 0)
    #expect(try world.migrate("finish", "--no-merge").code == 0)
    let look = try world.migrate("clean", "-n")
    #expect(!look.out.contains("branch") && look.err.contains("kept 'migrate/mig': 'main' does not hold it"))
    try world.repository.git("merge", "--quiet", "migrate/mig")
    try world.repository.git("checkout", "--quiet", "migrate/mig")
    #expect(try world.migrate("clean", "-f").err.contains("it is checked out in"))
    try world.repository.git("checkout", "--quiet", "main")
    #expect(try world.migrate("clean", "-f").out.contains("the branch 'migrate/mig', which 'main' holds"))
    #expect(try world.complaints() == "")
  }

  @Test("by workers whose migration was aborted from elsewhere goes when their run ends")
  func abortedElsewhere() throws {
    let world = try MigrationWorld()
    try world.start("  - { id: A, run: 'echo x > x; touch $HOME/began; sleep 1000' }")
    let run = try world.begin("run")
    #expect(eventually { Files.exists(world.home("began")) })
    #expect(try world.migrate("abort", "enough").code == 0)
    #expect(try run.wait().code == 0, "\(run.output)")
    #expect(!Files.exists(world.slot(1)), "\(run.output)")
    #expect(try world.repository.git("worktree", "list").split(separator: "\n").count == 1)
    #expect(try world.file("x", at: "refs/migrate/attempt/mig/A/1") == "x", "its work is kept")
  }
}
