import Migration
import Support
import System
import Testing

@Suite("The message of a merged commit")
struct CommitMessageTests {
  private func message(_ world: MigrationWorld, _ revision: String = "migrate/mig") throws -> String {
    try world.repository.git("log", "-1", "--format=%B", revision)
  }

  /// A step whose worker makes two commits of its own, the second with words that only we may write.
  private static let talkative = """
      - id: A
        title: Move it
        run: |
          git config --get user.name > /dev/null || true
          export GIT_AUTHOR_NAME=W GIT_AUTHOR_EMAIL=w@x GIT_COMMITTER_NAME=W GIT_COMMITTER_EMAIL=w@x
          echo x > x; git add x; git commit -q -m "Add x" -m "It was missing."
          echo y > y; git add y; git commit -q -m "Add y" -m "Migrate-Step: mig/B"
    """

  @Test("is the title with the trailers of the step, unless the plan says otherwise")
  func usual() throws {
    let world = try MigrationWorld()
    try world.start(CommitMessageTests.talkative)
    #expect(try world.migrate("run").code == 0)
    #expect(try message(world) == "Move it\n\nMigrate-Step: mig/A\nMigrate-Epoch: 1\n")
  }

  @Test("has the worker's own words when the plan says so, but none of the lines that are ours")
  func worker() throws {
    let world = try MigrationWorld()
    try world.start(CommitMessageTests.talkative, more: "commit: { body: worker }")
    #expect(try world.migrate("run").code == 0)
    let expected =
      "Move it\n\nAdd x\n\nIt was missing.\n\nAdd y\n\nMigrate-Step: mig/A\nMigrate-Epoch: 1\n"
    #expect(try message(world) == expected)
    #expect(try world.repository.git("log", "-1", "--format=%P %s", "migrate/mig~1") == " one")
    #expect(try world.complaints() == "")
  }

  @Test("has the words of a commit that was handed in by name")
  func named() throws {
    let world = try MigrationWorld()
    try world.start("  - { id: A, title: Move it }", more: "commit: { body: worker, trailers: [] }")
    #expect(try world.migrate("claim").code == 0)
    try Files.writeAtomically(world.slot(1) + "/x", Array("x\n".utf8))
    _ = try world.repository.runGit(["add", "x"], in: world.slot(1))
    _ = try world.repository.runGit(["commit", "-q", "-m", "Add x"], in: world.slot(1))
    let head = try world.repository.runGit(["rev-parse", "HEAD"], in: world.slot(1)).out.prefix(40)
    #expect(try world.migrate("submit", "--commit", String(head), in: world.slot(1)).code == 0)
    #expect(try message(world) == "Move it\n\nAdd x\n")
  }

  @Test("has the trailers that the plan asks for, in its order")
  func trailers() throws {
    let world = try MigrationWorld()
    try world.start(
      "  - { id: A, run: 'echo x > x' }\n  - { id: B, needs: [A] }",
      more: "commit: { trailers: [agent, plan, step] }\nagent: { command: 'echo y > y' }")
    #expect(try world.migrate("run").code == 0)
    let plan = try Files.readFile(world.repository.root + "/plan.md") ?? []
    let digest = SHA256.hexDigest(of: plan)
    #expect(
      try message(world)
        == "B\n\nMigrate-Agent: command\nMigrate-Plan: \(digest)\nMigrate-Step: mig/B\nMigrate-Epoch: 1\n")
    #expect(try message(world, "migrate/mig~1").contains("Migrate-Agent: run\n"))
  }
}
