import CanonicalJSON
import Migration

/// GitLab: what it calls merge requests.
final class GitLab: Forge {
  let host: String
  let caller: ForgeCaller
  let project: String

  init(_ place: ForgePlace, _ caller: ForgeCaller) {
    (host, self.caller) = (place.host, caller)
    project = "/projects/\("\(place.owner)/\(place.name)".urlEscaped)"
  }

  func find(branch: String) throws(ForgeError) -> PullRequest? {
    let items = try caller.list(
      "\(project)/merge_requests?source_branch=\(branch.urlEscaped)&state=all&per_page=100")
    // One from a fork has the same branch, and is somebody else's.
    let own = items.filter {
      $0["source_branch"]?.text == branch
        && ($0["source_project_id"]?.integer == $0["target_project_id"]?.integer)
    }
    return ForgePlace.first(own.compactMap(request))
  }

  private func request(_ value: StreamValue) -> PullRequest? {
    guard let number = value["iid"]?.integer else { return nil }
    let state: PullRequest.State
    switch value["state"]?.text {
    case "merged": state = .merged
    case "closed": state = .closed
    default:
      let isDraft = value["draft"]?.isTrue == true || value["work_in_progress"]?.isTrue == true
      state = isDraft ? .draft : .open
    }
    var request = PullRequest(
      number: number, url: value["web_url"]?.text, state: state, body: value["description"]?.text ?? "",
      head: value["sha"]?.objectID)
    request.title = DraftTitle.gitlab.plain(value["title"]?.text ?? "")
    return request
  }

  func create(_ draft: PullRequestDraft) throws(ForgeError) -> PullRequest {
    let reply = try caller.call(
      "POST", "\(project)/merge_requests",
      fields(
        ("source_branch", .string(draft.branch)), ("target_branch", .string(draft.base)),
        ("title", .string(draft.isDraft ? DraftTitle.gitlab.marked(draft.title) : draft.title)),
        ("description", .string(draft.body)), ("remove_source_branch", .bool(false))),
      notAfter: draft.notAfter)
    guard let found = request(reply.value) else { throw ForgeError.unknown("the answer has no number") }
    return found
  }

  func setText(title: String?, body: String, of number: Int) throws(ForgeError) {
    let path = "\(project)/merge_requests/\(number)"
    var marked = title
    if let title {
      let value = try caller.call("GET", path).value
      if DraftTitle.gitlab.isMarked(value["title"]?.text ?? "") { marked = DraftTitle.gitlab.marked(title) }
    }
    _ = try caller.call(
      "PUT", path, fields(("title", marked.map { .string($0) }), ("description", .string(body))))
  }

  func makeReady(_ number: Int) throws(ForgeError) {
    let path = "\(project)/merge_requests/\(number)"
    let title = try caller.call("GET", path).value["title"]?.text ?? ""
    let plain = DraftTitle.gitlab.plain(title)
    guard plain != title, !plain.isEmpty else { return }
    _ = try caller.call("PUT", path, fields(("title", .string(plain))))
  }

  func addLabels(_ labels: [String], to number: Int) throws(ForgeError) {
    _ = try caller.call(
      "PUT", "\(project)/merge_requests/\(number)",
      fields(("add_labels", .string(labels.joined(separator: ",")))))
  }

  func ask(_ reviewers: [String], about number: Int) throws(ForgeError) {
    var ids: [JSON] = []
    for name in reviewers {
      let plain = name.hasPrefix("@") ? String(name.dropFirst()) : name
      let found = try caller.call("GET", "/users?username=\(plain.urlEscaped)").value.elements
      if let id = found.first?["id"]?.integer { ids.append(.integer(Int64(id))) }
    }
    // Groups own code, and review nothing.
    guard !ids.isEmpty else { return }
    _ = try caller.call(
      "PUT", "\(project)/merge_requests/\(number)", fields(("reviewer_ids", .array(ids))))
  }

  func look(_ number: Int) throws(ForgeError) -> ForgeSight {
    let path = "\(project)/merge_requests/\(number)"
    let value = try caller.call("GET", path).value
    guard let found = request(value) else { throw ForgeError.unknown("the answer has no number") }
    var sight = PublicationSight(state: found.state.rawValue, head: found.head)
    sight.conflicts = value["has_conflicts"]?.isTrue == true
    if found.isOpen {
      let pipeline = value["head_pipeline"]
      // One of an earlier commit says nothing of this one.
      if let pipeline, pipeline["sha"]?.text == nil || pipeline["sha"]?.objectID == found.head {
        sight.checks = GitLab.checks(pipeline["status"]?.text)
        if sight.checks == .red {
          for job in try failedJobs(value) {
            let words = job["failure_reason"]?.words ?? "failed"
            sight.failures.append(ForgePlace.line("\(job["name"]?.text ?? "a job"): \(words)"))
          }
        }
      }
      let approvals = try caller.call("GET", "\(path)/approvals", allowing: [403, 404]).value
      if value["blocking_discussions_resolved"] == .bool(false) {
        sight.review = .changes
        sight.failures += try unresolved(path)
      } else if approvals["approved"]?.isTrue == true, !(approvals["approved_by"]?.elements ?? []).isEmpty {
        sight.review = .approved
      }
    }
    let merge = value["merge_commit_sha"]?.objectID ?? value["squash_commit_sha"]?.objectID
    return ForgeSight(sight, merge: merge, title: found.title, body: found.body)
  }

  /// The jobs that have made the pipeline of a merge request fail.
  private func failedJobs(_ request: StreamValue) throws(ForgeError) -> [StreamValue] {
    guard let id = request["head_pipeline"]?["id"]?.integer else { return [] }
    return try caller.list("\(project)/pipelines/\(id)/jobs?scope[]=failed&per_page=100").filter {
      $0["allow_failure"]?.isTrue != true
    }
  }

  func failedLogs(of number: Int, at head: ObjectID) throws(ForgeError) -> [FailedLog] {
    let value = try caller.call("GET", "\(project)/merge_requests/\(number)").value
    guard value["sha"]?.objectID == head else { return [] }
    var logs: [FailedLog] = []
    for job in try failedJobs(value).prefix(FailedLog.most) {
      guard let id = job["id"]?.integer,
        let text = try caller.text("\(project)/jobs/\(id)/trace", last: FailedLog.longest)
      else { continue }
      logs.append(FailedLog(job: job["name"]?.text ?? "a job", text: text))
    }
    return logs
  }

  private static func checks(_ status: String?) -> PublicationSight.Checks? {
    switch status {
    case "success", "skipped": .green
    case "failed": .red
    case nil: nil
    // A person has stopped it, or it waits for one.
    default: .pending
    }
  }

  /// What people wrote that is not settled.
  private func unresolved(_ path: String) throws(ForgeError) -> [String] {
    let notes = try caller.list("\(path)/notes?per_page=100").filter {
      $0["resolvable"]?.isTrue == true && $0["resolved"]?.isTrue != true
    }
    return notes.map {
      ForgePlace.line("\($0["author"]?["username"]?.text ?? "a reviewer"): \($0["body"]?.text ?? "")")
    }
  }
}
