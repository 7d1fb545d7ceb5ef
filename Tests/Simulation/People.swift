import Draws
import Git
import Ledger
import Migration
import Runner

/// A person at a machine of their own, who does something that a command does.
struct Person {
  let world: World
  let process: Process

  init(world: World, in clone: Clone? = nil) {
    self.world = world
    let machine = Machine(name: "desk", workers: 0, clone: clone ?? world.clones[0], wakesAt: .max)
    machine.offset = world.machines.first?.offset ?? 0
    process = Process(world: world, machine: machine, actor: "ann")
  }

  /// Starts the migration; the branch is sometimes left to whoever comes next.
  func start(_ plan: Plan) {
    let files = plan.steps.count + 4
    let commit = world.objects.commit(world.objects.tree([Int32](repeating: 1, count: files)), parents: [])
    world.base = commit
    for clone in world.clones { clone.addCommit(commit) }
    let isShared = world.chance.draw(0...3) == 0
    if isShared {
      world.branch = commit
      // Those who work in other clones get it from the server.
      process.machine.clone.branch = commit
    }
    // Some are shared from the beginning, some later.
    if world.server != nil, !isShared, world.chance.draw(0...3) == 0 { return startAlone(plan, commit) }
    let start = MigrationStart(plan: plan, digest: "d", base: "main", commit: commit.id, shared: isShared)
    let isCutOff = world.chance.draw(0...9) == 0
    if world.chance.draw(0...9) == 0 {
      // Somebody else starts it in the same moment: one of them is told that there is one already.
      world.rivals = [
        { [world] in Person(world: world, in: world.clones.last).begin(start, isCutOff: isCutOff) }
      ]
    }
    begin(start, isCutOff: isCutOff)
  }

  /// Starts it in a clone that is shared only afterwards.
  private func startAlone(_ plan: Plan, _ commit: OID) {
    let clone = process.machine.clone
    let start = MigrationStart(plan: plan, digest: "d", base: "main", commit: commit.id, shared: false)
    clone.isSharing = false
    Person(world: world, in: clone).begin(start, isCutOff: world.chance.draw(0...3) == 0)
    clone.isSharing = true
    clone.learn(ledger: clone.tip, world)
    try? process.synchronize()
    process.end()
  }

  private func begin(_ start: MigrationStart, isCutOff: Bool) {
    append([.migrationStarted(start)], performing: !isCutOff)
    if let fleet = start.plan.fleet {
      let opened = Migration.Change.fleet(.waveOpened(fleet: fleet.fleet, wave: fleet.wave))
      _ = try? process.events.append([Proposal(FormatVersion.everyMigration, opened)], by: process.actor)
    }
    process.end()
  }

  func act() {
    if let command = begun() { return world.begin(command) }
    process.end()
  }

