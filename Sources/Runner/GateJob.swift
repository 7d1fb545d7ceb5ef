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
  private let subject: GateSubject
  private var next = 0
  private var stage = Stage.waiting
  private var isStopping = false

  private enum Stage {
    /// Until no file of the worktree has a time that is still to come.
    case waiting
    case settingUp(SupervisedChild)
    case verifying(SupervisedChild)
    case ended(VerifierReport)
  }

  /// Checks `commit` out in a free gate slot and starts what comes first. For a result as a whole the
  /// worktree is made anew, with nothing kept.
  init(
    site: Site, plan: Plan, commit: OID, subject: GateSubject
  ) throws(CommandError) {
    self.site = site
    self.plan = plan
    self.subject = subject
    worktree = try GateWorktree(site: site, plan: plan, commit: commit, isFresh: subject.isOfResult)
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
      purpose, command, in: worktree.directory, log: site.logFile(subject.log(name)),
      adding: subject.variables.merging(worktree.variables) { _, new in new }, timeoutSeconds: timeoutSeconds)
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
    let output = try reporting { try Files.readFile(site.logFile(subject.log(name)), limit: 256 << 20) ?? [] }
    return judge(kind: kind, status: status, output: output, timeoutSeconds: timeoutSeconds)
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

extension GateSubject {
  /// Whether the whole result is judged: then nothing of what was there before may count.
  fileprivate var isOfResult: Bool { if case .result = self { true } else { false } }

  /// What the verifiers are told that they judge.
  fileprivate var variables: [String: String] {
    switch self {
    case .baseline(let migration), .refresh(let migration), .result(let migration):
      ["MIGRATE_MIGRATION": migration]
    case .candidate(let migration, let fence, _), .trial(let migration, let fence):
      ["MIGRATE_MIGRATION": migration, "MIGRATE_STEP": fence.step]
    }
  }

  /// The log of a verifier, or of the gate's `setup`.
  fileprivate func log(_ verifier: String) -> LogName {
    switch self {
    case .baseline(let migration): .baseline(migration, verifier)
    case .refresh(let migration): .refresh(migration, verifier)
    case .result(let migration): .result(migration, verifier)
    case .candidate(let migration, let fence, let gate): .gate(migration, fence, run: gate, verifier)
    case .trial(let migration, let fence): .trial(migration, fence, verifier)
    }
  }
}
