import CanonicalJSON
import Draws
import Gate
import Git
import Ledger
import Migration
import Runner
import Site

extension Process: Surroundings {
  var events: any EventLedger { ledger }
  func wait(for descriptors: [Int32], atMost milliseconds: Int) {}
  func tell(_ migration: String, _ notice: Notice, report: (String) -> Void) {
    pay(notice)
    if passes() { report(String(describing: notice)) }
  }
  func endRun() {}
  /// Some machines have walls, and say so in what they claim.
  func sandboxFact(_ plan: Plan) -> String? { machine.walls }
  func shortage(after last: Shortage?) throws(CommandError) -> Shortage? { world.shortage }
  func missing(among programs: Set<String>) -> Set<String> {
    programs.filter { !world.isCalm && world.now < machine.lost[$0] ?? 0 }
  }

  // MARK: Branches

  /// Of a shared ledger, too, people pull the base before they look.
  func base(of migration: MigrationState) throws(CommandError) -> OID? {
    try tip(of: "refs/heads/" + migration.base)
  }

  func tip(of ref: String) throws(CommandError) -> OID? {
    guard passes() else { throw death }
    return ref == World.intoRef ? machine.clone.branch : world.base
  }

  func tree(of commit: OID) throws(CommandError) -> OID {
    guard passes() else { throw death }
    return world.objects.tree(of: commit)
  }

  func isAncestor(_ commit: OID, of tip: OID) throws(CommandError) -> Bool {
    guard passes() else { throw death }
    return machine.clone.hasCommit(commit) && world.objects.isAncestor(commit, of: tip)
  }

  func createBranches(
    _ wanted: [(branch: String, commit: OID)]
  ) throws(CommandError) -> Set<String> { [] }

  func createBranch(_ branch: String, at commit: OID) throws(CommandError) -> String? {
    guard passes() else { throw death }
    if machine.clone.branch == nil {
      guard machine.clone.hasCommit(commit) else { return "the commit is not here" }
      machine.clone.branch = commit
      if hasRemote { world.checkFollows(machine.clone, from: nil) }
    }
    guard passes() else { throw death }
    return nil
  }

  func requestMove(
    of ref: String, from old: OID, to new: OID, isOwn: Bool, unless objection: () -> String?
  ) throws(CommandError) -> String? {
    guard passes() else { throw death }
    guard ref == World.intoRef else {
      if world.base == old { world.base = new }
      return nil
    }
    if !hasRemote, let objection = world.objection(to: new, from: old) { return objection }
    let isFaulty = world.strikes(world.faults.denied)
    if isFaulty, world.chance.draw(0...1) == 0 { return "error: simulated" }
    var isMoved = false
    var refused: String?
    world.recoverLock(of: machine.clone, isOwn: isOwn)
    let isHeld = world.holdBranch(by: self) {
      // It may stop, or die, while it holds the branch.
      refused = objection()
      if refused == nil, passes() { isMoved = world.moveBranch(of: machine.clone, to: new, from: old) }
    }
    if !isHeld { return "error: the branch is locked" }
    if let refused { return refused }
    guard passes() else { throw death }
    return isMoved && !isFaulty ? nil : "error: the branch is elsewhere"
  }

  func history(
    of migration: MigrationState, to tip: OID
  ) throws(CommandError) -> [BranchCommit] {
    guard passes() else { throw death }
    var commits: [OID] = []
    var next: OID? = tip
    while let oid = next {
      commits.append(oid)
      next = oid == migration.start.oid ? nil : world.objects.commit(oid).parents.first
    }
    return commits.reversed().map { BranchCommit(commit: $0, subject: "commit \($0.number)", isEnd: true) }
  }

  func requireForward(_ migration: MigrationState, to tip: OID) throws(CommandError) {
    guard passes() else { throw death }
    guard world.objects.isAncestor(world.base, of: tip) else {
      throw CommandError("the base has moved", exitCode: .no)
    }
  }

  func isMissing(branch: String, otherwise: String?) -> CommandError {
    CommandError("there is no branch '\(branch)' here", exitCode: .no)
  }

  func obstacle(toMoving ref: String, isOwn: Bool) throws(CommandError) -> String? {
    guard passes() else { throw death }
    world.recoverLock(of: machine.clone, isOwn: isOwn)
    if machine.clone.isBranchHeld { return "the branch is locked" }
    return world.strikes(world.faults.obstacle) ? "somebody has changes there" : nil
  }

