import CanonicalJSON
import Testing

@testable import Migration

/// Migrations that are the targets of one fleet: waves, the limits that they share, and where each is.
@Suite struct FleetTests {
  /// A ledger in which a fleet was begun in these targets; all but the first are in the second wave.
  private final class Fleet {
    var state = State()
    private var now = Timestamp(milliseconds: 1_700_000_000_000)

    init(_ targets: [String], agents: Int? = nil, stop: Int? = 50, firstWave: Int = 1) throws {
      for (index, target) in targets.enumerated() {
        let name = FleetMember.migration(of: "guava", in: target)
        var plan = Plan.sample([PlannedStep(id: "S1")], name: name, attempts: 1, agents: agents)
        plan.into = "migrate/\(name)"
        plan.fleet = FleetMember(
          fleet: "guava",
          target: FleetTarget(id: target, url: "https://forge.test/\(target)", base: "main"),
          branch: "migrate/guava", wave: index == 0 ? firstWave : 2,
          stop: stop.map { FleetStop(failedPercent: $0) })
        let start = MigrationStart(
          plan: plan, digest: String(repeating: "d", count: 64), base: FleetMember.baseBranch(of: name),
          commit: oid(index + 1), shared: false)
        try tell(.migrationStarted(start), of: name)
      }
    }

    func tell(_ change: Change, of migration: String, by author: String = "w") throws {
      now = now.adding(seconds: 1)
      _ = try state.apply(
        Event(migration: migration, at: now, by: author, change: change, version: 2))
    }

    func claim(_ target: String) throws {
      let member = try #require(state.migration(named: "guava.\(target)"))
      try tell(
        .stepClaimed(
          Claim(
            fence: Fence(step: "S1", epoch: 1), holder: "w", owner: process(7),
            base: member.tip, expiresAt: now.adding(seconds: 600), slot: nil)), of: member.name)
    }

    func fail(_ target: String) throws {
      try claim(target)
      try tell(
        .attemptFailed(Fence(step: "S1", epoch: 1), Failure(kind: .worker, reason: "no guava")),
        of: "guava.\(target)")
    }

    /// As if the step of a target had been merged, as a commit.
    func merge(_ target: String, at commit: Int) throws {
      let index = try #require(state.migrations.firstIndex { $0.name == "guava.\(target)" })
      state.migrations[index].set(0, .merged(commit: oid(commit)))
      state.migrations[index].tip = oid(commit)
    }

    /// Announces the push of all that is merged in a target, and records it, as `branch` says.
    func push(_ target: String) throws {
      let name = "guava.\(target)"
      let member = try #require(state.migration(named: name))
      let claim = PublisherClaim(holder: "w", owner: process(7), expiresAt: now.adding(seconds: 60))
      try tell(.publication(.claimed(claim, nil)), of: name)
      let intent = BranchIntent(
        old: member.publications["all"]?.head, new: member.tip, holder: "w", owner: process(7),
        expiresAt: now.adding(seconds: 60))
      try tell(.publication(.intended(unit: "all", steps: [], intent)), of: name)
      try tell(.publication(.moved(unit: "all", commit: member.tip, people: false)), of: name)
    }

    func open(_ wave: Int) throws { try tell(.fleet(.waveOpened(fleet: "guava", wave: wave)), of: "*") }

    func standing(_ target: String) -> FleetStanding? {
      let member = state.migration(named: "guava.\(target)")
      let isOpen = (member?.plan.fleet?.wave ?? 0) <= state.fleets["guava"].wave
      return member?.standingInFleet(isOpen: isOpen)
    }
  }

