import Migration
import Support
import System
import Testing

/// Whoever is about to believe a verdict is told that the environment leads elsewhere.
@Suite("A gate whose environment leads out of the candidate")
struct OutsideCodeWarningTests {
  let world: MigrationWorld

  init() throws {
    world = try MigrationWorld(files: ["src/a.py": "x\n"])
    let path = world.repository.environment["PATH"] ?? ""
    // The Pythons of this machine have nothing to say here.
    world.repository.environment["PATH"] = path.split(separator: ":").filter { folder in
      !["python3", "python"].contains { Files.exists("\(folder)/\($0)") }
        || Files.exists("\(folder)/git")
    }.joined(separator: ":")
    world.repository.environment["PYTHONPATH"] = world.repository.path + "/src"
  }

  private var warning: String {
    "verifiers may judge '\(world.repository.path)/src' in place of the candidate"
  }

  private func start() throws {
    try world.start(
      "  - { id: S1, run: echo 1 > a.txt }\n  - { id: S2, needs: [S1], run: echo 2 > a.txt }",
      gate: "{ verifiers: [{ name: t, kind: build, run: \"true\" }] }")
  }

  @Test("a run says so once, when it judges the base, with what to do")
  func run() throws {
    try start()
    let first = try world.migrate("run")
    #expect(first.code == 0)
    #expect(first.err.ranges(of: warning).count == 1, "\(first)")
    #expect(first.err.contains("run git-migrate without PYTHONPATH"))
    // The base was judged: whoever goes on was told.
    #expect(try !world.migrate("run").err.contains(warning))
  }

  @Test("so does a trial")
  func verify() throws {
    try start()
    let claim = try world.repository.runMigrate("claim", "S1", "--json")
    #expect(claim.code == 0, "\(claim)")
    let trial = try world.repository.runMigrate("verify", "S1")
    #expect(trial.code == 0, "\(trial)")
    #expect(trial.err.ranges(of: warning).count == 1, "\(trial)")
  }

  @Test("the doctor names each, as a warning")
  func doctor() throws {
    let text = try world.repository.runMigrate("doctor").out
    #expect(text.contains("warning: environment: \(warning)"), "\(text)")
    world.repository.environment["PYTHONPATH"] = "src"
    #expect(try world.repository.runMigrate("doctor").out.contains("ok: environment: "))
  }
}
