import CanonicalJSON
import Testing

@testable import Migration

@Suite("Publication")
struct PublicationTests {
  private func story(_ policy: PublishPolicy? = PublishPolicy(), steps: [String] = ["A", "B", "C"]) -> Story {
    var plan = Plan.sample(steps.map { PlannedStep(id: $0, paths: ["src/\($0)/**"]) })
    plan.publish = policy
    plan.agent = Plan.Agent(command: "agent")
    let story = Story(plan)
    story.tell(.ledgerUpgraded(version: 2), of: FormatVersion.everyMigration)
    return story
  }

  private func by(_ unit: PublishPolicy.Unit, maxFiles: Int? = nil) -> PublishPolicy {
    var policy = PublishPolicy()
    (policy.unit, policy.maxFiles) = (unit, maxFiles)
    return policy
  }

  private func merged(_ story: Story) -> [MergedStep] {
    story.current.steps.compactMap { step in
      guard case .merged(let commit?) = step.phase else { return nil }
      return MergedStep(step: step.id, commit: commit, files: ["src/\(step.id)/a.py", "src/\(step.id)/b.py"])
    }
  }

  private func claim(_ story: Story, _ process: Owner, evidence: Evidence? = nil) -> Bool {
    let claim = PublisherClaim(holder: "p", owner: process, expiresAt: story.now.adding(seconds: 120))
    return story.tell(.publication(.claimed(claim, evidence)))
  }

  private func intent(
    _ story: Story, _ unit: String, _ steps: [String], from old: Int? = nil, to new: Int, by number: Int = 7
  ) -> Bool {
    let intent = BranchIntent(
      old: old.map { oid($0) }, new: oid(new), holder: "p", owner: process(number),
      expiresAt: story.now.adding(seconds: 100))
    return story.tell(.publication(.intended(unit: unit, steps: steps, intent)))
  }

  private func standing(_ story: Story, _ unit: String, owners: CodeOwners? = nil) -> UnitStanding? {
    let units = story.current.proposedUnits(merged(story), owners: owners)
    let moment = WeekMoment(story.now, offset: 0)
    return units.first { $0.unit == unit }.map { story.current.standing(of: $0, at: story.now, moment) }
  }

  @Test func `one way to a pull request, each arrow once`() {
    let story = story(by(.step))
    story.complete("A")
    #expect(standing(story, "A") == .push)
    #expect(claim(story, process(7)))
    #expect(!intent(story, "A", ["A"], to: 50, by: 8), "somebody else has claimed to publish")
    #expect(!claim(story, process(8)), "one at a time")
    #expect(claim(story, process(8), evidence: .holderDead(process(7))), "unless it is dead")
    #expect(claim(story, process(7), evidence: .holderDead(process(8))))
    #expect(!intent(story, "A", ["B"], to: 50), "what is not merged is not offered")
    #expect(intent(story, "A", ["A"], to: 50))
    #expect(standing(story, "A") == .settle)
    #expect(!story.tell(.publication(.opened(unit: "A", forge: "f", number: 1, url: nil))))
    #expect(!story.tell(.publication(.moved(unit: "A", commit: oid(51), people: false))))
    #expect(story.tell(.publication(.moved(unit: "A", commit: oid(50), people: false))))
    #expect(standing(story, "A") == .open)
    #expect(story.tell(.publication(.opened(unit: "A", forge: "f", number: 1, url: nil))))
    #expect(!story.tell(.publication(.opened(unit: "A", forge: "f", number: 2, url: nil))), "never twice")
    #expect(standing(story, "A") == .look)
    #expect(!intent(story, "B", ["A"], to: 60), "a step is offered once")
    #expect(story.tell(.publication(.closed(unit: "A", reason: "#1 is closed"))))
    #expect(!intent(story, "A", ["A"], from: 50, to: 61), "closed is a person's word")
    #expect(standing(story, "A") == .ended("closed"))
    let copy = try? State(json: story.state.json) { _, _ in
      var plan = story.current.plan
      plan.steps.removeLast(story.current.keptCount)
      return plan
    }
    #expect(copy?.migrations.first?.publications == story.current.publications)
  }

  @Test func `who announces a move claims to publish by that, where nobody has`() {
    let story = story(by(.step))
    for id in ["A", "B"] { story.complete(id) }
    #expect(intent(story, "A", ["A"], to: 50))
    #expect(story.current.publications.publisher?.owner == process(7))
    #expect(!claim(story, process(8)) && !intent(story, "B", ["B"], to: 60, by: 8), "one at a time")
    #expect(story.tell(.publication(.moved(unit: "A", commit: oid(50), people: false))))
    #expect(claim(story, process(7)), "and goes on")
    let until = story.current.publications.publisher?.expiresAt
    #expect(intent(story, "B", ["B"], to: 60))
    #expect(story.current.publications.publisher?.expiresAt == until, "a claim in force stays as it is")
    story.now = story.now.adding(seconds: 200)
    #expect(story.tell(.publication(.moved(unit: "B", commit: oid(60), people: false))))
    #expect(intent(story, "B", ["B"], from: 60, to: 61, by: 8), "what has lapsed is nobody's")
    #expect(story.current.publications.publisher?.owner == process(8))
  }

