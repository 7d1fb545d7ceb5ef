import Git
import Ledger
import Migration
import Site

/// Waits for the verdict on a submitted step, for `git migrate submit`, and judges it when that is nobody
/// else's.
package final class MergeWork: ErrandWork {
  package typealias Outcome = SubmittedStep.Result

  private let site: any Surroundings
  private let migration: String
  private let fence: Fence
  private let report: (String) -> Void
  private var task: GateTask?

  /// Makes it for a claim whose result is handed in; `report` gets lines for people.
  package init(
    in site: any Surroundings, _ migration: String, _ fence: Fence, report: @escaping (String) -> Void
  ) {
    self.site = site
    self.migration = migration
    self.fence = fence
    self.report = report
  }

  package var wish: Wish { .merge(fence) }
  package var isBusy: Bool { task != nil }
  package var descriptor: Int32 { task?.descriptor ?? -1 }
  package let sweeps = true
  package let looksAtBranch = false
  package let waitsFor: String? = nil
  package let goodResult: GoodResult? = nil
  package var watch: HoldWatch? { task?.watch }
  package func stop() { task?.stop() }
  package func loseHold() { task?.loseHold() }

  package var interrupted: CommandError {
    CommandError(
      "interrupted; '\(fence.step)' is submitted and waits for its gate",
      hint: "'git migrate run' takes it on", exitCode: .interrupted)
  }

  package func begin(
    _ duty: Duty, _ state: MigrationState
  ) throws(CommandError) -> ErrandRound<Outcome> {
    guard case .gate(let fence) = duty else { return .ended(result(in: state)) }
    task = GateTask(site: site, migration: migration, fence: fence, report: report)
    return try advance()
  }

  package func advance() throws(CommandError) -> ErrandRound<Outcome> {
    guard let ending = try task?.advance() else { return .nothing }
    task = nil
    switch ending {
    // The ledger has the answer, or will have it.
    case .merged: return .more
    case .sentBack(let failure): return .ended(.failed(failure))
    case .baseFails(let reason):
      return .ended(.couldNotVerify("the base does not pass its own gate: \(reason)"))
    case .unjudged(let reason), .obstructed(let reason), .stepObstructed(let reason):
      return .ended(.couldNotVerify(reason))
    case .notNow(let refusal):
      return [.limited, .wrongPhase].contains(refusal.code)
        ? .nothing : .ended(.couldNotVerify(refusal.message))
    }
  }

  /// How the step left the gate, or why nobody judges it.
  private func result(in state: MigrationState) -> Outcome {
    guard let step = state.step(fence.step) else { return .ended("gone") }
    guard step.epoch == fence.epoch else { return .ended(step.phase.word) }
    switch step.phase {
    case .merged: return .merged
    case .person(let wait): return .couldNotVerify("it waits for a person: \(wait.reason)")
    case .leased, .ready, .backoff, .waiting, .blocked, .proposed:
      return .failed(step.lastFailure ?? Migration.Failure(kind: .gate, reason: "it was sent back"))
    case .skipped, .cancelled, .undone: return .ended(step.phase.word)
    case .submitted, .gating, .merging:
      guard case .paused(let reason) = state.phase else { return .ended(step.phase.word) }
      return .couldNotVerify("the migration '\(state.name)' is paused: \(reason)")
    }
  }
}
