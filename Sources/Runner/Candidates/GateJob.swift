import Gate
import Git
import Ledger
import Migration
import Site
import Supervision
import System

/// One run of a gate's set-up and verifiers on a commit, in a worktree that no worker ever wrote.
///
/// Never waits: the owner polls `descriptor` and asks `poll()`.
final class GateJob: GateVerification {
  private let site: Site
  private let plan: Plan
  private let worktree: GateWorktree
  private let subject: GateSubject
  private let known: KnownFailures
  /// The paths in which the commit differs from what passed before; `nil` when nothing did.
  private let changed: [String]?
  private var next = 0
  private var output: VerifierLog?
  private var reports: TestReports?
  private var runs: [ComparedRun] = []
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

  /// Checks `commit` out in a free gate slot and starts what comes first. For a result as a whole the
  /// worktree is made anew, with nothing kept.
  ///
  /// What fails is looked up in `known`. A verifier that is about other paths than `changed` does not run.
  init(
    site: Site, plan: Plan, commit: OID, subject: GateSubject, known: KnownFailures = .none,
    changed: [String]? = nil
  ) throws(CommandError) {
    self.site = site
    self.plan = plan
    self.subject = subject
    self.known = known
    self.changed = changed
    worktree = try GateWorktree.take(site: site, plan: plan, commit: commit, isFresh: subject.isOfResult)
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
          reports?.collect()
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
          adding: variables, kind: verifier.kind,
          hasNetwork: verifier.network ?? !plan.isOffNetwork))
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
    adding more: [String: String] = [:], kind: Plan.Verifier.Kind = .build, hasNetwork: Bool? = nil
  ) throws(CommandError) -> SupervisedChild {
    let file = site.logFile(subject.log(name))
    let run = site.launcher.supervised(
      purpose, command, in: worktree.directory, log: file,
      adding: more.merging(subject.variables) { _, new in new }.merging(worktree.variables) { _, new in new },
      timeoutSeconds: timeoutSeconds,
      within: try worktree.walls(hasNetwork: hasNetwork ?? plan.hasNetwork))
    let child = try site.start(run, isAnew: true)
    // The old log is gone by now.
    output = VerifierLog(file, kind: kind)
    return child
  }

  private func judgeSetup(_ status: ExitStatus) throws(CommandError) {
    let judgement = try judgement(.build, status, GateJob.setupSeconds, nil)
    guard judgement.verdict == .passed else {
      return end(report("setup", judgement), after: plan.gate.setup?.run, status)
    }
    try worktree.setupEnded()
    try begin()
  }

  private func judgeVerifier(_ status: ExitStatus) throws(CommandError) {
    let verifier = plan.gate.verifiers[next]
    var judgement = try judgement(verifier.kind, status, verifier.timeoutSeconds, reports?.found())
    let unknown = known.unknown(judgement, of: verifier.name)
    let isKnown = unknown?.isEmpty == true
    let isRepeated = first == nil && verifier.flaky != nil && judgement.verdict == .failed && !isKnown
    if !isRepeated { remember(verifier, judgement, known: isKnown) }
    if let unknown, unknown.isEmpty {
      judgement.verdict = .passed
    } else if let unknown, let first = unknown.first {
      let count = judgement.failures.count - unknown.count
      judgement.failures = unknown
      if count > 0 { judgement.headline = "\(first.headline) (\(count) more that the base fails, too)" }
    }
    if let first {
      // What failed once and cannot even be run the second time has failed.
      guard judgement.verdict == .passed || judgement.verdict == .failed else { return end(first) }
      self.first = nil
      if judgement.verdict == .passed {
        flaky.append(verifier.name)
        if verifier.flaky == .fails { return end(unsure(verifier, first)) }
      }
    } else if isRepeated {
      first = report(verifier.name, judgement)
      try worktree.restart()
      return try begin()
    }
    guard judgement.verdict == .passed else {
      return end(report(verifier.name, judgement), after: verifier.run, status)
    }
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
    guard judgement.verdict == .passed || judgement.verdict == .failed, !verifier.isOfStep else { return }
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

  /// Ends with what a command found that did not pass: it may be the machine's fault.
  private func end(_ report: VerifierReport, after command: String?, _ status: ExitStatus) {
    var report = report
    let said = output?.tail ?? ""
    let missing = command.flatMap { site.missingProgram($0, status, output: said) }
      .flatMap { isOfChange($0) ? nil : $0 }
    report.hindrance =
      missing.map { Hindrance.missing($0) } ?? site.crowding(of: "gate \(worktree.commit.hex)")
    if report.hindrance != nil { report.verdict = .couldNotRun }
    end(report)
  }

  /// Whether what was changed calls for a program that is not here, and no command of the plan does: no
  /// machine is to be blamed for a name that a worker wrote.
  private func isOfChange(_ missing: MissingProgram) -> Bool {
    guard missing.command != nil, let changed else { return false }
    let name = Array(missing.program.utf8)
    return changed.prefix(1000).contains { path in
      let file = "\(worktree.directory)/\(path)"
      guard let bytes = (try? Files.readPlain(file, limit: 1 << 20)) ?? nil else { return false }
      return bytes.firstRange(of: name) != nil
    }
  }

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
    VerifierReport(name, judgement, in: worktree.directory, kept: worktree.kept, runs: runs)
  }

  /// What a plan takes for a failure: a verifier that failed and then passed on the very same files.
  private func unsure(_ verifier: Plan.Verifier, _ first: VerifierReport) -> VerifierReport {
    VerifierReport(
      verdict: .failed,
      failure: Migration.Failure(
        kind: .gate, reason: "\(verifier.name): flaky: failed, and passed when it was run once more",
        details: first.failure.map { $0.details.isEmpty ? [$0.reason] : $0.details } ?? []),
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

extension GateSubject {
  /// Whether the whole result is judged: then nothing of what was there before may count.
  var isOfResult: Bool { if case .result = self { true } else { false } }

  /// What the verifiers are told that they judge.
  var variables: [String: String] {
    switch self {
    case .baseline(let migration), .refresh(let migration), .result(let migration):
      ["MIGRATE_MIGRATION": migration]
    case .candidate(let migration, let fence, _), .verify(let migration, let fence):
      ["MIGRATE_MIGRATION": migration, "MIGRATE_STEP": fence.step]
    }
  }

  /// The log of a verifier, or of the gate's `setup`.
  func log(_ verifier: String) -> LogName {
    switch self {
    case .baseline(let migration): .baseline(migration, verifier)
    case .refresh(let migration): .refresh(migration, verifier)
    case .result(let migration): .result(migration, verifier)
    case .candidate(let migration, let fence, let gate): .gate(migration, fence, run: gate, verifier)
    case .verify(let migration, let fence): .verify(migration, fence, verifier)
    }
  }
}
