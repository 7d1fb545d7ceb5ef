import Draws
import Migration
import Testing

/// Work in stages: the table of words, and people in between.
@Suite struct WorkflowTests {
  typealias Answer = Workflow.Answer

  static let review = Workflow(stages: [
    Workflow.Stage(
      name: "implement", agent: "agent", on: [Answer("DONE", .stage("review")), Answer("FAILED", .retry)]),
    Workflow.Stage(
      name: "review", prompt: "look", writes: false,
      on: [
        Answer("APPROVE", .gate), Answer("CHANGES", .stage("fix")), Answer("UNSURE", .person),
        Answer("NEVER", .block),
      ]),
    Workflow.Stage(
      name: "fix", prompt: "mend", on: [Answer("DONE", .stage("review")), Answer("FAILED", .retry)],
      rounds: 2, resume: "implement"),
  ])

  static func story(_ workflow: Workflow = review, attempts: Int = 3) -> Story {
    var plan = Plan.sample([PlannedStep(id: "S1")], attempts: attempts, backoff: 0)
    plan.agent?.name = "agent"
    plan.workflow = workflow
    return Story(plan)
  }

  /// Claims the step as a run does, and ends its stage with a word.
  @discardableResult
  static func say(
    _ word: String, _ story: Story, on id: String = "S1", notes: [String] = [], by worker: String = "w1"
  ) -> Bool {
    claim(story, id, by: worker)
    return end(word, story, on: id, notes: notes, by: worker)
  }

  static func claim(_ story: Story, _ id: String = "S1", by worker: String = "w1") {
    let step = story.step(id)
    story.tell(
      .stepClaimed(
        Claim(
          fence: Fence(step: id, epoch: step.epoch + 1), holder: worker, owner: process(7),
          base: step.stages?.base ?? story.current.tip, expiresAt: story.now.adding(seconds: 1200), slot: nil)
      ),
      by: worker)
  }

  static func end(
    _ word: String, _ story: Story, on id: String = "S1", notes: [String] = [], by worker: String = "w1"
  ) -> Bool {
    guard let index = story.current.index(of: id), let task = story.current.stageTask(at: index) else {
      return false
    }
    let result =
      task.stage.writes
      ? Submission.Result(commit: story.newObject(), tree: story.newObject(), isNoOp: false) : task.result
    let end = StageEnd(stage: task.stage.name, verdict: word, next: "", result: result, notes: notes)
    let change = Change.stageEnded(story.fence(id), end).settled(in: story.current)
    return story.tell(change, by: worker)
  }

  @Test func `each stage is a claim of its own, on the work so far, with what was said before`() {
    let story = Self.story()
    Self.say("DONE", story, notes: ["the parser is new"])
    let work = story.step("S1").stages
    #expect(story.word("S1") == "ready")
    #expect(work?.stage == "review" && work?.from == "implement" && work?.verdict == "DONE")
    let task = story.current.stageTask(at: 0)
    #expect(task?.notes == ["the parser is new"] && task?.result != nil && task?.round == 1)
    #expect(story.current.planned(0).prompt == "look")
    // Another machine takes the next stage, on the same base, though the branch has moved.
    Self.claim(story, by: "w2")
    #expect(story.refusal == nil)
    #expect(Self.end("CHANGES", story, notes: ["line 3"], by: "w2"))
    #expect(story.current.stageTask(at: 0)?.notes == ["the parser is new", "line 3"])
    Self.say("DONE", story)
    Self.say("APPROVE", story)
    #expect(story.word("S1") == "submitted")
    #expect(story.step("S1").stages == nil)
    #expect(story.step("S1").failures == 0)
  }

