import Migration

@testable import Forges

/// A crash: nothing after it is done.
struct Crash: Error {}

/// A ledger, a remote and a forge in memory, in which the process may die before or after any call.
final class MemoryWorld: PublishingWorld, Forge {
  // What stays.
  var ledger: State
  var branches: [String: ObjectID] = [:]
  var requests: [PullRequest] = []
  var heads: [Int: String] = [:]
  var labels: [Int: [String]] = [:]
  var merged: [MergedStep] = []
  /// Branches whose lock somebody holds, or has left.
  var locked: Set<String> = []
  /// How often a branch was to be moved.
  var pushes = 0
  /// Which commits contain which.
  var parents: [ObjectID: ObjectID] = [:]
  var clock = Timestamp(milliseconds: 1_000_000)
  var told: [String] = []
  // What dies.
  var pid = 1
  /// In how many calls the process dies; `nil` when it does not.
  var fuse: Int?
  /// Whether it dies before the call is done, or right after.
  var diesBefore = false
  var isDead = false
  var calls = 0
  var host = "forge.test"
  /// Answers of the forge that do not arrive: the call is done.
  var lostAnswers = 0
  var checks: PublicationSight.Checks?
  /// What failed jobs printed.
  var logs: [FailedLog] = []
  /// What is in the base by now, and by which commit.
  var inBase: [ObjectID: ObjectID] = [:]

  init(_ plan: Plan) throws {
    ledger = State()
    try tell(
      .migrationStarted(
        MigrationStart(
          plan: plan, digest: String(repeating: "d", count: 64), base: "main", commit: Self.oid(1),
          shared: false)))
  }

  static func oid(_ number: Int) -> ObjectID {
    let digits = String(number, radix: 16)
    return ObjectID(String(repeating: "0", count: 40 - digits.count) + digits) ?? .zero
  }

  var state0: MigrationState { ledger.migrations[0] }

  @discardableResult
  func tell(_ change: Change) throws -> [Effect] {
    clock = clock.adding(seconds: 1)
    let event = Event(
      migration: change.isOfNone ? "*" : "mig", at: clock, by: "w", change: change
    ).written(in: ledger)
    return try ledger.apply(event)
  }

  /// Merges a step as its gate would.
  func merge(_ step: String, as number: Int) throws {
    let fence = Fence(step: step, epoch: 1)
    let owner = Owner(machine: "m", boot: "b", pid: 1, startTicks: 1)
    let (commit, tree) = (Self.oid(number), Self.oid(number + 5000))
    try tell(
      .stepClaimed(
        Claim(
          fence: fence, holder: "w", owner: owner, base: state0.tip, expiresAt: clock.adding(seconds: 600),
          slot: nil)))
    try tell(.stepSubmitted(fence, Submission.Result(commit: commit, tree: tree, isNoOp: false)))
    try tell(
      .gateStarted(
        fence,
        GateStart(
          gate: 1, holder: "w", owner: owner, expiresAt: clock.adding(seconds: 600), tip: state0.tip,
          tree: tree)))
    try tell(
      .gateFinished(
        fence,
        GateReport(
          gate: 1, tree: tree, verifiers: state0.gateDigest, verdict: .passed, failure: nil, isNoChange: false
        )))
    try tell(
      .mergeIntended(
        fence,
        MergeTarget(
          gate: 1, old: state0.tip, new: commit, tree: tree, owner: owner,
          expiresAt: clock.adding(seconds: 60))))
    try tell(.stepMerged(fence, commit: commit, train: nil))
    merged.append(MergedStep(step: step, commit: commit, files: ["\(step).py"]))
  }

  /// Another process goes on.
  func restart() {
    (pid, isDead, fuse) = (pid + 1, false, nil)
  }

  /// One call, in which the process may die.
  private func call<Value, Fault: Error>(
    _ dead: Fault, _ body: () throws(Fault) -> Value
  ) throws(Fault) -> Value {
    calls += 1
    if isDead { throw dead }
    if let fuse {
      self.fuse = fuse - 1
      if fuse == 0 {
        isDead = true
        if !diesBefore { _ = try body() }
        throw dead
      }
    }
    return try body()
  }

  private static let end = PublishError("it died")

  // MARK: The world

  func state() throws(PublishError) -> MigrationState {
    try call(Self.end) { () throws(PublishError) in state0 }
  }
  func now() -> Timestamp { clock }
  func moment() -> WeekMoment { WeekMoment(clock, offset: 0) }

  func record(_ change: Change) throws(PublishError) -> Refusal? {
    try call(Self.end) { () throws(PublishError) in
      do { _ = try tell(change) } catch { return error as? Refusal }
      return nil
    }
  }

