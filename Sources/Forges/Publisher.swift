import Migration

/// Brings units of a migration to people, each once. An announced move, the push, the record of the push, the
/// search for a pull request, its making, the record of it: whoever dies between two of these is followed by
/// somebody who looks first.
public final class Publisher {
  let world: any PublishingWorld
  let forge: (any Forge)?
  let base: String
  /// How long a claim to publish holds, in seconds.
  public static let claimSeconds = 120
  /// How long before the claim ends nothing more is opened: what is sent takes a while to arrive.
  static let answerSeconds = 30
  /// For how long a run waits by itself for the next one to be due: the pause between two. For a window to
  /// open, another run comes.
  private static let patienceSeconds = 60
  /// How often a branch is pushed that the remote says is elsewhere, and that is where it was.
  static let mostStandstills = 5
  /// How often that was so, by unit.
  var standstills: [String: Int] = [:]
  /// When it was claimed last.
  private(set) var claimedUntil: Timestamp?
  /// The units that are left alone for the rest of this run, with why.
  public private(set) var left: [String: String] = [:]
  /// When the forge may be asked again, once it has said that it is asked too much.
  public private(set) var rest: Timestamp?
  /// The units whose window opens later, with in how many seconds.
  public private(set) var later: [String: Int] = [:]
  /// What the forge had against the last call.
  private(set) var objection: ForgeError?
  /// How many pull requests this run has opened or found.
  public private(set) var opened = 0

  /// Makes a publisher; without a forge branches are pushed and nothing is opened. `base` is the branch that
  /// pull requests are for.
  public init(_ world: any PublishingWorld, forge: (any Forge)?, base: String) {
    (self.world, self.forge, self.base) = (world, forge, base)
  }

  /// Does all that is due now; `only` are the units that are meant, when those are not all.
  public func run(only: Set<String>? = nil) throws(PublishError) {
    let state = try world.state()
    for unit in try world.units(state) where only?.contains(unit.unit) ?? true {
      guard rest == nil else { break }
      // Each round does one thing, and the next one looks anew: as many as there can be.
      for _ in 0..<8 { guard try advance(unit) else { break } }
    }
  }

  /// Does one thing for a unit; says whether there may be more.
  private func advance(_ unit: ProposedUnit) throws(PublishError) -> Bool {
    if left[unit.unit] != nil { return false }
    var state = try world.state()
    let standing = state.standing(of: unit, at: world.now(), world.moment())
    if needsClaim(for: standing, state) {
      try claim()
      state = try world.state()
    }
    switch standing {
    case .settle: return try settle(unit, state)
    case .push: return try push(unit, state)
    case .open: return try open(unit, state)
    case .fix: return try fix(unit, state)
    case .ready: return try makeReady(unit, state)
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

  /// Whether what is due is done under a claim of ours. An announced move of a branch is one by itself, where
  /// nobody else has claimed it; where nothing is due there is nothing to claim.
  private func needsClaim(for standing: UnitStanding, _ state: MigrationState) -> Bool {
    switch standing {
    case .later, .waits, .people, .ended: return false
    case .settle, .open, .fix, .ready, .look: return true
    case .push:
      guard let held = state.publications.publisher, held.expiresAt > world.now() else { return false }
      return held.owner != world.claim.owner
    }
  }

  /// Notes that an announced move of ours was taken for a claim.
  func noteClaim(by intent: BranchIntent) throws(PublishError) {
    guard let held = try world.state().publications.publisher, held.owner == intent.owner else { return }
    claimedUntil = held.expiresAt
  }

  /// Claims to publish, or goes on doing so: one at a time.
  func claim() throws(PublishError) {
    let now = world.now()
    if let claimedUntil, now.adding(seconds: Publisher.claimSeconds / 2) < claimedUntil { return }
    let state = try world.state()
    let until = now.adding(seconds: Publisher.claimSeconds)
    let change = state.publisherClaim(by: world.claim, until: until, isDead: world.isDead)
    if let refusal = try world.record(change) { throw PublishError(claiming: refusal) }
    claimedUntil = until
  }

  // MARK: What it comes to

  /// Asks the forge; `nil` where it did not answer as it should, which is told.
  func asking<Value>(
    _ unit: ProposedUnit, _ body: () throws(ForgeError) -> Value
  ) throws(PublishError) -> Value? {
    objection = nil
    do throws(ForgeError) { return try body() } catch {
      objection = error
      switch error {
      case .rests(let seconds, let reason):
        let until = world.now().adding(seconds: seconds)
        rest = until
        let host = forge?.host ?? ""
        _ = try world.record(.forge(.rests(forge: host, until: until, reason: reason)))
        world.tell("\(host) is to be let alone until \(until.utc): \(reason)")
      case .unauthorized:
        var fault = PublishError("\(error)", hint: "git-migrate-publish(1) says where a token is looked for")
        fault.isUnauthorized = true
        throw fault
      case .exists, .refused, .unknown, .late: leave(unit, "\(error)")
      }
      return nil
    }
  }

  /// Records what has become of a unit.
  func note(_ change: PublicationChange, _ unit: ProposedUnit) throws(PublishError) -> Bool {
    if let refusal = try world.record(.publication(change)) {
      leave(unit, refusal.message)
      return false
    }
    if case .opened = change { opened += 1 }
    return true
  }

  func leave(_ unit: ProposedUnit, _ reason: String) {
    left[unit.unit] = reason
    world.tell("\(unit.unit): \(reason)")
  }
}

extension MigrationState {
  /// The claim to publish of who acts. The claim of somebody who is provably dead does not count.
  func publisherClaim(
    by who: (holder: String, owner: Owner), until: Timestamp, isDead: (Owner) -> Bool
  ) -> Change {
    var evidence: Evidence?
    if let held = publications.publisher, held.owner != who.owner, isDead(held.owner) {
      evidence = .holderDead(held.owner)
    }
    let claim = PublisherClaim(holder: who.holder, owner: who.owner, expiresAt: until)
    return .publication(.claimed(claim, evidence))
  }
}
