/// How long a supervised run may go on, and how long it may be silent. Pure: the caller says what time it is,
/// in milliseconds of a clock that never goes back.
struct RunLimits {
  /// What a limit calls for.
  enum Measure: Equatable {
    /// All that belongs to the command is to be sent TERM.
    case ask
    /// It has had its grace time and is to be killed.
    case kill
  }

  /// Which limit ended the run: `timedOut` or `fellSilent`; `nil` when none did.
  private(set) var reason: ExitStatus?
  private let graceMilliseconds: Int64
  private let silenceMilliseconds: Int64?
  private var deadline: Int64?
  private var silentSince: Int64
  private var isAsked = false

  init(timeoutSeconds: Int?, silenceSeconds: Int?, graceSeconds: Int, now: Int64) {
    graceMilliseconds = Int64(graceSeconds) * 1000
    silenceMilliseconds = silenceSeconds.map { Int64($0) * 1000 }
    deadline = timeoutSeconds.map { now + Int64($0) * 1000 }
    silentSince = now
  }

  /// The command gave a sign of life: it printed a byte, or took one.
  mutating func noteSign(at now: Int64) { silentSince = now }

  /// The command was asked to end, whoever wanted that: its grace time begins.
  mutating func noteAsked(at now: Int64) {
    isAsked = true
    deadline = now + graceMilliseconds
  }

  /// How long until something may be due, in milliseconds; `nil` when no limit is set.
  func wait(at now: Int64) -> Int? { next.map { Int(max(0, $0 - now)) } }

  /// What is due; asked for again until it is done.
  mutating func due(at now: Int64) -> Measure? {
    if isAsked { return deadline.map { now >= $0 } == true ? .kill : nil }
    if let deadline, now >= deadline {
      reason = .timedOut
      return .ask
    }
    if let silenceEnd, now >= silenceEnd {
      reason = .fellSilent
      return .ask
    }
    return nil
  }

  /// What obeys TERM may do so in silence.
  private var silenceEnd: Int64? { isAsked ? nil : silenceMilliseconds.map { silentSince + $0 } }

  private var next: Int64? { [deadline, silenceEnd].compactMap(\.self).min() }
}
