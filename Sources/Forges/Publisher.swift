import Migration

/// Brings units of a migration to people, each once. An announced move, the push, the record of the push, the
/// search for a pull request, its making, the record of it: whoever dies between two of these is followed by
/// somebody who looks first.
public final class Publisher {
  private let world: any PublishingWorld
  private let forge: (any Forge)?
  private let base: String
  /// How long a claim to publish holds, in seconds.
  public static let claimSeconds = 120
  /// For how long a run waits by itself for the next one to be due: the pause between two. For a window to
  /// open, another run comes.
  private static let patienceSeconds = 60
  /// When it was claimed last.
  private var claimedUntil: Timestamp?
  /// The units that are left alone for the rest of this run, with why.
  public private(set) var left: [String: String] = [:]
  /// When the forge may be asked again, once it has said that it is asked too much.
  public private(set) var rest: Timestamp?
  /// The units whose window opens later, with in how many seconds.
  public private(set) var later: [String: Int] = [:]
  /// How many pull requests this run has opened or found.
  public private(set) var opened = 0

  /// Makes a publisher; without a forge branches are pushed and nothing is opened. `base` is the branch that
  /// pull requests are for.
  public init(_ world: any PublishingWorld, forge: (any Forge)?, base: String) {
    (self.world, self.forge, self.base) = (world, forge, base)
  }

  /// Does all that is due now; `only` are the units that are meant, when those are not all.
  public func run(only: Set<String>? = nil) throws(PublishError) {
    try claim()
    let state = try world.state()
    for unit in try world.units(state) where only?.contains(unit.unit) ?? true {
      guard rest == nil else { break }
      // Each round does one thing, and the next one looks anew: as many as there can be.
      for _ in 0..<8 { guard try advance(unit) else { break } }
    }
  }

  /// Does one thing for a unit; says whether there may be more.
  private func advance(_ unit: ProposedUnit) throws(PublishError) -> Bool {
    try claim()
    let state = try world.state()
    if left[unit.unit] != nil { return false }
    switch state.standing(of: unit, at: world.now(), world.moment()) {
    case .settle: return try settle(unit, state)
    case .push: return try push(unit, state)
    case .open: return try open(unit, state)
    case .fix: return try fix(unit, state)
    case .look:
      try look(unit, state)
      return false
    case .later(let seconds) where seconds <= Publisher.patienceSeconds:
      world.wait(seconds: seconds)
      return true
    case .later(let seconds):
      later[unit.unit] = seconds
      return false
    case .waits, .people, .ended: return false
    }
  }

  /// Claims to publish, or goes on doing so: one at a time.
  private func claim() throws(PublishError) {
    let now = world.now()
    if let claimedUntil, now.adding(seconds: Publisher.claimSeconds / 2) < claimedUntil { return }
    let state = try world.state()
    let until = now.adding(seconds: Publisher.claimSeconds)
    let claim = PublisherClaim(holder: world.claim.holder, owner: world.claim.owner, expiresAt: until)
    var evidence: Evidence?
    if let held = state.publications.publisher, held.owner != claim.owner, world.isDead(held.owner) {
      evidence = .holderDead(held.owner)
    }
    if let refusal = try world.record(.publication(.claimed(claim, evidence))) {
      throw PublishError(refusal.message, hint: refusal.hint)
    }
    claimedUntil = until
  }

  // MARK: The branch

  private func branch(_ unit: ProposedUnit, _ state: MigrationState) -> String {
    Publication.branch(of: unit.unit, in: state.name)
  }

