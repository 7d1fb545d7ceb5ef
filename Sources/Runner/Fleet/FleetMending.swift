import Git
import Ledger
import Migration
import Plans
import Site

/// The plan of a fleet as a person named it.
public struct FleetPlanFile {
  /// What it says.
  public var file: PlanFile
  /// Its exact bytes.
  public var bytes: [UInt8]
  /// Their digest.
  public var digest: String

  /// Makes it from its parts.
  public init(_ file: PlanFile, _ bytes: [UInt8], digest: String) {
    (self.file, self.bytes, self.digest) = (file, bytes, digest)
  }
}

/// A target whose base did not pass the plan's gate, as it was when it was looked at again.
public struct BadBase {
  /// The migration there.
  public var migration: String
  /// The newest base.
  public var base: OID
  /// The digest of the gate that it did not pass.
  public var gate: String
}

/// What of some proposals a state allows, one after the other, and why not the rest.
package struct Accepted {
  /// Those that it allows.
  package private(set) var proposals: [Proposal] = []
  /// The migrations of the others.
  package private(set) var refused: [(migration: String, refusal: Refusal)] = []

  /// Tries them in their order.
  package init(_ wanted: [Proposal], in state: State, at: Timestamp, by author: String) {
    var next = state
    for proposal in wanted {
      let event = Event(migration: proposal.migration, at: at, by: author, change: proposal.change)
      do throws(Refusal) {
        _ = try next.apply(event.written(in: next))
        proposals.append(proposal)
      } catch {
        refused.append((proposal.migration, error))
      }
    }
  }
}

extension MigrationState {
  /// What it is to be in its fleet by a new plan. A wave that was opened stays, and so does the branch there
  /// once it was announced.
  func member(like wanted: FleetMember, openWave: Int) -> FleetMember {
    guard let known = plan.fleet else { return wanted }
    var next = wanted
    if next.target.base == nil { next.target.base = known.target.base }
    if known.wave <= openWave { next.wave = known.wave }
    if !publications.isEmpty { next.branch = known.branch }
    return next
  }
}

extension FleetSetup {
  /// Takes the newest base in where that is mended, through the gate, and lets the target go on; so it does
  /// where the gate is another by now.
  package func mend(
    _ bad: [BadBase], _ interruption: () throws(CommandError) -> Interruption
  ) throws(CommandError) {
    for found in bad {
      do throws(CommandError) {
        try mend(found, interruption)
      } catch {
        if error.exitCode == .interrupted || error.isDamage { throw error }
        report("\(found.migration): \(error.message)")
      }
    }
  }

  private func mend(
    _ found: BadBase, _ interruption: () throws(CommandError) -> Interruption
  ) throws(CommandError) {
    guard let state = try site.state(of: found.migration), state.standingInFleet(isOpen: true) == .badBase
    else { return }
    var isMended = state.gateDigest != found.gate
    if try !site.isAncestor(found.base, of: state.tip.oid) {
      let work = RefreshWork(in: site, report: report)
      switch try Errand(in: site, state.name, work, report: report).run(interruption()) {
      case .upToDate, .refreshed: isMended = true
      case .conflicts(let paths):
        report("\(state.name): its newest base conflicts with what is here: \(paths.prefix(3))")
      case .failed(_, let failure): report("\(state.name): its newest base fails: \(failure.reason)")
      }
    }
    guard isMended else { return }
    let outcome = try Interpreter(site: site, report: report).append(by: site.actor) {
      (snapshot, _) throws(Refusal) in
      guard let now = snapshot.state.migration(named: state.name), case .paused = now.phase else {
        return ((), [])
      }
      return ((), [Proposal(state.name, .migrationResumed)])
    }
    if let refusal = outcome.refusal { throw CommandError(refusal) }
  }
}
