import Agents
import Migration
import Testing

@testable import Plans

@Suite("The JSON Schema")
struct TheSchema {
  /// JSON is YAML, so our own reader reads it.
  private func schema() throws -> Node {
    try YAMLReader.read(Array(PlanSchema.json.utf8), firstLine: 1, Faults())
  }

  private func child(_ node: Node, _ path: [String]) throws -> Node {
    var node = node
    for name in path {
      guard case .map(let entries) = node.content else { throw Missing(path: path) }
      guard let entry = entries.first(where: { $0.key.value == name }) else { throw Missing(path: path) }
      node = entry.value
    }
    return node
  }

  private struct Missing: Error { var path: [String] }

  private func keys(_ node: Node) -> Set<String> {
    guard case .map(let entries) = node.content else { return [] }
    return Set(entries.map(\.key.value))
  }

  private func item(_ node: Node, _ index: Int) throws -> Node {
    guard case .list(let items) = node.content, items.indices.contains(index) else { throw Missing(path: []) }
    return items[index]
  }

  @Test("has the parser's keys, no more and no fewer, each described")
  func keys() throws {
    let root = try schema()
    let step = try child(root, ["properties", "steps", "items"])
    let gate = try item(try child(root, ["properties", "gate", "anyOf"]), 1)
    let tables: [(Node, KeyTable)] = [
      (root, KnownKeys.plan),
      (try child(root, ["$defs", "agent"]), KnownKeys.agent),
      (try child(root, ["properties", "budget"]), KnownKeys.budget),
      (try child(root, ["$defs", "limits"]), KnownKeys.limits),
      (try item(try child(root, ["properties", "backoff", "anyOf"]), 1), KnownKeys.backoff),
      (try child(root, ["properties", "worktree"]), KnownKeys.worktree),
      (try child(root, ["$defs", "publish"]), KnownKeys.publish),
      (try item(try child(root, ["$defs", "targets", "anyOf"]), 1), KnownKeys.targets),
      (
        try item(try child(root, ["$defs", "targetList", "items", "anyOf"]), 1), KnownKeys.target
      ),
      (try child(root, ["$defs", "window"]), KnownKeys.window),
      (try child(root, ["$defs", "notify"]), KnownKeys.notify),
      (try child(root, ["$defs", "channel"]), KnownKeys.notifyChannel),
      (try child(root, ["$defs", "quiet"]), KnownKeys.quiet),
      (try child(root, ["properties", "refresh"]), KnownKeys.refresh),
      (try item(try child(root, ["properties", "stop", "anyOf"]), 1), KnownKeys.stop),
      (try item(try child(root, ["$defs", "resource", "anyOf"]), 1), KnownKeys.resource),
      (try child(root, ["$defs", "share"]), KnownKeys.machineShare),
      (gate, KnownKeys.gate),
      (try item(try child(gate, ["properties", "setup", "anyOf"]), 1), KnownKeys.gateSetup),
      (try child(root, ["$defs", "verifier"]), KnownKeys.verifier),
      (try child(root, ["$defs", "remote"]), KnownKeys.remoteVerifier),
      (try child(root, ["$defs", "judge"]), KnownKeys.judge),
      (step, KnownKeys.step),
      (try child(step, ["properties", "for"]), KnownKeys.each),
    ]
    for (node, table) in tables {
      let properties = try child(node, ["properties"])
      #expect(keys(properties) == Set(table.keys))
      #expect(try child(node, ["additionalProperties"]).content == .text("false", .plain))
      guard case .map(let entries) = properties.content else { continue }
      for entry in entries { #expect(keys(entry.value).contains("description"), "\(entry.key.value)") }
    }
  }

  @Test("has the parser's bounds and choices")
  func bounds() throws {
    let root = try schema()
    func range(_ path: [String]) throws -> [String] {
      try ["minimum", "maximum"].map { try text(child(root, path + [$0])) }
    }
    #expect(try range(["properties", "attempts"]) == shown(Bounds.attempts))
    #expect(try range(["$defs", "agent", "properties", "max_turns"]) == shown(Bounds.maxTurns))
    #expect(
      try range(["$defs", "agent", "properties", "continuations"]) == shown(Bounds.continuations))
    #expect(
      try range(["$defs", "agent", "properties", "max_concurrent"]) == shown(Bounds.maxConcurrent))
    let values = try item(try child(root, ["$defs", "values", "anyOf"]), 0)
    let capacity = try ["minimum", "maximum"].map { try text(child(values, [$0])) }
    #expect(capacity == shown(Bounds.capacity))
    #expect(try range(["properties", "steps", "items", "properties", "priority"]) == shown(Bounds.priority))
    #expect(
      try texts(child(root, ["$defs", "agent", "properties", "adapter", "enum"]))
        == AgentAdapter.allCases.map(\.rawValue))
    let gate = try item(try child(root, ["properties", "gate", "anyOf"]), 1)
    #expect(
      try texts(child(gate, ["properties", "guards", "items", "enum"])) == Plan.Guard.allCases.map(\.rawValue)
    )
    #expect(
      try texts(child(root, ["$defs", "verifier", "properties", "kind", "enum"]))
        == Plan.Verifier.Kind.allCases.map(\.rawValue))
  }

  private func shown(_ range: ClosedRange<Int>) -> [String] {
    ["\(range.lowerBound)", "\(range.upperBound)"]
  }

  private func text(_ node: Node) -> String {
    if case .text(let text, _) = node.content { return text }
    return ""
  }

  private func texts(_ node: Node) -> [String] {
    guard case .list(let items) = node.content else { return [] }
    return items.map(text)
  }
}
