import Git
import Ledger
import Migration
import Runner
import Site
import Supervision
import System

/// What `git migrate run` does with a part of the steps.
extension RunCommand {
  /// The steps that `--only` names; `nil` for all.
  func wanted(in state: MigrationState) throws(CommandError) -> Set<String>? {
    guard !only.isEmpty else { return nil }
    var found: Set<String> = []
    for name in only {
      if let index = state.index(of: name) {
        found.insert(state.steps[index].id)
      } else if KnownCause.number(name) != nil || state.causes.named(name) != nil {
        found.formUnion(try state.require(cause: name).steps)
      } else {
        guard let glob = PathGlob(name) else { throw CommandError("'\(name)' is no glob", exitCode: .usage) }
        let matched = state.steps.filter { glob.matches($0.id) }.map(\.id)
        if matched.isEmpty { throw CommandError("no step of '\(state.name)' matches '\(name)'") }
        found.formUnion(matched)
      }
    }
    return found
  }

  /// Draws the sample and records it.
  func draw(in state: MigrationState, _ context: Context) throws(CommandError) -> Set<String> {
    let site = try context.site()
    let number = seed ?? Int.random(in: 0..<100_000)
    let sizes = try Sizes(of: state, in: site)
    let steps = SampleDraw.draw(sample ?? 0, of: state, seed: number, size: sizes.size)
    guard !steps.isEmpty else {
      throw CommandError(
        "no step of '\(state.name)' can be begun now", hint: "see why with 'git migrate status'",
        exitCode: .no)
    }
    let outcome = try context.interpreter().append(by: site.actor) { (snapshot, _) throws(Refusal) in
      let round = snapshot.state.migration(named: state.name)?.loop.sample?.round ?? 0
      return (
        (), [Proposal(state.name, .sampleDrawn(SampleDraw(round: round + 1, steps: steps, seed: number)))]
      )
    }
    if let refusal = outcome.refusal { throw CommandError(refusal) }
    context.note(
      "sample of \(Count.of(steps.count, "step")) (seed \(number)): \(steps.joined(separator: ", "))")
    return Set(steps)
  }

  /// Counts what is left of what is migrated away, where the plan says how; that it cannot is no reason not
  /// to work. Gives the numbers by migration, which are told where they are not those of `before`.
  func countUses(
    _ scope: Orchestrator.Scope, _ context: Context, before known: [String: Int] = [:]
  ) throws(CommandError) -> [String: Int] {
    var counts: [String: Int] = [:]
    let site = try context.site()
    let state = try reporting { try site.ledger.read() }.state
    for migration in state.migrations where !migration.phase.isTerminal && migration.plan.until != nil {
      if case .migration(let name) = scope, name != migration.name { continue }
      guard let tip = try site.tip(of: migration.intoRef) else { continue }
      let before = known[migration.name] ?? migration.loop.counts.last?.uses.count
      do throws(CommandError) {
        let count = try UseCounting(site: site) { context.warn($0) }.count(migration, at: tip)
        counts[migration.name] = count
        guard let count, count != before, !quiet else { continue }
        let was = before.map { " (\($0) before)" } ?? ""
        try context.output.line("\(migration.name): \(Count.of(count, "use")) left\(was)")
      } catch {
        if error.waitsForUser { throw error }
        context.warn(error.message, hint: error.hint)
      }
    }
    return counts
  }

  /// After a sample: says what the rest will take, and asks.
  func confirm(_ state: MigrationState, _ context: Context) throws(CommandError) {
    guard Estimate.isDue(state), let estimate = Estimate(of: state) else { return }
    let words = estimate.words(workers: try workers(context.site())) { SpanText.words($0) }
    try context.output.line("\(state.name): \(words)")
    if yes { return }
    try context.output.flush()
    guard StandardStream.input.isTerminal, context.environment["GIT_TERMINAL_PROMPT"] != "0" else {
      throw CommandError(
        "there is no terminal to ask at whether the rest is to be done", hint: "say so with '--yes'",
        exitCode: .no)
    }
    context.note("Do them? [y/N]")
    let answer = readLine()?.lowercased() ?? ""
    guard answer == "y" || answer == "yes" else {
      throw CommandError("nothing was begun", exitCode: .no)
    }
  }

  /// Tries the last sample again, and compares.
  func tryAgain(_ state: MigrationState, _ context: Context) throws(CommandError) {
    let site = try context.site()
    guard let drawn = state.loop.sample else {
      throw CommandError(
        "no sample of '\(state.name)' was drawn yet", hint: "draw one with 'git migrate run --sample 3'",
        exitCode: .no)
    }
    // Another pause is no reason: who mends the prompt tries it before the others go on.
    if case .paused(let reason) = state.phase, state.baselineFailure != nil {
      throw CommandError(
        "'\(state.name)' is paused: \(reason)", hint: "run 'git migrate resume'", exitCode: .no)
    }
    let tries = try TriedSteps(of: state, in: site)
    let chosen = drawn.steps.prefix(sample ?? .max).filter { state.index(of: $0) != nil }
    let wishes = chosen.map { TrialWish(step: $0, base: tries.firstBase(of: $0) ?? state.tip) }
    let run = TrialRun(
      in: site, state.name, wishes, workers: try workers(site),
      report: { quiet ? () : context.note(TerminalText.sanitizedLine($0)) })
    let reports = try run.run(context.interruption())
    let newest = try reporting { try site.ledger.read() }.state.migration(named: state.name) ?? state
    let comparison = PlanComparison(
      try TriedSteps(of: newest, in: site), newest,
      of: .plans(before(newest, tries, chosen), newest.planNumber),
      only: Set(chosen))
    try context.output.write(comparison.text(.plain))
    if reports.contains(where: { $0.outcome != .passed }) { context.exitCode = .no }
    if context.stopSignal != nil {
      throw CommandError("interrupted", hint: "try again with the same words", exitCode: .interrupted)
    }
    context.hint(
      "'git migrate diff STEP --plan \(before(newest, tries, chosen))..\(newest.planNumber)' shows two "
        + "results; "
        + "'git migrate run' does the rest")
  }

  /// The newest plan before the one in force that these steps were done by.
  private func before(_ state: MigrationState, _ tries: TriedSteps, _ steps: [String]) -> Int {
    let plans = tries.list.filter { steps.contains($0.step) && $0.plan < state.planNumber }.map(\.plan)
    return plans.max() ?? state.planNumber
  }
}

/// How large the steps of a migration are: the bytes of the files that they are about.
private struct Sizes {
  private var sizes: [String: Int] = [:]

  init(of state: MigrationState, in site: Site) throws(CommandError) {
    let paths = Set(state.plan.steps.flatMap { [$0.match["path"]].compactMap(\.self) + $0.paths })
    guard let tip = try site.tip(of: state.intoRef) else { return }
    sizes = try reporting {
      let tree = try site.repository.treeOf(commit: tip)
      var found: [String: Int] = [:]
      for path in paths.prefix(20_000) where !path.contains(where: { "*?[".contains($0) }) {
        guard let entry = try? site.repository.entry(at: path, inTree: tree), entry.kind == .blob else {
          continue
        }
        found[path] = Int(clamping: (try? site.repository.objectSize(entry.oid)) ?? 0)
      }
      return found
    }
  }

  func size(_ step: PlannedStep) -> Int {
    if let path = step.match["path"], let size = sizes[path] { return size }
    return step.paths.reduce(0) { $0 + (sizes[$1] ?? 0) }
  }
}
