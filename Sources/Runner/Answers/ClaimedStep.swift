import Git
import Ledger
import Migration
import Site
import System

/// What a worker asks for.
package struct ClaimWish {
  /// The step; the next one when `nil`.
  package var step: String?
  /// The worker's name; that of the site when `nil`.
  package var worker: String?
  /// The length of the lease; the plan's when `nil`.
  package var seconds: Int?
  /// Whether the worker brings its own place, so that no worktree is made.
  package var bringsPlace: Bool
  /// What the worker's machine has.
  package var has: Set<String> = []

  /// Makes a wish.
  package init(step: String?, worker: String?, seconds: Int?, bringsPlace: Bool) {
    self.step = step
    self.worker = worker
    self.seconds = seconds
    self.bringsPlace = bringsPlace
  }
}

/// A step that a worker got, and where to do it.
package struct ClaimedStep: PrintedAnswer {
  /// The claim.
  package let held: HeldStep
  /// The folder to work in; `nil` when the worker brings its own.
  package let worktree: String?
  /// The file with the rendered prompt.
  package let prompt: String

  /// The claim's number and place.
  package static let form = AnswerForm<ClaimedStep>.document([
    .text("migration", \.held.migration), .text("step", \.held.claim.fence.step),
    .number("epoch", \.held.claim.fence.epoch), .number("attempt", \.held.attempt),
    .text("holder", \.held.claim.holder), .time("expires_at", \.held.claim.expiresAt),
    .text("base", \.held.claim.base.hex), .text("worktree", orNull: \.worktree),
    .text("prompt_file", \.prompt),
    .text("attempt_ref") { Site.attemptRef($0.held.migration, $0.held.claim.fence) },
  ])

  package func text(_: Palette) -> String {
    "\(held.claim.fence.step) is yours (epoch \(held.claim.fence.epoch))\n"
      + (worktree.map { "worktree  \($0)\n" } ?? "") + "prompt    \(prompt)\n"
  }

  /// What to do when the work is done.
  package var hint: String {
    let place =
      worktree == nil
      ? "submit it with '--epoch \(held.claim.fence.epoch) --commit REV'" : "run 'git migrate submit' there"
    return "when it is done, \(place)"
  }
}

/// That there is no step to get.
package struct NothingToClaim: Answer {
  /// Why.
  package let reason: String
  /// When a resting step can be claimed.
  package let until: Timestamp?
  /// Whether a worker need not come again.
  package let isForGood: Bool

  /// Why, and when to come again.
  package static let form = AnswerForm<NothingToClaim>.document([
    .text("step", orNull: { _ in nil }), .text("reason", \.reason), .time("until", orNull: \.until),
  ])
}

extension Answers {
  /// What a worker that asks for a step is answered.
  package enum Claimed {
    /// It got one.
    case step(ClaimedStep)
    /// There is none.
    case nothing(NothingToClaim)
  }

  /// Takes a step for a worker and makes its place ready. Throws when the named one cannot be claimed.
  package func claim(_ migration: String?, _ wish: ClaimWish) throws(CommandError) -> Claimed {
    if !wish.bringsPlace { _ = try site.mainDirectory() }
    let state = try snapshot(finding: migration).state
    let found = try site.migration(migration, in: state)
    if !wish.bringsPlace {
      if found.plan.worktree.setup != nil { try site.requireTrust(found) }
      try site.requireReady(found)
    }
    try Recovery(site: site, report: warn).sweep(found.name)
    let answer = try Claiming(site: site).claim(
      found.name, step: wish.step,
      holder: wish.worker.map { TerminalText.sanitizedLine(TerminalText.foreign($0)) } ?? site.actor,
      owner: Site.unboundOwner(), seconds: wish.seconds, usesSlot: !wish.bringsPlace,
      has: wish.has)
    switch answer {
    case .won(let held): return .step(try prepared(held, bringsPlace: wish.bringsPlace))
    case .nothingNow(let reason, let until):
      return .nothing(NothingToClaim(reason: reason, until: until, isForGood: false))
    case .nothingLeft:
      return .nothing(NothingToClaim(reason: "nothing is left to claim", until: nil, isForGood: true))
    case .refused(let refusal): throw CommandError(refusal)
    }
  }

  private func prepared(_ held: HeldStep, bringsPlace: Bool) throws(CommandError) -> ClaimedStep {
    let preparing = Preparing(site: site)
    var path: String?
    if bringsPlace {
      try preparing.place(of: held, path: site.directory).writePrompt(failures: held.failures)
    } else {
      let prepared = try preparing.prepare(held)
      path = prepared.path
      try preparing.runSetup(of: held, in: prepared.place)
    }
    return ClaimedStep(
      held: held, worktree: path, prompt: site.promptFile(held.migration, held.claim.fence))
  }

  /// Gives a claim back of which nobody could be told: it would be held until it lapses.
  package func takeBack(_ claimed: ClaimedStep) throws(CommandError) {
    try Claiming(site: site).giveBack(claimed.held, reason: "nobody could be told whose step it is")
  }
}
