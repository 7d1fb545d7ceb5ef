import Draws
import Forges
import Git
import Ledger
import Migration
import Runner
import Site

/// The branches that people look at, and the forge above them: where what was done stays done.
struct PublicPlace {
  var branches: [String: OID] = [:]
  var requests: [PullRequest] = []
  /// The branch of each, by its number.
  var heads: [Int: String] = [:]
  /// The branches on which people have committed.
  var taken: Set<String> = []
  /// Those that were ever ours.
  var ours: Set<String> = []
  /// The commits of units: the same work gives the same one.
  var built: [String: OID] = [:]
  /// How many were ever opened, and how often somebody published.
  var (opened, runs) = (0, 0)
}

/// `git migrate publish` in the simulated world: the publisher is the real one.
final class SimulatedPublishing: PublishingWorld, Forge {
  private let world: World
  private let process: Process
  let host = "forge.test"

  init(world: World, process: Process) { (self.world, self.process) = (world, process) }

  private static let dead = PublishError("the process is dead")

  /// Does what is due, as one run of the command does.
  func run() {
    world.published.runs += 1
    world.note("\(process.actor) publishes")
    let publisher = Publisher(self, forge: self, base: "main")
    do throws(PublishError) { try publisher.run() } catch {
      world.note("  publishing ends: \(error)")
    }
  }

  private func alive() throws(PublishError) {
    guard process.passes() else { throw Self.dead }
  }

  // MARK: The ledger

  func state() throws(PublishError) -> MigrationState {
    do throws(LedgerError) {
      if let found = try process.events.read().state.migration(named: World.migration) { return found }
    } catch { throw PublishError("\(error)") }
    throw PublishError("there is no migration")
  }

  func now() -> Timestamp {
    let last = (try? process.events.read())?.state.at ?? Timestamp(milliseconds: 0)
    return max(process.clock.now(), last)
  }

  func moment() -> WeekMoment { WeekMoment(now(), offset: 0) }

  func record(_ change: Migration.Change) throws(PublishError) -> Refusal? {
    let name = change.isOfNone ? FormatVersion.everyMigration : World.migration
    do throws(CommandError) {
      let recorded = try Interpreter(in: process).append([Proposal(name, change)], by: process.actor)
      guard case .refused(let refusal) = recorded else { return nil }
      return refusal
    } catch { throw PublishError(error.message) }
  }

  var claim: (holder: String, owner: Owner) { (process.actor, process.owner) }
  func isDead(_ owner: Owner) -> Bool { process.isProvablyDead(owner) }

  // MARK: The units

  func units(_ state: MigrationState) throws(PublishError) -> [ProposedUnit] {
    let merged = state.steps.compactMap { step -> MergedStep? in
      guard case .merged(let commit?) = step.phase else { return nil }
      return MergedStep(step: step.id, commit: commit, files: ["\(step.id.suffix(1))/\(step.id)"])
    }
    return state.proposedUnits(merged, owners: nil)
  }

  func build(_ unit: ProposedUnit, _ state: MigrationState) throws(PublishError) -> BuiltUnit {
    if unit.steps.isEmpty { return .commit(state.tip) }
    let head = state.publications[unit.unit]?.head
    let key = "\(unit.unit) \(unit.steps) \(head?.hex ?? "")"
    let commit =
      world.published.built[key]
      ?? world.objects.commit(world.objects.tree(of: world.base), parents: [head?.oid ?? world.base])
    world.published.built[key] = commit
    process.machine.clone.addCommit(commit)
    return .commit(commit.id)
  }

  func words(
    _ unit: ProposedUnit, _ state: MigrationState
  ) throws(PublishError) -> (title: String, body: String) {
    ("\(unit.unit), \(unit.steps.count)", "steps \(unit.steps)")
  }

  // MARK: The branches

  func tip(of branch: String) throws(PublishError) -> ObjectID? {
    try alive()
    if world.strikes(world.faults.drop) { throw PublishError("the connection was refused") }
    return world.published.branches[branch]?.id
  }

