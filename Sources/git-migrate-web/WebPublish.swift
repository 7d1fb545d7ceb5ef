import Forges
import Ledger
import Migration
import Runner
import Site
import System
import Web

/// `git-migrate-web publish NAME [UNIT…]`: does what is due for a migration's pull requests, and prints
/// where they are.
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
    let publisher = Publisher(world, forge: forge, base: found.base)
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
}
