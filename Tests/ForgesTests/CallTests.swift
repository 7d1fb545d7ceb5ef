import CanonicalJSON
import Migration
import Testing

@testable import Forges

/// Answers that were written down, in their order; what was asked is kept.
final class Recorded: HTTPExchange {
  var answers: [HTTPAnswer]
  var asked: [HTTPRequest] = []

  init(_ answers: [HTTPAnswer]) { self.answers = answers }

  func send(_ request: HTTPRequest) throws(HTTPFailure) -> HTTPAnswer {
    asked.append(request)
    guard !answers.isEmpty else { throw HTTPFailure("no answer") }
    return answers.removeFirst()
  }
}

@Suite("Calls of a forge")
struct CallTests {
  private func answer(_ status: Int, _ body: String, _ headers: [String: String] = [:]) -> HTTPAnswer {
    HTTPAnswer(status: status, headers: headers, body: Array(body.utf8))
  }

  private func forge(
    _ kind: ForgePlace.Kind, _ exchange: Recorded, url: String = "https://forge.test/shop/app.git"
  ) throws -> any Forge {
    let place = try #require(ForgePlace(url: url, kind: kind, base: nil))
    let now = Timestamp(milliseconds: 784_111_000_000)
    return try #require(place.forge(token: "T", exchange: exchange, clock: { now }, pause: {}))
  }

  @Test(arguments: [
    ("git@github.com:shop/app.git", "github.com", "shop", "app", "https://api.github.com"),
    ("ssh://git@ssh.github.com:443/shop/app", "github.com", "shop", "app", "https://api.github.com"),
    ("https://me:x@github.com/shop/app.git", "github.com", "shop", "app", "https://api.github.com"),
    ("https://acme.ghe.com/shop/app", "acme.ghe.com", "shop", "app", "https://api.acme.ghe.com"),
    ("https://gitlab.com/a/b/c.git", "gitlab.com", "a/b", "c", "https://gitlab.com/api/v4"),
    ("https://codeberg.org/a/b", "codeberg.org", "a", "b", "https://codeberg.org/api/v1"),
  ])
  func `an address says where a repository is`(
    _ url: String, _ host: String, _ owner: String, _ name: String, _ base: String
  ) throws {
    let place = try #require(ForgePlace(url: url, kind: nil, base: nil))
    #expect((place.host, place.owner, place.name) == (host, owner, name))
    #expect(place.base == base)
  }

  @Test(arguments: [
    "/srv/git/app.git", "../app.git", "file:///srv/app.git", "https://example.org/a/b", "x:y",
  ])
  func `what is on no forge that is known is on none`(_ url: String) {
    #expect(ForgePlace(url: url, kind: nil, base: nil) == nil)
  }

  @Test func `Enterprise, and a port`() throws {
    let place = try #require(ForgePlace(url: "https://git.corp.test:8443/a/b", kind: .github, base: nil))
    #expect(place.base == "https://git.corp.test:8443/api/v3")
    #expect(place.tokenVariables.first == "GH_ENTERPRISE_TOKEN")
  }

  @Test(arguments: [
    (403, #"{"message":"x"}"#, ["retry-after": "9"], 9),
    (429, #"{"message":"x"}"#, ["retry-after": "Sun, 06 Nov 1994 08:49:37 GMT"], 777),
    (403, #"{"message":"x"}"#, ["x-ratelimit-remaining": "0", "x-ratelimit-reset": "784111060"], 60),
    (429, "", ["ratelimit-remaining": "0", "ratelimit-reset": "784111005"], 5),
    (403, #"{"message":"You have exceeded a secondary rate limit."}"#, [:], 60),
    (422, #"{"message":"Validation Failed","errors":["was submitted too quickly"]}"#, [:], 3600),
  ])
  func `says how long it is to be let alone`(
    _ status: Int, _ body: String, _ headers: [String: String], _ seconds: Int
  ) throws {
    let forge = try forge(.github, Recorded([answer(status, body, headers)]))
    let error = #expect(throws: ForgeError.self) { try forge.setBody("b", of: 1) }
    guard case .rests(let found, _)? = error else {
      Issue.record("\(String(describing: error))")
      return
    }
    #expect(found == seconds)
  }

  @Test func `no is no, and nobody knows is something else`() throws {
    func error(_ status: Int, _ body: String) throws -> ForgeError? {
      let forge = try forge(.github, Recorded([answer(status, body)]))
      return #expect(throws: ForgeError.self) { try forge.setBody("b", of: 1) }
    }
    #expect(
      try error(403, #"{"message":"Resource not accessible"}"#)
        == .refused(status: 403, "Resource not accessible"))
    #expect(try error(401, #"{"message":"Bad credentials"}"#) == .unauthorized("Bad credentials"))
    #expect(try error(502, "<html>") == .unknown("502: status 502"))
    #expect(
      try error(
        422,
        #"{"message":"Validation Failed","errors":[{"message":"A pull request already exists for a:b."}]}"#)
        == .exists)
    #expect(try error(409, #"{"message":["Another open merge request already exists"]}"#) == .exists)
  }

  @Test func `pages are followed to their end, and nowhere else`() throws {
    let one = #"[{"number":1,"state":"closed","head":{"ref":"b","repo":{"full_name":"Shop/App"}}}]"#
    let head = #"{"ref":"b","sha":"\#(String(repeating: "a", count: 40))","repo":{"full_name":"shop/app"}}"#
    let two = #"[{"number":2,"state":"open","head":\#(head)}]"#
    let next = #"<https://forge.test/api/v3/repos/shop/app/pulls?page=2>; rel="next""#
    let exchange = Recorded([answer(200, one, ["link": next]), answer(200, two)])
    let found = try forge(.github, exchange).find(branch: "b")
    #expect(found?.number == 2 && found?.state == .open)
    #expect(exchange.asked.count == 2)
    #expect(exchange.asked.allSatisfy { $0.headers.contains { $0 == ("Authorization", "Bearer T") } })
    // The token would go with it.
    let foreign = Recorded([
      answer(200, one, ["link": #"<https://evil.test/x?page=2>; rel="next""#]), answer(200, two),
    ])
    _ = try forge(.github, foreign).find(branch: "b")
    #expect(foreign.asked.count == 1)
  }

  @Test func `members that are not there are no fault`() throws {
    let exchange = Recorded([
      answer(200, #"{"number":3,"state":"open","head":{"sha":null},"mergeable":null}"#)
    ])
    let sight = try forge(.github, exchange).look(3).sight
    #expect(sight.state == "open" && sight.checks == nil && !sight.conflicts)
  }

  @Test func `of several reviews the last word of each counts`() {
    var failures: [String] = []
    let reviews = [
      ("ann", "CHANGES_REQUESTED", "rename it"), ("bob", "APPROVED", ""), ("ann", "APPROVED", ""),
      ("cid", "COMMENTED", "hm"),
    ]
    #expect(ForgePlace.review(reviews, &failures) == .approved && failures.isEmpty)
    #expect(ForgePlace.review(Array(reviews.prefix(2)), &failures) == .changes)
    #expect(failures == ["ann: rename it"])
    #expect(ForgePlace.sum([.green, .pending, .red]) == .red && ForgePlace.sum([]) == nil)
  }
}
