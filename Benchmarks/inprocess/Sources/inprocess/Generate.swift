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

  /// All steps but the last forty are done, four of those are held, and the holders renew until the number is full.
  func run() throws {
    try bench.start(steps: steps)
    let base = try bench.tip()
    let at = try bench.ledger.read().state.at
    let done = max(0, steps - 40)
    let renewals = max(0, (events - 5) / max(1, done) - 6)
    for number in 1...max(1, done) {
      try append(number, life(of: number, base: base, at: at, renewals: renewals))
    }
    let until = at.adding(seconds: 86_400)
    let held = (done + 1)...(done + 4)
    for number in held { try append(number, [bench.claim(number, epoch: 1, base: base, until: until)]) }
    var left = try events - bench.ledger.read().sequence
    var second = 1
    while left > 0 {
      let fence = Fence(step: Bench.id(held.lowerBound), epoch: 1)
      let batch = (0..<min(left, 64)).map { round in
        Migration.Change.leaseRenewed(fence, expiresAt: until.adding(seconds: second + round))
      }
      try append(held.lowerBound, batch)
      left -= batch.count
      second += batch.count
    }
    print("{\"steps\":\(steps),\"events\":\(try bench.ledger.read().sequence)}")
  }

  private func append(_ number: Int, _ changes: [Migration.Change]) throws {
    try bench.append(by: Bench.holder(number), changes.map { Proposal(Bench.migration, $0) })
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
    for round in 0..<renewals {
      list.append(.leaseRenewed(second, expiresAt: until.adding(seconds: 60 + round)))
    }
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
