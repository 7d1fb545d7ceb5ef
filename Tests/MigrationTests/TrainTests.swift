import Migration
import Testing

@Suite("A train")
struct TrainTests {
  /// A ledger of version 2 in which these steps have handed in.
  private func waiting(_ ids: [String], gate: Plan.Gate? = nil) -> Story {
    var plan = Plan.sample(ids.map { PlannedStep(id: $0) })
    if let gate { plan.gate = gate }
    let story = Story(plan)
    story.tell(.ledgerUpgraded(version: 2), of: FormatVersion.everyMigration)
    for id in ids {
      story.claim(id)
      story.submit(id)
    }
    return story
  }

  @discardableResult
  private func start(_ story: Story, _ ids: [String], by author: String = "gate-1") -> Bool {
    story.tell(
      .train(
        .started(
          TrainStart(
            train: story.current.trains + 1,
            members: ids.map {
              TrainMember(fence: story.fence($0), gate: story.step($0).gates + 1, tree: story.newObject())
            }, tip: story.current.tip, holder: author, owner: process(9),
            expiresAt: story.now.adding(seconds: 600)))), by: author)
  }

  @discardableResult
  private func pass(_ story: Story, verifiers: String? = nil) -> Bool {
    story.tell(
      .train(
        .finished(
          TrainReport(
            train: story.current.trains, verifiers: verifiers ?? story.current.gateDigest,
            verdict: .passed))),
      by: "gate-1")
  }

  @discardableResult
  private func split(_ story: Story, passed: Int, culprit: String) -> Bool {
    story.tell(
      .train(
        .split(
          TrainSplit(
            train: story.current.trains, passed: passed, culprit: culprit, verifiers: story.current.gateDigest
          ))),
      by: "gate-1")
  }

  @discardableResult
  private func blame(_ story: Story, _ culprit: String, partner: String? = nil) -> Bool {
    story.tell(
      .train(
        .finished(
          TrainReport(
            train: story.current.trains, verifiers: story.current.gateDigest, verdict: .failed,
            failure: Failure(kind: .gate, reason: "test_log failed"), culprit: culprit, partner: partner))),
      by: "gate-1")
  }

  @discardableResult
  private func land(_ story: Story) -> Bool {
    guard let landing = story.landing(), let fence = landing.fence else { return false }
    guard story.tell(landing, by: "gate-1"), case .merge(_, .intended(let target)) = landing else {
      return false
    }
    return story.tell(.stepMerged(fence, commit: target.new, train: target.train), by: "gate-1")
  }

  @Test("that a service judges may be joined while nothing is known of it, up to its limit, and by who waits")
  func joins() {
    var gate = Plan.Gate(verifiers: [Plan.Verifier(name: "ci", run: "ask", remote: "ci")])
    let story = waiting(["A", "B", "C", "D"], gate: gate)
    func join(_ id: String, by author: String = "gate-1") -> Bool {
      let member = TrainMember(
        fence: story.fence(id), gate: story.step(id).gates + 1, tree: story.newObject())
      return story.tell(
        .trainJoined(TrainJoin(train: story.current.trains, members: [member])), by: author)
    }
    #expect(start(story, ["A"]), "whoever is first need not wait for another")
    var seat = Seat(owner: process(9), actor: "gate-1", free: 1, clock: story.now)
    seat.judging = .result(story.fence("A"))
    #expect(!story.current.agenda(at: story.now, seat: seat).contains(.join(story.fence("B"))))
    seat.unfit = []
    #expect(story.current.agenda(at: story.now, seat: seat).contains(.join(story.fence("B"))))
    seat.unfit = [story.fence("B")]
    #expect(story.current.agenda(at: story.now, seat: seat).contains(.join(story.fence("C"))))
    #expect(!join("B", by: "gate-2"), "only who judges it lets others in")
    #expect(join("B") && join("C"))
    #expect(!join("C"), "it is in")
    #expect(split(story, passed: 1, culprit: "B"))
    #expect(!join("D"), "its culprit is known")
    #expect(story.step("C").phase.word == "submitted")
    gate.verifiers[0].remote = nil
    let here = waiting(["A", "B", "C"], gate: gate)
    #expect(!start(here, ["A"]))
    #expect(start(here, ["A", "B"]))
    let member = TrainMember(fence: here.fence("C"), gate: 1, tree: here.newObject())
    #expect(!here.tell(.trainJoined(TrainJoin(train: 1, members: [member])), by: "gate-1"))
  }