  func obstacle(
    toMoving ref: String, from old: OID, toTree new: OID
  ) throws(CommandError) -> String? {
    if let file = machine.clone.changedFile,
      world.objects.files(world.objects.tree(of: old))[file] != world.objects.files(new)[file]
    {
      return "file-\(file) is changed where the branch is checked out"
    }
    return try obstacle(toMoving: ref, isOwn: true)
  }

  func holdStill(
    _ ref: String, at tip: OID, isOwn: Bool, _ body: () throws(CommandError) -> Void
  ) throws(CommandError) -> String? {
    guard passes() else { throw death }
    world.recoverLock(of: machine.clone, isOwn: isOwn)
    guard machine.clone.branch == tip else { return nil }
    var failure: CommandError?
    let isHeld = world.holdBranch(by: self) {
      do throws(CommandError) { try body() } catch { failure = error }
    }
    if let failure { throw failure }
    guard passes() else { throw death }
    return isHeld ? nil : "the branch is locked"
  }

  // MARK: Work

  /// There is no configuration of git's that could name a command, and no file that somebody could replace.
  func requireApprovedCommands() throws(CommandError) {}
  func requirePlainPlaces() throws(CommandError) {}
  func takeOddPlaces() -> [String] { [] }
  /// Nothing is said, and no log keeps what became of an attempt.
  func keepWords(of attempt: any Attempt) throws(CommandError) {}
  func facts(ofLost fence: Fence, in migration: MigrationState) -> [JSON.Member] { [] }
  /// Nobody is asked.
  func approveExpansion(of state: MigrationState, in newest: State) throws(CommandError) {}

  func requireTrust(_ state: MigrationState) throws(CommandError) {
    guard world.unapproved.contains(state.planNumber) else { return }
    var error = CommandError("plan \(state.planNumber) has not been approved")
    error.waitsForUser = true
    throw error
  }

  func isFree(slot: String) -> Bool {
    guard let known = machine.slots[slot] else { return true }
    if known.isUnusable { return false }
    if known.isClosed { return true }
    return isProvablyDead(known.owner) && known.busyUntil.map { $0 <= world.now } ?? false
  }

  func begin(_ held: HeldStep) throws(CommandError) -> any Attempt {
    guard passes() else { throw death }
    let slot = held.claim.slot ?? ""
    try requireWhole(held.claim.base.oid)
    if world.unapproved.contains(held.planNumber) {
      world.fail("I-20", "'\(held.step.id)' is begun by plan \(held.planNumber), which nobody has approved")
    }
    if world.strikes(world.faults.setup) { throw CommandError("the worktree cannot be made") }
    if let known = machine.slots[slot], !known.isClosed, known.busyUntil.map({ $0 > world.now }) ?? true {
      world.fail("I-25", "\(held.claim.fence) is given \(slot), in which \(known.fence) may still write")
    }
    if machine.slots[slot]?.isLittered == true {
      // What the worker before left there is moved away; this step does not hear of it.
      machine.moveAway(slot, isStuck: world.strikes(world.faults.stuckSlot))
    }
    if machine.slots[slot]?.isUnusable == true { throw CommandError.givenUp(slot: slot, "it is stuck") }
    let attempt = SimulatedAttempt(world: world, machine: machine, held: held, slot: slot)
    machine.slots[slot] = Machine.Slot(
      migration: held.migration, fence: held.claim.fence, owner: owner, busyUntil: attempt.endsAt,
      isLittered: attempt.leavesLitter)
    children.append(attempt)
    guard passes() else { throw death }
    return attempt
  }

  /// Somebody is at work there: what lies there now is one thing or another.
  func tried(_ claim: WorkerClaim) throws(CommandError) -> TriedContent {
    guard passes() else { throw death }
    var files = world.objects.files(world.objects.tree(of: claim.lease.base.oid))
    let roll = world.chance.draw(0...3)
    if roll == 3 { return .refused(Migration.Failure(kind: .nested, reason: "a repository lies in it")) }
    if roll > 0 { files[0] = world.freshVersion(isGood: roll == 1) }
    return .tree(world.objects.tree(files))
  }

