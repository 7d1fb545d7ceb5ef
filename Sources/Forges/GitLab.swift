import CanonicalJSON
import Migration

/// GitLab: what it calls merge requests.
final class GitLab: Forge {
  let host: String
  private let caller: ForgeCaller
  private let project: String

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
    return PullRequest(
      number: number, url: value["web_url"]?.text, state: state, body: value["description"]?.text ?? "",
      head: value["sha"]?.objectID)
  }

  func create(_ draft: PullRequestDraft) throws(ForgeError) -> PullRequest {
    let reply = try caller.call(
      "POST", "\(project)/merge_requests",
      fields(
        ("source_branch", .string(draft.branch)), ("target_branch", .string(draft.base)),
        ("title", .string((draft.isDraft ? "Draft: " : "") + draft.title)),
        ("description", .string(draft.body)), ("remove_source_branch", .bool(false))))
    guard let found = request(reply.value) else { throw ForgeError.unknown("the answer has no number") }
    return found
  }

  func setBody(_ body: String, of number: Int) throws(ForgeError) {
    _ = try caller.call(
      "PUT", "\(project)/merge_requests/\(number)", fields(("description", .string(body))))
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
        if sight.checks == .red, let id = pipeline["id"]?.integer {
          let jobs = try caller.list("\(project)/pipelines/\(id)/jobs?scope[]=failed&per_page=100")
          for job in jobs where job["allow_failure"]?.isTrue != true {
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
    return ForgeSight(sight, merge: merge, body: found.body)
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
