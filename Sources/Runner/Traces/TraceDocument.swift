import CanonicalJSON
import Gate
import Migration
import Site
import System

/// Ended attempts as OTLP over JSON: a trace an attempt, below it the work, the gates, and their verifiers.
///
/// All ids are made from the ledger, so that sending twice, from any clone, is harmless.
struct TraceDocument {
  /// The first entry of the ledger: what tells two ledgers apart that name the same things.
  let ledger: String
  let migration: String
  let into: String
  let version: String
  let redactor: Redactor
  /// What an agent was told and what it said last, where that is to be sent.
  var words: (TracedAttempt) -> TracedWords? = { _ in nil }

  /// The body of one post.
  func body(_ attempts: [TracedAttempt]) -> [UInt8] {
    let resource = JSON.object([
      JSON.Member(
        "attributes",
        .array([
          text(OpenTelemetry.service, "git-migrate"), text(OpenTelemetry.serviceVersion, version),
          text(OpenTelemetry.branch, into),
        ]))
    ])
    let scope = JSON.object([
      JSON.Member("name", .string("git-migrate")), JSON.Member("version", .string(version)),
    ])
    let spans = JSON.object([
      JSON.Member("scope", scope), JSON.Member("spans", .array(attempts.flatMap(spans))),
    ])
    return JSON.object([
      JSON.Member(
        "resourceSpans",
        .array([
          .object([JSON.Member("resource", resource), JSON.Member("scopeSpans", .array([spans]))])
        ]))
    ]).printableBytes
  }

  /// How many spans an attempt makes.
  static func count(_ attempt: TracedAttempt) -> Int {
    2 + attempt.gates.reduce(0) { $0 + 1 + $1.runs.count }
  }

  // MARK: Ids

  private func digest(_ attempt: TracedAttempt, _ kind: String, length: Int) -> String {
    let parts = [ledger, migration, attempt.step, String(attempt.epoch), kind]
    return String(SHA256.hexDigest(of: Array(parts.joined(separator: "\n").utf8)).prefix(length))
  }

  /// The id of an attempt's trace, as 32 hexadecimal digits.
  func trace(_ attempt: TracedAttempt) -> String { digest(attempt, "trace", length: 32) }

  private func span(_ attempt: TracedAttempt, _ kind: String) -> String {
    digest(attempt, kind, length: 16)
  }

  // MARK: Spans

  private func spans(_ attempt: TracedAttempt) -> [JSON] {
    guard let ended = attempt.ended else { return [] }
    let root = span(attempt, "root")
    var all = [
      made(
        attempt, "root", nil, "\(attempt.step) attempt \(attempt.epoch)", attempt.began, ended,
        rootAttributes(attempt), failure: attempt.failure)
    ]
    let work = attempt.submitted ?? ended
    var attributes = [
      text(OpenTelemetry.operation, OpenTelemetry.chat), text(OpenTelemetry.MLflow.kind, "CHAT_MODEL"),
      text(OpenTelemetry.conversation, "\(migration)/\(attempt.step)"),
    ]
    if let used = attempt.used, used.microdollars > 0 {
      attributes.append(text(OpenTelemetry.MLflow.cost, "{\"total_cost\":\(TraceDocument.dollars(used))}"))
    }
    if let words = words(attempt) {
      attributes += [
        text(OpenTelemetry.inputs, message("user", words.prompt)),
        text(OpenTelemetry.outputs, message("assistant", words.closing)),
      ]
    }
    all.append(
      made(
        attempt, "work", root, attempt.agent.map { "chat \($0)" } ?? "work", attempt.began, work, attributes,
        failure: attempt.gates.isEmpty ? attempt.failure : nil))
    for (number, gate) in attempt.gates.enumerated() {
      all += self.gate(attempt, gate, number + 1, root)
    }
    return all
  }

  /// One message of a conversation, as the conventions write it.
  private func message(_ role: String, _ words: String) -> String {
    let limit = TracedWords.longest
    let cut =
      words.utf8.count > limit ? String(decoding: words.utf8.prefix(limit), as: UTF8.self) + "\n…" : words
    let part = JSON.object([
      JSON.Member("content", .string(clean(cut))), JSON.Member("type", .string("text")),
    ])
    return JSON.array([
      .object([JSON.Member("parts", .array([part])), JSON.Member("role", .string(role))])
    ]).printable
  }

  private func rootAttributes(_ attempt: TracedAttempt) -> [JSON] {
    let result = TraceDocument.result(attempt)
    var attributes = [
      text(OpenTelemetry.operation, OpenTelemetry.invokeAgent), text(OpenTelemetry.MLflow.kind, "AGENT"),
      text(OpenTelemetry.agent, attempt.agent ?? attempt.holder),
      text(OpenTelemetry.conversation, "\(migration)/\(attempt.step)"),
      text(OpenTelemetry.MLflow.tag("migration"), migration),
      text(OpenTelemetry.MLflow.tag("step"), attempt.step),
      text(OpenTelemetry.MLflow.tag("epoch"), String(attempt.epoch)),
      text(OpenTelemetry.MLflow.tag("result"), result),
      text(
        OpenTelemetry.MLflow.inputs,
        JSON.object([
          JSON.Member("step", .string(clean(attempt.step))),
          JSON.Member("title", .string(clean(attempt.title))),
        ]).printable),
      text(
        OpenTelemetry.MLflow.outputs,
        JSON.object([
          JSON.Member("reason", .string(clean(attempt.failure?.reason ?? ""))),
          JSON.Member("result", .string(result)),
        ]).printable),
    ]
    if let failure = attempt.failure {
      attributes.append(text(OpenTelemetry.errorType, failure.kind.rawValue))
      attributes.append(text(OpenTelemetry.MLflow.tag("cause"), attempt.cause ?? failure.reason))
    }
    return attributes
  }

