import CanonicalJSON
import Testing

@testable import Migration

/// Failures that are alike are one cause, with a number that stays.
@Suite struct CauseTests {
  /// Steps of agents, `attempts` each.
  private func story(_ ids: [String], attempts: Int = 1) -> Story {
    Story(.sample(ids.map { PlannedStep(id: $0) }, attempts: attempts, backoff: 0))
  }

  private func fail(_ story: Story, _ step: String, _ detail: String) {
    story.claim(step)
    story.submit(step)
    story.gate(step)
    var tree = oid(99)
    if case .gating(_, let run) = story.step(step).phase { tree = run.start.tree }
    let failure = Failure(kind: .gate, reason: "test: \(detail)", details: [detail])
    story.tell(
      .gateFinished(
        story.fence(step),
        GateReport(
          gate: story.step(step).gates, tree: tree, verifiers: story.current.plan.verifierDigest,
          verdict: .failed, failure: failure, isNoChange: false)), by: "gate-1")
  }

  private func lines(_ story: Story) -> [String] { CauseReport.causes(of: story.current).map { $0.line() } }

  @Test func `steps that fail alike are one cause, whatever their paths, numbers and names are`() {
    let story = story(["pkg-a", "pkg-b", "pkg-c", "other"])
    fail(story, "pkg-a", "src/a.py:3: pkg-a has 12 of 40")
    fail(story, "pkg-b", "src/b.py:77: pkg-b has 3 of 9")
    fail(story, "other", "no such table")
    #expect(
      lines(story) == [
        "F1  2 steps  test: src/a.py:3: pkg-a has 12 of 40  pkg-a pkg-b",
        "F2  1 step  test: no such table  other",
      ])
  }

  @Test func `the prompt is suspected when most of what agents have tried failed alike`() {
    let story = story(["a", "b", "c", "d", "e", "f"])
    for step in ["a", "b", "c"] { fail(story, step, "it broke") }
    story.complete("d")
    #expect(CauseReport.causes(of: story.current)[0].line().hasSuffix("likely the prompt (3 of 4)"))
    story.complete("e")
    story.complete("f")
    #expect(!CauseReport.causes(of: story.current)[0].isLikelyPrompt)
  }

  @Test func `people are told of a cause once, and again after a retry`() {
    let story = story(["a", "b", "c"])
    fail(story, "a", "it broke")
    #expect(story.effects.count == 1)
    fail(story, "b", "it broke")
    #expect(story.effects.isEmpty)
    fail(story, "c", "no such table")
    #expect(story.effects.count == 1)
    let cause = story.step("a").cause
    story.tell(.stepsRetried(StepGroup(["a", "b"], cause: cause), reason: "mended"), by: "ann")
    fail(story, "b", "it broke")
    #expect(story.effects.count == 1)
  }

  @Test func `one entry lets many steps try again, or none`() {
    let ids = (1...500).map { "step-\($0)" }
    let story = story(ids)
    for id in ids { fail(story, id, "it broke") }
    let before = story.events.count
    let group = StepGroup.groups(of: ids, cause: story.step(ids[0]).cause)
    #expect(group.count == 1)
    #expect(story.tell(.stepsRetried(group[0], reason: "a better prompt"), by: "ann"))
    #expect(story.events.count == before + 1)
    #expect(story.current.steps.allSatisfy { $0.phase == .ready })
    #expect(story.events.last?.sentence == "step-1 and 499 more retried by ann: a better prompt")
    let state = story.state
    #expect(!story.tell(.stepsRetried(StepGroup(["step-1", "step-2"]), reason: ""), by: "ann"))
    #expect(story.refusal?.message == "'step-1' is ready, so there is nothing to retry")
    #expect(story.state.migrations == state.migrations)
  }

  @Test func `many long names are cut into entries that fit`() {
    let ids = (1...3000).map { "a-step-with-a-name-that-is-about-as-long-as-it-may-be-\($0)" }
    let groups = StepGroup.groups(of: ids)
    #expect(groups.flatMap(\.steps) == ids)
    for group in groups {
      let event = Event(
        migration: "mig", at: Timestamp(milliseconds: 0), by: "ann", change: .stepsRetried(group, reason: ""))
      let entry = Entry(sequence: 1, nonce: String(repeating: "0", count: 32), event: event)
      #expect(entry.json.canonicalBytes.count < Entry.maximumBytes)
    }
  }

  @Test func `a group survives the ledger`() throws {
    let change = Change.stepsSkipped(StepGroup(["a", "b"], cause: "0123456789abcdef"), reason: "gone")
    let event = Event(migration: "mig", at: Timestamp(milliseconds: 5), by: "ann", change: change)
    let entry = Entry(sequence: 7, nonce: String(repeating: "1", count: 32), event: event)
    let line = entry.json.canonicalBytes
    let read = try Entry(line: line) { (_, _) throws(JSONFault) in throw JSONFault("no plan") }
    #expect(read == entry)
  }

  @Test func `a step that passes has no cause, and the number of a cause stays`() {
    let story = story(["a", "b"])
    fail(story, "a", "it broke")
    fail(story, "b", "no such table")
    story.retry("a")
    story.complete("a")
    #expect(CauseReport.causes(of: story.current).map(\.id) == ["F2"])
    #expect(CauseReport.causes(of: story.current, isWhole: true).map(\.id) == ["F2", "F1"])
  }

  @Test func `a person's name for a cause is shown and found`() {
    let story = story(["a"])
    fail(story, "a", "it broke")
    let cause = story.step("a").cause ?? ""
    #expect(story.tell(.causeLabelled(cause, "Guava conflict"), by: "ann"))
    #expect(lines(story) == ["F1  1 step  Guava conflict (test: it broke)  a"])
    for name in ["F1", "f1", "Guava conflict", cause] {
      #expect(story.current.cause(named: name)?.fingerprint == cause)
    }
    #expect(story.current.cause(named: "F2") == nil)
    #expect(!story.tell(.causeLabelled("feed", "x"), by: "ann"))
    #expect(!story.tell(.causeLabelled(cause, "two\nlines"), by: "ann"))
  }

  @Test func `the plan's patterns name causes, in the entry`() {
    var plan = Plan.sample(["a", "b", "c"].map { PlannedStep(id: $0) }, attempts: 1, backoff: 0)
    plan.failures = [FailurePattern(match: "No module named '(.+?)'", name: "missing $1")]
    let story = Story(plan)
    fail(story, "a", "src/a.py: ModuleNotFoundError: No module named 'newlog'")
    fail(story, "b", "while importing: No module named 'newlog' (b)")
    fail(story, "c", "No module named 'other'")
    #expect(
      CauseReport.causes(of: story.current).map(\.name) == ["missing newlog", "missing other"])
    #expect(story.current.steps[0].cause == story.current.steps[1].cause)
    #expect(story.events.last?.fact(Event.causeNameKey) == .string("missing other"))
  }

  @Test func `what is recorded counts, not what would be found now`() {
    var plan = Plan.sample([PlannedStep(id: "a")], attempts: 1, backoff: 0)
    plan.failures = [FailurePattern(match: "broke", name: "breakage")]
    let story = Story(plan)
    fail(story, "a", "it broke")
    let cause = story.step("a").cause
    plan.failures = []
    story.amend(plan)
    #expect(story.step("a").cause == cause)
    #expect(CauseReport.causes(of: story.current)[0].name == "breakage")
  }

  @Test func `steps with another prompt since are known until they are claimed`() {
    var plan = Plan.sample(["a", "b"].map { PlannedStep(id: $0) }, attempts: 3, backoff: 0)
    plan.prompt = "Do it."
    let story = Story(plan)
    fail(story, "a", "it broke")
    plan.prompt = "Do it well."
    story.amend(plan)
    #expect(story.current.steps.map(\.hasNewPrompt) == [true, false])
    story.claim("a")
    #expect(!story.step("a").hasNewPrompt)
  }

  @Test func `what steps have in common is told`() {
    func step(_ path: String) -> PlannedStep { PlannedStep(id: path, match: ["path": path]) }
    let paths = ["src/shop/legacy_cart.py", "src/shop/legacy_bill.py", "src/shop/legacy_mail.py"]
    let others = ["src/shop/user.py", "src/mail/list.py", "src/mail/legacy.py"]
    let story = Story(
      .sample(
        (paths + others).enumerated().map { index, path in
          PlannedStep(id: "S\(index)", match: ["path": path])
        }))
    let common = CommonGround(of: ["S0", "S1", "S2"], in: story.current)
    #expect(common.folder == "src/shop")
    #expect(common.words.map(\.word).contains("legacy"))
    #expect(!common.words.map(\.word).contains("src"))
  }

  @Test func `the checkpoint keeps causes, lessons, samples and trials`() throws {
    let story = story(["a", "b"])
    fail(story, "a", "it broke")
    let cause = story.step("a").cause ?? ""
    story.tell(.causeLabelled(cause, "Guava"), by: "ann")
    story.tell(
      .lessonAdded(Lesson(id: "L1", text: "pin 33.2", cause: cause)), by: "ann",
      of: FormatVersion.everyMigration)
    story.tell(.sampleDrawn(SampleDraw(round: 1, steps: ["a"], seed: 3)), by: "ann")
    let plan = story.current.plan
    let read = try State(json: story.state.json) { (_, _) throws(JSONFault) in plan }
    #expect(read == story.state)
  }
}

