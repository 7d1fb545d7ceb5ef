import Migration
import Testing

@testable import Forges

@Suite("A pull request is opened once")
struct NeverTwiceTests {
  private func plan() -> Plan {
    var plan = Plan(
      migration: "mig", agent: Plan.Agent(command: "agent"), steps: ["A", "B"].map { PlannedStep(id: $0) },
      prompt: "do it")
    var policy = PublishPolicy()
    (policy.unit, policy.labels) = (.step, ["migration"])
    plan.publish = policy
    return plan
  }

  private func world() throws -> MemoryWorld {
    let world = try MemoryWorld(plan())
    try world.merge("A", as: 0x101)
    try world.merge("B", as: 0x102)
    return world
  }

  private func publish(_ world: MemoryWorld) throws { try Publisher(world, forge: world, base: "main").run() }

  private func check(_ world: MemoryWorld, _ words: String) {
    #expect(world.requests.count == 2, "\(words): \(world.requests)")
    #expect(Set(world.heads.values) == ["migrate-pr/mig/A", "migrate-pr/mig/B"], "\(words)")
    for unit in ["A", "B"] {
      let known = world.state0.publications[unit]
      #expect(known?.request != nil && known?.intent == nil, "\(words): \(String(describing: known))")
      #expect(world.branches["migrate-pr/mig/\(unit)"] == known?.head, "\(words)")
      #expect(world.labels[known?.request?.number ?? 0] == ["migration"], "\(words)")
    }
  }

  @Test func `twice is harmless`() throws {
    let world = try world()
    try publish(world)
    check(world, "once")
    let (calls, entries) = (world.calls, world.ledger.at)
    try publish(world)
    check(world, "twice")
    #expect(world.calls > calls && world.ledger.at >= entries)
  }

  @Test(arguments: [true, false]) func `whoever dies at any call is gone on for`(_ diesBefore: Bool) throws {
    let sample = try world()
    try publish(sample)
    let count = sample.calls
    #expect(count > 20)
    for fuse in 0..<count {
      let world = try world()
      (world.fuse, world.diesBefore) = (fuse, diesBefore)
      try? publish(world)
      #expect(world.isDead || fuse >= count - 1)
      world.restart()
      try publish(world)
      check(world, "call \(fuse)\(diesBefore ? ", before" : ", after")")
      // Once more, so that what is left of labels and texts is told.
      try publish(world)
      check(world, "call \(fuse), again")
    }
  }

  @Test func `an answer that is lost opens nothing twice`() throws {
    for lost in 1...3 {
      let world = try world()
      world.lostAnswers = lost
      for _ in 0...lost { try publish(world) }
      check(world, "\(lost) lost")
    }
  }