  @Test("of one step that passes makes the next ones longer again, after a bad patch")
  func recovers() {
    let story = waiting((1...6).map { "S\($0)" })
    for _ in 0..<7 where story.current.trainLimit.members > 1 {
      let waiting = story.current.steps.filter { $0.phase.word == "submitted" }.map(\.id).prefix(2)
      start(story, Array(waiting))
      story.tell(
        .gateAbandoned(
          story.fence(waiting[0]), gate: story.step(waiting[0]).gates, evidence: .holderDead(process(9))),
        by: "x")
    }
    #expect(story.current.trainLimit.members == 1)
    story.gate("S1")
    story.verdict("S1", .passed)
    #expect(story.current.trainLimit.members == 5)
  }

  @Test("that passes lands whole: one move of the branch, a commit for each step")
  func passes() {
    let story = waiting(["A", "B", "C"])
    #expect(start(story, ["A", "B", "C"]))
    #expect(pass(story))
    #expect(story.current.verdicts.count == 1)
    #expect(land(story))
    #expect(["A", "B", "C"].map(story.word) == ["merged", "merged", "merged"])
    #expect(story.step("C").phase == .merged(commit: story.current.tip))
    #expect(story.step("A").phase != story.step("C").phase)
    #expect(story.current.train == nil)
    #expect(story.effects.contains(.notify(migration: "mig", .allStepsDone)))
  }

  @Test("that does not pass lands those before the culprit, and those behind it wait for the next one")
  func splits() {
    let story = waiting(["A", "B", "C", "D"])
    start(story, ["A", "B", "C", "D"])
    #expect(split(story, passed: 2, culprit: "C"))
    #expect(land(story))
    #expect(["A", "B", "C", "D"].map(story.word) == ["merged", "merged", "gating", "submitted"])
    #expect(blame(story, "C"))
    #expect(story.word("C") == "backoff")
    #expect(story.step("C").failures == 1)
    #expect(story.current.train == nil)
    #expect(story.current.trainLimit.members == 32)
  }

  @Test("whose culprit passes alone costs no attempt of it, and names the partner")
  func partners() {
    let story = waiting(["A", "B", "C"])
    start(story, ["A", "B", "C"])
    split(story, passed: 2, culprit: "C")
    land(story)
    #expect(blame(story, "C", partner: "A"))
    #expect(story.word("C") == "ready")
    #expect(story.step("C").failures == 0)
    #expect(story.step("C").lastFailure?.reason == "test_log failed")
  }

  @Test("whose first step fails lands nothing")
  func firstFails() {
    let story = waiting(["A", "B"])
    start(story, ["A", "B"])
    #expect(split(story, passed: 0, culprit: "A"))
    #expect(["A", "B"].map(story.word) == ["gating", "submitted"])
    #expect(story.landing() == nil)
    #expect(blame(story, "A"))
    #expect(story.current.train == nil)
  }

  @Test("lands exactly what passed: no more, no less, in no other order, from no other tip")
  func landsWhatPassed() throws {
    let story = waiting(["A", "B", "C"])
    start(story, ["A", "B", "C"])
    split(story, passed: 2, culprit: "C")
    guard case .merge(let fence, .intended(let target))? = story.landing(), let merge = target.train else {
      Issue.record("nothing to land")
      return
    }
    func refused(_ change: (inout MergeTarget, inout TrainMerge) -> Void) -> Bool {
      var (other, members) = (target, merge)
      change(&other, &members)
      other.train = members
      return !story.tell(.mergeIntended(fence, other), by: "gate-1")
    }
    #expect(refused { $1.members.removeFirst() })
    #expect(refused { $1.members.swapAt(0, 1) })
    #expect(refused { $1.members[0].commit = $1.members[1].commit })
    #expect(refused { $1.train += 1 })
    #expect(refused { target, _ in target.tree = oid(77) })
    #expect(refused { target, _ in target.old = oid(77) })
    #expect(refused { target, _ in target.base = oid(77) })
    #expect(!story.tell(.mergeIntended(fence, target), by: "somebody"))
    var alone = target
    alone.train = nil
    #expect(!story.tell(.mergeIntended(fence, alone), by: "gate-1"))
    #expect(story.tell(.mergeIntended(fence, target), by: "gate-1"))
    #expect(!story.tell(.stepMerged(fence, commit: target.new), by: "gate-1"))
    #expect(story.tell(.stepMerged(fence, commit: target.new, train: merge), by: "gate-1"))
  }

