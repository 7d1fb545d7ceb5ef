import Glibc
import Migration
import Support
import System
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

  /// What lay nowhere before can be moved away without a loss: the run goes on.
  @Test(
    "in the middle of a run, where nothing lay: that step has failed, and the others go on",
    arguments: ["shallow", "info/grafts", "objects/info/alternates", "FETCH_HEAD", "migrate/packing"],
    ["mkfifo", "mkdir"])
  func midRun(name: String, kind: String) throws {
    let world = try MigrationWorld()
    let place = world.repository.path + "/.git/" + name
    try world.start(
      """
        - { id: A, run: 'rm -rf "\(place)"; \(kind) "\(place)"; sleep 1' }
        - { id: B, run: 'echo b > b.txt' }
        - { id: C, needs: [B], run: 'echo c > c.txt' }
      """)
    let run = try world.begin("run", "-j", "1")
    #expect(try run.wait(seconds: 100).code == 1, "\(run.output)")
    #expect(try world.states() == ["A": "blocked", "B": "merged", "C": "merged"], "\(run.output)")
    #expect(run.output.contains("'\(place)'"), "\(run.output)")
    #expect(try world.migrate("show", "A").out.contains("while it was at work"))
    #expect(try world.migrate("fsck").code == 0)
  }

  /// What git needs cannot be made up, and nothing is recorded where nothing can be read.
  @Test(
    "in the middle of a run, in the place of a file: the run ends, and names it and who was at work",
    arguments: ["packed-refs", "config"])
  func midRunReplaced(name: String) throws {
    let world = try MigrationWorld()
    let place = world.repository.path + "/.git/" + name
    try world.start(
      """
        - { id: A, run: 'cp "\(place)" "\(place).old"; rm "\(place)"; mkfifo "\(place)"; sleep 1' }
        - { id: B, needs: [A], run: 'echo b > b.txt' }
      """)
    try world.repository.git("pack-refs", "--all")
    let run = try world.begin("run", "-j", "1")
    #expect(try run.wait(seconds: 100).code == 128, "\(run.output)")
    #expect(run.output.contains("'\(place)'") && run.output.contains("hint: "), "\(run.output)")
    #expect(run.output.contains("at work then: 'A'"), "\(run.output)")
    try Files.removeFile(place)
    try Files.move(place + ".old", to: place)
    #expect(try world.migrate("fsck").code == 0)
  }

  @Test("a pipe that comes once the run has seen other settings does not keep it from its end")
  func afterAChange() throws {
    let world = try MigrationWorld()
    let place = world.repository.path + "/.git/config"
    try world.start(
      """
        - id: A
          run: |
            trap '' TERM
            cp "\(place)" "\(place).old"; rm "\(place)"
            until [ -e "$HOME/go" ]; do sleep 0.05; done
            mkfifo "\(place)"; sleep 1
      """)
    let run = try world.begin("run", "-j", "1")
    #expect(eventually { run.output.contains("workers are asked to end") })
    try world.allow("go")
    #expect(try run.wait(seconds: 100).code == 128, "\(run.output)")
    #expect(run.output.contains("at work then: 'A'"), "\(run.output)")
    try Files.removeFile(place)
    try Files.move(place + ".old", to: place)
    #expect(try world.migrate("fsck").code == 0)
  }

  @Test(
    "in the place of a folder of ours: it is moved away, and the steps go on", arguments: ["mkfifo", "touch"])
  func ownFolder(kind: String) throws {
    let world = try MigrationWorld()
    let place = world.repository.path + "/.git/migrate/logs/mig"
    try world.start(
      "  - { id: A, run: 'rm -rf \"\(place)\"; \(kind) \"\(place)\"' }\n  - { id: B, run: 'echo b > b.txt' }")
    let run = try world.begin("run", "-j", "1")
    _ = try run.wait(seconds: 100)
    #expect(try world.states()["B"] == "merged", "\(run.output)")
    #expect(try world.migrate("logs", "B").code == 0, "\(run.output)")
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
