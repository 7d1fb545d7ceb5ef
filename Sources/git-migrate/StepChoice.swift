import ArgumentParser
import Migration
import Runner
import Site

/// Which steps a command of a person is about, beside those that it names.
struct StepChoice: ParsableArguments {
  @Option(
    name: .customLong("failure"),
    help: ArgumentHelp("Every step that failed for this cause, such as F1.", valueName: "cause"))
  var failure: String?

  /// The steps that are named by id or glob, and those of the cause; each once, in the plan's order where a
  /// glob or a cause names them. `accepts` says which of those that are not named by id are meant.
  func steps(
    _ names: [String], of state: MigrationState, accepts: (StepPhase) -> Bool
  ) throws(CommandError) -> StepGroup {
    var found = try StepChoice.named(names, of: state, accepts: accepts)
    var cause: String?
    if let failure {
      let report = try state.require(cause: failure)
      cause = report.fingerprint
      found += report.steps.filter { id in state.step(id).map { accepts($0.phase) } ?? false }
    }
    return StepGroup(eachOnce(found), cause: names.isEmpty ? cause : nil)
  }

  /// The steps that are named by id or glob, each once; of a glob those that `accepts` takes.
  static func named(
    _ names: [String], of state: MigrationState, accepts: (StepPhase) -> Bool
  ) throws(CommandError) -> [String] {
    var found: [String] = []
    for name in names {
      guard name.contains(where: { "*?[".contains($0) }) else {
        found.append(name)
        continue
      }
      guard let glob = PathGlob(name) else { throw CommandError("'\(name)' is no glob", exitCode: .usage) }
      let matched = state.steps.filter { glob.matches($0.id) }
      if matched.isEmpty { throw CommandError("no step of '\(state.name)' matches '\(name)'") }
      found += matched.filter { accepts($0.phase) }.map(\.id)
    }
    return eachOnce(found)
  }
}

extension MigrationState {
  /// A cause that a person named. Throws with what there is.
  func require(cause name: String) throws(CommandError) -> CauseReport {
    if let found = cause(named: name) { return found }
    let known = CauseReport.causes(of: self).prefix(5).map(\.id)
    throw CommandError(
      "nothing has failed for a cause '\(name)' in '\(self.name)'",
      hint: known.isEmpty ? nil : "there are \(known.joined(separator: ", ")); see 'git migrate failures'")
  }
}
