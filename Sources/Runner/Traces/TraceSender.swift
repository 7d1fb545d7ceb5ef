import CanonicalJSON
import Gate
import Git
import Ledger
import Migration
import Site
import Supervision
import System

/// Where traces go, and what is said with them; from the command line and `OTEL_EXPORTER_OTLP_…`.
package struct TraceTarget: Sendable {
  /// The address that spans are posted to.
  package var address: String
  /// Further heads of a request, with their values.
  package var headers: [(name: String, value: String)]
  /// The longest wait for an answer, in seconds.
  package var timeoutSeconds: Int

  /// The target of an address that was named, or of the environment; throws when there is none, or when it is
  /// no address for HTTP.
  package init(
    address named: String?, headers given: [String], environment: [String: String]
  ) throws(CommandError) {
    let prefix = "OTEL_EXPORTER_OTLP_"
    func variable(_ name: String) -> String? {
      [prefix + "TRACES_" + name, prefix + name].lazy.compactMap { environment[$0] }.first { !$0.isEmpty }
    }
    if let named {
      address = TraceTarget.completed(named)
    } else if let exact = environment[prefix + "TRACES_ENDPOINT"], !exact.isEmpty {
      address = exact
    } else if let base = environment[prefix + "ENDPOINT"], !base.isEmpty {
      address = TraceTarget.completed(base)
    } else {
      throw CommandError(
        "nobody says where the traces go", hint: "name it: git migrate trace --otlp http://127.0.0.1:4318",
        exitCode: .usage)
    }
    let isPlain = address.utf8.allSatisfy { $0 > 0x20 && $0 < 0x7F && $0 != 0x22 && $0 != 0x5C }
    guard isPlain, address.hasPrefix("http://") || address.hasPrefix("https://") else {
      throw CommandError(
        "'\(TerminalText.sanitizedLine(address))' is no address of HTTP",
        hint: "write it as http://HOST:PORT, or with its whole path", exitCode: .usage)
    }
    headers = []
    // The environment's are percent-encoded (as in W3C Baggage, says the exporters' specification).
    for pair in (variable("HEADERS") ?? "").split(separator: ",") {
      let parts = pair.split(separator: "=", maxSplits: 1, omittingEmptySubsequences: false)
      headers.append(try TraceTarget.header(parts.map { TraceTarget.decoded(String($0)) }))
    }
    for pair in given {
      let parts = pair.split(separator: "=", maxSplits: 1, omittingEmptySubsequences: false)
      headers.append(try TraceTarget.header(parts.map(String.init)))
    }
    let wait = variable("TIMEOUT").flatMap { Int($0) } ?? 10_000
    timeoutSeconds = min(600, max(1, wait / 1000))
  }

  /// A head of two parts. What is none is not shown: it may be a key that somebody forgot to name.
  private static func header(_ parts: [String]) throws(CommandError) -> (name: String, value: String) {
    let parts = parts.map(\.trimmingBlanks)
    guard parts.count == 2, let name = parts.first, let value = parts.last, HTTPToken.isOne(name),
      value.utf8.allSatisfy({ $0 >= 0x20 && $0 != 0x7F })
    else { throw CommandError("a header is not NAME=VALUE", hint: "name it first", exitCode: .usage) }
    return (name, value)
  }

  /// An address without a path is that of a collector, whose path is known.
  static func completed(_ base: String) -> String {
    let rest = base.split(separator: "/", omittingEmptySubsequences: true)
    if rest.count <= 2 { return base.trimmingSlashes + "/v1/traces" }
    return base
  }

  /// `%20` of the environment's headers.
  private static func decoded(_ text: String) -> String {
    var bytes: [UInt8] = []
    var rest = Array(text.utf8)[...]
    while let byte = rest.popFirst() {
      if byte == UInt8(ascii: "%"), rest.count >= 2,
        let value = UInt8(String(decoding: rest.prefix(2), as: UTF8.self), radix: 16)
      {
        bytes.append(value)
        rest = rest.dropFirst(2)
      } else {
        bytes.append(byte)
      }
    }
    return String(decoding: bytes, as: UTF8.self)
  }
}

/// The names of heads (RFC 9110, 5.6.2).
private enum HTTPToken {
  static func isOne(_ text: String) -> Bool {
    !text.isEmpty
      && text.utf8.allSatisfy { byte in
        (0x30...0x39).contains(byte) || (0x41...0x5A).contains(byte) || (0x61...0x7A).contains(byte)
          || "!#$%&'*+-.^_`|~".utf8.contains(byte)
      }
  }
}

extension String {
  fileprivate var trimmingBlanks: String {
    var text = self[...]
    while text.first == " " { text = text.dropFirst() }
    while text.last == " " { text = text.dropLast() }
    return String(text)
  }

  fileprivate var trimmingSlashes: String {
    var text = self[...]
    while text.last == "/" { text = text.dropLast() }
    return String(text)
  }
}

