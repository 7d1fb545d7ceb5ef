import Git
import Ledger
import Migration
import Site

extension Site {
  /// What the newest entries tell of when things happened, by the name of the migration; of a long ledger so
  /// many are read.
  package func courses(atMost limit: Int = Site.entriesOfStatus) throws(CommandError) -> [String: Course] {
    var events: [Event] = []
    var left = limit
    try ledger.walk { (entry) throws(CommandError) in
      if let event = entry.event { events.append(event) }
      left -= 1
      return left > 0
    }
    var courses: [String: Course] = [:]
    for event in events.reversed() { courses[event.migration, default: Course()].add(event) }
    return courses
  }

  /// How many entries a look at where things stand reads at most beside the state.
  package static let entriesOfStatus = 600

  /// What only this machine can know of the migrations that are open.
  package func findings(_ state: State) -> [String: LocalFindings] {
    var findings: [String: LocalFindings] = [:]
    for migration in state.migrations where !migration.phase.isTerminal {
      var found = LocalFindings()
      // Who is shut in was begun by a plan that was approved, and does not see what the user keeps of that.
      let isShutIn = environment[RelayClient.variable]?.isEmpty == false
      do throws(CommandError) { try requireTrust(migration) } catch {
        found.isUntrusted = error.waitsForUser && !isShutIn
      }
      found.obstacle = obstacle(toNext: migration)
      findings[migration.name] = found
    }
    return findings
  }

  /// Why the branch could not be moved now, as far as that can be told without making a candidate. Nothing is
  /// put in order for it.
  private func obstacle(toNext migration: MigrationState) -> String? {
    let ref = migration.intoRef
    if let found = (try? obstacle(toMoving: ref, isOwn: false)).flatMap(\.self) { return found }
    if let found = (try? obstacle(astray: migration)).flatMap(\.self) { return found }
    for step in migration.stepsInFlight {
      guard case .submitted(let submission) = step.phase else { continue }
      let tree = submission.result.tree.oid
      return (try? obstacle(toMoving: ref, from: migration.tip.oid, toTree: tree)).flatMap(\.self)
    }
    return nil
  }
}

extension Ledger {
  /// The entries after that of a commit, oldest first. Where the chain does not have that commit any more,
  /// because what waited here was decided anew, those are left out whose number is not higher.
  package func entries(after old: OID?) throws(CommandError) -> [ShownEntry] {
    var found: [ShownEntry] = []
    let known = try old.map { (old) throws(CommandError) in
      try ShownEntry(try reporting { try repository.commit(old) }).sequence
    }
    try walk { (entry) throws(CommandError) in
      if entry.commit.oid == old || entry.sequence <= known ?? 0 { return false }
      found.append(entry)
      return true
    }
    return found.reversed()
  }
}
