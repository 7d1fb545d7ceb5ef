import Migration
import Support
import System
import Testing

/// A run carries out only plans that its user has approved, also when another one arrives in between.
@Suite("A plan that somebody else brings")
struct ForeignPlanTests {
  private static let steps = """
      - { id: A, run: 'touch "$HOME/began"; until test -e "$HOME/go"; do sleep 0.1; done; date > a.txt' }
      - { id: B, needs: [A], run: 'echo b > b.txt' }
    """
  private static let amended = """
      - { id: A, run: 'echo x' }
      - { id: B, needs: [A], run: 'touch "$HOME/evil"; echo b > b.txt' }
    """

  private func gate(_ run: String) -> String { "{ verifiers: [{ name: t, kind: build, run: '\(run)' }] }" }

  @Test("runs none of its commands here; what was begun is kept, and the user's approval lets it go on")
  func amendedByAnother() throws {
    let world = try MigrationWorld()
    try world.start(ForeignPlanTests.steps, gate: gate("true"))
    let run = try world.begin("run")
    #expect(eventually { Files.exists(world.home("began")) })
    // Another user of the same ledger: another place for what he has approved.
    let plan = MigrationWorld.plan(ForeignPlanTests.amended, gate: gate("touch $HOME/evil"))
    try Files.writeAtomically(world.repository.root + "/other.md", Array(plan.utf8))
    let amend = try world.migrate(
      "amend", world.repository.root + "/other.md",
      adding: ["XDG_STATE_HOME": world.repository.root + "/other-state"])
    #expect(amend.code == 0, "\(amend)")
    try world.allow("go")
    let ended = try run.wait()
    #expect(ended.code == 1, "\(run.output)")
    #expect(
      run.output.contains("plan 2 of 'mig' has not been approved to run commands here"), "\(run.output)")
    #expect(run.output.contains("git migrate trust"), "\(run.output)")
    #expect(!Files.exists(world.home("evil")))
    #expect(try world.states() == ["A": "submitted", "B": "waiting"])
    #expect(try world.migrate("trust", "--yes").code == 0)
    #expect(try world.migrate("run").code == 0)
    #expect(Files.exists(world.home("evil")), "it was only a question of approval")
    #expect(try world.complaints() == "")
  }

  @Test("by the user himself goes on without a word")
  func amendedByTheUser() throws {
    let world = try MigrationWorld()
    try world.start(ForeignPlanTests.steps, gate: gate("true"))
    let run = try world.begin("run")
    #expect(eventually { Files.exists(world.home("began")) })
    try world.amend(ForeignPlanTests.amended, gate: gate("true"))
    try world.allow("go")
    #expect(try run.wait().code == 0, "\(run.output)")
    #expect(try world.states() == ["A": "merged", "B": "merged"])
  }
}
