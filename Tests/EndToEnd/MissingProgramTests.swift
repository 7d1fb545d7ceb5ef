import Migration
import Support
import System
import Testing

@Suite("A program that is missing on a machine")
struct MissingProgramTests {
  /// Runs with `$HOME/bin` in front of PATH.
  private func run(_ world: MigrationWorld) throws -> TestRun {
    try world.migrate("run", adding: path(world))
  }

  private func path(_ world: MigrationWorld) -> [String: String] {
    ["PATH": world.home("bin") + ":" + (world.repository.environment["PATH"] ?? "/usr/bin:/bin")]
  }

  /// Puts a program there that does nothing.
  private func install(_ name: String, _ world: MigrationWorld, _ text: String = "exit 0") throws {
    try Files.makeDirectories(world.home("bin"))
    let script = "#!/bin/sh\n\(text)\n"
    try Files.writeAtomically(world.home("bin/") + name, Array(script.utf8), mode: 0o755)
  }

  @Test("ends a run that can do nothing else; no step is charged, and it is told once")
  func never() throws {
    let world = try MigrationWorld()
    try world.start(
      "  - { id: A, run: 'mender a > a' }\n  - { id: B, run: 'cd . && mender b > b' }\n"
        + "  - { id: C, run: 'echo c > c' }"
    )
    let run = try run(world)
    #expect(run.code == 1, "\(run)")
    #expect(run.out.contains("this machine cannot go on: 'mender' is missing"), "\(run)")
    #expect(run.out.contains("mender: not found"), "\(run)")
    #expect(try world.merged() == ["C"])
    #expect(try world.states() == ["A": "ready", "B": "ready", "C": "merged"])
    #expect(try world.count("a machine cannot go on") == 1)
    #expect(try world.count("failed") == 0)
    #expect(try world.migrate("status").out.contains("cannot go on: 'mender' is missing"))
    // It is looked for again, and work goes on.
    try install("mender", world, "echo mended")
    let again = try self.run(world)
    #expect(again.code == 0, "\(again)")
    #expect(try world.merged().sorted() == ["A", "B", "C"])
    #expect(try world.count("a machine has 'mender' again") == 1)
    #expect(try world.complaints() == "")
  }

  @Test("in the middle of a run is waited for, whoever needs it: no attempt, no gate run counts")
  func middle() throws {
    let world = try MigrationWorld()
    try install("checker", world)
    let back = "(sleep 2; mv \"$HOME/away\" \"$HOME/bin/checker\") > /dev/null 2>&1 &"
    try install("mover", world, "mv \"$HOME/bin/checker\" \"$HOME/away\"")
    try world.start(
      "  - { id: A, run: 'echo a > a; mover' }\n  - { id: B, needs: [A], run: 'echo b > b' }",
      gate: "{ verifiers: [{ name: t, kind: lint, run: checker }] }")
    let command = "{ while [ ! -e \"$HOME/away\" ]; do sleep 0.2; done; \(back) } ; wait"
    let script = "(\(command)) & '\(TestBinary.path)' run; code=$?; wait; exit $code"
    let run = try world.repository.run("/bin/sh", ["-c", script], adding: path(world))
    #expect(run.code == 0, "\(run)")
    #expect(try world.merged() == ["A", "B"], "\(run)")
    #expect(try world.count("a machine cannot go on") == 1)
    #expect(try world.count("a machine has 'checker' again") == 1)
    #expect(try world.count("could not run") == 0)
    let show = try world.migrate("show", "A").out
    #expect(!show.contains("start-overs"), "\(show)")
    #expect(try world.complaints() == "")
  }

  @Test("that only what a step wrote calls for is that step's: the others merge")
  func called() throws {
    let world = try MigrationWorld(files: ["check.sh": "exit 0\n"])
    try world.start(
      "  - { id: A, run: 'echo frobnicate > check.sh' }\n  - { id: B, run: 'echo b > b' }",
      gate: "{ train: 1, verifiers: [{ name: t, kind: lint, run: sh check.sh }] }")
    let run = try run(world)
    #expect(run.code == 1, "\(run)")
    #expect(try world.merged() == ["B"])
    #expect(try world.states()["A"] == "blocked")
    #expect(try world.count("a machine cannot go on") == 0)
    #expect(try world.complaints() == "")
  }
}
