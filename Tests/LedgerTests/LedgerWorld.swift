import Git
import Migration
import Support
import System

@testable import Ledger

/// A started migration and as many writers of its ledger as a test wants.
final class LedgerWorld {
  let repository: TestRepository
  let plan: Plan

  /// Starts a migration of `count` steps without needs.
  init(steps count: Int) throws {
    repository = try TestRepository()
    plan = Plan(migration: "mig", steps: (1...count).map { PlannedStep(id: "S\($0)") })
    try repository.start(plan)
  }

  /// A new writer with a handle of its own, as another process would have.
  func writer(witness: Witness? = nil) throws -> Ledger {
    Ledger(
      repository: try Repository.open(gitDirectory: repository.path, environment: repository.environment),
      witness: witness)
  }

  /// How many objects have a file of their own.
  func looseObjects() throws -> Int { try count("count") }

  /// How many packs there are.
  func packs() throws -> Int { try count("packs") }

  private func count(_ what: String) throws -> Int {
    let lines = try repository.git("count-objects", "-v").split(separator: "\n")
    return lines.first { $0.hasPrefix(what + ": ") }.flatMap { Int($0.dropFirst(what.count + 2)) } ?? -1
  }

  /// A claim of a step as the snapshot wants it.
  func claim(_ step: String, by holder: String, in snapshot: LedgerSnapshot, at: Timestamp) -> Proposal {
    let state = snapshot.state.migration(named: "mig")
    let claim = Claim(
      fence: Fence(step: step, epoch: (state?.step(step)?.epoch ?? 0) + 1), holder: holder,
      owner: Owner(machine: "m", boot: "b", pid: 0, startTicks: 0), base: state?.tip ?? .zero,
      expiresAt: at.adding(seconds: 1200), slot: nil)
    return Proposal("mig", .stepClaimed(claim))
  }

  /// Claims a step through `ledger`; `between` runs after the writer has read and before it writes.
  func claim(
    _ step: String, by holder: String, through ledger: Ledger, between: () -> Void = {}
  ) throws -> AppendOutcome {
    try ledger.append(by: holder) { (snapshot, at) throws(Refusal) in
      between()
      return [claim(step, by: holder, in: snapshot, at: at)]
    }
  }

  /// The subjects of the chain, oldest first.
  func sentences() throws -> [String] {
    try repository.git("log", "--reverse", "--format=%s", "refs/migrate/ledger").split(separator: "\n")
      .map(String.init)
  }
}

extension AppendOutcome {
  var isWon: Bool { if case .won = self { true } else { false } }

  var refusal: Refusal? { if case .refused(let refusal) = self { refusal } else { nil } }
}