  /// Does something; gives the command that takes its time, when it is one.
  private func begun() -> RunningCommand? {
    if process.hasRemote, world.chance.draw(0...3) == 0 { try? process.synchronize() }
    guard let state = state() else { return nil }
    let roll = world.chance.draw(0...99)
    if case .paused = state.phase, roll < 60 {
      append(raise(state) + [.migrationResumed])
      return nil
    }
    let step = world.chance.pick(state.steps)
    if let asked = state.steps.first(where: { StepWord($0.phase) == .person }), world.chance.draw(0...1) == 0
    {
      append([
        world.chance.draw(0...2) == 0
          ? .stepsRejected([asked.id], reason: "no") : .stepsApproved([asked.id])
      ])
      return nil
    }
    if world.chance.draw(0...19) == 0,
      let merged = state.steps.first(where: { StepWord($0.phase) == .merged }),
      let steps = try? state.undoing(merged.id)
    {
      append([.stepsUndone(state.undoID(of: merged.id), StepUndoing(steps: steps, reason: "wrong"))])
      return nil
    }
    if state.plan.publish != nil, world.chance.draw(0...3) == 0 {
      if world.chance.draw(0...3) == 0 { world.letReviewerAct() }
      if let branch = state.plan.fleet?.branch, world.chance.draw(0...9) == 0 {
        world.letTargetActOn(branch)
      }
      SimulatedPublishing(world: world, process: process).run()
      return nil
    }
    if let undone = state.steps.first(where: { StepWord($0.phase) == .undone }), world.chance.draw(0...2) == 0
    {
      append([.stepRetried(step: undone.id, reason: "again")])
      return nil
    }
    switch roll {
    case 0..<25:
      let blocked = state.steps.filter { if case .blocked = $0.phase { true } else { false } }
      if blocked.count > 1, world.chance.draw(0...1) == 0 {
        append([.stepsRetried(StepGroup(blocked.map(\.id), cause: blocked[0].cause), reason: "again")])
      } else {
        append([.stepRetried(step: (blocked.first ?? step).id, reason: "again")])
      }
    case 25..<32: append([.stepSkipped(step: step.id, reason: "not needed")])
    case 32..<47:
      let held = state.steps.filter { if case .leased = $0.phase { true } else { false } }
      guard let step = held.first else { return nil }
      append([.stepReleased(Fence(step: step.id, epoch: step.epoch), forced: true, reason: "now")])
    case 47..<55: append([.migrationPaused(reason: "wait")])
    case 55..<65: amend(state)
    case 65..<77: commit(state)
    case 77..<80:
      let steps = (0..<world.chance.draw(1...3)).map { _ in world.chance.pick(state.steps).id }
      let base = world.chance.draw(0...1) == 0 ? state.start : state.tip
      return .trial(process, steps.map { TrialWish(step: $0, base: base) })
    case 80..<88: return .refresh(process)
    case 88..<97: world.chance.pick(world.machines).run?.stop()
    case 97: append([.migrationAborted(reason: "enough")])
    default: return .finish(process, isPartial: world.chance.draw(0...1) == 0)
    }
    return nil
  }

  /// Goes on with what is paused.
  func resume() {
    append((state().map { raise($0) } ?? []) + [.migrationResumed])
    process.end()
  }

  /// Where there is a budget it may be why it is paused.
  private func raise(_ state: MigrationState) -> [Migration.Change] {
    guard state.plan.budget.total[.turns] != nil else { return [] }
    return [.budgetRaised(.turns, by: world.chance.draw(5...50))]
  }

  private func state() -> MigrationState? {
    (try? process.events.read())?.state.migration(named: World.migration)
  }

  private func append(_ changes: [Migration.Change], performing: Bool = true) {
    let proposals = changes.map { Proposal(World.migration, $0) }
    guard case .won(_, let effects)? = try? process.events.append(proposals, by: process.actor), performing
    else { return }
    try? Interpreter(in: process).perform(effects)
  }

  private func amend(_ state: MigrationState) {
    // What earlier plans left as history is no part of the next.
    var plan = state.plan
    let dropped = state.steps.filter { $0.phase == .cancelled }.map(\.id)
    plan.steps.removeAll { dropped.contains($0.id) }
    guard !plan.steps.isEmpty else { return }
    for index in plan.steps.indices { plan.steps[index].needs.removeAll { dropped.contains($0) } }
    let next = PlanDraw.amend(plan, steps: state.steps, &world.chance)
    append([.planAmended(PlanAmendment(plan: next, number: state.planNumber + 1, digest: "d"))])
  }

  /// Commits something: on the branch, when people share it, else on the base.
  private func commit(_ state: MigrationState) {
    let isOnBranch = state.peopleShareBranch && world.chance.draw(0...1) == 0
    let clone = process.machine.clone
    guard let tip = isOnBranch ? world.branch : world.base, !(isOnBranch && clone.isBranchHeld) else {
      return
    }
    var files = world.objects.files(world.objects.tree(of: tip))
    files[files.count - 1 - world.chance.draw(0...1)] = world.freshVersion(isGood: true)
    let commit = world.objects.commit(world.objects.tree(files), parents: [tip])
    if isOnBranch {
      // Pulled before, and pushed at once.
      clone.learn(commit: commit, world)
      (world.branch, clone.branch, clone.knownBranch) = (commit, commit, commit)
    } else {
      world.base = commit
    }
    world.note("ann commits on the \(isOnBranch ? "branch" : "base")")
  }
}

