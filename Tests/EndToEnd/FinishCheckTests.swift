import CanonicalJSON
import Migration
import Support
import System
import Testing

/// What is handed over passes where nobody has worked before.
@Suite("Finishing")
struct FinishCheckTests {
  /// A gate that is fooled by what it keeps: what a step removes is still there.
  private func fooled(_ steps: Int, breaking: Int) throws -> MigrationWorld {
    let world = try MigrationWorld(files: [".gitignore": "dist/\n", "src/foo": "foo\n"])
    let list = (1...steps).map { number in
      let run = number == breaking ? "git mv src/foo src/bar" : "echo \(number) > f\(number)"
      return "  - { id: A\(number), needs: [\(number > 1 ? "A\(number - 1)" : "")], run: '\(run)' }"
    }
    try world.start(list.joined(separator: "\n"), gate: FinishCheckTests.gate)
    #expect(try world.migrate("run").code == 0)
    return world
  }

  private static let gate = """
    { keep: [dist], verifiers: [
      { name: t, kind: build, run:
        'mkdir -p dist && cp src/* dist/ && { cat dist/foo || { echo "error: no foo"; exit 1; }; }' } ] }
    """

  @Test(
    "names the first step that fails in a new worktree, and leaves the migration open", arguments: [1, 3, 5])
  func bisects(breaking: Int) throws {
    let world = try fooled(5, breaking: breaking)
    let main = try world.repository.git("rev-parse", "main")
    let finish = try world.migrate("finish")
    #expect(finish.code == 1, "\(finish)")
    #expect(finish.out.contains("the first step that fails: A\(breaking), merged as"), "\(finish)")
    #expect(finish.out.contains("no foo"), "\(finish)")
    #expect(try world.repository.git("rev-parse", "main") == main)
    #expect(try world.phase() == "running")
    #expect(try world.count("finished") == 0)
  }

  @Test("goes on once a step has repaired it")
  func repaired() throws {
    let world = try fooled(2, breaking: 1)
    #expect(try world.migrate("finish").code == 1)
    try world.amend(
      "  - { id: A1, run: 'git mv src/foo src/bar' }\n  - { id: A2, needs: [A1], run: 'echo 2 > f2' }\n"
        + "  - { id: A3, needs: [A2], run: 'git mv src/bar src/foo' }", gate: FinishCheckTests.gate)
    #expect(try world.migrate("run").code == 0)
    let finish = try world.migrate("finish")
    #expect(finish.code == 0, "\(finish)")
    #expect(try world.repository.git("show", "main:src/foo") == "foo")
  }

  @Test("says it as JSON too")
  func json() throws {
    let world = try fooled(2, breaking: 2)
    let finish = try world.migrate("finish", "--json")
    #expect(finish.code == 1)
    let answer = try JSON.parse(finish.out)
    #expect(answer["verdict"] == .string("failed"))
    #expect(answer["first_step"] == .string("A2"))
  }

  @Test("could not be verified when a verifier cannot be run: nothing is recorded")
  func unknown() throws {
    let world = try MigrationWorld()
    try world.start(
      "  - { id: A, run: 'echo b > a.txt' }",
      gate: "{ verifiers: [{ name: t, kind: build, run: 'test ! -e \"$HOME/gone\" || exit 127' }] }")
    #expect(try world.migrate("run").code == 0)
    try world.allow("gone")
    let finish = try world.migrate("finish")
    #expect(finish.code == 125, "\(finish)")
    #expect(try world.phase() == "running")
  }

  @Test("blames no step when the same tree passes at the second look", arguments: [1, 3])
  func flaky(steps: Int) throws {
    let world = try MigrationWorld()
    let list = (1...steps).map {
      "  - { id: A\($0), needs: [\($0 > 1 ? "A\($0 - 1)" : "")], run: 'echo \($0) > f' }"
    }
    // Fails once, after it was told to.
    let once = "test ! -e $HOME/once || { rm $HOME/once; exit 1; }"
    try world.start(
      list.joined(separator: "\n"), gate: "{ verifiers: [{ name: t, kind: build, run: '\(once)' }] }")
    #expect(try world.migrate("run").code == 0)
    try world.allow("once")
    let finish = try world.migrate("finish")
    #expect(finish.code == 1, "\(finish)")
    #expect(!finish.out.contains("the first step that fails"), "\(finish)")
    #expect(finish.err.contains("and passed when it was judged again"), "\(finish)")
    #expect(try world.phase() == "running")
    #expect(try world.migrate("finish").code == 0)
  }
}
