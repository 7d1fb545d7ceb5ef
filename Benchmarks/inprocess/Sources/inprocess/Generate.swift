import Clibgit2
import Git
import Glibc
import Ledger
import Migration

/// Makes a long ledger quickly: many entries an append, and nothing is synced, for nobody keeps it.
struct Generator {
  let bench: Bench
  let steps: Int
  let events: Int

  init(_ path: String, steps: Int, events: Int) throws {
    // libgit2 is started first: that turns syncing on, and a repository copies the setting when it is opened.
    _ = try Bench(path)
    guard migrate_git_enable_fsync(0) == 0 else { throw Trouble("libgit2 does not let go of syncing") }
    bench = try Bench(path)
    self.steps = steps
    self.events = events
  }

  func run() throws {
    try bench.start(steps: steps)
    let base = try bench.tip()
    let at = try bench.ledger.read().state.at
    let rounds = max(0, (events - 1) / steps - 6)
    var left = events - 1
    var number = 1
    // By worker, because an event speaks for its author; and a whole step at once, so that the order is legal.
    while left > 0, number <= steps {
      let change = life(of: number, base: base, at: at, renewals: rounds)
      let isLast = number == steps
      let taken = isLast ? left : min(left, change.count)
      var list = Array(change.prefix(taken))
      if isLast, list.count < left { list = Array(change.prefix(min(left, 2))) }
      try bench.append(by: Bench.holder(number), list.map { Proposal(Bench.migration, $0) })
      left -= list.count
      number += 1
      if isLast { break }
    }
    let sequence = try bench.ledger.read().sequence
    print("{\"steps\":\(steps),\"events\":\(sequence)}")
  }

  /// Ten events as they happen to a step that needs a second try and has nothing to change in the end.
  private func life(of number: Int, base: ObjectID, at: Timestamp, renewals: Int) -> [Migration.Change] {
    let id = Bench.id(number)
    let until = at.adding(seconds: 86_400)
    let first = Fence(step: id, epoch: 1)
    let second = Fence(step: id, epoch: 2)
    var list: [Migration.Change] = [
      bench.claim(number, epoch: 1, base: base, until: until),
      .stepReleased(first, forced: false, reason: "the machine is needed for something else"),
      bench.claim(number, epoch: 2, base: base, until: until),
    ]
    for round in 0..<renewals { list.append(.leaseRenewed(second, expiresAt: until.adding(seconds: 60 + round))) }
    let gate = GateStart(
      gate: 1, holder: Bench.holder(number), owner: Bench.owner, expiresAt: until, tip: base, tree: base)
    let report = GateReport(
      gate: 1, tree: base, verifiers: Plan(migration: Bench.migration).verifierDigest, verdict: .passed,
      failure: nil, isNoChange: true)
    list += [
      .stepSubmitted(second, Submission.Result(commit: base, tree: base, isNoOp: true)),
      .gateStarted(second, gate), .gateFinished(second, report),
    ]
    return list
  }
}
