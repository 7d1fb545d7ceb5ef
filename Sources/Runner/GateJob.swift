import Gate
import Git
import Ledger
import Migration
import Processes

/// One run of a gate's set-up and verifiers on a commit, in a worktree that no worker ever wrote.
///
/// Never waits: the owner polls `descriptor` and asks `poll()`.
final class GateJob: GateVerification {
  private let site: Site
  private let plan: Plan
  private let worktree: GateWorktree
  private let log: (String) -> LogName
  private let variables: [String: String]
  private let known: KnownFailures
  /// The paths in which the commit differs from what passed before; `nil` when nothing did.
  private let changed: [String]?
  private var next = 0
  private var output: VerifierLog?
  private var reports: TestReports?
  private var runs: [ComparedRun] = []
  private var stage = Stage.waiting
  private var isStopping = false

  private enum Stage {
    /// Until no file of the worktree has a time that is still to come.
    case waiting
    case settingUp(SupervisedChild)
    case verifying(SupervisedChild)
    case ended(VerifierReport)
  }

  /// Checks `commit` out in a free gate slot and starts what comes first. With `isFresh` the worktree is made
  /// anew, with nothing kept.
  ///
  /// `log` names the log of a verifier, and of `setup`; `variables` join the environment; what fails is
  /// looked up in `known`. A verifier that is about other paths than `changed` does not run.
  init(
    site: Site, plan: Plan, commit: OID, variables: [String: String], isFresh: Bool = false,
    known: KnownFailures = .none, changed: [String]? = nil, log: @escaping (_ verifier: String) -> LogName
  ) throws(CommandError) {
    self.site = site
    self.plan = plan
    self.variables = variables
    self.known = known
    self.changed = changed
    self.log = log
    worktree = try GateWorktree(site: site, plan: plan, commit: commit, isFresh: isFresh)
    try begin()
  }

  /// Readable when `poll` may have something to tell; negative when it already has, or when time has to pass.
  var descriptor: Int32 {
    switch stage {
    case .waiting, .ended: -1
    case .settingUp(let child), .verifying(let child): child.pollDescriptor
    }
  }

  /// What was found, or `nil` while a verifier runs.
  func poll() throws(CommandError) -> VerifierReport? {
    while true {
      switch stage {
      case .ended(let report): return report
      case .waiting:
        if isStopping {
          end(stopped)
        } else if site.clock.now() < worktree.notBefore {
          return nil
        } else {
          try begin()
        }
      case .settingUp(let child):
        guard let status = child.poll() else { return nil }
        if isStopping { end(stopped) } else { try judgeSetup(status) }
      case .verifying(let child):
        guard let status = child.poll() else {
          try output?.advance()
          return nil
        }
        if isStopping { end(stopped) } else { try judgeVerifier(status) }
      }
    }
  }

