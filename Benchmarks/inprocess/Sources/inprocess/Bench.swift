import Clibgit2
import Git
import Glibc
import Ledger
import Migration

struct Trouble: Error, CustomStringConvertible {
  var description: String
  init(_ description: String) { self.description = description }
}

/// The repository to be measured in, with its ledger.
struct Bench {
  static let migration = "bench"
  let repository: Repository
  let ledger: Ledger

  init(_ path: String) throws {
    repository = try Repository.discover(from: path, environment: [:])
    ledger = Ledger(repository: repository)
  }

  /// The same in a clone that shares its ledger as `migrate.remote` says.
  init(shared path: String) throws {
    let names = ["PATH", "HOME", "GIT_CONFIG_GLOBAL", "GIT_CONFIG_NOSYSTEM", "LC_ALL"]
    let pairs = names.compactMap { name in getenv(name).map { (name, String(cString: $0)) } }
    repository = try Repository.discover(from: path, environment: Dictionary(uniqueKeysWithValues: pairs))
    ledger = Ledger(repository: repository)
    guard let remote = try GitRemote(repository, GitProgram(repository)) else {
      throw Trouble("'migrate.remote' is not set in '\(path)'")
    }
    ledger.share(with: remote) { _ in }
  }

  /// Nanoseconds of a clock that nobody sets.
  static func now() -> Int64 {
    var time = timespec()
    clock_gettime(CLOCK_MONOTONIC, &time)
    return Int64(time.tv_sec) * 1_000_000_000 + Int64(time.tv_nsec)
  }

  static let owner = Owner(machine: "bench", boot: "bench", pid: 0, startTicks: 0)

  static func id(_ number: Int) -> String { "S\(number)" }
  static func holder(_ number: Int) -> String { "worker-\(number)" }

  /// Starts a migration of `count` steps. Of more than 1,000 each needs the step `count / 200` before it, so
  /// that there is a graph and the last few can be held at once.
  func start(steps count: Int) throws {
    guard let head = try repository.head().oid, let commit = ObjectID(head.hex) else {
      throw Trouble("no commit")
    }
    let gap = max(1, count / 200)
    let steps = (1...count).map { number in
      PlannedStep(
        id: Bench.id(number), title: "Move file \(number) to the new interface",
        needs: number > gap && count > 1000 ? [Bench.id(number - gap)] : [],
        paths: ["src/part\(number % 97)/file\(number).swift"])
    }
    let plan = Plan(migration: Bench.migration, steps: steps, prompt: "Do {{step.id}}: {{step.title}}.\n")
    let text = Array("the plan of a benchmark\n".utf8)
    let start = MigrationStart(
      plan: plan, digest: SHA256.hexDigest(of: text), base: "main", commit: commit, shared: false)
    try append(by: "bench", [Proposal(Bench.migration, .migrationStarted(start), planText: text)])
    let branch = repository.compareAndSwap(ref: "refs/heads/" + plan.into, to: head, from: nil)
    guard branch == .won else { throw Trouble("the branch could not be made: \(branch)") }
  }

  func append(by author: String, _ proposals: [Proposal]) throws {
    switch try ledger.append(proposals, by: author) {
    case .won: return
    case .refused(let refusal): throw Trouble(refusal.message)
    case .nothing: throw Trouble("nothing was appended")
    }
  }

  func tip() throws -> ObjectID {
    guard let state = try ledger.read().state.migration(named: Bench.migration) else {
      throw Trouble("no migration")
    }
    return state.tip
  }

  func claim(_ number: Int, epoch: Int, base: ObjectID, until: Timestamp) -> Migration.Change {
    .stepClaimed(
      Claim(
        fence: Fence(step: Bench.id(number), epoch: epoch), holder: Bench.holder(number), owner: Bench.owner,
        base: base, expiresAt: until, slot: nil))
  }

  /// Renews the lease of a step that its worker holds: an event that is always legal, in any order of workers.
  func renew(_ number: Int, round: Int, count: Int = 1) throws {
    let fence = Fence(step: Bench.id(number), epoch: 1)
    let outcome = try ledger.append(by: Bench.holder(number)) { (seen, at) throws(Refusal) in
      var latest = at.adding(seconds: 1200 + round)
      if case .leased(let lease)? = seen.state.migration(named: Bench.migration)?.step(fence.step)?.phase {
        latest = max(latest, lease.expiresAt)
      }
      return (1...count).map { place in
        Proposal(Bench.migration, .leaseRenewed(fence, expiresAt: latest.adding(seconds: place)))
      }
    }
    guard case .won = outcome else { throw Trouble("worker \(number) could not renew: \(outcome)") }
  }

  /// Starts a migration of which `count` workers hold a step each.
  func prepare(holders count: Int) throws {
    try start(steps: count)
    let base = try tip()
    let until = SystemClock().now().adding(seconds: 1200)
    for number in 1...count {
      try append(
        by: Bench.holder(number),
        [Proposal(Bench.migration, claim(number, epoch: 1, base: base, until: until))])
    }
  }
}
