/// The rules of a fleet as a whole: its waves, and the limits that its targets share.
extension Reducer {
  mutating func apply(_ change: FleetChange) throws(Refusal) {
    guard event.migration == FormatVersion.everyMigration else {
      throw Refusal(.invalid, "a wave is of many migrations, '\(FormatVersion.everyMigration)'")
    }
    let name = change.fleet
    guard state.migrations.contains(where: { $0.plan.fleet?.fleet == name }) else {
      throw Refusal(
        .unknownMigration, "there is no fleet '\(name)'",
        hint: "begin one with 'git migrate fleet check PLAN'")
    }
    let known = state.fleets[name]
    switch change {
    case .waveOpened(_, let wave):
      guard known.stop == nil else {
        guard wave == known.wave else {
          throw Refusal(.wrongPhase, "wave \(known.wave) of '\(name)' is stopped: \(known.stop ?? "")")
        }
        let failed = state.failedTargets(of: name, wave: wave).count
        return state.fleets.update(name) { ($0.stop, $0.forgiven) = (nil, failed) }
      }
      guard let next = state.nextWave(of: name) else {
        throw Refusal(.ended, "'\(name)' has no wave \(wave): all are open")
      }
      guard wave == next else {
        throw Refusal(
          .wrongPhase, "the next wave of '\(name)' is \(next)",
          hint: "waves open one after the other, with 'git migrate fleet run --wave \(next)'")
      }
      state.fleets.update(name) { ($0.wave, $0.forgiven) = (wave, 0) }
    case .waveStopped(_, let wave, let reason):
      guard !reason.isEmpty else { throw Refusal(.invalid, "a wave stops for a reason") }
      guard wave == known.wave, wave > 0, known.stop == nil else {
        throw Refusal(.wrongPhase, "wave \(wave) of '\(name)' is not under way")
      }
      state.fleets.update(name) { $0.stop = reason }
    }
  }

  /// In a target of a fleet work begins when its wave is open and the fleet has room for it.
  func requireFleet(_ index: Int, machine: String) throws(Refusal) {
    if let reason = state.fleetHold(migration) { throw Refusal(.limited, reason) }
    if let refusal = state.fleetLimit(migration, index, machine: machine) { throw refusal }
  }
}

extension MigrationState {
  /// Whether its base was never found to pass the plan's gate.
  fileprivate var isUnjudged: Bool {
    !plan.gate.verifiers.isEmpty
      && !verdicts.contains { $0.verifiers == gateDigest && $0.verdict == .passed }
  }
}

extension State {
  /// The names of the fleets that have an open migration, in the order in which they were begun.
  public var openFleets: [String] {
    var names: [String] = []
    for migration in migrations where !migration.phase.isTerminal {
      if let name = migration.plan.fleet?.fleet, !names.contains(name) { names.append(name) }
    }
    return names
  }

  /// The migrations of a fleet, in the order in which they were started.
  public func members(of fleet: String) -> [MigrationState] {
    migrations.filter { $0.plan.fleet?.fleet == fleet }
  }

  /// That there is no migration of that name, which may be a fleet's.
  public func noMigration(_ name: String) -> Refusal {
    guard let member = members(of: name).first else { return .noMigration(name) }
    return Refusal(
      .unknownMigration, "'\(name)' is a fleet, and no migration",
      hint: "see 'git migrate fleet status --fleet \(name)'; one of its targets is '-m \(member.name)'")
  }

  /// The wave of a fleet that opens next: the first with targets, for a wave of which no target could be
  /// begun holds up no other. `nil` when all are open.
  public func nextWave(of fleet: String) -> Int? {
    let open = fleets[fleet].wave
    return members(of: fleet).compactMap(\.plan.fleet?.wave).filter { $0 > open }.min()
  }