  /// Announces the move of a branch, moves it, and records that.
  private func push(_ unit: ProposedUnit, _ state: MigrationState) throws(PublishError) -> Bool {
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
        leave(unit, refusal.message)
        return false
      }
      return try move(unit, state, intent)
    }
  }

  private func move(
    _ unit: ProposedUnit, _ state: MigrationState, _ intent: BranchIntent
  ) throws(PublishError) -> Bool {
    switch try world.push(branch(unit, state), from: intent.old, to: intent.new) {
    case .moved:
      return try note(.moved(unit: unit.unit, commit: intent.new, people: false), unit)
    case .stale: return try settle(unit, try world.state())
    case .rejected(let words):
      // Nothing has moved: the next run tries again.
      leave(unit, "the remote does not take its branch: \(words)")
      return false
    }
  }

  /// Looks what became of an announced move.
  private func settle(_ unit: ProposedUnit, _ state: MigrationState) throws(PublishError) -> Bool {
    guard let intent = state.publications[unit.unit]?.intent else { return true }
    let name = branch(unit, state)
    let tip = try world.tip(of: name)
    if tip == intent.new { return try note(.moved(unit: unit.unit, commit: intent.new, people: false), unit) }
    if tip == intent.old {
      if try world.has(intent.new) {
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

  // MARK: The pull request

  private func open(_ unit: ProposedUnit, _ state: MigrationState) throws(PublishError) -> Bool {
    guard let forge else { return false }
    let name = branch(unit, state)
    let words = try world.words(unit, state)
    let body = PublicationText.marked(words.body, unit: unit.unit, of: state.name)
    return try asking(unit) { () throws(ForgeError) in
      let found = try forge.find(branch: name)
      switch found?.state {
      case .merged:
        return .merged(unit: unit.unit, commit: found?.head ?? state.publications[unit.unit]?.head ?? .zero)
      case .closed: return .closed(unit: unit.unit, reason: "#\(found?.number ?? 0) is closed")
      case .open, .draft, nil: break
      }
      let request: PullRequest
      if let found {
        request = found
        if PublicationText.isOurs(found.body), found.body != body {
          try forge.setBody(body, of: found.number)
        }
      } else {
        request = try self.create(forge, unit, state, title: words.title, body: body)
      }
      try self.decorate(forge, unit, state, request.number)
      return .opened(unit: unit.unit, forge: forge.host, number: request.number, url: request.url)
    }
  }

  private func create(
    _ forge: any Forge, _ unit: ProposedUnit, _ state: MigrationState, title: String, body: String
  ) throws(ForgeError) -> PullRequest {
    let policy = state.plan.publish ?? PublishPolicy()
    let name = branch(unit, state)
    let draft = PullRequestDraft(
      branch: name, base: base, title: title, body: body, isDraft: policy.isDraft(unit.unit))
    do throws(ForgeError) {
      return try forge.create(draft)
    } catch {
      // Ours of a moment ago, whose answer did not arrive, or somebody else's.
      guard case .exists = error, let found = try forge.find(branch: name) else { throw error }
      return found
    }
  }

  /// Labels and reviewers, which nothing depends on: what the forge does not want is told. What was not
  /// heard, or not now, is due again: nothing is recorded yet.
  private func decorate(
    _ forge: any Forge, _ unit: ProposedUnit, _ state: MigrationState, _ number: Int
  ) throws(ForgeError) {
    let policy = state.plan.publish ?? PublishPolicy()
    let reviewers = policy.reviewers + (policy.asksOwners ? unit.owners : [])
    do throws(ForgeError) {
      if !policy.labels.isEmpty { try forge.addLabels(policy.labels, to: number) }
    } catch { try warn("#\(number) of '\(unit.unit)' has no labels", error) }
    do throws(ForgeError) {
      if !reviewers.isEmpty { try forge.ask(reviewers, about: number) }
    } catch { try warn("nobody was asked to review #\(number) of '\(unit.unit)'", error) }
  }

  private func warn(_ words: String, _ error: ForgeError) throws(ForgeError) {
    switch error {
    case .rests, .unknown, .unauthorized: throw error
    case .exists, .refused: world.tell("warning: \(words): \(error)")
    }
  }

  /// Asks the forge what became of a pull request.
  private func look(_ unit: ProposedUnit, _ state: MigrationState) throws(PublishError) {
    guard let forge, let known = state.publications[unit.unit], let request = known.request else { return }
    var merge: ObjectID?
    var answer: ForgeSight?
    _ = try asking(unit) { () throws(ForgeError) in
      let found = try forge.look(request.number)
      (answer, merge) = (found, found.merge)
      var sight = found.sight
      sight.failures = Array(sight.failures.prefix(PublicationSight.mostFailures))
      switch sight.state {
      case "merged": return .merged(unit: unit.unit, commit: merge ?? sight.head ?? known.head ?? .zero)
      case "closed": return .closed(unit: unit.unit, reason: "#\(request.number) is closed")
      default: return sight == known.seen ? nil : .seen(unit: unit.unit, sight)
      }
    }
    try freshen(unit, answer)
    guard let head = answer?.sight.head, let own = known.head, head != own, answer?.sight.state != "merged",
      answer?.sight.state != "closed"
    else { return try mend(unit) }
    // People, or the forge for them, have moved it.
    if try world.tip(of: branch(unit, state)) == head {
      _ = try note(.moved(unit: unit.unit, commit: head, people: true), unit)
    }
  }

  /// Brings the text up to date, where nobody has written in it.
  private func freshen(_ unit: ProposedUnit, _ answer: ForgeSight?) throws(PublishError) {
    let state = try world.state()
    guard let forge, let answer, PublicationText.isOurs(answer.body),
      state.publications[unit.unit]?.end == nil,
      let number = state.publications[unit.unit]?.request?.number
    else { return }
    let body = PublicationText.marked(try world.words(unit, state).body, unit: unit.unit, of: state.name)
    guard PublicationText.differs(body, from: answer.body) else { return }
    _ = try asking(unit) { () throws(ForgeError) in
      try forge.setBody(body, of: number)
      return nil
    }
  }

  /// What was just seen may ask for something.
  private func mend(_ unit: ProposedUnit) throws(PublishError) {
    let state = try world.state()
    switch state.standing(of: unit, at: world.now(), world.moment()) {
    case .fix: _ = try fix(unit, state)
    case .push: _ = try push(unit, state)
    case .settle, .open, .look, .later, .waits, .people, .ended: break
    }
  }

  private func fix(_ unit: ProposedUnit, _ state: MigrationState) throws(PublishError) -> Bool {
    guard let seen = state.publications[unit.unit]?.seen else { return false }
    let failures = seen.failures.isEmpty ? [seen.words] : seen.failures
    let step = state.fixID(of: unit.unit)
    if let refusal = try world.record(
      .publication(.fixAdded(unit: unit.unit, step: step, failures: failures)))
    {
      leave(unit, refusal.message)
      return false
    }
    world.tell("\(unit.unit) gets the step '\(step)': \(failures.first ?? "")")
    return false
  }

  // MARK: What it comes to

  /// Asks the forge and records what comes of it; says whether there may be more to do.
  private func asking(
    _ unit: ProposedUnit, _ body: () throws(ForgeError) -> PublicationChange?
  ) throws(PublishError) -> Bool {
    let change: PublicationChange?
    do throws(ForgeError) { change = try body() } catch {
      switch error {
      case .rests(let seconds, let reason):
        let until = world.now().adding(seconds: seconds)
        rest = until
        let host = forge?.host ?? ""
        _ = try world.record(.forge(.rests(forge: host, until: until, reason: reason)))
        world.tell("\(host) is to be let alone until \(until.utc): \(reason)")
      case .unauthorized:
        throw PublishError("\(error)", hint: "git-migrate-publish(1) says where a token is looked for")
      case .exists, .refused, .unknown: leave(unit, "\(error)")
      }
      return false
    }
    guard let change else { return false }
    return try note(change, unit)
  }

  /// Records what has become of a unit.
  private func note(_ change: PublicationChange, _ unit: ProposedUnit) throws(PublishError) -> Bool {
    if let refusal = try world.record(.publication(change)) {
      leave(unit, refusal.message)
      return false
    }
    if case .opened = change { opened += 1 }
    return true
  }

  private func leave(_ unit: ProposedUnit, _ reason: String) {
    left[unit.unit] = reason
    world.tell("\(unit.unit): \(reason)")
  }
}
