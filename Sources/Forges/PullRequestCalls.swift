import CanonicalJSON
import Migration

/// What GitHub and Gitea are asked in the same words; `place` is the path of a pull request.
extension ForgeCaller {
  func setText(title: String?, body: String, at place: String) throws(ForgeError) {
    _ = try call("PATCH", place, fields(("title", title.map { .string($0) }), ("body", .string(body))))
  }

  /// Asks people, and teams as `owner/team`, for a review.
  func ask(_ reviewers: [String], at place: String) throws(ForgeError) {
    let names = reviewers.map { $0.hasPrefix("@") ? String($0.dropFirst()) : $0 }
    let teams = names.compactMap { $0.split(separator: "/").count == 2 ? $0.split(separator: "/")[1] : nil }
    let people = names.filter { !$0.contains("/") && !$0.contains("@") }
    guard !people.isEmpty || !teams.isEmpty else { return }
    _ = try call(
      "POST", "\(place)/requested_reviewers",
      fields(
        ("reviewers", people.isEmpty ? nil : texts(people)),
        ("team_reviewers", teams.isEmpty ? nil : texts(teams.map(String.init)))))
  }

  /// What the failed jobs of a commit's workflow runs printed. Where there are no such runs, or they may not
  /// be seen, there is nothing. `page` asks for a long page.
  func actionLogs(_ repository: String, _ head: ObjectID, page: String) throws(ForgeError) -> [FailedLog] {
    var logs: [FailedLog] = []
    let runs = try list(
      "\(repository)/actions/runs?head_sha=\(head.hex)&\(page)", key: "workflow_runs", allowing: [403, 404])
    for run in runs where GitHub.isRed(run["conclusion"]?.text) {
      guard let id = run["id"]?.integer else { continue }
      let jobs = try list(
        "\(repository)/actions/runs/\(id)/jobs?\(page)", key: "jobs", allowing: [403, 404])
      for job in jobs where GitHub.isRed(job["conclusion"]?.text) && logs.count < FailedLog.most {
        guard let id = job["id"]?.integer,
          let text = try text("\(repository)/actions/jobs/\(id)/logs", last: FailedLog.longest)
        else { continue }
        logs.append(FailedLog(job: job["name"]?.text ?? "a job", text: text))
      }
    }
    return logs
  }
}
