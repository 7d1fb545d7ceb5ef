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

  /// Where the repository is; `nil` when it is on no forge that is known.
  package func place(url: String) throws(CommandError) -> ForgePlace? {
    var kind: ForgePlace.Kind?
    if let word = setting("forge") {
      guard let known = ForgePlace.Kind(rawValue: word) else {
        throw CommandError("'migrate.forge' is '\(word)', not github, gitlab, gitea or none")
      }
      kind = known
    }
    if kind == ForgePlace.Kind.none { return nil }
    var base = setting("forgeurl")
    while base?.hasSuffix("/") == true { base?.removeLast() }
    if let repository = setting("forgerepository") {
      guard let kind, let base else {
        throw CommandError("'migrate.forgeRepository' wants 'migrate.forge' and 'migrate.forgeUrl' beside it")
      }
      return ForgePlace(url: "https://\(ForgeAccess.host(base))/\(repository)", kind: kind, base: base)
    }
    return ForgePlace(url: url, kind: kind, base: base)
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

  /// The token. Throws when there is none, and says where it was looked for.
  package func token(_ place: ForgePlace) throws(CommandError) -> String {
    if let command = setting("forgetokencommand"), let token = try output("sh", ["-c", command]) {
      return token
    }
    // Of another host nobody said that these are for it, but the user by its address.
    if ForgeAccess.isPublic(place.host) || setting("forgeurl") != nil || place.kind == .github {
      for name in place.tokenVariables {
        if let token = site.environment[name], !token.isEmpty { return token }
      }
    }
    if place.kind == .github, let token = try output("gh", ["auth", "token", "--hostname", place.host]) {
      return token
    }
    if let token = try credential(place.host) { return token }
    let names = place.tokenVariables.joined(separator: ", ")
    throw CommandError(
      "there is no token for '\(place.host)'",
      hint:
        "set \(names.isEmpty ? "migrate.forgeTokenCommand" : names), or log in with git's credential helper")
  }

  private static func isPublic(_ host: String) -> Bool {
    ["github.com", "gitlab.com", "codeberg.org"].contains(host) || host.hasSuffix(".ghe.com")
  }

  private func output(_ program: String, _ arguments: [String]) throws(CommandError) -> String? {
    var command = Command(program, arguments, environment: site.environment, directory: "/")
    command.timeoutSeconds = 30
    guard let outcome = try? command.run(outputLimit: 64 << 10), outcome.status.isSuccess else { return nil }
    let line = outcome.text.split(whereSeparator: \.isNewline).first.map(String.init) ?? ""
    return line.isEmpty ? nil : line
  }

  /// What git's credential helpers know of a host.
  private func credential(_ host: String) throws(CommandError) -> String? {
    var environment = site.environment
    (environment["GIT_TERMINAL_PROMPT"], environment["GIT_ASKPASS"]) = ("0", "")
    environment["SSH_ASKPASS"] = ""
    // Not in the repository: its helpers are nobody's that the user named.
    var command = Command("git", ["credential", "fill"], environment: environment, directory: "/")
    command.input = Array("protocol=https\nhost=\(host)\n\n".utf8)
    command.timeoutSeconds = 30
    guard let outcome = try? command.run(outputLimit: 64 << 10), outcome.status.isSuccess else { return nil }
    for line in outcome.text.split(separator: "\n") where line.hasPrefix("password=") {
      return String(line.dropFirst("password=".count))
    }
    return nil
  }
}