  /// Why no step begins in a migration that is part of a fleet, or `nil`.
  public func fleetHold(_ migration: MigrationState) -> String? {
    guard let member = migration.plan.fleet else { return nil }
    let fleet = fleets[member.fleet]
    if member.wave > fleet.wave { return "wave \(member.wave) of '\(member.fleet)' is not open yet" }
    return fleet.stop.map { "wave \(fleet.wave) of '\(member.fleet)' is stopped: \($0)" }
  }

  /// Whether a target is over, and nobody waits to be told of it: of thousands most are, sooner or later, and
  /// are passed over at the price of a look.
  public func isPassed(_ index: Int) -> Bool {
    guard migrations[index].notices.items.isEmpty else { return false }
    if migrations[index].phase.isTerminal { return true }
    return migrations[index].openCount == 0 && migrations[index].inFlight.isEmpty
      && migrations[index].refresh == nil && migrations[index].baselineRun == nil
  }

  /// Whether something can be done in a target: its base is to be judged, or steps may begin, or something is
  /// under way.
  public func isWorkable(_ index: Int) -> Bool {
    let member = migrations[index]
    if member.phase.isTerminal { return false }
    if !member.inFlight.isEmpty || member.baselineRun != nil || member.refresh != nil { return true }
    guard case .running = member.phase, member.openCount > 0, !member.isStuck else { return false }
    return fleetHold(member) == nil || member.isUnjudged
  }

  /// The first limit of the plan that a claim would break in the fleet as a whole: what the plan allows, it
  /// allows once, not once in every target.
  func fleetLimit(_ migration: MigrationState, _ index: Int, machine: String) -> Refusal? {
    guard let fleet = migration.plan.fleet?.fleet else { return nil }
    let step = migration.planned(index)
    let agent = migration.plan.agent(of: step)
    if agent?.maxConcurrent == nil, step.uses.isEmpty, step.lock == nil { return nil }
    var agents = 0
    var used: [String: Int] = [:]
    for other in migrations where other.plan.fleet?.fleet == fleet {
      for position in other.inFlight {
        guard case .leased(let lease) = other.steps[position].phase else { continue }
        let planned = other.plan.steps[position]
        if let agent, other.agent(at: position)?.name == agent.name { agents += 1 }
        for name in planned.uses where other.plan.isShared(name) || lease.owner.machine == machine {
          used[name, default: 0] += 1
        }
      }
    }
    if let limit = agent?.maxConcurrent, agents >= limit {
      return Refusal(.limited, "\(agents) of at most \(limit) agents are at work in '\(fleet)'")
    }
    for name in step.uses where used[name, default: 0] >= migration.plan.capacity(of: name) {
      return Refusal(.limited, "the resource '\(name)' is taken in '\(fleet)'")
    }
    return nil
  }

  /// The targets of an open wave that wait for a person: not those whose base was bad from the beginning,
  /// which nobody has paid for.
  func failedTargets(of fleet: String, wave: Int) -> [MigrationState] {
    members(of: fleet).filter { $0.plan.fleet?.wave == wave && $0.standingInFleet(isOpen: true).isFailed }
  }

  /// Why the open wave of a fleet is to stop now, or `nil`.
  public func dueStop(of fleet: String) -> String? {
    let known = fleets[fleet]
    guard known.wave > 0, known.stop == nil else { return nil }
    func isOfWave(_ member: FleetMember?) -> Bool { member?.fleet == fleet && member?.wave == known.wave }
    guard let rule = migrations.first(where: { isOfWave($0.plan.fleet) })?.plan.fleet?.stop else {
      return nil
    }
    let wave = migrations.filter { isOfWave($0.plan.fleet) }
    let good = wave.filter { $0.standingInFleet(isOpen: true) != .badBase }
    let failed = good.count { $0.standingInFleet(isOpen: true).isFailed }
    guard failed > known.forgiven, failed * 100 >= rule.failedPercent * good.count else { return nil }
    return "\(failed) of \(Count.of(good.count, "target")) failed"
  }
}
