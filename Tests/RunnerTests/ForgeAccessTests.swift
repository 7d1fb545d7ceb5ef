import Forges
import Runner
import Site
import Support
import System
import Testing

/// Where a token goes: not where only the address of a remote says, which a worker can write.
@Suite("The token of a forge") struct ForgeAccessTests {
  /// Hosts that say nothing of themselves but what a test says; how often each was asked is kept.
  private final class Hosts: HTTPExchange {
    var asked: [String] = []
    var isGitea = false

    func send(_ request: HTTPRequest) throws(HTTPFailure) -> HTTPAnswer {
      asked.append(request.url)
      guard isGitea else { return HTTPAnswer(status: 404) }
      return HTTPAnswer(status: 200, body: Array(#"{"version":"1.24.0"}"#.utf8))
    }
  }

  private let repository: TestRepository

  init() throws { repository = try TestRepository() }

  private static let tokens = [
    "GH_TOKEN": "public", "GH_ENTERPRISE_TOKEN": "enterprise", "GITLAB_TOKEN": "lab",
  ]

  private func access(
    _ settings: [(String, String)], _ hosts: Hosts, tokens: [String: String] = ForgeAccessTests.tokens
  ) throws -> ForgeAccess {
    var environment = repository.environment.merging(tokens) { $1 }
    environment["GIT_CONFIG_COUNT"] = "\(settings.count)"
    for (index, setting) in settings.enumerated() {
      environment["GIT_CONFIG_KEY_\(index)"] = "migrate.\(setting.0)"
      environment["GIT_CONFIG_VALUE_\(index)"] = setting.1
    }
    let netrc = "machine gitlab.com login me password ofGitLab\nmachine git.corp.test login me password own\n"
    try Files.writeAtomically((environment["HOME"] ?? "") + "/.netrc", Array(netrc.utf8))
    return ForgeAccess(
      try Site(directory: repository.path, environment: environment), hosts)
  }

  private static let own = [("forge", "gitlab"), ("forgeUrl", "https://git.corp.test/api/v4/")]

  @Test(arguments: [
    // Only the remote names the host.
    ([("forge", "github")], "https://evil.test/a/b", nil),
    ([("forge", "gitlab"), ("forgeTokenCommand", "echo made")], "https://evil.test/a/b", nil),
    ([("forgeTokenCommand", "echo made")], "https://gitlab.evil.test/a/b", nil),
    ([], "https://gitlab.evil.test/a/b", nil),
    // One forge's is not for another.
    ([("forge", "github")], "https://gitlab.com/a/b", nil),
    ([("forge", "gitlab"), ("forgeTokenCommand", "echo made")], "https://github.com/a/b", nil),
    // Where the forge's makers, or the user, say that it is.
    ([], "git@github.com:a/b.git", "public"), ([], "https://gitlab.com/a/b", "lab"),
    ([("forgeTokenCommand", "echo made")], "https://gitlab.com/a/b", "made"),
    (own, "https://git.corp.test/a/b", "lab"), (own, "git@anything.test:a/b", "lab"),
    (own + [("forgeTokenCommand", "echo made")], "https://git.corp.test/a/b", "made"),
    ([("forge", "github"), ("forgeUrl", "https://api.github.com")], "https://github.com/a/b", "public"),
    (
      [("forge", "github"), ("forgeUrl", "https://git.corp.test/api/v3")], "https://github.com/a/b",
      "enterprise"
    ),
  ])
  func `goes to the public host, or to that of the user's own address`(
    _ settings: [(String, String)], _ url: String, _ expected: String?
  ) throws {
    let access = try access(settings, Hosts())
    let place = try #require(try access.place(url: url))
    let found: String?
    do { found = try access.token(place).value } catch { found = nil }
    // A password of the host's own is for it.
    #expect(found == expected || (expected == nil && found == "ofGitLab" && place.tokenHost == "gitlab.com"))
  }

  @Test func `a password of one host is not for the interface of another`() throws {
    let access = try access(Self.own, Hosts(), tokens: [:])
    let alone = try #require(try access.place(url: "https://gitlab.com/a/b"))
    #expect(alone.base == "https://git.corp.test/api/v4")
    #expect(try access.token(alone).value == "own")
  }

  @Test func `of many repositories the user's address is meant where it is at that host`() throws {
    let hosts = Hosts()
    let access = try access(Self.own, hosts, tokens: [:])
    let elsewhere = try #require(try access.place(url: "https://gitlab.com/a/b", isOneOfMany: true))
    #expect(elsewhere.base == "https://gitlab.com/api/v4")
    #expect(try access.token(elsewhere).value == "ofGitLab")
    let here = try #require(try access.place(url: "ssh://git@git.corp.test:2222/a/b", isOneOfMany: true))
    #expect(here.base == "https://git.corp.test/api/v4")
    #expect(try access.token(here).value == "own")
    #expect(hosts.asked.isEmpty)
  }

  @Test func `a host is asked once what it is, however many repositories are there`() throws {
    let hosts = Hosts()
    hosts.isGitea = true
    let access = try access(Self.own, hosts)
    for name in ["a", "b", "c"] {
      let place = try #require(try access.place(url: "https://code.test/shop/\(name)", isOneOfMany: true))
      #expect(place.kind == .gitea && place.name == name)
      let error = #expect(throws: CommandError.self) { try access.token(place) }
      #expect(error?.hint?.contains("migrate.forgeUrl") == true)
    }
    #expect(hosts.asked.count == 1)
  }

  @Test(arguments: ["git.corp.test", "https://me:secret@git.corp.test/api/v4", "https://a\\@b/api"])
  func `what is no address of an interface is said`(_ base: String) throws {
    let access = try access([("forge", "gitlab"), ("forgeUrl", base)], Hosts())
    let error = #expect(throws: CommandError.self) { try access.place(url: "https://gitlab.com/a/b") }
    #expect(error?.message == "'migrate.forgeUrl' is no address of an interface")
  }
}
