import Migration

/// What a history and the ledger it ended in say against each other.
enum HistoryFlaw: Equatable {
  /// A client tells what cannot be: an end without a beginning, two ends.
  case malformed(History.Operation)
  /// It was acknowledged and is not in the ledger (I-4).
  case lost(History.Operation)
  /// It failed and is in the ledger (I-4).
  case happened(History.Operation)
  /// It is in the ledger more than once (I-3).
  case repeated(History.Operation)
  /// It is in the ledger, and nobody wanted it.
  case stranger(History.Operation)
  /// Two entries have one nonce (I-3).
  case sharedNonce(String)
  /// What was told of it is not what the ledger says.
  case untrue(History.Operation)
  /// The second began when the first had ended, and stands before it (I-5).
  case inverted(History.Operation, History.Operation)
  /// More than one was told, or recorded, to be the holder (I-11).
  case twoWinners(Fence)
}

/// Judges a history exactly, without search: the ledger says the order, so that there is only one to try.
struct HistoryChecker {
  /// An operation of which the place in the ledger is known.
  private struct Placed {
    var operation: History.Operation
    var begin: UInt64
    /// When it was known to have happened; never for what is open.
    var end: UInt64?
    /// Twice the sequence; a read stands just behind the entry that it saw last.
    var place: Int
  }

  private struct Call {
    var begin: UInt64
    var end: (kind: History.Kind, nanoseconds: UInt64)?
  }

  private let calls: [History.Operation: Call]
  private let order: [History.Operation]
  private let entries: [Recorded]
  private var flaws: [HistoryFlaw] = []

  /// Every flaw of a history that ended in a ledger of these entries.
  static func flaws(of history: History, in entries: [Recorded]) -> [HistoryFlaw] {
    var checker = HistoryChecker(history, entries)
    let placed = checker.place()
    checker.checkWinners()
    checker.checkOrder(placed)
    return checker.flaws
  }

  private init(_ history: History, _ entries: [Recorded]) {
    var calls: [History.Operation: Call] = [:]
    var order: [History.Operation] = []
    for moment in history.moments {
      switch (moment.kind, calls[moment.operation]) {
      case (.invoke, nil):
        calls[moment.operation] = Call(begin: moment.nanoseconds)
        order.append(moment.operation)
      case (.invoke, _), (_, nil): flaws.append(.malformed(moment.operation))
      case (let kind, let call?):
        if call.end != nil || moment.nanoseconds < call.begin { flaws.append(.malformed(moment.operation)) }
        calls[moment.operation]?.end = (kind, moment.nanoseconds)
      }
    }
    (self.calls, self.order, self.entries) = (calls, order, entries)
  }

  /// Finds each operation in the ledger, and holds what was told of it against what is there.
  private mutating func place() -> [Placed] {
    var found: [History.Operation: [Recorded]] = [:]
    var nonces: Set<String> = []
    for entry in entries {
      if !nonces.insert(entry.nonce).inserted { flaws.append(.sharedNonce(entry.nonce)) }
      guard let operation = entry.operation else { continue }
      if calls[operation] == nil { flaws.append(.stranger(operation)) }
      found[operation, default: []].append(entry)
    }
    var placed: [Placed] = []
    for operation in order {
      guard let call = calls[operation] else { continue }
      let traces = found[operation] ?? []
      if traces.count > 1 { flaws.append(.repeated(operation)) }
      switch call.end?.kind {
      case .ok(.sequence(let sequence)):
        let place = 2 * sequence + 1
        placed.append(
          Placed(operation: operation, begin: call.begin, end: call.end?.nanoseconds, place: place))
      case .ok(let answer):
        guard let trace = traces.first else {
          flaws.append(.lost(operation))
          continue
        }
        if !HistoryChecker.isTrue(answer, of: trace) { flaws.append(.untrue(operation)) }
        placed.append(
          Placed(
            operation: operation, begin: call.begin, end: call.end?.nanoseconds, place: 2 * trace.sequence))
      case .fail:
        if !traces.isEmpty { flaws.append(.happened(operation)) }
      case .info, .invoke, nil:
        if let trace = traces.first {
          placed.append(Placed(operation: operation, begin: call.begin, end: nil, place: 2 * trace.sequence))
        }
      }
    }
    return placed
  }

  private static func isTrue(_ answer: History.Answer, of trace: Recorded) -> Bool {
    switch answer {
    case .nothing: true
    case .claimed(let fence, let nonce): trace.fence == fence && (nonce ?? trace.nonce) == trace.nonce
    case .sequence: false
    }
  }

  /// One winner a step and epoch: among those who were told so, and among those who are recorded.
  private mutating func checkWinners() {
    var told: [Fence] = []
    for operation in order {
      if case .ok(.claimed(let fence, _)) = calls[operation]?.end?.kind { told.append(fence) }
    }
    for fences in [told, entries.compactMap(\.fence)] {
      var seen: Set<String> = []
      for fence in fences where !seen.insert("\(fence.step) \(fence.epoch)").inserted {
        if !flaws.contains(.twoWinners(fence)) { flaws.append(.twoWinners(fence)) }
      }
    }
  }

  /// What ended before another began stands before it. It is enough to look at the last of those that had
  /// ended, so that this takes no longer than sorting.
  private mutating func checkOrder(_ placed: [Placed]) {
    let byEnd = placed.compactMap { item in item.end.map { (end: $0, item: item) } }.sorted {
      $0.end < $1.end
    }
    var (next, last) = (0, Placed?.none)
    for item in placed.sorted(by: { $0.begin < $1.begin }) {
      while next < byEnd.count, byEnd[next].end < item.begin {
        if byEnd[next].item.place > last?.place ?? 0 { last = byEnd[next].item }
        next += 1
      }
      // Two reads may well see the same.
      if let last, last.place > item.place { flaws.append(.inverted(last.operation, item.operation)) }
    }
  }
}