/// What was sent.
package struct SentTraces: PrintedAnswer {
  /// The migration.
  package let migration: String
  /// How many traces: ended attempts.
  package let traces: Int
  /// How many spans they have.
  package let spans: Int
  /// How many requests it took.
  package let posts: Int

  /// Counts, so that a script sees whether there was anything.
  package static let form = AnswerForm<SentTraces>.document([
    .text("migration", \.migration), .number("traces", \.traces), .number("spans", \.spans),
    .number("posts", \.posts),
  ])

  package func text(_ palette: Palette) -> String {
    let posts = Count.of(posts, "request")
    return "\(migration): \(Count.of(traces, "trace")) with \(Count.of(spans, "span")) sent in \(posts)\n"
  }
}

extension Answers {
  /// The most spans, and bytes before they are compressed, of one request. A trace is never split.
  private static let most = (spans: 200, bytes: 1 << 20)

  /// Sends every attempt that has ended, from `since` on, to `target`; what was sent before is sent
  /// again, and is the same. Throws when the program `curl` is missing, or the service does not take them.
  package func sendTraces(
    _ name: String, since: Timestamp?, to target: TraceTarget, version: String, withContent: Bool = false
  ) throws(CommandError) -> SentTraces {
    var book = TraceBook(of: name)
    let snapshot = try reporting {
      try site.ledger.reader.fold { event, state in book.add(event, state) }
    }
    guard let state = snapshot.state.migration(named: name) else {
      throw CommandError(snapshot.state.noMigration(name))
    }
    guard let tip = snapshot.tip else { throw CommandError(.noMigration(name)) }
    let first = try reporting { try site.ledger.reader.commits(to: tip, from: nil) }
    var document = TraceDocument(
      ledger: (first.first ?? tip).hex, migration: name, into: state.into, version: version,
      redactor: Redactor(environment: site.environment))
    let ended = book.attempts.filter { attempt in
      attempt.ended.map { end in since.map { end >= $0 } ?? true } ?? false
    }
    func words(_ attempt: TracedAttempt) -> TracedWords? {
      let fence = Fence(step: attempt.step, epoch: attempt.epoch)
      return AttemptTexts(of: name, fence, in: site).map {
        TracedWords(prompt: $0.prompt, closing: $0.closing)
      }
    }
    if withContent { document.words = words }
    var (batch, bytes): ([TracedAttempt], Int) = ([], 0)
    var (spans, posts, size) = (0, 0, 0)
    func flush() throws(CommandError) {
      if batch.isEmpty { return }
      try post(document.body(batch), to: target)
      posts += 1
      (batch, size, bytes) = ([], 0, 0)
    }
    for attempt in ended {
      let count = TraceDocument.count(attempt)
      // What failed is told in a few spans; the rest of one is small.
      let room =
        (attempt.failure?.details.reduce(0) { $0 + $1.utf8.count } ?? 0) * 3 + count * 2048
        + (withContent ? words(attempt)?.size ?? 0 : 0)
      let isFull = size + count > Answers.most.spans || bytes + room > Answers.most.bytes
      if !batch.isEmpty, isFull { try flush() }
      bytes += room
      batch.append(attempt)
      size += count
      spans += count
    }
    try flush()
    return SentTraces(migration: name, traces: ended.count, spans: spans, posts: posts)
  }

  /// One request, by the program `curl`: its settings come on standard input, so that no key is in a list of
  /// processes.
  private func post(_ body: [UInt8], to target: TraceTarget) throws(CommandError) {
    let packed = Gzip.compressed(body)
    let folder = try reporting {
      try Files.makeTemporaryDirectory(
        prefix: "git-migrate-trace-",
        in: site.environment["TMPDIR"].flatMap { $0.isEmpty ? nil : $0 } ?? "/tmp")
    }
    defer { try? Files.removeTree(folder) }
    let file = folder + "/body"
    try reporting { try Files.writeAtomically(file, packed ?? body) }
    var lines = [
      "url = \(quoted(target.address))", "request = \"POST\"", "header = \"Content-Type: application/json\"",
    ]
    if packed != nil { lines.append("header = \"Content-Encoding: gzip\"") }
    for header in target.headers { lines.append("header = \(quoted("\(header.name): \(header.value)"))") }
    lines.append("data-binary = \(quoted("@" + file))")
    var command = Command(
      "curl",
      [
        "-q", "-sS", "--config", "-", "--fail-with-body", "--max-time", String(target.timeoutSeconds),
        "--proto", "=http,https", "--output", "/dev/null", "--write-out", "%{http_code}",
      ], environment: site.environment)
    command.input = Array((lines.joined(separator: "\n") + "\n").utf8)
    command.timeoutSeconds = target.timeoutSeconds + 5
    let outcome: Outcome
    do throws(ProcessError) { outcome = try command.run(outputLimit: 1 << 16) } catch {
      throw CommandError(
        "the program 'curl' cannot be started: \(error)", hint: "install it; traces are sent by it")
    }
    guard outcome.status.isSuccess else {
      let words = TerminalText.sanitizedLine(
        outcome.errorText.split(separator: "\n").first.map(String.init) ?? "")
      throw CommandError(
        "the traces were not taken: \(words.isEmpty ? "status \(outcome.text)" : words)",
        hint: "sending them again is harmless")
    }
  }

  private func quoted(_ text: String) -> String {
    var result = "\""
    for character in text {
      if character == "\"" || character == "\\" { result.append("\\") }
      result.append(character)
    }
    return result + "\""
  }
}
