import CanonicalJSON
import Migration

/// GitHub and GitHub Enterprise.
final class GitHub: Forge {
  let host: String
  private let place: ForgePlace
  let caller: ForgeCaller
  var repository: String { "/repos/\(place.owner)/\(place.name)" }

  init(_ place: ForgePlace, _ caller: ForgeCaller) {
    (host, self.place, self.caller) = (place.host, place, caller)
  }

  func find(branch: String) throws(ForgeError) -> PullRequest? {
    let head = "\(place.owner):\(branch)".urlEscaped
    let items = try caller.list("\(repository)/pulls?state=all&head=\(head)&per_page=100")
    // Where the filter is not known to a server it gives all there are.
    let own = items.filter {
      $0["head"]?["ref"]?.text == branch
        && ($0["head"]?["repo"]?["full_name"]?.text ?? "").lowercased()
          == "\(place.owner)/\(place.name)".lowercased()
    }
    return ForgePlace.first(own.compactMap(request))
  }

  private func request(_ value: StreamValue) -> PullRequest? {
    guard let number = value["number"]?.integer else { return nil }
    let state: PullRequest.State
    switch value["state"]?.text {
    case "open": state = value["draft"]?.isTrue == true ? .draft : .open
    default: state = value["merged_at"]?.text != nil || value["merged"]?.isTrue == true ? .merged : .closed
    }
    var request = PullRequest(
      number: number, url: value["html_url"]?.text, state: state, body: value["body"]?.text ?? "",
      head: value["head"]?["sha"]?.objectID)
    request.title = value["title"]?.text ?? ""
    return request
  }

  func create(_ draft: PullRequestDraft) throws(ForgeError) -> PullRequest {
    let reply = try caller.call(
      "POST", "\(repository)/pulls",
      fields(
        ("title", .string(draft.title)), ("head", .string(draft.branch)), ("base", .string(draft.base)),
        ("body", .string(draft.body)), ("draft", .bool(draft.isDraft)),
        ("maintainer_can_modify", .bool(true))), notAfter: draft.notAfter)
    guard let found = request(reply.value) else { throw ForgeError.unknown("the answer has no number") }
    return found
  }

  func setText(title: String?, body: String, of number: Int) throws(ForgeError) {
    try caller.setText(title: title, body: body, at: "\(repository)/pulls/\(number)")
  }

  /// Drafts are made ready in GraphQL alone.
  func makeReady(_ number: Int) throws(ForgeError) {
    let value = try caller.call("GET", "\(repository)/pulls/\(number)").value
    guard value["draft"]?.isTrue == true else { return }
    guard let id = value["node_id"]?.text else { throw ForgeError.unknown("the answer has no 'node_id'") }
    let query = """
      mutation($id: ID!) { markPullRequestReadyForReview(input: {pullRequestId: $id}) \
      { pullRequest { isDraft } } }
      """
    let reply = try caller.call(
      "POST", place.graphQL,
      fields(("query", .string(query)), ("variables", fields(("id", .string(id))))))
    // Its refusals are answers of status 200.
    guard let error = reply.value["errors"]?.elements.first else { return }
    let words = ForgePlace.line(error["message"]?.text ?? "it does not say why")
    if error["type"]?.text == "RATE_LIMITED" { throw ForgeError.rests(seconds: 60, reason: words) }
    throw ForgeError.refused(status: 200, words)
  }

  func addLabels(_ labels: [String], to number: Int) throws(ForgeError) {
    _ = try caller.call(
      "POST", "\(repository)/issues/\(number)/labels", fields(("labels", texts(labels))))
  }

  func ask(_ reviewers: [String], about number: Int) throws(ForgeError) {
    try caller.ask(reviewers, at: "\(repository)/pulls/\(number)")
  }

  func look(_ number: Int) throws(ForgeError) -> ForgeSight {
    let value = try caller.call("GET", "\(repository)/pulls/\(number)").value
    guard let found = request(value) else { throw ForgeError.unknown("the answer has no number") }
    var sight = PublicationSight(state: found.state.rawValue, head: found.head)
    // Where it is not known yet, nothing is said of it.
    sight.conflicts = value["mergeable"] == .bool(false)
    if found.isOpen, let head = found.head?.hex {
      (sight.checks, sight.failures) = try checks(head)
      sight.review = ForgePlace.review(
        try caller.list("\(repository)/pulls/\(number)/reviews?per_page=100").map {
          ($0["user"]?["login"]?.text ?? "", $0["state"]?.text ?? "", $0["body"]?.text ?? "")
        }, &sight.failures)
    }
    return ForgeSight(sight, merge: value["merge_commit_sha"]?.objectID, title: found.title, body: found.body)
  }

  func failedLogs(of _: Int, at head: ObjectID) throws(ForgeError) -> [FailedLog] {
    var logs = try caller.actionLogs(repository, head, page: "per_page=100")
    let runs = try caller.list(
      "\(repository)/commits/\(head.hex)/check-runs?per_page=100", key: "check_runs")
    // What others have checked says itself where something is wrong.
    for run in runs where run["app"]?["slug"]?.text != "github-actions" && logs.count < FailedLog.most {
      guard GitHub.isRed(run["conclusion"]?.text), let id = run["id"]?.integer,
        run["output"]?["annotations_count"]?.integer != 0
      else { continue }
      let notes = try caller.list(
        "\(repository)/check-runs/\(id)/annotations?per_page=100", most: 100, allowing: [403, 404])
      let findings = notes.filter { $0["annotation_level"]?.text != "notice" }.map { note in
        let line = note["start_line"]?.integer.map { ":\($0)" } ?? ""
        return ForgePlace.line(
          "\(note["path"]?.text ?? "?")\(line): \(note["message"]?.words ?? note["title"]?.text ?? "")")
      }
      if !findings.isEmpty {
        logs.append(FailedLog(job: run["name"]?.text ?? "a check", findings: findings))
      }
    }
    return logs
  }

  static func isRed(_ conclusion: String?) -> Bool {
    ["failure", "timed_out", "action_required", "startup_failure"].contains(conclusion)
  }

  /// Check runs and statuses of one commit; both count.
  private func checks(_ head: String) throws(ForgeError) -> (PublicationSight.Checks?, [String]) {
    var all: [PublicationSight.Checks] = []
    var failures: [String] = []
    let runs = try caller.list(
      "\(repository)/commits/\(head)/check-runs?per_page=100", key: "check_runs")
    for run in runs {
      let name = run["name"]?.text ?? "a check"
      switch run["conclusion"]?.text {
      case "success", "neutral", "skipped": all.append(.green)
      case let word where GitHub.isRed(word):
        all.append(.red)
        let words = run["output"]?["title"]?.words ?? run["output"]?["summary"]?.words
        failures.append(ForgePlace.line("\(name): \(words ?? run["conclusion"]?.text ?? "failed")"))
      default: all.append(.pending)
      }
    }
    let status = try caller.call("GET", "\(repository)/commits/\(head)/status").value
    // Without statuses the word for all of them is `pending`, which says nothing.
    for item in status["statuses"]?.elements ?? [] {
      switch item["state"]?.text {
      case "success": all.append(.green)
      case "failure", "error":
        all.append(.red)
        let words = item["description"]?.words ?? item["target_url"]?.words ?? "failed"
        failures.append(ForgePlace.line("\(item["context"]?.text ?? "a status"): \(words)"))
      default: all.append(.pending)
      }
    }
    return (ForgePlace.sum(all), failures)
  }
}
