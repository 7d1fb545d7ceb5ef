import Draws
import Git
import Ledger
import Migration
import Runner
import Site

extension World {
  func isGone(_ owner: Owner) -> Bool { owner.pid > 0 && gone.contains(owner.pid) }

  /// Whether the faults have stopped, and no clock is far ahead of an entry of now: neither a machine's nor
  /// that of a command, which people have begun where the clock was another one.
  func isOnTime(_ at: Timestamp) -> Bool {
    guard isCalm else { return false }
    return (machines + commands.map(\.process.machine)).allSatisfy {
      MachineClock(world: self, machine: $0).now().milliseconds < at.milliseconds + 30_000
    }
  }

  /// Lets one thing happen, at the latest at `limit`; `false` when nothing is to happen before.
  func tick(until limit: Int64) -> Bool {
    if strikes(faults.person) { letPersonAct() }
    if !unapproved.isEmpty, strikes(faults.person) { approveAll() }
    mendWhenDue()
    if strikes(faults.outsider) { Outsider.act(self) }
    if strikes(faults.foreignCommit) { commitPastGate() }
    if strikes(faults.jump) { jump() }
    if strikes(faults.partition) { partition() }
    deliver()
    var (candidates, next) = whoWakes()
    if candidates.isEmpty {
      guard next < .max else { return limit == .max && wakeAll() }
      guard next <= limit else { return false }
      now = next
      (candidates, _) = whoWakes()
    }
    switch candidates.count == 1 ? candidates[0] : chance.pick(candidates) {
    case .run(let machine): run(machine)
    case .command(let command): goOn(command)
    }
    now += Int64(chance.draw(0...30))
    return true
  }

  /// Whoever can go on.
  private enum Sleeper {
    case run(Machine)
    case command(RunningCommand)
  }

  /// Who can go on now, and when the next one wakes.
  private func whoWakes() -> (now: [Sleeper], next: Int64) {
    var candidates: [Sleeper] = []
    var next = Int64.max
    for machine in machines where !machine.isStuck {
      if machine.wakesAt <= now { candidates.append(.run(machine)) }
      next = min(next, machine.wakesAt)
    }
    for command in commands where !command.isStuck {
      if command.wakesAt <= now { candidates.append(.command(command)) }
      next = min(next, command.wakesAt)
    }
    return (candidates, next)
  }

  private func letPersonAct() {
    let clone = chance.pick(clones)
    if !clone.isQueueTaken { Person(world: self, in: clone).act() }
  }

  /// All runs have ended, so that only people go on: they do something, and start runs again. Without faults
  /// this is the end.
  private func wakeAll() -> Bool {
    guard !isCalm else { return false }
    now += Int64(chance.draw(1000...600_000))
    if chance.draw(0...3) == 0 { Outsider.act(self) } else { letPersonAct() }
    for machine in machines where !machine.isBusy { machine.wakesAt = now + Int64(chance.draw(0...60_000)) }
    return true
  }

  /// Something has changed: where a run has ended somebody starts it again.
  func wakeEnded() {
    guard !isCalm else { return }
    for machine in machines where machine.process == nil && machine.wakesAt == .max {
      machine.wakesAt = now + Int64(chance.draw(1000...600_000))
    }
  }

  /// The user looks at the plans of others, and approves them.
  func approveAll() {
    note("\(unapproved.sorted()) approved")
    unapproved = []
  }

  /// Somebody commits on the branch with a program that runs no hooks: no gate has seen it.
  private func commitPastGate() {
    let clone = authority
    guard !hasHooks, !audit.isShared, !audit.isEnded, clone.branchBefore == nil, !clone.isBranchHeld,
      let tip = clone.branch
    else { return }
    var files = objects.files(objects.tree(of: tip))
    files[files.count - 1] = freshVersion(isGood: chance.draw(0...1) == 0)
    clone.branchBefore = tip
    clone.branch = objects.commit(objects.tree(files), parents: [tip])
    note("somebody commits on the branch of \(clone.name), past the gate")
  }

  /// People put things in order when they come by; nobody is away for ever.
  private func mendWhenDue() {
    guard needsMending else { return roundsUnmended = 0 }
    roundsUnmended += 1
    if strikes(faults.person) || roundsUnmended > World.longestUnmended { mendBranches() }
  }

  /// Whether a person has to put something in order where the branch is.
  private var needsMending: Bool {
    (clones + [authority]).contains { $0.branchBefore != nil || $0.lockLeft != nil }
  }

  /// The user does what was said: takes a commit back that came past the gate, and removes locks.
  func mendBranches() {
    for clone in clones + [authority] {
      clone.removeLeftLock()
      guard let before = clone.branchBefore else { continue }
      clone.branchBefore = nil
      clone.branch = before
      note("the branch of \(clone.name) is put back")
    }
  }

