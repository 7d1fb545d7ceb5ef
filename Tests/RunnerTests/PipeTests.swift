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

  /// Whoever opens such a pipe waits for ever; what is there is named, with what to do.
  @Test(
    "in the place of a file of git's or ours",
    arguments: [
      "packed-refs", "shallow", "objects/info/alternates", "info/exclude", "info/attributes", "config",
      "HEAD",
      "index", "migrate", "migrate/logs", "migrate/prompts", "refs/migrate/ledger",
    ], ["mkfifo", "link", "mkdir"])
  func place(name: String, kind: String) throws {
    let world = try MigrationWorld()
    try world.start("  - { id: A, run: 'echo b > a.txt' }")
    try world.repository.git("pack-refs", "--all")
    let place = world.repository.path + "/.git/" + name
    let isFolder = name.hasPrefix("migrate")
    if isFolder && kind == "mkdir" { return }
    if name == "refs/migrate/ledger" && kind == "mkdir" { return }
    let script = """
      rm -rf "$1"; mkdir -p "${1%/*}"
      case $2 in link) mkfifo "$HOME/pipe"; ln -s "$HOME/pipe" "$1" ;; *) "$2" "$1" ;; esac
      """
    #expect(try world.repository.run("sh", ["-c", script, "sh", place, kind]).code == 0)
    for command in ["run", "status", "doctor", "fsck", "claim"] {
      let end = try world.begin(command).wait(seconds: 60)
      let named = name.hasPrefix("refs/") ? "'\(name)'" : "'\(place)'"
      #expect(end.code == (command == "doctor" ? 1 : 128), "\(command): \(end)")
      #expect(end.description.contains(named), "\(command): \(end)")
      #expect(end.description.contains("hint: ") || command == "doctor", "\(command): \(end)")
    }
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
