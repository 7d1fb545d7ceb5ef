import CanonicalJSON
import Migration

/// Gitea and Forgejo.
final class Gitea: Forge {
  let host: String
  private let place: ForgePlace
  let caller: ForgeCaller
  var repository: String { "/repos/\(place.owner)/\(place.name)" }
  /// How many pull requests are looked through for one.
  private static let most = 5000

  init(_ place: ForgePlace, _ caller: ForgeCaller) {
    (host, self.place, self.caller) = (place.host, place, caller)
  }

  func find(branch: String) throws(ForgeError) -> PullRequest? {
    var (page, found): (Int, [PullRequest]) = (1, [])
    while page * 50 <= Gitea.most {
      let reply = try caller.call(
        "GET", "\(repository)/pulls?state=all&sort=recentupdate&page=\(page)&limit=50")
      let items = reply.value.elements
      found += items.filter {
        $0["head"]?["ref"]?.text == branch
          && ($0["head"]?["repo"]?["full_name"]?.text ?? "").lowercased()
            == "\(place.owner)/\(place.name)".lowercased()
      }.compactMap(request)
      if items.isEmpty || found.contains(where: \.isOpen) { break }
      page += 1
    }
    return ForgePlace.first(found)
  }

  private func request(_ value: StreamValue) -> PullRequest? {
    guard let number = value["number"]?.integer else { return nil }
    let title = value["title"]?.text ?? ""
    let state: PullRequest.State
    if value["merged"]?.isTrue == true {
      state = .merged
    } else if value["state"]?.text == "open" {
      state = value["draft"]?.isTrue == true || DraftTitle.gitea.isMarked(title) ? .draft : .open
    } else {
      state = .closed
    }
    var request = PullRequest(
      number: number, url: value["html_url"]?.text, state: state, body: value["body"]?.text ?? "",
      head: value["head"]?["sha"]?.objectID)
    request.title = DraftTitle.gitea.plain(title)
    return request
  }

  func create(_ draft: PullRequestDraft) throws(ForgeError) -> PullRequest {
    let reply = try caller.call(
      "POST", "\(repository)/pulls",
      fields(
        ("title", .string(draft.isDraft ? DraftTitle.gitea.marked(draft.title) : draft.title)),
        ("head", .string(draft.branch)), ("base", .string(draft.base)), ("body", .string(draft.body))),
      notAfter: draft.notAfter)
    guard let found = request(reply.value) else { throw ForgeError.unknown("the answer has no number") }
    return found
  }

  func setText(title: String?, body: String, of number: Int) throws(ForgeError) {
    let path = "\(repository)/pulls/\(number)"
    var marked = title
    if let title, DraftTitle.gitea.isMarked(try caller.call("GET", path).value["title"]?.text ?? "") {
      marked = DraftTitle.gitea.marked(title)
    }
    try caller.setText(title: marked, body: body, at: path)
  }

  func makeReady(_ number: Int) throws(ForgeError) {
    let path = "\(repository)/pulls/\(number)"
    let title = try caller.call("GET", path).value["title"]?.text ?? ""
    let plain = DraftTitle.gitea.plain(title)
    guard plain != title, !plain.isEmpty else { return }
    _ = try caller.call("PATCH", path, fields(("title", .string(plain))))
  }

  func addLabels(_ labels: [String], to number: Int) throws(ForgeError) {
    let known = try caller.list("\(repository)/labels?limit=50")
    let ids = known.filter { labels.contains($0["name"]?.text ?? "") }.compactMap { $0["id"]?.integer }
    guard !ids.isEmpty else {
      throw ForgeError.refused(status: 404, "the repository has no label '\(labels.joined(separator: ", "))'")
    }
    _ = try caller.call(
      "POST", "\(repository)/issues/\(number)/labels",
      fields(("labels", .array(ids.map { .integer(Int64($0)) }))))
  }

  func ask(_ reviewers: [String], about number: Int) throws(ForgeError) {
    try caller.ask(reviewers, at: "\(repository)/pulls/\(number)")
  }

  func look(_ number: Int) throws(ForgeError) -> ForgeSight {
    let value = try caller.call("GET", "\(repository)/pulls/\(number)").value
    guard let found = request(value) else { throw ForgeError.unknown("the answer has no number") }
    var sight = PublicationSight(state: found.state.rawValue, head: found.head)
    if found.isOpen, let head = found.head?.hex {
      sight.conflicts = value["mergeable"] == .bool(false)
      let status = try caller.call("GET", "\(repository)/commits/\(head)/status").value
      var all: [PublicationSight.Checks] = []
      for item in status["statuses"]?.elements ?? [] {
        switch item["status"]?.text ?? item["state"]?.text {
        case "success", "warning": all.append(.green)
        case "failure", "error":
          all.append(.red)
          let words = item["description"]?.words ?? item["target_url"]?.words ?? "failed"
          sight.failures.append(ForgePlace.line("\(item["context"]?.text ?? "a status"): \(words)"))
        default: all.append(.pending)
        }
      }
      sight.checks = ForgePlace.sum(all)
      sight.review = ForgePlace.review(
        try caller.list("\(repository)/pulls/\(number)/reviews?limit=50").map {
          ($0["user"]?["login"]?.text ?? "", $0["state"]?.text ?? "", $0["body"]?.text ?? "")
        }, &sight.failures)
    }
    let merge = value["merge_commit_sha"]?.objectID
    return ForgeSight(sight, merge: merge, title: found.title, body: found.body)
  }

  func failedLogs(of _: Int, at head: ObjectID) throws(ForgeError) -> [FailedLog] {
    try caller.actionLogs(repository, head, page: "limit=50")
  }
}
