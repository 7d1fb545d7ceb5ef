import CanonicalJSON
import Testing

@testable import Migration

@Suite("A passing verdict")
struct SharedVerdictTests {
  private let tree = oid(40)
  private let basis = VerdictBasis(sandbox: "none", toolchain: String(repeating: "a", count: 64))

  /// A ledger in which the base of the migration `one` has passed on a basis.
  private func passed(_ change: (inout VerdictEvidence) -> Void = { _ in }) -> Story {
    let story = Story(plan("one"))
    story.tell(.ledgerUpgraded(version: 2), of: FormatVersion.everyMigration)
    var evidence = VerdictEvidence(basis: basis)
    change(&evidence)
    #expect(judge(story, evidence))
    return story
  }

  private func plan(_ name: String, _ change: (inout Plan) -> Void = { _ in }) -> Plan {
    var plan = Plan.sample([PlannedStep(id: "A")], name: name)
    plan.into = name
    plan.gate.keep = ["target"]
    change(&plan)
    return plan
  }

  @discardableResult
  private func judge(
    _ story: Story, _ evidence: VerdictEvidence, tree: ObjectID? = nil, _ verdict: Verdict = .passed
  ) -> Bool {
    let tree = tree ?? self.tree
    let run = story.current.baselineRuns + 1
    story.tell(
      .baselineClaimed(
        BaselineClaim(
          run: run, tree: tree, verifiers: story.current.gateDigest, holder: "gate-1", owner: process(9),
          expiresAt: story.now.adding(seconds: 600))), by: "gate-1")
    let recorded = story.tell(
      .baselineRecorded(
        Baseline(
          tree: tree, verifiers: story.current.gateDigest, verdict: verdict, reason: "r", run: run,
          evidence: evidence)), by: "gate-1")
    if !recorded { story.tell(.baselineAbandoned(run: run, evidence: .holder), by: "gate-1") }
    return recorded
  }

  private func owner(_ story: Story, _ tree: ObjectID? = nil, _ basis: VerdictBasis? = nil) -> String? {
    story.state.passed(tree: tree ?? self.tree, for: story.current, on: basis ?? self.basis)
  }

  @Test(
    "counts in another migration with the same verifiers, keep, set-up and toolchain, and names its owner"
  )
  func counts() {
    let story = passed()
    story.start(plan("two"))
    #expect(owner(story) == "one")
    #expect(judge(story, VerdictEvidence(basis: basis, reused: "one")))
    #expect(!story.current.needsBaseline(tree: tree))
    #expect(story.lines.contains { $0.contains("two baseline passed (verdict of 'one' reused)") })
    #expect(owner(story) == "one", "it stays whose verifiers ran")
  }

  @Test("counts for no other tree, verifiers, kept folders, set-up, sandbox or toolchain")
  func countsNowhereElse() {
    let others: [(inout Plan) -> Void] = [
      { $0.gate.keep = [] }, { $0.gate.keep = ["node_modules"] }, { $0.gate.verifiers[0].run = "true" },
      { $0.gate.setup = Plan.Gate.Setup(run: "make") }, { $0.gate.verifiers[0].mutates = true },
      { $0.gate.verifiers[0].flaky = .passes }, { $0.gate.verifiers[0].remote = "ci" },
    ]
    for change in others {
      let story = passed()
      story.start(plan("two", change))
      #expect(owner(story) == nil)
      #expect(!judge(story, VerdictEvidence(basis: basis, reused: "one")))
      #expect(story.current.needsBaseline(tree: tree))
    }
    let story = passed()
    story.start(
      plan("two") {
        $0.gate.guards = [.tests]; $0.gate.train = 3; $0.gate.toolchain = "cc -v"
      })
    #expect(owner(story) == "one", "guards, trains and how the toolchain is asked are no part of it")
    #expect(owner(story, oid(41)) == nil)
    let digest = String(repeating: "b", count: 64)
    for change: (inout VerdictBasis) -> Void in [
      { $0.toolchain = digest }, { $0.setup = digest }, { $0.sandbox = "bwrap" },
    ] {
      var other = basis
      change(&other)
      #expect(owner(story, nil, other) == nil)
      #expect(!judge(story, VerdictEvidence(basis: other, reused: "one")))
    }
  }

  @Test("that did not pass, that was not sure, or that rests on nothing known is nobody else's")
  func notShared() {
    let failing = Story(plan("one"))
    failing.tell(.ledgerUpgraded(version: 2), of: FormatVersion.everyMigration)
    #expect(judge(failing, VerdictEvidence(basis: basis), .failed))
    #expect(owner(failing) == nil)
    #expect(owner(passed { $0.flaky = ["test"] }) == nil)
    #expect(owner(passed { $0.basis = nil }) == nil)
    let story = passed()
    story.start(plan("two"))
    for evidence in [VerdictEvidence(reused: "one"), VerdictEvidence(basis: basis, reused: "three")] {
      #expect(!judge(story, evidence), "a verdict of nobody")
    }
    #expect(!judge(story, VerdictEvidence(basis: basis, reused: "one"), .failed))
  }

  @Test("is remembered by a checkpoint, and forgotten when many newer ones are known")
  func remembered() throws {
    let story = passed()
    let plans = ["one": story.current.plan]
    let read = try State(json: JSON.parse(story.state.json.canonicalBytes)) { (name, _) throws(JSONFault) in
      guard let plan = plans[name] else { throw JSONFault("no plan") }
      return plan
    }
    #expect(read == story.state)
    for number in 0..<SharedVerdicts.limit {
      judge(story, VerdictEvidence(basis: basis), tree: oid(1000 + number))
    }
    #expect(owner(story) == nil)
    #expect(owner(story, oid(1000)) == "one")
  }

  @Test("says what it rests on from version 2 on, and in version 1 is written as it was")
  func versions() throws {
    let evidence = VerdictEvidence(basis: basis, reused: "one", flaky: ["test"])
    let changes: [Change] = [
      .baselineRecorded(
        Baseline(tree: tree, verifiers: "v", verdict: .passed, reason: "r", evidence: evidence)),
      .gateFinished(
        Fence(step: "A", epoch: 1),
        GateReport(
          gate: 1, tree: tree, verifiers: "v", verdict: .passed, failure: nil, isNoChange: false,
          evidence: evidence)),
      .trainSplit(TrainSplit(train: 1, passed: 1, culprit: "B", verifiers: "v", evidence: evidence)),
      .trainFinished(TrainReport(train: 1, verifiers: "v", verdict: .passed, evidence: evidence)),
    ]
    for change in changes {
      let event = Event(
        migration: "one", at: Timestamp(milliseconds: 5), by: "ann", change: change, version: 2)
      let entry = Entry(sequence: 9, nonce: String(repeating: "0f", count: 16), event: event)
      let read = try Entry(line: entry.json.canonicalBytes) { (_, _) throws(JSONFault) in
        Plan(migration: "one")
      }
      #expect(read == entry)
      #expect(event.sentence.hasSuffix("(verdict of 'one' reused; flaky: test)"), "\(event.sentence)")
    }
    let old = Story(plan("one"))
    let event = Event(
      migration: "one", at: old.now, by: "ann", change: changes[0])
    #expect(event.written(in: old.state).change == event.change, "new ledgers begin in version 2")
    var first = State()
    first.version = 1
    #expect(event.written(in: first).change.evidence == VerdictEvidence())
    var forged = event
    forged.version = 1
    let refusal = #expect(throws: Refusal.self) { try first.apply(forged) }
    #expect(refusal?.message.contains("version 1 of the format knows no") == true, "\(refusal as Any)")
  }
}
