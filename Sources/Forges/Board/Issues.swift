import CanonicalJSON
import Migration

extension GitHub: IssueTracker {
  func issues(labelled label: String) throws(ForgeError) -> [ForgeIssue] {
    try caller.list(
      "\(repository)/issues?labels=\(label.urlEscaped)&state=all&per_page=100", most: ForgeIssue.most
    ).filter { $0["pull_request"] == nil || $0["pull_request"] == .null }.compactMap {
      ForgeIssue(github: $0)
    }
  }

  func open(_ draft: IssueDraft) throws(ForgeError) -> ForgeIssue {
    let reply = try caller.call(
      "POST", "\(repository)/issues",
      fields(
        ("title", .string(draft.title)), ("body", .string(draft.body)),
        ("labels", texts(draft.labels.sorted()))))
    guard let found = ForgeIssue(github: reply.value) else {
      throw ForgeError.unknown("the answer has no number")
    }
    return found
  }

  func change(_ issue: ForgeIssue, to draft: IssueDraft) throws(ForgeError) {
    let reason: JSON? = draft.end.map { .string($0 == .completed ? "completed" : "not_planned") }
    _ = try caller.call(
      "PATCH", "\(repository)/issues/\(issue.number)",
      fields(
        ("title", .string(draft.title)), ("body", .string(draft.body)),
        ("labels", texts(draft.labels.sorted())),
        ("state", .string(draft.end == nil ? "open" : "closed")), ("state_reason", reason)))
  }
}

extension GitLab: IssueTracker {
  func issues(labelled label: String) throws(ForgeError) -> [ForgeIssue] {
    try caller.list(
      "\(project)/issues?labels=\(label.urlEscaped)&state=all&per_page=100", most: ForgeIssue.most
    ).compactMap { ForgeIssue(gitlab: $0) }
  }

  func open(_ draft: IssueDraft) throws(ForgeError) -> ForgeIssue {
    let reply = try caller.call("POST", "\(project)/issues", words(draft))
    guard let found = ForgeIssue(gitlab: reply.value) else {
      throw ForgeError.unknown("the answer has no number")
    }
    return found
  }

  func change(_ issue: ForgeIssue, to draft: IssueDraft) throws(ForgeError) {
    // What is closed already is not closed again.
    let event: String? =
      (issue.draft.end == nil) == (draft.end == nil) ? nil : draft.end == nil ? "reopen" : "close"
    _ = try caller.call("PUT", "\(project)/issues/\(issue.number)", words(draft, event))
  }

  private func words(_ draft: IssueDraft, _ event: String? = nil) -> JSON {
    fields(
      ("title", .string(draft.title)), ("description", .string(draft.body)),
      ("labels", .string(draft.labels.sorted().joined(separator: ","))),
      ("state_event", event.map { .string($0) }))
  }
}

extension Gitea: IssueTracker {
  func issues(labelled label: String) throws(ForgeError) -> [ForgeIssue] {
    // It takes a label that nobody has made for no filter at all.
    try caller.list(
      "\(repository)/issues?type=issues&state=all&labels=\(label.urlEscaped)&limit=50", most: ForgeIssue.most
    ).compactMap { ForgeIssue(github: $0) }.filter { $0.draft.labels.contains(label) }
  }

  func open(_ draft: IssueDraft) throws(ForgeError) -> ForgeIssue {
    let reply = try caller.call(
      "POST", "\(repository)/issues",
      fields(
        ("title", .string(draft.title)), ("body", .string(draft.body)), ("labels", try ids(draft.labels))))
    guard let found = ForgeIssue(github: reply.value) else {
      throw ForgeError.unknown("the answer has no number")
    }
    return found
  }

  func change(_ issue: ForgeIssue, to draft: IssueDraft) throws(ForgeError) {
    let path = "\(repository)/issues/\(issue.number)"
    // The text says in which column it was put: labels that are not there yet would be taken for a move.
    if issue.draft.labels != draft.labels {
      _ = try caller.call("PUT", "\(path)/labels", fields(("labels", try ids(draft.labels))))
    }
    _ = try caller.call(
      "PATCH", path,
      fields(
        ("title", .string(draft.title)), ("body", .string(draft.body)),
        ("state", .string(draft.end == nil ? "open" : "closed"))))
  }

  /// The numbers of labels; those that are not there are made.
  private func ids(_ names: Set<String>) throws(ForgeError) -> JSON {
    let known = try caller.list("\(repository)/labels?limit=50")
    var ids: [JSON] = []
    for name in names.sorted() {
      var id = known.first { $0["name"]?.text == name }?["id"]?.integer
      if id == nil {
        id = try caller.call(
          "POST", "\(repository)/labels", fields(("name", .string(name)), ("color", .string("#ededed")))
        ).value["id"]?.integer
      }
      guard let id else { throw ForgeError.unknown("the label '\(name)' has no number") }
      ids.append(.integer(Int64(id)))
    }
    return .array(ids)
  }
}

extension ForgeIssue {
  /// How many are read.
  static let most = 20_000

  init?(github value: StreamValue) {
    guard let number = value["number"]?.integer else { return nil }
    let isOpen = value["state"]?.text == "open"
    let labels = value["labels"]?.elements.compactMap { $0["name"]?.text ?? $0.text } ?? []
    let isDropped = value["state_reason"]?.text == "not_planned"
    self.init(
      number: number, url: value["html_url"]?.text,
      IssueDraft(
        title: value["title"]?.text ?? "", body: value["body"]?.text ?? "", labels: Set(labels),
        end: isOpen ? nil : isDropped ? .notPlanned : .completed))
  }

  init?(gitlab value: StreamValue) {
    guard let number = value["iid"]?.integer else { return nil }
    let labels = value["labels"]?.elements.compactMap { $0["name"]?.text ?? $0.text } ?? []
    self.init(
      number: number, url: value["web_url"]?.text,
      IssueDraft(
        title: value["title"]?.text ?? "", body: value["description"]?.text ?? "", labels: Set(labels),
        end: value["state"]?.text == "closed" ? .completed : nil))
  }
}