  private func jump() {
    let machine = chance.pick(machines)
    machine.offset += Int64(chance.draw(0...7_200_000) - 3_600_000)
    note("the clock of \(machine.name) jumps")
  }

  /// One round of a machine's run.
  private func run(_ machine: Machine) {
    load.rounds += 1
    let process = machine.process ?? start(machine)
    // While it is at work nobody else may run it.
    machine.isBusy = true
    defer { machine.isBusy = false }
    guard isJoined(machine), let run = machine.run else { return restart(machine) }
    do throws(CommandError) {
      let round = try round(of: run)
      if process.isCrashed { return restart(machine) }
      switch round {
      case .more: machine.wakesAt = now
      case nil: machine.wakesAt = now + Int64(chance.draw(500...10_000))
      case .nothing: machine.wakesAt = wake(process)
      case .ended(let ending): end(machine, ending)
      }
    } catch {
      if !process.isCrashed {
        note("\(process.actor) ends with an error: \(error.message)")
        if isCalm { fail("I-19", "a run ends with an error although nothing is wrong: \(error.message)") }
        process.end()
      }
      restart(machine)
    }
  }

  /// One round, and `nil` when the server could not be reached in it.
  private func round(of run: Orchestrator) throws(CommandError) -> Orchestrator.Round? {
    do throws(CommandError) {
      return try run.step()
    } catch {
      return try run.bear(error).map { .ended($0) }
    }
  }

  /// Whether there is a ledger where the machine works. Somebody has to bring it there, once.
  private func isJoined(_ machine: Machine) -> Bool {
    if machine.clone.tip == nil { try? machine.process?.synchronize() }
    if machine.clone.tip != nil { return true }
    machine.process?.end()
    return false
  }

  private func start(_ machine: Machine) -> Process {
    let process = Process(world: self, machine: machine, actor: machine.name)
    machine.process = process
    machine.run = Orchestrator(
      in: process, .migration(World.migration), workers: machine.workers, observer: Watcher(world: self))
    note("\(machine.name) starts a run")
    return process
  }

  private func wake(_ process: Process) -> Int64 {
    let lease = plans.last?.leaseSeconds ?? 60
    // A real run looks every half second; nothing is lost when this one looks less often.
    var longest = max(2000, min(60_000, lease * 250))
    if process.children.isEmpty, process.gates.isEmpty { longest *= 4 }
    var time = now + Int64(chance.draw(longest / 4...longest))
    process.children.removeAll { $0.isOver && $0.isToldOver }
    for child in process.children where child.endsAt > now { time = min(time, child.endsAt) }
    process.gates.removeAll { $0.endsAt <= now }
    for gate in process.gates { time = min(time, gate.endsAt) }
    return time
  }

  private func restart(_ machine: Machine) {
    machine.process = nil
    machine.run = nil
    let lease = plans.last?.leaseSeconds ?? 60
    machine.wakesAt = now + Int64(isCalm ? 1000 : chance.draw(100...lease * 2000))
  }

  private func end(_ machine: Machine, _ ending: Orchestrator.Ending) {
    note("\(machine.name) ends: \(ending)")
    if let process = machine.process { try? Interpreter(in: process).performDue() }
    if let notice = machine.process?.owed.first {
      fail("I-16", "\(machine.name) has recorded it, and has told nobody: \(notice)")
    }
    checkTold(machine, ending)
    machine.process?.end()
    machine.process = nil
    machine.run = nil
    machine.ending = ending
    // Nothing else would come of it before something changes.
    machine.wakesAt = .max
  }
}

extension World {
  /// Once nothing goes wrong any more, a run that ends has told people what is theirs to know.
  private func checkTold(_ machine: Machine, _ ending: Orchestrator.Ending) {
    guard isCalm, ending != .interrupted, let process = machine.process,
      let state = try? process.ledger.read().state.migration(named: World.migration),
      !unapproved.contains(state.planNumber)
    else { return }
    let now = max(process.clock.now(), state.notices.sentAt ?? process.clock.now())
    let due = state.dueNotices(at: now, process.moment(at: process.clock.now()), isLast: true)
    guard !due.isEmpty, state.notices.notifier == nil else { return }
    fail("I-16", "\(machine.name) ends, and nobody has told people \(due)")
  }
}

/// Passes on what a run says.
struct Watcher: RunObserver {
  let world: World

  func ledgerGrew(_ snapshot: LedgerSnapshot, sentences: [LedgerSentence]) {}
  func warn(_ text: String) { world.note("  (\(text))") }
  func warn(_ text: String, of migration: String) { warn(text) }
  func noticed(_ signal: Int32) {}
  func tick() {}
}
