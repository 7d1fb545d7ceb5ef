import Git
import Ledger
import Migration
import Site

extension Orchestrator {
  /// Whether the remote may only have gone away in the middle of a push: it has not said the same for long.
  func isNewRejection(_ error: CommandError) -> Bool {
    let now = site.clock.now()
    if let rejection, rejection.words == error.message, now >= rejection.since {
      return now < rejection.since.adding(seconds: Self.rejectionSeconds)
    }
    rejection = (error.message, now)
    return true
  }

  /// Ends without a look into the repository, where whoever reads what lies in the place of a file may wait
  /// for ever. What workers leave is kept by the next run.
  func endUnseeing(_ halt: CommandError) throws(CommandError) -> Round {
    guard attempts.haveEnded() else { return .nothing }
    throw halt
  }

  // MARK: Messages

  /// Whether people may be told what a plan says, by what it names.
  func see(messagesOf state: MigrationState, _ desk: Desk, _ seat: inout Seat) throws(CommandError) {
    seat.isTelling = desk.messages != nil
    guard halt == nil, !isEnding, !state.notices.items.isEmpty, state.plan.messages != nil else { return }
    seat.mayTell = try desk.approved.admit(state, in: site, warn: observer.voice(of: state.name))
    seat.moment = site.moment(at: seat.clock)
  }

  /// Takes what became of messages; says whether there was something.
  func advanceMessages(_ desk: Desk) throws(CommandError) -> Bool {
    guard try desk.messages?.advance() != nil else { return false }
    desk.messages = nil
    return true
  }

  // MARK: Watching

  /// Waits until something may have happened; whoever watches has a look first.
  func wait() {
    observer.tick()
    site.wait(for: attempts.descriptors + desks.values.flatMap(\.descriptors) + [signals])
  }

  func tell(_ snapshot: LedgerSnapshot) throws(CommandError) {
    if let tip = snapshot.tip, tip != seen?.tip {
      let sentences = try seen.map { (old) throws(CommandError) in
        try reporting { try site.events.sentences(to: tip, from: old.tip) }
      }
      seen = snapshot
      observer.ledgerGrew(snapshot, sentences: sentences ?? [])
    }
    late.tell(observer)
  }

  func tell(obstacle reason: String) {
    if obstacles.isNew(reason, at: site.clock.now()) { observer.warn(reason) }
  }

  /// Says what was found in the place of a file of git's or ours, and whose it may be.
  func tell(oddPlace what: String) {
    let names = attempts.atWork.map { "'\($0.step)' (epoch \($0.epoch))" }
    observer.warn(names.isEmpty ? what : "\(what); at work then: \(names.joined(separator: ", "))")
    attempts.blame(for: what)
  }
}
