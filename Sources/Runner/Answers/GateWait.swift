import Git
import Ledger
import Migration
import Processes

/// Waits for the verdict on a submitted step, and judges it when that is nobody else's.
struct GateWait {
  let site: Site
  let migration: String
  let fence: Fence
  let interruption: Interruption
  let warn: (String) -> Void

  /// How the step left the gate.
  func result() throws(CommandError) -> SubmittedStep.Result {
    var told = ToldReasons()
    while true {
      let snapshot = try Recovery(site: site) { if told.isNew($0) { warn($0) } }.sweep(migration)
      guard let step = snapshot.state.migration(named: migration)?.step(fence.step) else {
        return .ended("gone")
      }
      if let result = result(of: step) { return result }
      if interruption.shouldStop() {
        throw CommandError(
          "interrupted; '\(fence.step)' is submitted and waits for its gate",
          hint: "'git migrate run' takes it on", exitCode: .interrupted)
      }
      if let result = try judge(step) { return result }
    }
  }

  private func result(of step: Step) -> SubmittedStep.Result? {
    guard step.epoch == fence.epoch else { return .ended(step.phase.word) }
    switch step.phase {
    case .submitted, .gating, .merging: return nil
    case .merged: return .merged
    case .leased, .ready, .backoff, .waiting, .blocked:
      return .failed(step.lastFailure ?? Migration.Failure(kind: .gate, reason: "it was sent back"))
    case .skipped, .cancelled: return .ended(step.phase.word)
    }
  }

  /// Runs the gate to its end, or waits a moment when it is not this step's turn. `nil` says that the ledger
  /// has the answer.
  private func judge(_ step: Step) throws(CommandError) -> SubmittedStep.Result? {
    guard case .submitted = step.phase else { return pause() }
    let task = GateTask(site: site, migration: migration, fence: fence, report: warn)
    while true {
      if let ending = try task.advance() { return result(of: ending) }
      var poller = Poller(reading: [task.descriptor])
      poller.add(reading: interruption.signals)
      _ = poller.wait(milliseconds: 1000)
      if interruption.shouldStop() { task.stop() }
      try keep(task)
    }
  }

  private func result(of ending: GateTask.Ending) -> SubmittedStep.Result? {
    switch ending {
    case .merged: return nil
    case .sentBack(let failure): return .failed(failure)
    case .baseFails(let reason): return .couldNotVerify("the base does not pass its own gate: \(reason)")
    case .unjudged(let reason), .obstructed(let reason), .stepObstructed(let reason):
      return .couldNotVerify(reason)
    case .notNow(let refusal):
      return [.limited, .wrongPhase].contains(refusal.code) ? pause() : .couldNotVerify(refusal.message)
    }
  }

  /// Lets others go on for a moment.
  private func pause() -> SubmittedStep.Result? {
    var poller = Poller()
    poller.add(reading: interruption.signals)
    _ = poller.wait(milliseconds: 200)
    return nil
  }

  /// Keeps what the task holds while it judges, as the agenda says. That the remote cannot be reached ends
  /// nothing: the next time it may.
  private func keep(_ task: GateTask) throws(CommandError) {
    guard let watch = task.watch else { return }
    let snapshot = try reporting { try site.ledger.read() }
    guard let state = snapshot.state.migration(named: migration) else { return }
    var seat = Seat(owner: site.owner, actor: site.actor, free: nil, clock: site.clock.now())
    seat.holds = [watch.fact(in: state, at: seat.clock)]
    for duty in state.agenda(at: max(seat.clock, snapshot.state.at), seat: seat) {
      if case .stopJudging = duty { task.loseHold() }
      guard case .renewHold = duty else { continue }
      do throws(CommandError) { try watch.renew(migration, by: site, report: warn) } catch {
        guard error.isOffline else { throw error }
      }
    }
  }
}
