import ArgumentParser
import Ledger
import Migration
import Processes
import Runner

/// `git migrate claim`: takes a step for a worker that is not started by `run`.
struct ClaimCommand: Subcommand {
  static let configuration = CommandConfiguration(
    commandName: "claim", abstract: "Take a step, with a worktree to do it in.",
    discussion: """
      Without STEP the next one in claim order is taken. Exactly one worker gets a step; the claim lapses \
      unless it is renewed. Exit codes: 10 nothing can be claimed now, 11 nothing is left, 1 somebody else \
      holds the step.
      """)

  @Argument(help: "The step; the next one when left out.")
  var step: String?

  @Option(help: ArgumentHelp("The worker's name.", valueName: "name"))
  var worker: String?

  @Option(
    help: ArgumentHelp("How long the claim holds, e.g. 20m; the plan's lease by default.", valueName: "time"))
  var ttl: DurationArgument?

  @Flag(name: .customLong("no-worktree"), help: "Make no worktree: the worker brings its own place.")
  var bringsPlace = false

  @OptionGroup var migration: MigrationOption
  @OptionGroup var json: JSONOption

  func run(_ context: Context) throws(CommandError) {
    let site = try context.site()
    if !bringsPlace { _ = try site.mainDirectory() }
    let state = try reporting { try site.ledger.read() }.state
    let found = try site.migration(migration.migration, in: state)
    if let step { _ = try found.require(step: step) }
    let runsSetup = !bringsPlace && found.plan.worktree.setup != nil
    if runsSetup { try site.requireTrust(found) }
    if !bringsPlace { try site.requireReady(found) }
    try Recovery(site: site) { context.warn($0) }.sweep(found.name)
    let claiming = Claiming(site: site)
    let answer = try claiming.claim(
      found.name, step: step,
      holder: worker.map { TerminalText.sanitizedLine(TerminalText.foreign($0)) } ?? site.actor,
      owner: Site.unboundOwner(), seconds: ttl?.seconds, usesSlot: !bringsPlace)
    switch answer {
    case .won(let held):
      // A claim that nobody was told of would be held until it lapses.
      context.output.whenReaderLeaves {}
      try handOver(held, context)
      let failure: CommandError?
      do throws(CommandError) {
        try context.output.flush()
        failure = nil
      } catch {
        failure = error
      }
      guard failure != nil || context.output.isReaderGone else { return }
      try claiming.giveBack(held, reason: "nobody could be told whose step it is")
      if let failure { throw failure }
    case .nothingNow(let reason, let until): try nothing(.nothingNow, reason, until, context)
    case .nothingLeft: try nothing(.nothingLeft, "nothing is left to claim", nil, context)
    case .refused(let refusal): throw CommandError(refusal)
    }
  }

  private func handOver(_ held: HeldStep, _ context: Context) throws(CommandError) {
    let site = try context.site()
    let preparing = Preparing(site: site)
    var path: String?
    if bringsPlace {
      try preparing.place(of: held, path: site.directory).writePrompt(failures: held.failures)
    } else {
      let prepared = try preparing.prepare(held)
      path = prepared.path
      try preparing.runSetup(of: held, in: prepared.place)
    }
    let fence = held.claim.fence
    let prompt = site.promptFile(held.migration, fence)
    guard json.isWanted else {
      try context.output.line("\(fence.step) is yours (epoch \(fence.epoch))")
      if let path { try context.output.line("worktree  \(path)") }
      try context.output.line("prompt    \(prompt)")
      let place =
        path == nil
        ? "submit it with '--epoch \(fence.epoch) --commit REV'" : "run 'git migrate submit' there"
      return context.hint("when it is done, \(place)")
    }
    try context.output.line(
      json: JSON.object([
        JSON.Member("version", .integer(1)), JSON.Member("migration", .string(held.migration)),
        JSON.Member("step", .string(fence.step)), JSON.Member("epoch", .integer(Int64(fence.epoch))),
        JSON.Member("expires_at", .integer(held.claim.expiresAt.seconds)),
        JSON.Member("worktree", path.map(JSON.string) ?? .null),
        JSON.Member("attempt_ref", .string(Site.attemptRef(held.migration, fence))),
        JSON.Member("base", .string(held.claim.base.hex)), JSON.Member("prompt_file", .string(prompt)),
        JSON.Member("attempt", .integer(Int64(held.attempt))),
        JSON.Member("holder", .string(held.claim.holder)),
      ]))
  }

  private func nothing(
    _ code: CommandError.ExitCode, _ reason: String, _ until: Timestamp?, _ context: Context
  ) throws(CommandError) {
    context.exitCode = code
    guard json.isWanted else { return context.note(reason) }
    try context.output.line(
      json: JSON.object([
        JSON.Member("version", .integer(1)), JSON.Member("step", .null),
        JSON.Member("reason", .string(reason)),
        JSON.Member("until", until.map { .integer($0.seconds) } ?? .null),
      ]))
  }
}
