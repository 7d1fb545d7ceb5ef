import CanonicalJSON
import Migration

/// For the matrix: a change of every kind, made to fit the state as well as it can.
extension Story {
  /// A change of that kind about that step, speaking for `epoch`; exhaustive, so that a new kind needs a row.
  func change(_ kind: Change.Kind, on step: String, epoch: Int) -> Change {
    let fence = Fence(step: step, epoch: epoch)
    switch kind {
    case .migration(.started):
      return .migrationStarted(
        MigrationStart(
          plan: current.plan, digest: String(repeating: "d", count: 64), base: "main", commit: oid(1),
          shared: false))
    case .migration(.amended):
      let plan = Plan.sample(Array(current.plan.steps.prefix(current.plan.steps.count - current.keptCount)))
      return .planAmended(
        PlanAmendment(plan: plan, number: current.planNumber + 1, digest: String(repeating: "e", count: 64)))
    case .migration(.paused): return .migrationPaused(reason: "lunch")
    case .migration(.resumed): return .migrationResumed
    case .migration(.budgetRaised): return .budgetRaised(.usd, by: 50_000_000)
    case .migration(.aborted): return .migrationAborted(reason: "no more")
    case .migration(.finished): return .migrationFinished(result: current.tip, partial: true)
    case .refresh(.intended):
      return .refreshIntended(
        Refresh(
          base: newObject(), old: current.tip, new: newObject(), tree: newObject(),
          verifiers: current.plan.verifierDigest, verdict: .passed, owner: process(9),
          expiresAt: now.adding(seconds: 60)))
    case .refresh(.merged): return .refreshMerged(commit: current.refresh?.new ?? oid(96))
    case .refresh(.abandoned): return .refreshAbandoned(evidence: .holder, reason: "the hook said no")
    case .baseline(.claimed):
      return .baselineClaimed(
        BaselineClaim(
          run: current.baselineRuns + 1, tree: oid(95), verifiers: current.plan.verifierDigest,
          holder: "gate-1", owner: process(9), expiresAt: now.adding(seconds: 600)))
    case .baseline(.renewed):
      return .baselineRenewed(run: current.baselineRuns, expiresAt: now.adding(seconds: 900))
    case .baseline(.abandoned): return .baselineAbandoned(run: current.baselineRuns, evidence: .holder)
    case .baseline(.recorded):
      return .baselineRecorded(
        Baseline(
          tree: oid(95), verifiers: current.plan.verifierDigest, verdict: .failed, reason: "test_old failed"))
    case .step(let kind): return stepChange(kind, step)
    case .ledger(.upgraded): return .ledgerUpgraded(version: 1)
    case .agent(.rests): return .agentRests("agent", cause: "usage limit", until: nil, reason: "limit")
    case .agent(.woke): return .agentWoke("agent")
    case .machine(.troubled): return .machineTroubled("m1", MissingProgram("make", reason: "no make"))
    case .machine(.cleared): return .machineCleared("m1", program: "make")
    case .loop(let kind): return loopChange(kind, step)
    case .lesson(.added):
      return .lessonAdded(Lesson(id: state.lessons.nextID, text: "pin 33.2", paths: ["src/**"]))
    case .lesson(.removed): return .lessonRemoved(state.lessons.list.last?.id ?? "L1")
    case .publication(let kind): return .publication(publicationChange(kind, step))
    case .notice(let kind): return .notice(noticeChange(kind))
    case .forge(.rests):
      return .forge(.rests(forge: "github.com", until: now.adding(seconds: 60), reason: "too much"))
    case .fleet(.waveOpened): return .fleet(.waveOpened(fleet: "fleet", wave: 1))
    case .fleet(.waveStopped): return .fleet(.waveStopped(fleet: "fleet", wave: 1, reason: "r"))
    case .reserved:
      return .reserved(
        Reserved(.targetSurveyed, []))
    case .claim(let kind): return claimChange(kind, fence)
    case .gate(let kind): return gateChange(kind, fence)
    case .train(let kind): return trainChange(kind)
    case .merge(let kind): return mergeChange(kind, fence)
    }
  }

  private func stepChange(_ kind: StepChange.Kind, _ step: String) -> Change {
    switch kind {
    case .added:
      let base = newObject()
      return .stepAdded(StepAddition(step: current.resolutionID(of: base), base: base, paths: ["a.txt"]))
    case .retried: return .stepRetried(step: step, reason: "")
    case .skipped: return .stepSkipped(step: step, reason: "not needed")
    case .allowed:
      return .findingAllowed(step: step, finding: "lost-test:a.py:test_a", reason: "ported")
    case .approved: return .stepsApproved([step])
    case .rejected: return .stepsRejected([step], reason: "not like this")
    case .accepted: return .stepsAccepted([step])
    case .proposed:
      return .stepProposed(
        "more", StepProposal(title: "More", prompt: "", needs: [step], paths: ["src/**"], from: step))
    case .undone:
      return .stepsUndone(
        current.undoID(of: step),
        StepUndoing(steps: (try? current.undoing(step)) ?? [step], reason: "it was wrong"))
    }
  }

