/// What agents used, for people and scripts: of a migration, a step, or one attempt.
public struct UseReport: Equatable, Sendable {
  /// What was used.
  public var amounts: Amounts
  /// How many attempts told.
  public var attempts: Int
  /// What is used in an hour, as the last one went; only of a migration.
  public var rate: Amounts?
  /// What may be used.
  public var limits: Budget.Limits

  /// Makes one.
  public init(_ amounts: Amounts, attempts: Int, rate: Amounts? = nil, limits: Budget.Limits = [:]) {
    self.amounts = amounts
    self.attempts = attempts
    self.rate = rate
    self.limits = limits
  }

  /// That of a migration.
  init(_ migration: MigrationState, at now: Timestamp) {
    let spending = migration.spending
    self.init(spending.total, attempts: spending.attempts, limits: migration.budget.total)
    guard spending.rate(.turns, at: now) != nil else { return }
    var rate = Amounts()
    for unit in Budget.Unit.allCases { rate[unit] = spending.rate(unit, at: now) ?? 0 }
    self.rate = rate
  }

  /// `$12.34 of $150.00, 1,200 tokens, 40 turns, 2h10m in 12 attempts; $4.10 an hour`.
  public var text: String {
    let parts = Budget.Unit.allCases.compactMap { unit -> String? in
      let used = amounts[unit]
      guard let limit = limits[unit] else { return used > 0 ? unit.text(used) : nil }
      return "\(unit.text(used)) of \(unit.text(limit))"
    }
    var words = parts.joined(separator: ", ")
    if attempts > 0 { words += " in \(Count.of(attempts, "attempt"))" }
    guard let rate else { return words }
    if rate.microdollars > 0 { return words + "; \(Money.text(rate.microdollars)) an hour" }
    return rate.tokens > 0 ? words + "; \(Count.of(rate.tokens, "token")) an hour" : words
  }

  /// Whether there is nothing to tell.
  public var isEmpty: Bool { attempts == 0 && limits.isEmpty }
}

extension UseReport: Answer {
  /// Amounts of everything that a budget counts, and the limits of those that have one.
  public static let form = AnswerForm<UseReport>([
    .number("cost", \.amounts.microdollars), .number("tokens", \.amounts.tokens),
    .number("turns", \.amounts.turns), .number("wall", \.amounts.milliseconds),
    .number("attempts", \.attempts), .object("rate", orNull: \.rate),
    .numbers(
      "limits",
      by: { report in
        Budget.Unit.allCases.compactMap { unit in report.limits[unit].map { (unit.rawValue, $0) } }
      }),
  ])
}

extension Amounts: Answer {
  /// Amounts of everything that a budget counts.
  public static let form = AnswerForm<Amounts>([
    .number("cost", \.microdollars), .number("tokens", \.tokens), .number("turns", \.turns),
    .number("wall", \.milliseconds),
  ])
}

extension Event {
  /// What the attempt used that the event ends; `nil` when it says nothing of it.
  public var used: Amounts? { Amounts(facts: reserved) }
}
