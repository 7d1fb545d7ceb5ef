import Forges
import Ledger
import Migration
import Runner
import Site
import System
import Web

/// `git-migrate-web publish NAME [UNIT…]`: does what is due for a migration's pull requests, and prints
/// where they are; `publish-fleet NAME [TARGET…]` does it for those of a fleet.
struct WebPublish {
  private let site: Site
  private let output: WebOutput
  private let access: ForgeAccess
  private let client: WebClient

  init(_ site: Site, _ output: WebOutput) {
    (self.site, self.output) = (site, output)
    client = .forges(of: site)
    access = ForgeAccess(site, client)
  }

  /// What publishing one migration came to.
  private enum Course {
    /// What was due is done, or left with a reason.
    case done(Publisher, hasForge: Bool)
    /// Its forge is to be let alone; until when, in words.
    case rests(String)
  }

  func run(_ migration: String, only: Set<String>?, isJSON: Bool) throws(CommandError) -> Int32 {
    let world = try SitePublishing(site, migration) { output.note($0) }
    let state = try reporting { try site.ledger.read() }.state
    guard state.version >= PublicationChange.version else {
      throw CommandError(
        "the ledger is written in version \(state.version) of its format, which knows no pull requests",
        hint: "'git migrate init --upgrade' moves it on")
    }
    guard let found = state.migration(named: migration) else { throw CommandError(.noMigration(migration)) }
    try world.requireUnits(only ?? [], found)
    let place = try access.place(url: try world.effectiveAddress())
    switch try publish(found, world, place, only: only) {
    case .rests(let words): throw CommandError(words, exitCode: .no)
    case .done(let publisher, let hasForge):
      try write(try world.list(), isJSON)
      if !hasForge {
        output.hint(
          "'\(AddressText.withoutPasswords(world.remote))' is on no forge that is known: the branches are "
            + "pushed, and nothing is opened")
      }
      return publisher.left.isEmpty && publisher.rest == nil ? 0 : 1
    }
  }

  /// Does it for each target of a fleet that something is due for: what one of them, or the forge of some,
  /// does not let happen holds up no other.
  func run(fleet: String, only: Set<String>?, isJSON: Bool) throws(CommandError) -> Int32 {
    var isWhole = true
    var told: Set<String> = []
    for member in try reporting({ try site.ledger.read() }).state.members(of: fleet) {
      guard let target = member.plan.fleet?.target, only?.contains(target.id) ?? true, isDue(member) else {
        continue
      }
      do throws(CommandError) {
        let world = try SitePublishing(site, member.name) { [output] in output.note("\(target.id): \($0)") }
        let place = try access.place(url: target.url, isOneOfMany: true)
        switch try publish(member, world, place) {
        case .rests(let words):
          isWhole = false
          if told.insert(words).inserted { output.note(words) }
        case .done(let publisher, let hasForge):
          if !hasForge { output.note("\(target.id): on no forge that is known") }
          if !publisher.left.isEmpty || publisher.rest != nil || !hasForge { isWhole = false }
        }
      } catch {
        output.note("\(target.id): \(error.message)")
        isWhole = false
      }
    }
    try write(FleetReport(fleet, in: try reporting { try site.ledger.read() }.state), isJSON)
    return isWhole ? 0 : 1
  }

  /// Does what is due for a migration whose pull requests are at a place.
  private func publish(
    _ migration: MigrationState, _ world: SitePublishing, _ place: ForgePlace?, only: Set<String>? = nil
  ) throws(CommandError) -> Course {
    var forge: (any Forge)?
    var token: ForgeAccess.Token?
    if let place {
      let forges = try reporting { try site.ledger.read() }.state.forges
      if let until = forges.rest(of: place.host, at: world.now()) {
        return .rests("'\(place.host)' is to be let alone until \(until.utc)")
      }
      let found = try access.token(place)
      let pause = access.pauseMilliseconds
      token = found
      forge = place.forge(
        token: found.value, exchange: client, clock: { [site] in site.clock.now() },
        pause: { _ = Poller().wait(milliseconds: pause) })
    }
    let publisher = Publisher(world, forge: forge, base: migration.publishedBase)
    do throws(PublishError) { try publisher.run(only: only) } catch {
      if error.isUnauthorized, let token { access.forget(token) }
      throw CommandError(error.description, hint: error.hint)
    }
    return .done(publisher, hasForge: forge != nil)
  }

  private func write(_ answer: some PrintedAnswer, _ isJSON: Bool) throws(CommandError) {
    try output.write(isJSON ? answer.printableBytes + [0x0A] : Array(answer.text(.plain).utf8))
  }

  /// Whether a pull request may be opened or asked about in a target.
  private func isDue(_ member: MigrationState) -> Bool {
    guard !member.phase.isTerminal || member.isFinishedTarget else { return false }
    switch member.standingInFleet(isOpen: true) {
    case .done, .pushed, .open: return true
    case .waiting, .badBase, .ready, .working, .blocked, .paused, .merged, .rejected, .people, .unchanged,
      .skipped:
      return member.publications.list.contains { $0.end == nil }
    }
  }
}
