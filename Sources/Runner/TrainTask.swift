import Git
import Ledger
import Migration

/// Takes several submitted steps through the gate together: one candidate with all of them and, when that
/// fails, those that `TrainSearch` asks for. What passes lands at once; the culprit is sent back with its own
/// failures, or with the name of the step that it does not go together with.
final class TrainTask: GateWork {
  let migration: String
  var fence: Fence { first.fence }
  let isJudgingBase = false
  private let site: any Surroundings
  private let interpreter: Interpreter
  private let state: MigrationState
  private let number: Int
  private let tip: OID
  private let members: [Member]
  private let first: Member
  private let search: TrainSearch
  private var stage = Stage.begin
  private var isStopping = false
  /// How many members landed, once that is known.
  private var landed: Int?
  private var known: [TrainSearch.Candidate: VerifierReport] = [:]
  /// What it holds in the ledger: one step that is not known to pass speaks for all.
  private var held: HoldWatch?

  /// A result, on those before it.
  private struct Member {
    var fence: Fence
    var submission: Submission
    var gate: Int
    var candidate: Candidate
  }

  private enum Stage {
    case begin
    case searching
    /// The verifiers run on a tree.
    case judging(any GateVerification, TrainSearch.Candidate, tree: OID)
    case ended(GateEnding)
  }

  /// Forms the train that begins with the result of `fence`. `nil` when that step is to be judged alone: the
  /// ledger knows no trains yet, nothing waits behind it, the base is to be judged first, or something is
  /// against the step itself. Another one that cannot be judged with those before it waits.
  init?(
    site: any Surroundings, state: MigrationState, passing resting: Set<Fence>, from fence: Fence,
    report: @escaping (String) -> Void
  ) throws(CommandError) {
    let snapshot = try reporting { try site.events.read() }
    let now = max(site.clock.now(), snapshot.state.at)
    let queue = state.queue(at: now, passing: resting)
    guard snapshot.state.version >= TrainChange.version, queue.first == fence, queue.count > 1,
      state.trainLimit.members > 1, let tip = try site.tip(of: state.intoRef),
      try !state.needsBaseline(tree: site.tree(of: tip).objectID)
    else { return nil }
    number = state.trains + 1
    let members = try TrainTask.form(site, state, queue, on: tip, train: number)
    guard members.count > 1, let first = members.first, first.fence == fence else { return nil }
    self.site = site
    self.state = state
    self.tip = tip
    self.members = members
    self.first = first
    migration = state.name
    search = TrainSearch(count: members.count)
    interpreter = Interpreter(in: site, report: report)
  }

  private static func form(
    _ site: any Surroundings, _ state: MigrationState, _ queue: [Fence], on tip: OID, train: Int
  ) throws(CommandError) -> [Member] {
    var members: [Member] = []
    var place = Candidate.Place(tip: tip, train: train)
    for fence in queue where members.count < state.trainLimit.members {
      guard let index = state.index(of: fence.step),
        case .submitted(let submission) = state.steps[index].phase
      else { continue }
      let planned = state.plan.steps[index]
      let candidate: Candidate
      let allowing = state.steps[index].allowing(planned)
      if planned.resolves == nil, try site.guardFailure(state.plan, allowing, submission) == nil,
        case .made(let made) = try site.candidate(of: submission, fence, state, on: place), !made.isNoChange,
        planned.run == nil || state.steps[index].failedTree?.tree != made.tree.objectID,
        try site.obstacle(toMoving: state.intoRef, from: tip, toTree: made.tree) == nil
      {
        candidate = made
      } else if members.isEmpty {
        return []
      } else {
        continue
      }
      members.append(
        Member(
          fence: fence, submission: submission, gate: state.steps[index].gates + 1, candidate: candidate))
      place.tip = candidate.commit
    }
    return members
  }

  var descriptor: Int32 {
    switch stage {
    case .begin, .searching, .ended: -1
    case .judging(let job, _, _): job.descriptor
    }
  }

