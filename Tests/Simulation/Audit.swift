import Git
import Ledger
import Migration

/// Watches the chain and the branch, with a bookkeeping of its own: it knows the invariants, and nothing of
/// `decide`.
struct Audit {
  /// What is known of a step.
  struct Log {
    enum Stage: Equatable {
      case open, leased, submitted, gating, passed, merging, done
    }

    var stage = Stage.open
    var epoch = 0
    var holder = ""
    var owner = Owner(machine: "", boot: "", pid: 0, startTicks: 0)
    var slot: String?
    /// What it was handed of the plan's resources.
    var values: [String: String] = [:]
    var base = ObjectID.zero
    var expiresAt = Timestamp(milliseconds: 0)
    var renewals = 0
    /// Whether no clock was ahead of the ledger when it was claimed or renewed, after the faults had stopped.
    var isProtected = false
    var result: Submission.Result?
    var gates = 0
    var gate: GateStart?
    var intent: MergeTarget?
    var failures = 0
    /// How often it had to start over for no fault of its own.
    var restarts = 0
    var granted = 0
    var satisfies = false
    /// The stage that it is at, and how often each was entered.
    var stageName: String?
    var entries: [String: Int] = [:]
    /// Whether a person has to decide, and the tree of what one has approved.
    var isAsked = false
    var approved: ObjectID?
    /// Whether its codemod has left it to its agent.
    var isHandedOver = false

    /// Whether it may be blocked by its restarts: a retry grants nothing to a step that only rests, and the
    /// audit does not know which rests.
    var mayBeBlocked: Bool { stage == .submitted && restarts > Audit.restartLimit }

    /// Takes note that it had to start over; too often, and a person must look at it.
    mutating func restart() {
      restarts += 1
      if restarts > Audit.restartLimit + granted { stage = .open }
    }
  }

  /// How often a step may start over before it is blocked (DESIGN §3).
  static let restartLimit = 10

  var logs: [String: Log] = [:]
  var planned: [String: PlannedStep] = [:]
  var plan: Plan?
  private var planNumber = 0
  private(set) var isEnded = false
  private(set) var isPaused = false
  private(set) var sequence = 0
  var at = Timestamp(milliseconds: 0)
  private var nonces: Set<String> = []
  /// Trees that verifiers have passed, each with the gate's digest.
  private(set) var passes: [OID: Set<String>] = [:]
  /// Those of them that passed where nothing was kept.
  private(set) var cleanPasses: [OID: Set<String>] = [:]
  /// Trees that verifiers of steps have passed, each with their commands.
  var ownPasses: [OID: Set<String>] = [:]
  /// What was judged as a whole.
  var results = ResultLog()
  /// Those of them by the toolchain that passed them, each with the gate's digest and that.
  private(set) var toolchainPasses: [OID: Set<String>] = [:]
  /// Where the ledger says the branch is.
  var tip = ObjectID.zero
  /// Where a server that was killed within a push has left the branch.
  private(set) var tornAt: OID?
  var isShared = false
  private var refresh: Refresh?
  /// What people were told.
  var told = ToldLog()
  /// Who judges the base.
  var baseline: BaselineClaim?
  /// Whether no clock was ahead of the ledger when that was claimed or renewed, after the faults had stopped.
  var isBaselineProtected = false
  /// The train that is judged, and how many there were.
  var train: TrainLog?
  var trains = 0
  /// What machines have not got.
  var troubles: Set<String> = []
  /// The trees that judges have approved.
  var approvals: Set<OID> = []
  /// The steps that were undone.
  var undone: Set<String> = []
  /// What agents use, and which rests.
  var agents = AgentLog()
  /// The trees whose tests the ledger knows, each with the digest of the verifiers that told them.
  var tested: Set<String> = []
  /// The gate's digest; the plan computes it anew each time.
  private(set) var digest = ""

  /// Takes note that a tree has passed the verifiers of a plan, in a worktree that kept these folders.
  mutating func notePass(_ tree: OID, _ plan: Plan, kept: [String] = [], with toolchain: String = "") {
    passes[tree, default: []].insert(plan.verifierDigest)
    toolchainPasses[tree, default: []].insert(plan.verifierDigest + toolchain)
    if kept.isEmpty { cleanPasses[tree, default: []].insert(plan.verifierDigest) }
  }

  /// Whether the ledger intends this move of the branch now.
  func isIntended(old: OID, new: OID) -> Bool {
    if let refresh, refresh.new.oid == new, refresh.old.oid == old { return true }
    if new == tip.oid { return true }
    return logs.values.contains {
      $0.stage == .merging && $0.intent?.new.oid == new && $0.intent?.old.oid == old
    }
  }

