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
  let site: Site
  let output: WebOutput

  func run(_ migration: String, only: Set<String>?, isJSON: Bool) throws(CommandError) -> Int32 {
    let world = try SitePublishing(site, migration) { output.note($0) }
    let state = try reporting { try site.ledger.read() }.state
    guard state.version >= PublicationChange.version else {
      throw CommandError(
        "the ledger is written in version \(state.version) of its format, which knows no pull requests",
        hint: "'git migrate init --upgrade' moves it on")
    }
    guard let found = state.migration(named: migration) else { throw CommandError(.noMigration(migration)) }
    let access = ForgeAccess(site)
    let client = WebClient(agent: "git-migrate/\(ProgramVersion.number)", certificates: access.certificates)
    let place = try access.place(url: try world.effectiveAddress(), asking: client)
    var forge: (any Forge)?
    var token: ForgeAccess.Token?
    if let place {
      if let until = state.forges.rest(of: place.host, at: world.now()) {
        throw CommandError("'\(place.host)' is to be let alone until \(until.utc)", exitCode: .no)
      }
      let found = try access.token(place)
      token = found
      let pause = access.pauseMilliseconds
      forge = place.forge(
        token: found.value, exchange: client, clock: { [site] in site.clock.now() },
        pause: { _ = Poller().wait(milliseconds: pause) })
    }
    let publisher = Publisher(world, forge: forge, base: found.publishedBase)
    do throws(PublishError) { try publisher.run(only: only) } catch {
      if error.isUnauthorized, let token { access.forget(token) }
      throw CommandError(error.description, hint: error.hint)
    }
    let list = try world.list()
    try output.write(isJSON ? list.printableBytes + [0x0A] : Array(list.text(.plain).utf8))
    if forge == nil {
      output.hint(
        "'\(world.remote)' is on no forge that is known: the branches are pushed, and nothing is opened")
    }
    return publisher.left.isEmpty && publisher.rest == nil ? 0 : 1
  }

  // MARK: Fleets

  /// Does it for each target that something is due for: what one of them does not let happen holds up no
  /// other. A forge that asks to be let alone ends the run: the next one goes on.
  func run(fleet: String, only: Set<String>?, isJSON: Bool) throws(CommandError) -> Int32 {
    let access = ForgeAccess(site)
    let client = WebClient(agent: "git-migrate/\(ProgramVersion.number)", certificates: access.certificates)
    var tokens: [String: ForgeAccess.Token] = [:]
    var isWhole = true
    for member in try reporting({ try site.ledger.read() }).state.members(of: fleet) {
      guard let target = member.plan.fleet?.target, only?.contains(target.id) ?? true, isDue(member) else {
        continue
      }
      do throws(CommandError) {
        guard try publish(member, target, access, client, &tokens, &isWhole) else { break }
      } catch {
        output.note("\(target.id): \(error.message)")
        isWhole = false
      }
    }
    let report = FleetReport(fleet, in: try reporting { try site.ledger.read() }.state)
    try output.write(isJSON ? report.printableBytes + [0x0A] : Array(report.text(.plain).utf8))
    return isWhole ? 0 : 1
  }

  /// Does it for one target; says whether the forge may be asked about the next.
  private func publish(
    _ member: MigrationState, _ target: FleetTarget, _ access: ForgeAccess, _ client: WebClient,
    _ tokens: inout [String: ForgeAccess.Token], _ isWhole: inout Bool
  ) throws(CommandError) -> Bool {
    let world = try SitePublishing(site, member.name) { [output] in output.note("\(target.id): \($0)") }
    var forge: (any Forge)?
    var token: ForgeAccess.Token?
    if let place = try access.place(url: target.url, asking: client, isOneOfMany: true) {
      let rests = try reporting { try site.ledger.read() }.state.forges
      if let until = rests.rest(of: place.host, at: world.now()) {
        output.note("'\(place.host)' is to be let alone until \(until.utc)")
        isWhole = false
        return false
      }
      let found: ForgeAccess.Token
      if let known = tokens[place.host] { found = known } else { found = try access.token(place) }
      (token, tokens[place.host]) = (found, found)
      let pause = access.pauseMilliseconds
      forge = place.forge(
        token: found.value, exchange: client, clock: { [site] in site.clock.now() },
        pause: { _ = Poller().wait(milliseconds: pause) })
    }
    let publisher = Publisher(world, forge: forge, base: member.publishedBase)
    do throws(PublishError) { try publisher.run() } catch {
      if error.isUnauthorized, let token { access.forget(token) }
      throw CommandError(error.description, hint: error.hint)
    }
    if forge == nil { output.note("\(target.id): on no forge that is known") }
    if !publisher.left.isEmpty || publisher.rest != nil || forge == nil { isWhole = false }
    return publisher.rest == nil
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
