import Migration

/// A move of the branch that an entry allowed, by the process that wrote the entry.
struct Move {
  enum Stage {
    /// The lock of the branch is taken, and the hook asks the ledger.
    case asking
    /// The hook said yes; the lock is held.
    case moving
    /// Whatever happened, the branch tells.
    case looking
  }

  /// The claim; `nil` for a refresh.
  var fence: Fence?
  var old: Int
  var new: Int
  var stage = Stage.asking
}

extension Process {
  func advance(_ current: Move) {
    var move = current
    switch move.stage {
    case .asking:
      if let holder = world.branchLock, holder != pid {
        move.stage = .looking
      } else if isInForce(move) {
        world.branchLock = pid
        move.stage = .moving
      } else {
        move.stage = .looking
      }
      doing = .moving(move)
    case .moving:
      _ = world.moveBranch(from: move.old, to: move.new)
      world.branchLock = nil
      move.stage = .looking
      doing = .moving(move)
    case .looking:
      _ = begin(.moved(move, didMove: world.isAncestor(move.new, of: world.branch)))
    }
  }

  /// What the hook asks: whether the ledger holds the intent, now.
  private func isInForce(_ move: Move) -> Bool {
    guard let migration = world.migration else { return false }
    guard let fence = move.fence else { return migration.refresh.map { number($0.new) } == move.new }
    guard case .merging(_, _, let target) = migration.step(fence.step)?.phase else { return false }
    return number(target.new) == move.new
  }

  /// An append ended.
  func finish(_ append: Append, _ swap: World.Swap) {
    doing = .nothing
    if world.branchLock == pid { world.branchLock = nil }
    switch swap {
    case .refused:
      if let text = world.checker.acknowledged(append.number, isWon: false) { world.fail(text) }
      if case .gateEnd(let done) = append.what {
        gate = nil
        _ = begin(.gateGiveUp(done))
      }
    case .won(let effects):
      if let text = world.checker.acknowledged(append.number, isWon: true) { world.fail(text) }
      follow(append)
      for effect in effects {
        switch effect {
        case .moveBranch(_, let fence, let old, let new): doing = .moving(move(fence, old, new))
        case .moveRefreshedBranch(_, let old, let new): doing = .moving(move(nil, old, new))
        default: continue
        }
      }
    }
  }

  private func move(_ fence: Fence?, _ old: String, _ new: String) -> Move {
    Move(fence: fence, old: ObjectID(old).map(number) ?? 0, new: ObjectID(new).map(number) ?? 0)
  }

  private func follow(_ append: Append) {
    switch append.what {
    case .claim(let holder):
      guard case .stepClaimed(let claim)? = append.changes.first else { return }
      jobs.append(job(claim, holder))
    case .gateBegin(var started):
      guard append.changes.count == 1, case .gateStarted(_, let start)? = append.changes.first else { return }
      started.gate = start.gate
      if started.verdict == .passed { world.checker.judged(started.tree, started.digest) }
      gate = started
    case .gateEnd, .gateGiveUp: gate = nil
    case .start, .sweep, .renew, .end, .baseline, .moved, .settle, .settleRefresh, .person: return
    }
  }

  private func job(_ claim: Claim, _ holder: String) -> Job {
    let swarm = world.swarm
    var length = world.random.in(2000...swarm.lease * 1500)
    if world.random.happens(swarm.agentHangs) {
      length = swarm.lease * 10_000
      world.faults += 1
    }
    var end: Change
    if world.random.happens(swarm.agentFails) {
      let kinds: [Failure.Kind] = [.worker, .timeout, .noChange, .guardFinding, .setup]
      let failure = Failure(kind: kinds[world.random.below(kinds.count)], reason: "it broke")
      end = .attemptFailed(claim.fence, failure)
      world.faults += 1
    } else {
      let isNoOp = world.random.happens(swarm.noChange)
      let base = number(claim.base)
      let commit = world.newCommit(tree: isNoOp ? world.commits[base].tree : world.newTree(), parent: base)
      end = .stepSubmitted(
        claim.fence,
        Submission.Result(commit: object(commit), tree: object(world.commits[commit].tree), isNoOp: isNoOp))
    }
    if world.random.happens(20) { end = .stepReleased(claim.fence, forced: false, reason: "stopped") }
    return Job(
      fence: claim.fence, holder: holder, base: number(claim.base), doneAt: world.now + Int64(length),
      end: end)
  }
}
