import Git
import Ledger
import Migration
import Site
import Supervision
import System

/// Makes the places in which claims are worked on.
public struct Preparing {
  let site: Site

  /// Makes it for a site.
  public init(site: Site) { self.site = site }

  /// Makes the worktree, the prompt and the folders of a claim that names a slot. When that fails the step
  /// goes back with the reason, counted as an infrastructure retry, and the error is thrown.
  public func prepare(_ held: HeldStep) throws(CommandError) -> (path: String, place: WorkPlace) {
    try Claiming(in: site).orGiveBack(held) { () throws(CommandError) in try makeReady(held) }
  }

  func makeReady(_ held: HeldStep) throws(CommandError) -> (path: String, place: WorkPlace) {
    guard let slot = held.claim.slot else { throw CommandError("the claim names no worktree slot") }
    try requireBase(held)
    let work = try WorkSoFar(of: held, in: site)
    let continuation =
      held.stage?.isFresh == true
      ? Continuation(of: held, from: work?.start) : try Continuation(of: held, in: site)
    let path = try Slots(site: site).prepare(
      slot, migration: held.migration, claim: held.claim, plan: held.plan,
      from: continuation?.start ?? work?.start)
    var place = place(of: held, path: path)
    (place.continuation, place.diff) = (continuation, work?.diff ?? "")
    try place.writePrompt(failures: held.failures)
    return (path, place)
  }

  /// A base that is taken in must be here, and be the base's.
  private func requireBase(_ held: HeldStep) throws(CommandError) {
    guard let base = held.step.resolves else { return }
    let state = try reporting { try site.ledger.read() }.state.migration(named: held.migration)
    guard let state, let reason = try site.objection(toTakingIn: base, of: state) else { return }
    throw CommandError(
      "'\(held.step.id)' cannot be begun: \(reason)", hint: "run 'git migrate skip \(held.step.id)'")
  }

  /// Runs the plan's set-up command in a prepared slot and waits for it. When it fails the step goes back.
  public func runSetup(of held: HeldStep, in place: WorkPlace) throws(CommandError) {
    guard let setup = held.plan.worktree.setup, let slot = held.claim.slot else { return }
    let status = try site.start(try place.setup(setup, timeoutSeconds: 3600)).wait().status
    guard !status.isSuccess else {
      return try Slots(site: site).noteSetUp(
        slot, migration: held.migration, fence: held.claim.fence, putsBack: held.step.resolves == nil)
    }
    let reason = "the set-up command \(place.reason(status, log: place.setupLog))"
    let failure = Migration.Failure(kind: .setup, reason: reason, details: place.tail(place.setupLog))
    _ = try Interpreter(site: site).append(
      [Proposal(held.migration, .attemptFailed(held.claim.fence, failure))], by: held.claim.holder)
    try Slots(site: site).close(slot, migration: held.migration, fence: held.claim.fence)
    throw CommandError(
      "\(reason) in '\(held.step.id)'", hint: "read 'git migrate logs \(held.step.id)'",
      exitCode: .couldNotVerify)
  }

  /// The work place of a claim in a folder.
  public func place(of held: HeldStep, path: String) -> WorkPlace {
    var place = WorkPlace(
      site: site, plan: held.plan, step: held.step, fence: held.claim.fence, migration: held.migration,
      base: held.claim.base, attempt: held.attempt, path: path, limits: held.limits)
    (place.lessons, place.stage) = (held.lessons, held.stage)
    place.resources = held.resources
    return place
  }
}
