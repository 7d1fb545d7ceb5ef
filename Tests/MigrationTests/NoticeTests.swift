import CanonicalJSON
import Testing

@testable import Migration

@Suite("What people are told")
struct NoticeTests {
  private func policy(
    digest: Int = 0, again: Int? = nil, quiet: QuietHours? = nil, least: Severity = .info
  ) -> NotifyPolicy {
    var policy = NotifyPolicy()
    policy.channels = [NotifyChannel(.webhook, "$HOOK", least: least)]
    (policy.digestSeconds, policy.againSeconds, policy.quiet) = (digest, again, quiet)
    return policy
  }

  private func story(_ policy: NotifyPolicy, _ steps: [String] = ["A", "B", "C", "D"]) -> Story {
    var plan = Plan.sample(
      steps.map { PlannedStep(id: $0, paths: ["src/\($0.lowercased())/**"]) }, attempts: 1)
    plan.messages = policy
    let story = Story(plan)
    story.tell(.ledgerUpgraded(version: 2), of: FormatVersion.everyMigration)
    return story
  }

  private func block(_ story: Story, _ step: String, _ reason: String = "no module 'old'") {
    story.claim(step)
    story.tell(.attemptFailed(story.fence(step), Failure(kind: .worker, reason: reason)))
  }

  private func due(_ story: Story, minute: Int = 600, isLast: Bool = false) -> [Int] {
    let moment = WeekMoment(day: 0, secondOfDay: minute * 60)
    return story.current.dueNotices(at: story.now, moment, isLast: isLast)
  }

  @discardableResult
  private func claim(
    _ story: Story, _ notices: [Int], _ number: Int = 7, _ evidence: Evidence? = nil
  ) -> Bool {
    let claim = PublisherClaim(
      holder: "ann", owner: process(number), expiresAt: story.now.adding(seconds: 300))
    return story.tell(.notice(.claimed(NotifierClaim(claim, notices: notices), evidence)), by: "ann")
  }

  private func send(_ story: Story, _ notices: [Int]) {
    claim(story, notices)
    story.tell(.notice(.sent(NoticeReport(notices: notices, to: ["webhook"]))), by: "ann")
    #expect(story.refusal == nil)
  }

  /// An entry that reads otherwise than it was written is not recorded.
  @Test func `ways that fail stand in one order, each once`() {
    let report = NoticeReport(
      notices: [1], to: [],
      failed: [.init("webhook", "500"), .init("mail", "no sendmail"), .init("webhook", "502")])
    #expect(report.failed == [.init("mail", "no sendmail"), .init("webhook", "502")])
  }

  @Test func `three steps that fail for one cause are one message, told once`() {
    let story = story(policy())
    for step in ["A", "B", "C"] { block(story, step) }
    #expect(due(story) == [1])
    let message = story.current.outgoing(due(story), owners: nil).first
    let words = "F1 blocks 3 steps: no module 'old' (likely the prompt: 3 of 3)"
    #expect(message?.subject == "[mig] \(words)")
    #expect(message?.lines == ["\(words)\n  A B C\n  git migrate show F1"])
    send(story, [1])
    #expect(due(story).isEmpty)
    block(story, "D", "the disk is on fire")
    #expect(due(story) == [2], "another cause is another message")
  }

  @Test func `what is settled before it was told is told to nobody, and what fails anew is news`() {
    let story = story(policy())
    block(story, "A")
    story.retry("A")
    #expect(due(story).isEmpty)
    block(story, "A")
    #expect(due(story) == [2])
    send(story, [2])
    story.retry("A")
    block(story, "A")
    #expect(due(story) == [3])
  }

  @Test func `a digest gathers what follows on a message, but not what stops everything`() {
    let story = story(policy(digest: 900))
    block(story, "A")
    #expect(due(story) == [1], "the first is told at once")
    send(story, [1])
    block(story, "B", "another thing")
    #expect(due(story).isEmpty)
    #expect(due(story, isLast: true) == [2], "who ends gathers no longer")
    story.wait(900)
    #expect(due(story) == [2])
    send(story, [2])
    story.tell(.migrationPaused(reason: "5 alike"), with: [JSON.Member("cause", .string("x"))])
    #expect(due(story) == [3])
  }

  @Test func `at night only what is urgent is told, and the rest in the morning`() {
    let story = story(policy(quiet: QuietHours(start: 1320, end: 420)))
    block(story, "A")
    #expect(due(story, minute: 1380).isEmpty)
    #expect(due(story, minute: 60, isLast: true).isEmpty, "not even by who ends")
    story.tell(.migrationPaused(reason: "5 alike"), with: [JSON.Member("cause", .string("x"))])
    #expect(due(story, minute: 60) == [2])
    send(story, [2])
    #expect(due(story, minute: 419).isEmpty)
    #expect(due(story, minute: 420) == [1])
  }

