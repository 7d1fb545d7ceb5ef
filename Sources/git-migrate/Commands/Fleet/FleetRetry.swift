import ArgumentParser
import Ledger
import Migration
import Runner
import Site
import System

/// `git migrate retry -m FLEET`: lets the steps of all targets try again that failed for one cause.
extension RetryCommand {
  /// Retries what is chosen in every target: all of it by one append, or nothing.
  func retry(in fleet: String, _ context: Context) throws(CommandError) {
    guard steps.isEmpty else {
      throw CommandError(
        "'\(fleet)' is a fleet: its steps are chosen by why they failed",
        hint: "give '--failure F1', '--failed' or '--all-blocked', or name a target's migration with '-m'",
        exitCode: .usage)
    }
    let site = try context.site()
    var fault: CommandError?
    let text = TerminalText.foreign(reason ?? "")
    let outcome = try context.interpreter().append(by: site.actor) {
      (snapshot, _) throws(Refusal) -> (value: [Proposal], proposals: [Proposal]) in
      do throws(CommandError) {
        let proposals = try proposals(in: fleet, snapshot.state, reason: text)
        return (proposals, proposals)
      } catch {
        fault = error
        throw Refusal(.invalid, error.message)
      }
    }
    switch outcome {
    case .recorded(let snapshot, let told), .nothing(let snapshot, let told):
      let state = snapshot.state
      let targets = Set(told.map(\.migration))
      let count = told.reduce(0) { $0 + $1.change.steps.count }
      if json.isWanted {
        try context.print(FleetReport(fleet, in: state))
      } else if told.isEmpty {
        context.note(nothing)
      } else {
        try context.output.line(
          "\(fleet): \(Count.of(count, "step")) of \(Count.of(targets.count, "target")) may try again")
      }
    case .refused(let refusal): throw fault ?? CommandError(refusal)
    }
  }

  private func proposals(
    in fleet: String, _ state: State, reason: String
  ) throws(CommandError) -> [Proposal] {
    var cause: FleetCause?
    if let name = choice.failure {
      let known = FleetCause.all(of: fleet, in: state)
      cause = known.first { $0.id == name.uppercased() || $0.fingerprint == name || $0.title == name }
      guard cause != nil else {
        throw CommandError(
          "nothing fails for a cause '\(name)' in '\(fleet)'",
          hint: known.isEmpty
            ? nil
            : "there are \(known.prefix(5).map(\.id).joined(separator: ", ")); "
              + "see 'git migrate fleet failures'")
      }
    }
    var found: [Proposal] = []
    for member in state.members(of: fleet) where !member.phase.isTerminal {
      if let cause, !cause.migrations.contains(member.name) { continue }
      var command = self
      if let cause { command.choice.failure = cause.fingerprint }
      let group = try command.chosen(member)
      if group.steps.isEmpty { continue }
      for part in StepGroup.groups(of: group.steps, cause: group.cause) {
        found.append(Proposal(member.name, .stepsRetried(part, reason: reason)))
      }
    }
    return found
  }
}
