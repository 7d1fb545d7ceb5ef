import Git
import Glibc
import Ledger
import Migration

/// Nanoseconds of the clock that never goes back.
func nanoseconds() -> Int64 {
  var time = timespec()
  clock_gettime(CLOCK_MONOTONIC, &time)
  return Int64(time.tv_sec) * 1_000_000_000 + Int64(time.tv_nsec)
}

/// Events for a ledger that are legal and mean nothing.
final class Workload {
  static let migration = "bench"
  /// SHA-256 of no bytes: the plan file is empty.
  private static let digest = "e3b0c44298fc1c149afbf4c8996fb92427ae41e4649b934ca495991b7852b855"
  private static let batch = 1000
  private let repository: Repository
  private let ledger: Ledger
  private let author = "bench-\(getpid())"
  private let owner = Owner(machine: "bench", boot: "bench", pid: 0, startTicks: 0)

  init(_ repository: Repository) {
    self.repository = repository
    ledger = Ledger(repository: repository)
  }

  func read() throws { _ = try ledger.read() }

  func start(steps: Int) throws {
    guard let head = try repository.resolve("refs/heads/main"), let commit = ObjectID(head.hex) else {
      stop("there is no branch 'main'")
    }
    let planned = (0..<steps).map { number in
      PlannedStep(id: id(number), title: "Do the part \(number)", paths: ["part-\(number)/**"], run: "true")
    }
    let plan = Plan(migration: Workload.migration, base: "main", attempts: 3, steps: planned)
    let start = MigrationStart(plan: plan, digest: Workload.digest, base: "main", commit: commit, shared: false)
    let proposal = Proposal(Workload.migration, .migrationStarted(start), planText: [])
    try win(ledger.append([proposal], by: author))
    guard case .won = repository.compareAndSwap(ref: "refs/heads/" + plan.into, to: head, from: nil) else {
      stop("the integration branch exists already")
    }
  }

  /// Pauses and resumes the migration in turn, one append an event; gives the nanoseconds it took.
  func append(_ count: Int) throws -> Int64 {
    let begin = nanoseconds()
    for _ in 0..<count {
      let outcome = try ledger.append(by: author) { (snapshot, _) throws(Refusal) in
        let isRunning = snapshot.state.migration(named: Workload.migration)?.phase == .running
        return [Proposal(Workload.migration, isRunning ? .migrationPaused(reason: "bench") : .migrationResumed)]
      }
      try win(outcome)
    }
    return nanoseconds() - begin
  }

  /// Builds a ledger of that size: the start, and ten events a step.
  func generate(steps: Int, events: Int) throws {
    try start(steps: steps)
    guard let tip = try ledger.read().state.migration(named: Workload.migration)?.tip else { stop("no start") }
    var left = events - 1
    var step = 0
    while left > 0 {
      let count = min(left, Workload.batch)
      let first = step
      let outcome = try ledger.append(by: author) { (_, at) throws(Refusal) in
        var proposals: [Proposal] = []
        var number = first
        while proposals.count < count && number < steps {
          proposals += self.life(number, at: at, tip: tip).map { Proposal(Workload.migration, $0) }
          number += 1
        }
        step = number
        return proposals
      }
      guard case .won(let snapshot, _) = outcome else {
        if case .nothing = outcome { break }
        stop("\(outcome)")
      }
      left = events - snapshot.sequence
    }
    // What is left after all steps have lived: pauses and resumptions, many at once.
    while left > 0 {
      let pairs = max(1, min(left, Workload.batch) / 2)
      let proposals = (0..<pairs).flatMap { _ in
        [
          Proposal(Workload.migration, .migrationPaused(reason: "bench")),
          Proposal(Workload.migration, .migrationResumed),
        ]
      }
      try win(ledger.append(proposals, by: author))
      left -= 2 * pairs
    }
    print(try ledger.read().sequence)
  }

  private func id(_ number: Int) -> String { "step-\(number)" }

  /// Ten events in the life of a step. Of ten steps seven end merged, two ready again, one resting.
  private func life(_ number: Int, at: Timestamp, tip: ObjectID) -> [Migration.Change] {
    let fences = (1...3).map { Fence(step: id(number), epoch: $0) }
    let claim = { (fence: Fence) in
      Migration.Change.stepClaimed(
        Claim(
          fence: fence, holder: self.author, owner: self.owner, base: tip,
          expiresAt: at.adding(seconds: 1200), slot: nil))
    }
    let renew = { (fence: Fence, round: Int) in
      Migration.Change.leaseRenewed(fence, expiresAt: at.adding(seconds: 1200 + round))
    }
    let release = { (fence: Fence) in
      Migration.Change.stepReleased(fence, forced: false, reason: "the worker stopped")
    }
    let opening = [claim(fences[0]), renew(fences[0], 1), renew(fences[0], 2), release(fences[0])]
    switch number % 10 {
    case 0..<7:
      let submission = Submission.Result(commit: tip, tree: tip, isNoOp: true)
      let start = GateStart(
        gate: 1, holder: author, owner: owner, expiresAt: at.adding(seconds: 600), tip: tip, tree: tip)
      let report = GateReport(
        gate: 1, tree: tip, verifiers: Plan(migration: Workload.migration).verifierDigest, verdict: .passed, failure: nil, isNoChange: true)
      return opening + [
        claim(fences[1]), renew(fences[1], 1), renew(fences[1], 2), .stepSubmitted(fences[1], submission),
        .gateStarted(fences[1], start), .gateFinished(fences[1], report),
      ]
    case 7..<9:
      return opening + [
        claim(fences[1]), renew(fences[1], 1), release(fences[1]), claim(fences[2]), renew(fences[2], 1),
        release(fences[2]),
      ]
    default:
      let failure = Failure(kind: .worker, reason: "exit code 1", details: ["the last lines it printed"])
      return opening + [
        claim(fences[1]), renew(fences[1], 1), release(fences[1]), claim(fences[2]), renew(fences[2], 1),
        .attemptFailed(fences[2], failure),
      ]
    }
  }

  private func win(_ outcome: AppendOutcome) throws {
    guard case .won = outcome else { stop("an append was not accepted: \(outcome)") }
  }
}