  @Test func `a branch that was taken away before anything was opened is left to people`() {
    let story = story(by(.step))
    story.complete("A")
    #expect(!story.tell(.publication(.lost(unit: "A", reason: "gone"))), "there is none yet")
    #expect(intent(story, "A", ["A"], to: 50))
    #expect(story.tell(.publication(.moved(unit: "A", commit: oid(50), people: false))))
    #expect(story.tell(.publication(.lost(unit: "A", reason: "gone"))))
    #expect(standing(story, "A") == .people(reason: "gone"))
    #expect(!story.tell(.publication(.lost(unit: "A", reason: "gone"))), "once")
  }

  @Test func `the whole branch waits until every step is done`() {
    let story = story(by(.migration), steps: ["A", "B"])
    story.complete("A")
    #expect(standing(story, "all") == .waits(reason: "1 step that may come to it"))
    story.tell(.stepSkipped(step: "B", reason: "x"))
    #expect(standing(story, "all") == .push)
  }

  @Test func `the whole branch is offered again for what comes after it was merged`() throws {
    let story = story(by(.migration), steps: ["A", "B", "C"])
    story.complete("A")
    #expect(claim(story, process(7)))
    let tip = try #require(merged(story).last?.commit)
    func offer(_ unit: String, _ old: ObjectID?, _ new: ObjectID) -> Bool {
      let intent = BranchIntent(
        old: old, new: new, holder: "p", owner: process(7), expiresAt: story.now.adding(seconds: 100))
      return story.tell(.publication(.intended(unit: unit, steps: [], intent)))
        && story.tell(.publication(.moved(unit: unit, commit: new, people: false)))
    }
    #expect(offer("all", nil, tip))
    #expect(story.tell(.publication(.opened(unit: "all", forge: "f", number: 1, url: nil))))
    #expect(story.tell(.publication(.merged(unit: "all", commit: oid(90)))))
    #expect(standing(story, "all") == .ended("merged"), "nothing came after it")
    story.complete("B")
    story.tell(.stepSkipped(step: "C", reason: "x"))
    let units = story.current.proposedUnits(merged(story), owners: nil)
    #expect(units.map(\.unit) == ["all-2"] && units.map(\.since) == [["B"]], "\(units)")
    #expect(units.first?.files == ["src/B/a.py", "src/B/b.py"])
    #expect(standing(story, "all-2") == .push)
    #expect(story.current.publishedBranch(of: "all-2") == "migrate-pr/\(story.current.name)/all-2")
    let next = try #require(merged(story).last { $0.step == "B" }?.commit)
    #expect(offer("all-2", nil, next))
    #expect(standing(story, "all-2") == .open)
    let copy = try? State(json: story.state.json) { _, _ in story.current.plan }
    #expect(copy?.migrations.first?.publications == story.current.publications)
    #expect(story.tell(.publication(.closed(unit: "all-2", reason: "#2 is closed"))))
    #expect(standing(story, "all-2") == .ended("closed"), "closed is a person's word")
  }

  @Test func `units by folder stay what they are, and a full one is followed by another`() {
    var policy = by(.folder, maxFiles: 4)
    policy.depth = 1
    let story = story(policy)
    for id in ["A", "B", "C"] { story.complete(id) }
    var units = story.current.proposedUnits(merged(story), owners: nil)
    #expect(units.map(\.unit) == ["src", "src-2"])
    #expect(units.map(\.steps) == [["A", "B"], ["C"]])
    #expect(claim(story, process(7)))
    #expect(intent(story, "src", ["A"], to: 70), "what was offered with A alone")
    units = story.current.proposedUnits(merged(story), owners: nil)
    #expect(units.map(\.steps) == [["A"], ["B", "C"]])
  }

  @Test func `units by owner`() {
    let owners = CodeOwners("* @org/all\n/src/A/ @cart-team\nsrc/B/a.py @mail @cart-team # both\n")
    let story = story(by(.owner))
    for id in ["A", "B", "C"] { story.complete(id) }
    let units = story.current.proposedUnits(merged(story), owners: owners)
    #expect(units.map(\.steps) == [["A"], ["B"], ["C"]])
    #expect(units[0].unit == "cart-team" && units[0].owners == ["@cart-team"])
    #expect(units[1].owners == ["@mail", "@cart-team", "@org/all"])
    #expect(Set(units.map(\.unit)).count == 3 && units.allSatisfy { Identifier.stepFault($0.unit) == nil })
  }

