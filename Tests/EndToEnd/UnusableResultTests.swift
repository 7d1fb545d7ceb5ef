import Ledger
import Migration
import Support
import Testing

@testable import Runner
@testable import Site

/// Results that a clone, or a server without our hook, took from somebody who wrote the entry by hand.
@Suite struct UnusableResultTests {
  @Test(arguments: [String(repeating: "1", count: 40), "main^{tree}"])
  func `one that is not there, or no commit, fails its attempt; the run and the others go on`(
    _ revision: String
  ) throws {
    let world = try MigrationWorld()
    try world.start("  - id: A\n  - id: B\n    run: echo b > fb")
    let site = try Site(directory: world.repository.path, environment: world.repository.environment)
    func id(_ revision: String) throws -> ObjectID {
      let name = try revision.count == 40 ? revision : world.repository.git("rev-parse", revision)
      return try #require(ObjectID(name))
    }
    let fence = Fence(step: "A", epoch: 1)
    let claim = Claim(
      fence: fence, holder: "w", owner: Site.unboundOwner(), base: try id("migrate/mig"),
      expiresAt: site.clock.now().adding(seconds: 600), slot: nil)
    let result = Submission.Result(commit: try id(revision), tree: try id("main^{tree}"), isNoOp: false)
    for change in [Migration.Change.stepClaimed(claim), .stepSubmitted(fence, result)] {
      guard case .won = try site.ledger.append([Proposal("mig", change)], by: "w") else {
        throw TestFailure("\(change)")
      }
    }
    let run = try world.migrate("run")
    #expect(run.code == 1 && run.out.contains("'A' has no 'run'"), "\(run)")
    #expect(try world.states() == ["A": "ready", "B": "merged"])
    #expect(try world.members("reason")["A"]?.contains("of no use") == true)
  }
}
