import CanonicalJSON
import Testing

@testable import Migration

/// What may still be spent.
@Suite struct BudgetTests {
  private func spending(_ amounts: [Int]) -> Spending {
    var spending = Spending()
    for amount in amounts {
      spending.add(Amounts(microdollars: amount), at: Timestamp(milliseconds: 1000))
    }
    return spending
  }

  private func usd(_ amount: Int) -> Amounts { Amounts(microdollars: amount) }

  @Test func `without a budget everything is granted`() {
    #expect(Budget().allowance(Amounts(), spending([5, 5, 5])) == .granted([:]))
  }

  @Test func `an attempt gets the least of what is left and what it may have`() {
    let budget = Budget(
      total: [.usd: 100_000_000], step: [.usd: 5_000_000], attempt: [.usd: 2_000_000, .turns: 30])
    #expect(budget.allowance(Amounts(), Spending()) == .granted([.usd: 2_000_000, .turns: 30]))
    #expect(
      budget.allowance(usd(4_000_000), spending([2_000_000, 2_000_000]))
        == .granted([.usd: 1_000_000, .turns: 30]))
    #expect(
      budget.allowance(Amounts(), spending([98_500_000])) == .granted([.usd: 1_500_000, .turns: 30]))
  }

  @Test func `what is used up is told`() {
    let budget = Budget(total: [.usd: 150_000_000], step: [.usd: 5_000_000])
    #expect(
      budget.shortage(usd(5_000_000), spending([5_000_000]))
        == "the step's budget of $5.00: nothing is left")
    #expect(budget.shortage(usd(4_000_000), spending([4_000_000])) == nil)
    #expect(
      budget.allowance(Amounts(), spending([200_000_000]))
        == .spent("the migration's budget of $150.00: nothing is left"))
  }

  /// The rule of the median: three metered attempts tell what one uses.
  @Test func `less than an attempt uses is nothing`() {
    let budget = Budget(total: [.usd: 10_000_000], step: [.usd: 4_000_000])
    #expect(
      budget.allowance(Amounts(), spending([4_000_000, 4_000_000])) == .granted([.usd: 2_000_000]))
    #expect(
      budget.allowance(Amounts(), spending([3_000_000, 3_000_000, 3_000_000]))
        == .spent("the migration's budget of $10.00: $1.00 left, and an attempt uses $3.00 by the median"))
    #expect(budget.allowance(Amounts(), spending([9_000_000, 100, 100])) == .granted([.usd: 999_800]))
    #expect(
      budget.shortage(usd(3_000_000), spending([3_000_000, 2_000_000, 2_000_000]))
        == "the step's budget of $4.00: $1.00 left, and an attempt uses $2.00 by the median")
  }

  @Test func `what told nothing counts for no median`() {
    #expect(spending([0, 0, 5]).median(.usd) == nil)
    #expect(spending([7, 5, 9]).median(.usd) == 7)
    #expect(spending([7, 5, 9, 6]).median(.usd) == 6)
  }

  /// Two that begin at once cannot spend the same money.
  @Test func `what runs is held to use what attempts use`() {
    let budget = Budget(total: [.usd: 10_000_000])
    let spent = spending([2_000_000, 2_000_000, 2_000_000])
    #expect(budget.allowance(Amounts(), spent, running: 1) == .granted([.usd: 2_000_000]))
    #expect(
      budget.allowance(Amounts(), spent, running: 2)
        == .spent("the migration's budget of $10.00: nothing is left"))
  }

  @Test func `other units are counted the same way`() {
    let budget = Budget(total: [.tokens: 1000, .turns: 10, .wall: 60_000])
    var spent = Spending()
    spent.add(Amounts(tokens: 400, turns: 9, milliseconds: 10_000), at: Timestamp(milliseconds: 1))
    #expect(budget.allowance(Amounts(), spent) == .granted([.tokens: 600, .turns: 1, .wall: 50_000]))
    spent.add(Amounts(turns: 1), at: Timestamp(milliseconds: 1))
    #expect(
      budget.allowance(Amounts(), spent) == .spent("the migration's budget of 10 turns: nothing is left"))
  }

  @Test func `a running attempt ends at its limit`() {
    let limits: Budget.Limits = [.usd: 2_000_000, .turns: 3]
    #expect(Budget.excess(Amounts(microdollars: 1_999_999, turns: 2), over: limits) == nil)
    #expect(
      Budget.excess(Amounts(microdollars: 2_000_000), over: limits) == "it used up its budget of $2.00")
    #expect(Budget.excess(Amounts(turns: 3), over: limits) == "it used up its budget of 3 turns")
  }

  @Test func `sums that do not fit stay large`() {
    let most = Amounts(microdollars: .max, tokens: .max)
    #expect((most + most).microdollars == .max)
    #expect(
      Budget(total: [.usd: 5]).allowance(Amounts(), spending([.max, .max]))
        == .spent("the migration's budget of $0.000005: nothing is left"))
  }

  @Test func `what is used in an hour is that of what ended in the last one`() {
    var spending = Spending()
    func at(_ minutes: Int) -> Timestamp { Timestamp(milliseconds: Int64(minutes) * 60_000) }
    spending.add(Amounts(microdollars: 9_000_000, milliseconds: 60_000), at: at(10))
    spending.add(Amounts(microdollars: 1_000_000, milliseconds: 600_000), at: at(110))
    #expect(spending.rate(.usd, at: at(130)) == 2_000_000)
    #expect(spending.rate(.usd, at: at(200)) == nil)
  }

  // MARK: In the ledger

  private func story(_ budget: Budget) -> Story {
    var plan = Plan.sample(["A", "B", "C", "D"].map { PlannedStep(id: $0) })
    plan.budget = budget
    return Story(plan)
  }

  private func tell(_ change: Change, _ facts: [(String, JSON)], _ story: Story) -> Bool {
    story.now = story.now.adding(seconds: 1)
    let event = Event(
      migration: "mig", at: story.now, by: "w1", change: change,
      reserved: facts.map { JSON.Member($0.0, $0.1) }
    ).written(in: story.state)
    do throws(Refusal) { _ = try story.state.apply(event) } catch {
      story.refusal = error
      return false
    }
    return true
  }

  private func claim(_ step: String, _ story: Story) -> Bool {
    let claim = Claim(
      fence: story.fence(step, story.step(step).epoch + 1), holder: "w1", owner: process(7),
      base: story.current.tip, expiresAt: story.now.adding(seconds: 7200), slot: nil)
    return tell(.stepClaimed(claim), [("agent", .string("agent"))], story)
  }

  private func cost(_ amount: Int) -> [(String, JSON)] {
    [
      ("wall", .integer(60_000)), ("turns", .integer(3)), ("tokens_in", .integer(100)),
      ("tokens_out", .integer(20)), ("cost", .integer(Int64(amount))), ("currency", .string("USD")),
    ]
  }

  private func fail(_ step: String, _ amount: Int, _ story: Story) {
    #expect(claim(step, story))
    #expect(
      tell(
        .attemptFailed(story.fence(step), Failure(kind: .worker, reason: "x\(amount)")), cost(amount), story))
    story.now = story.now.adding(seconds: 600)
  }

  @Test func `it is counted from the ledger, kept in a checkpoint, and refuses a claim`() throws {
    let story = story(Budget(total: [.usd: 10_000_000]))
    fail("A", 3_000_000, story)
    fail("B", 3_000_000, story)
    fail("C", 3_000_000, story)
    #expect(
      story.current.spending.total
        == Amounts(
          microdollars: 9_000_000, tokens: 360, turns: 9, milliseconds: 180_000))
    #expect(story.step("A").used.microdollars == 3_000_000)
    let read = try State(json: JSON.parse(story.state.json.canonicalBytes)) { (_, _) throws(JSONFault) in
      try Plan(json: story.current.plan.json)
    }
    #expect(read == story.state)
    #expect(!claim("D", story))
    #expect(
      story.refusal?.message
        == "the migration's budget of $10.00: $1.00 left, and an attempt uses $3.00 by the median")
    #expect(story.claim("D"), "who brings a worker of his own is not held by it")
    story.release("D")
    let pause = try #require(story.current.duePause)
    #expect(
      pause.cause == "budget" && pause.reason.hasSuffix("'git migrate resume --budget +50usd' raises it"))
    #expect(!story.tell(.budgetRaised(.turns, by: 5), by: "ann"), "the plan has no budget in turns")
    #expect(story.tell(.budgetRaised(.usd, by: 4_000_000), by: "ann"))
    #expect(story.current.duePause == nil)
    #expect(claim("D", story))
    #expect(!claim("A", story), "what runs is held to use the median")
  }

  @Test func `a step that used up its own is blocked, and a retry gives as much again`() {
    let story = story(Budget(step: [.usd: 5_000_000]))
    fail("A", 3_000_000, story)
    #expect(story.word("A") == "backoff")
    fail("A", 2_500_000, story)
    #expect(story.step("A").phase == .blocked(reason: "the step's budget of $5.00: nothing is left"))
    story.retry("A")
    #expect(story.word("A") == "ready" && story.step("A").counted.isZero)
    #expect(claim("A", story))
  }

  @Test func `a pause waits until what was paid for has landed`() {
    let story = story(Budget(total: [.usd: 3_000_000]))
    fail("A", 1_000_000, story)
    #expect(claim("B", story))
    #expect(
      tell(
        .stepSubmitted(
          story.fence("B"),
          Submission.Result(commit: story.newObject(), tree: story.newObject(), isNoOp: false)),
        cost(2_000_000), story))
    #expect(story.current.duePause == nil, "its result is judged first")
    story.gate("B")
    story.verdict("B", .passed)
    story.intend("B")
    story.merged("B")
    #expect(story.current.duePause?.cause == "budget")
  }

  @Test func `what a person raises a budget by`() {
    func raise(_ text: String) -> String? { Budget.raise(text).map { "\($0.unit) \($0.amount)" } }
    #expect(
      raise("+50usd") == "usd 50000000" && raise("$2.50") == "usd 2500000" && raise("50") == "usd 50000000")
    #expect(raise("+100turns") == "turns 100" && raise("+2h") == "wall 7200000")
    #expect(raise("+2000000 tokens") == "tokens 2000000")
    for text in ["", "+", "-5usd", "+0usd", "+5eur", "+1e3", "turns", "+9999999999999turns"] {
      #expect(raise(text) == nil, "\(text)")
    }
  }

  // MARK: Money

  @Test(arguments: [
    ("150", 150_000_000), ("2.50", 2_500_000), ("150usd", 150_000_000), ("$0.25", 250_000),
    ("0.000001", 1), ("50 USD", 50_000_000),
  ]) func `amounts are read`(_ text: String, _ millionths: Int) {
    #expect(Money.millionths(text) == millionths)
  }

  @Test(arguments: [
    "", "-1", "1e3", "1.2.3", "1,50", "0.0000001", "9999999999", "$", "usd", ".5", "5.", "5eur",
  ])
  func `what is no amount is refused`(_ text: String) { #expect(Money.millionths(text) == nil) }

  @Test(arguments: [
    (0, "$0.00"), (1, "$0.000001"), (2252, "$0.0022"), (10_000, "$0.01"), (1_250_000, "$1.25"),
    (150_000_000, "$150.00"),
  ]) func `amounts are written`(_ millionths: Int, _ text: String) { #expect(Money.text(millionths) == text) }
}
