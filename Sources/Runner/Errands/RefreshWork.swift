import Git
import Ledger
import Migration
import Site

/// Merges the moved base into the integration branch, through the gate, for `git migrate refresh`. Waits its
/// turn where steps are judged and merged meanwhile, and judges again when the branch has moved.
package final class RefreshWork: ErrandWork {
  /// What became of it.
  package enum Outcome: Equatable, Sendable {
    /// The base has not moved past what the branch has.
    case upToDate
    /// The branch holds the base now.
    case refreshed(String)
    /// The two conflict in these paths; nothing was changed.
    case conflicts([String])
    /// The merged tree did not pass; nothing was changed.
    case failed(Verdict, Migration.Failure)
  }

  /// How often the branch may move while the base is judged with it.
  private static let mostTries = 5

  private let site: any Surroundings
  private let report: (String) -> Void
  private var task: RefreshTask?
  private var tries = 0

  /// Makes it; `report` gets lines for people.
  package init(in site: any Surroundings, report: @escaping (String) -> Void) {
    self.site = site
    self.report = report
  }

  package let wish = Wish.refresh
  package var isBusy: Bool { task != nil }
  package var descriptor: Int32 { task?.descriptor ?? -1 }
  package let sweeps = true
  package let looksAtBranch = false
  package var waitsFor: String? { task?.waitsFor }
  package let watch: HoldWatch? = nil
  package let goodResult: GoodResult? = nil
  package func stop() { task?.stop() }
  package func loseHold() { stop() }

  package var interrupted: CommandError {
    CommandError("interrupted; nothing was changed", exitCode: .interrupted)
  }

  package func begin(
    _ duty: Duty, _ state: MigrationState
  ) throws(CommandError) -> ErrandRound<Outcome> {
    guard case .takeBaseIn = duty else { throw CommandError(state.ended) }
    guard tries < Self.mostTries else {
      throw CommandError(
        "the branch moves on each time before the base is judged with it",
        hint: "hold the steps with 'git migrate pause', refresh, then go on with 'git migrate resume'",
        exitCode: .no)
    }
    tries += 1
    guard try site.base(of: state) != nil else { throw site.isMissing(branch: state.base, otherwise: nil) }
    task = RefreshTask(site: site, migration: state.name, report: report)
    return try advance()
  }

  package func advance() throws(CommandError) -> ErrandRound<Outcome> {
    guard let ending = try task?.advance() else { return .nothing }
    task = nil
    switch ending {
    case .upToDate: return .ended(.upToDate)
    case .refreshed(let commit): return .ended(.refreshed(commit.hex))
    case .conflicts(let paths, _): return .ended(.conflicts(paths))
    case .failed(let verdict, let failure): return .ended(.failed(verdict, failure))
    case .outrun: return .more
    case .obstructed(let reason): throw CommandError(reason, exitCode: .no)
    case .refused(let refusal): throw CommandError(refusal)
    case .stopped: throw interrupted
    }
  }
}
