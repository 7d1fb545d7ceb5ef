import CanonicalJSON
import Migration

/// Where a repository is on a forge.
public struct ForgePlace: Equatable, Sendable {
  /// What software it is.
  public enum Kind: String, CaseIterable, Sendable { case github, gitlab, gitea, none }

  /// The software.
  public var kind: Kind
  /// The host, with its port when it has one of its own.
  public var host: String
  /// Who owns the repository: of GitLab all groups above it.
  public var owner: String
  /// The repository's name.
  public var name: String
  /// The address below which the calls are.
  public var base: String

  /// A repository that a remote's address names; `nil` when it names none on a forge. `kind` and `base` are
  /// what the user's settings say, where they say something.
  public init?(url: String, kind: Kind?, base: String?) {
    guard let (written, path) = ForgePlace.parts(url) else { return nil }
    let host = written.lowercased()
    var names = path.split(separator: "/").map(String.init)
    guard names.count >= 2, names.allSatisfy(ForgePlace.isName), let last = names.popLast() else {
      return nil
    }
    name = last.hasSuffix(".git") ? String(last.dropLast(4)) : last
    owner = names.joined(separator: "/")
    // The same by another door.
    self.host = host == "ssh.github.com" ? "github.com" : host
    guard let kind = kind ?? ForgePlace.kind(of: self.host) else { return nil }
    self.kind = kind
    self.base = base ?? ForgePlace.base(kind, self.host)
  }

  /// The host of an address that git goes to by ssh, as it is written; `nil` for any other.
  public static func sshHost(_ url: String) -> String? {
    let isOther =
      url.contains("://") && !(url.lowercased().hasPrefix("ssh://") || url.hasPrefix("git+ssh://"))
    return isOther ? nil : parts(url)?.host
  }

  /// A repository at a host that nobody has named, asked what it is; `nil` where it does not say.
  public init?(url: String, asking exchange: any HTTPExchange) {
    guard let (host, _) = ForgePlace.parts(url), let kind = ForgePlace.kind(of: host, asking: exchange) else {
      return nil
    }
    self.init(url: url, kind: kind, base: nil)
  }

  /// What software a host says that it has; `nil` where it does not say. No token goes there.
  public static func kind(of host: String, asking exchange: any HTTPExchange) -> Kind? {
    for (kind, path) in [
      (Kind.gitea, "/api/v1/version"), (.gitlab, "/api/v4/version"), (.github, "/api/v3/meta"),
    ] {
      let request = HTTPRequest("GET", "https://\(host)\(path)", headers: [("Accept", "application/json")])
      guard let answer = try? exchange.send(request) else { return nil }
      let words = StreamValue.parse(answer.body)
      let isIt =
        switch kind {
        case .gitea: answer.isSuccess && words?["version"]?.text != nil
        // It says no more to a stranger than that it is there.
        case .gitlab: answer.headers["x-gitlab-meta"] != nil
        case .github: answer.headers["x-github-request-id"] != nil
        case .none: false
        }
      if isIt { return kind }
    }
    return nil
  }

  /// Host and path of `https://host:port/path`, `ssh://user@host:port/path` and `user@host:path`, as they are
  /// written: to ssh a name in other letters is another name.
  public static func parts(_ url: String) -> (host: String, path: String)? {
    if let range = url.firstRange(of: "://") {
      let scheme = url[..<range.lowerBound].lowercased()
      guard ["http", "https", "ssh", "git+ssh"].contains(scheme) else { return nil }
      let rest = url[range.upperBound...]
      guard let slash = rest.firstIndex(of: "/") else { return nil }
      var host = rest[..<slash]
      if let at = host.lastIndex(of: "@") { host = host[host.index(after: at)...] }
      // The port of ssh says nothing of that of HTTP.
      if scheme.hasSuffix("ssh") { host = host.prefix(name(of: host).count) }
      return isHost(host) ? (String(host), String(rest[rest.index(after: slash)...])) : nil
    }
    guard let colon = url.firstIndex(of: ":"), !url.hasPrefix("/"), !url.hasPrefix(".") else { return nil }
    var host = url[..<colon]
    if let at = host.lastIndex(of: "@") { host = host[host.index(after: at)...] }
    return isHost(host) ? (String(host), String(url[url.index(after: colon)...])) : nil
  }

  /// Whether text can be a host, also with a port: nothing is in it that one program takes for its end, and
  /// another does not.
  static func isHost(_ text: some StringProtocol) -> Bool {
    !text.isEmpty
      && text.utf8.allSatisfy { byte in
        (0x30...0x39).contains(byte) || (0x41...0x5A).contains(byte) || (0x61...0x7A).contains(byte)
          || "-._:[]".utf8.contains(byte)
      }
  }

  /// Whether text can be the name of a repository, or of what it is in: of a path it stays one part.
  private static func isName(_ text: String) -> Bool {
    text != "." && text != ".."
      && text.utf8.allSatisfy { $0 > 0x20 && $0 != 0x7F && !"?#%\\".utf8.contains($0) }
  }

  /// A host without its port.
  public static func name(of host: some StringProtocol) -> String {
    guard let colon = host.lastIndex(of: ":"), host[colon...].allSatisfy({ $0 != "]" }) else {
      return String(host)
    }
    return String(host[..<colon])
  }

  /// Whether two hosts are the same: what ssh goes to says nothing of the port of the other.
  public static func isSame(_ one: String, _ other: String) -> Bool {
    if one == other { return true }
    let isWhole = name(of: one) == one || name(of: other) == other
    return isWhole && name(of: one) == name(of: other)
  }