  @Test func `a unit waits for a person's word where the plan says so`() {
    var policy = by(.step)
    policy.needsApproval = true
    let story = story(policy)
    story.complete("A")
    #expect(claim(story, process(7)))
    #expect(!intent(story, "A", ["A"], to: 50))
    #expect(standing(story, "A") == .waits(reason: "a person's 'git migrate approve A'"))
    #expect(story.tell(.publication(.approved(unit: "A"))))
    #expect(!story.tell(.publication(.approved(unit: "A"))))
    #expect(standing(story, "A") == .push && intent(story, "A", ["A"], to: 50))
  }

  @Test func `red checks make a step that mends, so many times`() throws {
    var policy = by(.step)
    policy.fixes = 1
    let story = story(policy)
    story.complete("A")
    #expect(claim(story, process(7)) && intent(story, "A", ["A"], to: 50))
    story.tell(.publication(.moved(unit: "A", commit: oid(50), people: false)))
    story.tell(.publication(.opened(unit: "A", forge: "f", number: 3, url: nil)))
    let failures = ["test: {{evil}} ran out of {{#x}}"]
    let fix = Change.publication(.fixAdded(unit: "A", step: "fix-A-1", failures: failures))
    #expect(!story.tell(fix), "nothing is said against it")
    let red = PublicationSight(state: "open", head: oid(50), checks: .red, failures: failures)
    #expect(story.tell(.publication(.seen(unit: "A", red))))
    #expect(!story.tell(.publication(.seen(unit: "A", red))), "only what is new")
    #expect(standing(story, "A") == .fix)
    #expect(story.tell(fix))
    let step = try #require(story.current.plan.steps.last)
    #expect(step.mends == "A" && step.paths == ["src/A/**"])
    #expect(step.prompt?.contains("{{evil}}") == false)
    #expect(standing(story, "A") == .look, "it is mended")
    #expect(!story.tell(fix))
    story.complete("fix-A-1")
    let units = story.current.proposedUnits(merged(story), owners: nil)
    #expect(units.first { $0.unit == "A" }?.steps == ["A", "fix-A-1"])
    #expect(standing(story, "A") == .push)
    #expect(intent(story, "A", ["A", "fix-A-1"], from: 50, to: 52))
    story.tell(.publication(.moved(unit: "A", commit: oid(52), people: false)))
    #expect(standing(story, "A") == .look, "what was said of the old branch counts no more")
    let again = PublicationSight(state: "open", head: oid(52), checks: .red, failures: ["x"])
    story.tell(.publication(.seen(unit: "A", again)))
    #expect(standing(story, "A") == .look, "it was mended often enough")
  }

  @Test func `a draft is ready when the plan, or its checks, say so`() {
    var policy = by(.step)
    (policy.drafts, policy.readiesWhenGreen) = (["A"], true)
    let story = story(policy)
    story.complete("A")
    #expect(claim(story, process(7)) && intent(story, "A", ["A"], to: 50))
    story.tell(.publication(.moved(unit: "A", commit: oid(50), people: false)))
    story.tell(.publication(.opened(unit: "A", forge: "f", number: 3, url: nil, isDraft: true)))
    func see(_ state: String, _ checks: PublicationSight.Checks, _ head: Int = 50) {
      story.tell(
        .publication(.seen(unit: "A", PublicationSight(state: state, head: oid(head), checks: checks))))
    }
    see("draft", .pending)
    #expect(standing(story, "A") == .look)
    see("draft", .green, 49)
    #expect(standing(story, "A") == .look, "what was said of another commit counts for nothing")
    see("draft", .green)
    #expect(standing(story, "A") == .ready)
    see("open", .green)
    see("draft", .green)
    #expect(standing(story, "A") == .look, "who makes it a draft again means it")
  }

