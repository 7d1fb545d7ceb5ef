import CanonicalJSON
import Migration
import Testing

@Suite struct EntryTests {
  static let nonce = String(repeating: "0f", count: 16)
  static let plan = Plan.sample([PlannedStep(id: "S1"), PlannedStep(id: "S2", needs: ["S1"])])
  static let at = Timestamp(milliseconds: 1_700_000_000_123)
  static let fence = Fence(step: "S1", epoch: 3)

  /// A change of every kind, each optional member there in one and absent in another.
  static let changes: [Change] = [
    .migrationStarted(MigrationStart(plan: plan, digest: "d", base: "main", commit: oid(1), shared: true)),
    .migrationStarted(MigrationStart(plan: plan, digest: "d", base: "main", commit: oid(1), shared: false)),
    .planAmended(PlanAmendment(plan: plan, number: 2, digest: "e")),
    .migrationPaused(reason: "a \"reason\"\nof two lines"), .migrationResumed, .migrationAborted(reason: ""),
    .migrationFinished(result: oid(2), partial: true), .migrationFinished(result: oid(2), partial: false),
    .refreshIntended(
      Refresh(
        base: oid(1), old: oid(2), new: oid(3), tree: oid(4), verifiers: "v", verdict: .passed,
        owner: process(1),
        expiresAt: at)),
    .refreshMerged(commit: oid(3)), .refreshAbandoned(evidence: .timeout, reason: "r"),
    .baselineRecorded(Baseline(tree: oid(1), verifiers: "v", verdict: .ranNoTests, reason: "r")),
    .baselineRecorded(
      Baseline(tree: oid(1), verifiers: "v", verdict: .passed, reason: "r", kept: ["target", "a/ü*"])),
    .baselineRecorded(
      Baseline(tree: oid(1), verifiers: "v", verdict: .failed, reason: "r", details: ["a\nb", "c"])),
    .baselineClaimed(
      BaselineClaim(run: 2, tree: oid(1), verifiers: "v", holder: "g", owner: process(1), expiresAt: at)),
    .baselineRenewed(run: 2, expiresAt: at), .baselineAbandoned(run: 2, evidence: .timeout),
    .baselineRecorded(Baseline(tree: oid(1), verifiers: "v", verdict: .passed, reason: "r", run: 2)),
    .stepClaimed(
      Claim(fence: fence, holder: "w1", owner: process(0), base: oid(1), expiresAt: at, slot: "slot-1")),
    .stepClaimed(Claim(fence: fence, holder: "ü", owner: process(1), base: oid(1), expiresAt: at, slot: nil)),
    .leaseRenewed(fence, expiresAt: at), .leaseExpired(fence, renewal: 4, evidence: .timeout),
    .leaseExpired(fence, renewal: 0, evidence: .holderDead(process(5))),
    .stepReleased(fence, forced: true, reason: "r"), .stepReleased(fence, forced: false, reason: ""),
    .attemptFailed(fence, Failure(kind: .worker, reason: "r", details: ["one", "two\u{1B}[31m"])),
    .attemptFailed(fence, Failure(kind: .conflict, reason: "r")),
    .stepSubmitted(fence, Submission.Result(commit: oid(1), tree: oid(2), isNoOp: true)),
    .stepSubmitted(fence, Submission.Result(commit: oid(1), tree: oid(2), isNoOp: false)),
    .stepSubmitted(
      fence,
      Submission.Result(
        commit: oid(1), tree: oid(2), isNoOp: false, left: ["lib/foo.py (ignored)", "… 7 more"])),
    .gateStarted(
      fence, GateStart(gate: 1, holder: "g", owner: process(1), expiresAt: at, tip: oid(1), tree: oid(2))),
    .gateRenewed(fence, gate: 1, expiresAt: at),
    .gateFinished(
      fence,
      GateReport(
        gate: 1, tree: oid(2), verifiers: "v", verdict: .passed, failure: nil, isNoChange: false,
        start: GateStart(
          gate: 1, holder: "g", owner: process(1), expiresAt: at, tip: oid(1), tree: oid(2)))),
    .gateFinished(
      fence,
      GateReport(
        gate: 1, tree: oid(1), verifiers: "v", verdict: .failed, failure: Failure(kind: .gate, reason: "r"),
        isNoChange: false)),
    .gateFinished(
      fence,
      GateReport(gate: 1, tree: oid(1), verifiers: "v", verdict: .passed, failure: nil, isNoChange: true)),
    .gateFinished(
      fence,
      GateReport(
        gate: 1, tree: oid(1), verifiers: "v", verdict: .passed, failure: nil, isNoChange: false,
        kept: ["node_modules"])),
    .gateFinished(
      fence,
      GateReport(
        gate: 1, tree: oid(1), verifiers: "v", verdict: .failed, failure: Failure(kind: .gate, reason: "r"),
        isNoChange: false, isOfCodemod: true)),
    .gateAbandoned(fence, gate: 1, evidence: .holder),
    .mergeIntended(
      fence, MergeTarget(gate: 1, old: oid(1), new: oid(2), tree: oid(3), owner: process(1), expiresAt: at)),
    .mergeAbandoned(fence, evidence: .holderDead(process(6)), reason: "r"),
    .stepMerged(fence, commit: oid(2)), .stepRetried(step: "S1", reason: "r"),
    .stepSkipped(step: "S1", reason: "r"),
    .findingAllowed(step: "S1", finding: "lost-test:a.py:test_a", reason: "r"),
    .stepAdded(StepAddition(step: "refresh-0000000000", base: oid(3), paths: ["a.txt", "b.txt"])),
    .mergeIntended(
      fence,
      MergeTarget(
        gate: 1, old: oid(1), new: oid(2), tree: oid(3), owner: process(1), expiresAt: at, base: oid(4))),
    .train(
      .started(
        TrainStart(
          train: 3,
          members: [
            TrainMember(fence: fence, gate: 1, tree: oid(3)),
            TrainMember(fence: Fence(step: "S2", epoch: 4), gate: 2, tree: oid(4)),
          ], tip: oid(1), holder: "g", owner: process(1), expiresAt: at))),
    .train(.split(TrainSplit(train: 3, passed: 0, culprit: "S1", verifiers: "v"))),
    .train(.split(TrainSplit(train: 3, passed: 1, culprit: "S2", verifiers: "v", kept: ["target"]))),
    .train(.finished(TrainReport(train: 3, verifiers: "v", verdict: .passed, kept: ["target"]))),
    .train(
      .finished(
        TrainReport(
          train: 3, verifiers: "v", verdict: .failed, failure: Failure(kind: .gate, reason: "r"),
          culprit: "S2", partner: "S1"))),
    .mergeIntended(
      fence,
      MergeTarget(
        gate: 1, old: oid(1), new: oid(2), tree: oid(3), owner: process(1), expiresAt: at, train: merge)),
    .stepMerged(fence, commit: oid(2), train: merge),
    .budgetRaised(.usd, by: 50_000_000),
    .agentRests("claude", cause: "usage limit", until: at, reason: "r"),
    .agentRests("claude", cause: nil, until: nil, reason: "r"), .agentWoke("claude"),
    .machineTroubled("m1", MissingProgram("make", reason: "r")),
    .machineTroubled("m1", MissingProgram("jq", command: "./tool", reason: "r")),
    .machineCleared("m1", program: "make"),
    .trainJoined(TrainJoin(train: 3, members: [TrainMember(fence: fence, gate: 2, tree: oid(5))])),
    .stepsRetried(StepGroup(["S1", "S2"], cause: "0123456789abcdef"), reason: "r"),
    .stepsSkipped(StepGroup(["S1"]), reason: "r"), .causeLabelled("0123456789abcdef", "Guava"),
    .lessonAdded(Lesson(id: "L1", text: "pin", cause: "0123456789abcdef", paths: ["src/**"])),
    .lessonAdded(Lesson(id: "L2", text: "pin")), .lessonRemoved("L1"),
    .sampleDrawn(SampleDraw(round: 1, steps: ["S1", "S2"], seed: 42)),
    .trialStarted(
      TrialStart(
        trial: 3, step: "S1", plan: 2, digest: String(repeating: "d", count: 64), base: oid(1), holder: "w",
        owner: process(1), expiresAt: at)),
    .trialFinished(TrialReport(trial: 3, step: "S1", outcome: .passed, commit: oid(2))),
    .trialFinished(
      TrialReport(trial: 3, step: "S1", outcome: .failed, failure: Failure(kind: .gate, reason: "r"))),
    .publication(
      .claimed(PublisherClaim(holder: "p", owner: process(1), expiresAt: at), .holderDead(process(2)))),
    .publication(.claimed(PublisherClaim(holder: "p", owner: process(1), expiresAt: at), nil)),
    .publication(.approved(unit: "u")),
    .publication(
      .intended(
        unit: "u", steps: ["S1"],
        BranchIntent(old: nil, new: oid(1), holder: "p", owner: process(1), expiresAt: at))),
    .publication(.moved(unit: "u", commit: oid(1), people: false)),
    .publication(.moved(unit: "u", commit: oid(1), people: true)),
    .publication(.lost(unit: "u", reason: "r")),
    .publication(.opened(unit: "u", forge: "f", number: 7, url: "https://f/7")),
    .publication(
      .seen(
        unit: "u",
        PublicationSight(
          state: "open", head: oid(1), checks: .red, review: .changes, conflicts: true, failures: ["x"]))),
    .publication(.fixAdded(unit: "u", step: "fix-u-1", failures: ["x"])),
    .publication(.merged(unit: "u", commit: oid(2))), .publication(.closed(unit: "u", reason: "r")),
    .notice(
      .claimed(
        NotifierClaim(PublisherClaim(holder: "p", owner: process(1), expiresAt: at), notices: [1, 3]),
        .holderDead(process(2)))),
    .notice(
      .claimed(
        NotifierClaim(PublisherClaim(holder: "p", owner: process(1), expiresAt: at), notices: [1]), nil)),
    .notice(.raised(.baseHeld(reason: "r"))),
    .notice(.sent(NoticeReport(notices: [1, 3], to: ["webhook"]))),
    .notice(.sent(NoticeReport(notices: [2], to: [], failed: [NoticeReport.Failed("mail @a", "r")]))),
    .forge(.rests(forge: "f", until: at, reason: "r")),
    .fleet(.waveOpened(fleet: "guava", wave: 2)),
    .fleet(.waveStopped(fleet: "guava", wave: 2, reason: "3 of 5 targets failed")),
    .trialFinished(TrialReport(trial: 3, step: "S1", outcome: .lost, evidence: .timeout)),
    .handedOver(fence, Failure(kind: .left, reason: "the rest", details: ["a"])),
    .stageEnded(
      fence,
      StageEnd(
        stage: "implement", verdict: "DONE", next: "review", round: 2,
        result: Submission.Result(commit: oid(1), tree: oid(2), isNoOp: false, left: ["a"]), notes: ["n"])),
    .stageEnded(fence, StageEnd(stage: "review", verdict: "APPROVE", next: "gate")),
    .judgeAnswered(
      fence,
      JudgeAnswer(
        gate: 1, tree: oid(1), prompt: String(repeating: "a", count: 64), answer: .reject, agent: "claude",
        reasons: ["r"])), .stepWaits(fence, gate: 1, reason: "r"),
    .stepsApproved(["S1"]), .stepsApproved(["S1", "S2"]), .stepsRejected(["S1"], reason: "r"),
    .stepsAccepted(["S1"]),
    .stepProposed("S9", StepProposal(title: "t", prompt: "p", needs: ["S1"], paths: ["a"], from: "S1")),
    .stepsUndone("undo-S1", StepUndoing(steps: ["S2", "S1"], reason: "r")),
    .usesCounted(
      UseCount(count: 12, commit: oid(1), tree: oid(2), command: String(repeating: "a", count: 64))),
  ]

