import CanonicalJSON

/// How much may be used: by the whole migration, by one step over all its attempts, by one attempt.
public struct Budget: Equatable, Sendable {
  /// What a budget counts, as a plan calls it. Money is in millionths of a US dollar, time in milliseconds.
  public enum Unit: String, CaseIterable, Sendable {
    case usd, tokens, turns, wall

    /// An amount in this unit, for people.
    public func text(_ amount: Int) -> String {
      switch self {
      case .usd: Money.text(amount)
      case .tokens: Count.of(amount, "token")
      case .turns: Count.of(amount, "turn")
      case .wall: SpanText.exact(amount / 1000)
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

  /// Whether it limits nothing.
  public var isEmpty: Bool { total.isEmpty && step.isEmpty && attempt.isEmpty }

  /// How many metered attempts the median is of at least.
  public static let fewestForMedian = 3

  /// What an attempt may be given.
  public enum Allowance: Equatable, Sendable {
    /// It may begin, and use at most this.
    case granted(Limits)
    /// No step may be tried: the migration pauses.
    case spent(String)
  }

  /// What the next attempt of a step may use that has used `used`. So many attempts that are under way are
  /// held to use what attempts use by the median: what two begin at once with cannot be spent twice.
  public func allowance(_ used: Amounts, _ spending: Spending, running: Int = 0) -> Allowance {
    var limits = attempt
    for unit in Unit.allCases {
      let median = spending.median(unit)
      if let limit = total[unit] {
        let (reserved, overflowed) = (median ?? 0).multipliedReportingOverflow(by: running)
        let left = limit - min(limit, spending.total[unit].addingCapped(overflowed ? .max : reserved))
        if let words = Budget.shortage(left, unit, median) {
          return .spent("the migration's budget of \(unit.text(limit)): \(words)")
        }
        limits[unit] = min(limits[unit] ?? left, left)
      }
      if let limit = step[unit] {
        let left = max(0, limit - used[unit])
        limits[unit] = min(limits[unit] ?? left, left)
      }
    }
    return .granted(limits)
  }

  /// Why a step that has used so much may not be tried again, or `nil`.
  public func shortage(_ used: Amounts, _ spending: Spending) -> String? {
    for unit in Unit.allCases {
      guard let limit = step[unit],
        let words = Budget.shortage(limit - min(limit, used[unit]), unit, spending.median(unit))
      else { continue }
      return "the step's budget of \(unit.text(limit)): \(words)"
    }
    return nil
  }

  /// What is said when too little is left, or `nil`.
  private static func shortage(_ left: Int, _ unit: Unit, _ median: Int?) -> String? {
    if left <= 0 { return "nothing is left" }
    guard let median, left < median else { return nil }
    return "\(unit.text(left)) left, and an attempt uses \(unit.text(median)) by the median"
  }

  /// Why what is at work has to end now, or `nil`: a limit that it was given and has reached.
  public static func excess(_ used: Amounts, over limits: Limits) -> String? {
    for unit in Unit.allCases {
      guard let limit = limits[unit], used[unit] >= limit else { continue }
      return "it used up its budget of \(unit.text(limit))"
    }
    return nil
  }

  /// The same with what a person has granted since. Where there is no limit nothing is added.
  func raised(by amounts: Amounts) -> Budget {
    var budget = self
    for (unit, limit) in total { budget.total[unit] = limit.addingCapped(amounts[unit]) }
    return budget
  }

  /// Reads by how much a budget is raised: `+50usd`, `+$2.50`, `50`, `+100turns`, `+2000000tokens`, `+2h`;
  /// `nil` for anything else, and for nothing.
  public static func raise(_ text: String) -> (unit: Unit, amount: Int)? {
    let rest = text.hasPrefix("+") ? text.dropFirst() : text[...]
    let found: (Unit, Int)?
    if let money = Money.millionths(String(rest)) {
      found = (.usd, money)
    } else {
      let digits = rest.prefix { $0.isASCII && $0.isNumber }
      guard digits.utf8.count <= 12, let number = Int(digits) else { return nil }
      switch rest.dropFirst(digits.count).drop(while: { $0 == " " }) {
      case "tokens", "token": found = (.tokens, number)
      case "turns", "turn": found = (.turns, number)
      case "s": found = (.wall, number * 1000)
      case "m": found = (.wall, number * 60_000)
      case "h": found = (.wall, number * 3_600_000)
      case "d": found = (.wall, number * 86_400_000)
      default: found = nil
      }
    }
    guard let found, found.1 > 0 else { return nil }
    return found
  }
}

extension Budget {
  var json: JSON {
    var object = ObjectBuilder()
    for (key, limits) in [("total", total), ("step", step), ("attempt", attempt)] where !limits.isEmpty {
      object.set(key, Budget.json(limits))
    }
    return object.json
  }

  /// Limits as a plan keeps them.
  static func json(_ limits: Limits) -> JSON {
    .object(
      Unit.allCases.compactMap { unit in
        limits[unit].map { JSON.Member(unit.rawValue, .integer(Int64($0))) }
      })
  }

  init(json: JSON) throws(JSONFault) {
    var reader = try ObjectReader(json, "'budget'")
    self.init()
    if let value = reader.optional("total") { total = try Budget.limits(value) }
    if let value = reader.optional("step") { step = try Budget.limits(value) }
    if let value = reader.optional("attempt") { attempt = try Budget.limits(value) }
    try reader.end()
  }

  static func limits(_ json: JSON) throws(JSONFault) -> Limits {
    var reader = try ObjectReader(json, "the limits of a budget")
    var limits: Limits = [:]
    for unit in Unit.allCases {
      guard let limit = try reader.optionalInteger(unit.rawValue) else { continue }
      guard limit > 0 else { throw JSONFault("a limit of a budget is not above 0") }
      limits[unit] = limit
    }
    try reader.end()
    return limits
  }
}
