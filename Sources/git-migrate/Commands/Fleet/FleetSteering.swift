import Ledger
import Migration
import Runner
import Site
import System

/// What a person does to a fleet as a whole by the commands that steer a migration.
extension Context {
  /// Begins nothing more in it, in any clone: by one entry, however many targets it has.
  func pause(fleet: String, _ reason: String, _ json: JSONOption) throws(CommandError) {
    try steer(fleet, json) { (state) throws(Refusal) in
      let known = state.fleets[fleet]
      guard known.wave > 0 else {
        throw Refusal(.wrongPhase, "no wave of '\(fleet)' is open, so that nothing begins in it")
      }
      return .waveStopped(fleet: fleet, wave: known.wave, reason: reason)
    }
  }

  /// Lets it go on.
  func resume(fleet: String, _ json: JSONOption) throws(CommandError) {
    try steer(fleet, json) { (state) throws(Refusal) in
      let known = state.fleets[fleet]
      guard known.stop != nil else {
        throw Refusal(
          .wrongPhase, "'\(fleet)' is not stopped",
          hint:
            "'git migrate fleet status' shows which targets are paused; resume one with '-m \(fleet).TARGET'")
      }
      return .waveOpened(fleet: fleet, wave: known.wave)
    }
  }

  private func steer(
    _ fleet: String, _ json: JSONOption, _ change: (State) throws(Refusal) -> FleetChange
  ) throws(CommandError) {
    let actor = try site().actor
    let outcome = try interpreter().append(by: actor) {
      (snapshot, _) throws(Refusal) -> (value: FleetChange, proposals: [Proposal]) in
      let change = try change(snapshot.state)
      return (change, [Proposal(FormatVersion.everyMigration, .fleet(change))])
    }
    switch outcome {
    case .refused(let refusal): throw CommandError(refusal)
    case .recorded(let snapshot, let change), .nothing(let snapshot, let change):
      if json.isWanted { return try print(FleetReport(fleet, in: snapshot.state)) }
      let event = Event(
        migration: FormatVersion.everyMigration, at: snapshot.state.at, by: actor, change: .fleet(change))
      try output.line(event.sentence)
    }
  }

  /// Gives it up: every target that has not ended. What cannot be given up now, because it is being merged,
  /// is told.
  func abort(fleet: String, _ reason: String, _ json: JSONOption) throws(CommandError) {
    let site = try site()
    let outcome = try interpreter().append(by: site.actor) {
      (snapshot, at) throws(Refusal) -> (value: Accepted, proposals: [Proposal]) in
      let open = snapshot.state.members(of: fleet).filter { !$0.phase.isTerminal }
      let accepted = Accepted(
        open.map { Proposal($0.name, .migrationAborted(reason: reason)) }, in: snapshot.state, at: at,
        by: site.actor)
      return (accepted, accepted.proposals)
    }
    switch outcome {
    case .refused(let refusal): throw CommandError(refusal)
    case .recorded(let snapshot, let accepted), .nothing(let snapshot, let accepted):
      for (name, refusal) in accepted.refused {
        warn("'\(name)' is not aborted: \(refusal.message)", hint: refusal.hint)
        exitCode = .no
      }
      if json.isWanted { return try print(FleetReport(fleet, in: snapshot.state)) }
      try output.line("\(fleet): \(Count.of(accepted.proposals.count, "target")) aborted")
    }
  }
}
