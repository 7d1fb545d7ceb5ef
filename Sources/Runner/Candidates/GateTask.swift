import Gate
import Git
import Ledger
import Migration
import Site

/// Takes one submitted step through its gate and into the integration branch.
final class GateTask: GateWork {
  let migration: String
  let fence: Fence
  /// A step that is judged alone takes no other with it.
  let unfit: Set<Fence>? = nil
  let site: any Surroundings
  private let interpreter: Interpreter
  private var stage: Stage
  var isStopping = false
  /// Whether the plan that the step is judged by has a codemod for it.
  private var isOfCodemod = false
  /// The commit of the base that the step takes in.
  private var takenIn: ObjectID?
  /// What a verdict rests on here.
  private var basis: VerdictBasis?
  /// How long a hold lasts by that plan, in seconds.
  private var leaseSeconds = 0
  /// What its run on the candidate holds in the ledger.
  private var held: HoldWatch?

  enum Stage {
    case begin
    case baseline(BaselineTask)
    case candidate(any GateVerification, Candidate, gate: Int, verifiers: String)
    case falsifying(FalsificationTask, VerifierReport, Candidate, gate: Int, verifiers: String)
    case judging(any Judging, VerifierReport, Candidate, gate: Int, verifiers: String)
    case ended(GateEnding)
  }

  init(site: any Surroundings, migration: String, fence: Fence, report: @escaping (String) -> Void) {
    self.site = site
    self.migration = migration
    self.fence = fence
    interpreter = Interpreter(in: site, report: report)
    stage = .begin
  }

  var descriptor: Int32 {
    switch stage {
    case .begin, .ended: -1
    case .baseline(let task): task.descriptor
    case .candidate(let job, _, _, _): job.descriptor
    case .falsifying(let task, _, _, _, _): task.descriptor
    case .judging(let task, _, _, _, _): task.descriptor
    }
  }

  func stop() {
    isStopping = true
    switch stage {
    case .begin, .ended: return
    case .baseline(let task): task.stop()
    case .candidate(let job, _, _, _): job.stop()
    case .falsifying(let task, _, _, _, _): task.stop()
    case .judging(let task, _, _, _, _): task.stop()
    }
  }

  func advance() throws(CommandError) -> GateEnding? {
    while true {
      switch stage {
      case .ended(let ending): return ending
      case .begin: stage = try begin()
      case .baseline(let task):
        guard let ending = try task.advance() else { return nil }
        switch ending {
        case .passed: stage = .begin
        case .failed(let reason): stage = .ended(.baseFails(reason))
        case .stopped: stage = .ended(.notNow(Refusal(.limited, "the base was not judged to the end")))
        }
      case .candidate(let job, let candidate, let gate, let verifiers):
        guard let found = try job.poll() else { return nil }
        let report = try compared(found, candidate, digest: verifiers)
        if let task = try falsifying(report, candidate, gate: gate, digest: verifiers) {
          stage = .falsifying(task, report, candidate, gate: gate, verifiers: verifiers)
        } else {
          stage = try askJudge(report, candidate, gate: gate, verifiers: verifiers)
        }
      case .falsifying(let task, let report, let candidate, let gate, let verifiers):
        guard try task.advance() else { return nil }
        stage = try askJudge(
          try falsified(report, by: task, digest: verifiers), candidate, gate: gate, verifiers: verifiers)
      case .judging(let task, let report, let candidate, let gate, let verifiers):
        guard let answer = try task.poll() else { return nil }
        stage = try endJudgement(answer, report, candidate, gate: gate, verifiers: verifiers)
      }
    }
  }

  var isJudgingBase: Bool {
    if case .baseline = stage { return true }
    return false
  }

  var watch: HoldWatch? {
    switch stage {
    case .begin, .ended: nil
    case .baseline(let task): task.watch
    case .candidate, .falsifying, .judging: isStopping ? nil : held
    }
  }

  func join(_ fence: Fence, _ state: MigrationState) throws(CommandError) -> Bool { false }

  func loseHold() {
    switch stage {
    case .begin, .ended: return
    case .baseline(let task): task.stop()
    case .candidate(let job, _, _, _): job.stop()
    case .falsifying(let task, _, _, _, _): task.stop()
    case .judging(let task, _, _, _, _): task.stop()
    }
  }