/// Samples, trials, lessons and counts.
@Suite struct DailyLoopTests {
  private func story() -> Story {
    var plan = Plan.sample(["a", "b", "c"].map { PlannedStep(id: $0) })
    plan.until = Plan.Until(count: "git grep -c oldlog")
    return Story(plan)
  }

  private func trial(_ story: Story, _ step: String, number: Int, by holder: String = "w1") -> Bool {
    story.tell(
      .trialStarted(
        TrialStart(
          trial: number, step: step, plan: story.current.planNumber, digest: story.current.planDigest,
          base: story.current.start, holder: holder, owner: process(7),
          expiresAt: story.now.adding(seconds: 600))), by: holder)
  }

  @Test func `a trial leaves its step as it is, whatever it comes to`() {
    let story = story()
    story.complete("a")
    let steps = story.current.steps
    #expect(trial(story, "a", number: 1))
    let failure = Failure(kind: .gate, reason: "test: it broke")
    #expect(
      story.tell(.trialFinished(TrialReport(trial: 1, step: "a", outcome: .failed, failure: failure))))
    #expect(story.current.steps == steps)
    #expect(story.current.loop.open.isEmpty)
    #expect(story.current.causes.list.isEmpty)
    #expect(story.events.last?.fact(Event.causeKey) != nil)
  }

  @Test func `trials are numbered, of the plan in force, and ended once by who does them`() {
    let story = story()
    #expect(!trial(story, "a", number: 2))
    #expect(!trial(story, "x", number: 1))
    #expect(trial(story, "a", number: 1))
    #expect(!story.tell(.trialFinished(TrialReport(trial: 1, step: "b", outcome: .passed))))
    #expect(!story.tell(.trialFinished(TrialReport(trial: 1, step: "a", outcome: .passed)), by: "w2"))
    #expect(!story.tell(.trialFinished(TrialReport(trial: 1, step: "a", outcome: .failed))))
    // Somebody else has to say how he knows.
    func lost(_ evidence: Evidence) -> Change {
      .trialFinished(TrialReport(trial: 1, step: "a", outcome: .lost, evidence: evidence))
    }
    #expect(!story.tell(lost(.holder), by: "w2"))
    #expect(!story.tell(lost(.timeout), by: "w2"))
    #expect(!story.tell(lost(.holderDead(process(8))), by: "w2"))
    #expect(story.tell(lost(.holderDead(process(7))), by: "w2"))
    #expect(!story.tell(lost(.holderDead(process(7))), by: "w2"))
    story.amend(story.current.plan)
    #expect(trial(story, "b", number: 2))
  }

  @Test func `what a trial uses counts`() {
    let story = story()
    #expect(trial(story, "a", number: 1))
    var event = Event(
      migration: "mig", at: story.now.adding(seconds: 1), by: "w1",
      change: .trialFinished(TrialReport(trial: 1, step: "a", outcome: .passed)))
    event.reserved = [
      JSON.Member("wall", .integer(1000)), JSON.Member("turns", .integer(4)),
      JSON.Member("cost", .integer(330_000)), JSON.Member("currency", .string("USD")),
    ]
    var state = story.state
    #expect(throws: Never.self) { _ = try state.apply(event.written(in: state)) }
    #expect(state.migrations[0].spending.total.microdollars == 330_000)
  }

  @Test func `a sample is spread over folders and sizes, and the same seed draws the same`() {
    let steps = (0..<30).map { index in
      PlannedStep(
        id: "S\(index)", match: ["path": "src/\(["cart", "mail", "stock"][index % 3])/m\(index).py"])
    }
    let story = Story(.sample(steps))
    func draw(_ count: Int, _ seed: Int) -> [String] {
      SampleDraw.draw(count, of: story.current, seed: seed) { Int($0.id.dropFirst()) ?? 0 }
    }
    for seed in 0..<20 {
      let three = draw(3, seed)
      let folders = Set(three.compactMap { id in steps.first { $0.id == id }?.folder })
      #expect(folders.count == 3, "\(three)")
      #expect(draw(3, seed) == three)
      #expect(Set(draw(30, seed)).count == 30)
    }
    #expect(draw(3, 1) != draw(3, 2) || draw(3, 1) != draw(3, 3))
    #expect(draw(100, 1).count == 30)
    #expect(draw(0, 1).isEmpty)
  }

  @Test func `samples are of known steps, each once`() {
    let story = story()
    #expect(!story.tell(.sampleDrawn(SampleDraw(round: 1, steps: [], seed: 1))))
    #expect(!story.tell(.sampleDrawn(SampleDraw(round: 1, steps: ["a", "a"], seed: 1))))
    #expect(!story.tell(.sampleDrawn(SampleDraw(round: 1, steps: ["nobody"], seed: 1))))
    #expect(!story.tell(.sampleDrawn(SampleDraw(round: 2, steps: ["a"], seed: 1))))
    #expect(story.tell(.sampleDrawn(SampleDraw(round: 1, steps: ["a", "b"], seed: 1))))
    #expect(story.current.loop.sample?.steps == ["a", "b"])
  }

  @Test func `uses are counted once a tree, by the plan's command`() {
    let story = story()
    let command = story.current.plan.until?.digest ?? ""
    let count = UseCount(count: 4, commit: oid(1), tree: oid(2), command: command)
    #expect(story.tell(.usesCounted(count)))
    #expect(!story.tell(.usesCounted(count)))
    #expect(story.current.loop.count(of: oid(2), by: command) == 4)
    #expect(story.current.loop.count(of: oid(3), by: command) == nil)
    var other = count
    (other.tree, other.command) = (oid(3), String(repeating: "0", count: 64))
    #expect(!story.tell(.usesCounted(other)))
  }

  @Test func `lessons are told to steps whose cause or paths match`() {
    let shop = PlannedStep(id: "a", paths: ["src/shop/**"])
    let mail = PlannedStep(id: "b", match: ["path": "src/mail/list.py"])
    let caused = Lesson(id: "L1", text: "pin", cause: "feed")
    #expect(caused.isFor(shop, failedFor: "feed"))
    #expect(!caused.isFor(shop, failedFor: nil))
    let ofMail = Lesson(id: "L2", text: "mail", paths: ["src/mail/**"])
    #expect(ofMail.isFor(mail, failedFor: nil))
    #expect(!ofMail.isFor(shop, failedFor: nil))
    #expect(Lesson(id: "L3", text: "all").isFor(shop, failedFor: nil))
    #expect(Lesson(id: "L4", text: "deep", paths: ["src/shop/cart/**"]).isFor(shop, failedFor: nil))
  }

  @Test func `lessons are numbered, and belong to all migrations`() {
    let story = story()
    let every = FormatVersion.everyMigration
    #expect(!story.tell(.lessonAdded(Lesson(id: "L1", text: "pin")), by: "ann"))
    #expect(!story.tell(.lessonAdded(Lesson(id: "L2", text: "pin")), by: "ann", of: every))
    #expect(story.tell(.lessonAdded(Lesson(id: "L1", text: "pin")), by: "ann", of: every))
    #expect(story.tell(.lessonRemoved("L1"), by: "ann", of: every))
    #expect(!story.tell(.lessonRemoved("L1"), by: "ann", of: every))
    #expect(story.state.lessons.nextID == "L2")
    #expect(!story.tell(.lessonAdded(Lesson(id: "L2", text: "")), by: "ann", of: every))
  }

  @Test func `a step that was done before is skipped from the start`() {
    var first = PlannedStep(id: "a")
    first.skip = "done by hand"
    let story = Story(.sample([first, PlannedStep(id: "b", needs: ["a"]), PlannedStep(id: "c")]))
    #expect(["a", "b", "c"].map(story.word) == ["skipped", "ready", "ready"])
    var third = PlannedStep(id: "c")
    third.skip = "not wanted"
    story.amend(.sample([first, PlannedStep(id: "b", needs: ["c"]), third]))
    #expect(["a", "b", "c"].map(story.word) == ["skipped", "ready", "skipped"])
  }
}