  func stop() {
    isStopping = true
    if case .judging(let job, _, _) = stage { job.stop() }
  }

  var watch: HoldWatch? { if case .judging = stage, !isStopping { held } else { nil } }

  func loseHold() { if case .judging(let job, _, _) = stage { job.stop() } }

  func advance() throws(CommandError) -> GateEnding? {
    while true {
      switch stage {
      case .ended(let ending): return ending
      case .begin: stage = try begin()
      case .searching: stage = try goOn()
      case .judging(let job, let candidate, let tree):
        guard let report = try job.poll() else { return nil }
        stage = try note(report, candidate, tree)
      }
    }
  }

  // MARK: Stages

  private func begin() throws(CommandError) -> Stage {
    if isStopping { return .ended(.notNow(Refusal(.limited, "the run is ending"))) }
    do throws(CommandError) {
      try site.requireTrust(state)
    } catch {
      guard error.waitsForUser else { throw error }
      return .ended(.notNow(Refusal(.limited, error.message)))
    }
    if let obstacle = try site.obstacle(toMerging: state) { return .ended(.obstructed(obstacle)) }
    let refusal = try append { [self] (snapshot, at) throws(Refusal) in
      guard snapshot.state.migration(named: migration)?.gateDigest == state.gateDigest else {
        throw Refusal(.stale, "the gate of '\(migration)' was amended")
      }
      let start = TrainStart(
        train: number,
        members: members.map {
          TrainMember(fence: $0.fence, gate: $0.gate, tree: $0.candidate.tree.objectID)
        },
        tip: tip.objectID, holder: site.actor, owner: site.owner,
        expiresAt: at.adding(seconds: state.plan.leaseSeconds))
      return [Proposal(migration, .train(.started(start)))]
    }
    if let refusal { return .ended(.notNow(refusal)) }
    held = HoldWatch(.gate(first.fence, gate: first.gate))
    return .searching
  }

  /// Judges what has to be known next, or records what is known.
  private func goOn() throws(CommandError) -> Stage {
    if isStopping { return try giveBack(Refusal(.limited, "the run is ending")) }
    guard let landed else {
      switch search.landing(passes) {
      case .judge(let candidate): return try judge(candidate)
      case .known(let count): return try land(count)
      }
    }
    guard landed < members.count else { return .ended(try settled()) }
    switch search.blame(landed, passes) {
    case .judge(let candidate): return try judge(candidate)
    case .known(let blame): return try sendBack(landed, blame)
    }
  }

  private func judge(_ candidate: TrainSearch.Candidate) throws(CommandError) -> Stage {
    let subject: Member
    let (commit, tree): (OID, OID)
    if let more = candidate.more {
      subject = members[more]
      let below = candidate.prefix == 0 ? tip : members[candidate.prefix - 1].candidate.commit
      let place = Candidate.Place(tip: below, train: nil)
      switch try site.candidate(of: subject.submission, subject.fence, state, on: place) {
      case .made(let made): (commit, tree) = (made.commit, made.tree)
      case .conflicts(let paths):
        let list = paths.prefix(3).map(NameText.quoted).joined(separator: ", ")
        return red(candidate, Failure(kind: .conflict, reason: "conflicts in \(list)"))
      case .unusable(let reason): return red(candidate, Failure(kind: .unusable, reason: reason))
      }
    } else {
      subject = members[candidate.prefix - 1]
      (commit, tree) = (subject.candidate.commit, subject.candidate.tree)
    }
    let job = try site.startGate(
      state.plan, on: commit,
      for: .candidate(migration: migration, subject.fence, gate: subject.gate))
    return .judging(job, candidate, tree: tree)
  }

  private typealias Failure = Migration.Failure

  private func red(_ candidate: TrainSearch.Candidate, _ failure: Failure) -> Stage {
    known[candidate] = VerifierReport(verdict: .failed, failure: failure)
    return .searching
  }

