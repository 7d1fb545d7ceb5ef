import CanonicalJSON
import Testing

@testable import Migration

/// Migrations that are the targets of one fleet: waves, the limits that they share, and where each is.
@Suite struct FleetTests {
  /// A ledger in which a fleet was begun in these targets; all but the first are in the second wave.
  private final class Fleet {
    var state = State()
    private var now = Timestamp(milliseconds: 1_700_000_000_000)

    init(_ targets: [String], agents: Int? = nil, stop: Int? = 50) throws {
      for (index, target) in targets.enumerated() {
        let name = FleetMember.migration(of: "guava", in: target)
        var plan = Plan.sample([PlannedStep(id: "S1")], name: name, attempts: 1, agents: agents)
        plan.into = "migrate/\(name)"
        plan.fleet = FleetMember(
          fleet: "guava",
          target: FleetTarget(id: target, url: "https://forge.test/\(target)", base: "main"),
          branch: "migrate/guava", wave: index == 0 ? 1 : 2, stop: stop.map { FleetStop(failedPercent: $0) })
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