  // MARK: Stages

  private func begin() throws(CommandError) -> Stage {
    if isStopping { return .ended(.notNow(Refusal(.limited, "the run is ending"))) }
    guard let (state, submission) = try current() else {
      return .ended(.notNow(Refusal(.wrongPhase, "'\(fence.step)' does not wait for its gate")))
    }
    do throws(CommandError) {
      // The plan may have been amended by somebody else since the step was chosen.
      try site.requireTrust(state)
    } catch {
      guard error.waitsForUser else { throw error }
      return .ended(.notNow(Refusal(.limited, error.message)))
    }
    if let obstacle = try site.obstacle(toMerging: state) { return .ended(.obstructed(obstacle)) }
    let candidate: Candidate
    switch try site.candidate(of: submission, fence, state, on: nil) {
    case .conflicts(let paths):
      return try sendBack(GateTask.conflict(in: paths, submission, fence.step, state, site))
    case .unusable(let reason):
      return try sendBack(
        Migration.Failure(kind: .unusable, reason: "what was handed in is of no use: \(reason)"))
    case .made(let made): candidate = made
    }
    if let obstacle = try site.obstacle(
      toMoving: state.intoRef, from: candidate.tip, toTree: candidate.tree)
    {
      return .ended(.stepObstructed(obstacle))
    }
    if state.needsBaseline(tree: candidate.tipTree.objectID) {
      let beginning = try BaselineTask.begin(
        site: site, state: state, commit: candidate.tip, tree: candidate.tipTree, report: interpreter.report)
      switch beginning {
      case .success(let task): return .baseline(task)
      case .failure(let refusal): return .ended(.notNow(refusal))
      }
    }
    return try judge(candidate, state, submission)
  }

  private func sendBack(_ failure: Migration.Failure) throws(CommandError) -> Stage {
    let outcome = try interpreter.append(
      [Proposal(migration, .attemptFailed(fence, failure))], by: site.actor)
    if let refusal = outcome.refusal { return .ended(.notNow(refusal)) }
    return .ended(.sentBack(failure))
  }

  private func judge(
    _ candidate: Candidate, _ state: MigrationState, _ submission: Submission
  ) throws(CommandError) -> Stage {
    guard let found = plannedStep(state), let planned = state.step(fence.step)?.allowing(found) else {
      throw CommandError(.noStep(fence.step, in: migration))
    }
    isOfCodemod = planned.run != nil
    takenIn = planned.resolves
    leaseSeconds = state.plan.leaseSeconds
    let tree = candidate.tree.objectID
    let digest = state.gateDigest
    var knownFailure =
      try site.guardFailure(state.plan, planned, submission)
      ?? (isOfCodemod ? state.step(fence.step)?.knownFailure(tree: tree, verifiers: digest) : nil)
    let own = planned.verifiers
    let isFree = candidate.isNoChange || state.plan.gate.verifiers.isEmpty
    basis = isFree ? nil : try site.basis(of: state, report: interpreter.report)
    let known =
      isFree
      ? VerifierReport(
        verdict: .passed, failure: nil, kept: candidate.isNoChange ? [] : state.plan.gate.keep)
      : try site.remembered(
        candidate.tree, state, on: basis, tipTree: candidate.tipTree, allowing: planned.allow)
    knownFailure = knownFailure ?? known?.failure
    let isToJudge =
      (!own.isEmpty || state.asksJudge(fence.step, submission, candidate)) && knownFailure == nil
    var gate = 0
    let outcome = try append { [self, knownFailure] (snapshot, at) throws(Refusal) in
      let (step, start) = try gateStart(snapshot, at, candidate)
      try snapshot.state.requireGate(of: [fence], as: state)
      gate = start.gate
      let begun = Proposal(migration, .gateStarted(Fence(step: step.id, epoch: fence.epoch), start))
      if let knownFailure {
        return begun.with([finished(gate, candidate, digest, .failed, knownFailure)], in: snapshot.state)
      }
      guard let known, !isToJudge else { return [begun] }
      return begun.with(passed(gate, candidate, digest, at, known), in: snapshot.state)
    }
    if let refusal = outcome { return .ended(.notNow(refusal)) }
    if let knownFailure { return .ended(.sentBack(knownFailure)) }
    if let known {
      guard isToJudge else { return .ended(try settled()) }
      held = HoldWatch(.gate(fence, gate: gate))
      if own.isEmpty { return try askJudge(known, candidate, gate: gate, verifiers: digest) }
    }
    let job = try site.startGate(
      state.plan, judging: [planned], known: known, on: candidate.commit,
      for: .candidate(migration: migration, fence, gate: gate))
    held = HoldWatch(.gate(fence, gate: gate))
    return .candidate(job, candidate, gate: gate, verifiers: digest)
  }

