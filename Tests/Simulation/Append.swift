import Migration

/// An append under way: reading, deciding, and the compare-and-swap, with everything that may come between.
struct Append {
  /// What is to be appended; the events are made anew on every try, from the newest state.
  enum What {
    case start
    case sweep
    case claim(holder: String)
    case renew(Process.Job)
    case end(Process.Job)
    case baseline(Int, String)
    case gateBegin(Process.Gate)
    case gateEnd(Process.Gate)
    case gateGiveUp(Process.Gate)
    case moved(Move, didMove: Bool)
    case settle(Fence, new: Int, Evidence)
    case settleRefresh(new: Int, Evidence)
    case person(Change)
  }

  enum Stage {
    case reading
    case swapping
    case settling
  }

  var number: Int
  var what: What
  var stage = Stage.reading
  var seen = 0
  var at = Timestamp(milliseconds: 0)
  var changes: [Change] = []
  var nonce: UInt64 = 0
  var errors = 0
  /// The effects of an append that may have happened: looked at when its nonce is found.
  var effects: [Effect] = []

  init(number: Int, what: What) {
    self.number = number
    self.what = what
  }
}

extension Process {
  func advance(_ current: Append) {
    var append = current
    switch append.stage {
    case .reading:
      append.seen = world.chain.count
      append.at = at
      append.changes = propose(append.what, append.at)
      if append.changes.isEmpty { return finish(append, .refused(Refusal(.invalid, "nothing"))) }
      append.nonce = world.random.next()
      append.stage = .swapping
      if world.random.happens(world.swarm.interleave) {
        world.faults += 1
        doing = .appending(append)
        return
      }
      swap(append)
    case .swapping: swap(append)
    case .settling:
      #if KNOWN_BUGS
        if KnownBug.errorIsNotApplied.isOn { return again(append, isError: true) }
        if KnownBug.noNonce.isOn, world.containsEqual(append.changes, at: append.at, after: append.seen) {
          return finish(append, .won(append.effects))
        }
      #endif
      if world.contains(append.nonce, after: append.seen) { return finish(append, .won(append.effects)) }
      again(append, isError: true)
    }
  }

  private func again(_ current: Append, isError: Bool) {
    var append = current
    append.stage = .reading
    append.effects = []
    if isError { append.errors += 1 }
    if append.errors >= 3 {
      // The program ends with an error; somebody starts it again.
      if let text = world.checker.acknowledged(append.number, isWon: false) { world.fail(text) }
      return die(for: 5000)
    }
    doing = .appending(append)
  }

  private func swap(_ current: Append) {
    var append = current
    if world.random.happens(world.swarm.busy) {
      world.faults += 1
      return again(append, isError: true)
    }
    #if KNOWN_BUGS
      // The move without the old value: whatever came since is gone.
      let isForced =
        KnownBug.readCheckWrite.isOn || (KnownBug.forcedGenesis.isOn && append.seen == 0)
      if isForced, world.chain.count != append.seen { world.rewind(to: append.seen) }
      if KnownBug.upToDateIsWin.isOn, world.chain.count != append.seen { return finish(append, .won([])) }
    #endif
    guard world.chain.count == append.seen else {
      world.lostSwaps += 1
      return again(append, isError: false)
    }
    if world.random.happens(world.swarm.unknownLost) {
      world.faults += 1
      append.stage = .settling
      doing = .appending(append)
      return
    }
    switch world.put(
      append.changes, by: author(append.what), at: append.at, nonce: append.nonce, append: append.number)
    {
    case .refused(let refusal): finish(append, .refused(refusal))
    case .won(let effects):
      guard world.random.happens(world.swarm.unknownApplied) else { return finish(append, .won(effects)) }
      world.faults += 1
      append.stage = .settling
      append.effects = effects
      doing = .appending(append)
    }
  }

  private func author(_ what: Append.What) -> String {
    switch what {
    case .claim(let holder): holder
    case .renew(let job), .end(let job): job.holder
    default: name
    }
  }

  // MARK: What is proposed

