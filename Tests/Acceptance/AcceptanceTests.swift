import CanonicalJSON
import Migration
import Supervision
import Support
import System
import Testing

/// The main job, end to end, on real input: projects of PyPI, their own tests as the gate. One after the
/// other: they share what was fetched, and their suites want the processors for themselves.
@Suite("Real Python projects", .serialized)
struct AcceptanceTests {
  @Test("is migrated by pyupgrade in a step for each file, by four workers, and nothing is left behind")
  func migrates() throws {
    guard let project = try fetched(.markdown) else { return }
    let world = try TestRepository(.unborn)
    try project.commit(to: world)
    try #require(try world.git("ls-files", "*.py").split(separator: "\n").count >= 40)

    try Files.writeAtomically(world.root + "/plan.md", Array(plan(project).utf8))
    #expect(try world.runMigrate("start", world.root + "/plan.md").code == 0)
    let outcome = try run(world, TestBinary.path, ["run", "--jobs", "4"], allowing: 0)
    #expect(outcome.out.contains("every step is done"))

    try expectAllMerged(world)
    try expectCleanHistory(world)
    #expect(try world.runMigrate("finish").code == 0)
    let suite = try run(world, project.programs + "/python", ["-m", "unittest", "discover", "tests"])
    #expect(suite.err.contains("Ran 482 tests") && suite.err.contains("OK"))
    try expectFreshClonePasses(world, [verifier(project)])
    try expectNothingLeft(world)
  }

  /// The project, or `nil` where it cannot be had.
  func fetched(_ release: PythonProject.Release) throws -> PythonProject? {
    do {
      return try PythonProject(release)
    } catch {
      print("SKIPPED: the acceptance test needs PyPI and python3: \(error)")
      #expect(ChildEnvironment.current()["CI"] != "true", "under CI=true a skip is a failure: \(error)")
      return nil
    }
  }

  private func verifier(_ project: PythonProject) -> String {
    "PYTHONDONTWRITEBYTECODE=1 \(project.programs)/python -m unittest discover tests"
  }

  private func plan(_ project: PythonProject) -> String {
    """
    ---
    migration: python3
    attempts: 1
    gate:
      verifiers:
        - name: tests
          run: \(verifier(project))
      guards: [scope, tests, secrets]
    steps:
      - for: { files: "markdown/**/*.py" }
        id: "{{match.path}}"
        title: "Python 3 only: {{match.path}}"
        paths: ["{{match.path}}"]
        run: \(project.programs)/pyupgrade --py3-plus --exit-zero-even-if-changed {{match.path}}
    ---
    """
  }

  /// Every step ended as merged, with a commit or as a declared no-op, and there were at least twenty.
  private func expectAllMerged(_ world: TestRepository) throws {
    let steps = try steps(of: world)
    #expect(steps.count >= 20)
    let merged = steps.filter { $0["state"] == .string("merged") }
    #expect(merged.count == steps.count)
    let withCommit = merged.count { $0["commit"] != .null }
    let commits = try world.git("rev-list", "--count", "main..migrate/python3")
    #expect(withCommit >= 20)
    #expect(Int(commits) == withCommit)
  }

  /// The steps of the only migration, as `status --json` gives them.
  func steps(of world: TestRepository) throws -> [JSON] {
    let status = try JSON.parse(try world.runMigrate("status", "--json").out)
    guard case .array(let migrations)? = status["migrations"],
      case .array(let steps)? = migrations.first?["steps"]
    else { throw TestFailure("no steps in \(status.canonical)") }
    return steps
  }

  func expectCleanHistory(_ world: TestRepository) throws {
    let ledger = try world.runMigrate("fsck")
    #expect(ledger.code == 0 && ledger.out.hasPrefix("ok "), "\(ledger)")
    #expect(try world.runGit(["fsck", "--strict", "--no-dangling"]).code == 0)
  }

  /// What was merged is what was judged: the verifiers of the plan pass where nobody has worked before.
  func expectFreshClonePasses(_ world: TestRepository, _ verifiers: [String]) throws {
    let clone = world.root + "/clone"
    try world.git("clone", "--quiet", "--no-local", "--branch=main", world.path, clone)
    for verifier in verifiers {
      let outcome = try world.run("sh", ["-c", verifier], in: clone)
      #expect(outcome.code == 0, "in a fresh clone: \(verifier): \(outcome)")
    }
  }

  /// No worktree, no process in the world's folders, no lock.
  func expectNothingLeft(_ world: TestRepository) throws {
    #expect(try world.git("worktree", "list", "--porcelain").components(of: "worktree ") == 1)
    #expect(!Files.exists(world.path + ".migrate"))
    #expect(try world.git("status", "--porcelain") == "")
    let locks = try run(world, "find", [world.path, "-name", "*.lock"]).out
    #expect(locks == "")
    for process in try Files.listDirectory("/proc") where Int(process) != nil {
      let folder = Files.realPath("/proc/\(process)/cwd") ?? ""
      #expect(!folder.hasPrefix(world.root), "process \(process) is still in \(folder)")
    }
  }

  @discardableResult
  private func run(
    _ world: TestRepository, _ program: String, _ arguments: [String], allowing code: Int32 = 0
  ) throws -> TestRun {
    var command = Command(program, arguments, environment: world.environment, directory: world.path)
    command.timeoutSeconds = 600
    let run = TestRun(try command.run())
    #expect(run.code == code, "\(program): \(run)")
    return run
  }
}

extension String {
  /// How many lines begin with `prefix`.
  fileprivate func components(of prefix: String) -> Int {
    split(separator: "\n").count { $0.hasPrefix(prefix) }
  }
}
