import CanonicalJSON
import Migration
import Testing

/// The base is claimed like work: one judges it, and the others wait for what is found.
@Suite("The base of a migration")
struct BaselineTests {
  private let story = Story(chain: "A")
  private var digest: String { story.current.gateDigest }

  @discardableResult
  private func claim(by holder: String, run: Int = 1, process pid: Int = 9, tree: Int = 50) -> Bool {
    story.tell(
      .baselineClaimed(
        BaselineClaim(
          run: run, tree: oid(tree), verifiers: digest, holder: holder, owner: process(pid),
          expiresAt: story.now.adding(seconds: 600))), by: holder)
  }

  @discardableResult
  private func record(_ verdict: Verdict, run: Int?, by holder: String, tree: Int = 50) -> Bool {
    story.tell(
      .baselineRecorded(
        Baseline(
          tree: oid(tree), verifiers: digest, verdict: verdict, reason: "r",
          details: verdict == .passed ? [] : ["test_a"], run: run)), by: holder)
  }

  @Test("one that does not pass is told, and is no failed attempt of a step")
  func told() throws {
    claim(by: "ann")
    record(.failed, run: 1, by: "ann")
    let outcomes = RunOutcome.of(try #require(story.events.last), in: story.state, nil)
    #expect(outcomes.map(\.kind) == [.refused] && outcomes.first?.subject == "the base")
    var tally = RunTally()
    outcomes.forEach { tally.add($0) }
    #expect(tally.words == "nothing was merged")
  }

  @Test("one judges it; who comes later is told who does, and that it passed")
  func once() {
    #expect(claim(by: "ann"))
    #expect(!claim(by: "bob", run: 2))
    #expect(story.refusal?.message.contains("judged by ann") == true)
    #expect(record(.passed, run: 1, by: "ann"))
    #expect(story.current.baselineRun == nil)
    #expect(!claim(by: "bob", run: 2))
    #expect(story.refusal?.message == "the base has passed already")
    #expect(claim(by: "bob", run: 2, tree: 51), "another tree is another base")
  }

  @Test("what is found by somebody whose claim was taken away does not count")
  func fenced() {
    claim(by: "ann")
    story.wait(661)
    #expect(story.tell(.baselineAbandoned(run: 1, evidence: .timeout), by: "bob"))
    #expect(claim(by: "bob", run: 2))
    #expect(!record(.failed, run: 1, by: "ann"))
    #expect(story.refusal?.code == .stale)
    #expect(!record(.failed, run: nil, by: "ann"))
    #expect(!story.tell(.baselineRenewed(run: 1, expiresAt: story.now.adding(seconds: 900)), by: "ann"))
    #expect(story.current.phase == .running)
    #expect(!record(.passed, run: 2, by: "bob", tree: 51))
    #expect(record(.passed, run: 2, by: "bob"))
    #expect(!record(.failed, run: 2, by: "bob"))
  }

  @Test("who is alive keeps it, who is dead loses it at once, and nobody else gives it up")
  func evidence() {
    claim(by: "ann")
    let later = story.now.adding(seconds: 900)
    #expect(!story.tell(.baselineRenewed(run: 1, expiresAt: later), by: "bob"))
    #expect(story.tell(.baselineRenewed(run: 1, expiresAt: later), by: "ann"))
    story.wait(661)
    #expect(!story.tell(.baselineAbandoned(run: 1, evidence: .timeout), by: "bob"))
    #expect(!story.tell(.baselineAbandoned(run: 1, evidence: .holder), by: "bob"))
    #expect(!story.tell(.baselineAbandoned(run: 1, evidence: .holderDead(process(8))), by: "bob"))
    #expect(story.tell(.baselineAbandoned(run: 1, evidence: .holderDead(process(9))), by: "bob"))
    #expect(!claim(by: "bob", run: 1), "a number is used once")
    #expect(claim(by: "bob", run: 2))
  }

  @Test("a claim ends with the plan's gate, and with the migration; a pause keeps it")
  func ends() {
    claim(by: "ann")
    story.tell(.migrationPaused(reason: "lunch"), by: "ann")
    #expect(story.current.baselineRun != nil)
    story.tell(.migrationResumed, by: "ann")
    story.amend(.sample([PlannedStep(id: "A")]))
    #expect(story.current.baselineRun != nil)
    story.amend(.sample([PlannedStep(id: "A")], verifier: "make other"))
    #expect(story.current.baselineRun == nil)
    #expect(claim(by: "ann", run: 2))
    story.tell(.migrationAborted(reason: ""), by: "ann")
    #expect(story.current.baselineRun == nil)
  }

  @Test("a ledger of before there were claims still folds")
  func old() {
    #expect(record(.failed, run: nil, by: "ann"))
    #expect(story.current.phase.word == "paused")
    story.tell(.migrationResumed, by: "ann")
    #expect(record(.passed, run: nil, by: "ann"))
    #expect(!story.state.json.canonical.contains("baseline_run"), "a checkpoint of then is still true")
  }

  @Test("a checkpoint keeps who judges it, and status says so")
  func isKept() throws {
    claim(by: "ann")
    let plan = story.current.plan
    #expect(
      try State(json: JSON.parse(story.state.json.canonical)) { (_, _) throws(JSONFault) in plan }
        == story.state)
    func text(isDead: Bool) -> String {
      let report = StatusReport(story.state, sequence: 2, now: story.now) { _ in isDead }
      return StatusText(report, width: 0, colour: false).text
    }
    #expect(text(isDead: false).contains("\n  the base is judged by ann (expires in 9m)\n"))
    #expect(text(isDead: true).contains("\n  the base is judged by ann (holder is dead)\n"))
    let json = StatusReport(story.state, sequence: 2, now: story.now).json.canonical
    let until = story.current.baselineRun?.expiresAt.seconds ?? 0
    #expect(
      json.contains(#""baseline":{"expires_at":\#(until),"holder":"ann","holder_dead":false}"#), "\(json)")
  }
}

@Suite("A gate under way")
struct GateRenewalTests {
  @Test("is kept by who judges, for a lease at a time, and by nobody else")
  func renewed() {
    let story = Story(chain: "A")
    story.claim("A")
    story.submit("A")
    story.gate("A")
    let fence = story.fence("A")
    func renew(_ seconds: Int, gate: Int = 1, by author: String = "gate-1") -> Bool {
      story.tell(.gateRenewed(fence, gate: gate, expiresAt: story.now.adding(seconds: seconds)), by: author)
    }
    #expect(!renew(900, by: "w1"))
    #expect(!renew(900, gate: 2))
    #expect(!renew(10), "a renewal never shortens")
    #expect(renew(900))
    story.wait(661)
    #expect(!story.tell(.gateAbandoned(fence, gate: 1, evidence: .timeout), by: "bob"))
    story.wait(300)
    #expect(story.tell(.gateAbandoned(fence, gate: 1, evidence: .timeout), by: "bob"))
    #expect(!renew(900), "what was taken away stays away")
    story.gate("A")
    story.verdict("A", .passed)
    #expect(!renew(900, gate: 2), "a verdict is not kept waiting")
  }
}