  @Test func `nothing is claimed before its wave is open, and waves open one after the other`() throws {
    let fleet = try Fleet(["cart", "mail"])
    let early = #expect(throws: Refusal.self) { try fleet.claim("cart") }
    #expect(early?.message == "wave 1 of 'guava' is not open yet")
    let over = #expect(throws: Refusal.self) { try fleet.open(2) }
    #expect(over?.message == "the next wave of 'guava' is 1")
    try fleet.open(1)
    #expect(fleet.standing("cart") == .ready && fleet.standing("mail") == .waiting)
    try fleet.claim("cart")
    #expect(fleet.standing("cart") == .working)
    #expect(throws: Refusal.self) { try fleet.claim("mail") }
    try fleet.open(2)
    try fleet.claim("mail")
    #expect(throws: Refusal.self, "there is no third") { try fleet.open(3) }
    #expect(throws: Refusal.self) {
      try fleet.tell(.fleet(.waveOpened(fleet: "other", wave: 1)), of: "*")
    }
  }

  @Test func `a wave of which no target was begun holds up no other`() throws {
    let fleet = try Fleet(["cart", "mail"], firstWave: 2)
    #expect(fleet.state.nextWave(of: "guava") == 2)
    let over = #expect(throws: Refusal.self) { try fleet.open(1) }
    #expect(over?.message == "the next wave of 'guava' is 2")
    try fleet.open(2)
    #expect(fleet.state.nextWave(of: "guava") == nil)
    let more = #expect(throws: Refusal.self) { try fleet.open(3) }
    #expect(more?.message == "'guava' has no wave 3: all are open")
  }

  @Test func `what is merged here and not there is to be pushed, also later and after its end`() throws {
    let fleet = try Fleet(["cart", "mail"])
    try fleet.open(1)
    try fleet.merge("cart", at: 50)
    #expect(fleet.standing("cart") == .done)
    try fleet.push("cart")
    #expect(fleet.standing("cart") == .pushed)
    try fleet.merge("cart", at: 51)
    #expect(fleet.standing("cart") == .done, "more has come")
    try fleet.tell(.migrationFinished(result: oid(51), partial: false), of: "guava.cart")
    #expect(fleet.standing("cart") == .done, "its end hands nothing over")
    try fleet.push("cart")
    #expect(fleet.standing("cart") == .pushed)
    try fleet.tell(
      .publication(.opened(unit: "all", forge: "forge.test", number: 1, url: nil)), of: "guava.cart")
    #expect(fleet.standing("cart") == .open)
    try fleet.tell(.publication(.merged(unit: "all", commit: oid(60))), of: "guava.cart")
    #expect(fleet.standing("cart") == .merged)
    try fleet.tell(.migrationAborted(reason: "not wanted"), of: "guava.mail")
    #expect(throws: Refusal.self, "what was given up is not offered") { try fleet.push("mail") }
  }

  @Test func `what is passed over is what nothing can be done in, and nobody waits to be told of`() throws {
    let fleet = try Fleet(["cart", "mail"])
    func passed() -> [Bool] { fleet.state.migrations.indices.map { fleet.state.isPassed($0) } }
    #expect(passed() == [false, false])
    try fleet.open(1)
    try fleet.claim("cart")
    #expect(passed() == [false, false] && fleet.state.isWorkable(0))
    try fleet.merge("cart", at: 50)
    #expect(passed() == [true, false] && !fleet.state.isWorkable(0))
    fleet.state.migrations[0].refresh = Refresh(
      base: oid(49), old: oid(50), new: oid(51), tree: oid(52), verifiers: "", verdict: .passed,
      owner: process(7), expiresAt: Timestamp(milliseconds: 0))
    #expect(passed() == [false, false] && fleet.state.isWorkable(0))
    try fleet.tell(.migrationAborted(reason: "not wanted"), of: "guava.mail")
    #expect(passed() == [false, true] && !fleet.state.isWorkable(1))
  }

  @Test func `an amendment moves no migration into another repository`() throws {
    let fleet = try Fleet(["cart"])
    let member = try #require(fleet.state.migration(named: "guava.cart"))
    var plan = member.plan
    plan.fleet?.target.url = "https://forge.test/other"
    let digest = String(repeating: "e", count: 64)
    let refusal = #expect(throws: Refusal.self) {
      try fleet.tell(.planAmended(PlanAmendment(plan: plan, number: 2, digest: digest)), of: member.name)
    }
    #expect(refusal?.message == "a migration cannot be moved into another repository or fleet")
    plan.fleet?.target = try #require(member.plan.fleet?.target)
    plan.fleet?.target.owner = "team"
    try fleet.tell(.planAmended(PlanAmendment(plan: plan, number: 2, digest: digest)), of: member.name)
    #expect(fleet.state.migration(named: member.name)?.plan.fleet?.target.owner == "team")
  }

  @Test func `a wave is due to stop when too many of its targets have failed, and once`() throws {
    let fleet = try Fleet(["cart", "mail", "pay"])
    try fleet.open(1)
    try fleet.open(2)
    #expect(fleet.state.dueStop(of: "guava") == nil)
    try fleet.fail("mail")
    #expect(fleet.standing("mail") == .blocked)
    let reason = try #require(fleet.state.dueStop(of: "guava"))
    #expect(reason == "1 of 2 targets failed")
    try fleet.tell(.fleet(.waveStopped(fleet: "guava", wave: 2, reason: reason)), of: "*")
    let held = #expect(throws: Refusal.self) { try fleet.claim("pay") }
    #expect(held?.message == "wave 2 of 'guava' is stopped: 1 of 2 targets failed")
    #expect(throws: Refusal.self, "it is stopped already") {
      try fleet.tell(.fleet(.waveStopped(fleet: "guava", wave: 2, reason: reason)), of: "*")
    }
    try fleet.open(2)
    #expect(fleet.state.dueStop(of: "guava") == nil, "a person has let what failed pass")
    try fleet.fail("pay")
    #expect(fleet.state.dueStop(of: "guava") == "2 of 2 targets failed")
  }

  @Test func `what a plan allows of agents counts over all targets`() throws {
    let fleet = try Fleet(["cart", "mail", "pay"], agents: 1)
    try fleet.open(1)
    try fleet.open(2)
    try fleet.claim("mail")
    let refusal = #expect(throws: Refusal.self) { try fleet.claim("pay") }
    #expect(refusal?.message == "1 of at most 1 agents are at work in 'guava'")
  }

  @Test func `a cause has one number over all targets, and keeps it`() throws {
    let fleet = try Fleet(["cart", "mail", "pay"], stop: nil)
    try fleet.open(1)
    try fleet.open(2)
    try fleet.fail("pay")
    try fleet.fail("cart")
    let cause = try #require(fleet.state.migration(named: "guava.cart")?.steps.first?.cause)
    #expect(fleet.state.fleets["guava"].causes == [cause])
  }

  @Test func `a checkpoint keeps it, and so does a plan its target`() throws {
    let fleet = try Fleet(["cart", "mail"])
    try fleet.open(1)
    try fleet.fail("cart")
    let plans = Dictionary(uniqueKeysWithValues: fleet.state.migrations.map { ($0.name, $0.plan) })
    let again = try State(json: fleet.state.json) { (name, _) throws(JSONFault) in
      guard let plan = plans[name] else { throw JSONFault("no plan") }
      return try Plan(json: plan.json)
    }
    #expect(again == fleet.state)
  }

  @Test(arguments: [
    ("https://forge.test/org/cart.git", "org-cart"), ("git@forge.test:Org/cart", "org-cart"),
    ("ssh://git@forge.test:22/a/b/c.git", "a-b-c"), ("/srv/git/cart.git", "cart"),
    ("file:///srv/git/mail/.git", "mail"),
  ]) func `a target is called after its address`(_ url: String, _ name: String) {
    #expect(FleetTarget.urlFault(url) == nil)
    #expect(FleetTarget.name(of: url) == name)
  }

  @Test(arguments: [
    "", "-x", "--upload-pack=touch", "ext::sh -c true", "ext::x", "fd::7", "https://a:b@forge.test/c",
    "../cart", "cart", "ftp://forge.test/a", "https://forge.test/a b", "a\u{1}b:c",
  ]) func `an address that could run something, or hold a secret, is none`(_ url: String) {
    #expect(FleetTarget.urlFault(url) != nil)
  }

  @Test func `a hand-made plan cannot bring in what its reader would refuse`() throws {
    var plan = Plan.sample([PlannedStep(id: "S1")], name: "guava.cart")
    plan.fleet = FleetMember(
      fleet: "guava", target: FleetTarget(id: "cart", url: "https://forge.test/cart", base: "main"),
      branch: "migrate/guava", wave: 1)
    #expect(plan.fault() == nil)
    var other = plan
    other.fleet?.target.url = "ext::sh"
    #expect(other.fault()?.contains("helper program") == true)
    other = plan
    other.fleet?.branch = "main"
    #expect(other.fault()?.contains("people share") == true)
    other = plan
    other.migration = "guava.mail"
    #expect(other.fault()?.contains("not called after") == true)
  }
}
