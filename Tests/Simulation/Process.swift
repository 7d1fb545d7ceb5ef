import Migration

/// One simulated run of the program: a single thread that looks at the ledger, does one thing, and looks
/// again. It knows only what it has read, and its own clock.
final class Process {
  /// A worker of this run and what it is at.
  struct Job {
    var fence: Fence
    var holder: String
    var base: Int
    var doneAt: Int64
    var end: Change
  }

  /// A candidate under judgement here.
  struct Gate {
    var fence: Fence
    var gate: Int
    var tip: Int
    var commit: Int
    var tree: Int
    var isNoChange: Bool
    var doneAt: Int64
    var digest: String
    var verdict: Verdict
  }

  enum Doing {
    case nothing
    case appending(Append)
    case moving(Move)
  }

  let world: World
  let machine: Int
  let name: String
  var pid: Int
  var jobs: [Job] = []
  var gate: Gate?
  var baseline: (tree: Int, doneAt: Int64, digest: String)?
  var doing = Doing.nothing
  /// Stopped until then, or gone until then when it has no process.
  var awayUntil: Int64 = 0
  var isDead = false
  /// Nothing was to be done when the ledger had so many entries; it is looked at again when it grew, or then.
  private var seenEntries = -1
  private var lookAgainAt: Int64 = 0
  private var idleLooks: Int64 = 0
  /// A clock that is off by so much, and runs so many per mille too fast.
  var offset: Int64
  var drift: Int64

  init(_ world: World, machine: Int) {
    self.world = world
    self.machine = machine
    let swarm = world.swarm
    name = swarm.shareName ? "ann" : "p\(machine)"
    pid = world.newProcess()
    offset = swarm.isSkewed ? Int64(world.random.in(-3_600_000...3_600_000)) : 0
    drift = swarm.isDrifting ? Int64(world.random.in(-500...1000)) : 0
  }

  var owner: Owner {
    Owner(machine: "h\(machine)", boot: "b\(world.boots[machine])", pid: pid, startTicks: 1)
  }

  var clock: Timestamp {
    Timestamp(
      milliseconds: world.now + offset + (world.now - 1_700_000_000_000) / 1000 * drift)
  }

  /// What its clock says, never before the ledger's last entry.
  var at: Timestamp { max(clock, world.state.at) }

  /// Whether a death can be proven from here: only on the same machine.
  func isProvablyDead(_ owner: Owner) -> Bool {
    owner.machine == "h\(machine)" && owner.pid > 0 && !world.alive.contains(owner.pid)
  }

  func evidence(_ owner: Owner, _ expiresAt: Timestamp, _ at: Timestamp) -> Evidence? {
    if isProvablyDead(owner) { return .holderDead(owner) }
    #if KNOWN_BUGS
      if KnownBug.wallClockExpiry.isOn { return clock > expiresAt ? .timeout : nil }
    #endif
    return at > expiresAt.adding(seconds: expiryGraceSeconds) ? .timeout : nil
  }

  /// Somebody sets its clock right.
  func setRight() { (offset, drift, idleLooks, lookAgainAt) = (0, 0, 0, 0) }

  // MARK: Life and death

  func die(for milliseconds: Int64) {
    world.alive.remove(pid)
    if world.branchLock == pid { world.branchLock = nil }
    isDead = true
    awayUntil = world.now + milliseconds
    jobs = []
    gate = nil
    baseline = nil
    doing = .nothing
  }

  /// Does the next small thing; says whether there was one.
  func tick() -> Bool {
    if world.now < awayUntil { return false }
    if isDead {
      pid = world.newProcess()
      isDead = false
    }
    switch doing {
    case .nothing:
      if seenEntries == world.chain.count && world.now < lookAgainAt { return false }
      if look() {
        idleLooks = 0
        return true
      }
      seenEntries = world.chain.count
      idleLooks = min(6, idleLooks + 1)
      lookAgainAt = world.now + (jobs.isEmpty ? 15_000 << idleLooks : Int64(world.swarm.lease) * 250)
      for job in jobs { lookAgainAt = min(lookAgainAt, job.doneAt) }
      lookAgainAt = min(lookAgainAt, gate?.doneAt ?? .max, baseline?.doneAt ?? .max)
      return false
    case .appending(let append): advance(append)
    case .moving(let move): advance(move)
    }
    return true
  }

  func begin(_ what: Append.What) -> Bool {
    doing = .appending(Append(number: world.newAppend(), what: what))
    return true
  }

  // MARK: The loop: one pass of the orchestrator

