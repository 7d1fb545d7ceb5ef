import Migration
import Testing

/// What may still be spent.
@Suite struct BudgetTests {
  private func spending(_ amounts: [Int], step: String = "S1") -> Spending {
    var spending = Spending()
    for amount in amounts { spending.add(.init(step: step, amounts: Amounts(microdollars: amount))) }
    return spending
  }

  @Test func `without a budget everything is granted`() {
    #expect(Budget().allowance("S1", spending([5, 5, 5])) == .granted([:]))
  }

  @Test func `an attempt gets the least of what is left and what it may have`() {
    let budget = Budget(
      total: [.usd: 100_000_000], step: [.usd: 5_000_000], attempt: [.usd: 2_000_000, .turns: 30])
    #expect(budget.allowance("S1", Spending()) == .granted([.usd: 2_000_000, .turns: 30]))
    #expect(
      budget.allowance("S1", spending([2_000_000, 2_000_000])) == .granted([.usd: 1_000_000, .turns: 30]))
    #expect(
      budget.allowance("S2", spending([2_000_000, 2_000_000])) == .granted([.usd: 2_000_000, .turns: 30]))
    #expect(
      budget.allowance("S2", spending([98_500_000])) == .granted([.usd: 1_500_000, .turns: 30]))
  }

  @Test func `what is used up is told`() {
    let budget = Budget(total: [.usd: 150_000_000], step: [.usd: 5_000_000])
    #expect(
      budget.allowance("S1", spending([5_000_000]))
        == .stepSpent("the step's budget of $5.00: nothing is left"))
    #expect(
      budget.allowance("S2", spending([200_000_000]))
        == .spent("the migration's budget of $150.00: nothing is left"))
  }

  /// The rule of the median: three metered attempts tell what one uses.
  @Test func `less than an attempt uses is nothing`() {
    let budget = Budget(total: [.usd: 10_000_000])
    #expect(budget.allowance("S1", spending([4_000_000, 4_000_000])) == .granted([.usd: 2_000_000]))
    #expect(
      budget.allowance("S1", spending([3_000_000, 3_000_000, 3_000_000]))
        == .spent("the migration's budget of $10.00: $1.00 left, and an attempt uses $3.00 by the median"))
    #expect(budget.allowance("S1", spending([9_000_000, 100, 100])) == .granted([.usd: 999_800]))
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
    func running(_ amount: Int) -> Spending.Attempt {
      .init(step: "S9", amounts: Amounts(microdollars: amount))
    }
    #expect(budget.allowance("S1", spent, running: [running(0)]) == .granted([.usd: 2_000_000]))
    #expect(
      budget.allowance("S1", spent, running: [running(0), running(0)])
        == .spent("the migration's budget of $10.00: nothing is left"))
    #expect(
      budget.allowance("S1", spent, running: [running(3_000_000)])
        == .spent("the migration's budget of $10.00: $1.00 left, and an attempt uses $2.00 by the median"))
  }

  @Test func `other units are counted the same way`() {
    let budget = Budget(total: [.tokens: 1000, .turns: 10, .wall: 60])
    var spent = Spending()
    spent.add(.init(step: "S1", amounts: Amounts(tokens: 400, turns: 9, seconds: 10)))
    #expect(budget.allowance("S2", spent) == .granted([.tokens: 600, .turns: 1, .wall: 50]))
    spent.add(.init(step: "S1", amounts: Amounts(turns: 1)))
    #expect(budget.allowance("S2", spent) == .spent("the migration's budget of 10 turns: nothing is left"))
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
      Budget(total: [.usd: 5]).allowance("S1", spending([.max, .max]))
        == .spent("the migration's budget of $0.000005: nothing is left"))
  }

  /// Whatever the order in which attempts end, the sum and the median are the same.
  @Test func `spending does not depend on order`() {
    let amounts = (0..<50).map { ($0 * 37) % 50 }
    let (forth, back) = (spending(amounts), spending(amounts.reversed()))
    #expect(forth == back)
    #expect(forth.total.microdollars == 49 * 50 / 2)
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