  /// `digest` names the verifiers that spoke: the plan may have others by now.
  func endGate(
    _ report: VerifierReport, _ candidate: Candidate, gate: Int, verifiers digest: String
  ) throws(CommandError) -> Stage {
    if isStopping {
      _ = try append { [self] (_, _) throws(Refusal) in
        [Proposal(migration, .gateAbandoned(fence, gate: gate, evidence: .holder))]
      }
      return .ended(.notNow(Refusal(.limited, "the run is ending")))
    }
    if let hindrance = report.hindrance, try giveUp(hindrance, gate) {
      return .ended(.unjudged(hindrance.reason))
    }
    var report = report
    report.evidence.basis = basis
    let refusal = try append { [self, report] (snapshot, at) throws(Refusal) in
      if let failure = report.failure {
        return [finished(gate, candidate, digest, report.verdict, failure, report)]
      }
      // A pause keeps the verdict and lets the merge wait; the candidate is judged from memory later.
      if case .paused? = snapshot.state.migration(named: migration)?.phase {
        let verdict = finished(gate, candidate, digest, .passed, nil, report)
        return [verdict, Proposal(migration, .gateAbandoned(fence, gate: gate, evidence: .holder))]
      }
      return passed(gate, candidate, digest, at, report)
    }
    if let refusal {
      if try isIntended(gate) { return .ended(.merged) }
      // The plan, the step or the branch changed under the gate: whoever holds it now goes on from there.
      _ = try append { [self] (_, _) throws(Refusal) in
        [Proposal(migration, .gateAbandoned(fence, gate: gate, evidence: .holder))]
      }
      return .ended(.notNow(refusal))
    }
    if let failure = report.failure {
      return .ended(report.verdict == .couldNotRun ? .unjudged(failure.reason) : .sentBack(failure))
    }
    return .ended(try settled())
  }

  /// Gives the gate back when the machine could not judge; false where the ledger has no place for that.
  private func giveUp(_ hindrance: Hindrance, _ gate: Int) throws(CommandError) -> Bool {
    guard try site.snapshot().state.version >= MachineChange.version else {
      return false
    }
    _ = try append { [self] (snapshot, _) throws(Refusal) in
      let given = Proposal(migration, .gateAbandoned(fence, gate: gate, evidence: .holder))
      guard case .missing(let missing) = hindrance else { return [given] }
      return [given]
        + [Proposal.trouble(missing, of: site.owner.machine, in: snapshot.state)].compactMap(\.self)
    }
    return true
  }

  /// Fewer tests than on the tip are no pass.
  private func compared(
    _ report: VerifierReport, _ candidate: Candidate, digest: String
  ) throws(CommandError) -> VerifierReport {
    guard !isStopping, report.verdict == .passed, let state = try migrationState(),
      state.gateDigest == digest
    else { return report }
    let allow = plannedStep(state).map { state.step(fence.step)?.allowing($0).allow ?? [] } ?? []
    return try site.compared(
      report, state, tipTree: candidate.tipTree, tree: candidate.tree, allowing: allow)
  }

  /// The run of the candidate's tests without its code, where the plan asks for it and there are any.
  private func falsifying(
    _ report: VerifierReport, _ candidate: Candidate, gate: Int, digest: String
  ) throws(CommandError) -> FalsificationTask? {
    guard !isStopping, report.verdict == .passed, let state = try migrationState(), state.plan.gate.falsifies,
      state.gateDigest == digest, let falsification = try site.falsification(of: candidate)
    else { return nil }
    return FalsificationTask(
      site: site, plan: state.plan, subject: .candidate(migration: migration, fence, gate: gate),
      falsification: falsification)
  }

