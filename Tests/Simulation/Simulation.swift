import Draws
import Git
import Ledger
import Migration
import Runner
import Site

/// One seed: several machines run the real orchestrator on one migration in a simulated world, in one thread.
/// First everything goes wrong that may go wrong; then the faults stop, and the migration must come to its
/// end.
package struct Simulation {
  /// What came of a seed.
  package struct Outcome {
    /// The rule that was broken, if one was.
    package var violation: Violation?
    /// How much happened.
    package var load: Load
  }

  private let world: World

  private init(seed: UInt64, trace: ((String) -> Void)?) {
    world = World(seed: seed, trace: trace)
  }

  /// Runs a seed. `trace` gets a line for everything that happens.
  package static func run(seed: UInt64, trace: ((String) -> Void)? = nil) -> Outcome {
    let simulation = Simulation(seed: seed, trace: trace)
    simulation.run()
    return Outcome(violation: simulation.world.violation, load: simulation.world.load)
  }

  private func run() {
    let plan = PlanDraw.plan(&world.chance)
    makeMachines()
    world.isCalm = true
    Person(world: world).start(plan)
    world.isCalm = false
    trouble()
    guard !world.isOver else { return }
    calm()
    guard !world.isOver else { return }
    world.checkPublished()
    guard !world.isOver else { return }
    converge()
    guard !world.isOver else { return }
    compare()
    checkEnd()
  }

  private func makeMachines() {
    for number in 1...world.chance.draw(2...5) {
      if world.server != nil { world.clones.append(Clone(name: "clone \(number)", isSharing: true)) }
      let machine = Machine(
        name: "m\(number)", workers: world.chance.draw(1...4), clone: world.clones[world.clones.count - 1],
        wakesAt: world.now + Int64(world.chance.draw(0...10_000)))
      if world.strikes(world.faults.skew) {
        machine.offset = Int64(world.chance.draw(0...7_200_000) - 3_600_000)
        machine.speed = Int64(world.chance.draw(500...2000))
      }
      if world.chance.draw(0...3) == 0 { machine.toolchain = String(repeating: "1", count: 64) }
      world.machines.append(machine)
    }
  }

  private func trouble() {
    for _ in 0..<world.chance.draw(50...400) {
      guard !world.isOver, !world.isTroubledEnough, world.tick(until: .max) else { return }
      if world.audit.isEnded { return }
    }
  }

  /// I-19: once the faults have stopped, every step gets to its end or waits for a person, by name.
  private func calm() {
    world.note("calm")
    (world.isCalm, world.touches) = (true, 0)
    world.approveAll()
    world.mendBranches()
    for machine in world.machines {
      machine.offset += (world.now - world.begin) * (machine.speed - 1000) / 1000
      machine.speed = 1000
      machine.wakesAt = min(machine.wakesAt, world.now + 60_000)
    }
    for _ in 0..<20 {
      for _ in 0..<30_000 {
        guard !world.isOver, world.tick(until: .max) else { break }
      }
      guard !world.isOver, let state = state() else { return }
      if state.phase.isTerminal { return }
      guard case .paused = state.phase else {
        guard let reason = unsettled(state) else { return }
        guard restartInterrupted() else { return world.fail("I-19", reason) }
        continue
      }
      Person(world: world).resume()
      for machine in world.machines { machine.wakesAt = world.now }
    }
    world.fail("I-19", "the migration is paused again and again")
  }

  /// Starts the runs again that a person had told to stop, or that ended for want of a program; says whether
  /// there were any.
  private func restartInterrupted() -> Bool {
    guard world.machines.allSatisfy({ $0.process == nil }) else { return false }
    let ended = world.machines.filter { machine in
      if case .machineCannot = machine.ending { return true }
      return machine.ending == .interrupted
    }
    for machine in ended { (machine.ending, machine.wakesAt) = (nil, world.now) }
    return !ended.isEmpty
  }

  /// Why the migration is not where it should be once all runs have ended, or `nil`.
  private func unsettled(_ state: MigrationState) -> String? {
    if world.machines.contains(where: { $0.process != nil }) { return "the runs do not come to an end" }
    if let command = world.commands.first { return "\(command.name) does not come to an end" }
    for (index, step) in state.steps.enumerated() {
      switch step.phase {
      case .merged, .skipped, .cancelled, .undone: continue
      case .blocked(let reason):
        if reason.isEmpty { return "'\(step.id)' is blocked without a reason" }
      case .person(let wait):
        if wait.reason.isEmpty { return "'\(step.id)' waits for a person without a reason" }
      case .proposed: continue
      case .waiting, .backoff:
        let needs = state.plan.steps[index].needs
        let isHeld = needs.contains { need in
          switch state.step(need)?.phase {
          case .blocked, .person, .proposed, .waiting, .backoff, .cancelled, .undone: true
          default: false
          }
        }
        if !isHeld { return "'\(step.id)' is \(step.phase.word), and nothing holds it" }
      case .ready, .leased, .submitted, .gating, .merging:
        return "all runs have ended, and '\(step.id)' is \(step.phase.word)"
      }
    }
    return nil
  }

  /// I-18: after the end nobody holds anything.
  private func checkEnd() {
    guard let state = state(), state.phase.isTerminal else { return }
    for step in state.steps where step.phase.isInFlight {
      world.fail("I-18", "all is \(state.phase.word), and '\(step.id)' is \(step.phase.word)")
    }
  }

  /// Of a shared ledger, every clone comes to what the server has, and nothing of what it recorded is lost.
  private func converge() {
    guard let server = world.server else { return }
    for clone in world.clones + world.clones {
      let person = Person(world: world, in: clone)
      defer { person.process.end() }
      do throws(CommandError) {
        try person.process.synchronize()
        for migration in try reporting({ try person.process.events.read() }).state.migrations {
          try person.process.follow(migration)
        }
      } catch {
        return world.fail("I-19", "\(clone.name) cannot be synchronised: \(error.message)")
      }
    }
    let isOver = state()?.phase.isTerminal ?? true
    for clone in world.clones {
      if clone.tip != server.tip || clone.known != server.tip {
        world.fail("I-19", "\(clone.name) does not come to have the ledger of the server")
      }
      if !isOver, clone.branch != server.branch, !isIntended(server.branch, after: clone.branch) {
        world.fail("I-19", "the branch of \(clone.name) does not come to be where the server's is")
      }
    }
    for (nonce, clone) in world.promised.sorted(by: { $0.key < $1.key })
    where !world.audit.hasEntry(nonce: nonce) {
      let isKept = clone.refused.contains { tip in
        world.entries(to: tip, without: server.tip).contains { world.node($0).entry.nonce == nonce }
      }
      if !isKept { world.fail("I-4", "an entry that waited in \(clone.name) is neither recorded nor kept") }
    }
  }

  /// Whether the server, killed within a push, has a move of the branch that nobody has settled yet: all
  /// steps are done, and runs do not wait for a refresh whose owner may live.
  private func isIntended(_ new: OID?, after old: OID?) -> Bool {
    guard let new, let old else { return false }
    return new == world.audit.tornAt && world.audit.isIntended(old: old, new: new)
  }

  private func state() -> MigrationState? {
    snapshot()?.state.migration(named: World.migration)
  }

  private func snapshot() -> LedgerSnapshot? {
    let person = Person(world: world)
    defer { person.process.end() }
    try? person.process.synchronize()
    return try? person.process.events.read()
  }

  /// I-8: whoever folds the chain gets the same state.
  private func compare() {
    guard let snapshot = snapshot() else { return }
    var state = State()
    for node in world.chain {
      do throws(Refusal) { _ = try state.apply(node.entry.event) } catch {
        return world.fail("I-8", "an entry of the chain is refused: \(error.message)")
      }
    }
    if state != snapshot.state { world.fail("I-8", "a fold from the beginning gives another state") }
    let migration = snapshot.state.migrations[0]
    // A start that was cut off and ended at once has no branch.
    guard world.branch != nil || !migration.phase.isTerminal else { return }
    // A refresh whose owner died moved it or not; whoever comes after its hold has run out says which.
    let places = [migration.tip, migration.refresh?.new].compactMap(\.self)
    if !places.contains(where: { $0 == world.branch?.id }), !migration.peopleShareBranch {
      world.fail("I-22", "the branch is not where the ledger says it is")
    }
  }
}
