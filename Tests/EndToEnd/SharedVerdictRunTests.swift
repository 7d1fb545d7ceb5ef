import CanonicalJSON
import Migration
import Support
import System
import Testing

@Suite("A verdict that is known")
struct SharedVerdictRunTests {
  private static let counting = "echo run >> \"$HOME/runs\""

  /// Starts a migration of that name, whose one step has yet to be done.
  private func start(
    _ name: String, _ world: MigrationWorld, verifier: String = counting, more: String = "",
    in folder: String? = nil
  ) throws {
    let plan = """
      ---
      migration: \(name)
      base: main
      gate: { verifiers: [{ name: test, run: '\(verifier)' }]\(more) }
      steps:
        - { id: A }
      ---
      Do it.

      """
    let path = world.repository.root + "/\(name).md"
    try Files.writeAtomically(path, Array(plan.utf8))
    let run = try world.migrate("start", path, in: folder)
    guard run.code == 0 else { throw TestFailure("start: \(run)") }
  }

  /// Has the step write its file; gives the worktree.
  private func write(_ name: String, _ world: MigrationWorld, in folder: String? = nil) throws -> String {
    let claim = try world.migrate("claim", "A", "--migration", name, "--json", in: folder)
    guard claim.code == 0, case .string(let place)? = try JSON.parse(claim.out)["worktree"] else {
      throw TestFailure("claim: \(claim)")
    }
    try Files.writeAtomically(place + "/A.txt", Array("A\n".utf8))
    return place
  }

  private func land(_ name: String, _ world: MigrationWorld, in folder: String? = nil) throws -> TestRun {
    let place = try write(name, world, in: folder)
    let submit = try world.migrate("submit", "--no-wait", in: place)
    guard submit.code == 0 else { throw TestFailure("submit: \(submit)") }
    return try world.migrate("run", "--migration", name, in: folder)
  }

  private func runs(_ world: MigrationWorld) throws -> Int {
    try world.note("runs").split(separator: "\n").count
  }

  @Test("is used again by another migration on the same trees, which says so; verify can be told not to")
  func migrations() throws {
    let world = try MigrationWorld()
    try start("mig", world)
    #expect(try land("mig", world).code == 0)
    #expect(try runs(world) == 2, "the base's run, and one")
    try start("two", world)
    let place = try write("two", world)
    let tried = try world.migrate("verify", in: place)
    #expect(tried.code == 0 && tried.out == "A passed (verdict of 'mig' reused)\n", "\(tried)")
    #expect(try JSON.parse(world.migrate("verify", "--json", in: place).out)["reused"] == .string("mig"))
    #expect(try runs(world) == 2)
    #expect(try world.migrate("verify", "--no-cache", in: place).out == "A passed\n")
    #expect(try runs(world) == 3)
    #expect(try world.migrate("submit", "--no-wait", in: place).code == 0)
    let run = try world.migrate("run", "--migration", "two")
    #expect(run.code == 0, "\(run)")
    #expect(try runs(world) == 3)
    #expect(try world.count("two baseline passed (verdict of 'mig' reused)") == 1)
    #expect(try world.count("A gate 1 passed (verdict of 'mig' reused)") == 1)
    let show = try world.migrate("show", "A", "--migration", "two")
    #expect(show.out.contains("gate 1 passed (verdict of 'mig' reused)"), "\(show)")
    #expect(try world.complaints() == "")
  }

  @Test("is used again in another clone, and counts for the toolchain that the plan asks for")
  func clones() throws {
    let world = try MigrationWorld()
    let hub = world.repository.root + "/hub.git"
    try world.repository.git("init", "--quiet", "--bare", "--initial-branch=main", hub)
    try world.repository.git("remote", "add", "origin", hub)
    try world.repository.git("push", "--quiet", "origin", "main")
    #expect(try world.migrate("init", "--remote", "origin").code == 0)
    try Files.writeAtomically(world.home("tools"), Array("cc 1\n".utf8))
    let toolchain = ", toolchain: cat \"$HOME/tools\""
    try start("mig", world, more: toolchain)
    #expect(try land("mig", world).code == 0)
    #expect(try runs(world) == 2)
    let other = world.repository.root + "/other"
    try world.repository.git("clone", "--quiet", hub, other)
    #expect(try world.migrate("init", "--remote", "origin", in: other).code == 0)
    try start("two", world, more: toolchain, in: other)
    let run = try land("two", world, in: other)
    #expect(run.code == 0, "\(run)")
    #expect(try runs(world) == 2, "\(run)")
    try Files.writeAtomically(world.home("tools"), Array("cc 2\n".utf8))
    try start("three", world, more: toolchain, in: other)
    #expect(try land("three", world, in: other).code == 0)
    #expect(try runs(world) == 4)
  }

