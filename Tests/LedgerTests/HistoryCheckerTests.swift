import Migration
import Testing

/// Histories made by hand, each of them bad in one way: the judge of the real ones must see it.
@Suite("The judge of histories")
struct HistoryCheckerTests {
  private static let first = History.Operation.claim(holder: "a")
  private static let second = History.Operation.claim(holder: "b")
  private static let given = History.Operation.release(step: "S1", epoch: 1)

  private static func fence(_ epoch: Int, _ step: String = "S1") -> Fence { Fence(step: step, epoch: epoch) }

  private static func ok(_ epoch: Int, _ step: String = "S1", nonce: String? = nil) -> History.Kind {
    .ok(.claimed(fence(epoch, step), nonce: nonce))
  }

  private typealias Call = (History.Operation, begin: UInt64, end: UInt64, History.Kind)

  private func history(_ calls: [Call]) -> History {
    History(
      moments: calls.enumerated().flatMap { (client, call) in
        [
          History.Moment(client: client, operation: call.0, kind: .invoke, nanoseconds: call.begin),
          History.Moment(client: client, operation: call.0, kind: call.3, nanoseconds: call.end),
        ]
      })
  }

  private func ledger(_ list: (History.Operation?, Fence?)...) -> [Recorded] {
    list.enumerated().map {
      Recorded(sequence: $0 + 1, nonce: "n\($0 + 1)", operation: $1.0, fence: $1.1)
    }
  }

  private func flaws(_ calls: [Call], _ entries: [Recorded]) -> [HistoryFlaw] {
    HistoryChecker.flaws(of: history(calls), in: entries)
  }

  @Test("has nothing against a good one")
  func good() {
    let entries = ledger(
      (nil, nil), (Self.first, Self.fence(1)), (Self.given, nil), (Self.second, Self.fence(2)))
    let open = History.Operation.claim(holder: "c")
    let refused = History.Operation.claim(holder: "d")
    let calls: [Call] = [
      (Self.first, 1, 5, Self.ok(1, nonce: "n2")), (Self.given, 6, 8, .ok(.nothing)),
      (refused, 2, 7, .fail), (.read(1), 2, 9, .ok(.sequence(1))), (.read(2), 10, 11, .ok(.sequence(3))),
      (Self.second, 7, 20, Self.ok(2)), (open, 3, 9, .info), (.read(3), 21, 22, .ok(.sequence(4))),
    ]
    #expect(flaws(calls, entries) == [])
  }

  @Test("lets what is open be in the ledger or not, early or late, but not before it began")
  func open() {
    let third = History.Operation.claim(holder: "c")
    let entries = ledger((Self.second, Self.fence(1)), (Self.first, Self.fence(1, "S2")))
    let calls: [Call] = [
      (Self.first, 1, 2, .info), (Self.second, 10, 20, Self.ok(1)), (third, 3, 4, .info),
    ]
    #expect(flaws(calls, entries) == [])
    let early: [Call] = [(Self.second, 10, 20, .info), (Self.first, 1, 2, Self.ok(1, "S2"))]
    #expect(flaws(early, entries) == [.inverted(Self.first, Self.second)])
  }

  @Test("sees an acknowledged claim that is not there")
  func lost() {
    #expect(flaws([(Self.first, 1, 2, Self.ok(1))], ledger((nil, nil))) == [.lost(Self.first)])
  }

  @Test("sees a refused claim that is there")
  func happened() {
    let entries = ledger((Self.first, Self.fence(1)))
    #expect(flaws([(Self.first, 1, 2, .fail)], entries) == [.happened(Self.first)])
  }

  @Test("sees what is there twice", arguments: [History.Kind.ok(.nothing), .info])
  func repeated(_ end: History.Kind) {
    let entries = ledger((Self.given, nil), (Self.given, nil))
    #expect(flaws([(Self.given, 1, 2, end)], entries) == [.repeated(Self.given)])
  }

