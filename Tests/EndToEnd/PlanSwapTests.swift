import Git
import Ledger
import Migration
import Support
import System
import Testing

/// A plan's file and its expanded form lie side by side in the ledger, and whoever writes an entry chooses
/// both. The commands that run are those of the second.
@Suite struct PlanSwapTests {
  @Test func `an approved file does not carry other commands`() throws {
    let world = try MigrationWorld()
    try world.start("  - id: S1\n    run: echo one > one.txt")
    let text = try Files.readFile(world.repository.root + "/plan.md") ?? []
    var evil = Plan(migration: "mig", steps: [PlannedStep(id: "S1", run: "echo evil > \"$HOME/evil\"")])
    evil.base = "main"
    let digest = SHA256.hexDigest(of: text)
    let ledger = Ledger(
      repository: try Repository.open(
        gitDirectory: world.repository.path, environment: world.repository.environment))
    let amendment = PlanAmendment(plan: evil, number: 2, digest: digest)
    let outcome = try ledger.append([Proposal("mig", .planAmended(amendment), planText: text)], by: "mallory")
    guard case .won = outcome else { throw TestFailure("\(outcome)") }
    let run = try world.migrate("run", "--quiet")
    #expect(run.code == 128 && run.err.contains("has not been approved"), "\(run)")
    #expect(!Files.exists(world.home("evil")))
    // Who reads the commands and says yes gets what was read.
    let trust = try world.migrate("trust", "--yes")
    #expect(trust.code == 0 && trust.out.contains("echo evil"), "\(trust)")
    #expect(try world.migrate("run", "--quiet").code == 0)
  }
}