  private func loopChange(_ kind: LoopChange.Kind, _ step: String) -> Change {
    switch kind {
    case .labelled: return .causeLabelled(current.causes.list.first?.fingerprint ?? "0", "Guava")
    case .sampled:
      return .sampleDrawn(SampleDraw(round: (current.loop.sample?.round ?? 0) + 1, steps: [step], seed: 7))
    case .trialStarted:
      return .trialStarted(
        TrialStart(
          trial: current.loop.trials + 1, step: step, plan: current.planNumber, digest: current.planDigest,
          base: current.start, holder: "w9", owner: process(9), expiresAt: now.adding(seconds: 600)))
    case .trialFinished:
      let trial = current.loop.open.first
      return .trialFinished(
        TrialReport(trial: trial?.trial ?? 1, step: trial?.step ?? step, outcome: .lost, evidence: .timeout))
    case .counted:
      let command = current.plan.until?.digest ?? String(repeating: "0", count: 64)
      return .usesCounted(UseCount(count: 3, commit: current.tip, tree: newObject(), command: command))
    }
  }

  /// A train of all that waits for its gate, or what follows for the one that is judged.
  private func trainChange(_ kind: TrainChange.Kind) -> Change {
    let train = current.train ?? Train(number: current.trains, members: [], passed: nil)
    let verifiers = current.plan.verifierDigest
    let culprit = train.passed == nil ? train.members.count / 2 : train.members.count - 1
    let name = train.members.indices.contains(culprit) ? train.members[culprit].fence.step : "S1"
    switch kind {
    case .started:
      let waiting = current.steps.filter { if case .submitted = $0.phase { true } else { false } }
      return .trainStarted(
        TrainStart(
          train: current.trains + 1,
          members: waiting.map { TrainMember(fence: fence($0.id), gate: $0.gates + 1, tree: newObject()) },
          tip: current.tip, holder: "gate-1", owner: process(9), expiresAt: now.adding(seconds: 600)))
    case .joined:
      let waiting = current.steps.filter { if case .submitted = $0.phase { true } else { false } }
      return .trainJoined(
        TrainJoin(
          train: train.number,
          members: waiting.map { TrainMember(fence: fence($0.id), gate: $0.gates + 1, tree: newObject()) }))
    case .split:
      return .trainSplit(
        TrainSplit(train: train.number, passed: culprit, culprit: name, verifiers: verifiers))
    case .finished:
      guard train.passed != nil else {
        return .trainFinished(TrainReport(train: train.number, verifiers: verifiers, verdict: .passed))
      }
      return .trainFinished(
        TrainReport(
          train: train.number, verifiers: verifiers, verdict: .failed,
          failure: Failure(kind: .gate, reason: "test_log failed"), culprit: name))
    }
  }

  /// The merge of what passed in the train.
  func landing() -> Change? {
    guard let train = current.train, let passed = train.passed, passed > 0,
      let last = train.members[..<passed].last,
      case .gating(_, let run)? = current.step(last.fence.step)?.phase
    else { return nil }
    let members = train.members[..<passed].map { TrainMerge.Member(fence: $0.fence, commit: newObject()) }
    return .mergeIntended(
      last.fence,
      MergeTarget(
        gate: last.gate, old: run.start.tip, new: members[members.count - 1].commit, tree: last.tree,
        owner: process(9), expiresAt: now.adding(seconds: 60),
        train: TrainMerge(train: train.number, members: Array(members))))
  }

  private func claimChange(_ kind: ClaimChange.Kind, _ fence: Fence) -> Change {
    switch kind {
    case .claimed:
      return .stepClaimed(
        Claim(
          fence: fence, holder: "w1", owner: process(7), base: current.tip,
          expiresAt: now.adding(seconds: 1200), slot: nil))
    case .renewed: return .leaseRenewed(fence, expiresAt: now.adding(seconds: 5000))
    case .expired:
      var renewal = 0
      if case .leased(let lease) = current.step(fence.step)?.phase { renewal = lease.renewal }
      return .leaseExpired(fence, renewal: renewal, evidence: .holderDead(process(7)))
    case .released: return .stepReleased(fence, forced: false, reason: "")
    case .failed: return .attemptFailed(fence, Failure(kind: .worker, reason: "it broke"))
    case .submitted:
      return .stepSubmitted(fence, Submission.Result(commit: newObject(), tree: newObject(), isNoOp: false))
    case .handedOver: return .handedOver(fence, Failure(kind: .left, reason: "not mine"))
    case .stageEnded:
      let stage = current.index(of: fence.step).flatMap { current.stageTask(at: $0) }?.stage
      let end = StageEnd(
        stage: stage?.name ?? "work", verdict: stage?.on.last?.word ?? "DONE", next: "gate",
        result: Submission.Result(commit: newObject(), tree: newObject(), isNoOp: false))
      return Change.stageEnded(fence, end).settled(in: current)
    }
  }

