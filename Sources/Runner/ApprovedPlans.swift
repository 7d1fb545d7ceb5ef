import Migration
import Site

/// The plans of a migration whose commands its user has approved to run here, as a run knows them.
///
/// A plan may be amended by somebody else in the middle of a run: what was begun under the old one goes on to
/// its end, and nothing of the new one begins.
struct ApprovedPlans {
  /// The numbers of the plans that were found to be approved.
  private(set) var numbers: Set<Int> = []
  /// Why nothing of the plan in force begins.
  private(set) var objection: CommandError?

  /// Whether the plan in force may be carried out; says once when it may not.
  mutating func admit(
    _ state: MigrationState, in site: any WorkAccess, warn: (String) -> Void
  ) throws(CommandError) -> Bool {
    if numbers.contains(state.planNumber) || state.phase.isTerminal { return true }
    #if KNOWN_BUGS
      if KnownBug.trustAskedOnce.isOn, !numbers.isEmpty {
        numbers.insert(state.planNumber)
        return true
      }
    #endif
    do throws(CommandError) {
      try site.requireTrust(state)
      numbers.insert(state.planNumber)
      objection = nil
      return true
    } catch {
      guard error.waitsForUser else { throw error }
      var told = error
      told.message =
        "plan \(state.planNumber) of '\(state.name)' has not been approved to run commands here"
      told.exitCode = .no
      if objection == nil { warn("\(told.message); nothing of it begins") }
      objection = told
      return false
    }
  }
}
