import Gate
import Git
import Ledger
import Migration
import Site
import System

/// A run of the verifiers that services run, all at once, on a commit.
final class ServiceJob: GateVerification {
  private let site: Site
  private let verdicts: [ServiceVerdict]
  private let branches: [ServiceBranch]
  private var report: VerifierReport?
  private var isOpen = true

  init(
    site: Site, verifiers: [Plan.Verifier], commit: OID, migration: String, variables: [String: String],
    log: (_ verifier: String) -> LogName
  ) {
    self.site = site
    var branches: [ServiceBranch] = []
    verdicts = verifiers.map { verifier in
      let branch = ServiceBranch(remote: verifier.remote ?? "", migration: migration, commit: commit)
      if !branches.contains(branch) { branches.append(branch) }
      return ServiceVerdict(
        site: site, verifier: verifier, branch: branch, log: log(verifier.name), variables: variables)
    }
    self.branches = branches
    site.services.running += 1
  }

  deinit { close() }

  /// Of several that are asked, none alone says when there is something to tell.
  var descriptor: Int32 { verdicts.count == 1 ? verdicts[0].descriptor : -1 }

  func poll() throws(CommandError) -> VerifierReport? {
    if let report { return report }
    var isWaiting = false
    for verdict in verdicts {
      let name = verdict.verifier.name
      switch try verdict.poll() {
      case nil: isWaiting = true
      case .unknown(let reason):
        return end(
          VerifierReport(
            verdict: .couldNotRun, failure: Migration.Failure(kind: .gate, reason: "\(name): \(reason)")))
      case .judged(let judgement):
        guard judgement.verdict == .passed else {
          return end(VerifierReport(name, judgement, in: try site.mainDirectory()))
        }
      }
    }
    return isWaiting ? nil : end(VerifierReport(verdict: .passed, failure: nil))
  }

  func stop() { verdicts.forEach { $0.stop() } }

  private func end(_ report: VerifierReport) -> VerifierReport {
    self.report = report
    stop()
    close()
    return report
  }

  /// Has the branches removed once nobody asks any more, by one push for all.
  private func close() {
    guard isOpen else { return }
    isOpen = false
    site.services.left += branches
    site.services.running -= 1
    guard site.services.running == 0 else { return }
    let left = Dictionary(grouping: site.services.left) { $0.remote }
    site.services.left = []
    // One that stays is found again by its name, and is harmless.
    for (remote, branches) in left {
      let address = GitRemote.pushAddress(remote, in: site.repository)
      var git = site.git
      git.timeoutSeconds = ServiceVerdict.networkSeconds
      _ = try? git.deleteRemote(branches.map { ($0.ref, $0.commit) }, on: address)
    }
  }
}

/// A run of verifiers and, when it passes, one more.
final class GateSequence: GateVerification {
  private var job: any GateVerification
  private var next: (() throws(CommandError) -> any GateVerification)?
  private var first: VerifierReport?

  init(_ job: any GateVerification, then next: @escaping () throws(CommandError) -> any GateVerification) {
    self.job = job
    self.next = next
  }

  var descriptor: Int32 { job.descriptor }

  func poll() throws(CommandError) -> VerifierReport? {
    guard var report = try job.poll() else { return nil }
    guard report.verdict == .passed, let next else {
      if let first {
        report.kept = first.kept
        report.runs = first.runs + report.runs
        report.evidence.flaky = first.evidence.flaky + report.evidence.flaky
        // What somebody else found is still what it rests on, unless this says otherwise.
        if report.verdict == .passed { report.evidence.reused = first.evidence.reused }
      }
      return report
    }
    (self.next, first) = (nil, report)
    job = try next()
    return try poll()
  }

  func stop() {
    next = nil
    job.stop()
  }
}

extension Site {
  /// Starts the verifiers of a plan on a commit: those of this machine one after another, then all that
  /// services run, while no worktree is held. What fails here is looked up in `known`; one that is about
  /// other paths than `changed` does not run here.
  func startVerifiers(
    _ plan: Plan, on commit: OID, for subject: GateSubject, known: KnownFailures = .none,
    changed: [String]? = nil
  ) throws(CommandError) -> any GateVerification {
    var here = plan
    here.gate.verifiers.removeAll { $0.remote != nil }
    let there = plan.gate.verifiers.filter { $0.remote != nil }
    let asking = { [self] () throws(CommandError) -> any GateVerification in
      ServiceJob(
        site: self, verifiers: there, commit: commit, migration: plan.migration,
        variables: subject.variables, log: subject.log)
    }
    if here.gate.verifiers.isEmpty { return try asking() }
    let job = try GateJob(
      site: self, plan: here, commit: commit, subject: subject, known: known, changed: changed)
    return there.isEmpty ? job : GateSequence(job, then: asking)
  }
}

extension VerifierReport {
  /// What came of a verifier. Where this machine keeps its worktrees is nobody's business, and no path that
  /// an agent could use.
  init(
    _ name: String, _ judgement: Judgement, in directory: String, kept: [String] = [],
    runs: [ComparedRun] = []
  ) {
    let details = FailureGroup.groups(judgement.failures).map { Site.relative($0.text, to: directory) }
    let reason = Site.relative("\(name): \(judgement.headline)", to: directory)
    self.init(
      verdict: judgement.verdict,
      failure: Migration.Failure(kind: .gate, reason: reason, details: details), kept: kept, runs: runs)
  }
}