  func units(_ state: MigrationState) throws(PublishError) -> [ProposedUnit] {
    state.proposedUnits(merged, owners: nil)
  }

  func build(_ unit: ProposedUnit, _ state: MigrationState) throws(PublishError) -> BuiltUnit {
    let numbers = unit.steps.compactMap { id in merged.first { $0.step == id }?.commit.hex.suffix(4) }
    let commit = Self.oid((Int(numbers.joined(), radix: 16) ?? 0) % 1_000_000 + 1_000_000)
    if let head = state.publications[unit.unit]?.head { parents[commit] = head }
    return .commit(commit)
  }

  func tip(of branch: String) throws(PublishError) -> ObjectID? {
    try call(Self.end) { () throws(PublishError) in branches[branch] }
  }

  func push(_ branch: String, from old: ObjectID?, to new: ObjectID) throws(PublishError) -> PushedBranch {
    try call(Self.end) { () throws(PublishError) in
      if branches[branch] == new { return .moved }
      pushes += 1
      guard branches[branch] == old, !locked.contains(branch) else { return .stale }
      branches[branch] = new
      return .moved
    }
  }

  func contains(_ tip: ObjectID, _ commit: ObjectID, branch: String) throws(PublishError) -> Bool {
    var next: ObjectID? = tip
    while let one = next {
      if one == commit { return true }
      next = parents[one]
    }
    return false
  }

  func merge(of commit: ObjectID, _ state: MigrationState) throws(PublishError) -> ObjectID? {
    try call(Self.end) { () throws(PublishError) in inBase[commit] }
  }

  func failures(in log: FailedLog) -> [String] { [String(decoding: log.plainText.dropLast(), as: UTF8.self)] }

  func has(_ commit: ObjectID) throws(PublishError) -> Bool { true }
  var claim: (holder: String, owner: Owner) {
    ("p\(pid)", Owner(machine: "m", boot: "b", pid: pid, startTicks: 1))
  }
  func isDead(_ owner: Owner) -> Bool { owner.pid != pid }
  func words(
    _ unit: ProposedUnit, _ state: MigrationState
  ) throws(PublishError) -> (title: String, body: String) {
    ("\(unit.unit), \(unit.steps.count)", "steps \(unit.steps)")
  }
  func tell(_ line: String) { told.append(line) }
  func wait(seconds: Int) { clock = clock.adding(seconds: seconds) }

  // MARK: The forge

  private func forge<Value>(_ body: () throws(ForgeError) -> Value) throws(ForgeError) -> Value {
    let value = try call(ForgeError.unknown("it died"), body)
    if lostAnswers > 0 {
      lostAnswers -= 1
      throw ForgeError.unknown("no answer")
    }
    return value
  }

  func find(branch: String) throws(ForgeError) -> PullRequest? {
    try forge { () throws(ForgeError) in
      ForgePlace.first(requests.filter { heads[$0.number] == branch })
    }
  }

  func create(_ draft: PullRequestDraft) throws(ForgeError) -> PullRequest {
    try forge { () throws(ForgeError) in
      if requests.contains(where: { heads[$0.number] == draft.branch && $0.isOpen }) { throw .exists }
      var request = PullRequest(
        number: requests.count + 1, url: nil, state: draft.isDraft ? .draft : .open, body: draft.body,
        head: branches[draft.branch])
      request.title = draft.title
      heads[request.number] = draft.branch
      requests.append(request)
      return request
    }
  }

  func setText(title: String?, body: String, of number: Int) throws(ForgeError) {
    try forge { () throws(ForgeError) in
      requests[number - 1].body = body
      if let title { requests[number - 1].title = title }
    }
  }

  func makeReady(_ number: Int) throws(ForgeError) {
    try forge { () throws(ForgeError) in
      if requests[number - 1].state == .draft { requests[number - 1].state = .open }
    }
  }

  func failedLogs(of number: Int, at head: ObjectID) throws(ForgeError) -> [FailedLog] {
    try forge { () throws(ForgeError) in logs }
  }

  func addLabels(_ labels: [String], to number: Int) throws(ForgeError) {
    try forge { () throws(ForgeError) in self.labels[number] = labels }
  }

  func ask(_ reviewers: [String], about number: Int) throws(ForgeError) {}

  func look(_ number: Int) throws(ForgeError) -> ForgeSight {
    try forge { () throws(ForgeError) in
      let request = requests[number - 1]
      let head = branches[heads[number] ?? ""]
      return ForgeSight(
        PublicationSight(
          state: request.state.rawValue, head: head, checks: checks,
          failures: checks == .red ? ["test: it broke"] : []),
        title: request.title, body: request.body)
    }
  }
}