  @Test("sees an order that cannot be")
  func inverted() {
    let entries = ledger((Self.second, Self.fence(1, "S2")), (Self.first, Self.fence(1)))
    let calls: [Call] = [(Self.first, 1, 2, Self.ok(1)), (Self.second, 3, 4, Self.ok(1, "S2"))]
    #expect(flaws(calls, entries) == [.inverted(Self.first, Self.second)])
    let overlapping: [Call] = [(Self.first, 1, 3, Self.ok(1)), (Self.second, 3, 4, Self.ok(1, "S2"))]
    #expect(flaws(overlapping, entries) == [])
  }

  @Test("sees a read that is older than what was acknowledged, or than another read, or of the future")
  func staleRead() {
    let entries = ledger((nil, nil), (Self.first, Self.fence(1)), (Self.second, Self.fence(1, "S2")))
    let claims: [Call] = [(Self.first, 1, 2, Self.ok(1)), (Self.second, 10, 12, Self.ok(1, "S2"))]
    let old: [Call] = [(.read(1), 3, 4, .ok(.sequence(1)))]
    #expect(flaws(claims + old, entries) == [.inverted(Self.first, .read(1))])
    let back: [Call] = [(.read(1), 3, 11, .ok(.sequence(3))), (.read(2), 12, 13, .ok(.sequence(2)))]
    #expect(flaws(claims + back, entries) == [.inverted(.read(1), .read(2))])
    let future: [Call] = [(.read(1), 3, 4, .ok(.sequence(3)))]
    #expect(flaws(claims + future, entries) == [.inverted(.read(1), Self.second)])
  }

  @Test("sees two winners, among those who were told and among those who are recorded")
  func twoWinners() {
    let entries = ledger((Self.first, Self.fence(1)), (Self.second, Self.fence(1)))
    let calls: [Call] = [(Self.first, 1, 4, Self.ok(1)), (Self.second, 2, 3, Self.ok(1))]
    #expect(flaws(calls, entries) == [.twoWinners(Self.fence(1))])
    let one = ledger((Self.first, Self.fence(1)))
    #expect(flaws(calls, one) == [.lost(Self.second), .twoWinners(Self.fence(1))])
    let open: [Call] = [(Self.first, 1, 4, Self.ok(1)), (Self.second, 2, 3, .info)]
    #expect(flaws(open, entries) == [.twoWinners(Self.fence(1))])
  }

  @Test("sees what nobody wanted, what was told wrongly, and one nonce twice")
  func strangers() {
    let entries = ledger((Self.first, Self.fence(1)))
    #expect(flaws([], entries) == [.stranger(Self.first)])
    #expect(flaws([(Self.first, 1, 2, Self.ok(2))], entries) == [.untrue(Self.first)])
    #expect(flaws([(Self.first, 1, 2, Self.ok(1, nonce: "x"))], entries) == [.untrue(Self.first)])
    let shared = [
      Recorded(sequence: 1, nonce: "n", operation: nil, fence: nil),
      Recorded(sequence: 2, nonce: "n", operation: nil, fence: nil),
    ]
    #expect(flaws([], shared) == [.sharedNonce("n")])
  }

  @Test("sees a history that cannot be one")
  func malformed() {
    let twice = history([(Self.first, 1, 2, .info), (Self.first, 3, 4, .info)])
    #expect(HistoryChecker.flaws(of: twice, in: []).contains(.malformed(Self.first)))
    let endless = History(
      moments: [History.Moment(client: 0, operation: Self.first, kind: .info, nanoseconds: 1)])
    #expect(HistoryChecker.flaws(of: endless, in: []) == [.malformed(Self.first)])
    // A client that died while it waited.
    let dead = History(
      moments: [History.Moment(client: 0, operation: Self.first, kind: .invoke, nanoseconds: 1)])
    #expect(HistoryChecker.flaws(of: dead, in: ledger((Self.first, Self.fence(1)))) == [])
  }
}
