import CanonicalJSON
import FoundationEssentials
import Migration
import Testing

@testable import Forges

/// A forge that knows no more than the table of what forges publish: it finds fault with every call that is
/// not in there, and answers with the members that are.
private final class PublishedForge: HTTPExchange {
  static let rows: [StreamValue] = {
    let file = URL(filePath: #filePath).deletingLastPathComponent().deletingLastPathComponent()
      .appending(path: "Fleet/facts.json")
    return (try? Data(contentsOf: file)).flatMap { StreamValue.parse(Array($0)) }?.elements ?? []
  }()
  let rows: [StreamValue]
  var faults: [String] = []
  var used: Set<String> = []
  /// What begins the paths of what is not there.
  var missing: [String] = []

  init(_ kind: ForgePlace.Kind) {
    rows = PublishedForge.rows.filter { $0["forge"]?.text == kind.rawValue }
  }

  func send(_ request: HTTPRequest) throws(HTTPFailure) -> HTTPAnswer {
    let address = request.url.split(separator: "?", maxSplits: 1)
    let path = address[0].split(separator: "/").dropFirst(request.url.hasSuffix("graphql") ? 3 : 4)
    let row = rows.first { row in
      let call = (row["call"]?.text ?? "").split(separator: " ")
      let template = call.last?.split(separator: "/") ?? []
      return call.first.map(String.init) == request.method && template.count == path.count
        && zip(template, path).allSatisfy { $0.hasPrefix("{") || $0 == $1 }
    }
    guard let row, let call = row["call"]?.text else {
      faults.append("no such call: \(request.method) \(request.url)")
      return HTTPAnswer(status: 404)
    }
    used.insert(call)
    let query = address.dropFirst().first?.split(separator: "&").map { $0.split(separator: "=")[0] } ?? []
    let known = texts(row["query"])
    for name in query where !known.contains(String(name)) { faults.append("\(call): ?\(name)") }
    check(request.body.flatMap { StreamValue.parse($0) }, row, call)
    if let first = path.first, missing.contains(String(first)) { return HTTPAnswer(status: 404) }
    return answer(row)
  }

  private func texts(_ value: StreamValue?) -> [String] { value?.elements.compactMap(\.text) ?? [] }

  private func check(_ body: StreamValue?, _ row: StreamValue, _ call: String) {
    var members: [String: StreamValue] = [:]
    if case .object(let found)? = body { members = found }
    for (name, value) in members {
      let isRight: Bool
      switch (row["body"]?[name]?.text, value) {
      case ("string", .string), ("boolean", .bool), ("object", .object): isRight = true
      case ("[string]", .array(let items)): isRight = items.allSatisfy { $0.text != nil }
      case ("[integer]", .array(let items)): isRight = items.allSatisfy { $0.integer != nil }
      default: isRight = false
      }
      if !isRight { faults.append("\(call): \(name) is \(value)") }
    }
    for name in texts(row["required"]) where members[name] == nil { faults.append("\(call): no \(name)") }
    let either = texts(row["either"])
    if !either.isEmpty, !either.contains(where: { members[$0] != nil }) { faults.append("\(call): none") }
  }

  private func answer(_ row: StreamValue) -> HTTPAnswer {
    let status = row["status"]?.integer ?? 0
    if status == 302 { return HTTPAnswer(status: 200, body: Array("it broke\n".utf8)) }
    let members = texts(row["answer"]).map { "\"\($0)\":\(PublishedForge.value($0))" }
    var body = "{\(members.joined(separator: ","))}"
    if let key = row["list"]?.text { body = "{\"\(key)\":[\(body)]}" }
    let call = row["call"]?.text ?? ""
    let isList = ["s", "users", "pulls"].contains { call.hasSuffix($0) } && row["list"] == nil
    if isList, call.hasPrefix("GET"), !call.hasSuffix("approvals") { body = "[\(body)]" }
    return HTTPAnswer(status: status, body: Array(body.utf8))
  }

  private static func value(_ name: String) -> String {
    let commit = String(repeating: "a", count: 40)
    switch name {
    case "draft": return "true"
    case "title": return #""WIP: Draft: x""#
    case "head": return #"{"ref":"b","sha":"\#(commit)","repo":{"full_name":"shop/app"}}"#
    case "sha": return "\"\(commit)\""
    case "head_pipeline": return #"{"id":7,"status":"failed","sha":"\#(commit)"}"#
    case "source_branch": return #""b""#
    case "name": return #""migration""#
    case "id", "iid", "number", "start_line", "source_project_id", "target_project_id": return "1"
    case "conclusion": return #""failure""#
    case "app": return #"{"slug":"other"}"#
    case "state": return #""open""#
    case "labels": return #"[{"id":1,"name":"migration"}]"#
    case "user", "author": return #"{"login":"ann","username":"ann"}"#
    case "mergeable", "has_conflicts", "allow_failure", "resolved", "merged": return "false"
    case "blocking_discussions_resolved": return "false"
    case "topics": return #"["Java","x"]"#
    case "archived", "fork": return "false"
    case "full_name", "path_with_namespace": return #""shop/app""#
    case "data", "approved_by": return "[]"
    case "merged_at", "merge_commit_sha": return "null"
    default: return #""x""#
    }
  }
}

@Suite("What is asked of forges is what they publish")
struct FactTests {
  @Test(arguments: [ForgePlace.Kind.github, .gitlab, .gitea])
  func `each call has its path, parameters and members, and each fact is asked for`(
    _ kind: ForgePlace.Kind
  ) throws {
    let exchange = PublishedForge(kind)
    let bases = [
      "github": "https://forge.test/api/v3", "gitlab": "https://forge.test/api/v4",
      "gitea": "https://forge.test/api/v1",
    ]
    let place = try #require(
      ForgePlace(url: "https://forge.test/shop/app", kind: kind, base: bases[kind.rawValue]))
    let forge = try #require(
      place.forge(token: "T", exchange: exchange, clock: { Timestamp(milliseconds: 0) }, pause: {}))
    #expect(try forge.find(branch: "b")?.number == 1)
    for isDraft in [true, false] {
      let draft = PullRequestDraft(branch: "b", base: "main", title: "t", body: "b", isDraft: isDraft)
      #expect(try forge.create(draft).number == 1)
    }
    try forge.setText(title: "t", body: "b", of: 1)
    try forge.setText(title: nil, body: "b", of: 1)
    try forge.makeReady(1)
    try forge.addLabels(["migration"], to: 1)
    try forge.ask(["ann", "@bob", "@org/team", "c@example.org"], about: 1)
    try forge.ask(["@org/team"], about: 1)
    try forge.ask(["c@example.org"], about: 1)
    #expect(try forge.look(1).sight.review != nil)
    let head = try #require(ObjectID(String(repeating: "a", count: 40)))
    #expect(try !forge.failedLogs(of: 1, at: head).isEmpty)
    try issues(of: forge)
    let query = try ForgeQuery("org:shop topic:java")
    for missing in [[], ["orgs", "groups"]] {
      exchange.missing = missing
      let found = try place.repositories(
        query, token: "T", exchange: exchange, clock: { Timestamp(milliseconds: 0) })
      #expect(found.map(\.path) == ["shop/app"])
      #expect(found.first?.line == #"{"base":"x","labels":["Java","x"],"url":"x"}"#)
    }
    #expect(exchange.faults == [])
    let calls = Set(exchange.rows.compactMap { $0["call"]?.text })
    #expect(!calls.isEmpty && exchange.used == calls)
  }

  private func issues(of forge: any IssueTracker) throws {
    var draft = IssueDraft(title: "t", body: "b", labels: ["migration", "new"])
    #expect(try forge.open(draft).number == 1)
    let issue = try #require(try forge.issues(labelled: "migration").first)
    for end in [IssueDraft.End.completed, .notPlanned, nil] {
      draft.end = end
      try forge.change(issue, to: draft)
    }
  }
}
