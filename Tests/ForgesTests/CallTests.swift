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

  @Test(arguments: [ForgePlace.Kind.github, .gitlab, .gitea])
  func `what stood still too long opens nothing`(_ kind: ForgePlace.Kind) throws {
    let now = Timestamp(milliseconds: 784_111_000_000)
    var draft = PullRequestDraft(
      branch: "b", base: "main", title: "t", body: "x", isDraft: false, notAfter: now.adding(seconds: -1))
    let exchange = Recorded([answer(201, #"{"number":1,"iid":1}"#)])
    let forge = try forge(kind, exchange)
    #expect(throws: ForgeError.late) { _ = try forge.create(draft) }
    #expect(exchange.asked.isEmpty)
    draft.notAfter = now
    _ = try? forge.create(draft)
    #expect(exchange.asked.count == 1)
  }

  @Test func `a host that nobody has named is asked, without a token`() throws {
    let url = "ssh://git@code.corp.test:2222/a/b.git"
    let gitea = Recorded([answer(200, #"{"version":"1.24.0"}"#)])
    #expect(ForgePlace(url: url, asking: gitea)?.base == "https://code.corp.test/api/v1")
    #expect(gitea.asked.allSatisfy { $0.headers.map(\.name) == ["Accept"] })
    let gitlab = Recorded([
      answer(404, "<html>"), answer(401, #"{"message":"401 Unauthorized"}"#, ["x-gitlab-meta": "{}"]),
    ])
    #expect(ForgePlace(url: url, asking: gitlab)?.kind == .gitlab)
    let github = Recorded([
      answer(404, ""), answer(404, ""), answer(401, "{}", ["x-github-request-id": "A:B"]),
    ])
    #expect(ForgePlace(url: url, asking: github)?.kind == .github)
    let other = Recorded((0..<3).map { _ in answer(200, "<html>welcome</html>") })
    #expect(ForgePlace(url: url, asking: other) == nil)
    #expect(ForgePlace(url: "../b", asking: Recorded([])) == nil)
  }

  @Test func `only what goes by ssh may have an alias for a host`() {
    #expect(ForgePlace.sshHost("desk:shop/app.git") == "desk")
    #expect(ForgePlace.sshHost("ssh://git@desk:22/shop/app") == "desk")
    #expect(ForgePlace.sshHost("https://desk/shop/app") == nil && ForgePlace.sshHost("../app") == nil)
    // To ssh other letters are another name; to the forge they are not.
    #expect(ForgePlace.sshHost("me@MyDesk:shop/app") == "MyDesk")
    #expect(ForgePlace.sshHost("ssh://MyDesk:22/shop/app") == "MyDesk")
    #expect(ForgePlace.sshHost("ssh://git@[::1]:22/shop/app") == "[::1]")
    #expect(ForgePlace(url: "git@GitHub.com:shop/app", kind: nil, base: nil)?.host == "github.com")
  }

  @Test func `a .netrc names machines, and only the one that is meant has a password`() {
    let text = """
      # mine
      machine git.corp.test login me password s3cret
      machine other.test
        login "a b" password "with \\"quotes\\" # in it"
      macdef init
      machine evil.test password no

      machine last.test password end
      default login x password fallback
      """
    let file = NetRC(Array(text.utf8))
    #expect(file.password(of: "GIT.corp.test") == "s3cret")
    #expect(file.password(of: "other.test") == "with \"quotes\" # in it")
    #expect(file.password(of: "last.test") == "end")
    #expect(file.password(of: "evil.test") == nil && file.password(of: "nobody.test") == nil)
  }

  @Test func `a letter says what the pull request would`() {
    let draft = "From: me\nSubject: [PATCH 0/2] *** SUBJECT HERE ***\n\n*** BLURB HERE ***\n\nme (1):\n"
    #expect(
      MailText.letter(draft, title: "mig: One", body: "All of it.")
        == "From: me\nSubject: [PATCH 0/2] mig: One\n\nAll of it.\n\nme (1):\n")
    let other = MailText.letter(draft, title: "Größe", body: "…")
    #expect(other.contains("Subject: [PATCH 0/2] =?UTF-8?Q?Gr=C3=B6=C3=9Fe?=\nMIME-Version: 1.0\n"))
    #expect(MailText.isAddress("docs@example.org"))
    #expect(!MailText.isAddress("@docs") && !MailText.isAddress("a b@c") && !MailText.isAddress("x@y, z@w"))
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
    let error = #expect(throws: ForgeError.self) { try forge.setText(title: nil, body: "b", of: 1) }
    guard case .rests(let found, _)? = error else {
      Issue.record("\(String(describing: error))")
      return
    }
    #expect(found == seconds)
  }

  @Test func `no is no, and nobody knows is something else`() throws {
    func error(_ status: Int, _ body: String) throws -> ForgeError? {
      let forge = try forge(.github, Recorded([answer(status, body)]))
      return #expect(throws: ForgeError.self) { try forge.setText(title: nil, body: "b", of: 1) }
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

  @Test func `a log lies elsewhere, and the token does not go there`() throws {
    let job = #"{"jobs":[{"id":9,"name":"unit","conclusion":"failure"},{"id":8,"conclusion":"success"}]}"#
    let exchange = Recorded([
      answer(200, #"{"workflow_runs":[{"id":5,"conclusion":"failure"}]}"#), answer(200, job),
      answer(302, "", ["location": "https://files.test/x?sig=1"]),
      answer(307, "", ["location": "https://forge.test/back"]), answer(200, "one\ntwo\n"),
      answer(200, #"{"check_runs":[]}"#),
    ])
    let logs = try forge(.github, exchange).failedLogs(of: 1, at: .zero)
    #expect(logs == [FailedLog(job: "unit", text: Array("one\ntwo\n".utf8))])
    let asked = exchange.asked.map { ($0.url.split(separator: "/")[1], $0.headers.isEmpty) }
    #expect(asked[2] == ("forge.test", false) && asked[3] == ("files.test", true))
    #expect(asked[4] == ("forge.test", true), "nor does it come back")
    #expect(exchange.asked[2].lastBytes == FailedLog.longest)
  }

  @Test(arguments: [
    ("https://evil.test/x", 302), ("http://forge.test/x", 307), ("https://forge.test/x", 302),
    ("//evil.test/x", 307), ("https://forge.test@evil.test/x", 307),
    ("https://forge.test\\@evil.test/x", 307),
  ])
  func `what writes is sent on nowhere else, and by no other method`(_ target: String, _ status: Int) throws {
    let exchange = Recorded([answer(status, "", ["location": target]), answer(200, "{}")])
    let forge = try forge(.github, exchange)
    #expect(throws: ForgeError.self) { try forge.setText(title: nil, body: "b", of: 1) }
    #expect(exchange.asked.count == 1)
  }

  @Test(arguments: [
    #"https://forge.test\@evil.test/x"#, #"https://forge.test\.evil.test/x"#,
    "https://forge.test@evil.test/x",
    "https://forge.test\t@evil.test/x", "https://forge.test\n.evil.test/x", "https://forge.te\u{212A}t/x",
    "https://forge.test evil.test/x", "https:///x",
  ])
  func `an address that can be read in two ways is no place to go to`(_ url: String) throws {
    #expect(ForgeCaller.origin(url) == nil)
    let exchange = Recorded([answer(302, "", ["location": url]), answer(200, "{}")])
    let forge = try forge(.github, exchange)
    #expect(throws: ForgeError.self) { try forge.look(1) }
    #expect(exchange.asked.count == 1)
    #expect(
      ForgePlace(url: url.replacing("/x", with: "/shop/app"), kind: .github, base: nil)?.host != "forge.test")
  }

  @Test(arguments: [
    "https://gitlab.x\nhost=github.com/a/b", "https://github.com/a/../../user/b", "https://github.com/a/b?c",
  ])
  func `a name that would lead a call elsewhere is none`(_ url: String) {
    #expect(ForgePlace(url: url, kind: .github, base: nil) == nil)
  }

  @Test func `a repository that was renamed is found at its new address`() throws {
    let exchange = Recorded([
      answer(301, "", ["location": "/api/v3/repositories/7/pulls/1"]),
      answer(200, #"{"number":1,"state":"closed"}"#),
    ])
    #expect(try forge(.github, exchange).look(1).sight.state == "closed")
    #expect(exchange.asked.last?.url == "https://forge.test/api/v3/repositories/7/pulls/1")
    #expect(exchange.asked.last?.headers.isEmpty == false)
  }

  @Test func `GitHub makes a draft ready in its other interface`() throws {
    let exchange = Recorded([
      answer(200, #"{"number":1,"draft":true,"node_id":"PR_x","state":"open"}"#),
      answer(200, #"{"data":{"markPullRequestReadyForReview":{"pullRequest":{"isDraft":false}}}}"#),
      answer(200, #"{"number":1,"draft":false,"state":"open"}"#),
      answer(200, #"{"number":1,"draft":true,"node_id":"PR_x","state":"open"}"#),
      answer(200, #"{"data":null,"errors":[{"type":"FORBIDDEN","message":"Resource not accessible"}]}"#),
    ])
    let forge = try forge(.github, exchange)
    try forge.makeReady(1)
    #expect(exchange.asked[1].url == "https://forge.test/api/graphql")
    let body = try #require(StreamValue.parse(exchange.asked[1].body ?? []))
    #expect(body["variables"]?["id"]?.text == "PR_x")
    try forge.makeReady(1)
    #expect(exchange.asked.count == 3, "it is none")
    let error = #expect(throws: ForgeError.self) { try forge.makeReady(1) }
    #expect(error == .refused(status: 200, "Resource not accessible"))
  }

  @Test(arguments: [
    (ForgePlace.Kind.gitlab, "Draft: [draft] Move the log", "PUT"),
    (.gitea, "[wip]WIP: Move the log", "PATCH"),
  ])
  func `GitLab and Gitea mark a draft by its title`(
    _ kind: ForgePlace.Kind, _ title: String, _ method: String
  ) throws {
    let exchange = Recorded([answer(200, #"{"title":"\#(title)"}"#), answer(200, "{}")])
    try forge(kind, exchange).makeReady(1)
    #expect(exchange.asked[1].method == method)
    let body = try #require(StreamValue.parse(exchange.asked[1].body ?? []))
    #expect(body["title"]?.text == "Move the log")
    let ready = Recorded([answer(200, #"{"title":"Drafting: WIPs"}"#)])
    try forge(kind, ready).makeReady(1)
    #expect(ready.asked.count == 1)
  }

  @Test func `what is too much for an hour waits, before a forge says so`() throws {
    let exchange = Recorded((0..<500).map { _ in answer(200, "{}") })
    let forge = try forge(.github, exchange)
    let error = #expect(throws: ForgeError.self) {
      for _ in 0..<500 { try forge.setText(title: nil, body: "b", of: 1) }
    }
    #expect(exchange.asked.count == 450)
    #expect(error == .rests(seconds: 3600, reason: "450 calls in an hour are enough"))
  }

  @Test func `a log is what programs printed`() {
    let text =
      "\u{FEFF}2026-11-30T08:00:00.1234567Z ##[group]Run make\n"
      + "2026-11-30T08:00:00Z \u{1B}[1;31mFAILED\u{1B}[0m a.py\r\n"
      + "2026-11-30T08:00:00.1Z ##[error]Process completed with exit code 1.\n"
      + "2026-11-30T08:00:00.123456Z 00O section_start:1700000000:step\r\u{1B}[0K$ make\n"
      + "2026-11-30T08:00:00.123456Z 01E+ tail\nsection_end:1700000000:step\n"
      + "##[endgroup]\n10%\r100%\n2026-11-30 is a day\n"
    let plain = String(decoding: FailedLog(job: "x", text: Array(text.utf8)).plainText, as: UTF8.self)
    #expect(
      plain == "Run make\nFAILED a.py\nProcess completed with exit code 1.\n$ make\n tail\n100%\n"
        + "2026-11-30 is a day\n")
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
