import Git
import Ledger
import Migration
import Site
import Supervision
import System

/// Sends the attempts of a run to a service for traces while the run goes on, each soon after its end.
///
/// It is never in the way of work: another process of this program sends, one at a time, and what waits for
/// it is the ledger itself, so that nothing has to be kept here and nothing is lost. A service that cannot be
/// reached gets the rest later, from here or by `git migrate trace`.
package final class TraceFollower {
  private let site: Site
  private let environment: [String: String]
  private let report: (String) -> Void
  /// From when on attempts of a migration are to be sent, by the ledger's time.
  private var since: [String: Timestamp] = [:]
  private let began: Timestamp
  /// The migrations of which attempts have ended since the last time.
  private var waiting: [String] = []
  private var job: (migration: String, until: Timestamp, child: SupervisedChild, log: String)?
  private var lastEnd: Timestamp?
  /// How often in a row the service has not taken them.
  private var failures = 0

  /// The shortest pause between two times, and the longest after failures, in seconds.
  private static let (pause, longestPause) = (5, 300)
  /// How long one time may take, and how long the end of a run waits for the last one, in seconds.
  private static let (limit, patience) = (60, 10)

  /// Makes one where the user wants it, as `TraceSettings` says; `nil` otherwise. Throws for an address in
  /// git's configuration that is none; for one in the environment, which is there for other programs, too, it
  /// says so and sends nothing.
  package init?(_ site: Site, report: @escaping (String) -> Void) throws(CommandError) {
    (self.site, self.report) = (site, report)
    began = (try? site.snapshot().state.at) ?? site.clock.now()
    let settings = try TraceSettings(site)
    guard settings.areSent else { return nil }
    environment = settings.environment
    do throws(CommandError) {
      _ = try TraceTarget(address: nil, headers: [], environment: environment)
    } catch {
      if settings.areNamed { throw error }
      report("no traces are sent: \(error.message)")
      return nil
    }
  }

  /// An attempt of a migration has ended, or something else that a trace tells.
  package func note(_ migration: String) {
    if !waiting.contains(migration) { waiting.append(migration) }
  }

  /// Begins to send what waits, and takes what came of it. Never waits.
  package func tick() {
    take()
    guard job == nil, let migration = waiting.first else { return }
    let wait = min(Self.longestPause, Self.pause << min(failures, 6))
    if let lastEnd, site.clock.now() < lastEnd.adding(seconds: wait) { return }
    start(migration)
  }

  /// Sends the rest at the end of a run, and waits for that, but not for long; hardly at all when somebody
  /// wants the run to end.
  package func end(isInterrupted: Bool) {
    let deadline = site.clock.now().adding(seconds: isInterrupted ? 1 : Self.patience)
    failures = min(failures, 1)
    while job != nil || !waiting.isEmpty {
      take()
      if job == nil, failures < 2, let migration = waiting.first { start(migration) }
      guard let job, site.clock.now() < deadline else { break }
      site.wait(for: [job.child.pollDescriptor], atMost: 200)
    }
    let left = waiting + (job.map { [$0.migration] } ?? [])
    job?.child.terminate()
    guard !left.isEmpty else { return }
    report(
      "the traces of \(left.joined(separator: ", ")) are not all sent; 'git migrate trace' sends them again")
  }

  private func start(_ migration: String) {
    waiting.removeAll { $0 == migration }
    // No later entry has an earlier time.
    let now = (try? site.snapshot().state.at) ?? began
    let from = since[migration] ?? began
    let log = site.logFile(.traces(migration))
    var run = Supervised(
      arguments: ["/proc/self/exe", "trace", "--since", from.utc, "--migration", migration],
      environment: environment, directory: site.directory, logFile: log)
    run.timeoutSeconds = Self.limit
    do throws(CommandError) {
      job = (migration, now, try site.start(run, isAnew: true), log)
    } catch {
      fail(migration, error.message)
    }
  }

  private func take() {
    guard let (migration, until, child, log) = job, let status = child.poll() else { return }
    job = nil
    lastEnd = site.clock.now()
    if status.isSuccess {
      (since[migration], failures) = (until, 0)
    } else {
      let text = (try? Files.readPlain(log, limit: 1 << 16)).flatMap(\.self) ?? []
      let first = String(decoding: text, as: UTF8.self).split(separator: "\n").first.map(String.init)
      fail(migration, first ?? WorkJob.words(status))
    }
  }

  /// Told once, until it works again.
  private func fail(_ migration: String, _ words: String) {
    note(migration)
    failures += 1
    if failures == 1 {
      report("traces are not sent: \(TerminalText.sanitizedLine(words)); it is tried again")
    }
  }
}
