import CanonicalJSON
import Migration

/// A repository as a forge lists it.
public struct ForgeRepository: Equatable, Sendable {
  /// Its owner and its name there.
  public var path: String
  /// Where git finds it.
  public var url: String
  /// The branch that people work on; `nil` of one without a commit.
  public var base: String?
  /// What it is marked by.
  public var topics: [String]
  var language: String?
  var isFork: Bool
  var isArchived: Bool

  /// As a line of a list of targets: a JSON object.
  public var line: String {
    var object = ObjectBuilder()
    object.set("url", url)
    object.set("base", base)
    // What is no short word is no label.
    let labels = topics.filter { (1...200).contains($0.utf8.count) && $0.utf8.allSatisfy { $0 > 0x20 } }
    object.set("labels", Array(labels.prefix(FleetTarget.mostLabels)))
    return String(decoding: object.json.canonicalBytes, as: UTF8.self)
  }

  /// Whether a query means it.
  func isMeant(by query: ForgeQuery) -> Bool {
    if isArchived || (isFork && !query.takesForks) { return false }
    let known = Set(topics.map { $0.lowercased() })
    guard query.topics.allSatisfy(known.contains) else { return false }
    return query.language == nil || language?.lowercased() == query.language
  }
}

extension ForgePlace {
  /// The repositories that a query means, by their names; the query's owner is the place's. The forge is
  /// called with that token by `exchange`.
  public func repositories(
    _ query: ForgeQuery, token: String, exchange: any HTTPExchange, clock: @escaping () -> Timestamp
  ) throws(ForgeError) -> [ForgeRepository] {
    let caller = caller(token: token, exchange: exchange, clock: clock, pause: {})
    let name = query.owner.urlEscaped
    let items: [StreamValue]
    switch kind {
    case .github:
      items = try firstOf(
        caller, "/orgs/\(name)/repos?type=all&per_page=100", "/users/\(name)/repos?per_page=100")
    case .gitlab:
      items = try firstOf(
        caller, "/groups/\(name)/projects?include_subgroups=true&archived=false&per_page=100",
        "/users/\(name)/projects?per_page=100")
    case .gitea:
      items = try firstOf(caller, "/orgs/\(name)/repos?limit=50", "/users/\(name)/repos?limit=50")
    case .none: items = []
    }
    return items.compactMap { repository($0, query) }.filter { $0.isMeant(by: query) }
      .sorted { $0.path.utf8.lexicographicallyPrecedes($1.path.utf8) }
  }

  /// What the first address lists or, where there is no such owner of that kind, the second.
  private func firstOf(
    _ caller: ForgeCaller, _ first: String, _ second: String
  ) throws(ForgeError) -> [StreamValue] {
    let items = try caller.list(first, most: FleetTarget.most, allowing: [404])
    return items.isEmpty ? try caller.list(second, most: FleetTarget.most, allowing: [404]) : items
  }

  private func repository(_ value: StreamValue, _ query: ForgeQuery) -> ForgeRepository? {
    let isGitLab = kind == .gitlab
    let ways = isGitLab ? ["ssh_url_to_repo", "http_url_to_repo"] : ["ssh_url", "clone_url"]
    guard let path = value[isGitLab ? "path_with_namespace" : "full_name"]?.text,
      let url = value[ways[query.usesSSH ? 0 : 1]]?.text
    else { return nil }
    return ForgeRepository(
      path: path, url: url, base: value["default_branch"]?.words,
      topics: value["topics"]?.elements.compactMap(\.text) ?? [], language: value["language"]?.text,
      isFork: value["fork"]?.isTrue == true || value["forked_from_project"]?.members.isEmpty == false,
      isArchived: value["archived"]?.isTrue == true || value["disabled"]?.isTrue == true)
  }
}