  @Test func `what was undone is offered no more`() throws {
    let story = story(by(.folder))
    for id in ["A", "B"] { story.complete(id) }
    #expect(claim(story, process(7)) && intent(story, "src", ["A", "B"], to: 50))
    story.tell(.publication(.moved(unit: "src", commit: oid(50), people: false)))
    story.tell(.publication(.opened(unit: "src", forge: "f", number: 3, url: nil)))
    #expect(!intent(story, "src", ["B"], from: 50, to: 51), "it is merged")
    func undo(_ step: String) throws {
      let undoing = StepUndoing(steps: [step], reason: "wrong")
      let id = story.current.undoID(of: step)
      #expect(story.tell(.stepsUndone(id, undoing)))
      story.complete(id)
    }
    try undo("A")
    func units() -> [ProposedUnit] { story.current.proposedUnits(merged(story), owners: nil) }
    #expect(units().map(\.unit) == ["src"] && units().map(\.steps) == [["B"]])
    #expect(standing(story, "src") == .push && intent(story, "src", ["B"], from: 50, to: 51))
    story.tell(.publication(.moved(unit: "src", commit: oid(51), people: false)))
    try undo("B")
    #expect(units().map(\.isWithdrawn) == [true] && standing(story, "src") == .look)
    #expect(story.tell(.publication(.closed(unit: "src", reason: "#3 is closed"))))
    #expect(units().isEmpty)
  }

  @Test func `what takes the base in is offered to nobody`() {
    let story = story(by(.step))
    story.complete("A")
    var state = story.current
    state.plan.steps[0].resolves = oid(9)
    #expect(state.proposedUnits(merged(story), owners: nil).isEmpty)
  }

  @Test func `what a reviewer has said is mended once, until they say something else`() {
    let story = story(by(.step))
    story.complete("A")
    #expect(claim(story, process(7)) && intent(story, "A", ["A"], to: 50))
    story.tell(.publication(.moved(unit: "A", commit: oid(50), people: false)))
    story.tell(.publication(.opened(unit: "A", forge: "f", number: 3, url: nil)))
    func see(_ head: Int, _ words: [String], _ checks: PublicationSight.Checks = .green) {
      var sight = PublicationSight(state: "open", head: oid(head), checks: checks, failures: words)
      sight.review = .changes
      story.tell(.publication(.seen(unit: "A", sight)))
    }
    see(50, ["ann: rename it"])
    #expect(standing(story, "A") == .fix)
    let fix = Change.publication(.fixAdded(unit: "A", step: "fix-A-1", failures: ["ann: rename it"]))
    #expect(story.tell(fix))
    story.complete("fix-A-1")
    #expect(intent(story, "A", ["A", "fix-A-1"], from: 50, to: 52))
    story.tell(.publication(.moved(unit: "A", commit: oid(52), people: false)))
    see(52, ["ann: rename it"])
    #expect(standing(story, "A") == .look, "she has not looked since")
    see(52, ["ann: rename it", "bob: and test it"])
    #expect(standing(story, "A") == .fix)
    see(52, ["ann: rename it"], .red)
    #expect(standing(story, "A") == .fix, "checks are of what is there now")
  }

  @Test func `what people have moved is theirs`() {
    let story = story(by(.step))
    story.complete("A")
    #expect(claim(story, process(7)) && intent(story, "A", ["A"], to: 50))
    #expect(story.tell(.publication(.moved(unit: "A", commit: oid(99), people: true))))
    #expect(standing(story, "A") == .people(reason: "its branch was moved by others"))
    #expect(!intent(story, "A", ["A"], from: 99, to: 51))
  }

  @Test func `a window is open at its hours, so often, with pauses`() {
    var window = PublishWindow()
    window.days = [0, 1]
    (window.start, window.end) = (9 * 60, 16 * 60)
    window.rate = PublishWindow.Rate("2/hour")
    let now = Timestamp(milliseconds: 1_000_000_000)
    func wait(_ day: Int, _ hour: Int, _ opened: [Int] = []) -> Int {
      window.wait(
        WeekMoment(day: day, secondOfDay: hour * 3600), at: now,
        opened: opened.map { now.adding(seconds: -$0) })
    }
    #expect(wait(0, 9) == 0)
    #expect(wait(0, 8) == 3600)
    #expect(wait(0, 16) == 17 * 3600)
    #expect(wait(1, 20) == 4 * 3600 + 5 * 86_400 + 9 * 3600)
    #expect(wait(0, 10, [1800]) == 0)
    #expect(wait(0, 10, [1800, 600]) == 1800)
    #expect(wait(0, 15, [100, 50]) == 3500)
    window.spacing = 60
    #expect(wait(0, 10, [20]) == 40)
    #expect(PublishWindow.Rate("0/hour") == nil && PublishWindow.minute("24:01") == nil)
    #expect(WeekMoment(Timestamp(milliseconds: 0), offset: 0).day == 3)
  }

  @Test func `a forge rests in every migration`() {
    let story = story()
    let until = story.now.adding(seconds: 600)
    let rest = Change.forge(.rests(forge: "github.com", until: until, reason: "too much"))
    #expect(!story.tell(rest))
    #expect(story.tell(rest, of: FormatVersion.everyMigration))
    #expect(story.state.forges.rest(of: "github.com", at: story.now) == until)
    #expect(story.state.forges.rest(of: "github.com", at: until) == nil)
  }
}
