import ArgumentParser
import Ledger
import Migration
import Runner
import Site

/// `git migrate fleet`: one plan in many repositories.
struct FleetCommand: ParsableCommand {
  static let configuration = CommandConfiguration(
    commandName: "fleet", abstract: "Do a plan's steps in many repositories.",
    subcommands: [
      FleetCheckCommand.self, FleetRunCommand.self, FleetStatusCommand.self, FleetFailuresCommand.self,
      FleetPublishCommand.self, FleetCloneCommand.self,
    ])
}

/// Which fleet a command is about.
struct FleetOption: ParsableArguments {
  @Option(
    name: [.customShort("m", allowingJoined: true), .customLong("fleet")],
    help: ArgumentHelp("The fleet, when there is more than one.", valueName: "name"))
  var fleet: String?
}

extension Context {
  /// The fleet that a person means: the one named, or the only open one. Throws when there is none, or more.
  func fleet(_ option: FleetOption) throws(CommandError) -> (name: String, state: State) {
    let state = try fleetState()
    if let name = option.fleet {
      guard state.migrations.contains(where: { $0.plan.fleet?.fleet == name }) else {
        throw CommandError("there is no fleet '\(name)'", hint: Context.fleetHint(state))
      }
      return (name, state)
    }
    let open = state.openFleets
    if let only = open.first, open.count == 1 { return (only, state) }
    if open.isEmpty, let last = state.migrations.last(where: { $0.plan.fleet != nil })?.plan.fleet {
      return (last.fleet, state)
    }
    if open.isEmpty { throw CommandError("there is no fleet here", hint: Context.fleetHint(state)) }
    throw CommandError(
      "more than one fleet is open: \(open.joined(separator: ", "))", hint: "say which with '--fleet NAME'",
      exitCode: .usage)
  }

  /// The ledger; where it has no fleet and is shared, with what others have begun.
  private func fleetState() throws(CommandError) -> State {
    let site = try site()
    let state = try reporting { try site.ledger.read() }.state
    guard !state.migrations.contains(where: { $0.plan.fleet != nil }), site.hasRemote else { return state }
    return try snapshot(finding: nil, looksOnly: true).state
  }

  private static func fleetHint(_ state: State) -> String {
    let open = state.openFleets
    return open.isEmpty
      ? "begin one with 'git migrate fleet check PLAN', of a plan with 'targets:'"
      : "there is \(open.joined(separator: ", "))"
  }

  /// The fleet that `--migration` names, or that all open migrations belong to; `nil` where a migration is
  /// meant.
  func fleet(for option: MigrationOption) throws(CommandError) -> String? {
    let site = try site()
    let state = try reporting { try site.ledger.read() }.state
    if let name = option.migration {
      guard state.migration(named: name) == nil else { return nil }
      return state.migrations.contains { $0.plan.fleet?.fleet == name } ? name : nil
    }
    let open = state.migrations.filter { !$0.phase.isTerminal }
    guard open.count > 1, let fleet = open.first?.plan.fleet?.fleet,
      open.allSatisfy({ $0.plan.fleet?.fleet == fleet })
    else { return nil }
    return fleet
  }
}