  private func gate(_ attempt: TracedAttempt, _ gate: TracedAttempt.Gate, _ number: Int, _ root: String)
    -> [JSON]
  {
    let name = "gate \(number)"
    let result = gate.failure == nil ? "success" : "failure"
    var all = [
      made(
        attempt, name, root, name, gate.began, gate.ended,
        [
          text(OpenTelemetry.operation, OpenTelemetry.executeTool), text(OpenTelemetry.MLflow.kind, "TOOL"),
          text(OpenTelemetry.tool, "gate"), text(OpenTelemetry.pipeline, migration),
          text(OpenTelemetry.taskRun, "\(attempt.step)/\(attempt.epoch)/\(number)"),
          text(OpenTelemetry.taskResult, result),
          text(OpenTelemetry.toolResult, gate.failure?.headline ?? "passed"),
        ], failure: gate.failure)
    ]
    let parent = span(attempt, name)
    for run in gate.runs {
      var attributes = [
        text(OpenTelemetry.task, run.verifier), text(OpenTelemetry.MLflow.kind, "TOOL"),
        text(OpenTelemetry.tool, run.runner ?? run.verifier),
      ]
      if let executed = run.executed { attributes.append(whole("migrate.tests.executed", executed)) }
      if let skipped = run.skipped { attributes.append(whole("migrate.tests.skipped", skipped)) }
      all.append(
        made(
          attempt, "\(name) \(run.verifier)", parent, run.verifier, gate.began, gate.ended, attributes,
          failure: nil))
    }
    return all
  }

  private func made(
    _ attempt: TracedAttempt, _ kind: String, _ parent: String?, _ name: String, _ began: Timestamp,
    _ ended: Timestamp, _ attributes: [JSON], failure: Migration.Failure?
  ) -> JSON {
    var members = [
      JSON.Member("attributes", .array(attributes)), JSON.Member("endTimeUnixNano", nanoseconds(ended)),
      JSON.Member("kind", .integer(OpenTelemetry.kindInternal)), JSON.Member("name", .string(clean(name))),
      JSON.Member("spanId", .string(span(attempt, kind))),
      JSON.Member("startTimeUnixNano", nanoseconds(began)),
      JSON.Member("traceId", .string(trace(attempt))),
    ]
    if let parent { members.append(JSON.Member("parentSpanId", .string(parent))) }
    var status = [JSON.Member("code", .integer(OpenTelemetry.statusOK))]
    if let failure {
      status = [
        JSON.Member("code", .integer(OpenTelemetry.statusError)),
        JSON.Member("message", .string(clean(failure.reason))),
      ]
      members.append(JSON.Member("events", .array([exception(failure, at: ended)])))
    }
    members.append(JSON.Member("status", .object(status)))
    return .object(members)
  }

  private func exception(_ failure: Migration.Failure, at time: Timestamp) -> JSON {
    .object([
      JSON.Member(
        "attributes",
        .array([
          text(OpenTelemetry.exceptionType, failure.kind.rawValue),
          text(OpenTelemetry.exceptionMessage, failure.reason),
          text(OpenTelemetry.exceptionStack, failure.details.joined(separator: "\n\n")),
        ])),
      JSON.Member("name", .string(OpenTelemetry.exception)), JSON.Member("timeUnixNano", nanoseconds(time)),
    ])
  }

  // MARK: Values

  private func clean(_ text: String) -> String { redactor.redact(TerminalText.sanitized(text)) }

  private func text(_ key: String, _ value: String) -> JSON {
    attribute(key, JSON.Member("stringValue", .string(clean(value))))
  }

  private func whole(_ key: String, _ value: Int) -> JSON {
    attribute(key, JSON.Member("intValue", .string(String(value))))
  }

  private func attribute(_ key: String, _ value: JSON.Member) -> JSON {
    .object([JSON.Member("key", .string(key)), JSON.Member("value", .object([value]))])
  }

  private func nanoseconds(_ time: Timestamp) -> JSON { .string("\(time.milliseconds)000000") }

  static func dollars(_ used: Amounts) -> String {
    let rest = String(used.microdollars % 1_000_000)
    return "\(used.microdollars / 1_000_000)." + String(repeating: "0", count: 6 - rest.utf8.count) + rest
  }

  /// What came of an attempt, in one word.
  static func result(_ attempt: TracedAttempt) -> String {
    if attempt.word == .merged { return "merged" }
    return attempt.failure == nil ? "given back" : "failed"
  }
}

/// What was said in an attempt.
struct TracedWords {
  /// What the agent was told.
  var prompt: String
  /// What it said last.
  var closing: String

  /// How much of each is sent at most, in bytes.
  static let longest = 64 << 10

  var size: Int { min(Self.longest, prompt.utf8.count) + min(Self.longest, closing.utf8.count) }
}
