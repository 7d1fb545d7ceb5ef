import Forges
import Git
import Migration
import Site
import Supervision
import System

/// Which forge a repository is on, and the token that opens it. Tokens are taken from where the user keeps
/// them, held in memory, and go to that host alone. What was found out once is not asked for again: many
/// repositories of a fleet are at one host.
package final class ForgeAccess {
  private let site: Site
  private let exchange: any HTTPExchange
  private var settings: [String: String?] = [:]
  private var aliases: [String: String?] = [:]
  private var kinds: [String: ForgePlace.Kind?] = [:]
  private var tokens: [String: Result<Token, CommandError>] = [:]

  /// Looks for a site's forges; hosts that nobody has named are asked by `exchange` what they are.
  package init(_ site: Site, _ exchange: any HTTPExchange) { (self.site, self.exchange) = (site, exchange) }

  /// What is known of a thing, or is found out now.
  private func once<Value>(
    _ known: ReferenceWritableKeyPath<ForgeAccess, [String: Value]>, _ name: String, _ find: () -> Value
  ) -> Value {
    if let value = self[keyPath: known][name] { return value }
    let value = find()
    self[keyPath: known][name] = value
    return value
  }

  /// A setting of the user's: what the repository's own configuration says counts for nothing, because a
  /// worker can write it, and it decides where a token goes.
  private func setting(_ name: String) -> String? {
    once(\.settings, name) { GitProgram.userSetting("migrate.\(name)", environment: site.environment) }
  }

  /// What software the user says that it is; `nil` where they say nothing.
  private func kind() throws(CommandError) -> ForgePlace.Kind? {
    guard let word = setting("forge") else { return nil }
    guard let known = ForgePlace.Kind(rawValue: word) else {
      throw CommandError("'migrate.forge' is '\(word)', not github, gitlab, gitea or none")
    }
    return known
  }

  /// The address of the interface that the user names, and the host that it is at.
  private func own() throws(CommandError) -> (base: String, host: String)? {
    guard var base = setting("forgeurl") else { return nil }
    while base.hasSuffix("/") { base.removeLast() }
    guard let host = ForgePlace.host(ofBase: base) else {
      throw CommandError(
        "'migrate.forgeUrl' is no address of an interface", hint: "it is one such as https://host/api/v4")
    }
    return (base, host)
  }

  /// The host of the user's own forge or, where there is none, the one that the home repository is at.
  package func homeHost() throws(CommandError) -> String? {
    if let own = try own() { return own.host }
    let name = try reporting { try site.repository.config("migrate.remote") } ?? "origin"
    let url = try reporting { try site.repository.config("remote.\(name).url") } ?? name
    return ForgePlace.parts(resolved(url))?.host.lowercased()
  }

  /// Where the repository is; `nil` when it is on no forge that is known. A host that nobody has named is
  /// asked what it is, without a token. Of one of many repositories the user's words are meant where it is at
  /// the host that they name: the others may be anywhere.
  package func place(url: String, isOneOfMany: Bool = false) throws(CommandError) -> ForgePlace? {
    var (kind, own) = (try kind(), try own())
    if kind == ForgePlace.Kind.none { return nil }
    if !isOneOfMany, let repository = setting("forgerepository") {
      guard let kind, let own else {
        throw CommandError("'migrate.forgeRepository' wants 'migrate.forge' and 'migrate.forgeUrl' beside it")
      }
      return ForgePlace(url: "https://\(own.host)/\(repository)", kind: kind, base: own.base)
    }
    let url = resolved(url)
    if isOneOfMany {
      let host = ForgePlace.parts(url)?.host.lowercased()
      if own == nil || host.map({ ForgePlace.isSame($0, own?.host ?? "") }) != true {
        (kind, own) = (nil, nil)
      }
    }
    if let place = ForgePlace(url: url, kind: kind, base: own?.base) { return place }
    guard kind == nil, let host = ForgePlace.parts(url)?.host.lowercased() else { return nil }
    let found = once(\.kinds, host) { ForgePlace.kind(of: host, asking: exchange) }
    return found.flatMap { ForgePlace(url: url, kind: $0, base: own?.base) }
  }

  /// An address of ssh with the host that an alias of the user's stands for.
  private func resolved(_ url: String) -> String {
    guard let alias = ForgePlace.sshHost(url), ForgePlace.kind(of: alias) == nil, !alias.hasPrefix("-"),
      let path = ForgePlace.parts(url)?.path
    else { return url }
    let host = once(\.aliases, alias) {
      let lines = output("ssh", ["-G", "--", alias])?.split(whereSeparator: \.isNewline) ?? []
      return lines.first { $0.hasPrefix("hostname ") }.map { String($0.dropFirst("hostname ".count)) }
    }
    guard let host, host.lowercased() != alias.lowercased() else { return url }
    return "ssh://\(host)/\(path)"
  }

  /// How long to wait between two calls that write, in milliseconds.
  package var pauseMilliseconds: Int { setting("forgepause").flatMap { Int($0) } ?? 1000 }

  /// A file of certificate authorities, where git has one of its own.
  package static func certificates(_ site: Site) -> String? {
    site.environment["GIT_SSL_CAINFO"]
      ?? GitProgram.userSetting("http.sslcainfo", environment: site.environment)
  }

  /// A token, and how git's credential helpers describe it, where they gave it.
  package struct Token: Sendable {
    /// The token.
    package var value: String
    /// What the helpers said of it.
    var credential: String?
  }

  /// The token. Throws when there is none, and says where it was looked for.
  ///
  /// Where a token comes from that is said to be a host's, the host is asked for that the calls go to.
  package func token(_ place: ForgePlace) throws(CommandError) -> Token {
    let found = once(\.tokens, "\(place.kind) \(place.base)") {
      Result { () throws(CommandError) in try find(place) }
    }
    return try found.get()
  }

  private func find(_ place: ForgePlace) throws(CommandError) -> Token {
    let own = try own()
    // These say not whose they are. The address of the remote, which a worker can write, does not say it.
    let isOwn = own.map { place.tokenHost == $0.host } ?? false
    let kind = try kind() ?? place.kind
    if isOwn || (own == nil && place.isPublic && kind == place.kind),
      let command = setting("forgetokencommand"), let token = line("sh", ["-c", command])
    {
      return Token(value: token)
    }
    if isOwn || place.isPublic {
      for name in place.tokenVariables {
        if let token = site.environment[name], !token.isEmpty { return Token(value: token) }
      }
    }
    let host = place.tokenHost
    switch place.kind {
    case .github:
      if let token = line("gh", ["auth", "token", "--hostname", host], isOfHost: true) {
        return Token(value: token)
      }
    case .gitlab:
      if let token = line("glab", ["config", "get", "token", "--host", host], isOfHost: true) {
        return Token(value: token)
      }
    case .gitea, .none: break
    }
    if let token = credential(of: host, isOpen: place.base.hasPrefix("http:")) { return token }
    if let home = site.environment["HOME"], let text = try? Files.readFile("\(home)/.netrc", limit: 1 << 20),
      let token = NetRC(text).password(of: ForgePlace.name(of: host))
    {
      return Token(value: token)
    }
    let names = (["migrate.forgeTokenCommand"] + place.tokenVariables).joined(separator: ", ")
    let needed =
      isOwn || place.isPublic ? "" : "migrate.forgeUrl, without which these are not meant for it, and "
    throw CommandError(
      "there is no token for '\(host)'",
      hint: "set \(needed)one of \(names), or log in with git's credential helper")
  }

  /// Tells git's credential helpers that a forge does not take what they gave, as git does.
  package func forget(_ token: Token) {
    guard let credential = token.credential else { return }
    _ = try? helper("reject", credential).run(outputLimit: 64 << 10)
  }

  /// What `gh` and `glab` would take for the token of any host whatever.
  private static let anyHost = [
    "GH_TOKEN", "GITHUB_TOKEN", "GH_ENTERPRISE_TOKEN", "GITHUB_ENTERPRISE_TOKEN", "GITLAB_TOKEN",
    "GITLAB_ACCESS_TOKEN", "OAUTH_TOKEN",
  ]

  private func output(_ program: String, _ arguments: [String], isOfHost: Bool = false) -> String? {
    var environment = ChildEnvironment.outsideOfRepository(site.environment)
    if isOfHost { for name in Self.anyHost { environment[name] = nil } }
    var command = Command(program, arguments, environment: environment, directory: "/")
    command.timeoutSeconds = 30
    guard let outcome = try? command.run(outputLimit: 64 << 10), outcome.status.isSuccess else { return nil }
    return outcome.text
  }

  private func line(_ program: String, _ arguments: [String], isOfHost: Bool = false) -> String? {
    let line =
      output(program, arguments, isOfHost: isOfHost)?.split(whereSeparator: \.isNewline).first.map(
        String.init) ?? ""
    return line.isEmpty ? nil : line
  }

  private func helper(_ word: String, _ input: String) -> Command {
    // Not in the repository: its helpers are nobody's that the user named.
    var environment = ChildEnvironment.outsideOfRepository(site.environment)
    (environment["GIT_TERMINAL_PROMPT"], environment["GIT_ASKPASS"]) = ("0", "")
    environment["SSH_ASKPASS"] = ""
    var command = Command("git", ["credential", word], environment: environment, directory: "/")
    command.input = Array(input.utf8)
    command.timeoutSeconds = 30
    return command
  }

  /// What git's credential helpers know of a host; what is for HTTPS is not for an interface in the open.
  private func credential(of host: String, isOpen: Bool) -> Token? {
    let command = helper("fill", "protocol=\(isOpen ? "http" : "https")\nhost=\(host)\n\n")
    guard let outcome = try? command.run(outputLimit: 64 << 10), outcome.status.isSuccess else { return nil }
    for line in outcome.text.split(separator: "\n") where line.hasPrefix("password=") {
      return Token(value: String(line.dropFirst("password=".count)), credential: outcome.text + "\n")
    }
    return nil
  }
}