  /// A move of the branch by one of us (I-22, I-23).
  func checkMove(from old: OID, to new: OID, _ world: World) {
    guard isIntended(old: old, new: new) else {
      return world.fail("I-23", "the branch moved to \(new.number) without an intent in force")
    }
    let commit = world.objects.commit(new)
    let steps = logs.values.first { $0.stage == .merging && $0.intent?.new.oid == new }?.intent?.train
    let first = steps?.members.first.map { world.objects.commit($0.commit.oid) } ?? commit
    guard first.parents.first == old else {
      return world.fail("I-22", "the branch moved to a commit that is not built on it")
    }
    guard let plan, !plan.gate.verifiers.isEmpty else { return }
    if passes[commit.tree] == nil {
      world.fail("I-22", "the branch got the tree \(commit.tree.number), which no verifier has passed")
    }
  }

  /// I-22: of a shared ledger, the branch is where the ledger says it is; they move together. Only a server
  /// that was killed in between (`isTorn`) has the branch where the ledger intends it.
  mutating func checkTogether(_ world: World, isTorn: Bool) {
    guard !isShared, !isEnded, plan != nil, let branch = world.branch, branch != tip.oid,
      world.authority.branchBefore == nil
    else { return }
    if isTorn { tornAt = branch }
    if branch == tornAt, isIntended(old: tip.oid, new: branch) { return }
    world.fail("I-22", "the ledger of the server has the branch at \(tip.oid.number), not \(branch.number)")
  }

  /// Whether the ledger has an entry, known by its nonce.
  func hasEntry(nonce: String) -> Bool { nonces.contains(nonce) }

  // MARK: Entries

  /// An entry that has just become part of the chain.
  mutating func check(_ entry: Entry, _ world: World) {
    let event = entry.event
    sequence += 1
    if entry.sequence != sequence { world.fail("I-1", "entry \(sequence) has number \(entry.sequence)") }
    if !nonces.insert(entry.nonce).inserted { world.fail("I-3", "entry \(sequence) has a used nonce") }
    checkOrder(event, world)
    checkTests(event, world)
    switch event.change {
    case .migration(.started(let start)):
      take(start.plan, number: 1, world)
      (tip, results.start) = (start.commit, start.commit)
      isShared = start.shared
    case .migration(.amended(let amendment)):
      take(amendment.plan, number: amendment.number, world)
      if world.strikes(world.faults.foreignPlan) { world.unapproved.insert(amendment.number) }
    case .migration(.paused): isPaused = true
    case .migration(.resumed): isPaused = false
    case .migration(.budgetRaised(_, let amount)): agents.raised += amount
    case .migration(.finished(let result, _)): end(with: result, world)
    case .migration(.aborted): end(with: nil, world)
    case .refresh(let change): check(change, world)
    case .baseline(.claimed(let claim)): checkBaselineClaim(claim, event, world)
    case .baseline(.renewed(let run, let until)): checkBaselineRenewal(run, until, event, world)
    case .baseline(.abandoned(let run, let evidence)): checkBaselineEnd(run, evidence, event, world)
    case .baseline(.recorded(let verdict)):
      checkBaselineVerdict(verdict, event, world)
      checkBaseline(verdict, world)
    case .claim(_, .claimed(let claim)): checkClaim(claim, event, world)
    case .claim(let fence, .renewed(let until)): checkRenewal(fence, until, event, world)
    case .claim(let fence, .expired(let renewal, let evidence)):
      checkExpiry(fence, renewal, evidence, event, world)
    case .claim(let fence, .released(let forced, _)): checkRelease(fence, forced, event, world)
    case .claim(let fence, .failed(let failure)): checkFailure(fence, failure, event, world)
    case .claim(let fence, .handedOver(let failure)): checkHandOver(fence, failure, event, world)
    case .claim(let fence, .submitted(let result)): checkSubmission(fence, result, event, world)
    case .claim(let fence, .stageEnded(let end)): checkStageEnd(fence, end, event, world)
    case .gate(let fence, .judged(let answer)): checkJudge(fence, answer, world)
    case .gate(let fence, .waits): ask(fence, world)
    case .step(_, .approved): for step in event.change.steps { decide(step, isApproved: true, world) }
    case .step(_, .rejected): for step in event.change.steps { decide(step, isApproved: false, world) }
    case .step(let step, .undone(let undoing)): undo(step, undoing, world)
    case .gate(let fence, .started(let start)): checkGateStart(fence, start, event, world)
    case .gate(let fence, .renewed(let gate, let until)): checkGateRenewal(fence, gate, until, event, world)
    case .gate(let fence, .finished(let report)): checkReport(fence, report, event, world)
    case .train(let change): checkTrain(change, event, world)
    case .gate(let fence, .abandoned(let gate, let evidence)):
      checkGateEnd(fence, gate, evidence, event, world)
    case .merge(let fence, .intended(let target)): checkIntent(fence, target, world)
    case .merge(let fence, .abandoned(let evidence, _)): checkMergeEnd(fence, evidence, event, world)
    case .merge(let fence, .merged(let commit, let train)): checkMerge(fence, commit, train, world)
    case .step(_, .added(let addition)): add(addition, world)
    case .step(_, .retried): for step in event.change.steps { retry(step, world) }
    case .step(_, .skipped): for step in event.change.steps { skip(step, world) }
    case .agent(let change): checkRest(change, event, world)
    case .machine(let change): checkTrouble(change, event, world)
    case .notice(let change): checkNotice(change, event, world)
    // Neither changes anything about a step.
    case .step(_, .allowed), .step(_, .proposed), .step(_, .accepted), .loop, .lesson, .publication: break
    case .forge, .fleet: break
    case .ledger, .reserved: world.fail("I-7", "nobody upgrades the ledger here")
    }
    dissolveTrain()
  }

