/// What is due now: one of the two pure questions of DESIGN §1. The other, what is legal, the rules answer.
///
/// The picture of the loop, in the manner of raft's `doc.go`:
///
///     state ← fold of the ledger          seat ← what this process sees: who is dead, where the branch is,
///       │                                   │    what it works on
///       └──────────► agenda(at:, seat:) ◄───┘
///                          │  [Duty], most urgent first
///                          ▼
///                    perform one ── events ──► append ── effects ──► perform each ── events ──► …
///                          │
///                          └── the ledger has grown: everything is asked again
///
/// A run goes round until there is one `end`; a command with a wish of its own (`Seat.wish`) until there is
/// an `answer`, or what it performed is one.
///
/// - Nothing is kept between two rounds that the ledger or the world does not know: a run that is killed at
///   any point is gone on with by the next one, by anybody.
/// - A duty is advice. The append that comes of it is decided on the newest state, so that two processes with
///   the same duty do no harm: one is refused.
/// - When nothing is due but time or somebody else may change that, the agenda is empty. When only a person
///   can, or nothing is left, it is one `end`.
extension MigrationState {
  /// What is due at `now`, the later one of the seat's clock and the ledger's last time: most urgent first.
  ///
  /// What others left behind comes first, then what ends work of ours, then what begins some, then the
  /// leases. What others left and cannot be put in order yet, because a branch is locked, holds up nothing
  /// else; `end` stands behind it and behind a last look at the base only. The agenda of a command has what
  /// others left behind, the holds of what it judges, and what is due for its wish.
  public func agenda(at now: Timestamp, seat: Seat) -> [Duty] {
    let left = phase.isTerminal ? [] : leftBehind(at: now, seat: seat)
    guard seat.free != nil else {
      return left + lostHolds(seat) + holdRenewals(seat) + wished(at: now, seat)
    }
    var duties = unwanted(seat) + lostHolds(seat) + wakings(seat) + telling(at: now, seat)
    duties += beginnings(at: now, seat: seat)
    duties += renewals(seat) + holdRenewals(seat)
    // Neither what others left and cannot be put in order yet nor a look at the base is a reason to stay.
    if duties.allSatisfy({ $0 == .followBase }), seat.work.isEmpty, seat.judging == .nothing,
      let ending = ending(seat)
    {
      // Who runs next may come in days: nothing is gathered for them.
      let words = telling(at: now, seat, isLast: true)
      duties += words.isEmpty ? [.end(ending)] : words
    }
    return left + duties
  }

  // MARK: What others left behind

  /// The branch that a start did not make, the holds that may be taken away, and the moves that were cut off.
  private func leftBehind(at now: Timestamp, seat: Seat) -> [Duty] {
    var duties: [Duty] = []
    // A branch that has moved and is gone now is left to a person: only they know why.
    if seat.branch == .absent, tip == start { duties.append(.createBranch(at: start)) }
    if let duePause { duties.append(.pause(duePause)) }
    if let refresh, let evidence = seat.evidence(against: refresh.owner, refresh.expiresAt, at: now) {
      duties.append(.settle(.refresh(refresh), evidence))
    }
    if let claim = baselineRun, let evidence = seat.evidence(against: claim.owner, claim.expiresAt, at: now) {
      duties.append(.abandonBase(run: claim.run, evidence))
    }
    for step in stepsInFlight {
      let fence = Fence(step: step.id, epoch: step.epoch)
      switch step.phase {
      case .leased(let lease):
        if let evidence = seat.evidence(against: lease.owner, lease.expiresAt, at: now) {
          duties.append(.expire(fence, renewal: lease.renewal, evidence))
        }
      case .gating(_, let run):
        // One that goes takes the whole train with it.
        if let first = train?.members.first?.fence, first != fence, train?.has(fence) == true { continue }
        if let evidence = seat.evidence(against: run.start.owner, run.start.expiresAt, at: now) {
          duties.append(.abandonGate(fence, gate: run.start.gate, evidence))
        }
      case .merging(_, _, let target):
        guard target.isLed(by: step.id) else { continue }
        if let evidence = seat.evidence(against: target.owner, target.expiresAt, at: now) {
          duties.append(.settle(.merge(fence, target), evidence))
        }
      case .waiting, .ready, .submitted, .merged, .backoff, .blocked, .person, .proposed, .skipped,
        .cancelled, .undone:
        continue
      }
    }
    return duties
  }

  // MARK: Work of ours that is not wanted any more

