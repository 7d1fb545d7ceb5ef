import Migration
import Support
import System
import Testing

/// A file that says that it is large and has nothing in it (`truncate -s 16G`) costs nothing to make. Where
/// git and we read the whole of a file, it must not keep anybody waiting, nor fill the memory.
@Suite("A file without an end") struct LargeFileTests {
  private static let places = [
    ".gitattributes", "t/.gitattributes", ".gitignore", ".gitmodules", ".mailmap", ".lfsconfig", ".git",
    "$own/HEAD", "$own/commondir",
    "$own/gitdir", "$own/index",
    "$own/config.worktree", "$common/info/attributes",
    "$common/info/exclude", "$common/packed-refs",
    "$common/shallow", "$common/refs/heads/other",
  ]

  /// A command that puts one there. Where git's folders are is asked while they can be found, and without
  /// them nothing is made.
  private func making(_ place: String) -> String {
    let folders =
      "own=$(git rev-parse --absolute-git-dir); "
      + "common=$(git rev-parse --path-format=absolute --git-common-dir); "
      + "test -d \"$own\"; test -d \"$common\""
    return "set -eu; \(folders); rm -f \"\(place)\"; truncate -s 100G \"\(place)\""
  }

  @Test("of a worker stops nobody else", arguments: places + ["$MIGRATE_RESULT_FILE"])
  func worker(place: String) throws {
    let world = try MigrationWorld(files: ["t/x": "1\n"])
    try world.start(
      """
        - { id: A, run: '\(making(place))' }
        - { id: B, run: 'echo b > b.txt' }
        - { id: C, needs: [B], run: 'echo c > c.txt' }
      """)
    let run = try world.begin("run", "-j", "1")
    _ = try run.wait(seconds: 60)
    // What was there before cannot be made up: then it is named, and who was at work.
    if place.hasSuffix("info/exclude") {
      #expect(
        run.output.contains("info/exclude' ") && run.output.contains("at work then: 'A'"), "\(run.output)")
      return
    }
    let states = try world.states()
    #expect(states["B"] == "merged" && states["C"] == "merged", "\(run.output)")
    #expect(try world.migrate("doctor").code != 128)
  }

  @Test("of a verifier stops nobody else", arguments: places.filter { !$0.contains("$common") })
  func verifier(place: String) throws {
    let world = try MigrationWorld(files: ["t/x": "1\n"])
    try world.start(
      "  - { id: A, run: 'echo aa > a.txt' }",
      gate: """
        { verifiers: [{ name: t, kind: build,
            run: 'if test "$MIGRATE_STEP" = A; then \(making(place)); fi' }] }
        """)
    let run = try world.begin("run", "-j", "1")
    let end = try run.wait(seconds: 60)
    #expect(end.code != 128 && !run.output.contains("fatal:"), "\(run.output)")
    let state = try world.states()["A"] ?? ""
    #expect(["merged", "blocked"].contains(state), "\(run.output)")
  }

  /// What git would take for a pointer may be any text.
  @Test("a `.git` file full of anything is no reason that is too long", arguments: [400, 60_000])
  func pointer(size: Int) throws {
    let world = try MigrationWorld()
    try world.start(
      """
        - { id: A, run: 'printf "gitdir: %0\(size)d\\001\\n" 0 > .git' }
        - { id: B, run: 'echo b > b.txt' }
      """)
    let run = try world.begin("run", "-j", "1")
    #expect(try run.wait(seconds: 60).code == 1, "\(run.output)")
    #expect(try world.states() == ["A": "blocked", "B": "merged"], "\(run.output)")
  }

  @Test("a result file that says more than it has to, in fractions, is read")
  func fractions() throws {
    let world = try MigrationWorld()
    let said = "{\"result\":\"no-op\",\"reason\":\"all is well\",\"confidence\":0.95,\"usd\":1e-3}"
    try world.start(
      "  - { id: A }", more: "agent: { command: 'echo $SAID > $MIGRATE_RESULT_FILE' }")
    let run = try world.migrate(
      "run",
      adding: [
        "SAID": said, "GIT_CONFIG_COUNT": "1", "GIT_CONFIG_KEY_0": "migrate.passEnvironment",
        "GIT_CONFIG_VALUE_0": "SAID",
      ])
    #expect(try world.states() == ["A": "merged"], "\(run)")
    #expect(try world.count("0.95") == 0)
  }

  @Test("many large reports of tests are not all held at once")
  func reports() throws {
    let world = try MigrationWorld(files: ["pom.xml": "<project/>\n"])
    let folder = "target/surefire-reports"
    let names = (1...6).map { "TEST-\($0).xml" }.joined(separator: " ")
    try world.start(
      "  - { id: A, run: 'echo aa > a.txt' }",
      gate: """
        { verifiers: [{ name: t, kind: build,
            run: 'mkdir -p \(folder); cd \(folder); truncate -s 60M \(names)' }] }
        """)
    let run = try world.repository.run(
      "sh", ["-c", "ulimit -v 3000000; exec \"$0\" run -j 1", TestBinary.path])
    #expect(run.code == 0, "\(run)")
  }

  @Test(
    "a link in the place of what an agent wrote leads nowhere", arguments: ["report.json", "out/report.json"])
  func link(report: String) throws {
    let world = try MigrationWorld()
    try world.repository.git("config", "--global", "user.useConfigOnly", "true")
    let secret = "{\"info\":{\"exit_status\":\"Submitted\",\"submission\":\"sesame\"}}"
    try Files.writeAtomically(world.home("report.json"), Array(secret.utf8))
    let script =
      report.contains("/") ? "rm -rf out; ln -s $HOME out" : "ln -s $HOME/report.json report.json"
    try world.start(
      "  - { id: A }", more: "agent: { command: '\(script); echo b > a.txt', report_file: \(report) }")
    let run = try world.migrate("run")
    #expect(!run.description.contains("sesame"), "\(run)")
    let shown = try world.migrate("show", "A").out
    #expect(!shown.contains("sesame"))
    let history = try world.repository.git("log", "--all", "--format=%B")
    #expect(!history.contains("sesame"))
  }
}
