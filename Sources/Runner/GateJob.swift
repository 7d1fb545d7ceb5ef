import Gate
import Git
import Ledger
import Migration
import Processes

/// One run of a gate's verifiers on a commit, in a worktree that no worker ever wrote.
///
/// Never waits: the owner polls `descriptor` and asks `poll()`.
final class GateJob: GateVerification {
  private let site: Site
  private let plan: Plan
  private let directory: String
  private let lock: FileLock
  private let logFile: (String) -> String
  private let variables: [String: String]
  private var next = 0
  private var child: SupervisedChild?
  private var report: VerifierReport?
  private var isStopping = false

  /// Checks `commit` out in a free gate slot and starts the first verifier.
  ///
  /// `logFile` names the log of a verifier; `variables` join the environment.
  init(
    site: Site, plan: Plan, commit: OID, variables: [String: String],
    logFile: @escaping (_ verifier: String) -> String
  ) throws(CommandError) {
    self.site = site
    self.plan = plan
    self.variables = variables
    self.logFile = logFile
    let taken = try GateJob.takeSlot(site)
    lock = taken.lock
    directory = try Slots(site: site).prepareGate(taken.slot, commit: commit, plan: plan)
    try startNext()
  }

  /// Readable when `poll` may have something to tell; negative when it already has.
  var descriptor: Int32 { child?.pollDescriptor ?? -1 }

  /// What was found, or `nil` while a verifier runs.
  func poll() throws(CommandError) -> VerifierReport? {
    while report == nil {
      guard let child else { break }
      guard let status = child.poll() else { return nil }
      if isStopping {
        report = VerifierReport(
          verdict: .couldNotRun, failure: Migration.Failure(kind: .gate, reason: "the gate was stopped"))
        break
      }
      try judgeVerifier(status)
    }
    return report
  }

  /// Ends the verifier; `poll` then says `could not run`.
  func stop() {
    isStopping = true
    child?.terminate()
  }

  /// Waits for the report; for commands that have nothing else to do. `onWait` is asked before each wait and
  /// stops the gate by returning `true`.
  func finish(stopWhen shouldStop: () -> Bool = { false }, signals: Int32 = -1) throws(CommandError)
    -> VerifierReport
  {
    while true {
      if let report = try poll() { return report }
      var poller = Poller(reading: [descriptor])
      poller.add(reading: signals)
      _ = poller.wait(milliseconds: 1000)
      if shouldStop() { stop() }
    }
  }

  private static func takeSlot(_ site: Site) throws(CommandError) -> (slot: String, lock: FileLock) {
    do throws(FileError) {
      try Files.makeDirectories(site.localDirectory + "/slots")
      var number = 1
      while true {
        let slot = "gate-\(number)"
        let path = "\(site.localDirectory)/slots/\(slot).lock"
        if !Slots(site: site).isForeign(slot), let lock = try FileLock.acquire(path: path, wait: false) {
          return (slot, lock)
        }
        number += 1
      }
    } catch {
      throw CommandError(error)
    }
  }

  private func startNext() throws(CommandError) {
    guard next < plan.gate.verifiers.count else {
      child = nil
      report = VerifierReport(verdict: .passed, failure: nil)
      return
    }
    let verifier = plan.gate.verifiers[next]
    let log = logFile(verifier.name)
    do {
      try Files.makeDirectories(Files.parent(of: log))
      try Files.removeFile(log)
      let own = variables.merging(["MIGRATE_WORKTREE": directory]) { _, new in new }
      let environment = ChildEnvironment.allowList(
        from: site.environment, adding: own, extraNames: site.passedVariables)
      var run = Supervised(
        shellCommand: verifier.run, environment: environment, directory: directory, logFile: log)
      run.timeoutSeconds = verifier.timeoutSeconds
      child = try site.supervisors.start(run)
    } catch {
      throw CommandError.from(error)
    }
  }

  private func judgeVerifier(_ status: ExitStatus) throws(CommandError) {
    let verifier = plan.gate.verifiers[next]
    let output = try reporting { try Files.readFile(logFile(verifier.name), limit: 256 << 20) ?? [] }
    let judgement = judge(
      kind: verifier.kind, status: status, output: output, timeoutSeconds: verifier.timeoutSeconds)
    guard judgement.verdict == .passed else {
      child = nil
      // Where this machine keeps its worktrees is nobody's business, and no path that an agent could use.
      let details = judgement.failures.map { Site.relative($0.text, to: directory) }
      report = VerifierReport(
        verdict: judgement.verdict,
        failure: Migration.Failure(
          kind: .gate, reason: Site.relative("\(verifier.name): \(judgement.headline)", to: directory),
          details: details))
      return
    }
    next += 1
    try startNext()
  }
}