  private mutating func check(_ change: RefreshChange, _ world: World) {
    switch change {
    case .intended(let intended):
      refresh = intended
      if let plan, !plan.gate.verifiers.isEmpty, passes[intended.tree.oid]?.contains(digest) != true {
        world.fail("I-22", "a refresh brings a tree that the verifiers have not passed")
      }
    case .merged(let commit):
      if refresh?.new != commit { world.fail("I-23", "a refresh was merged that was not intended") }
      (tip, refresh) = (commit, nil)
    case .abandoned: refresh = nil
    }
  }

  private mutating func retry(_ step: String, _ world: World) {
    if doAgain(step) { return }
    change(step, world) { [plan] log in
      log.epoch += 1
      log.granted = max(log.granted + (plan?.attempts ?? 0), log.failures)
      log.stage = .open
      (log.stageName, log.entries) = (nil, [:])
    }
  }

  private mutating func skip(_ step: String, _ world: World) {
    change(step, world) { log in
      log.epoch += 1
      log.stage = .done
      log.satisfies = true
    }
  }

  private mutating func end(with result: ObjectID?, _ world: World) {
    if let result { checkResult(result, world) }
    isEnded = true
    baseline = nil
  }

  private mutating func take(_ plan: Plan, number: Int, _ world: World) {
    if number != planNumber + 1 { world.fail("I-20", "plan \(number) follows plan \(planNumber)") }
    planNumber = number
    let isGateNew = plan.verifierDigest != digest
    if isGateNew { baseline = nil }
    let isOwnGateNew = plan.steps.contains { step in
      let stage = logs[step.id]?.stage
      return (stage == .gating || stage == .passed) && planned[step.id]?.verifiers != step.verifiers
    }
    digest = plan.verifierDigest
    self.plan = plan
    world.plans.append(plan)
    let ids = Set(plan.steps.map(\.id))
    for step in plan.steps {
      planned[step.id] = step
      if logs[step.id] == nil { logs[step.id] = Log() }
      if logs[step.id]?.stage == .done, logs[step.id]?.satisfies == false { logs[step.id]?.stage = .open }
    }
    for (id, log) in logs where isGateNew || isOwnGateNew {
      if log.stage == .gating || log.stage == .passed { logs[id]?.stage = .submitted }
    }
    for (id, log) in logs
    where !ids.contains(id) && log.stage != .done && planned[id]?.resolves == nil
      && planned[id]?.isAdded == false
    {
      logs[id]?.stage = .done
      logs[id]?.epoch += 1
    }
  }

  /// Changes what is known of a step; nothing may happen to one that is done (I-18).
  mutating func change(_ step: String, _ world: World, _ body: (inout Log) -> Void) {
    guard var log = logs[step] else {
      return world.fail("I-20", "entry \(sequence) names '\(step)', which is no step")
    }
    if log.stage == .done {
      world.fail("I-18", "entry \(sequence): '\(step)' is done, and something happens")
    }
    body(&log)
    logs[step] = log
  }

