import CanonicalJSON
import Git
import Glibc
import Ledger
import Migration
import Runner
import Site
import Supervision
import System

/// A clone and a bare server that has nothing but the `pre-receive` hook: the ledger and the branch of a
/// migration with one merged step, in both. What a pusher can make by hand is made here by hand.
final class TamperWorld {
  let world: HookWorld
  /// The processor time that each program of a push may take, in seconds.
  var processorSeconds = 600
  static let ledger = Ledger.ref
  static let into = "refs/heads/migrate/logging"
  static let attempt = "refs/migrate/attempt/logging/S1/1"
  static let owner = Owner(machine: "m", boot: "b", pid: 7, startTicks: 7)

  /// Made once; each test works on a copy.
  nonisolated(unsafe) private static let template: HookWorld? = try? makeTemplate()

  private static func makeTemplate() throws -> HookWorld {
    let world = try HookWorld()
    try world.makeRepository()
    try world.start()
    try world.git(".", "init", "-q", "--bare", "server.git")
    let script = try Files.readFile(
      Files.parent(of: Files.parent(of: Files.parent(of: #filePath))) + "/hooks/hook")
    try Files.writeAtomically(world.path("server.git/hooks/pre-receive"), script ?? [], mode: 0o755)
    let (old, new) = try world.intendMerge("S1")
    try world.git("repo", "update-ref", into, new, old)
    try world.recordMerge("S1", new)
    try world.git("repo", "update-ref", attempt, new)
    let push = try world.git("repo", "push", "-q", "../server.git", "main", ledger, into, attempt)
    guard push.isSuccess else { throw HookWorld.Stop(reason: push.errors) }
    return world
  }

  init() throws {
    guard let template = Self.template else { throw HookWorld.Stop(reason: "the template was not made") }
    world = try HookWorld()
    let copy = try world.git(".", "-c", "alias.copy=!cp -a", "copy", template.directory + "/.", ".")
    guard copy.isSuccess else { throw HookWorld.Stop(reason: copy.errors) }
  }

  /// Every ref of the server, symbolic ones and the files themselves included.
  func serverRefs() throws -> String {
    try world.git("server.git", "for-each-ref", "--format=%(refname) %(objectname) %(symref)").text
      + world.git("server.git", "symbolic-ref", "HEAD").text
      + world.git(
        "server.git", "-c", "alias.files=!find refs packed-refs -type f 2>/dev/null | sort", "files"
      )
      .text
  }

  func push(_ arguments: [String]) throws -> HookWorld.Ran {
    let command = Command(
      "sh",
      ["-c", "ulimit -t \(processorSeconds) && exec git push --no-verify ../server.git \"$@\"", "sh"]
        + arguments,
      environment: world.environment, directory: world.path("repo"))
    let outcome = try command.run()
    guard case .exited(let code) = outcome.status else { throw HookWorld.Stop(reason: "\(outcome.status)") }
    return HookWorld.Ran(code: code, text: outcome.text, errors: outcome.errorText)
  }

  // MARK: Reading

  func git(_ arguments: [String], input: [UInt8]? = nil, adding: [String: String] = [:]) throws -> String {
    var command = Command(
      "git", arguments, environment: world.environment.merging(adding) { $1 }, directory: world.path("repo"))
    command.input = input
    let outcome = try command.run()
    guard outcome.status.isSuccess else { throw HookWorld.Stop(reason: "\(arguments): \(outcome.errorText)") }
    return outcome.text.hasSuffix("\n") ? String(outcome.text.dropLast()) : outcome.text
  }

  func git(_ arguments: String...) throws -> String { try git(arguments) }

  func tip() throws -> String { try git("rev-parse", Ledger.ref) }
  func branch() throws -> String { try git("rev-parse", Self.into) }

  func id(_ hex: String) throws -> ObjectID {
    guard let id = ObjectID(hex) else { throw HookWorld.Stop(reason: "'\(hex)' is no object") }
    return id
  }

  /// A commit that adds a file to the integration branch's tip, or to another commit.
  func work(_ text: String = "work\n", on parent: String? = nil) throws -> (commit: String, tree: String) {
    let parent = try parent ?? branch()
    let blob = try git(["hash-object", "-w", "--stdin"], input: Array(text.utf8))
    let tree = try git(["mktree"], input: Array("100644 blob \(blob)\tREADME\n".utf8))
    return (try git("commit-tree", tree, "-p", parent, "-m", "work"), tree)
  }

  // MARK: Legal entries

  /// Appends a change as git-migrate does, and names the entry.
  @discardableResult
  func append(_ change: Migration.Change, planText: [UInt8]? = nil, migration: String = "logging") throws
    -> String
  {
    let ledger = Ledger(
      repository: try world.site().repository, clock: Fixed(time: SystemClock().now()))
    let outcome = try ledger.append([Proposal(migration, change, planText: planText)], by: "w")
    guard case .won = outcome else { throw HookWorld.Stop(reason: "\(outcome)") }
    return try tip()
  }

  struct Fixed: WallClock {
    var time: Timestamp
    func now() -> Timestamp { time }
  }

  func appendAt(_ time: Timestamp, _ change: Migration.Change) throws {
    let ledger = Ledger(repository: try world.site().repository, clock: Fixed(time: time))
    _ = try ledger.append([Proposal("logging", change)], by: "w")
  }

  var soon: Timestamp { SystemClock().now().adding(seconds: 600) }

  func claim(
    _ step: String, _ epoch: Int, by holder: String = "w", until end: Timestamp? = nil, slot: String? = nil,
    owner: Owner = TamperWorld.owner
  ) throws -> Migration.Change {
    .stepClaimed(
      Claim(
        fence: Fence(step: step, epoch: epoch), holder: holder, owner: owner, base: try id(branch()),
        expiresAt: end ?? soon, slot: slot))
  }

  /// Moves a ref of the clone, past everything.
  func set(_ ref: String, _ oid: String) throws {
    try world.write("repo/.git/\(ref)", oid + "\n")
  }

  /// Leaves an empty file that is so many seconds old.
  func leave(_ name: String, age: Int) throws {
    try world.write(name, "")
    let old = time(nil) - age
    var times = [timespec(tv_sec: old, tv_nsec: 0), timespec(tv_sec: old, tv_nsec: 0)]
    guard utimensat(AT_FDCWD, world.path(name), &times, 0) == 0 else { throw HookWorld.Stop(reason: name) }
  }

  func submit(_ step: String, _ epoch: Int, _ work: (commit: String, tree: String)) throws -> Migration.Change
  {
    .stepSubmitted(
      Fence(step: step, epoch: epoch),
      Submission.Result(commit: try id(work.commit), tree: try id(work.tree), isNoOp: false))
  }

  func gate(_ step: String, _ tree: String) throws -> Migration.Change {
    .gateStarted(
      Fence(step: step, epoch: 1),
      GateStart(
        gate: 1, holder: "w", owner: Self.owner, expiresAt: soon, tip: try id(branch()), tree: try id(tree)))
  }

  func verdict(_ step: String, _ tree: String, verifiers: String? = nil) throws -> Migration.Change {
    .gateFinished(
      Fence(step: step, epoch: 1),
      GateReport(
        gate: 1, tree: try id(tree), verifiers: verifiers ?? HookWorld.plan.verifierDigest, verdict: .passed,
        failure: nil, isNoChange: false))
  }

  func intent(_ step: String, to new: String, _ tree: String) throws -> Migration.Change {
    .mergeIntended(
      Fence(step: step, epoch: 1),
      MergeTarget(
        gate: 1, old: try id(branch()), new: try id(new), tree: try id(tree), owner: Self.owner,
        expiresAt: soon))
  }

  func merged(_ step: String, _ commit: String) throws -> Migration.Change {
    .stepMerged(Fence(step: step, epoch: 1), commit: try id(commit))
  }

  /// Leads S2 through all entries up to its merge as `commit` with the tree that the gate passed.
  func merge(_ commit: String, passed tree: String) throws {
    try append(claim("S2", 1))
    try append(submit("S2", 1, (commit, tree)))
    try append(gate("S2", tree))
    try append(verdict("S2", tree))
    try append(intent("S2", to: commit, tree))
    try append(merged("S2", commit))
  }

  /// A legal amendment: an entry with a tree of its own.
  @discardableResult
  func amend(_ text: String = "plan 2", steps: [PlannedStep] = []) throws -> String {
    var plan = HookWorld.plan
    plan.steps += steps
    return try append(
      .planAmended(
        PlanAmendment(
          plan: plan, number: 2, digest: SHA256.hexDigest(of: Array(text.utf8)))),
      planText: Array(text.utf8))
  }

  // MARK: Illegal entries

  /// An entry of any event, written in the form that git-migrate writes, without asking `decide`.
  @discardableResult
  func forge(
    _ change: Migration.Change, at: Timestamp? = nil, sequence: Int? = nil, nonce: String? = nil,
    parents: [String]? = nil, by author: String = "w"
  ) throws -> String {
    let seen = try world.site().ledger.read()
    let event = Event(
      migration: "logging", at: at ?? max(SystemClock().now(), seen.state.at), by: author, change: change)
    let entry = Entry(
      sequence: sequence ?? seen.sequence + 1, nonce: nonce ?? SystemRandomness().nonce(), event: event)
    var text = "tree \(try git("rev-parse", Ledger.ref + "^{tree}"))\n"
    for parent in try parents ?? [tip()] { text += "parent \(parent)\n" }
    for word in ["author", "committer"] {
      text += "\(word) git-migrate <git-migrate@localhost> \(event.at.seconds) +0000\n"
    }
    text += "\n\(event.sentence)\n\n\(entry.json.canonical)\n"
    return try write("commit", Array(text.utf8))
  }

  func write(_ kind: String, _ bytes: [UInt8]) throws -> String {
    try git(["hash-object", "-t", kind, "-w", "--stdin", "--literally"], input: bytes)
  }

  /// The entry with texts in its commit replaced.
  func edit(_ entry: String, _ changes: (String, String)...) throws -> String {
    var text = try git("cat-file", "commit", entry) + "\n"
    for (old, new) in changes {
      guard let range = text.firstRange(of: old) else {
        throw HookWorld.Stop(reason: "no '\(old)' in \(text)")
      }
      text.replaceSubrange(range, with: new)
    }
    return try write("commit", Array(text.utf8))
  }

  /// The entry with another tree.
  func edit(_ entry: String, tree: String) throws -> String {
    try edit(entry, (try git("rev-parse", entry + "^{tree}"), tree))
  }

  /// The tree of an entry with one path changed; lines are those of `git update-index --index-info`.
  func tree(of entry: String, _ lines: String) throws -> String {
    let index = ["GIT_INDEX_FILE": world.path("index")]
    _ = try git(["read-tree", entry], adding: index)
    _ = try git(["update-index", "--index-info"], input: Array(lines.utf8), adding: index)
    return try git(["write-tree"], adding: index)
  }

  func blob(_ text: String) throws -> String {
    try git(["hash-object", "-w", "--stdin"], input: Array(text.utf8))
  }
}