  private static let merge = TrainMerge(
    train: 3,
    members: [
      TrainMerge.Member(fence: Fence(step: "S2", epoch: 4), commit: oid(5)),
      TrainMerge.Member(fence: fence, commit: oid(2)),
    ])

  static func line(_ change: Change) -> [UInt8] {
    Entry(sequence: 9, nonce: nonce, event: Event(migration: "mig", at: at, by: "ann", change: change))
      .json.canonicalBytes
  }

  static func read(_ line: [UInt8]) throws(EntryFault) -> Entry {
    try Entry(line: line) { (_, _) throws(JSONFault) in plan }
  }

  @Test func everyKindIsHere() {
    #expect(
      Set(Self.changes.map(\.kind)) == Set(Change.Kind.allCases).subtracting([.ledger(.upgraded), .reserved]))
  }

  @Test func thereAndBack() throws {
    for change in Self.changes {
      let entry = try Self.read(Self.line(change))
      #expect(entry.event.change == change)
      #expect(entry.json.canonicalBytes == Self.line(change))
    }
  }

  /// Entries were written before these members were: a ledger that has them folds as it did.
  @Test func whatIsOftenEmptyIsLeftOut() throws {
    let short: [(Change, member: String)] = [
      (.baselineRecorded(Baseline(tree: oid(1), verifiers: "v", verdict: .passed, reason: "r")), "kept"),
      (.baselineRecorded(Baseline(tree: oid(1), verifiers: "v", verdict: .passed, reason: "r")), "run"),
      (.stepSubmitted(Self.fence, Submission.Result(commit: oid(1), tree: oid(2), isNoOp: false)), "left"),
      (
        .gateFinished(
          Self.fence,
          GateReport(
            gate: 1, tree: oid(1), verifiers: "v", verdict: .passed, failure: nil, isNoChange: false)),
        "kept"
      ),
    ]
    for (change, member) in short {
      let line = Self.line(change)
      #expect(!String(decoding: line, as: UTF8.self).contains("\"\(member)\""))
      #expect(try Self.read(line).event.change == change)
    }
  }

  @Test(arguments: Failure.Kind.allCases) func everyKindOfFailureIsThereAndBack(_ kind: Failure.Kind) throws {
    let change = Change.attemptFailed(Self.fence, Failure(kind: kind, reason: "r"))
    #expect(try Self.read(Self.line(change)).event.change == change)
  }

  @Test func aVerdictSaysWhatWasKept() {
    let baseline = Baseline(tree: oid(1), verifiers: "v", verdict: .passed, reason: "r", kept: ["target"])
    let report = GateReport(
      gate: 2, tree: oid(1), verifiers: "v", verdict: .passed, failure: nil, isNoChange: false,
      kept: ["node_modules", "target"])
    func sentence(_ change: Change) -> String {
      Event(migration: "mig", at: Self.at, by: "ann", change: change).sentence
    }
    #expect(sentence(.baselineRecorded(baseline)).hasSuffix("baseline passed (kept target)"))
    #expect(
      sentence(.gateFinished(Self.fence, report)).hasSuffix("gate 2 passed (kept node_modules, target)"))
  }

  @Test func wordsOfEntriesAreRecorded() {
    Transcript.check("entries", Self.changes.map { String(decoding: Self.line($0), as: UTF8.self) })
  }

  @Test func aTruncatedOrDamagedEntryIsAFaultNeverATrap() {
    for change in Self.changes {
      let line = Self.line(change)
      for length in 0..<line.count {
        #expect(throws: EntryFault.self) { try Self.read(Array(line.prefix(length))) }
      }
      for index in line.indices {
        for byte in [0x00, 0x22, 0x2D, 0x39, 0x5B, 0x7D, 0xFF] as [UInt8] where line[index] != byte {
          var copy = line
          copy[index] = byte
          _ = try? Self.read(copy)
        }
      }
    }
  }

  @Test func strictness() {
    let good = String(decoding: Self.line(.migrationResumed), as: UTF8.self)
    let wrong = [
      good + "\n", " " + good, good.replacing("\"by\"", with: "\"bz\""),
      good.replacing("\"v\":2", with: "\"v\":2,\"w\":2"), good.replacing("\"v\":2", with: "\"v\":0"),
      good.replacing("migration.resumed", with: "migration.unheard"), good.replacing(Self.nonce, with: "0f"),
      good.replacing(Self.nonce, with: Self.nonce.uppercased()), good.replacing(":17000", with: ":-17000"),
      good.replacing("\"ann\"", with: "\"\\u0061nn\""),
    ]
    for text in wrong {
      #expect(throws: EntryFault.self, "\(text)") { try Self.read(Array(text.utf8)) }
    }
  }

  @Test func aNewerVersionSaysSo() {
    let text = String(decoding: Self.line(.migrationResumed), as: UTF8.self)
    for version in [3, Int.max] {
      let newer = text.replacing("\"v\":2", with: "\"v\":\(version)").replacing(
        "\"by\"", with: "\"whatever\"")
      #expect(throws: EntryFault.newer(version: version)) { try Self.read(Array(newer.utf8)) }
    }
  }

  @Test func anEntryHasALimit() {
    let long = Self.line(.migrationPaused(reason: String(repeating: "x", count: Entry.maximumBytes)))
    #expect(throws: EntryFault.self) { try Self.read(long) }
  }

  @Test func sentencesAreOneCleanLine() {
    for change in Self.changes {
      let sentence = Event(migration: "mig", at: Self.at, by: "an\nn", change: change).sentence
      #expect(!sentence.isEmpty && sentence.count <= 100)
      #expect(!sentence.contains("\n"))
    }
    let nasty = "a\u{1B}[31m\u{9B}31m\u{202E}\u{2066}\u{2028}b\u{7F}" + String(repeating: "x", count: 200)
    let sentence = Event(migration: "mig", at: Self.at, by: "w", change: .migrationPaused(reason: nasty))
      .sentence
    for scalar in ["\u{1B}", "\u{9B}", "\u{202E}", "\u{2066}", "\u{2028}", "\u{7F}"] as [Unicode.Scalar] {
      #expect(!sentence.unicodeScalars.contains(scalar), "U+\(String(scalar.value, radix: 16))")
    }
    #expect(sentence.count == 100)
  }

  @Test func detailsAreCutAtAWholeText() {
    let many = (0..<40).map { _ in String(repeating: "x", count: 1000) }
    let failure = Failure(kind: .gate, reason: "r", details: many)
    #expect(failure.details.count == 17)
    #expect(failure.details.last == "… 24 more, see 'git migrate logs'")
  }
}
