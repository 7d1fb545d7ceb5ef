import ArgumentParser
import Git
import Ledger
import Migration
import Runner

/// `git migrate finish`: ends a migration and hands its result back.
struct FinishCommand: Subcommand {
  static let configuration = CommandConfiguration(
    commandName: "finish", abstract: "End a migration and hand its result to the base branch.",
    discussion: """
      The base is fast-forwarded to the integration branch. When the base has moved, take it in with \
      'git migrate refresh' first, or leave the branch for a pull request with '--no-merge'.
      """)

  @Flag(help: "Take what is merged; cancel the other steps.")
  var partial = false

  @Flag(name: .customLong("no-merge"), help: "Leave the base alone; the branch is for a pull request.")
  var leavesBase = false

  @OptionGroup var migration: MigrationOption
  @OptionGroup var json: JSONOption

  func run(_ context: Context) throws(CommandError) {
    let site = try context.site()
    let named = try site.migration(migration.migration, in: try reporting { try site.ledger.read() }.state)
    try site.requireApprovedCommands()
    let snapshot = try Recovery(site: site).sweep(named.name)
    guard let state = snapshot.state.migration(named: named.name) else { return }
    let finishing = Finishing(site: site, report: { context.warn($0) })
    if case .finished(let result) = state.phase {
      // Both are harmless a second time, and end what a crash cut off.
      try Cleaning(context).removeSlots()
      return try handBack(state, result, finishing, context)
    }
    guard let tip = try reporting({ try site.repository.resolve(state.intoRef) }) else {
      throw CommandError("the integration branch '\(state.into)' is gone")
    }
    let result = ObjectID(tip.hex) ?? .zero
    if !leavesBase { try requireForward(state, tip, site) }
    let outcome = try reporting {
      try site.ledger.append(
        [Proposal(state.name, .migrationFinished(result: result, partial: partial))], by: site.actor)
    }
    switch outcome {
    case .refused(let refusal): throw CommandError(refusal)
    case .nothing: return
    case .won(_, let effects): try performEffects(effects, context)
    }
    try Cleaning(context).removeSlots()
    try handBack(state, result, finishing, context)
  }

  private func requireForward(_ state: MigrationState, _ tip: OID, _ site: Site) throws(CommandError) {
    let isForward = try reporting { () throws -> Bool in
      guard let base = try site.repository.resolve("refs/heads/" + state.base) else { return false }
      return try base == tip || site.repository.isAncestor(base, of: tip)
    }
    guard !isForward else { return }
    throw CommandError(
      "'\(state.base)' has moved since '\(state.into)' began",
      hint: "take it in with 'git migrate refresh', or leave the branch with '--no-merge'", exitCode: .no)
  }

  private func handBack(
    _ state: MigrationState, _ result: ObjectID, _ finishing: Finishing, _ context: Context
  ) throws(CommandError) {
    let problem = leavesBase ? nil : try finishing.handBack(state, result: result)
    if let problem {
      context.exitCode = .no
      context.warn(
        "'\(state.base)' was not moved: \(problem)",
        hint: "the result is on '\(state.into)'; run 'git migrate finish' again when that is mended")
    }
    let place = leavesBase || problem != nil ? state.into : state.base
    guard json.isWanted else {
      return try context.output.line("\(state.name) finished: the result \(result.short) is on \(place)")
    }
    try context.output.line(
      json: JSON.object([
        JSON.Member("version", .integer(1)), JSON.Member("migration", .string(state.name)),
        JSON.Member("result", .string(result.hex)), JSON.Member("branch", .string(place)),
      ]))
  }
}
