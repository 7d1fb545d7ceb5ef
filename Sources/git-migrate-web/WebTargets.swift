import Forges
import Ledger
import Migration
import Runner
import Site
import Web

/// `git-migrate-web targets QUERY`: lists the repositories of a forge that a query means, a line each, as a
/// list of targets has them.
struct WebTargets {
  private let site: Site
  private let output: WebOutput
  private let access: ForgeAccess
  private let client: WebClient

  init(_ site: Site, _ output: WebOutput) {
    (self.site, self.output) = (site, output)
    client = .forges(of: site)
    access = ForgeAccess(site, client)
  }

  func run(_ text: String) throws(CommandError) {
    let query: ForgeQuery
    do throws(ForgeQuery.Fault) { query = try ForgeQuery(text) } catch {
      throw CommandError("the query '\(text)': \(error)")
    }
    var wanted = query.host
    if wanted == nil { wanted = try access.homeHost() }
    guard let host = wanted else {
      throw CommandError(
        "the query '\(text)' names no host, and this repository is on no forge", hint: "add 'host:…' to it")
    }
    guard let place = try access.place(url: "https://\(host)/\(query.owner)/x", isOneOfMany: true) else {
      throw CommandError(
        "'\(host)' is no forge that is known", hint: "'migrate.forge' and 'migrate.forgeUrl' say what it is")
    }
    if query.language != nil, place.kind == .gitlab {
      throw CommandError("the query '\(text)': GitLab lists no languages", hint: "ask for a 'topic:…'")
    }
    let token = try access.token(place)
    let found: [ForgeRepository]
    do throws(ForgeError) {
      found = try place.repositories(
        query, token: token.value, exchange: client, clock: { [site] in site.clock.now() })
    } catch {
      throw CommandError("the repositories of '\(query.owner)' at '\(host)' cannot be listed: \(error)")
    }
    try output.write(Array(found.map { $0.line + "\n" }.joined().utf8))
  }
}