  @Test func `a number means nothing at another forge`() throws {
    let world = try world()
    try publish(world)
    // The remote is at another forge now, which has pull requests of its own by these numbers.
    world.host = "other.test"
    world.requests = world.requests.map { request in
      var other = request
      (other.state, other.body) = (.merged, "somebody else's")
      return other
    }
    try publish(world)
    #expect(world.state0.publications["A"]?.end == nil)
    #expect(world.requests.allSatisfy { $0.body == "somebody else's" })
    #expect(world.told.contains { $0.contains("#1 is at 'forge.test', and the branches go to 'other.test'") })
    // Only git can say that it is merged.
    world.inBase[try #require(world.state0.publications["A"]?.head)] = MemoryWorld.oid(7)
    try publish(world)
    #expect(world.state0.publications["A"]?.end == .merged(MemoryWorld.oid(7)))
    #expect(ForgePlace.isSame("git.test:8443", "git.test") && !ForgePlace.isSame("git.test:1", "git.test:2"))
  }

  @Test func `what people have closed stays closed`() throws {
    let world = try world()
    try publish(world)
    world.requests[0].state = .closed
    try publish(world)
    #expect(world.state0.publications["A"]?.end == .closed(reason: "#1 is closed"))
    try publish(world)
    #expect(world.requests.count == 2)
    // Also where nobody had recorded that it was opened.
    let other = try self.world()
    other.fuse = 8
    try? publish(other)
    other.restart()
    for index in other.requests.indices { other.requests[index].state = .closed }
    try publish(other)
    #expect(other.requests.count { $0.isOpen } <= 2 && other.requests.count <= 2)
  }

  @Test func `a lock that was left at the remote is told soon, and is no lost race`() throws {
    let world = try world()
    world.locked = ["migrate-pr/mig/A"]
    let before = world.clock
    try publish(world)
    #expect(world.pushes <= Publisher.mostStandstills + 1)
    #expect(world.clock < before.adding(seconds: Publisher.claimSeconds / 2))
    #expect(world.told.contains { $0.hasPrefix("A: ") && $0.contains("'refs/heads/migrate-pr/mig/A.lock'") })
    #expect(world.requests.map { world.heads[$0.number] } == ["migrate-pr/mig/B"], "the others go on")
    world.locked = []
    try publish(world)
    #expect(world.requests.count == 2 && world.branches["migrate-pr/mig/A"] != nil)
  }

  @Test func `what people have pushed on top is theirs`() throws {
    let world = try world()
    try publish(world)
    let name = "migrate-pr/mig/A"
    let theirs = MemoryWorld.oid(0x999)
    world.parents[theirs] = world.branches[name]
    world.branches[name] = theirs
    try publish(world)
    #expect(world.state0.publications["A"]?.handedOver != nil)
    try publish(world)
    #expect(world.branches[name] == theirs, "nothing is forced")
  }

  @Test func `texts that people have changed are kept`() throws {
    let world = try world()
    try publish(world)
    #expect(PublicationText.isOurs(world.requests[0].body))
    #expect(PublicationText.isOurs(world.requests[0].body.replacing("\n", with: "\r\n")))
    #expect(!PublicationText.isOurs("Please read this.\n" + world.requests[0].body))
    #expect(!PublicationText.isOurs(world.requests[0].body + "see above"))
    #expect(PublicationText.isOurs(title: "A, 1", with: world.requests[0].body))
    #expect(!PublicationText.isOurs(title: "A, at last", with: world.requests[0].body))
  }

  /// Both units get a second step; a person has written in one's title, and in the other's text.
  @Test func `what nobody has changed says what is new`() throws {
    let world = try world()
    try publish(world)
    world.requests[0].title = "Cart: no more old log"
    world.checks = .red
    try publish(world)
    world.checks = .green
    for (index, id) in ["fix-A-1", "fix-B-1"].enumerated() { try world.merge(id, as: 0x103 + index) }
    try publish(world)
    #expect(world.requests[0].title == "Cart: no more old log")
    #expect(world.requests[0].body.hasPrefix("steps [\"A\", \"fix-A-1\"]"))
    #expect(world.requests[1].title == "B, 2")
    world.requests[1].body = "Mine."
    try publish(world)
    #expect(world.requests[1].body == "Mine.")
  }

  private func drafts(_ ready: Bool = true) throws -> MemoryWorld {
    var plan = plan()
    plan.publish?.drafts = ["A"]
    plan.publish?.readiesWhenGreen = ready
    let world = try MemoryWorld(plan)
    try world.merge("A", as: 0x101)
    try world.merge("B", as: 0x102)
    return world
  }

  @Test func `a draft is made ready when its checks are green, by whoever comes after a crash, too`() throws {
    let sample = try drafts()
    try publish(sample)
    #expect(sample.requests.map(\.state) == [.draft, .open])
    sample.checks = .green
    let before = sample.calls
    try publish(sample)
    #expect(sample.requests.map(\.state) == [.open, .open])
    #expect(sample.state0.publications["A"]?.request?.isDraft == false)
    let count = sample.calls - before
    for fuse in 0..<count {
      let world = try drafts()
      try publish(world)
      (world.fuse, world.checks) = (fuse, .green)
      try? publish(world)
      world.restart()
      try publish(world)
      #expect(world.requests.map(\.state) == [.open, .open], "call \(fuse)")
      // What a person makes a draft again stays one.
      world.requests[0].state = .draft
      try publish(world)
      try publish(world)
      #expect(world.requests[0].state == .draft, "call \(fuse)")
    }
  }

  @Test func `without such a word a draft stays one`() throws {
    let world = try drafts(false)
    try publish(world)
    world.checks = .green
    try publish(world)
    #expect(world.requests.map(\.state) == [.draft, .open])
  }

  @Test func `what the logs of failed jobs say is told to the step that mends`() throws {
    let world = try world()
    try publish(world)
    world.checks = .red
    let text = "2026-11-30T08:00:00.1234567Z \u{1B}[31mtest_cart: 3 != 4\u{1B}[0m\n"
    world.logs = [
      FailedLog(job: "unit", text: Array(text.utf8)), FailedLog(job: "lint", findings: ["a.py:3: unused"]),
    ]
    try publish(world)
    let prompt = world.state0.plan.steps.first { $0.id == "fix-A-1" }?.prompt ?? ""
    #expect(
      prompt.contains("- test: it broke\n- unit: test_cart: 3 != 4\n- lint: a.py:3: unused\n"), "\(prompt)")
  }

  @Test func `what has come into the base by other ways is merged, not closed`() throws {
    let world = try world()
    try publish(world)
    let head = try #require(world.state0.publications["A"]?.head)
    world.inBase[head] = MemoryWorld.oid(0x77)
    for index in [0, 1] { world.requests[index].state = .closed }
    try publish(world)
    #expect(world.state0.publications["A"]?.end == .merged(MemoryWorld.oid(0x77)))
    #expect(world.state0.publications["B"]?.end == .closed(reason: "#2 is closed"))
  }

  @Test func `without a forge the branches are pushed, and git says what is merged`() throws {
    let world = try world()
    let publisher = Publisher(world, forge: nil, base: "main")
    try publisher.run()
    #expect(world.branches.count == 2 && world.requests.isEmpty)
    world.inBase[try #require(world.state0.publications["B"]?.head)] = MemoryWorld.oid(0x78)
    try Publisher(world, forge: nil, base: "main").run()
    #expect(world.state0.publications["A"]?.end == nil)
    #expect(world.state0.publications["B"]?.end == .merged(MemoryWorld.oid(0x78)))
  }

  @Test func `one red check is mended, and its merge moves the branch`() throws {
    let world = try world()
    try publish(world)
    world.checks = .red
    try publish(world)
    #expect(world.state0.plan.steps.map(\.id).suffix(2) == ["fix-A-1", "fix-B-1"])
    try publish(world)
    #expect(world.state0.steps.count == 4, "one each")
    let before = world.branches["migrate-pr/mig/A"]
    try world.merge("fix-A-1", as: 0x103)
    world.checks = .green
    try publish(world)
    #expect(world.branches["migrate-pr/mig/A"] != before)
    #expect(world.state0.publications["A"]?.steps == ["A", "fix-A-1"])
    #expect(world.requests.count == 2)
  }
}
