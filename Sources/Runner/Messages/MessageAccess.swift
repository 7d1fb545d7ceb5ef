import Ledger
import Migration
import Site

/// The ways to people.
package protocol MessageAccess: AnyObject {
  /// A time as it is where people live.
  func moment(at time: Timestamp) -> WeekMoment
  /// Who owns which files, as the newest commit of the base says; `nil` when there is no such file.
  func fileOwners(_ state: MigrationState) throws(CommandError) -> CodeOwners?
  /// How migrations are told apart in commands: `--migration NAME `, or nothing where there is one alone.
  func option(for migration: String) throws(CommandError) -> String
  /// Begins to send.
  func startMessages(_ messages: [OutgoingMessage], of migration: String) -> any Sending
}

/// Messages on their way. Never waits: the owner polls `descriptors` and asks `poll()`.
package protocol Sending: AnyObject {
  /// Readable when `poll` may have something to tell.
  var descriptors: [Int32] { get }
  /// Why each message could not be sent, `nil` for one that was, in their order; `nil` while some are under
  /// way.
  func poll() -> [String?]?
  /// Whether some were not sent because they were stopped: that says nothing about the way.
  var wasStopped: Bool { get }
  /// Ends what is under way.
  func stop()
}

/// Tells people something that a migration's plan has told, and records it: claimed first, so that of many
/// processes one sends, and told by an entry afterwards, so that nobody sends it again.
package final class MessageTask {
  private let site: any Surroundings
  private let migration: String
  private let notices: [Int]
  private let messages: [OutgoingMessage]
  private let job: any Sending
  private let report: (String) -> Void

  /// How long sending may take before somebody else may do it, in seconds.
  static let seconds = 300

  /// Claims what is due at the newest state and begins; `nil` when somebody else was faster, or nothing is.
  package static func begin(
    in site: any Surroundings, _ migration: String, isLast: Bool, report: @escaping (String) -> Void
  ) throws(CommandError) -> MessageTask? {
    let outcome = try Interpreter(in: site, report: report).append(by: site.actor) {
      (snapshot, at) throws(Refusal) in
      guard let state = snapshot.state.migration(named: migration) else {
        throw Refusal.noMigration(migration)
      }
      // What time it is where people live a ledger whose clock was ahead does not know.
      let due = state.dueNotices(at: at, site.moment(at: site.clock.now()), isLast: isLast)
      if due.isEmpty { return ([Int](), []) }
      var evidence: Evidence?
      if let held = state.notices.notifier?.claim.owner, site.isProvablyDead(held) {
        evidence = .holderDead(held)
      }
      let claim = PublisherClaim(
        holder: site.actor, owner: site.owner, expiresAt: at.adding(seconds: seconds))
      return (due, [Proposal(migration, .notice(.claimed(NotifierClaim(claim, notices: due), evidence)))])
    }
    guard let notices = outcome.value, !notices.isEmpty, let state = try site.state(of: migration) else {
      return nil
    }
    let owners = state.plan.messages?.isByOwner == true ? try site.fileOwners(state) : nil
    let messages = state.outgoing(notices, owners: owners, option: try site.option(for: migration))
    return MessageTask(site, migration, notices, messages, report)
  }

  private init(
    _ site: any Surroundings, _ migration: String, _ notices: [Int], _ messages: [OutgoingMessage],
    _ report: @escaping (String) -> Void
  ) {
    (self.site, self.migration, self.notices, self.messages) = (site, migration, notices, messages)
    self.report = report
    job = site.startMessages(messages, of: migration)
  }

  /// Readable when there may be something to do.
  package var descriptors: [Int32] { job.descriptors }

  /// Ends what is under way.
  package func stop() { job.stop() }

  /// What became of it, recorded unless it was stopped; `nil` while messages are under way. Throws, and may
  /// be asked again, when it could not be recorded.
  package func advance() throws(CommandError) -> NoticeReport? {
    guard let failures = job.poll() else { return nil }
    var outcome = NoticeReport(notices: notices, to: [])
    // Whoever comes next sends them all: rather twice than not at all.
    if job.wasStopped { return outcome }
    for (message, failure) in zip(messages, failures) {
      if let failure {
        outcome.note(NoticeReport.Failed(message.channel, failure))
      } else {
        outcome.to.append(message.channel)
      }
    }
    let recorded = try Interpreter(in: site, report: report).append(
      [Proposal(migration, .notice(.sent(outcome)))], by: site.actor)
    if let refusal = recorded.refusal {
      report("what people were told could not be recorded: \(refusal.message)")
    }
    for failed in outcome.failed { report("people could not be told by \(failed.channel): \(failed.reason)") }
    return outcome
  }
}
