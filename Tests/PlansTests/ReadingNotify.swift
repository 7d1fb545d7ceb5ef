import CanonicalJSON
import Migration
import Testing

@Suite("Reading how people are told")
struct ReadingNotify {
  private func plan(_ notify: String) throws -> Plan {
    let text = "---\nmigration: m\ngate: none\nnotify:\(notify)\nsteps: [{ id: a, run: x }]\n---\n"
    return try expand(text, FakeSource())
  }

  private func fault(_ notify: String) -> String {
    do {
      _ = try plan(notify)
      return ""
    } catch { return "\(error)" }
  }

  @Test func `a command alone stays a command`() throws {
    let plan = try plan(" ./tell")
    #expect(plan.notify == "./tell")
    #expect(plan.messages == nil)
  }

  @Test func `a map names ways and times, and the ledger keeps it`() throws {
    let read = try plan(
      """

        command: ./tell
        webhook: { to: $SLACK, severity: warning }
        mail: ann@shop.example, bob@shop.example
        desktop: true
        digest: 15m
        again: 4h
        by: owner
        quiet: { start: "22:00", end: "07:00" }
      """)
    var expected = NotifyPolicy()
    expected.channels = [
      NotifyChannel(.command, "./tell"), NotifyChannel(.webhook, "$SLACK", least: .warning),
      NotifyChannel(.mail, "ann@shop.example, bob@shop.example"), NotifyChannel(.desktop),
    ]
    (expected.digestSeconds, expected.againSeconds, expected.isByOwner) = (900, 14_400, true)
    expected.quiet = QuietHours(start: 1320, end: 420)
    #expect(read.messages == expected)
    #expect(read.notify == nil)
    #expect(try Plan(json: read.json).messages == expected)
  }

  @Test func `what is no way to people, or no time, is told at its place`() {
    #expect(fault(" {}").contains("'notify' names no way to people"))
    #expect(fault(" { slack: x }").contains("unknown key 'slack' in 'notify'"))
    #expect(fault(" { mail: nobody }").contains("'mail' is no address of a mailbox"))
    #expect(fault(" { webhook: hooks.example }").contains("'webhook' is neither an address"))
    #expect(fault(" { desktop: maybe }").contains("'desktop' must be true or false"))
    #expect(fault(" { command: { severity: info } }").contains("'command' has no 'to'"))
    #expect(fault(" { mail: { to: a@b, severity: high } }").contains("must be one of info, warning, urgent"))
    #expect(fault(" { mail: a@b, by: team }").contains("'by' must be owner"))
    #expect(fault(" { mail: a@b, quiet: { start: \"22:00\" } }").contains("'quiet' has no 'end'"))
    #expect(fault(" { mail: a@b, quiet: { start: \"1:00\", end: \"1:00\" } }").contains("a time of day"))
    #expect(fault(" { mail: a@b, again: 10s }").contains("'again' must be between"))
  }
}