  /// The step that an entry speaks for, with its current epoch (I-13).
  mutating func change(_ fence: Fence, _ world: World, _ body: (inout Log) -> Void) {
    if let log = logs[fence.step], log.epoch != fence.epoch {
      world.fail("I-13", "'\(fence.step)' is at epoch \(log.epoch), and epoch \(fence.epoch) speaks")
    }
    change(fence.step, world, body)
  }

  // MARK: The branch and the gate

  mutating func checkGateStart(_ fence: Fence, _ start: GateStart, _ event: Event, _ world: World) {
    let other = logs.first {
      $0.key != fence.step && [.gating, .passed, .merging].contains($0.value.stage)
    }
    if let other { world.fail("I-17", "'\(fence.step)' is judged beside '\(other.key)'") }
    if isPaused { world.fail("I-18", "'\(fence.step)' is judged although all is paused") }
    change(fence, world) { log in
      if log.stage != .submitted { world.fail("I-13", "'\(fence.step)' is judged, but not handed in") }
      log.gates += 1
      if start.gate != log.gates { world.fail("I-12", "gate run \(start.gate) follows \(log.gates - 1)") }
      log.stage = .gating
      log.gate = start
      log.isProtected = world.isOnTime(event.at)
    }
  }

  mutating func checkVerdict(_ fence: Fence, _ report: GateReport, _ event: Event, _ world: World) {
    let (passes, digest, plan) = (passes, digest, plan)
    if report.verdict == .passed {
      checkApproval(fence, report, world)
      checkOwn([fence], on: report.tree, world)
    }
    var isLeft = false
    if [.failed, .ranNoTests].contains(report.verdict) { isLeft = handsOver(fence.step) }
    checkHonesty(report.verdict, report.failure?.reason, of: report.tree, "'\(fence.step)'", world)
    if !report.isNoChange {
      let subject = "'\(fence.step)'"
      checkKept(report.kept, report.verdict, of: report.tree, by: report.verifiers, subject, world)
    }
    checkReuse(report.evidence, of: report.tree, by: report.verifiers, "'\(fence.step)'", world)
    change(fence, world) { log in
      guard log.stage == .gating, let gate = log.gate else {
        return world.fail("I-13", "a verdict on '\(fence.step)', which is not judged")
      }
      if report.gate != gate.gate || event.by != gate.holder {
        world.fail("I-13", "the verdict of gate run \(report.gate) by \(event.by) is not the current run's")
      }
      if report.tree != gate.tree { world.fail("I-24", "the verdict is on another tree than the candidate") }
      switch report.verdict {
      case .passed:
        let isJudged = report.isNoChange || plan?.gate.verifiers.isEmpty ?? true
        if !isJudged, passes[report.tree.oid]?.contains(digest) != true {
          world.fail("I-22", "'\(fence.step)' is said to pass, and no verifier has passed that tree")
        }
        log.stage = report.isNoChange ? .done : .passed
        log.satisfies = report.isNoChange
      case .failed, .ranNoTests:
        log.failures += isLeft ? 0 : 1
        log.stage = .open
      case .couldNotRun:
        log.stage = .submitted
        log.restart()
      }
    }
  }

  private mutating func checkGateEnd(
    _ fence: Fence, _ number: Int, _ evidence: Evidence, _ event: Event, _ world: World
  ) {
    let isInTrain = isInTrain(fence)
    change(fence, world) { log in
      guard log.stage == .gating || log.stage == .passed, let gate = log.gate, gate.gate == number else {
        return world.fail("I-13", "a gate run of '\(fence.step)' ends that is not under way")
      }
      Audit.check(evidence, gate.owner, gate.holder, gate.expiresAt, event, world)
      if evidence == .timeout, log.stage == .gating, log.isProtected, !world.isGone(gate.owner) {
        world.fail("I-19", "\(gate.holder) is alive and loses the gate of '\(fence.step)'")
      }
      log.stage = .submitted
      if evidence != .holder, !isInTrain { log.restart() }
    }
  }

  /// What takes something from its holder needs proof (I-15).
  static func check(
    _ evidence: Evidence, _ owner: Owner, _ holder: String, _ expiresAt: Timestamp, _ event: Event,
    _ world: World
  ) {
    switch evidence {
    case .holder:
      if event.by != holder { world.fail("I-14", "\(event.by) gives up what \(holder) holds") }
    case .timeout:
      if event.at <= expiresAt.adding(seconds: 60) {
        world.fail("I-15", "a hold is taken at \(event.at.utc) that lasts until \(expiresAt.utc)")
      }
    case .holderDead(let dead):
      if dead != owner || !world.isGone(owner) {
        world.fail("I-15", "\(holder) is said to be dead and is not")
      }
    }
  }
}
