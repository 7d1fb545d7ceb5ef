import CanonicalJSON
import Migration
import Testing

@Suite struct CheckpointTests {
  static func read(_ text: String) throws(JSONFault) -> State {
    try State(json: JSON.parse(text)) { (_, _) throws(JSONFault) in .sample([PlannedStep(id: "S1")]) }
  }

  /// A ledger that was damaged or made by hand must not bring `decide` down (I-9).
  @Test func countersOutOfRangeAreRefused() throws {
    let story = Story(chain: "S1")
    story.claim("S1")
    let good = story.state.json.canonical
    #expect(try Self.read(good) == story.state)
    for bad in [
      "[9223372036854775807,0,0,0,0]", "[-1,0,0,0,0]", "[1,0,0,9223372036854775807,0]", "[1,0,0,0]",
    ] {
      let text = good.replacing("\"n\":[1,0,0,0,0]", with: "\"n\":\(bad)")
      #expect(text != good)
      #expect(throws: JSONFault.self, "\(bad)") { try Self.read(text) }
    }
    for bad in ["9223372036854775807", "0"] {
      let text = good.replacing("\"plan\":1", with: "\"plan\":\(bad)")
      #expect(throws: JSONFault.self, "plan \(bad)") { try Self.read(text) }
    }
    let renewal = good.replacing("\"renewal\":0", with: "\"renewal\":9223372036854775807")
    #expect(throws: JSONFault.self) { try Self.read(renewal) }
  }

  @Test func foldingFromACheckpointEqualsFoldingFromTheStart() throws {
    let story = Story(.sample([PlannedStep(id: "S1"), PlannedStep(id: "S2", needs: ["S1"])]))
    let plan = story.current.plan
    story.complete("S1")
    story.claim("S2")
    story.fail("S2")
    story.wait(60)
    story.refresh()
    story.tell(.refreshMerged(commit: story.current.refresh?.new ?? oid(0)))
    story.complete("S2")
    for cut in 0...story.events.count {
      var state = State()
      for (index, event) in story.events.enumerated() {
        if index == cut {
          state = try State(json: JSON.parse(state.json.canonicalBytes)) { (_, _) throws(JSONFault) in plan }
        }
        _ = try state.apply(event)
      }
      #expect(state == story.state)
      #expect(state.json.canonicalBytes == story.state.json.canonicalBytes)
    }
  }

  @Test func everyPhaseReadsBack() throws {
    for word in StepWord.allCases {
      let story = Story.at(word)
      let plans = story.current.plan
      var file = plans
      file.steps.removeLast(story.current.keptCount)
      let read = try State(json: story.state.json) { (_, _) throws(JSONFault) in file }
      #expect(read == story.state, "\(word)")
    }
  }
}

@Suite struct PlanTests {
  @Test func thereAndBack() throws {
    var plan = Plan(
      migration: "mig", base: "main", into: "x", attempts: 5, leaseSeconds: 60,
      backoff: Plan.Backoff(initialSeconds: 1, maximumSeconds: 2),
      agent: Plan.Agent(
        command: "c", adapter: "claude", timeoutSeconds: 3, maxConcurrent: 4, maxTurns: 5,
        env: ["KEY"]),
      resources: [Plan.Resource(name: "a", capacity: 1), Plan.Resource(name: "b", capacity: 2)],
      worktree: Plan.Worktree(copy: [".env"], setup: "make", keep: true),
      gate: Plan.Gate(
        verifiers: [
          Plan.Verifier(
            name: "t", kind: .lint, run: "r", timeoutSeconds: 9, uses: "a", mutates: true,
            env: ["DB_URL", "X"])
        ],
        guards: Plan.Guard.allCases, keep: ["target", "**/node_modules/"],
        setup: Plan.Gate.Setup(run: "npm ci", inputs: ["package-lock.json"])),
      notify: "mail", steps: [], prompt: "do {{step.id}}")
    plan.steps = [
      PlannedStep(
        id: "S1", title: "t", needs: [], paths: ["src/**"], prompt: "p", lock: "l", uses: ["a"], priority: -3,
        run: "sed", timeoutSeconds: 7, expectsChange: true, match: ["path": "x", "dir": "y"]),
      PlannedStep(id: "S2", needs: ["S1"]),
    ]
    #expect(try Plan(json: JSON.parse(plan.json.canonicalBytes)) == plan)
    let bare = Plan.sample([PlannedStep(id: "S1")])
    #expect(try Plan(json: JSON.parse(bare.json.canonicalBytes)) == bare)
    plan.gate.setup = Plan.Gate.Setup(run: "make")
    plan.gate.toolchain = "cc --version"
    plan.gate.verifiers[0].flaky = .fails
    plan.gate.verifiers.append(Plan.Verifier(name: "ci", run: "ask", remote: "origin"))
    #expect(try Plan(json: JSON.parse(plan.json.canonicalBytes)) == plan)
  }

