import CanonicalJSON

/// When a migration stops itself, so that nobody pays all night for one fault: `stop: { alike: 5, failed:
/// 50%, of: 10 }`.
public struct StopRule: Equatable, Sendable {
  /// How many steps may fail in a row for one cause; `nil` for any number.
  public var alike: Int?
  /// How many of the last attempts may fail, in percent; `nil` for all.
  public var failedPercent: Int?
  /// How many the last attempts are.
  public var of: Int

  /// What `alike` may be.
  public static let alikeRange = 2...1000
  /// What `failedPercent` may be.
  public static let percent = 1...100
  /// What `of` may be.
  public static let window = 2...1000
  /// Stops nothing.
  public static let off = StopRule(alike: nil, failedPercent: nil)

  /// Makes a rule; without arguments the one that holds where a plan says nothing.
  public init(alike: Int? = 5, failedPercent: Int? = 50, of: Int = 10) {
    self.alike = alike
    self.failedPercent = failedPercent
    self.of = of
  }
}

/// An attempt that ended by itself: not one that was given back, stopped, or hindered by a service.
public struct EndedAttempt: Equatable, Sendable {
  /// The step.
  public var step: String
  /// The fingerprint of why it failed, or `nil` when it did not.
  public var cause: String?
  /// Whether it counts against its step. One that does not, because a set-up failed or a verifier could not
  /// be run, is no failed attempt, but may have its cause in common with others.
  public var counts: Bool

  /// Makes one.
  public init(step: String, cause: String?, counts: Bool = true) {
    self.step = step
    self.cause = cause
    self.counts = counts
  }
}

/// Why a line was stopped.
public enum LineStop: Equatable, Sendable {
  /// These steps failed one after the other for one cause.
  case alike(cause: String, steps: [String])
  /// So many of the last attempts failed.
  case failed(Int, of: Int)

  /// What is told of the pause beside its reason: the cause that the steps have in common.
  public var cause: String {
    switch self {
    case .alike(let cause, _): cause
    case .failed: "line"
    }
  }

  /// The reason for people.
  public var reason: String {
    switch self {
    case .alike(_, let steps):
      "\(Count.of(steps.count, "step")) in a row failed for one cause: \(steps.joined(separator: ", "))"
    case .failed(let number, let all): "\(number) of the last \(all) attempts failed"
    }
  }
}

/// Watches the attempts of a migration as they end: a fold. What is due is asked of it (`stop(by:)`); when
/// the migration was paused or let go on it begins anew, so that whoever lets the line go on gets as many
/// attempts as before.
public struct LineWatch: Equatable, Sendable {
  /// Whether the last attempts failed, oldest first.
  private(set) var window: [Bool] = []
  /// Why the last attempts in a row failed.
  private(set) var cause: String?
  /// The steps that failed in a row for that cause, each once.
  private(set) var steps: [String] = []

  /// Begins to watch.
  public init() {}

  /// Whether nothing was seen yet.
  var isEmpty: Bool { window.isEmpty && cause == nil }

  /// Takes the next attempt.
  public mutating func note(_ attempt: EndedAttempt, by rule: StopRule) {
    if attempt.counts { window.append(attempt.cause != nil) }
    if window.count > rule.of { window.removeFirst(window.count - rule.of) }
    if attempt.cause != cause { steps = [] }
    cause = attempt.cause
    guard cause != nil, steps.count < rule.alike ?? 0, !steps.contains(attempt.step) else { return }
    steps.append(attempt.step)
  }

  /// Why the line is to stop now, or `nil`.
  public func stop(by rule: StopRule) -> LineStop? {
    if let cause, let alike = rule.alike, steps.count >= alike { return .alike(cause: cause, steps: steps) }
    let last = window.suffix(rule.of)
    let failed = last.count { $0 }
    if let percent = rule.failedPercent, last.count == rule.of, failed > 0, failed * 100 >= percent * rule.of
    {
      return .failed(failed, of: rule.of)
    }
    return nil
  }
}

extension LineWatch {
  /// As a checkpoint keeps it: a letter for each attempt of the window, then the steps and their cause.
  var json: JSON {
    var object = ObjectBuilder()
    object.set("window", String(window.map { $0 ? Character("f") : "d" }))
    object.set("cause", cause)
    object.set("steps", steps)
    return object.json
  }

  init(json: JSON) throws(JSONFault) {
    var reader = try ObjectReader(json, "the attempts of a line")
    let letters = try reader.string("window")
    guard letters.utf8.count <= StopRule.window.upperBound, letters.allSatisfy({ "df".contains($0) }) else {
      throw JSONFault("the attempts of a line are damaged")
    }
    window = letters.map { $0 == "f" }
    cause = try reader.optionalString("cause")
    steps = try reader.strings("steps")
    try reader.end()
  }
}
