/// What work used, in everything that a budget counts.
public struct Amounts: Equatable, Sendable {
  /// Millionths of a US dollar.
  public var microdollars: Int
  /// Tokens that were read or written.
  public var tokens: Int
  /// Answers of a model.
  public var turns: Int
  /// Seconds that passed.
  public var seconds: Int

  /// Makes amounts; what is left out is 0.
  public init(microdollars: Int = 0, tokens: Int = 0, turns: Int = 0, seconds: Int = 0) {
    self.microdollars = microdollars
    self.tokens = tokens
    self.turns = turns
    self.seconds = seconds
  }

  /// Adds one by one; what does not fit stays at the largest number.
  public static func + (left: Amounts, right: Amounts) -> Amounts {
    var sum = left
    for unit in Budget.Unit.allCases {
      let (total, overflowed) = left[unit].addingReportingOverflow(right[unit])
      sum[unit] = overflowed ? .max : total
    }
    return sum
  }

  /// The amount in a unit.
  public subscript(unit: Budget.Unit) -> Int {
    get {
      switch unit {
      case .usd: microdollars
      case .tokens: tokens
      case .turns: turns
      case .wall: seconds
      }
    }
    set {
      switch unit {
      case .usd: microdollars = newValue
      case .tokens: tokens = newValue
      case .turns: turns = newValue
      case .wall: seconds = newValue
      }
    }
  }
}

/// How much may be used: by the whole migration, by one step over all its attempts, by one attempt.
public struct Budget: Equatable, Sendable {
  /// What a budget counts, as a plan calls it.
  public enum Unit: String, CaseIterable, Sendable {
    case usd, tokens, turns, wall

    /// An amount in this unit, for people.
    public func text(_ amount: Int) -> String {
      switch self {
      case .usd: Money.text(amount)
      case .tokens: Count.of(amount, "token")
      case .turns: Count.of(amount, "turn")
      case .wall: "\(amount) s"
      }
    }
  }

  /// The limits by unit; a unit that is missing has none.
  public typealias Limits = [Unit: Int]

  /// Of the migration.
  public var total: Limits
  /// Of each step.
  public var step: Limits
  /// Of each attempt.
  public var attempt: Limits

  /// Makes a budget; what is left out has no limit.
  public init(total: Limits = [:], step: Limits = [:], attempt: Limits = [:]) {
    self.total = total
    self.step = step
    self.attempt = attempt
  }

  /// How many metered attempts the median is of at least.
  public static let fewestForMedian = 3

  /// What an attempt may be given.
  public enum Allowance: Equatable, Sendable {
    /// It may begin, and use at most this.
    case granted(Limits)
    /// The step may not be tried again, for what it has used.
    case stepSpent(String)
    /// No step may be tried: the migration pauses.
    case spent(String)
  }

  /// What the next attempt of a step may use. Attempts that are under way are held to use what attempts use
  /// by the median, or more if they already do: what two begin at once with cannot be spent twice.
  public func allowance(_ name: String, _ spending: Spending, running: [Spending.Attempt] = [])
    -> Allowance
  {
    var limits = attempt
    for unit in Unit.allCases {
      let median = spending.median(unit)
      func reserved(_ attempts: [Spending.Attempt]) -> Int {
        attempts.reduce(0) { $0.addingCapped(max($1.amounts[unit], median ?? 0)) }
      }
      if let limit = total[unit] {
        let left = limit - spending.total[unit].addingCapped(reserved(running))
        if let words = Budget.shortage(left, of: limit, unit, median) {
          return .spent("the migration's budget of \(unit.text(limit)): \(words)")
        }
        limits[unit] = min(limits[unit] ?? left, left)
      }
      if let limit = step[unit] {
        let used = spending.steps[name, default: Amounts()][unit]
        let left = limit - used.addingCapped(reserved(running.filter { $0.step == name }))
        if let words = Budget.shortage(left, of: limit, unit, median) {
          return .stepSpent("the step's budget of \(unit.text(limit)): \(words)")
        }
        limits[unit] = min(limits[unit] ?? left, left)
      }
    }
    return .granted(limits)
  }

  /// What is said when too little is left, or `nil`.
  private static func shortage(_ left: Int, of limit: Int, _ unit: Unit, _ median: Int?) -> String? {
    if left <= 0 { return "nothing is left" }
    guard let median, left < median else { return nil }
    return "\(unit.text(left)) left, and an attempt uses \(unit.text(median)) by the median"
  }

  /// Why a running attempt has to end now, or `nil`: a limit that it was given and has reached.
  public static func excess(_ used: Amounts, over limits: Limits) -> String? {
    for unit in Unit.allCases {
      guard let limit = limits[unit], used[unit] >= limit else { continue }
      return "it used up its budget of \(unit.text(limit))"
    }
    return nil
  }
}

/// What was used so far: the fold of all metered attempts.
public struct Spending: Equatable, Sendable {
  /// What one attempt of a step used.
  public struct Attempt: Equatable, Sendable {
    /// The step.
    public var step: String
    /// What it used.
    public var amounts: Amounts

    /// Makes one.
    public init(step: String, amounts: Amounts) {
      self.step = step
      self.amounts = amounts
    }
  }

  /// By all attempts together.
  public private(set) var total = Amounts()
  /// By step.
  public private(set) var steps: [String: Amounts] = [:]
  /// The amounts of the attempts in each unit, in ascending order.
  private var sorted: [Budget.Unit: [Int]] = [:]

  /// Makes one with nothing used.
  public init() {}

  /// Counts an attempt in.
  public mutating func add(_ attempt: Attempt) {
    total = total + attempt.amounts
    steps[attempt.step] = steps[attempt.step, default: Amounts()] + attempt.amounts
    for unit in Budget.Unit.allCases where attempt.amounts[unit] > 0 {
      sorted[unit, default: []].insertSorted(attempt.amounts[unit])
    }
  }

  /// What an attempt uses by the median, of those that told; `nil` while too few did. Of an even number it is
  /// the lower one of the two in the middle.
  public func median(_ unit: Budget.Unit) -> Int? {
    guard let amounts = sorted[unit], amounts.count >= Budget.fewestForMedian else { return nil }
    return amounts[(amounts.count - 1) / 2]
  }
}

extension [Int] {
  /// Puts a number where it belongs by size.
  fileprivate mutating func insertSorted(_ number: Int) {
    var (low, high) = (startIndex, endIndex)
    while low < high {
      let middle = low + (high - low) / 2
      if self[middle] < number { low = middle + 1 } else { high = middle }
    }
    insert(number, at: low)
  }
}

extension Int {
  fileprivate func addingCapped(_ other: Int) -> Int {
    let (sum, overflowed) = addingReportingOverflow(other)
    return overflowed ? .max : sum
  }
}
