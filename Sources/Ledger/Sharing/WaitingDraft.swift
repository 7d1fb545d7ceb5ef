import Git
import Migration

/// Entries that follow a tip of the ledger and wait for whoever brings them into it, in the form in which
/// they are legal then (FLEET 2.4).
public struct WaitingDraft: Equatable, Sendable {
  /// The ref that keeps them: the same in the clone that wrote them and in the remote.
  public var ref: String
  /// The last of them.
  public var tip: OID

  /// Names them.
  public init(ref: String, tip: OID) { (self.ref, self.tip) = (ref, tip) }
}

/// An append of which others may bring the entries into the ledger: each of them has a nonce, by which it is
/// known whoever has brought it.
package struct Parcel {
  /// Where it waits, once it does.
  let place: WaitingDraft
  /// What is to be decided anew, by the nonces that it was written with.
  let proposals: [Proposal]

  /// The most entries of one: who appends more has a push of their own.
  static let most = 64
  /// The most entries that one push takes along.
  static let mostOfPush = 512

  var nonces: [String] { proposals.compactMap(\.nonce) }
}

/// What a push brings besides the entries of whoever makes it.
struct Load {
  /// The last entry.
  var tip: OID
  /// What was taken along, or is in the ledger, or can never be: it goes away there with this push.
  var there: [WaitingDraft] = []
  /// The same here.
  var here: [WaitingDraft] = []

  /// Whether nothing was taken along.
  var isPlain: Bool { there.isEmpty && here.isEmpty }

  /// The deletions that go with the ledger: an entry is in it if, and only if, its ref went with it.
  var deletions: [GitProgram.PushUpdate] {
    there.map { GitProgram.PushUpdate(ref: $0.ref, to: .zero, from: $0.tip) }
  }
}

extension Migration.Change {
  /// Whether somebody else may bring it into the ledger, in a push of theirs: it is decided by the rules
  /// alone, nothing goes with it, and whoever wanted it wants it just as well a moment later.
  var mayBeCarried: Bool {
    switch self {
    case .baseline(.renewed), .claim(_, .claimed), .claim(_, .renewed), .claim(_, .expired),
      .claim(_, .failed), .gate(_, .renewed), .gate(_, .finished), .gate(_, .abandoned):
      true
    case .claim(_, .released(let forced, _)): !forced
    case .agent, .machine: true
    case .migration, .refresh, .baseline, .claim, .gate, .train, .merge, .step, .ledger, .loop,
      .lesson, .publication, .notice, .forge, .fleet, .reserved:
      false
    }
  }

  /// The same with the end of what it holds moved. Of those that may be carried, what has no end of its own
  /// stays as it is.
  func postponed(byMilliseconds delay: Int64) -> Migration.Change {
    func later(_ end: Timestamp) -> Timestamp { Timestamp(milliseconds: end.milliseconds + delay) }
    switch self {
    case .baseline(.renewed(let run, let end)): return .baselineRenewed(run: run, expiresAt: later(end))
    case .claim(let fence, .renewed(let end)): return .leaseRenewed(fence, expiresAt: later(end))
    case .gate(let fence, .renewed(let gate, let end)):
      return .gateRenewed(fence, gate: gate, expiresAt: later(end))
    case .claim(_, .claimed(var claim)):
      claim.expiresAt = later(claim.expiresAt)
      return .stepClaimed(claim)
    case .migration, .refresh, .baseline, .claim, .gate, .train, .merge, .step, .ledger, .agent, .machine,
      .loop, .lesson, .publication, .notice, .forge, .fleet, .reserved:
      return self
    }
  }
}
