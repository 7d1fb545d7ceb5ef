import CanonicalJSON
import Git
import Ledger
import Migration
import Site

/// An attempt of a step, or a trial, and what came of it.
package struct TriedStep: Sendable {
  /// The step.
  package let step: String
  /// The number of the plan that it was done by.
  package let plan: Int
  /// Its epoch, or the number of the trial.
  package let number: Int
  /// Whether it was a trial.
  package let isTrial: Bool
  /// The commit that it started from.
  package let base: ObjectID
  /// The agent that worked, as far as that was told.
  package var agent: String?
  /// How it ended.
  package var verdict = Verdict.open
  /// Why it failed, by the fingerprint.
  package var cause: String?
  /// Why it failed, in one line.
  package var reason: String?
  /// What it used, as far as that was told.
  package var used: Amounts?
  /// Its result.
  package var commit: ObjectID?

  /// How an attempt or a trial ends.
  package enum Verdict: String, CaseIterable, Sendable {
    case passed, failed, lost, open
  }
}

/// Every attempt and trial of a migration, in the order in which they began.
package struct TriedSteps {
  /// They.
  package private(set) var list: [TriedStep] = []
  private var places: [String: Int] = [:]
  private var plan = 1

  /// Reads the ledger of a migration.
  package init(of state: MigrationState, in site: Site) throws(CommandError) {
    var events: [Event] = []
    try site.ledger.walk { (entry) throws(CommandError) in
      guard entry.migration == state.name, let event = entry.event else { return true }
      events.append(event)
      if case .migration(.started) = event.change { return false }
      return true
    }
    for event in events.reversed() { take(event) }
  }

  /// The commit that the first attempt of a step started from.
  package func firstBase(of step: String) -> ObjectID? { list.first { $0.step == step && !$0.isTrial }?.base }

  private static func fact(_ event: Event, _ key: String) -> JSON? {
    event.reserved.first { $0.key == key }?.value
  }

  private mutating func take(_ event: Event) {
    switch event.change {
    case .migration(.amended(let amendment)): plan = amendment.number
    case .claim(let fence, .claimed(let claim)):
      begin(
        TriedStep(step: fence.step, plan: plan, number: fence.epoch, isTrial: false, base: claim.base), event)
    case .claim(let fence, let change): take(change, fence.step, event)
    case .gate(let fence, .finished(let report)):
      if let failure = report.failure {
        if report.verdict != .couldNotRun { end(fence.step, .failed, failure, event) }
      } else if report.isNoChange {
        end(fence.step, .passed, nil, event)
      }
    case .train(.finished(let report)):
      if let failure = report.failure, let culprit = report.culprit { end(culprit, .failed, failure, event) }
    case .merge(_, .merged): for step in event.change.steps { end(step, .passed, nil, event) }
    case .loop(.trialStarted(let start)):
      begin(
        TriedStep(step: start.step, plan: start.plan, number: start.trial, isTrial: true, base: start.base),
        event)
    case .loop(.trialFinished(let report)):
      guard let place = list.lastIndex(where: { $0.isTrial && $0.number == report.trial }) else { return }
      list[place].commit = report.commit
      switch report.outcome {
      case .passed: end(place, .passed, nil, event)
      case .failed: end(place, .failed, report.failure, event)
      case .lost: end(place, .lost, nil, event)
      }
    case .migration, .refresh, .baseline, .gate, .train, .merge, .step, .ledger, .agent, .machine, .loop,
      .lesson, .publication, .notice, .forge, .fleet,
      .reserved:
      return
    }
  }

  private mutating func begin(_ tried: TriedStep, _ event: Event) {
    var tried = tried
    if case .string(let agent)? = TriedSteps.fact(event, ClaimFacts.agent) { tried.agent = agent }
    if !tried.isTrial { places[tried.step] = list.count }
    list.append(tried)
  }

  private mutating func take(_ change: ClaimChange, _ step: String, _ event: Event) {
    guard let place = places[step] else { return }
    list[place].used = event.used ?? list[place].used
    switch change {
    case .submitted(let result): list[place].commit = result.commit
    case .failed(let failure): end(place, failure.kind == .setup ? .lost : .failed, failure, event)
    case .released, .expired: end(place, .lost, nil, event)
    case .handedOver: end(place, .passed, nil, event)
    case .stageEnded(let stage):
      list[place].commit = stage.result?.commit ?? list[place].commit
      if [.retry, .block].contains(Workflow.Target(stage.next)) {
        let reason = "'\(stage.stage)' ended with \(stage.verdict)"
        end(place, .failed, Migration.Failure(kind: .worker, reason: reason), event)
      } else if stage.next != Workflow.Target.gate.word {
        end(place, .passed, nil, event)
      }
    case .claimed, .renewed: return
    }
  }

  private mutating func end(
    _ step: String, _ verdict: TriedStep.Verdict, _ failure: Migration.Failure?, _ event: Event
  ) {
    if let place = places[step] { end(place, verdict, failure, event) }
  }

  private mutating func end(
    _ place: Int, _ verdict: TriedStep.Verdict, _ failure: Migration.Failure?, _ event: Event
  ) {
    list[place].verdict = verdict
    list[place].reason = failure?.reason
    list[place].used = event.used ?? list[place].used
    list[place].cause = nil
    if verdict == .failed, case .string(let cause)? = TriedSteps.fact(event, Event.causeKey) {
      list[place].cause = cause
    }
    if case .string(let agent)? = TriedSteps.fact(event, ClaimFacts.agent) { list[place].agent = agent }
  }
}