  @Test("ends when one of its steps is taken out, and the others wait again")
  func dissolves() {
    let story = waiting(["A", "B", "C"])
    start(story, ["A", "B", "C"])
    #expect(story.skip("B"))
    #expect(["A", "B", "C"].map(story.word) == ["submitted", "skipped", "submitted"])
    #expect(story.current.train == nil)
    #expect(!pass(story))
  }

  @Test("whose judge died costs nobody a retry; the next one is shorter")
  func died() {
    let story = waiting(["A", "B", "C"])
    start(story, ["A", "B", "C"])
    let gone = story.current.agenda(at: story.now, seat: seat(dead: [process(9)]))
    #expect(
      gone == [.abandonGate(story.fence("A"), gate: 1, .holderDead(process(9)))], "once, not for each step")
    story.tell(.gateAbandoned(story.fence("A"), gate: 1, evidence: .holderDead(process(9))), by: "sweeper")
    #expect(["A", "B", "C"].map(story.word) == ["submitted", "submitted", "submitted"])
    #expect(story.step("A").infrastructureRetries == 0)
    #expect(story.current.trainLimit.members == 32)
  }

  @Test("that was about to land is settled once, for all of its steps")
  func settledOnce() {
    let story = waiting(["A", "B"])
    start(story, ["A", "B"])
    pass(story)
    guard let landing = story.landing(), case .merge(let fence, .intended(let target)) = landing else {
      Issue.record("nothing to land")
      return
    }
    story.tell(landing, by: "gate-1")
    let duties = story.current.agenda(at: story.now, seat: seat(dead: [process(9)]))
    #expect(duties == [.settle(.merge(fence, target), .holderDead(process(9)))])
    #expect(!story.skip("A"), "it may be merged already")
    story.tell(
      .mergeAbandoned(fence, evidence: .holderDead(process(9)), reason: "it was cut off"), by: "sweeper")
    #expect(["A", "B"].map(story.word) == ["submitted", "submitted"])
    #expect(story.step("A").infrastructureRetries == 1)
  }

  @Test("is renewed by any of its steps")
  func renewed() {
    let story = waiting(["A", "B"])
    start(story, ["A", "B"])
    let until = story.now.adding(seconds: 900)
    #expect(story.tell(.gateRenewed(story.fence("B"), gate: 1, expiresAt: until), by: "gate-1"))
    for id in ["A", "B"] {
      guard case .gating(_, let run) = story.step(id).phase else {
        Issue.record("\(id) is \(story.word(id))")
        continue
      }
      #expect(run.start.expiresAt == until)
    }
  }

  @Test("is judged by the plan's verifiers, which a new plan may change")
  func amended() {
    let story = waiting(["A", "B"])
    start(story, ["A", "B"])
    #expect(!pass(story, verifiers: "others"))
    story.amend(.sample([PlannedStep(id: "A"), PlannedStep(id: "B")], verifier: "make check"))
    #expect(["A", "B"].map(story.word) == ["submitted", "submitted"])
    #expect(story.current.train == nil)
  }

  @Test("is as long as the plan says, and none where it says 1")
  func limits() {
    let gate = Plan.Gate(verifiers: [Plan.Verifier(name: "test", run: "make test")], train: 2)
    let story = waiting(["A", "B", "C"], gate: gate)
    #expect(!start(story, ["A", "B", "C"]))
    #expect(start(story, ["A", "B"]))
    var alone = gate
    alone.train = 1
    let other = waiting(["A", "B"], gate: alone)
    #expect(!start(other, ["A", "B"]))
    #expect(gate.train != alone.train && story.current.gateDigest == other.current.gateDigest)
  }

  @Test("is nothing that a ledger of version 1 knows")
  func versions() {
    let story = Story(.sample([PlannedStep(id: "A"), PlannedStep(id: "B")]))
    for id in ["A", "B"] {
      story.claim(id)
      story.submit(id)
    }
    story.state.version = 1
    #expect(!start(story, ["A", "B"]))
  }

  @Test("leaves nobody beside it: neither a gate nor a refresh nor a second train")
  func alone() {
    let story = waiting(["A", "B", "C", "D"])
    start(story, ["A", "B"])
    #expect(!story.gate("C"))
    #expect(!story.refresh())
    #expect(!start(story, ["C", "D"]))
    #expect(!story.verdict("A", .passed), "it has no verdict of its own")
    #expect(story.current.queue(at: story.now).isEmpty)
  }

  private func seat(dead: Set<Owner>) -> Seat {
    var seat = Seat(owner: process(1), actor: "me", free: nil, clock: Timestamp(milliseconds: 0))
    seat.dead = dead
    return seat
  }
}
