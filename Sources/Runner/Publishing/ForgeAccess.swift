import Forges
import Git
import Migration
import Site
import Supervision
import System

/// Which forge a repository is on, and the token that opens it. Tokens are taken from where the user keeps
/// them, held in memory, and go to that host alone.
package struct ForgeAccess {
  private let site: Site

  /// Looks for a site's forge.
  package init(_ site: Site) { self.site = site }

  /// A setting of the user's: what the repository's own configuration says counts for nothing, because a
  /// worker can write it, and it decides where a token goes.
  private func setting(_ name: String) -> String? {
    GitProgram.userSetting("migrate.\(name)", environment: site.environment)
  }

  /// What software the user says that it is; `nil` where they say nothing.
  private func kind() throws(CommandError) -> ForgePlace.Kind? {
    guard let word = setting("forge") else { return nil }
    guard let known = ForgePlace.Kind(rawValue: word) else {
      throw CommandError("'migrate.forge' is '\(word)', not github, gitlab, gitea or none")
    }
    return known
  }

  /// Where the repository is; `nil` when it is on no forge that is known. A host that nobody has named is
  /// asked by `exchange` what it is, without a token. What the user says of the name of one repository is not
  /// meant for each of many.
  package func place(
    url: String, asking exchange: (any HTTPExchange)?, isOneOfMany: Bool = false
  ) throws(CommandError) -> ForgePlace? {
    let kind = try kind()
    if kind == ForgePlace.Kind.none { return nil }
    var base = setting("forgeurl")
    while base?.hasSuffix("/") == true { base?.removeLast() }
    if !isOneOfMany, let repository = setting("forgerepository") {
      guard let kind, let base else {
        throw CommandError("'migrate.forgeRepository' wants 'migrate.forge' and 'migrate.forgeUrl' beside it")
      }
      return ForgePlace(url: "https://\(ForgeAccess.host(base))/\(repository)", kind: kind, base: base)
    }
    let url = resolved(url)
    if let place = ForgePlace(url: url, kind: kind, base: base) { return place }
    guard kind == nil, let exchange else { return nil }
    return ForgePlace(url: url, asking: exchange)
  }

  /// An address of ssh with the host that an alias of the user's stands for.
  private func resolved(_ url: String) -> String {
    guard let alias = ForgePlace.sshHost(url), ForgePlace.kind(of: alias) == nil, !alias.hasPrefix("-"),
      let text = output("ssh", ["-G", "--", alias])
    else { return url }
    for line in text.split(whereSeparator: \.isNewline) where line.hasPrefix("hostname ") {
      let host = line.dropFirst("hostname ".count)
      return host == alias ? url : "ssh://\(host)/\(ForgePlace.parts(url)?.path ?? "")"
    }
    return url
  }

  private static func host(_ base: String) -> String {
    let rest = base.split(separator: "/", maxSplits: 2).dropFirst().first
    return String(rest ?? "forge")
  }

  /// How long to wait between two calls that write, in milliseconds.
  package var pauseMilliseconds: Int { setting("forgepause").flatMap { Int($0) } ?? 1000 }

  /// A file of certificate authorities, where git has one of its own.
  package var certificates: String? {
    site.environment["GIT_SSL_CAINFO"]
      ?? GitProgram.userSetting("http.sslcainfo", environment: site.environment)
  }

  /// A token, and how git's credential helpers describe it, where they gave it.
  package struct Token {
    /// The token.
    package var value: String
    /// What the helpers said of it.
    var credential: String?
  }

  /// The token. Throws when there is none, and says where it was looked for.
  package func token(_ place: ForgePlace) throws(CommandError) -> Token {
    if let command = setting("forgetokencommand"), let token = line("sh", ["-c", command]) {
      return Token(value: token)
    }
    // Of another host nobody said that these are for it, but the user by its address.
    if ForgeAccess.isPublic(place.host) || setting("forgeurl") != nil || setting("forge") == "github" {
      for name in place.tokenVariables {
        if let token = site.environment[name], !token.isEmpty { return Token(value: token) }
      }
    }
    let name = String(place.host.prefix { $0 != ":" })
    switch place.kind {
    case .github:
      if let token = line("gh", ["auth", "token", "--hostname", place.host], isOfHost: true) {
        return Token(value: token)
      }
    case .gitlab:
      if let token = line("glab", ["config", "get", "token", "--host", place.host], isOfHost: true) {
        return Token(value: token)
      }
    case .gitea, .none: break
    }
    if let token = credential(place.host) { return token }
    if let home = site.environment["HOME"], let text = try? Files.readFile("\(home)/.netrc", limit: 1 << 20),
      let token = NetRC(text).password(of: name)
    {
      return Token(value: token)
    }
    let names = place.tokenVariables.joined(separator: ", ")
    throw CommandError(
      "there is no token for '\(place.host)'",
      hint:
        "set \(names.isEmpty ? "migrate.forgeTokenCommand" : names), or log in with git's credential helper")
  }

  /// Tells git's credential helpers that a forge does not take what they gave, as git does.
  package func forget(_ token: Token) {
    guard let credential = token.credential else { return }
    _ = try? helper("reject", credential).run(outputLimit: 64 << 10)
  }

  private static func isPublic(_ host: String) -> Bool {
    ["github.com", "gitlab.com", "codeberg.org"].contains(host) || host.hasSuffix(".ghe.com")
  }

  /// What `gh` and `glab` would take for the token of any host whatever.
  private static let anyHost = [
    "GH_TOKEN", "GITHUB_TOKEN", "GH_ENTERPRISE_TOKEN", "GITHUB_ENTERPRISE_TOKEN", "GITLAB_TOKEN",
    "GITLAB_ACCESS_TOKEN", "OAUTH_TOKEN",
  ]

  private func output(_ program: String, _ arguments: [String], isOfHost: Bool = false) -> String? {
    var environment = site.environment
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
    var environment = site.environment
    (environment["GIT_TERMINAL_PROMPT"], environment["GIT_ASKPASS"]) = ("0", "")
    environment["SSH_ASKPASS"] = ""
    // Not in the repository: its helpers are nobody's that the user named.
    var command = Command("git", ["credential", word], environment: environment, directory: "/")
    command.input = Array(input.utf8)
    command.timeoutSeconds = 30
    return command
  }

  /// What git's credential helpers know of a host.
  private func credential(_ host: String) -> Token? {
    let command = helper("fill", "protocol=https\nhost=\(host)\n\n")
    guard let outcome = try? command.run(outputLimit: 64 << 10), outcome.status.isSuccess else { return nil }
    for line in outcome.text.split(separator: "\n") where line.hasPrefix("password=") {
      return Token(value: String(line.dropFirst("password=".count)), credential: outcome.text + "\n")
    }
    return nil
  }
}