  /// Ends what runs; `poll` then says `could not run`.
  func stop() {
    isStopping = true
    switch stage {
    case .waiting, .ended: return
    case .settingUp(let child), .verifying(let child): child.terminate()
    }
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

  // MARK: What runs

  private func begin() throws(CommandError) {
    guard site.clock.now() >= worktree.notBefore else {
      stage = .waiting
      return
    }
    if worktree.needsSetup, let setup = plan.gate.setup {
      stage = .settingUp(
        try start(.setup(.gate), setup.run, log: "setup", timeoutSeconds: GateJob.setupSeconds))
    } else if let verifier = nextVerifier() {
      let purpose = Purpose.verifier(env: verifier.env)
      let asked = TestReports(
        folder: try worktree.newReportFolder(), worktree: worktree.directory, since: site.clock.now())
      reports = asked
      var variables = asked.variables(beside: site.launcher.environment(for: purpose))
      if let changed {
        let file = asked.folder + "/changed"
        try reporting { try Files.writeAtomically(file, Array(changed.map { $0 + "\n" }.joined().utf8)) }
        variables["MIGRATE_CHANGED_FILE"] = file
      }
      stage = .verifying(
        try start(
          purpose, verifier.run, log: verifier.name, timeoutSeconds: verifier.timeoutSeconds,
          adding: variables, kind: verifier.kind))
    } else {
      end(VerifierReport(verdict: .passed, failure: nil, kept: worktree.kept, runs: runs))
    }
  }

  /// The verifier that comes next, past those that nothing that changed is of interest to.
  private func nextVerifier() -> Plan.Verifier? {
    while next < plan.gate.verifiers.count {
      let verifier = plan.gate.verifiers[next]
      let globs = verifier.paths.compactMap { PathGlob($0) }
      if let changed, !globs.isEmpty,
        !changed.contains(where: { path in globs.contains { $0.matches(path) } })
      {
        next += 1
      } else {
        return verifier
      }
    }
    return nil
  }

  private func start(
    _ purpose: Purpose, _ command: String, log name: String, timeoutSeconds: Int,
    adding more: [String: String] = [:], kind: Plan.Verifier.Kind = .build
  ) throws(CommandError) -> SupervisedChild {
    let file = site.logFile(log(name))
    let run = site.launcher.supervised(
      purpose, command, in: worktree.directory, log: file,
      adding: more.merging(variables) { _, new in new }.merging(worktree.variables) { _, new in new },
      timeoutSeconds: timeoutSeconds)
    let child = try site.start(run, isAnew: true)
    // The old log is gone by now.
    output = VerifierLog(file, kind: kind)
    return child
  }

  private func judgeSetup(_ status: ExitStatus) throws(CommandError) {
    let judgement = try judgement(.build, status, GateJob.setupSeconds, nil)
    guard judgement.verdict == .passed else { return end(report("setup", judgement)) }
    try worktree.setupEnded()
    try begin()
  }

  private func judgeVerifier(_ status: ExitStatus) throws(CommandError) {
    let verifier = plan.gate.verifiers[next]
    var judgement = try judgement(verifier.kind, status, verifier.timeoutSeconds, reports?.found())
    let unknown = known.unknown(judgement, of: verifier.name)
    remember(verifier, judgement, known: unknown?.isEmpty == true)
    if let unknown, unknown.isEmpty {
      judgement.verdict = .passed
    } else if let unknown, let first = unknown.first {
      let count = judgement.failures.count - unknown.count
      judgement.failures = unknown
      if count > 0 { judgement.headline = "\(first.headline) (\(count) more that the base fails, too)" }
    }
    guard judgement.verdict == .passed else { return end(report(verifier.name, judgement)) }
    next += 1
    let changed: [String]
    do throws(CommandError) {
      changed = try worktree.changedFiles()
    } catch {
      guard !error.waitsForUser else { throw error }
      return end(unreadable(verifier, error))
    }
    if !changed.isEmpty {
      guard verifier.mutates else { return end(mutated(verifier, changed)) }
      if next < plan.gate.verifiers.count { try worktree.restart() }
    }
    try begin()
  }

  private func judgement(
    _ kind: Plan.Verifier.Kind, _ status: ExitStatus, _ timeoutSeconds: Int, _ document: TestReport?
  ) throws(CommandError) -> Judgement {
    guard let output else { return judge(kind: kind, status: status, output: "") }
    return try output.judgement(kind, status, timeoutSeconds: timeoutSeconds, document: document)
  }

  /// Takes down what the verdict rests on.
  private func remember(_ verifier: Plan.Verifier, _ judgement: Judgement, known: Bool) {
    guard judgement.verdict == .passed || judgement.verdict == .failed else { return }
    let report = judgement.report
    var list: TestList?
    let failing = known ? judgement.failures.map(\.key) : []
    if let passed = report?.passed ?? (known ? [] : nil), !passed.isEmpty || known {
      // Names of tests are what the change wrote: they may hold anything.
      let redact = Redactor(environment: site.environment).redact
      func shown(_ names: [String]) -> [String] {
        redact(names.joined(separator: "\n")).split(separator: "\n").map {
          Site.relative(String($0), to: worktree.directory)
        }
      }
      let made = TestList(passed: shown(passed), known: shown(failing))
      if made.bytes.count <= TestList.maximumBytes { list = made }
    }
    let run = VerifierRun(
      verifier: verifier.name, runner: report?.runner, executed: report?.executed, skipped: report?.skipped,
      tests: list.map { SHA256.hexDigest(of: $0.bytes) }, log: output?.digestText)
    runs.append(ComparedRun(run: run, list: list))
  }

  // MARK: What is said

  private func end(_ report: VerifierReport) {
    stage = .ended(report)
    worktree.close()
  }

  private var stopped: VerifierReport {
    VerifierReport(
      verdict: .couldNotRun, failure: Migration.Failure(kind: .gate, reason: "the gate was stopped"))
  }

  private func report(_ name: String, _ judgement: Judgement) -> VerifierReport {
    // Where this machine keeps its worktrees is nobody's business, and no path that an agent could use.
    let details = FailureGroup.groups(judgement.failures).map {
      Site.relative($0.text, to: worktree.directory)
    }
    return VerifierReport(
      verdict: judgement.verdict,
      failure: Migration.Failure(
        kind: .gate, reason: Site.relative("\(name): \(judgement.headline)", to: worktree.directory),
        details: details),
      kept: worktree.kept, runs: runs)
  }

  /// A verifier that changed tracked files has judged another tree than the candidate.
  private func mutated(_ verifier: Plan.Verifier, _ paths: [String]) -> VerifierReport {
    let names = paths.prefix(3).map(NameText.quoted).joined(separator: ", ")
    let more = paths.count > 3 ? " and \(paths.count - 3) more" : ""
    return VerifierReport(
      verdict: .failed,
      failure: Migration.Failure(
        kind: .gate,
        reason: "\(verifier.name): changed tracked files, so it judged another tree: \(names)\(more)",
        details: [
          "let '\(verifier.name)' only check, without mending; or say 'mutates: allow' at it in the plan, "
            + "and what it changes is thrown away"
        ] + paths.map { "changed by '\(verifier.name)': \($0)" }),
      kept: worktree.kept)
  }

  /// What it judged cannot be told from what it left.
  private func unreadable(_ verifier: Plan.Verifier, _ error: CommandError) -> VerifierReport {
    let reason = "\(verifier.name): left the worktree so that it cannot be read: \(error.message)"
    return VerifierReport(
      verdict: .failed,
      failure: Migration.Failure(kind: .gate, reason: Site.relative(reason, to: worktree.directory)),
      kept: worktree.kept)
  }

  private static let setupSeconds = 3600
}