  /// Tests that pass without the code that they came with are no proof of it.
  private func falsified(
    _ report: VerifierReport, by task: FalsificationTask, digest: String
  ) throws(CommandError) -> VerifierReport {
    guard !isStopping, let state = try migrationState(), state.gateDigest == digest else { return report }
    let allow = plannedStep(state).map { state.step(fence.step)?.allowing($0).allow ?? [] } ?? []
    let allowed = AllowedFindings(allow)
    guard let failure = task.findings.filter({ !allowed.allows($0) }).asFailure(kind: .gate) else {
      return report
    }
    return report.denied(failure)
  }

  // MARK: Pieces

  /// Whether the merge that this gate allows is announced already, and only the branch has not moved yet: the
  /// remote went away in between.
  private func isIntended(_ gate: Int) throws(CommandError) -> Bool {
    guard let step = try migrationState()?.step(fence.step), step.epoch == fence.epoch,
      case .merging(_, let run, let target) = step.phase
    else { return false }
    return run.start.gate == gate && target.owner == site.owner
  }

  /// How a step that passed ended: its branch may still have refused to move.
  private func settled() throws(CommandError) -> GateEnding {
    guard let step = try migrationState()?.step(fence.step) else { return .merged }
    if case .merged = step.phase { return .merged }
    let reason = step.lastFailure?.reason ?? "the merge is not settled yet"
    return .notNow(Refusal(.limited, "'\(fence.step)' passed but was not merged: \(reason)"))
  }

  private func finished(
    _ gate: Int, _ candidate: Candidate, _ digest: String, _ verdict: Verdict, _ failure: Migration.Failure?,
    _ found: VerifierReport? = nil
  ) -> Proposal {
    let report = GateReport(
      gate: gate, tree: candidate.tree.objectID, verifiers: digest,
      verdict: verdict, failure: failure, isNoChange: candidate.isNoChange, isOfCodemod: isOfCodemod,
      kept: found?.kept ?? [], evidence: found?.evidence ?? VerdictEvidence())
    return Proposal(migration, .gateFinished(fence, report)).resting(on: found?.runs ?? [])
  }

  /// The verdict and, unless there is nothing to merge, the intent to move the branch.
  private func passed(
    _ gate: Int, _ candidate: Candidate, _ digest: String, _ at: Timestamp, _ found: VerifierReport
  ) -> [Proposal] {
    let verdict = finished(gate, candidate, digest, .passed, nil, found)
    guard !candidate.isNoChange else { return [verdict] }
    let target = MergeTarget(
      gate: gate, old: candidate.tip.objectID,
      new: candidate.commit.objectID,
      tree: candidate.tree.objectID, owner: site.owner,
      expiresAt: at.adding(seconds: min(600, leaseSeconds)), base: takenIn)
    #if KNOWN_BUGS
      if KnownBug.intentAfterMove.isOn, let into = try? migrationState()?.intoRef {
        _ = try? site.requestMove(
          of: into, from: candidate.tip, to: candidate.commit, isOwn: true, unless: { nil })
      }
    #endif
    return [verdict, Proposal(migration, .mergeIntended(fence, target))]
  }

  private func gateStart(
    _ snapshot: LedgerSnapshot, _ at: Timestamp, _ candidate: Candidate
  ) throws(Refusal) -> (Step, GateStart) {
    guard let state = snapshot.state.migration(named: migration), let step = state.step(fence.step) else {
      throw Refusal.noStep(fence.step, in: migration)
    }
    return (
      step,
      GateStart(
        gate: step.gates + 1, holder: site.actor, owner: site.owner,
        expiresAt: at.adding(seconds: state.plan.leaseSeconds),
        tip: candidate.tip.objectID,
        tree: candidate.tree.objectID)
    )
  }

  /// Appends; gives the refusal when there was one.
  func append(
    _ propose: (LedgerSnapshot, Timestamp) throws(Refusal) -> [Proposal]
  ) throws(CommandError) -> Refusal? {
    try interpreter.append(by: site.actor) { (snapshot, at) throws(Refusal) in
      ((), try propose(snapshot, at))
    }.refusal
  }

  /// `nil` when the step does not wait for its gate any more: another run was faster.
  private func current() throws(CommandError) -> (MigrationState, Submission)? {
    guard let state = try migrationState(), let step = state.step(fence.step), step.epoch == fence.epoch,
      case .submitted(let submission) = step.phase
    else { return nil }
    return (state, submission)
  }
}