  func collect(_ attempt: any Attempt) throws(CommandError) -> any Collecting {
    guard passes() else { throw death }
    guard let attempt = attempt as? SimulatedAttempt else { throw CommandError("not simulated") }
    if world.strikes(world.faults.collect) { throw CommandError("the disk is full") }
    let content = attempt.content()
    guard passes() else { throw death }
    return Collected(content)
  }

  /// The moved base brings something that a step is for, now and then.
  func expandedAgain(_ state: MigrationState) throws(CommandError) -> ExpandedAgain? {
    guard passes() else { throw death }
    if world.strikes(world.faults.setup) { throw CommandError("the files cannot be listed") }
    var plan = state.plan
    plan.steps.removeLast(state.keptCount)
    let id = "S\(world.chance.draw(81...99))"
    guard world.strikes(world.faults.foreignPlan), state.index(of: id) == nil else { return nil }
    plan.steps.append(PlannedStep(id: id))
    return ExpandedAgain(plan: plan, bytes: [])
  }

  func close(slot: String, migration: String, fence: Fence) throws(CommandError) {
    guard passes() else { throw death }
    guard machine.slots[slot]?.fence == fence else { return }
    machine.slots[slot]?.isClosed = true
  }

  // MARK: Gate

  func candidate(
    of submission: Submission, _ fence: Fence, _ migration: MigrationState, on place: Candidate.Place?
  ) throws(CommandError) -> Candidate.Outcome {
    guard passes() else { throw death }
    let clone = machine.clone
    if !clone.hasCommit(submission.result.commit.oid) {
      try reporting { try ledger.fetchAttempt(migration.name, fence) }
    }
    guard let tip = place?.tip ?? clone.branch else { throw CommandError("the integration branch is gone") }
    try requireWhole(tip)
    for commit in [submission.result.commit.oid, submission.base.oid] where !clone.hasCommit(commit) {
      return .unusable("the commit \(commit.number) is not here")
    }
    let tipTree = world.objects.tree(of: tip)
    let merged = world.objects.merge(
      base: world.objects.tree(of: submission.base.oid), ours: tipTree, theirs: submission.result.tree.oid)
    guard let tree = merged.tree else { return .conflicts(merged.conflicts.map { "file-\($0)" }) }
    let base = migration.base(takenInBy: fence.step)?.oid
    let isNothing = tree == tipTree && base.map { world.objects.isAncestor($0, of: tip) } ?? true
    if let base { clone.learn(commit: base, world) }
    let commit = isNothing ? tip : world.objects.commit(tree, parents: [tip] + (base.map { [$0] } ?? []))
    clone.addCommit(commit)
    guard passes() else { throw death }
    return .made(Candidate(tip: tip, tipTree: tipTree, tree: tree, commit: commit))
  }

  func changes(
    to paths: [String], after base: OID, upTo tip: OID, limit: Int
  ) throws(CommandError) -> [OtherSide] {
    guard passes() else { throw death }
    return []
  }

  func patch(of submission: Submission, limit: Int) throws(CommandError) -> String {
    guard passes() else { throw death }
    return "tree \(submission.result.tree.oid.number)"
  }

  func refreshed(
    _ migration: MigrationState, from tip: OID, with base: OID
  ) throws(CommandError) -> Candidate.Outcome {
    guard passes() else { throw death }
    guard let before = world.objects.mergeBase(tip, base) else { throw CommandError("nothing in common") }
    machine.clone.learn(commit: base, world)
    let tipTree = world.objects.tree(of: tip)
    let merged = world.objects.merge(
      base: world.objects.tree(of: before), ours: tipTree, theirs: world.objects.tree(of: base))
    guard let tree = merged.tree else { return .conflicts(merged.conflicts.map { "file-\($0)" }) }
    let commit = world.objects.commit(tree, parents: [tip, base])
    machine.clone.addCommit(commit)
    guard passes() else { throw death }
    return .made(Candidate(tip: tip, tipTree: tipTree, tree: tree, commit: commit))
  }

  func guardFailure(
    _ plan: Plan, _ step: PlannedStep, _ submission: Submission
  ) throws(CommandError) -> Migration.Failure? {
    guard passes() else { throw death }
    guard submission.result.tree.oid.number % 29 == 28, !world.isCalm else { return nil }
    return Migration.Failure(kind: .guardFinding, reason: "a test was removed")
  }

  func outsideCode(_ plan: Plan) -> [String] { [] }

