/// When a migration stops itself, so that nobody pays all night for one fault: `stop: { alike: 5, failed:
/// 50%, of: 10 }`.
public struct StopRule: Equatable, Sendable {
  /// How many steps may fail in a row for one cause; `nil` for any number.
  public var alike: Int?
  /// How many of the last attempts may fail, in percent; `nil` for all.
  public var failedPercent: Int?
  /// How many the last attempts are.
  public var of: Int

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

  /// Makes one.
  public init(step: String, cause: String?) {
    self.step = step
    self.cause = cause
  }
}

/// Why a line was stopped.
public enum LineStop: Equatable, Sendable {
  /// These steps failed one after the other for one cause.
  case alike(cause: String, steps: [String])
  /// So many of the last attempts failed.
  case failed(Int, of: Int)

  /// The reason for people.
  public var reason: String {
    switch self {
    case .alike(_, let steps):
      "\(Count.of(steps.count, "step")) in a row failed for one cause: \(steps.joined(separator: ", "))"
    case .failed(let number, let all): "\(number) of the last \(all) attempts failed"
    }
  }
}

/// Watches the attempts of a migration as they end: a fold, which tells a stop once and then begins anew, so
/// that whoever lets the line go on gets as many attempts as before.
public struct LineWatch: Equatable, Sendable {
  private let rule: StopRule
  /// Whether the last attempts failed, oldest first.
  private var window: [Bool] = []
  private var cause: String?
  /// The steps that failed in a row for that cause, each once.
  private var steps: [String] = []

  /// Begins to watch.
  public init(_ rule: StopRule) { self.rule = rule }

  /// Takes the next attempt; gives why the line is to stop now, or `nil`.
  public mutating func note(_ attempt: EndedAttempt) -> LineStop? {
    window.append(attempt.cause != nil)
    if window.count > rule.of { window.removeFirst(window.count - rule.of) }
    if attempt.cause != cause { steps = [] }
    cause = attempt.cause
    if let cause, !steps.contains(attempt.step) {
      steps.append(attempt.step)
      if let alike = rule.alike, steps.count >= alike {
        return stop(.alike(cause: cause, steps: steps))
      }
    }
    let failed = window.count { $0 }
    if let percent = rule.failedPercent, window.count == rule.of, failed > 0,
      failed * 100 >= percent * rule.of
    {
      return stop(.failed(failed, of: rule.of))
    }
    return nil
  }

  /// Begins anew: a person let the line go on.
  public mutating func reset() { self = LineWatch(rule) }

  private mutating func stop(_ reason: LineStop) -> LineStop {
    reset()
    return reason
  }
}
