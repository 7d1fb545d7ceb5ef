import Git
import Ledger
import Migration
import Site

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
  private var members: [Member]
  /// Those that cannot be judged with these.
  private var refused: Set<Fence> = []
  private let first: Member
  private var search: TrainSearch
  private var stage = Stage.begin
  private var isStopping = false
  private var runs = TrainRuns()
  /// How many members landed, once that is known.
  private var landed: Int?
  private var known: [TrainSearch.Candidate: VerifierReport] = [:]
  /// The trees of those that are judged.
  private var trees: [TrainSearch.Candidate: OID] = [:]
  /// What verdicts rest on here.
  private var basis: VerdictBasis?
  /// What it holds in the ledger: one step that is not known to pass speaks for all.
  private var held: HoldWatch?

  private typealias Member = QueuedResult

  private enum Stage {
    case begin
    case searching
    case judging
    case ended(GateEnding)
  }

  /// Forms the train that begins with the result of `fence`. `nil` when that step is to be judged alone: the
  /// ledger knows no trains yet, nothing waits behind it, the base is to be judged first, or something is
  /// against the step itself. Another one that cannot be judged with those before it waits.
  init?(
    site: any Surroundings, state: MigrationState, passing resting: Set<Fence>, from fence: Fence,
    report: @escaping (String) -> Void
  ) throws(CommandError) {
    let snapshot = try site.snapshot()
    let now = max(site.clock.now(), snapshot.state.at)
    let queue = state.queue(at: now, passing: resting)
    // A train that others may join begins with whoever is first.
    let least = state.plan.gate.isOnlyRemote ? 1 : 2
    guard snapshot.state.version >= TrainChange.version, queue.first == fence, queue.count >= least,
      state.trainLimit.members > 1, let tip = try site.tip(of: state.intoRef),
      try !state.needsBaseline(tree: site.tree(of: tip).objectID)
    else { return nil }
    number = state.trains + 1
    let members = try QueuedResult.train(of: queue, state, on: tip, number, in: site)
    guard members.count >= least, let first = members.first, first.fence == fence else { return nil }
    self.site = site
    self.state = state
    self.tip = tip
    self.members = members
    self.first = first
    migration = state.name
    search = TrainSearch(count: members.count)
    interpreter = Interpreter(in: site, report: report)
  }

  var descriptor: Int32 {
    switch stage {
    case .begin, .searching, .ended: -1
    case .judging: runs.descriptor
    }
  }

  func stop() {
    isStopping = true
    runs.stop()
  }

  var watch: HoldWatch? { if case .judging = stage, !isStopping { held } else { nil } }

  func loseHold() { runs.stop() }

  func advance() throws(CommandError) -> GateEnding? {
    while true {
      switch stage {
      case .ended(let ending):
        runs.drop()
        return ending
      case .begin: stage = try begin()
      case .searching: stage = try goOn()
      case .judging:
        guard let ended = try runs.poll() else { return nil }
        let next = try note(ended.report, ended.candidate)
        runs.remove(ended.candidate)
        stage = next
      }
    }
  }

  /// Nothing is known yet, and services judge: who comes now need not wait for what they say.
  var unfit: Set<Fence>? {
    guard case .judging = stage, state.plan.gate.isOnlyRemote, known.isEmpty, landed == nil, !isStopping
    else { return nil }
    return refused
  }

  func join(_ fence: Fence, _ now: MigrationState) throws(CommandError) -> Bool {
    guard unfit?.contains(fence) == false, let last = members.last else { return false }
    let place = Candidate.Place(tip: last.candidate.commit, train: number)
    // Until it has joined: it is not tried again.
    refused.insert(fence)
    guard let member = try QueuedResult(fence, now, on: place, from: tip, in: site) else { return false }
    let refusal = try append { [self] (snapshot, _) throws(Refusal) in
      try snapshot.state.requireGate(of: members.map(\.fence), as: state)
      return [Proposal(migration, .trainJoined(TrainJoin(train: number, members: [member.member])))]
    }
    if refusal != nil { return false }
    members.append(member)
    search = TrainSearch(count: members.count)
    if try !start(TrainSearch.Candidate(prefix: members.count)) { stage = .searching }
    return true
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
      try snapshot.state.requireGate(of: members.map(\.fence), as: state)
      let start = TrainStart(
        train: number,
        members: members.map(\.member),
        tip: tip.objectID, holder: site.actor, owner: site.owner,
        expiresAt: at.adding(seconds: state.plan.leaseSeconds))
      return [Proposal(migration, .train(.started(start)))]
    }
    if let refusal { return .ended(.notNow(refusal)) }
    held = HoldWatch(.gate(first.fence, gate: first.gate))
    basis = try site.basis(of: state, report: interpreter.report)
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
    guard landed < members.count else {
      return .ended(try migrationState()?.settled(train: number, first: first.fence) ?? .merged)
    }
    #if KNOWN_BUGS
      if KnownBug.culpritUnheard.isOn {
        known[TrainSearch.Candidate(prefix: 0, more: landed)] =
          known[TrainSearch.Candidate(prefix: members.count)]
        return try sendBack(landed, .itself)
      }
    #endif
    switch search.blame(landed, passes) {
    case .judge(let candidate): return try judge(candidate)
    case .known(let blame): return try sendBack(landed, blame)
    }
  }

  private func judge(_ candidate: TrainSearch.Candidate) throws(CommandError) -> Stage {
    if runs.has(candidate) { return .judging }
    guard try start(candidate) else { return .searching }
    if state.plan.gate.isOnlyRemote, candidate.more == nil {
      for size in 1..<members.count {
        let other = TrainSearch.Candidate(prefix: size)
        if known[other] == nil, !runs.has(other) { _ = try start(other) }
      }
    }
    return .judging
  }

  /// Has a candidate judged; false when that is known at once.
  private func start(_ candidate: TrainSearch.Candidate) throws(CommandError) -> Bool {
    let subject: Member
    let made: (commit: OID, tree: OID)
    if let more = candidate.more {
      subject = members[more]
      let below = candidate.prefix == 0 ? tip : members[candidate.prefix - 1].candidate.commit
      let place = Candidate.Place(tip: below, train: nil)
      switch try site.candidate(of: subject.submission, subject.fence, state, on: place) {
      case .made(let candidate): made = (candidate.commit, candidate.tree)
      case .conflicts(let paths):
        let list = paths.prefix(3).map(NameText.quoted).joined(separator: ", ")
        return red(candidate, Failure(kind: .conflict, reason: "conflicts in \(list)"))
      case .unusable(let reason): return red(candidate, Failure(kind: .unusable, reason: reason))
      }
    } else {
      subject = members[candidate.prefix - 1]
      made = (subject.candidate.commit, subject.candidate.tree)
    }
    let steps = state.planned(of: candidate.members.map { members[$0].fence })
    let known = try site.remembered(
      made.tree, state, on: basis, tipTree: first.candidate.tipTree, allowing: allowed(in: candidate))
    if let known, known.verdict != .passed || steps.ownVerifiers.isEmpty {
      self.known[candidate] = known
      return false
    }
    trees[candidate] = made.tree
    let job = try site.startGate(
      state.plan, judging: steps, known: known, on: made.commit,
      for: .candidate(migration: migration, subject.fence, gate: subject.gate))
    runs.add(job, candidate)
    return true
  }

  private typealias Failure = Migration.Failure

  private func red(_ candidate: TrainSearch.Candidate, _ failure: Failure) -> Bool {
    known[candidate] = VerifierReport(verdict: .failed, failure: failure)
    return false
  }

  private func note(_ report: VerifierReport, _ candidate: TrainSearch.Candidate) throws(CommandError)
    -> Stage
  {
    if isStopping { return try giveBack(Refusal(.limited, "the run is ending")) }
    guard report.verdict == .couldNotRun else {
      var report = report
      if let tree = trees[candidate] {
        // Fewer tests than on the tip are no pass.
        report = try site.compared(
          report, state, tipTree: first.candidate.tipTree, tree: tree, allowing: allowed(in: candidate))
      }
      report.evidence.basis = basis
      known[candidate] = report
      return .searching
    }
    if let hindrance = report.hindrance {
      if case .missing(let missing) = hindrance {
        _ = try append { [site] (snapshot, _) throws(Refusal) in
          [Proposal.trouble(missing, of: site.owner.machine, in: snapshot.state)].compactMap(\.self)
        }
      }
      _ = try giveBack(Refusal(.limited, hindrance.reason))
      return .ended(.unjudged(hindrance.reason))
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
    candidate.members.flatMap { state.allowed(in: members[$0].fence.step) }
  }

  /// Whether a candidate passes, as far as that is known.
  private func passes(_ candidate: TrainSearch.Candidate) -> Bool? {
    if let report = known[candidate] {
      #if KNOWN_BUGS
        if KnownBug.failingMemberLands.isOn, candidate.more == nil { return true }
      #endif
      return report.verdict == .passed
    }
    return state.plan.gate.verifiers.isEmpty
      && state.planned(of: candidate.members.map { members[$0].fence }).ownVerifiers.isEmpty ? true : nil
  }

  // MARK: What is recorded

  /// The first `count` members passed together: the branch moves to the last of them.
  private func land(_ count: Int) throws(CommandError) -> Stage {
    let found = known[TrainSearch.Candidate(prefix: count)]
    let (kept, evidence) = (found?.kept ?? state.plan.gate.keep, found?.evidence ?? VerdictEvidence())
    let told = found?.runs ?? []
    let refusal = try append { [self] (snapshot, at) throws(Refusal) in
      let verdict =
        count == members.count
        ? finished(.passed, nil, partner: nil, kept: kept, evidence: evidence).resting(on: told)
        : Proposal(
          migration,
          .train(
            .split(
              TrainSplit(
                train: number, passed: count, culprit: members[count].fence.step, verifiers: state.gateDigest,
                kept: count > 0 ? kept : [], evidence: count > 0 ? evidence : VerdictEvidence())))
        ).resting(on: count > 0 ? told : [])
      guard count > 0 else { return [verdict] }
      // A pause keeps the verdict and lets the merge wait; the train is judged from memory later.
      if case .paused? = snapshot.state.migration(named: migration)?.phase {
        return [
          verdict, Proposal(migration, .gateAbandoned(first.fence, gate: first.gate, evidence: .holder)),
        ]
      }
      return [verdict, Proposal(migration, .mergeIntended(members[count - 1].fence, target(count, at)))]
    }
    if let refusal, try !isIntended(count) { return try giveBack(refusal) }
    landed = count
    // What other beginnings would have said is of no use any more.
    runs.drop()
    guard count < members.count else { return .searching }
    held = HoldWatch(.gate(members[count].fence, gate: members[count].gate))
    guard try migrationState()?.train?.number == number else { return .ended(.merged) }
    return .searching
  }

  private func target(_ count: Int, _ at: Timestamp) -> MergeTarget {
    members[count - 1].target(
      after: members[..<count], train: number, from: tip, owner: site.owner,
      expiresAt: at.adding(seconds: min(600, state.plan.leaseSeconds)))
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
        try partner.together(with: members[culprit], found, in: site)
      } ?? found
    let verdict = report?.verdict ?? .failed
    let refusal = try append { [self] (_, _) throws(Refusal) in
      [
        finished(
          verdict, failure, partner: partner?.fence.step, evidence: report?.evidence ?? VerdictEvidence())
      ]
    }
    if let refusal { return try giveBack(refusal) }
    return .ended(.sentBack(failure))
  }

  private func finished(
    _ verdict: Verdict, _ failure: Failure?, partner: String?, kept: [String] = [],
    evidence: VerdictEvidence = VerdictEvidence()
  ) -> Proposal {
    Proposal(
      migration,
      .train(
        .finished(
          TrainReport(
            train: number, verifiers: state.gateDigest, verdict: verdict, failure: failure,
            culprit: verdict == .passed ? nil : landed.map { members[$0].fence.step }, partner: partner,
            kept: kept, evidence: evidence))))
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

  private func append(
    _ propose: (LedgerSnapshot, Timestamp) throws(Refusal) -> [Proposal]
  ) throws(CommandError) -> Refusal? {
    try interpreter.append(by: site.actor) { (snapshot, at) throws(Refusal) in
      ((), try propose(snapshot, at))
    }.refusal
  }

  private func migrationState() throws(CommandError) -> MigrationState? {
    try site.state(of: migration)
  }
}
