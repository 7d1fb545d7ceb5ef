import Git
import Ledger
import Migration
import Site
import System

/// The claim that a worker's command speaks for: found from its arguments and the folder it stands in.
public struct WorkerClaim: Sendable {
  /// The migration's name.
  public var migration: String
  /// The step and its epoch.
  public var fence: Fence
  /// The lease in force.
  public var lease: Lease
  /// The name that the events are written under.
  public var holder: String
  /// The step as planned.
  public var step: PlannedStep
  /// The plan in force.
  public var plan: Plan
  /// The stage of the step's workflow that it is for.
  public var stage: StageTask?

  /// Makes it of its parts.
  package init(
    migration: String, fence: Fence, lease: Lease, holder: String, step: PlannedStep, plan: Plan
  ) {
    self.migration = migration
    self.fence = fence
    self.lease = lease
    self.holder = holder
    self.step = step
    self.plan = plan
  }

  /// Finds the claim.
  ///
  /// In the worktree of a claim nothing need be named. Elsewhere `step` is needed, and either the epoch the
  /// claim was given, or the holder's name: whoever knows neither does not hold the step.
  public init(
    site: Site, migration name: String?, step: String?, epoch: Int?, worker: String?
  ) throws(CommandError) {
    let state = try reporting { try site.ledger.read() }.state
    let here = WorkerClaim.marker(site)
    let found = try site.migration(name ?? here?.migration, in: state)
    guard let id = step ?? here?.fence.step else {
      throw CommandError(
        "no step is named, and this folder is no worktree of a claim", hint: "name the step", exitCode: .usage
      )
    }
    guard let index = found.index(of: id) else {
      throw CommandError(.noStep(id, in: found.name))
    }
    let current = found.steps[index]
    let isHere = here.map { $0.migration == found.name && $0.fence.step == id } ?? false
    let wanted = epoch ?? (isHere ? here?.fence.epoch : nil)
    if let wanted, wanted != current.epoch {
      throw CommandError(
        "'\(id)' is at epoch \(current.epoch), not \(wanted): the claim was given to somebody else",
        hint: "nothing was changed; your files are where they were", exitCode: .no)
    }
    guard case .leased(let lease) = current.phase else {
      throw CommandError(
        "'\(id)' is \(current.phase.word), so nobody holds it",
        hint: "claim it with 'git migrate claim \(id)'", exitCode: .no)
    }
    let actor = worker.map { TerminalText.sanitizedLine(TerminalText.foreign($0)) } ?? site.actor
    guard wanted != nil || actor == lease.holder else {
      throw CommandError(
        "'\(id)' is held by \(lease.holder), not by \(actor)",
        hint: "name the claim with '--epoch N' or its worker with '--worker NAME'", exitCode: .no)
    }
    migration = found.name
    fence = Fence(step: id, epoch: current.epoch)
    self.lease = lease
    holder = wanted == nil ? actor : lease.holder
    self.step = found.planned(index)
    plan = found.plan
    stage = found.stageTask(at: index)
  }

  /// The note of the slot that the current folder lies in.
  private static func marker(_ site: Site) -> SlotMarker? {
    guard let root = try? site.worktreeRoot(), let real = Files.realPath(root) else { return nil }
    let here = Files.realPath(site.directory) ?? site.directory
    guard here.hasPrefix(real + "/"), let slot = here.dropFirst(real.count + 1).split(separator: "/").first
    else {
      return nil
    }
    return Slots(site: site).marker(String(slot))
  }
}
