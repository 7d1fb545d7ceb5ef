import Glibc
import Migration
import Processes
import Support
import Testing

/// A pipe where a file is expected keeps nobody waiting, and costs the others nothing.
@Suite("A pipe left behind")
struct PipeTests {
  @Test(
    "by a worker",
    arguments: [
      "rm .gitignore; mkfifo .gitignore", "mkdir d && mkfifo d/.gitattributes", "mkfifo .gitattributes",
      "mkfifo \"$MIGRATE_RESULT_FILE\"", "mkfifo plain", "rm a.txt; mkfifo a.txt",
      "d=$(git rev-parse --git-dir) && rm $d/index && mkfifo $d/index",
      "d=$(git rev-parse --git-dir) && rm $d/HEAD && mkfifo $d/HEAD",
    ])
  func worker(run: String) throws {
    let world = try MigrationWorld(files: [".gitignore": "*.o\n"])
    try world.start(
      "  - id: A\n    run: |\n      echo a > new.txt\n      \(run)\n"
        + "  - { id: B, run: 'echo b > b.txt' }\n"
        + "  - { id: C, needs: [B], run: 'echo c > c.txt' }")
    let run = try world.begin("run", "-j", "1")
    _ = try run.wait(seconds: 100)
    let states = try world.states()
    #expect(states["B"] == "merged" && states["C"] == "merged", "\(run.output)")
    #expect(states["A"] == "merged" || states["A"] == "blocked", "\(run.output)")
    // In the place of a file it is no deletion of that file.
    #expect(try !world.file("a.txt").isEmpty)
    #expect(try world.migrate("doctor").code != 128)
  }

  @Test("by a verifier", arguments: ["mkfifo .gitignore", "mkdir d; mkfifo d/.gitattributes", "mkfifo x"])
  func verifier(run: String) throws {
    let world = try MigrationWorld()
    try world.start(
      "  - { id: A, run: 'echo b > a.txt' }\n  - { id: B, needs: [A], run: 'echo c > a.txt' }",
      gate: "{ verifiers: [{ name: t, kind: build, run: '\(run)' }] }")
    let run = try world.begin("run")
    #expect(try run.wait(seconds: 100).code == 0, "\(run.output)")
  }
}