  /// Plans were written into ledgers before these keys were: those that lack them read and digest as before.
  @Test func whatIsOftenEmptyIsLeftOut() {
    let text = Plan.sample([PlannedStep(id: "S1", run: "x")]).json.canonical
    for key in ["keep", "setup", "mutates", "expect", "env", "flaky", "remote", "toolchain"] {
      #expect(!text.contains("\"\(key)\""))
    }
  }

  @Test func aMarkCanOnlyBeItsWord() throws {
    var plan = Plan.sample([PlannedStep(id: "S1", run: "x", expectsChange: true)])
    plan.gate.verifiers[0].mutates = true
    let text = plan.json.canonical
    for (key, word) in [("mutates", "allow"), ("expect", "change")] {
      let other = text.replacing("\"\(key)\":\"\(word)\"", with: "\"\(key)\":\"forbid\"")
      #expect(other != text)
      #expect(throws: JSONFault.self, "\(key)") { try Plan(json: JSON.parse(other)) }
    }
  }

  @Test func anUnknownMemberIsRefused() throws {
    let text = Plan.sample([PlannedStep(id: "S1")]).json.canonical
    for place in ["\"migration\":", "\"id\":", "\"verifiers\":", "\"run\":"] {
      let other = text.replacing(place, with: "\"unknown\":1,\(place)")
      #expect(throws: JSONFault.self, "\(place)") { try Plan(json: JSON.parse(other)) }
    }
  }

  @Test func faults() {
    func fault(_ change: (inout Plan) -> Void) -> String? {
      var plan = Plan.sample([PlannedStep(id: "S1"), PlannedStep(id: "S2", needs: ["S1"])])
      change(&plan)
      return plan.fault()
    }
    #expect(fault { _ in } == nil)
    #expect(fault { $0.migration = "A" } != nil)
    #expect(fault { $0.into = "" } != nil)
    #expect(fault { $0.steps = [] } != nil)
    #expect(fault { $0.attempts = 0 } != nil)
    #expect(fault { $0.attempts = 101 } != nil)
    #expect(fault { $0.leaseSeconds = 0 } != nil)
    #expect(fault { $0.backoff.initialSeconds = -1 } != nil)
    #expect(fault { $0.steps[1].id = "s1" } != nil)
    #expect(fault { $0.steps[0].needs = ["S1"] } != nil)
    #expect(fault { $0.steps[0].needs = ["S2"] } != nil)
    #expect(fault { $0.steps[0].uses = ["x"] } != nil)
    #expect(fault { $0.gate.verifiers[0].uses = "x" } != nil)
    #expect(fault { $0.resources = [Plan.Resource(name: "a", capacity: 0)] } != nil)
  }

  @Test func aVerdictBelongsToItsGate() {
    let one = Plan.sample([PlannedStep(id: "S1")])
    var other = one
    other.steps[0].title = "else"
    #expect(one.verifierDigest == other.verifierDigest)
    other.gate.verifiers[0].run = "true"
    #expect(one.verifierDigest != other.verifierDigest)
  }

