import CanonicalJSON

/// What work used, in everything that a budget counts.
public struct Amounts: Equatable, Sendable {
  /// Millionths of a US dollar.
  public var microdollars: Int
  /// Tokens that were read or written.
  public var tokens: Int
  /// Answers of a model.
  public var turns: Int
  /// Milliseconds that passed.
  public var milliseconds: Int

  /// Makes amounts; what is left out is 0.
  public init(microdollars: Int = 0, tokens: Int = 0, turns: Int = 0, milliseconds: Int = 0) {
    self.microdollars = microdollars
    self.tokens = tokens
    self.turns = turns
    self.milliseconds = milliseconds
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

  /// What is more than in `other`, one by one; never less than nothing.
  static func - (left: Amounts, right: Amounts) -> Amounts {
    var rest = left
    for unit in Budget.Unit.allCases { rest[unit] = max(0, left[unit] - right[unit]) }
    return rest
  }

  /// Whether nothing was used.
  public var isZero: Bool { self == Amounts() }

  /// The amount in a unit.
  public subscript(unit: Budget.Unit) -> Int {
    get {
      switch unit {
      case .usd: microdollars
      case .tokens: tokens
      case .turns: turns
      case .wall: milliseconds
      }
    }
    set {
      switch unit {
      case .usd: microdollars = newValue
      case .tokens: tokens = newValue
      case .turns: turns = newValue
      case .wall: milliseconds = newValue
      }
    }
  }
}

extension Amounts {
  /// What the entry of an attempt's end says that the attempt used; `nil` when it says nothing of it. Money
  /// is counted in US dollars alone.
  init?(facts: [JSON.Member]) {
    func number(_ key: String) -> Int? {
      guard case .integer(let value)? = facts.first(where: { $0.key == key })?.value else { return nil }
      return Int(clamping: value)
    }
    guard let wall = number("wall") else { return nil }
    self.init(milliseconds: wall)
    turns = number("turns") ?? 0
    for key in ["tokens_in", "tokens_cached", "tokens_out"] {
      tokens = tokens.addingCapped(number(key) ?? 0)
    }
    if facts.contains(where: { $0.key == "currency" && $0.value == .string("USD") }) {
      microdollars = number("cost") ?? 0
    }
  }

  /// As a checkpoint keeps them.
  var json: JSON { .array(Budget.Unit.allCases.map { .integer(Int64(self[$0])) }) }

  init(json: JSON) throws(JSONFault) {
    self.init()
    guard case .array(let items) = json, items.count == Budget.Unit.allCases.count else {
      throw JSONFault("what was used is damaged")
    }
    for (unit, item) in zip(Budget.Unit.allCases, items) {
      guard case .integer(let number) = item, number >= 0 else {
        throw JSONFault("what was used is damaged")
      }
      self[unit] = Int(number)
    }
  }

  /// `$1.25, 12 turns, 34,500 tokens, 3m10s`; what is not known is left out.
  public var words: String {
    Budget.Unit.allCases.filter { self[$0] > 0 }.map { $0.text(self[$0]) }.joined(separator: ", ")
  }
}

extension Int {
  func addingCapped(_ other: Int) -> Int {
    let (sum, overflowed) = addingReportingOverflow(other)
    return overflowed ? .max : sum
  }
}
