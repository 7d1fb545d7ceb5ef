import Migration

/// What people do while it runs.
extension Simulation {
  func command() {
    guard case .nothing = person.doing, let migration = world.migration, !migration.phase.isTerminal else {
      return
    }
    let step = migration.steps[world.random.below(migration.steps.count)]
    world.faults += 1
    if case .paused = migration.phase, world.random.happens(600) {
      return tell(.migrationResumed)
    }
    switch world.random.below(20) {
    case 0...4:
      let blocked = migration.steps.first { if case .blocked = $0.phase { true } else { false } }
      tell(.stepRetried(step: (blocked ?? step).id, reason: "again"))
    case 5...6: tell(.stepSkipped(step: step.id, reason: "not needed"))
    case 7...11:
      let leased = migration.steps.first { if case .leased = $0.phase { true } else { false } } ?? step
      tell(
        .stepReleased(
          Fence(step: leased.id, epoch: leased.epoch), forced: true, reason: "taken away"))
    case 12...13: tell(.migrationPaused(reason: "lunch"))
    case 14...15: amend(migration)
    case 16...18: refresh(migration)
    default:
      if world.random.happens(100) {
        tell(.migrationAborted(reason: "enough"))
      } else if world.random.happens(100) {
        tell(.migrationFinished(result: migration.tip, partial: world.random.happens(500)))
      }
    }
  }

  private func tell(_ change: Change) { _ = person.begin(.person(change)) }

  private func amend(_ migration: MigrationState) {
    let count = migration.steps.count + world.random.below(4)
    let plan = world.swarm.plan(&world.random, count: count, number: world.random.below(4))
    tell(.planAmended(PlanAmendment(plan: plan, number: migration.planNumber + 1, digest: "d")))
  }

  /// The base moved: its merge into the branch was judged, and is to be brought in.
  private func refresh(_ migration: MigrationState) {
    let old = world.branch
    let tree = world.newTree()
    guard world.isGood(tree) else { return }
    world.checker.judged(tree, world.checker.digest)
    let new = world.newCommit(tree: tree, parent: old)
    tell(
      .refreshIntended(
        Refresh(
          base: object(new), old: object(old), new: object(new), tree: object(tree),
          verifiers: world.checker.digest, verdict: .passed, owner: person.owner,
          expiresAt: person.at.adding(seconds: 600))))
  }
}