  /// Whatever a verdict may rest on besides the tree is part of its key.
  @Test func aVerdictBelongsToWhatItsGateKeepsAndSetsUp() {
    let changes: [(inout Plan) -> Void] = [
      { _ in }, { $0.gate.keep = ["target"] }, { $0.gate.keep = ["node_modules"] },
      { $0.gate.setup = Plan.Gate.Setup(run: "make") },
      { $0.gate.setup = Plan.Gate.Setup(run: "make", inputs: ["a"]) },
      { $0.gate.verifiers[0].mutates = true }, { $0.gate.verifiers[0].env = ["KEY"] },
      { $0.gate.verifiers[0].flaky = .passes }, { $0.gate.verifiers[0].flaky = .fails },
      { $0.gate.verifiers[0].remote = "origin" },
    ]
    let digests = changes.map { change in
      var plan = Plan.sample([PlannedStep(id: "S1")])
      change(&plan)
      return plan.verifierDigest
    }
    #expect(Set(digests).count == changes.count, "\(digests)")
  }
}

@Suite struct GraphTests {
  @Test func remainingIsTheLongestPath() {
    let graph = Graph([
      PlannedStep(id: "A"), PlannedStep(id: "B", needs: ["A"]), PlannedStep(id: "C", needs: ["A", "A"]),
      PlannedStep(id: "D", needs: ["B", "C"]), PlannedStep(id: "E"),
    ])
    #expect(graph.remaining == [3, 2, 2, 1, 1])
    #expect(graph.topologicalOrder == [0, 4, 1, 2, 3])
    #expect(graph.dependents[0] == [1, 2, 2])
  }

  @Test func aCycleIsLeftOutOfTheOrder() {
    let graph = Graph([
      PlannedStep(id: "A", needs: ["B"]), PlannedStep(id: "B", needs: ["A"]), PlannedStep(id: "C"),
    ])
    #expect(graph.topologicalOrder == [2])
  }

  @Test func offersGoByPriorityThenPathThenOrder() {
    let story = Story(
      .sample([
        PlannedStep(id: "A"), PlannedStep(id: "B"), PlannedStep(id: "C"), PlannedStep(id: "D", needs: ["C"]),
        PlannedStep(id: "E", priority: 1),
      ]))
    var order: [String] = []
    while case .step(let id) = story.current.nextOffer(at: story.now, machine: "m1") {
      order.append(id)
      story.complete(id)
    }
    #expect(order == ["E", "C", "A", "B", "D"])
    #expect(story.current.nextOffer(at: story.now, machine: "m1") == .nothingLeft)
  }

  @Test func whatIsOfferedCanBeClaimed() {
    let story = Story(
      .sample(
        [PlannedStep(id: "A", lock: "l"), PlannedStep(id: "B", lock: "l"), PlannedStep(id: "C", run: "sed")],
        agents: 1))
    story.claim("A")
    #expect(story.current.nextOffer(at: story.now, machine: "m1") == .step("C"))
    story.claim("C")
    #expect(
      story.current.nextOffer(at: story.now, machine: "m1")
        == .nothingNow(reason: "'B' and 'A' share the lock 'l'", until: nil))
  }

  @Test func nothingNowSaysWhy() {
    let story = Story(chain: "S1", "S2")
    story.claim("S1")
    #expect(
      story.current.nextOffer(at: story.now, machine: "m1")
        == .nothingNow(reason: "the remaining steps wait for 1 that are under way", until: nil))
    story.fail("S1")
    #expect(
      story.current.nextOffer(at: story.now, machine: "m1")
        == .nothingNow(reason: "a step rests after a failed attempt", until: story.now.adding(seconds: 10)))
    for _ in 1...2 {
      story.wait(60)
      story.claim("S1")
      story.fail("S1")
    }
    #expect(story.current.isStuck)
    #expect(
      story.current.nextOffer(at: story.now, machine: "m1")
        == .nothingNow(reason: "the remaining steps are held by S1, which a person must look at", until: nil))
    story.tell(.migrationPaused(reason: "lunch"))
    #expect(
      story.current.nextOffer(at: story.now, machine: "m1")
        == .nothingNow(reason: "the migration is paused: lunch", until: nil))
  }
}
