import Glibc
import Migration
import Synchronization

@testable import Ledger

/// What clients did and when, each by its own account (INVARIANTS C.4).
///
/// Of an operation that has no end, because its client died, nothing is known: it counts as `info`.
struct History: Sendable {
  /// What a client wants; no two of one history are equal.
  enum Operation: Hashable, Sendable {
    /// A claim; every one is by a worker of its own name.
    case claim(holder: String)
    case release(step: String, epoch: Int)
    case read(Int)
  }

  /// What a client was told with `ok`.
  enum Answer: Equatable, Sendable {
    case nothing
    /// It has this step, by an entry with this nonce, where that is told.
    case claimed(Fence, nonce: String?)
    /// The ledger that was read has as many entries.
    case sequence(Int)
  }

  /// The four kinds of Jepsen.
  enum Kind: Equatable, Sendable {
    case invoke
    case ok(Answer)
    case fail
    /// It may have happened, and may still happen.
    case info
  }

  struct Moment: Equatable, Sendable {
    var client: Int
    var operation: Operation
    var kind: Kind
    /// By the monotonic clock of the one machine that all clients are on.
    var nanoseconds: UInt64
  }

  var moments: [Moment] = []

  func count(_ matches: (Kind) -> Bool) -> Int { moments.count { matches($0.kind) } }

  var oks: Int { count { if case .ok = $0 { true } else { false } } }
  var fails: Int { count { $0 == .fail } }
  var infos: Int { count { $0 == .info } }
}

/// An entry of the ledger as it was in the end.
struct Recorded: Equatable, Sendable {
  var sequence: Int
  var nonce: String
  /// What it is the trace of; `nil` for what no client of the history did.
  var operation: History.Operation?
  /// The claim that it is, if it is one.
  var fence: Fence?
}

extension Recorded {
  init(_ entry: Entry) {
    self.init(sequence: entry.sequence, nonce: entry.nonce)
    switch entry.event.change {
    case .claim(_, .claimed(let claim)): (operation, fence) = (.claim(holder: claim.holder), claim.fence)
    case .claim(let fence, .released): operation = .release(step: fence.step, epoch: fence.epoch)
    default: break
    }
  }
}

/// Takes down what clients in several threads do.
final class Recorder: Sendable {
  private let moments = Mutex<[History.Moment]>([])
  private let waiting = Mutex<[History.Operation]>([])

  var history: History { History(moments: moments.withLock { $0 }) }

  func note(_ client: Int, _ operation: History.Operation, _ kind: History.Kind) {
    let moment = History.Moment(
      client: client, operation: operation, kind: kind, nanoseconds: Recorder.nanoseconds())
    moments.withLock { $0.append(moment) }
  }

  /// Notes beginning and end of an operation; what throws has an open outcome.
  func run(
    _ client: Int, _ operation: History.Operation, _ body: () throws -> History.Kind
  ) -> History.Kind {
    note(client, operation, .invoke)
    let end = (try? body()) ?? .info
    note(client, operation, end)
    return end
  }

  /// Operations that were recorded in a clone, to be shared later: nothing may become of them but that.
  var waited: [History.Operation] { waiting.withLock { $0 } }

  func wait(for operation: History.Operation) { waiting.withLock { $0.append(operation) } }

  static func nanoseconds() -> UInt64 {
    var time = timespec()
    clock_gettime(CLOCK_MONOTONIC, &time)
    return UInt64(time.tv_sec) * 1_000_000_000 + UInt64(time.tv_nsec)
  }
}