  @Test func `what still waits is told again, good news is not`() {
    let story = story(policy(again: 14_400), ["A"])
    block(story, "A")
    send(story, [1])
    story.wait(14_000)
    #expect(due(story).isEmpty)
    story.wait(500)
    #expect(due(story) == [1])
    #expect(
      story.current.outgoing([1], owners: nil).first?.subject == "[mig] still: A is blocked: no module 'old'")
    story.skip("A")
    #expect(due(story) == [2])
    send(story, [2])
    story.wait(20_000)
    #expect(due(story).isEmpty)
  }

  @Test func `a way that does not work is known, and tried again later each time`() {
    let story = story(policy())
    block(story, "A")
    for pause in [30, 60, 120] {
      claim(story, [1])
      let failed = NoticeReport.Failed("webhook", "says 500")
      story.tell(.notice(.sent(NoticeReport(notices: [1], to: [], failed: [failed]))), by: "ann")
      #expect(due(story).isEmpty)
      #expect(due(story, isLast: true).isEmpty)
      story.wait(pause)
      #expect(due(story) == [1])
    }
    let needs = story.current.needs(at: story.now, rests: AgentRests())
    #expect(
      needs.contains { $0.code == .untold && $0.text { _ in "" } == "messages by webhook fail: says 500" })
    send(story, [1])
    #expect(story.current.notices.failing.isEmpty)
  }

  @Test func `an owner whose way fails is told later, and nobody else again or later for that`() {
    var policy = policy()
    policy.isByOwner = true
    let story = story(policy)
    let owners = CodeOwners("/src/a/ @one\n/src/b/ @two\n")
    func told() -> [String] { story.current.outgoing(due(story), owners: owners).map(\.channel) }
    func send(_ to: [String], failed: [String]) {
      let notices = due(story)
      claim(story, notices)
      let failures = failed.map { NoticeReport.Failed($0, "says 500") }
      story.tell(.notice(.sent(NoticeReport(notices: notices, to: to, failed: failures))), by: "ann")
      #expect(story.refusal == nil)
    }
    block(story, "A")
    block(story, "B")
    #expect(told() == ["webhook @one", "webhook @two"])
    send(["webhook @one"], failed: ["webhook @two"])
    for pause in [60, 120] {
      #expect(due(story).isEmpty)
      story.wait(pause)
      #expect(told() == ["webhook @two"])
      send([], failed: ["webhook @two"])
    }
    #expect(story.current.notices.waiting(at: story.now)?.channel == "webhook @two")
    let copy = try? State(json: story.state.json) { _, _ in story.current.plan }
    #expect(copy?.migrations.first?.notices == story.current.notices)
    block(story, "C", "the disk is on fire")
    #expect(due(story) == [2], "another cause waits for no way of the first")
    send(["webhook"], failed: [])
    story.wait(3600)
    #expect(told() == ["webhook @two"])
    send(["webhook @two"], failed: [])
    story.wait(90_000)
    #expect(due(story).isEmpty)
  }

  @Test func `that the base is held is told once, until it came in`() {
    let story = story(policy())
    let held = Change.notice(.raised(.baseHeld(reason: "'main' conflicts in a.py")))
    #expect(story.tell(held))
    #expect(due(story) == [1])
    #expect(!story.tell(held), "that is told already")
    send(story, [1])
    #expect(due(story).isEmpty && !story.tell(held))
    #expect(story.tell(.notice(.raised(.baseHeld(reason: "'main' conflicts in b.py")))))
    #expect(due(story) == [2])
    #expect(!story.tell(.notice(.raised(.allStepsDone))), "what an entry says is told by that entry")
    story.state.migrations[0].notices.dropBaseHeld()
    #expect(due(story).isEmpty)
  }

  @Test func `of many processes one tells`() {
    let story = story(policy())
    block(story, "A")
    #expect(!claim(story, [9]), "there is no such notice")
    #expect(claim(story, [1]))
    #expect(!claim(story, [1], 8))
    #expect(claim(story, [1], 8, .holderDead(process(7))))
    #expect(!story.tell(.notice(.sent(NoticeReport(notices: [1], to: ["webhook"]))), by: "bob"))
    let copy = try? State(json: story.state.json) { _, _ in story.current.plan }
    #expect(copy?.migrations.first?.notices == story.current.notices)
    story.wait(400)
    #expect(claim(story, [1], 9), "its time is over")
  }

  @Test func `each owner is told of their own steps, where the plan says they are`() {
    var policy = policy()
    policy.isByOwner = true
    policy.channels.append(NotifyChannel(.mail, "all@shop.example"))
    let story = story(policy)
    var plan = story.current.plan
    plan.channels = ["@shop/pay": "$PAY", "@shop/web": "#web"]
    story.state.migrations[0].plan = plan
    for step in ["A", "B", "C", "D"] { block(story, step) }
    let owners = CodeOwners("/src/a/ @shop/pay\n/src/b/ @shop/web\n/src/c/ cay@shop.example\n")
    let messages = story.current.outgoing([1], owners: owners)
    let table = messages.map { message in
      let subject = message.subject.prefix { $0 != "(" }.dropLast()
      return "\(message.channel) → \(message.target) \(message.room ?? "-"): \(subject)"
    }
    #expect(
      table == [
        "webhook → $HOOK -: [mig] D is blocked: no module 'old'",
        "mail → all@shop.example -: [mig] D is blocked: no module 'old'",
        "webhook @shop/pay → $PAY -: [mig] A is blocked: no module 'old'",
        "mail @shop/pay → all@shop.example -: [mig] A is blocked: no module 'old'",
        "webhook @shop/web → $HOOK #web: [mig] B is blocked: no module 'old'",
        "mail @shop/web → all@shop.example -: [mig] B is blocked: no module 'old'",
        "webhook cay@shop.example → $HOOK -: [mig] C is blocked: no module 'old'",
        "mail cay@shop.example → cay@shop.example -: [mig] C is blocked: no module 'old'",
      ])
  }

  @Test func `who owns a step that is stopped later by a cause that others know is told, and nobody else`() {
    var policy = policy()
    policy.isByOwner = true
    let story = story(policy)
    let owners = CodeOwners("/src/a/ @one\n/src/b/ @two\n/src/c/ @one\n")
    func told() -> [String] { story.current.outgoing(due(story), owners: owners).map(\.channel) }
    func send() {
      let (notices, to) = (due(story), told())
      claim(story, notices)
      story.tell(.notice(.sent(NoticeReport(notices: notices, to: to))), by: "ann")
    }
    block(story, "A")
    #expect(told() == ["webhook @one"])
    send()
    #expect(due(story).isEmpty)
    block(story, "B")
    #expect(told() == ["webhook @two"])
    send()
    block(story, "C")
    #expect(due(story) == [1] && told().isEmpty, "@one knows of the cause")
    send()
    #expect(due(story).isEmpty)
    let copy = try? State(json: story.state.json) { _, _ in story.current.plan }
    #expect(copy?.migrations.first?.notices == story.current.notices)
  }

  @Test func `what weighs less than a way tells is not sent by it, and what nobody hears is not kept`() {
    let story = story(policy(least: .urgent), ["A"])
    block(story, "A")
    #expect(story.current.notices.items.isEmpty)
  }

  @Test func `a run tells before it ends`() {
    let story = story(policy(digest: 900), ["A", "B"])
    block(story, "A")
    send(story, [1])
    block(story, "B", "another thing")
    var seat = Seat(owner: process(7), actor: "ann", free: 2, clock: story.now)
    #expect(story.current.agenda(at: story.now, seat: seat) == [.end(.needsPerson(blocked: ["A", "B"]))])
    seat.mayTell = true
    #expect(story.current.agenda(at: story.now, seat: seat) == [.tell([2])])
    seat.isTelling = true
    #expect(story.current.agenda(at: story.now, seat: seat) == [.end(.needsPerson(blocked: ["A", "B"]))])
  }

  @Test func `names that a mail or a shell could take for something else are no addresses`() {
    for text in ["a@b", "first.last+x@shop.example", "a@b, c@d"] {
      #expect(NotifyChannel.fault(.mail, text) == nil, "\(text)")
    }
    for text in ["", "a", "a@b@c", "-fx@y", "a@b\nBcc: c@d", "a@b;c@d", "a b@c", "<a@b>", "@shop/pay"] {
      #expect(NotifyChannel.fault(.mail, text) != nil, "\(text)")
    }
    #expect(NotifyChannel.fault(.webhook, "$SLACK_HOOK") == nil)
    for text in ["$", "$LD_PRELOAD", "ftp://x", "https://a b", "file:///etc/passwd"] {
      #expect(NotifyChannel.fault(.webhook, text) != nil, "\(text)")
    }
  }
}