  private func propose(_ what: Append.What, _ at: Timestamp) -> [Change] {
    if case .start = what {
      let plan = world.swarm.plan(&world.random, count: world.swarm.steps, number: 1)
      return [
        .migrationStarted(
          MigrationStart(
            plan: plan, digest: "d", base: "main", commit: object(1), shared: false))
      ]
    }
    guard let migration = world.migration else { return [] }
    switch what {
    case .start: return []
    case .sweep: return overdue(migration, at)
    case .claim(let holder): return claim(migration, holder, at)
    case .renew(let job):
      return [.leaseRenewed(job.fence, expiresAt: at.adding(seconds: migration.plan.leaseSeconds))]
    case .end(let job): return [job.end]
    case .baseline(let tree, let digest):
      let verdict: Verdict = world.isGood(tree) ? .passed : .failed
      return [
        .baselineRecorded(Baseline(tree: object(tree), verifiers: digest, verdict: verdict, reason: ""))
      ]
    case .gateBegin(let gate): return gateBegin(migration, gate, at)
    case .gateEnd(let gate): return gateEnd(migration, gate, at)
    case .gateGiveUp(let gate): return [.gateAbandoned(gate.fence, gate: gate.gate, evidence: .holder)]
    case .moved(let move, let didMove): return moved(move, didMove, migration)
    case .settle(let fence, let new, let evidence):
      return [
        world.isAncestor(new, of: world.branch)
          ? .stepMerged(fence, commit: object(new))
          : .mergeAbandoned(fence, evidence: evidence, reason: "cut off")
      ]
    case .settleRefresh(let new, let evidence):
      return [
        world.isAncestor(new, of: world.branch)
          ? .refreshMerged(commit: object(new)) : .refreshAbandoned(evidence: evidence, reason: "cut off")
      ]
    case .person(let change): return [change]
    }
  }

  private func overdue(_ migration: MigrationState, _ at: Timestamp) -> [Change] {
    var changes: [Change] = []
    for index in migration.inFlight {
      let step = migration.steps[index]
      let fence = Fence(step: step.id, epoch: step.epoch)
      switch step.phase {
      case .leased(let lease):
        guard let evidence = evidence(lease.owner, lease.expiresAt, at) else { continue }
        changes.append(.leaseExpired(fence, renewal: lease.renewal, evidence: evidence))
      case .gating(_, let run):
        guard let evidence = evidence(run.start.owner, run.start.expiresAt, at) else { continue }
        changes.append(.gateAbandoned(fence, gate: run.start.gate, evidence: evidence))
      default: continue
      }
    }
    return changes
  }

  private func claim(_ migration: MigrationState, _ holder: String, _ at: Timestamp) -> [Change] {
    guard case .step(let id) = migration.nextOffer(at: at, machine: "h\(machine)"),
      let step = migration.step(id)
    else { return [] }
    return [
      .stepClaimed(
        Claim(
          fence: Fence(step: id, epoch: step.epoch + 1), holder: holder, owner: owner, base: migration.tip,
          expiresAt: at.adding(seconds: migration.plan.leaseSeconds), slot: nil))
    ]
  }

  private func gateBegin(_ migration: MigrationState, _ gate: Gate, _ at: Timestamp) -> [Change] {
    guard let step = migration.step(gate.fence.step) else { return [] }
    if !gate.isNoChange && world.random.happens(world.swarm.candidateConflicts) {
      world.faults += 1
      return [.attemptFailed(gate.fence, Failure(kind: .conflict, reason: "conflict"))]
    }
    let start = GateStart(
      gate: step.gates + 1, holder: name, owner: owner, expiresAt: at.adding(seconds: 1200),
      tip: object(gate.tip), tree: object(gate.tree))
    var current = gate
    current.gate = start.gate
    let begun = Change.gateStarted(gate.fence, start)
    if gate.isNoChange { return [begun, verdict(current, .passed)] }
    // A tree that passed already is not judged again.
    let known = migration.verdict(tree: start.tree, verifiers: gate.digest)?.verdict == .passed
    return known ? [begun] + passed(current, at) : [begun]
  }

  private func gateEnd(_ migration: MigrationState, _ gate: Gate, _ at: Timestamp) -> [Change] {
    guard gate.verdict == .passed else { return [verdict(gate, gate.verdict)] }
    guard case .paused = migration.phase else { return passed(gate, at) }
    return [
      verdict(gate, .passed), .gateAbandoned(gate.fence, gate: gate.gate, evidence: .holder),
    ]
  }

  private func passed(_ gate: Gate, _ at: Timestamp) -> [Change] {
    let target = MergeTarget(
      gate: gate.gate, old: object(gate.tip), new: object(gate.commit), tree: object(gate.tree), owner: owner,
      expiresAt: at.adding(seconds: 600))
    return [verdict(gate, .passed), .mergeIntended(gate.fence, target)]
  }

  private func verdict(_ gate: Gate, _ verdict: Verdict) -> Change {
    let failure = verdict == .passed ? nil : Failure(kind: .gate, reason: "it broke")
    return .gateFinished(
      gate.fence,
      GateReport(
        gate: gate.gate, tree: object(gate.tree), verifiers: gate.digest, verdict: verdict,
        failure: failure, isNoChange: gate.isNoChange))
  }

  private func moved(_ move: Move, _ didMove: Bool, _ migration: MigrationState) -> [Change] {
    let change =
      if let fence = move.fence {
        migration.end(ofMerge: fence, to: object(move.new), didMove: didMove, reason: "not moved")
      } else {
        migration.end(ofRefreshTo: object(move.new), didMove: didMove, reason: "not moved")
      }
    return change.map { [$0] } ?? []
  }
}