  @Test func `a word that the stage has not got is refused, and so is what the table does not say`() {
    let story = Self.story()
    Self.claim(story)
    #expect(!Self.end("MAYBE", story))
    #expect(story.refusal?.message == "'MAYBE' is no word of the stage 'implement'")
    let result = Submission.Result(commit: oid(5), tree: oid(6), isNoOp: false)
    for (next, round) in [("gate", 1), ("review", 2), ("person", 1)] {
      let end = StageEnd(stage: "implement", verdict: "DONE", next: next, round: round, result: result)
      #expect(!story.tell(.stageEnded(story.fence("S1"), end)))
    }
    #expect(
      !story.tell(
        .stageEnded(story.fence("S1"), StageEnd(stage: "review", verdict: "APPROVE", next: "gate"))))
    // Neither is work handed in past the reviewer.
    #expect(!story.tell(.stepSubmitted(story.fence("S1"), result)))
    #expect(Self.end("done", story))
    // A stage that writes nothing hands on what it got.
    Self.claim(story)
    let other = StageEnd(stage: "review", verdict: "APPROVE", next: "gate", result: result)
    #expect(!story.tell(.stageEnded(story.fence("S1"), other)))
  }

  @Test func `review and fix cannot play ping-pong for ever: a person is asked`() {
    let story = Self.story()
    Self.say("DONE", story)
    for _ in 1...2 {
      #expect(Self.say("CHANGES", story))
      #expect(Self.say("DONE", story))
    }
    #expect(Self.say("CHANGES", story))
    guard case .person(let wait) = story.step("S1").phase else {
      Issue.record("it is \(story.word("S1"))")
      return
    }
    #expect(wait.reason == "'fix' was done 2 times, as often as 'rounds' allows")
    #expect(story.effects.contains { if case .notify(_, .personWanted) = $0 { true } else { false } })
    Self.claim(story)
    #expect(story.refusal?.code == .blocked)
    let other = Story(story)
    #expect(story.tell(.stepsApproved(["S1"]), by: "ann"))
    #expect(story.word("S1") == "submitted")
    #expect(!other.tell(.stepsRejected(["S1"], reason: ""), by: "ann"))
    #expect(other.tell(.stepsRejected(["S1"], reason: "not like this"), by: "ann"))
    #expect(other.word("S1") == "ready" && other.step("S1").failures == 1)
    #expect(other.step("S1").lastFailure?.reason == "rejected by ann: not like this")
    #expect(other.current.stageTask(at: 0)?.stage.name == "implement")
  }

  @Test func `retry begins anew and is counted, block waits for a person, a crash repeats the stage`() {
    let story = Self.story(attempts: 2)
    Self.say("DONE", story)
    Self.claim(story)
    story.fail("S1")
    #expect(story.current.stageTask(at: 0)?.stage.name == "review")
    #expect(story.step("S1").failures == 1)
    let other = Story(story)
    #expect(Self.say("NEVER", story))
    #expect(story.word("S1") == "blocked")
    #expect(Self.say("CHANGES", other))
    #expect(Self.say("FAILED", other))
    #expect(other.word("S1") == "blocked" && other.step("S1").stages == nil)
  }

  @Test func `what a conversation of a stage was, another one goes on with`() {
    let story = Self.story()
    Self.claim(story)
    let result = Submission.Result(commit: oid(5), tree: oid(6), isNoOp: false)
    let end = StageEnd(stage: "implement", verdict: "DONE", next: "review", result: result)
    story.tell(.stageEnded(story.fence("S1"), end))
    #expect(story.step("S1").stages?.isFresh == true)
    #expect(story.step("S1").conversation == nil)
  }

  // MARK: What check proves

  private func faults(_ stages: [Workflow.Stage]) -> [String] {
    Workflow(stages: stages).faults.map { "\($0.stage ?? ""): \($0.message)" }
  }

  @Test func `check finds words without a target, dead ends, loops without an end and unwritten work`() {
    typealias Stage = Workflow.Stage
    #expect(Self.review.faults == [])
    #expect(faults([]) == [": has no stages"])
    #expect(
      faults([Stage(name: "a", on: [Answer("DONE", .stage("b"))])])
        == ["a: leads to 'b', which is no stage"])
    #expect(
      faults([Stage(name: "a", on: [Answer("OK", .gate)])])
        == ["a: writes and does not map DONE, which is said of work that ended well"])
    #expect(faults([Stage(name: "gate", on: [Answer("DONE", .gate)])]).count == 1)
    #expect(
      faults([
        Stage(name: "a", on: [Answer("DONE", .gate)]), Stage(name: "b", on: [Answer("DONE", .gate)]),
      ]) == ["b: is never reached"])
    #expect(
      faults([
        Stage(name: "a", on: [Answer("DONE", .gate), Answer("AGAIN", .stage("b"))]),
        Stage(name: "b", on: [Answer("DONE", .stage("a"))]),
      ]) == ["a: is in a loop without an end: give a stage of the loop 'rounds'"])
    #expect(
      faults([
        Stage(name: "a", on: [Answer("DONE", .gate), Answer("AGAIN", .stage("b"))]),
        Stage(name: "b", on: [Answer("DONE", .stage("a"))], rounds: 3),
      ]) == [])
    #expect(
      faults([
        Stage(name: "a", on: [Answer("DONE", .gate), Answer("LOST", .stage("b"))]),
        Stage(name: "b", on: [Answer("DONE", .stage("b"))], rounds: 3),
      ]) == ["b: leads to no end"])
    #expect(
      faults([Stage(name: "a", prompt: "plan", writes: false, on: [Answer("OK", .gate)])])
        == ["a: leads to 'gate' where no stage has written anything"])
    #expect(
      faults([
        Stage(name: "plan", writes: false, on: [Answer("PLANNED", .stage("do"))]),
        Stage(name: "do", on: [Answer("DONE", .gate), Answer("done", .retry)]),
      ]) == ["do: maps 'done' twice"])
  }

  /// A workflow of any shape.
  private func draw(_ chance: inout Chance) -> Workflow {
    let names = (0..<(1 + chance.below(5))).map { "s\($0)" }
    return Workflow(
      stages: names.map { name in
        var stage = Workflow.Stage(name: name, writes: !chance.once(in: 3), on: [])
        let words = (stage.writes ? ["DONE"] : []) + ["A", "B", "C"].prefix(chance.below(4))
        for word in words {
          let targets: [Workflow.Target] =
            [.gate, .retry, .block, .person] + names.map { Workflow.Target.stage($0) }
          stage.on.append(Answer(word, chance.pick(targets)))
        }
        if chance.once(in: 2) { stage.rounds = 1 + chance.below(3) }
        if chance.once(in: 4) { stage.resume = chance.pick(names) }
        return stage
      })
  }

  @Test(arguments: 1...8)
  func `whatever the workflow and the words, every step ends`(seed: UInt64) {
    var chance = Chance(seed: seed)
    var good = 0
    for _ in 0..<4000 {
      let workflow = draw(&chance)
      guard workflow.faults.isEmpty else { continue }
      good += 1
      let story = Self.story(workflow, attempts: 1 + chance.below(3))
      var claims = 0
      while !isSettled(story) {
        claims += 1
        guard claims < 2000 else {
          Issue.record("it goes on and on: \(workflow)")
          return
        }
        step(on: story, &chance)
      }
    }
    #expect(good > 20, "only \(good) workflows were good")
  }

  private func isSettled(_ story: Story) -> Bool {
    switch story.step("S1").phase {
    case .merged, .blocked, .person: true
    default: false
    }
  }

  private func step(on story: Story, _ chance: inout Chance) {
    if case .submitted = story.step("S1").phase {
      story.gate("S1")
      story.verdict("S1", chance.once(in: 2) ? .passed : .failed)
      if case .gating = story.step("S1").phase {
        story.intend("S1")
        story.merged("S1")
      }
      return
    }
    Self.claim(story)
    #expect(story.refusal == nil)
    guard let stage = story.current.stageTask(at: 0)?.stage else {
      Issue.record("there is no stage")
      return
    }
    let word = chance.once(in: 8) ? "MAYBE" : chance.pick(stage.on).word
    if Self.end(word, story) { return }
    #expect(
      stage.target(of: word) == nil, "\(word) of \(stage) is refused: \(String(describing: story.refusal))")
    // As a run does with a word that there is not.
    story.fail("S1")
  }

  // MARK: Codemods first

  private func shared() -> Story {
    var step = PlannedStep(id: "S1", prompt: "the rest", run: "codemod")
    step.isShared = true
    return Story(.sample([step], attempts: 1, backoff: 0))
  }

  @Test func `what a codemod leaves is its agent's, and no failed attempt`() {
    for isGate in [false, true] {
      let story = shared()
      #expect(story.current.agent(at: 0) == nil)
      if isGate {
        story.claim("S1")
        story.submit("S1")
        story.gate("S1")
        story.verdict("S1", .failed)
      } else {
        story.claim("S1")
        let left = Change.attemptFailed(story.fence("S1"), Failure(kind: .left, reason: "not mine"))
        story.tell(left.settled(in: story.current))
      }
      #expect(story.word("S1") == "ready")
      #expect(story.step("S1").failures == 0 && story.step("S1").handedOver == 1)
      #expect(story.current.planned(0).run == nil)
      #expect(story.current.agent(at: 0)?.command == "agent")
      story.claim("S1")
      story.fail("S1")
      #expect(story.word("S1") == "blocked")
    }
  }

  // MARK: Judges

  private func judged() -> Story {
    var plan = Plan.sample([PlannedStep(id: "S1")], attempts: 2, backoff: 0)
    plan.gate.judge = Plan.Gate.Judge(prompt: "good?")
    let story = Story(plan)
    story.claim("S1")
    story.submit("S1")
    story.gate("S1")
    return story
  }

  private func answer(_ story: Story, _ word: JudgeAnswer.Answer, prompt: String? = nil) -> Bool {
    guard case .gating(_, let run) = story.step("S1").phase else { return false }
    return story.tell(
      .judgeAnswered(
        story.fence("S1"),
        JudgeAnswer(
          gate: run.start.gate, tree: run.start.tree, prompt: prompt ?? story.current.plan.judgeDigest,
          answer: word, agent: "agent", reasons: ["because"])), by: run.start.holder)
  }

  @Test func `nothing that a judge has not approved passes`() {
    let story = judged()
    story.verdict("S1", .passed)
    #expect(story.refusal?.message == "no judge has approved this candidate of 'S1'")
    #expect(!answer(story, .approve, prompt: "another"))
    for word in [JudgeAnswer.Answer.reject, .unsure] {
      let other = Story(story)
      #expect(answer(other, word))
      other.verdict("S1", .passed)
      #expect(other.refusal != nil)
    }
    #expect(answer(story, .approve))
    story.verdict("S1", .passed)
    #expect(story.refusal == nil)
    #expect(story.current.judges[.approve] == 1)
  }

  @Test func `what a judge is not sure of a person decides, and no judge is asked again`() {
    let story = judged()
    let wait = { Change.stepWaits(story.fence("S1"), gate: 1, reason: "why?") }
    #expect(!story.tell(wait(), by: "gate-1"))
    #expect(answer(story, .unsure))
    #expect(story.tell(wait(), by: "gate-1"))
    #expect(story.word("S1") == "person")
    #expect(story.tell(.stepsApproved(["S1"]), by: "ann"))
    story.gate("S1")
    story.verdict("S1", .passed)
    #expect(story.refusal == nil)
  }

  @Test func `a proposed step waits until a person has accepted it`() {
    let story = Story(chain: "S1")
    let proposal = StepProposal(title: "Mend the parser, too", prompt: "{{x}}", needs: ["S1"], from: "S1")
    #expect(story.tell(.stepProposed("S2", proposal)))
    #expect(!story.tell(.stepProposed("s2", proposal)))
    #expect(story.word("S2") == "proposed")
    story.claim("S2")
    #expect(story.refusal?.code == .blocked)
    // A new plan leaves it where it is.
    story.amend(.sample([PlannedStep(id: "S1")]))
    #expect(story.word("S2") == "proposed")
    let other = Story(story)
    #expect(other.tell(.stepsRejected(["S2"], reason: "no"), by: "ann"))
    #expect(other.word("S2") == "cancelled")
    #expect(story.tell(.stepsAccepted(["S2"]), by: "ann"))
    #expect(story.word("S2") == "waiting")
    story.complete("S1")
    #expect(story.word("S2") == "ready")
  }

  @Test func `an undone step takes what needs it along, and is done again by a step of its own`() throws {
    let story = Story(chain: "S1", "S2", "S3")
    story.complete("S1")
    story.complete("S2")
    let steps = try story.current.undoing("S1")
    #expect(steps == ["S2", "S1"])
    let undoing = StepUndoing(steps: steps, reason: "it was wrong")
    #expect(!story.tell(.stepsUndone("other", undoing), by: "ann"))
    #expect(!story.tell(.stepsUndone("undo-S1", StepUndoing(steps: ["S1"], reason: "r")), by: "ann"))
    #expect(story.tell(.stepsUndone("undo-S1", undoing), by: "ann"))
    #expect(!story.tell(.stepsUndone("undo-S1-2", undoing), by: "ann"))
    #expect(story.word("undo-S1") == "ready")
    story.complete("undo-S1")
    #expect(story.word("S1") == "undone" && story.word("S2") == "undone")
    story.claim("S3")
    story.tell(.stepRetried(step: "S1", reason: "better"), by: "ann")
    story.tell(.stepRetried(step: "S2", reason: "better"), by: "ann")
    #expect(story.word("S1.2") == "ready" && story.word("S2.2") == "waiting")
    story.complete("S1.2")
    #expect(story.word("S2.2") == "ready")
  }
}