  private func note(
    _ report: VerifierReport, _ candidate: TrainSearch.Candidate, _ tree: OID
  ) throws(CommandError) -> Stage {
    if isStopping { return try giveBack(Refusal(.limited, "the run is ending")) }
    guard report.verdict == .couldNotRun else {
      // Fewer tests than on the tip are no pass.
      let tipTree = first.candidate.tipTree
      known[candidate] = try site.compared(
        report, state, tipTree: tipTree, tree: tree, allowing: allowed(in: candidate))
      return .searching
    }
    let reason = report.failure?.reason ?? "a verifier could not be run"
    let failure = report.failure ?? Failure(kind: .gate, reason: reason)
    let refusal = try append { [self] (_, _) throws(Refusal) in
      [finished(.couldNotRun, failure, partner: nil)]
    }
    if let refusal { return try giveBack(refusal) }
    return .ended(.unjudged(reason))
  }

  /// What is let pass in any of a candidate's members.
  private func allowed(in candidate: TrainSearch.Candidate) -> [String] {
    let positions = Array(0..<candidate.prefix) + (candidate.more.map { [$0] } ?? [])
    return positions.flatMap { position -> [String] in
      guard let index = state.index(of: members[position].fence.step) else { return [] }
      return state.steps[index].allowing(state.plan.steps[index]).allow
    }
  }

  /// Whether a candidate passes: by what was found here or, for one that an earlier search had, by the
  /// ledger.
  private func passes(_ candidate: TrainSearch.Candidate) -> Bool? {
    if let report = known[candidate] { return report.verdict == .passed }
    if state.plan.gate.verifiers.isEmpty { return true }
    guard candidate.more == nil, candidate.prefix > 0 else { return nil }
    let tree = members[candidate.prefix - 1].candidate.tree.objectID
    return state.verdict(tree: tree, verifiers: state.gateDigest)?.verdict == .passed ? true : nil
  }

  // MARK: What is recorded

  /// The first `count` members passed together: the branch moves to the last of them.
  private func land(_ count: Int) throws(CommandError) -> Stage {
    let report = known[TrainSearch.Candidate(prefix: count)]
    let (kept, runs) = (report?.kept ?? state.plan.gate.keep, report?.runs ?? [])
    let refusal = try append { [self] (snapshot, at) throws(Refusal) in
      let verdict =
        count == members.count
        ? finished(.passed, nil, partner: nil, kept: kept).resting(on: runs)
        : Proposal(
          migration,
          .train(
            .split(
              TrainSplit(
                train: number, passed: count, culprit: members[count].fence.step, verifiers: state.gateDigest,
                kept: count > 0 ? kept : [])))
        ).resting(on: count > 0 ? runs : [])
      guard count > 0 else { return [verdict] }
      // A pause keeps the verdict and lets the merge wait; the train is judged from memory later.
      if snapshot.state.migration(named: migration)?.phase.word == "paused" {
        return [
          verdict, Proposal(migration, .gateAbandoned(first.fence, gate: first.gate, evidence: .holder)),
        ]
      }
      return [verdict, Proposal(migration, .mergeIntended(members[count - 1].fence, target(count, at)))]
    }
    if let refusal, try !isIntended(count) { return try giveBack(refusal) }
    landed = count
    guard count < members.count else { return .searching }
    held = HoldWatch(.gate(members[count].fence, gate: members[count].gate))
    guard try migrationState()?.train?.number == number else { return .ended(.merged) }
    return .searching
  }

  private func target(_ count: Int, _ at: Timestamp) -> MergeTarget {
    let last = members[count - 1]
    return MergeTarget(
      gate: last.gate, old: tip.objectID, new: last.candidate.commit.objectID,
      tree: last.candidate.tree.objectID, owner: site.owner,
      expiresAt: at.adding(seconds: min(600, state.plan.leaseSeconds)),
      train: TrainMerge(
        train: number,
        members: members[..<count].map {
          TrainMerge.Member(fence: $0.fence, commit: $0.candidate.commit.objectID)
        }))
  }