  /// The host of an interface's address, as its users know it, with its port where it has one; `nil` for what
  /// is no such address.
  public static func host(ofBase base: String) -> String? {
    guard let origin = ForgeCaller.origin(base), let mark = origin.firstRange(of: "://") else { return nil }
    let host = String(origin[mark.upperBound...])
    let known = host.hasPrefix("api.") ? String(host.dropFirst("api.".count)) : host
    return known == "github.com" || known.hasSuffix(".ghe.com") ? known : host
  }

  /// The host that a token goes to: where the calls go, whatever the remote's address says.
  public var tokenHost: String { ForgePlace.host(ofBase: base) ?? host }

  /// Whether that is where the makers of the software have their own, for everybody.
  public var isPublic: Bool {
    switch kind {
    case .github: tokenHost == "github.com" || tokenHost.hasSuffix(".ghe.com")
    case .gitlab: tokenHost == "gitlab.com"
    case .gitea: tokenHost == "codeberg.org"
    case .none: false
    }
  }

  /// What software is known to be at a host.
  public static func kind(of host: String) -> Kind? {
    let host = host.lowercased()
    if host == "github.com" || host.hasSuffix(".ghe.com") { return .github }
    if host == "gitlab.com" || host.hasPrefix("gitlab.") { return .gitlab }
    if host == "codeberg.org" || host.hasPrefix("gitea.") || host.hasPrefix("forgejo.") { return .gitea }
    return nil
  }

  private static func base(_ kind: Kind, _ host: String) -> String {
    switch kind {
    case .github:
      if host == "github.com" { return "https://api.github.com" }
      if host.hasSuffix(".ghe.com") { return "https://api.\(host)" }
      return "https://\(host)/api/v3"
    case .gitlab: return "https://\(host)/api/v4"
    case .gitea: return "https://\(host)/api/v1"
    case .none: return ""
    }
  }

  /// The address of GitHub's other interface.
  var graphQL: String { (base.hasSuffix("/api/v3") ? String(base.dropLast(2)) : base + "/") + "graphql" }

  /// The variables that a token may be in, the first before the others.
  public var tokenVariables: [String] {
    switch kind {
    case .github:
      isPublic ? ["GH_TOKEN", "GITHUB_TOKEN"] : ["GH_ENTERPRISE_TOKEN", "GITHUB_ENTERPRISE_TOKEN"]
    case .gitlab: ["GITLAB_TOKEN"]
    case .gitea: ["GITEA_TOKEN", "FORGEJO_TOKEN"]
    case .none: []
    }
  }

  /// The forge, called with that token by `exchange`. `pause` waits between two calls that write.
  public func forge(
    token: String, exchange: any HTTPExchange, clock: @escaping () -> Timestamp, pause: @escaping () -> Void
  ) -> (any Forge & IssueTracker)? {
    let caller = caller(token: token, exchange: exchange, clock: clock, pause: pause)
    switch kind {
    case .github: return GitHub(self, caller)
    case .gitlab: return GitLab(self, caller)
    case .gitea: return Gitea(self, caller)
    case .none: return nil
    }
  }

  /// Who calls it with that token.
  func caller(
    token: String, exchange: any HTTPExchange, clock: @escaping () -> Timestamp, pause: @escaping () -> Void
  ) -> ForgeCaller {
    let headers: [(name: String, value: String)] =
      switch kind {
      case .github:
        [
          ("Accept", "application/vnd.github+json"), ("Authorization", "Bearer \(token)"),
          ("X-GitHub-Api-Version", "2022-11-28"),
        ]
      case .gitlab: [("PRIVATE-TOKEN", token)]
      case .gitea: [("Authorization", "token \(token)")]
      case .none: []
      }
    return ForgeCaller(
      base: base, headers: headers, exchange: exchange, clock: clock, pause: pause,
      mostWrites: kind == .github ? 450 : nil)
  }

  /// Of several pull requests of one branch the one that counts: an open one, else the newest.
  public static func first(_ list: [PullRequest]) -> PullRequest? {
    list.first(where: \.isOpen) ?? list.max { $0.number < $1.number }
  }

  /// Several checks in one word: red before pending before green; `nil` without any.
  static func sum(_ all: [PublicationSight.Checks]) -> PublicationSight.Checks? {
    all.contains(.red) ? .red : all.contains(.pending) ? .pending : all.isEmpty ? nil : .green
  }

  /// What reviewers say, the last word of each; what those who want changes wrote is added to `failures`.
  static func review(
    _ reviews: [(user: String, state: String, body: String)], _ failures: inout [String]
  ) -> PublicationSight.Review? {
    var last: [String: (state: String, body: String)] = [:]
    for review in reviews {
      switch review.state.uppercased() {
      case "APPROVED", "CHANGES_REQUESTED", "REQUEST_CHANGES", "DISMISSED":
        last[review.user] = (review.state.uppercased(), review.body)
      default: break
      }
    }
    let wanting = last.filter { $0.value.state.contains("CHANGES") }
    for (user, review) in wanting.sorted(by: { $0.key < $1.key }) where !review.body.isEmpty {
      failures.append(line("\(user): \(review.body)"))
    }
    if !wanting.isEmpty { return .changes }
    if last.values.contains(where: { $0.state == "APPROVED" }) { return .approved }
    return reviews.isEmpty ? nil : .commented
  }

  /// Text on one line, at most 500 characters.
  static func line(_ text: String) -> String {
    String(text.split(whereSeparator: \.isNewline).joined(separator: " ").prefix(500))
  }
}
