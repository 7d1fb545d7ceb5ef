/// What may begin.
extension MigrationState {
  /// The base, one gate, and a step for each worker that is free: as far as one does not stand in the way of
  /// the other.
  func beginnings(at now: Timestamp, seat: Seat) -> [Duty] {
    guard !seat.isEnding, seat.mayBegin, case .running = phase, duePause == nil, seat.judging != .base else {
      return []
    }
    var duties: [Duty] = []
    let resources = GateResources(self, machine: seat.owner.machine)
    let canJudge = seat.judging == .nothing && !seat.missing.stop(gateOf: plan)
    // Before the base is judged: it may have been mended.
    if canJudge, looksAtBase(at: now, seat), resources.areFree { duties.append(.followBase) }
    if seat.work.isEmpty, mustJudgeBase(seat) {
      switch seat.judging {
      // Who is not the first to claim it waits for what the other finds.
      case .nothing: return canJudge && baselineRun == nil ? duties + [.judgeBase] : duties
      case .refresh, .base, .uses: return duties
      case .result: break
      }
    }
    if canJudge, let commit = uncounted(seat) { duties.append(.countUses(at: commit)) }
    var isWaiting = false
    if canJudge, gateable(at: now) != nil {
      isWaiting = true
      if resources.areFree, let fence = gateable(at: now, passing: seat.resting) {
        duties.append(.gate(fence))
      }
    }
    if let fence = joinable(at: now, seat) { duties.append(.join(fence)) }
    guard seat.free ?? 0 > 0, seat.mayClaim else { return duties }
    if case .step(let id) = nextOffer(
      at: now, seat: seat, sparingGate: isWaiting || seat.judging != .nothing)
    {
      duties.append(.begin(step: id))
    }
    return duties
  }

  /// Where the uses are to be counted: at the start, and wherever the branch was moved since.
  private func uncounted(_ seat: Seat) -> ObjectID? {
    guard let until = plan.until, tip != seat.uncountable else { return nil }
    return loop.count(at: tip, by: until.digest) == nil ? tip : nil
  }

  /// Whether the base is to be looked at, as the plan says or because something was in the way.
  private func looksAtBase(at now: Timestamp, _ seat: Seat) -> Bool {
    if looksAtBase(at: now, last: seat.baseLook) { return true }
    guard let retry = seat.baseRetry, now >= retry else { return false }
    return looksAtBase(at: now, last: nil)
  }

  /// The step that a worker of a run should claim: one that a machine can do. With `sparingGate` none that
  /// would take away what the verifiers of a gate need that is under way, or waits.
  public func nextOffer(at now: Timestamp, seat: Seat, sparingGate: Bool) -> Offer {
    let resources = sparingGate ? GateResources(self, machine: seat.owner.machine) : nil
    let isSpent = shortage != nil
    return nextOffer(at: now, machine: seat.owner.machine) { step in
      guard seat.only?.contains(step.id) ?? true, step.lacks(seat.has).isEmpty else { return false }
      guard resources?.leavesRoom(step) ?? true, !seat.missing.stop(step, of: plan) else { return false }
      if step.run != nil { return true }
      guard !isSpent, let agent = plan.agent(of: step) else { return false }
      return seat.rests.mayBegin(agent.service, at: now)
    }
  }

  /// Agents that build on a broken base work in vain; when nothing can happen anyway, nothing is judged. A
  /// branch that is gone is looked for again, and missed in words, by whoever performs it.
  func mustJudgeBase(_ seat: Seat) -> Bool {
    switch seat.branch {
    case .unknown: false
    case .absent: true
    case .at(_, let tree): needsBaseline(tree: tree) && !isStuck
    }
  }

  /// Whether the gate has something to say about a tree that no step has touched, and has not said it yet.
  public func needsBaseline(tree: ObjectID) -> Bool {
    if plan.gate.verifiers.isEmpty { return false }
    return verdict(tree: tree, verifiers: gateDigest)?.verdict != .passed
  }

  /// The submitted step that has waited longest in the plan's order, when nobody moves the branch and no gate
  /// is under way. Those of `passing` are passed over.
  public func gateable(at now: Timestamp, passing: Set<Fence> = []) -> Fence? {
    queue(at: now, passing: passing).first
  }

  /// All such steps, in the order in which they are judged; empty while somebody judges or moves the branch.
  public func queue(at now: Timestamp, passing: Set<Fence> = []) -> [Fence] {
    mover == nil ? waiting(at: now, passing: passing) : []
  }

  /// The steps that wait for a gate, in the order in which they are judged, whoever judges now.
  public func waiting(at now: Timestamp, passing: Set<Fence> = []) -> [Fence] {
    stepsInFlight.compactMap { step in
      guard case .submitted(let submission) = step.phase, submission.notBefore <= now else { return nil }
      let fence = Fence(step: step.id, epoch: step.epoch)
      return passing.contains(fence) ? nil : fence
    }
  }

  /// The first of those that may join the train that a service judges for this process.
  private func joinable(at now: Timestamp, _ seat: Seat) -> Fence? {
    guard let unfit = seat.unfit, let train, train.passed == nil, plan.gate.isOnlyRemote,
      train.members.count < trainLimit.members
    else { return nil }
    return waiting(at: now, passing: seat.resting.union(unfit)).first {
      plan.steps[index(of: $0.step) ?? 0].resolves == nil
    }
  }
}

/// The plan's semaphores on one machine, seen from the gate: its verifiers hold some of them while they run,
/// and steps hold them while they are worked on.
public struct GateResources {
  private let plan: Plan
  private let wanted: Set<String>
  private var used: [String: Int] = [:]

  /// Counts what the steps that are worked on there hold.
  public init(_ state: MigrationState, machine: String) {
    plan = state.plan
    var wanted = Set(state.plan.gate.verifiers.filter { $0.remote == nil }.compactMap(\.uses))
    for index in state.inFlight where !state.plan.steps[index].verifiers.isEmpty {
      // One that is worked on is not judged yet.
      if case .leased = state.steps[index].phase { continue }
      wanted.formUnion(state.plan.steps[index].verifiers.compactMap(\.uses))
    }
    self.wanted = wanted
    guard !wanted.isEmpty else { return }
    for index in state.inFlight {
      guard case .leased(let lease) = state.steps[index].phase, lease.owner.machine == machine
      else { continue }
      for name in state.plan.steps[index].uses { used[name, default: 0] += 1 }
    }
  }

  /// Whether the gate can have what its verifiers hold.
  public var areFree: Bool { wanted.allSatisfy { used[$0, default: 0] < plan.capacity(of: $0) } }

  /// Whether the gate still gets what it needs when this step is begun as well.
  func leavesRoom(_ step: PlannedStep) -> Bool {
    step.uses.allSatisfy { !wanted.contains($0) || used[$0, default: 0] + 1 < plan.capacity(of: $0) }
  }
}

extension Plan {
  /// How many steps of one machine may use a resource at once; 1 when the plan does not say.
  func isShared(_ resource: String) -> Bool { resources.first { $0.name == resource }?.isShared ?? false }

  func capacity(of resource: String) -> Int { resources.first { $0.name == resource }?.capacity ?? 1 }
}