  /// Whether the merge of those members is announced already, and only the branch has not moved yet: the
  /// remote went away in between.
  private func isIntended(_ count: Int) throws(CommandError) -> Bool {
    guard count > 0, let step = try migrationState()?.step(members[count - 1].fence.step),
      step.epoch == members[count - 1].fence.epoch, case .merging(_, _, let target) = step.phase
    else { return false }
    return target.train?.train == number && target.owner == site.owner
  }

  /// The first one that did not land goes back.
  private func sendBack(_ culprit: Int, _ blame: TrainSearch.Blame) throws(CommandError) -> Stage {
    let (report, partner): (VerifierReport?, Member?)
    switch blame {
    case .itself: (report, partner) = (known[TrainSearch.Candidate(prefix: 0, more: culprit)], nil)
    case .partner(let position):
      let both = TrainSearch.Candidate(prefix: position + 1, more: culprit)
      (report, partner) = (known[both], members[position])
    }
    let found = report?.failure ?? Failure(kind: .gate, reason: "the gate did not pass")
    let failure =
      try partner.map { (partner) throws(CommandError) in
        try together(found, members[culprit], partner)
      } ?? found
    let verdict = report?.verdict ?? .failed
    let refusal = try append { [self] (_, _) throws(Refusal) in
      [finished(verdict, failure, partner: partner?.fence.step)]
    }
    if let refusal { return try giveBack(refusal) }
    return .ended(.sentBack(failure))
  }

  /// What the next attempt at a step is told that passes without its partner: what fails, and what both did.
  private func together(
    _ found: Failure, _ culprit: Member, _ partner: Member
  ) throws(CommandError) -> Failure {
    let (own, other) = (culprit.fence.step, partner.fence.step)
    var details = found.details.isEmpty ? [found.reason] : found.details
    details.append("'\(own)' passes without '\(other)', which is merged now: make the two go together")
    for member in [partner, culprit] {
      let patch = try site.patch(of: member.submission, limit: TrainTask.patchBytes)
      details.append("what '\(member.fence.step)' changed:\n\(patch)")
    }
    return Failure(
      kind: .conflict, reason: "does not go together with '\(other)': \(found.reason)", details: details)
  }

  /// The most bytes of a change that the next attempt is shown.
  private static let patchBytes = 5 << 10

  private func finished(
    _ verdict: Verdict, _ failure: Failure?, partner: String?, kept: [String] = []
  ) -> Proposal {
    Proposal(
      migration,
      .train(
        .finished(
          TrainReport(
            train: number, verifiers: state.gateDigest, verdict: verdict, failure: failure,
            culprit: verdict == .passed ? nil : landed.map { members[$0].fence.step }, partner: partner,
            kept: kept))))
  }

  /// The plan, a step or the branch changed under the gate, or the run ends: the steps wait for the next one.
  private func giveBack(_ refusal: Refusal) throws(CommandError) -> Stage {
    if let train = try migrationState()?.train, train.number == number, let member = train.members.first {
      _ = try append { [migration] (_, _) throws(Refusal) in
        [Proposal(migration, .gateAbandoned(member.fence, gate: member.gate, evidence: .holder))]
      }
    }
    return .ended(.notNow(refusal))
  }

  /// How a train that passed ended: its branch may still have refused to move.
  private func settled() throws(CommandError) -> GateEnding {
    guard let step = try migrationState()?.step(first.fence.step) else { return .merged }
    if case .merged = step.phase { return .merged }
    let reason = step.lastFailure?.reason ?? "the merge is not settled yet"
    return .notNow(Refusal(.limited, "train \(number) passed but was not merged: \(reason)"))
  }

  private func append(
    _ propose: (LedgerSnapshot, Timestamp) throws(Refusal) -> [Proposal]
  ) throws(CommandError) -> Refusal? {
    try interpreter.append(by: site.actor) { (snapshot, at) throws(Refusal) in
      ((), try propose(snapshot, at))
    }.refusal
  }

  private func migrationState() throws(CommandError) -> MigrationState? {
    try reporting { try site.events.read() }.state.migration(named: migration)
  }
}
