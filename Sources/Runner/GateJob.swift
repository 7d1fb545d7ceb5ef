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
  private var next = 0
  /// What the verifier that runs found the first time, while it runs once more.
  private var first: VerifierReport?
  /// The verifiers that failed and then passed.
  private var flaky: [String] = []
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
  /// `log` names the log of a verifier, and of `setup`; `variables` join the environment.
  init(
    site: Site, plan: Plan, commit: OID, variables: [String: String], isFresh: Bool = false,
    log: @escaping (_ verifier: String) -> LogName
  ) throws(CommandError) {
    self.site = site
    self.plan = plan
    self.variables = variables
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
        guard let status = child.poll() else { return nil }
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

  // MARK: What runs

  private func begin() throws(CommandError) {
    guard site.clock.now() >= worktree.notBefore else {
      stage = .waiting
      return
    }
    if worktree.needsSetup, let setup = plan.gate.setup {
      stage = .settingUp(
        try start(.setup(.gate), setup.run, log: "setup", timeoutSeconds: GateJob.setupSeconds))
    } else if next < plan.gate.verifiers.count {
      let verifier = plan.gate.verifiers[next]
      stage = .verifying(
        try start(
          .verifier(env: verifier.env), verifier.run, log: verifier.name,
          timeoutSeconds: verifier.timeoutSeconds))
    } else {
      end(VerifierReport(verdict: .passed, failure: nil, kept: worktree.kept))
    }
  }

  private func start(
    _ purpose: Purpose, _ command: String, log name: String, timeoutSeconds: Int
  ) throws(CommandError) -> SupervisedChild {
    let run = site.launcher.supervised(
      purpose, command, in: worktree.directory, log: site.logFile(log(name)),
      adding: variables.merging(worktree.variables) { _, new in new }, timeoutSeconds: timeoutSeconds)
    return try site.start(run, isAnew: true)
  }

  private func judgeSetup(_ status: ExitStatus) throws(CommandError) {
    let judgement = try judgement("setup", .build, status, GateJob.setupSeconds)
    guard judgement.verdict == .passed else { return end(report("setup", judgement)) }
    try worktree.setupEnded()
    try begin()
  }

  private func judgeVerifier(_ status: ExitStatus) throws(CommandError) {
    let verifier = plan.gate.verifiers[next]
    let judgement = try judgement(verifier.name, verifier.kind, status, verifier.timeoutSeconds)
    if let first {
      // What failed once and cannot even be run the second time has failed.
      guard judgement.verdict == .passed || judgement.verdict == .failed else { return end(first) }
      self.first = nil
      if judgement.verdict == .passed {
        flaky.append(verifier.name)
        if verifier.flaky == .fails { return end(unsure(verifier, first)) }
      }
    } else if judgement.verdict == .failed, verifier.flaky != nil {
      first = report(verifier.name, judgement)
      try worktree.restart()
      return try begin()
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
    _ name: String, _ kind: Plan.Verifier.Kind, _ status: ExitStatus, _ timeoutSeconds: Int
  ) throws(CommandError) -> Judgement {
    let output = try reporting { try Files.readFile(site.logFile(log(name)), limit: 256 << 20) ?? [] }
    return judge(kind: kind, status: status, output: output, timeoutSeconds: timeoutSeconds)
  }

  // MARK: What is said

  private func end(_ report: VerifierReport) {
    var report = report
    report.evidence.flaky = flaky
    stage = .ended(report)
    worktree.close()
  }

  private var stopped: VerifierReport {
    VerifierReport(
      verdict: .couldNotRun, failure: Migration.Failure(kind: .gate, reason: "the gate was stopped"))
  }

  private func report(_ name: String, _ judgement: Judgement) -> VerifierReport {
    VerifierReport(name, judgement, in: worktree.directory, kept: worktree.kept)
  }

  /// What a plan takes for a failure: a verifier that failed and then passed on the very same files.
  private func unsure(_ verifier: Plan.Verifier, _ first: VerifierReport) -> VerifierReport {
    VerifierReport(
      verdict: .failed,
      failure: Migration.Failure(
        kind: .gate, reason: "\(verifier.name): flaky: failed, and passed when it was run once more",
        details: first.failure.map { $0.details.isEmpty ? [$0.reason] : $0.details } ?? []),
      kept: worktree.kept)
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