/// Regular expressions that no plan can hold a machine up with.
@Suite struct TextPatternTests {
  private func match(_ pattern: String, _ text: String) throws -> [String]? {
    var budget = 1_000_000
    return try TextPattern(pattern).firstMatch(in: text, budget: &budget)
  }

  @Test(arguments: [
    ("a", "cab", ["a"]), ("a+", "caab", ["aa"]), ("a*?b", "caab", ["aab"]),
    ("(a|b)+c", "xabc", ["abc", "b"]),
    ("No module named '(.+)'", "x: No module named 'os.y'", ["No module named 'os.y'", "os.y"]),
    ("^b.*$", "a\nbc\nd", ["bc"]), (#"\bcat\b"#, "concat cat", ["cat"]), (#"\d{2,3}"#, "1 12345", ["123"]),
    ("[^a-c]+", "abxyz", ["xyz"]), (#"[\d.]+"#, "v1.2.3", ["1.2.3"]),
    ("(?i)ERROR: (.*)", "error: X", ["error: X", "X"]),
    ("(?:ab)+(c)?", "ababd", ["abab", ""]), ("a{2}", "aaa", ["aa"]), ("x{a", "x{a", ["x{a"]),
    ("", "abc", [""]),
    ("(a*)*b", "aab", ["aab", "aa"]), ("é+", "caféé", ["éé"]),
  ])
  func matches(_ pattern: String, _ text: String, _ expected: [String]) throws {
    #expect(try match(pattern, text) == expected)
  }

  @Test(arguments: [("a", "b"), ("^a$", "ab"), (#"\d"#, "x"), ("a{3}", "aa")])
  func doesNotMatch(_ pattern: String, _ text: String) throws { #expect(try match(pattern, text) == nil) }

  @Test(arguments: ["(", ")", "[a", "a**", "*a", "a{200}", #"\q"#, #"a\"#, "(?=a)", "(((((((((((((((((((((a"])
  func isRefused(_ pattern: String) { #expect(throws: TextPattern.Fault.self) { try TextPattern(pattern) } }

  @Test func `what would never end elsewhere ends`() throws {
    let text = String(repeating: "a", count: 1000) + "!"
    var budget = FailurePattern.budget
    _ = try TextPattern("(a+)+$").firstMatch(in: text, budget: &budget)
    #expect(try match("(a|aa)+$", text) == nil)
    #expect(FailurePattern(match: "(x{90}){90}", name: "x").fault == "asks for too much")
  }

  @Test func `a name wants the groups that it names`() {
    #expect(FailurePattern(match: "(a)", name: "$1").fault == nil)
    #expect(FailurePattern(match: "(a)", name: "$2").fault == "has no group $2")
    #expect(FailurePattern(match: "a", name: "").fault != nil)
    #expect(FailurePattern(match: "", name: "x").fault == "is empty")
  }
}