/// A worker that is started by nobody's run: it claims, and perhaps comes back.
struct Outsider {
  let world: World
  let process: Process

  init(world: World, in clone: Clone) {
    self.world = world
    let machine = Machine(name: "outside", workers: 0, clone: clone, wakesAt: .max)
    process = Process(world: world, machine: machine, actor: "out", isBound: false)
  }

  static func act(_ world: World) {
    guard !world.outside.isEmpty, world.chance.draw(0...2) > 0 else {
      let clone = world.chance.pick(world.clones)
      if !clone.isQueueTaken { Outsider(world: world, in: clone).claim() }
      return
    }
    let index = world.chance.draw(0...world.outside.count - 1)
    let clone = world.outside[index].clone
    if !clone.isQueueTaken { Outsider(world: world, in: clone).goOn(index) }
  }

  private func claim() {
    let holder = "out\(world.chance.draw(1...2))"
    let answer = try? Claiming(in: process).claim(
      World.migration, step: nil, holder: holder, owner: process.owner, seconds: nil, usesSlot: false)
    if case .won(let held)? = answer { world.outside.append((held, holder, process.machine.clone)) }
  }

  private func goOn(_ index: Int) {
    // Others come and go while this one is at work.
    let (held, holder, clone) = world.outside.remove(at: index)
    let fence = held.claim.fence
    let length = held.plan.leaseSeconds
    let roll = world.chance.draw(0...9)
    if roll <= 3, world.chance.draw(0...2) == 0 { verify(held, holder) }
    let attempt = SimulatedAttempt(world: world, machine: process.machine, held: held, slot: "")
    let content = roll > 5 ? attempt.content() : nil
    let outcome = try? process.events.append(by: holder) { (snapshot, at) throws(Refusal) in
      let change: Migration.Change
      switch roll {
      case 0...3: change = .leaseRenewed(fence, expiresAt: at.adding(seconds: length + roll))
      case 4: change = .attemptFailed(fence, Migration.Failure(kind: .worker, reason: "failed"))
      case 5: change = .stepReleased(fence, forced: false, reason: "no time")
      default:
        switch content {
        case .result(let result, _), .unchanged(let result): change = .stepSubmitted(fence, result)
        case .refused(let failure): change = .attemptFailed(fence, failure)
        case nil: return []
        }
      }
      let state = snapshot.state.migration(named: World.migration)
      return [Proposal(World.migration, change.settled(in: state))]
    }
    if case .won? = outcome, roll > 5, world.chance.draw(0...1) == 0 { waitForVerdict(fence) }
    // Some come back once more, and are too late.
    if roll <= 3 || world.chance.draw(0...1) == 1 { world.outside.append((held, holder, clone)) }
  }

  /// Tries the gate on what it has so far.
  private func verify(_ held: HeldStep, _ holder: String) {
    let lease = Lease(
      holder: holder, owner: held.claim.owner, base: held.claim.base, expiresAt: held.claim.expiresAt,
      renewal: 0, slot: nil)
    let claim = WorkerClaim(
      migration: World.migration, fence: held.claim.fence, lease: lease, holder: holder, step: held.step,
      plan: held.plan)
    world.begin(.verify(Outsider(world: world, in: process.machine.clone).process, claim))
  }

  /// Waits for the verdict on what it has handed in, as `git migrate submit` does.
  private func waitForVerdict(_ fence: Fence) {
    world.begin(.submit(Person(world: world, in: process.machine.clone).process, fence))
  }
}
