import Ledger
import Migration
import Site

/// The attempts of one run, from the claim to the entry that says how each ended.
final class AttemptTable {
  private let site: any Surroundings
  private let late: LateWarnings
  /// Whether anything else of this run is at work that could write in the repository.
  var isJudging: () -> Bool = { false }
  private var known: [Fence]?
  /// What those have done who were found at work alone.
  private var faults: [Fence: String] = [:]
  private(set) var jobs: [any Attempt] = []
  /// The steps that were given back once because the disk was full.
  private var crowded: Set<String> = []
  /// Those of the jobs that have ended and whose files are being kept.
  private var ends: [AttemptEnd] = []
  /// When each claim of ours was last known to be fresh, by the clock here, by migration.
  private var renewals: [String: [Fence: Timestamp]] = [:]

  /// What came of agents since it was asked last: a fault, or none when the attempt ended otherwise.
  private(set) var news: [(job: any Attempt, fault: AgentFault?, missing: MissingProgram?)] = []

  init(in site: any Surroundings, late: LateWarnings) {
    self.site = site
    self.late = late
  }

  /// The descriptors that become readable when `advance` has something to do.
  var descriptors: [Int32] { jobs.flatMap(\.descriptors) + ends.map(\.descriptor) }

  /// Takes a begun attempt in.
  func add(_ job: any Attempt) {
    jobs.append(job)
    noteRenewal(job.migration, job.claim.fence)
  }

  /// Notes that a claim is fresh now.
  func noteRenewal(_ migration: String, _ fence: Fence) {
    renewals[migration, default: [:]][fence] = site.clock.now()
  }

  /// When each claim on a migration was last known to be fresh, by the clock here.
  func renewals(of migration: String) -> [Fence: Timestamp] { renewals[migration] ?? [:] }

  /// The attempt that works for a claim.
  func job(_ migration: String, _ fence: Fence) -> (any Attempt)? {
    jobs.first { $0.migration == migration && $0.claim.fence == fence }
  }

  /// Asks all workers to end.
  func stop() { for job in jobs { job.stop() } }

  /// Kills all workers, and gives up keeping files now.
  func kill() {
    for job in jobs { job.kill() }
    for end in ends { end.kill() }
  }

  /// Records the end of those that have ended; says whether there was one.
  func advance() throws(CommandError) -> Bool {
    for job in jobs where !ends.contains(where: { $0.job === job }) {
      guard let outcome = try job.poll() else { continue }
      let end = AttemptEnd(job, outcome, in: site, observer: late)
      end.isSuspect = { [unowned self] in suspects() == [job.claim.fence] }
      end.shortage = { [unowned self] in fullDisk(for: job) }
      end.oddPlace = { [unowned self] in faults[job.claim.fence] }
      ends.append(end)
    }
    var didSomething = false
    for end in ends {
      do throws(CommandError) {
        guard try end.advance() else { continue }
      } catch {
        // Whose it may have been is not known any more when it is forgotten.
        if error.changedSetting != nil { suspects() }
        // What it has to say is said when the remote can be reached.
        if !error.isOffline { forget(end) }
        throw error
      }
      news.append((end.job, end.fault, end.missing))
      forget(end)
      didSomething = true
    }
    return didSomething
  }

  /// What is said of the disk when it is full and an attempt has failed. The second time a step fails by
  /// itself: it may be what fills it.
  private func fullDisk(for job: any Attempt) -> String? {
    guard let found = try? site.shortage(after: nil), found.kind == .disk,
      crowded.insert("\(job.migration)/\(job.claim.fence.step)").inserted
    else { return nil }
    return found.text
  }

  /// Takes the news.
  func takeNews() -> [(job: any Attempt, fault: AgentFault?, missing: MissingProgram?)] {
    defer { news = [] }
    return news
  }

  /// Whose workers were at work when something of the repository was first found not to be as it was: whoever
  /// had ended before was looked after. Empty when verifiers were at work, too.
  @discardableResult
  func suspects() -> [Fence] {
    if let known { return known }
    known = atWork
    return atWork
  }

  /// Whose workers are at work; empty when verifiers are, too.
  var atWork: [Fence] {
    isJudging() ? [] : jobs.map(\.claim.fence).sorted { ($0.step, $0.epoch) < ($1.step, $1.epoch) }
  }

  /// Somebody has put something where git's files or ours should be: whoever was at work alone has failed.
  func blame(for what: String) {
    guard atWork.count == 1, let job = jobs.first else { return }
    if faults[job.claim.fence] == nil { faults[job.claim.fence] = what }
    job.stop()
  }

  /// Whether all workers have ended; nothing of it is recorded.
  func haveEnded() -> Bool {
    jobs.removeAll { job in
      do throws(CommandError) { return try job.poll() != nil } catch { return true }
    }
    return jobs.isEmpty
  }

  private func forget(_ end: AttemptEnd) {
    ends.removeAll { $0 === end }
    jobs.removeAll { $0 === end.job }
    renewals[end.job.migration]?[end.job.claim.fence] = nil
    faults[end.job.claim.fence] = nil
  }
}