  private func gateChange(_ kind: GateChange.Kind, _ fence: Fence) -> Change {
    let gate = current.step(fence.step)?.gates ?? 0
    switch kind {
    case .started:
      return .gateStarted(
        fence,
        GateStart(
          gate: gate + 1, holder: "gate-1", owner: process(9), expiresAt: now.adding(seconds: 600),
          tip: current.tip, tree: newObject()))
    case .renewed: return .gateRenewed(fence, gate: gate, expiresAt: now.adding(seconds: 900))
    case .finished:
      return .gateFinished(
        fence,
        GateReport(
          gate: gate, tree: candidate(of: fence).tree, verifiers: current.plan.verifierDigest,
          verdict: .passed, failure: nil, isNoChange: false))
    case .abandoned: return .gateAbandoned(fence, gate: gate, evidence: .holder)
    case .judged:
      return .judgeAnswered(
        fence,
        JudgeAnswer(
          gate: gate, tree: candidate(of: fence).tree, prompt: current.plan.judgeDigest, answer: .approve,
          agent: "agent"))
    case .waits: return .stepWaits(fence, gate: gate, reason: "the judge is not sure")
    }
  }

  private func mergeChange(_ kind: MergeChange.Kind, _ fence: Fence) -> Change {
    let (tip, tree, new) = candidate(of: fence)
    switch kind {
    case .intended:
      if let landing = landing() { return landing }
      return .mergeIntended(
        fence,
        MergeTarget(
          gate: current.step(fence.step)?.gates ?? 0, old: tip, new: newObject(), tree: tree,
          owner: process(9), expiresAt: now.adding(seconds: 60),
          base: current.base(takenInBy: fence.step)))
    case .abandoned: return .mergeAbandoned(fence, evidence: .holder, reason: "the hook said no")
    case .merged: return .stepMerged(fence, commit: new, train: current.trainMerge(of: fence))
    }
  }

  /// What is judged or merged for a claim, or objects that nobody knows.
  private func candidate(of fence: Fence) -> (tip: ObjectID, tree: ObjectID, new: ObjectID) {
    switch current.step(fence.step)?.phase {
    case .gating(_, let run): (run.start.tip, run.start.tree, oid(97))
    case .merging(_, let run, let target): (run.start.tip, run.start.tree, target.new)
    case .waiting, .ready, .leased, .submitted, .merged, .backoff, .blocked, .person, .proposed, .skipped,
      .cancelled, .undone, nil:
      (oid(98), oid(99), oid(97))
    }
  }

  /// A migration whose step S2 is in that phase, at epoch 1 wherever it was ever claimed.
  static func at(_ word: StepWord) -> Story {
    let story = Story(
      .sample([PlannedStep(id: "S1"), PlannedStep(id: "S2"), PlannedStep(id: "S3", needs: ["S2"])]))
    switch word {
    case .waiting:
      story.amend(.sample([PlannedStep(id: "S1"), PlannedStep(id: "S2", needs: ["S1"])]))
    case .ready:
      story.claim("S2")
      story.release("S2")
    case .leased: story.claim("S2")
    case .submitted:
      story.claim("S2")
      story.submit("S2")
    case .gating:
      story.claim("S2")
      story.submit("S2")
      story.gate("S2")
    case .merging:
      story.claim("S2")
      story.submit("S2")
      story.gate("S2")
      story.verdict("S2", .passed)
      story.intend("S2")
    case .merged: story.complete("S2")
    case .backoff:
      story.claim("S2")
      story.fail("S2")
    case .blocked:
      for _ in 1...3 {
        story.claim("S2")
        story.fail("S2")
        story.now = story.now.adding(seconds: 600)
      }
    case .skipped:
      story.claim("S2")
      story.skip("S2")
    case .cancelled:
      story.amend(.sample([PlannedStep(id: "S1")]))
    case .person:
      var plan = Plan.sample([PlannedStep(id: "S1"), PlannedStep(id: "S2")])
      plan.workflow = Workflow(stages: [
        Workflow.Stage(
          name: "work", on: [Workflow.Answer("DONE", .gate), Workflow.Answer("UNSURE", .person)])
      ])
      story.amend(plan)
      story.claim("S2")
      story.tell(story.change(.claim(.stageEnded), on: "S2", epoch: 1))
    case .proposed:
      let other = Story(.sample([PlannedStep(id: "S1"), PlannedStep(id: "S3")]))
      other.tell(.stepProposed("S2", StepProposal(title: "More", prompt: "", from: "S1")))
      other.lines = []
      return other
    case .undone:
      story.complete("S2")
      story.tell(story.change(.step(.undone), on: "S2", epoch: 1), by: "ann")
      story.complete("undo-S2")
    }
    story.lines = []
    return story
  }
}
