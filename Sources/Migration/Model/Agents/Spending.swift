import CanonicalJSON

/// What was used so far: the fold of all metered attempts.
public struct Spending: Equatable, Sendable {
  /// What one attempt used, and when it ended.
  struct Attempt: Equatable, Sendable {
    var at: Timestamp
    var amounts: Amounts
  }

  /// By all attempts together.
  public private(set) var total = Amounts()
  /// How many attempts were metered.
  public private(set) var attempts = 0
  /// The newest attempts, oldest first.
  private(set) var recent: [Attempt] = []

  /// How many attempts are kept at most: enough for a median, and for how fast it goes.
  static let kept = 64

  /// Makes one with nothing used.
  public init() {}

  /// Counts an attempt in that has ended at a time.
  public mutating func add(_ amounts: Amounts, at time: Timestamp) {
    total = total + amounts
    attempts += 1
    recent.append(Attempt(at: time, amounts: amounts))
    if recent.count > Spending.kept { recent.removeFirst(recent.count - Spending.kept) }
  }

  /// What an attempt uses by the median, of the newest of those that told; `nil` while too few did. Of an
  /// even number it is the lower one of the two in the middle.
  public func median(_ unit: Budget.Unit) -> Int? {
    let amounts = recent.map { $0.amounts[unit] }.filter { $0 > 0 }.sorted()
    guard amounts.count >= Budget.fewestForMedian else { return nil }
    return amounts[(amounts.count - 1) / 2]
  }

  /// What is used in an hour, by what ended within the last one; `nil` when nothing did.
  public func rate(_ unit: Budget.Unit, at now: Timestamp) -> Int? {
    let last = recent.filter { $0.at.adding(seconds: 3600) > now }
    guard let begun = last.map({ $0.at.milliseconds - Int64(clamping: $0.amounts.milliseconds) }).min() else {
      return nil
    }
    let used = last.reduce(0) { $0.addingCapped($1.amounts[unit]) }
    let span = max(60_000, now.milliseconds - begun)
    return Int(Double(used) * 3_600_000 / Double(span))
  }
}

extension Spending {
  /// As a checkpoint keeps it.
  var json: JSON {
    var object = ObjectBuilder()
    object.set("total", total.json)
    object.set("attempts", attempts)
    object.set(
      "recent", .array(recent.map { .array([.integer($0.at.milliseconds), $0.amounts.json]) }))
    return object.json
  }

  init(json: JSON) throws(JSONFault) {
    var reader = try ObjectReader(json, "what was used")
    total = try Amounts(json: try reader.required("total"))
    attempts = try reader.counter("attempts")
    for item in try reader.array("recent") {
      guard case .array(let parts) = item, parts.count == 2, case .integer(let time) = parts[0], time >= 0
      else { throw JSONFault("an attempt of what was used is damaged") }
      recent.append(
        Attempt(at: Timestamp(milliseconds: time), amounts: try Amounts(json: parts[1])))
    }
    guard recent.count <= Spending.kept else { throw JSONFault("what was used is damaged") }
    try reader.end()
  }
}
