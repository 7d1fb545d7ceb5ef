import Git
import Ledger
import Migration

/// What a run judges for one migration, and what it knows of it beside the ledger.
final class Desk {
  /// The migration's name.
  let migration: String
  /// The plans that may be carried out here.
  var approved = ApprovedPlans()
  /// The gate of one step.
  var gate: GateTask?
  /// The judgement of the base.
  var baseline: BaselineTask?
  /// The claims whose result could not be judged when it was tried last.
  private(set) var obstructed: Set<Fence> = []

  init(_ migration: String) { self.migration = migration }

  /// Whether nothing is judged.
  var isIdle: Bool { gate == nil && baseline == nil }

  /// What is judged.
  var judging: Seat.Judging {
    if baseline != nil { return .base }
    return gate.map { .result($0.fence) } ?? .nothing
  }

  /// The descriptors that become readable when there is something to do.
  var descriptors: [Int32] { [gate?.descriptor ?? -1, baseline?.descriptor ?? -1] }

  /// Ends the verifiers.
  func stop() {
    gate?.stop()
    baseline?.stop()
  }

  /// Notes that a result could not be judged. The one that was tried a second time stands behind the others.
  func note(obstructed fence: Fence) {
    if obstructed.contains(fence) { obstructed = [] }
    obstructed.insert(fence)
  }

  /// Forgets them: something went on.
  func clearObstructed() { obstructed = [] }
}