  func push(_ branch: String, from old: ObjectID?, to new: ObjectID) throws(PublishError) -> PushedBranch {
    try alive()
    if world.strikes(world.faults.drop) { return .rejected("the connection was refused") }
    let found = world.published.branches[branch]
    // As git does: what is there already is up to date, whatever was expected.
    if found?.id == new { return .moved }
    guard found?.id == old else { return .stale }
    if world.published.taken.contains(branch) {
      world.fail("PUB-2", "'\(branch)' is people's, and is moved from under them")
    }
    if let found, !world.objects.isAncestor(found, of: new.oid) {
      world.fail("PUB-2", "'\(branch)' is moved to where what was there is not any more")
    }
    world.published.branches[branch] = new.oid
    world.published.ours.insert(branch)
    // Somebody there is fast.
    if world.strikes(world.faults.person) { world.commitThere(on: branch) }
    try alive()
    return world.strikes(world.faults.cut) ? .rejected("the remote end hung up") : .moved
  }

  func contains(_ tip: ObjectID, _ commit: ObjectID, branch: String) throws(PublishError) -> Bool {
    try alive()
    return world.objects.isAncestor(commit.oid, of: tip.oid)
  }

  func has(_ commit: ObjectID) throws(PublishError) -> Bool {
    process.machine.clone.hasCommit(commit.oid)
  }

  func merge(of commit: ObjectID, _ state: MigrationState) throws(PublishError) -> ObjectID? { nil }
  func failures(in log: FailedLog) -> [String] { [] }
  func wait(seconds: Int) { process.lingers(milliseconds: Int64(seconds) * 1000) }
  func tell(_ line: String) { world.note("  \(line)") }

  // MARK: The forge

  /// A call of it, which may not arrive, or whose answer may not.
  private func call<Value>(_ body: () throws(ForgeError) -> Value) throws(ForgeError) -> Value {
    guard process.passes() else { throw .unknown("the process is dead") }
    if world.strikes(world.faults.drop) { throw .unknown("the connection was refused") }
    if world.strikes(world.faults.refused) { throw .rests(seconds: 30, reason: "too much") }
    let value = try body()
    guard process.passes() else { throw .unknown("the process is dead") }
    if world.strikes(world.faults.cut) { throw .unknown("the answer did not arrive") }
    return value
  }

  private func index(_ number: Int) throws(ForgeError) -> Int {
    guard let index = world.published.requests.firstIndex(where: { $0.number == number }) else {
      throw .refused(status: 404, "there is no #\(number)")
    }
    return index
  }

  func find(branch: String) throws(ForgeError) -> PullRequest? {
    try call { () throws(ForgeError) in
      ForgePlace.first(world.published.requests.filter { world.published.heads[$0.number] == branch })
    }
  }

  func create(_ draft: PullRequestDraft) throws(ForgeError) -> PullRequest {
    try call { () throws(ForgeError) in
      // A process that stood still looks at its clock before it sends.
      if let late = draft.notAfter, now() > late { throw .late }
      let others = world.published.requests.filter { world.published.heads[$0.number] == draft.branch }
      if others.contains(where: \.isOpen) { throw .exists }
      if !others.isEmpty { world.fail("PUB-1", "a second pull request of '\(draft.branch)' is opened") }
      guard world.published.branches[draft.branch] != nil else {
        if !world.published.taken.contains(draft.branch) {
          world.fail("PUB-1", "a pull request of '\(draft.branch)', which is not there")
        }
        throw .refused(status: 422, "head is invalid")
      }
      world.published.opened += 1
      let request = PullRequest(
        number: world.published.opened, url: nil, state: draft.isDraft ? .draft : .open, body: draft.body)
      world.published.requests.append(request)
      world.published.heads[request.number] = draft.branch
      return request
    }
  }

  func setText(title: String?, body: String, of number: Int) throws(ForgeError) {
    try call { () throws(ForgeError) in
      let index = try index(number)
      world.published.requests[index].body = body
    }
  }

  func makeReady(_ number: Int) throws(ForgeError) {
    try call { () throws(ForgeError) in
      let index = try index(number)
      if world.published.requests[index].state == .draft { world.published.requests[index].state = .open }
    }
  }

  func addLabels(_ labels: [String], to number: Int) throws(ForgeError) {}
  func ask(_ reviewers: [String], about number: Int) throws(ForgeError) {}
  func failedLogs(of number: Int, at head: ObjectID) throws(ForgeError) -> [FailedLog] { [] }

  func look(_ number: Int) throws(ForgeError) -> ForgeSight {
    try call { () throws(ForgeError) in
      let request = world.published.requests[try index(number)]
      let head = world.published.heads[number].flatMap { world.published.branches[$0] }
      return ForgeSight(PublicationSight(state: request.state.rawValue, head: head?.id), body: request.body)
    }
  }
}

