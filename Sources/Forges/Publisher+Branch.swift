import Migration

/// The branch of a unit: announced, moved, recorded, in this order.
extension Publisher {
  func branch(_ unit: ProposedUnit, _ state: MigrationState) -> String {
    state.publishedBranch(of: unit.unit)
  }

  /// Announces the move of a branch, moves it, and records that.
  func push(_ unit: ProposedUnit, _ state: MigrationState) throws(PublishError) -> Bool {
    switch try world.build(unit, state) {
    case .hindered(let reason):
      leave(unit, reason)
      return false
    case .commit(let new):
      let old = state.publications[unit.unit]?.head
      guard new != old else { return false }
      let claim = world.claim
      let intent = BranchIntent(
        old: old, new: new, holder: claim.holder, owner: claim.owner,
        expiresAt: world.now().adding(seconds: Publisher.claimSeconds))
      if let refusal = try world.record(
        .publication(.intended(unit: unit.unit, steps: unit.steps, intent)))
      {
        // Somebody else has claimed it meanwhile: that is thrown.
        if refusal.code == .held { try self.claim() }
        leave(unit, refusal.message)
        return false
      }
      try noteClaim(by: intent)
      return try move(unit, state, intent)
    }
  }

  private func move(
    _ unit: ProposedUnit, _ state: MigrationState, _ intent: BranchIntent
  ) throws(PublishError) -> Bool {
    switch try world.push(branch(unit, state), from: intent.old, to: intent.new) {
    case .moved:
      return try note(.moved(unit: unit.unit, commit: intent.new, people: false), unit)
    case .stale: return try look(after: intent, unit)
    case .rejected(let words):
      // Nothing has moved: the next run tries again.
      leave(unit, "the remote does not take its branch: \(words)")
      return false
    }
  }

  /// Looks where a branch is that the remote says is elsewhere. Where nobody has moved it, it is locked: for
  /// a moment by somebody who is about to move it, or for good by a program that was killed there.
  private func look(after intent: BranchIntent, _ unit: ProposedUnit) throws(PublishError) -> Bool {
    let state = try world.state()
    let name = branch(unit, state)
    guard try world.tip(of: name) == intent.old else { return try settle(unit, state) }
    let refused = (standstills[unit.unit] ?? 0) + 1
    standstills[unit.unit] = refused
    guard refused < Publisher.mostStandstills else {
      leave(
        unit,
        "the remote does not move '\(name)' though nobody else has: a program that was killed there may have "
          + "left a lock, 'refs/heads/\(name).lock'")
      return false
    }
    world.wait(seconds: 1)
    return true
  }

  /// Looks what became of an announced move.
  func settle(_ unit: ProposedUnit, _ state: MigrationState) throws(PublishError) -> Bool {
    guard let intent = state.publications[unit.unit]?.intent else { return true }
    let name = branch(unit, state)
    let tip = try world.tip(of: name)
    if tip == intent.new { return try note(.moved(unit: unit.unit, commit: intent.new, people: false), unit) }
    if tip == intent.old {
      if unit.isWithdrawn {
        return try note(.lost(unit: unit.unit, reason: "what it offers was undone"), unit)
      }
      if try world.has(intent.new), state.publications[unit.unit]?.steps == unit.steps {
        // The same move once more, under our claim.
        return try push(again: intent, unit, state)
      }
      return try push(unit, state)
    }
    guard let tip else {
      return try note(.lost(unit: unit.unit, reason: "'\(name)' was taken away"), unit)
    }
    if try world.contains(tip, intent.new, branch: name) {
      return try note(.moved(unit: unit.unit, commit: tip, people: true), unit)
    }
    return try note(.lost(unit: unit.unit, reason: "'\(name)' is at \(tip.short), moved by others"), unit)
  }

  private func push(
    again intent: BranchIntent, _ unit: ProposedUnit, _ state: MigrationState
  ) throws(PublishError) -> Bool {
    let claim = world.claim
    guard intent.owner != claim.owner else { return try move(unit, state, intent) }
    let ours = BranchIntent(
      old: intent.old, new: intent.new, holder: claim.holder, owner: claim.owner,
      expiresAt: world.now().adding(seconds: Publisher.claimSeconds))
    let steps = state.publications[unit.unit]?.steps ?? []
    if let refusal = try world.record(.publication(.intended(unit: unit.unit, steps: steps, ours))) {
      leave(unit, refusal.message)
      return false
    }
    return try move(unit, state, ours)
  }
}