  @Test("counts where a moved base is taken in, and is found there by others")
  func refreshes() throws {
    let world = try MigrationWorld()
    try start("mig", world)
    try start("two", world)
    try world.repository.write("b.txt", "b\n")
    try world.repository.git("add", "b.txt")
    try world.repository.git("commit", "--quiet", "--message=moved")
    let first = try world.migrate("refresh", "--migration", "mig")
    #expect(first.code == 0, "\(first)")
    #expect(try runs(world) == 1)
    let second = try world.migrate("refresh", "--migration", "two")
    #expect(second.code == 0, "\(second)")
    #expect(try runs(world) == 1, "the same tree, which has passed")
    #expect(try world.count("(verdict of 'mig' reused)") == 1)
    #expect(try world.complaints() == "")
  }

  @Test("is not shared when the toolchain cannot be told, and the gate goes on")
  func unknownToolchain() throws {
    let world = try MigrationWorld()
    try start("mig", world, more: ", toolchain: exit 3")
    let run = try land("mig", world)
    #expect(run.code == 0, "\(run)")
    #expect(run.err.contains("verdicts are not shared: the command of 'gate.toolchain' "), "\(run)")
    try start("two", world, more: ", toolchain: exit 3")
    #expect(try land("two", world).code == 0)
    #expect(try runs(world) == 4)
  }

  @Test("of a verifier that fails once and then passes is flaky, and the plan says what that means")
  func flaky() throws {
    let once = "\(Self.counting); test -e \"$HOME/again\" || { touch \"$HOME/again\"; echo no; exit 1; }"
    let passes = try MigrationWorld()
    try passes.start(
      "  - { id: A, run: 'echo A > A.txt' }",
      gate: "{ verifiers: [{ name: test, flaky: repeat, run: '\(once)' }] }")
    let run = try passes.migrate("run")
    #expect(run.code == 0, "\(run)")
    #expect(try runs(passes) == 3, "the base twice")
    #expect(try passes.count("mig baseline passed (flaky: test)") == 1)
    let fails = try MigrationWorld()
    try fails.start(
      "  - { id: A, run: 'echo A > A.txt' }",
      gate: "{ verifiers: [{ name: test, flaky: fail, run: '\(once)' }] }")
    let red = try fails.migrate("run")
    #expect(red.code == 1, "\(red)")
    #expect(try runs(fails) == 2)
    #expect(red.out.contains("test: flaky: failed, and passed when it was run once more"), "\(red)")
    let always = try MigrationWorld()
    try always.start(
      "  - { id: A, run: 'echo A > A.txt' }",
      gate: "{ verifiers: [{ name: test, flaky: repeat, run: '\(Self.counting); test ! -e A.txt' }] }")
    _ = try always.migrate("run")
    #expect(try always.count("A gate 1 failed") == 1)
    #expect(try always.count("flaky") == 0)
  }

  @Test("that sent steps back is what a run says last, with one command to go on")
  func lastWords() throws {
    let world = try MigrationWorld()
    try world.start(
      "  - { id: A, run: 'echo A > A.txt' }\n  - { id: B, run: 'echo B > bad' }",
      gate: "{ verifiers: [{ name: test, run: 'test ! -e bad || { echo no: bad; exit 1; }' }] }")
    let run = try world.migrate("run", "--quiet")
    #expect(run.code == 1)
    #expect(
      run.out.hasPrefix("mig: 1 step sent back by the gate, and not through since\n  B  test: "), "\(run)")
    #expect(run.out.hasSuffix("mig: 1 blocked, a person must act: B\n"), "\(run)")
    #expect(run.err.hasSuffix("hint: see why with 'git migrate show B'\n"), "\(run)")
  }
}