extension World {
  /// People do something with what they are offered: merge it, close it, or commit on its branch.
  func letReviewerAct() {
    let open = published.requests.indices.filter { published.requests[$0].isOpen }
    guard !open.isEmpty else { return }
    let index = chance.pick(Array(open))
    switch chance.draw(0...3) {
    case 0: published.requests[index].state = .closed
    case 1: published.requests[index].state = .merged
    case 2:
      guard let branch = published.heads[published.requests[index].number] else { return }
      commitThere(on: branch)
    default: return
    }
    note("a reviewer has done something with #\(published.requests[index].number)")
  }

  /// People commit on a branch, which is theirs from then on.
  func commitThere(on branch: String) {
    guard let tip = published.branches[branch] else { return }
    published.branches[branch] = objects.commit(objects.tree(of: tip), parents: [tip])
    published.taken.insert(branch)
    note("somebody commits on '\(branch)'")
  }

  /// People in a fleet's target do what they like with the branch, also before anything is offered: make it
  /// themselves, commit on it, take it away, or put something else in its place.
  func letTargetActOn(_ branch: String) {
    guard let tip = published.branches[branch] else {
      published.branches[branch] = objects.commit(objects.tree(of: base), parents: [base])
      published.taken.insert(branch)
      return note("somebody makes '\(branch)'")
    }
    switch chance.draw(0...2) {
    case 0: commitThere(on: branch)
    case 1:
      published.branches[branch] = nil
      // That nobody wants ours is people's word; that theirs is gone leaves nothing to keep.
      if published.ours.contains(branch) {
        published.taken.insert(branch)
      } else {
        published.taken.remove(branch)
      }
      for index in published.requests.indices
      where published.requests[index].isOpen && published.heads[published.requests[index].number] == branch {
        published.requests[index].state = .closed
      }
      note("somebody takes '\(branch)' away")
    default:
      published.branches[branch] = objects.commit(objects.tree(of: tip), parents: [base])
      published.taken.insert(branch)
      note("somebody puts something else at '\(branch)'")
    }
  }

  /// PUB: once nothing is in the way, what is offered is where the ledger says, each unit once, and what
  /// people have ended or taken is theirs.
  func checkPublished() {
    let looking = Person(world: self)
    defer { looking.process.end() }
    guard let ledger = (try? looking.process.events.read())?.state,
      let state = ledger.migration(named: World.migration),
      state.plan.publish != nil, !state.phase.isTerminal, !isOver
    else { return }
    // A clock that was ahead has left its time in the ledger, from which a rate is counted.
    now += max(0, ledger.at.milliseconds - looking.process.clock.now().milliseconds)
    for _ in 0..<6 {
      let person = Person(world: self)
      try? person.process.synchronize()
      SimulatedPublishing(world: self, process: person.process).run()
      person.process.end()
      // A claim of who died lapses, and so does what a forge has asked for.
      now += 7_200_000
    }
    let person = Person(world: self)
    defer { person.process.end() }
    try? person.process.synchronize()
    let publishing = SimulatedPublishing(world: self, process: person.process)
    guard let end = try? publishing.state(), let units = try? publishing.units(end) else { return }
    for unit in units {
      let known = end.publications[unit.unit]
      let branch = end.publishedBranch(of: unit.unit)
      switch end.standing(of: unit, at: publishing.now(), publishing.moment()) {
      case .waits, .people: continue
      case .ended:
        if published.requests.contains(where: { published.heads[$0.number] == branch && $0.isOpen }) {
          fail("PUB-1", "'\(unit.unit)' has ended, and is open")
        }
      case .look:
        // What people committed there before it was looked at first is what was seen.
        let tip = published.branches[branch]?.id
        if tip != known?.head, tip != known?.seen?.head {
          fail("PUB-2", "'\(branch)' is not where the ledger has it")
        }
        if known?.request.map({ published.heads[$0.number] }) != branch {
          fail("PUB-1", "'\(unit.unit)' has no pull request of its own")
        }
      case .settle, .push, .open, .fix, .ready, .later:
        fail("PUB-3", "'\(unit.unit)' does not come to be offered: \(known?.word ?? "nothing")")
      }
    }
  }
}
