import Forges
import Ledger
import Migration
import Runner
import Site
import Supervision
import System
import Web

/// `git-migrate-web board-push NAME` and `board-pull NAME`: mirrors a migration or a fleet to the issues of a
/// forge.
struct WebBoard {
  let site: Site
  let output: WebOutput

  /// What a person has asked for.
  struct Wish {
    /// Whether what people ask for on the board is taken.
    var pulls: Bool
    var isDryRun: Bool
    var isJSON: Bool
    /// What has a card, where that is not as the plan says.
    var subject: BoardPolicy.Subject?
  }

  func run(_ name: String, _ wish: Wish) throws(CommandError) -> Int32 {
    let world = SiteBoard(site, name) { [output] in output.note($0) }
    let members = try world.members()
    let client = WebClient.forges(of: site)
    let access = ForgeAccess(site, client)
    let address = try world.address()
    guard let place = try access.place(url: address) else {
      throw CommandError(
        "'\(AddressText.withoutPasswords(address))' is on no forge that is known: there is no board",
        hint: "'migrate.forge' and 'migrate.forgeUrl' say what it is, see git-migrate-publish(1)")
    }
    let forges = try reporting { try site.ledger.read() }.state.forges
    if let until = forges.rest(of: place.host, at: site.clock.now()) {
      throw CommandError("'\(place.host)' is to be let alone until \(until.utc)", exitCode: .no)
    }
    let token = try access.token(place)
    let pause = access.pauseMilliseconds
    let tracker = place.forge(
      token: token.value, exchange: client, clock: { [site] in site.clock.now() },
      pause: { _ = Poller().wait(milliseconds: pause) })
    guard let tracker else { throw CommandError("'\(place.host)' has no issues that are known") }
    var policy = members.first?.plan.board ?? BoardPolicy()
    policy.subject = wish.subject ?? policy.subject
    let mirror = BoardMirror(
      world, tracker, Board(name, policy), members: members.map(\.name), isDryRun: wish.isDryRun)
    do throws(PublishError) {
      if wish.pulls { try mirror.pull() } else { try mirror.push() }
    } catch {
      if error.isUnauthorized { access.forget(token) }
      throw CommandError(error.description, hint: error.hint)
    }
    let report = BoardReport(name, mirror.outcome, isDryRun: wish.isDryRun)
    try output.write(wish.isJSON ? report.printableBytes + [0x0A] : Array(report.text(.plain).utf8))
    return mirror.outcome.isWhole && mirror.outcome.taken.allSatisfy { $0.refusal == nil } ? 0 : 1
  }
}