  private func unwanted(_ seat: Seat) -> [Duty] {
    var duties = seat.work.subtracting(seat.stopping).filter { !isInForce($0) }
      .sorted { ($0.step, $0.epoch) < ($1.step, $1.epoch) }.map(Duty.stopWork)
    if let claim = baselineRun, claim.owner == seat.owner, claim.holder == seat.actor, !seat.judging.isOfBase
    {
      duties.append(.giveBackBase(run: claim.run))
    }
    if let refresh, refresh.owner == seat.owner { duties.append(.settle(.refresh(refresh), .holder)) }
    // One whose push was cut off comes through after all, when the run was told that it is not known.
    for step in stepsInFlight {
      let fence = Fence(step: step.id, epoch: step.epoch)
      switch step.phase {
      case .leased(let lease) where seat.holds(lease) && !seat.work.contains(fence):
        duties.append(.giveBack(fence, holder: lease.holder))
      case .gating(_, let run)
      where run.start.owner == seat.owner && run.start.holder == seat.actor && !isJudged(fence, seat):
        duties.append(.giveBackGate(fence, gate: run.start.gate))
      case .merging(_, let run, let target)
      where target.isLed(by: step.id) && target.owner == seat.owner && run.start.holder == seat.actor:
        duties.append(.settle(.merge(fence, target), .holder))
      case .leased, .gating, .merging, .waiting, .ready, .submitted, .merged, .backoff, .blocked, .person,
        .proposed, .skipped,
        .cancelled, .undone:
        continue
      }
    }
    return duties
  }

  /// Whether a gate of ours is at work on the result. A train is, as long as anything is: its first step
  /// speaks for it.
  private func isJudged(_ fence: Fence, _ seat: Seat) -> Bool {
    guard case .result(let judged, _) = seat.judging else {
      return train?.has(fence) == true && train?.members.first?.fence != fence
    }
    return judged == fence || train?.has(fence) == true
  }

  /// Whether what a worker does under this claim can still count.
  func isInForce(_ fence: Fence) -> Bool {
    guard let step = step(fence.step), step.epoch == fence.epoch else { return false }
    switch step.phase {
    // A worker that hands in by itself is welcome, and may end in peace.
    case .leased, .submitted, .gating, .merging, .merged: return true
    case .waiting, .ready, .backoff, .blocked, .person, .proposed, .skipped, .cancelled, .undone: return false
    }
  }

  // MARK: Agents

  /// The agents that an attempt of ours tries, and that serve: the others need not wait for its end.
  private func wakings(_ seat: Seat) -> [Duty] {
    guard !seat.rests.isEmpty else { return [] }
    return seat.rests.names.filter { agent in
      guard let probe = seat.rests[agent]?.probe, probe.migration == name else { return false }
      return seat.work.contains(probe.fence) && seat.served.contains(probe.fence)
    }.map { .wake(agent: $0) }
  }

  // MARK: Leases

  /// Each lease of ours of which half is over: by what it says and, as the ledger's clock may be ahead of
  /// ours, by the time that has passed here.
  private func renewals(_ seat: Seat) -> [Duty] {
    let now = seat.clock
    return stepsInFlight.compactMap { step in
      let fence = Fence(step: step.id, epoch: step.epoch)
      guard case .leased(let lease) = step.phase, seat.work.contains(fence), !seat.stopping.contains(fence)
      else { return nil }
      let fresh = seat.renewed[fence] ?? now
      guard lease.expiresAt.isToBeRenewed(at: now, renewed: fresh, seconds: plan.leaseSeconds) else {
        return nil
      }
      return .renew(fence, holder: lease.holder, until: lease.renewed(at: now, seconds: plan.leaseSeconds))
    }
  }
}

extension Seat {
  /// Why a hold of that owner may be taken away at `now`, or `nil`.
  func evidence(against owner: Owner, _ expiresAt: Timestamp, at now: Timestamp) -> Evidence? {
    if dead.contains(owner) { return .holderDead(owner) }
    #if KNOWN_BUGS
      if KnownBug.wallClockExpiry.isOn { return clock > expiresAt ? .timeout : nil }
    #endif
    return expiresAt.isOverdue(at: now) ? .timeout : nil
  }
}

extension Timestamp {
  /// Whether a hold that lasts until then may be taken away at `now`: its time, and the grace after it for
  /// clocks that differ, is over.
  public func isOverdue(at now: Timestamp) -> Bool { now > adding(seconds: expiryGraceSeconds) }
}