  private func look() -> Bool {
    guard let migration = world.migration else { return begin(.start) }
    if migration.phase.isTerminal {
      jobs = []
      gate = nil
      return false
    }
    let now = at
    if isSomethingOverdue(migration, now) { return begin(.sweep) }
    if let what = settlement(migration, now) {
      // Nobody else may move the branch between our look at it and our word about it.
      if let holder = world.branchLock, holder != pid { return false }
      world.branchLock = pid
      return begin(what)
    }
    dropFenced(migration)
    if let index = jobs.firstIndex(where: { $0.doneAt <= world.now }) {
      return begin(.end(jobs.remove(at: index)))
    }
    if let done = baseline, done.doneAt <= world.now {
      baseline = nil
      if world.isGood(done.tree) { world.checker.judged(done.tree, done.digest) }
      return begin(.baseline(done.tree, done.digest))
    }
    if let done = gate, done.doneAt <= world.now {
      #if KNOWN_BUGS
        if KnownBug.intentAfterMove.isOn, done.verdict == .passed {
          _ = world.moveBranch(from: done.tip, to: done.commit)
        }
      #endif
      return begin(.gateEnd(done))
    }
    guard case .running = migration.phase else { return renew(migration) }
    if startBaseline(migration) || startGate(migration, now) || startJob(migration, now) { return true }
    return renew(migration)
  }

  private func isSomethingOverdue(_ migration: MigrationState, _ now: Timestamp) -> Bool {
    for index in migration.inFlight {
      switch migration.steps[index].phase {
      case .leased(let lease): if evidence(lease.owner, lease.expiresAt, now) != nil { return true }
      case .gating(_, let run):
        if evidence(run.start.owner, run.start.expiresAt, now) != nil { return true }
      default: continue
      }
    }
    return false
  }

  private func settlement(_ migration: MigrationState, _ now: Timestamp) -> Append.What? {
    if let refresh = migration.refresh, let evidence = evidence(refresh.owner, refresh.expiresAt, now) {
      return .settleRefresh(new: number(refresh.new), evidence)
    }
    for index in migration.inFlight {
      let step = migration.steps[index]
      guard case .merging(_, _, let target) = step.phase,
        let evidence = evidence(target.owner, target.expiresAt, now)
      else { continue }
      return .settle(Fence(step: step.id, epoch: step.epoch), new: number(target.new), evidence)
    }
    return nil
  }

  private func dropFenced(_ migration: MigrationState) {
    for index in jobs.indices where migration.step(jobs[index].fence.step)?.epoch != jobs[index].fence.epoch {
      // The worker is stopped; what it did is handed in late, and in vain.
      jobs[index].doneAt = min(jobs[index].doneAt, world.now)
    }
  }

  private func startBaseline(_ migration: MigrationState) -> Bool {
    guard baseline == nil, gate == nil, jobs.isEmpty else { return false }
    let digest = world.checker.digest
    let tree = world.commits[world.branch].tree
    guard migration.verdict(tree: object(tree), verifiers: digest)?.verdict != .passed else { return false }
    baseline = (tree, world.now + 5000, digest)
    return true
  }

  private func startGate(_ migration: MigrationState, _ now: Timestamp) -> Bool {
    guard gate == nil, baseline == nil, migration.refresh == nil else { return false }
    var found: Fence?
    for index in migration.inFlight {
      let step = migration.steps[index]
      switch step.phase {
      case .gating, .merging: return false
      case .submitted(let submission):
        if found == nil, submission.notBefore <= now { found = Fence(step: step.id, epoch: step.epoch) }
      default: continue
      }
    }
    guard let found, case .submitted(let submission)? = migration.step(found.step)?.phase else {
      return false
    }
    return begin(.gateBegin(candidate(found, submission)))
  }

  private func candidate(_ fence: Fence, _ submission: Submission) -> Gate {
    let tip = world.branch
    let result = number(submission.result.commit)
    let tree =
      submission.result.isNoOp ? world.commits[tip].tree : world.merge(result, into: tip)
    let isGood = world.isGood(tree)
    var verdict: Verdict = isGood ? .passed : .failed
    if world.random.happens(world.swarm.verifierBreaks) {
      verdict = world.random.happens(500) ? .couldNotRun : .ranNoTests
      world.faults += 1
    }
    var length = world.random.in(1000...20_000)
    if world.random.happens(world.swarm.gateIsSlow) {
      length = world.random.in(600_000...4_000_000)
      world.faults += 1
    }
    let commit = submission.result.isNoOp ? tip : world.newCommit(tree: tree, parent: tip)
    return Gate(
      fence: fence, gate: 0, tip: tip, commit: commit, tree: tree, isNoChange: submission.result.isNoOp,
      doneAt: world.now + Int64(length), digest: world.checker.digest, verdict: verdict)
  }

  private func startJob(_ migration: MigrationState, _ now: Timestamp) -> Bool {
    guard jobs.count < world.swarm.workers, baseline == nil else { return false }
    guard case .step = migration.nextOffer(at: now, machine: "h\(machine)") else { return false }
    let names = jobs.map(\.holder)
    let free = (1...world.swarm.workers).first { !names.contains("\(name)/\($0)") } ?? 1
    return begin(.claim(holder: "\(name)/\(free)"))
  }

  private func renew(_ migration: MigrationState) -> Bool {
    let now = clock
    for job in jobs {
      guard let step = migration.step(job.fence.step), case .leased(let lease) = step.phase,
        step.epoch == job.fence.epoch,
        now.adding(seconds: migration.plan.leaseSeconds / 2) >= lease.expiresAt
      else { continue }
      return begin(.renew(job))
    }
    return false
  }
}
