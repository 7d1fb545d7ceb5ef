import Testing

@testable import Migration

@Suite("Numbers for Prometheus")
struct MetricsTests {
  @Test func `a family a number, its help once, a line a migration`() {
    let story = Story(Plan.sample(["A", "B"].map { PlannedStep(id: $0) }, attempts: 1))
    story.complete("A")
    story.claim("B")
    story.fail("B")
    var chronicle = Chronicle(of: "mig")
    var state = State()
    for event in story.events {
      _ = try? state.apply(event)
      chronicle.add(event, state)
    }
    let report = StatusReport(story.state, sequence: 9, now: story.now)
    let text = MetricsText(report.migrations.map { ($0, chronicle) }, sequence: 9).text
    for line in [
      "# TYPE git_migrate_steps gauge", "git_migrate_ledger_entries 9",
      "git_migrate_steps{migration=\"mig\",state=\"merged\"} 1",
      "git_migrate_steps{migration=\"mig\",state=\"blocked\"} 1",
      "git_migrate_steps{migration=\"mig\",state=\"ready\"} 0",
      "git_migrate_standing{migration=\"mig\",standing=\"waits\"} 1",
      "git_migrate_needs{migration=\"mig\"} 1", "git_migrate_failed_attempts_total{migration=\"mig\"} 1",
      "git_migrate_gate_runs_total{migration=\"mig\"} 1",
      "git_migrate_cost_dollars_total{migration=\"mig\"} 0.000000",
    ] {
      #expect(text.split(separator: "\n").contains(Substring(line)), "\(line) in \(text)")
    }
    let helps = text.split(separator: "\n").filter { $0.hasPrefix("# HELP") }
    #expect(Set(helps).count == helps.count && text.hasSuffix("\n"))
  }
}
