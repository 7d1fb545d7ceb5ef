import Migration

/// One seed: a world, its processes and people, the faults it drew, then a time of calm in which everything
/// must come to an end.
final class Simulation {
  /// What a seed came to.
  struct Outcome {
    var seed: UInt64
    var entries: Int
    var faults: Int
    var refusals: Int
    var lostSwaps: Int
    /// What was broken, or `nil`.
    var failure: String?
  }

  let seed: UInt64
  let world: World
  var processes: [Process] = []
  /// Somebody at a terminal: each command is a process of its own kind, without workers.
  var person: Process

  init(seed: UInt64) {
    self.seed = seed
    world = World(seed: seed)
    for machine in 0..<world.swarm.machines { processes.append(Process(world, machine: machine)) }
    // Two runs on one machine: what the one leaves behind the other can prove dead.
    if world.random.happens(300) { processes.append(Process(world, machine: 0)) }
    person = Process(world, machine: world.random.below(world.swarm.machines))
  }

  func run() -> Outcome {
    let budget = 6 * world.swarm.steps + 300
    var ticks = 0
    while world.fault == nil, world.chain.count < budget, ticks < 20 * budget {
      ticks += 1
      if let migration = world.migration, migration.phase.isTerminal { break }
      disturb()
      if world.random.happens(world.swarm.human) { command() }
      if !step() { pass(most: 60_000) }
    }
    if world.fault == nil { calmDown() }
    if world.fault == nil, let fault = refold() { world.fail(fault) }
    return Outcome(
      seed: seed, entries: world.chain.count, faults: world.faults, refusals: world.refusals,
      lostSwaps: world.lostSwaps, failure: world.fault)
  }

  /// Lets somebody do the next small thing; `false` when nobody of those asked had one.
  private func step() -> Bool {
    world.now += Int64(world.random.in(1...400))
    if case .nothing = person.doing {} else if world.random.happens(300) { _ = person.tick() }
    let first = world.random.below(processes.count)
    for offset in 0..<processes.count where processes[(first + offset) % processes.count].tick() {
      return true
    }
    return false
  }

  /// Nothing can be done just now: time goes by until something can.
  private func pass(most: Int64) {
    var next = world.now + most
    for process in processes {
      if process.awayUntil > world.now { next = min(next, process.awayUntil) }
      if !process.jobs.isEmpty { next = min(next, world.now + Int64(world.swarm.lease) * 250) }
      for job in process.jobs where job.doneAt > world.now { next = min(next, job.doneAt) }
      if let done = process.gate?.doneAt, done > world.now { next = min(next, done) }
      if let done = process.baseline?.doneAt, done > world.now { next = min(next, done) }
    }
    world.now = max(world.now + 1, next)
  }

  // MARK: Faults

  private func disturb() {
    let swarm = world.swarm
    if world.random.happens(swarm.pause) {
      let process = processes[world.random.below(processes.count)]
      process.awayUntil = max(
        process.awayUntil, world.now + Int64(world.random.below(10 * swarm.lease * 1000)))
      world.faults += 1
    }
    if world.random.happens(swarm.crash) {
      processes[world.random.below(processes.count)].die(for: Int64(world.random.in(100...60_000)))
      world.faults += 1
    }
    if world.random.happens(swarm.reboot) {
      let machine = world.random.below(swarm.machines)
      world.boots[machine] += 1
      for process in processes where process.machine == machine {
        process.die(for: Int64(world.random.in(10_000...600_000)))
      }
      world.faults += 1
    }
    if world.random.happens(swarm.clockJump) {
      processes[world.random.below(processes.count)].offset = Int64(
        world.random.in(-3_600_000...3_600_000))
      world.faults += 1
    }
  }

  // MARK: Calm

  /// I-19: when the faults stop, every step comes to an end, or is held by one that a person must look at.
  private func calmDown() {
    world.swarm.calm()
    for process in processes {
      process.awayUntil = min(process.awayUntil, world.now)
      process.setRight()
    }
    person.doing = .nothing
    if world.branchLock == person.pid { world.branchLock = nil }
    // The clocks are right again: the ledger's time may still be ahead of them.
    var quiet = 0
    for _ in 0..<20_000 where world.fault == nil {
      guard let migration = world.migration else {
        _ = step()
        continue
      }
      if migration.phase.isTerminal { break }
      if case .paused = migration.phase, processes.allSatisfy({ $0.isIdle }) {
        if world.random.happens(100) { _ = person.begin(.person(.migrationResumed)) }
        _ = person.tick()
      }
      if step() {
        quiet = 0
      } else {
        quiet += 1
        if migration.isStuck && migration.refresh == nil && quiet > 3 { break }
        pass(most: min(15_000 << Int64(min(quiet, 6)), 900_000))
      }
    }
    guard world.fault == nil, let migration = world.migration else { return }
    if !migration.phase.isTerminal && !(migration.isStuck && migration.refresh == nil) {
      let open = migration.steps.filter { !$0.phase.isTerminal }.prefix(3)
      world.fail("I-19: it does not come to an end: \(open.map { "\($0.id) \($0.phase.word)" })")
    }
    if world.branch != world.checker.tip {
      world.fail("I-22: the branch is at \(world.branch), the ledger says \(world.checker.tip)")
    }
    let blocked = migration.steps.contains { if case .blocked = $0.phase { true } else { false } }
    if !migration.phase.isTerminal, !blocked, migration.steps.contains(where: { !$0.phase.isTerminal }) {
      world.fail("I-19: it stands still, and nothing says why")
    }
  }

  /// I-8: the entries alone give the same state again.
  private func refold() -> String? {
    var state = State()
    for record in world.chain {
      do throws(Refusal) { _ = try state.apply(record.event) } catch {
        return "I-8: entry '\(record.event.change.kind.rawValue)' is refused when it is read again: \(error)"
      }
    }
    return state == world.state ? nil : "I-8: the same entries give another state"
  }
}

extension Process {
  /// Whether it is in the middle of nothing.
  var isIdle: Bool {
    guard jobs.isEmpty, gate == nil, baseline == nil, case .nothing = doing else { return false }
    return true
  }
}

extension Simulation {
  /// The last entries, for a person who looks for the cause.
  func story(last count: Int) -> [String] {
    world.chain.suffix(count).map { "\($0.event.at.utc)  \($0.event.sentence)  (by \($0.event.by))" }
  }
}