  /// A tree has tests, and no text that could lack them.
  func falsification(of candidate: Candidate) throws(CommandError) -> Falsification? { nil }

  /// What verifiers a machine has is known without asking a program.
  func question(before plan: Plan) throws(CommandError) -> (any Asking)? { nil }

  func touchedTests(from old: OID, to new: OID) throws(CommandError) -> TouchedTests {
    guard passes() else { throw death }
    return TouchedTests()
  }

  func basis(_ plan: Plan, report: (String) -> Void) throws(CommandError) -> VerdictBasis? {
    guard passes() else { throw death }
    if plan.gate.verifiers.isEmpty { return nil }
    return VerdictBasis(sandbox: machine.walls ?? "none", toolchain: machine.toolchain)
  }

  func startGate(
    _ plan: Plan, on commit: OID, for subject: GateSubject
  ) throws(CommandError) -> any GateVerification {
    guard passes() else { throw death }
    try requireWhole(commit)
    if world.strikes(world.faults.setup) { throw CommandError("the worktree of the gate cannot be made") }
    let gate = SimulatedGate(
      world: world, machine: machine, plan: plan, tree: world.objects.tree(of: commit), subject)
    gates.append(gate)
    gatesBegun.append(world.objects.tree(of: commit))
    return gate
  }

  /// Nothing can be checked out of which something is gone.
  private func requireWhole(_ commit: OID) throws(CommandError) {
    guard machine.clone.lost.contains(where: { world.objects.isAncestor($0, of: commit) }) else { return }
    var error = CommandError("an object is missing")
    error.isDamage = true
    throw error
  }

  func startJudge(_ asked: JudgedCase) throws(CommandError) -> any Judging {
    guard passes() else { throw death }
    try requireWhole(asked.candidate.commit)
    if world.strikes(world.faults.setup) { throw CommandError("the worktree of the gate cannot be made") }
    return SimulatedJudge(world: world, tree: asked.candidate.tree)
  }

  func startCount(_ state: MigrationState, on commit: OID) throws(CommandError) -> (any Counting)? {
    guard passes() else { throw death }
    try requireWhole(commit)
    if world.strikes(world.faults.setup) { throw CommandError("the worktree of the gate cannot be made") }
    return SimulatedCount(world: world, tree: world.objects.tree(of: commit))
  }

  // MARK: Upkeep

  var foldBatch: Int { 2 }

  func packObjects(of migration: MigrationState) throws(CommandError) {}

  /// What an archive keeps is of no more use to a run: the results of finished steps go, here and there.
  func foldAttempts(
    of migration: MigrationState, isOver: Bool, report: (String) -> Void
  ) throws(CommandError) {
    guard passes() else { throw death }
    var refs: [(ref: String, commit: OID)] = []
    for step in migration.steps where step.phase.isTerminal && step.epoch > 0 {
      for epoch in 1...step.epoch {
        let ref = LedgerRefs.attempt(migration.name, Fence(step: step.id, epoch: epoch))
        if let commit = machine.clone.attempts[ref] { refs.append((ref, commit)) }
      }
    }
    if !refs.isEmpty { _ = try reporting { try ledger.remote?.delete(refs) } }
    for (ref, _) in refs {
      guard passes() else { throw death }
      machine.clone.attempts[ref] = nil
    }
  }

  // MARK: Processes

  func isProvablyDead(_ owner: Owner) -> Bool {
    owner.pid > 0 && owner.machine == machine.name && owner.pid != machine.process?.owner.pid
      && world.isGone(owner)
  }

  // MARK: Sharing

  var hasRemote: Bool { ledger.remote != nil }
  func sharedTip(of ref: String) throws(CommandError) -> OID? {
    try reporting { try ledger.remote?.knownTip(ofBranch: ref) }
  }
  func bring(_ ref: String) throws(CommandError) {
    _ = try reporting { try ledger.remote?.fetch(branches: [ref]) }
  }
  func synchronize() throws(CommandError) { _ = try reporting { try ledger.synchronize() } }
  func putBack(_ ref: String, at commit: OID) throws(CommandError) -> String? {
    let update = GitProgram.PushUpdate(ref: ref, to: commit, from: nil)
    guard case .won? = try reporting({ try ledger.remote?.push([update]) }) else {
      return "the branch is gone"
    }
    return nil
  }
  func announceBranches() throws(CommandError) {}
}
