import Draws
import Git
import Ledger
import Migration
import Runner
import Site

/// Something that must never happen, and did.
package struct Violation: Error, Equatable, CustomStringConvertible {
  /// The rule's number in INVARIANTS.
  package var rule: String
  /// What was seen.
  package var message: String

  package var description: String { "\(rule): \(message)" }
}

/// How much happened in a seed, so that a run with too little load is void and not green.
package struct Load: Equatable {
  /// Entries in the ledger.
  package var entries = 0
  /// Rounds of orchestrators.
  package var rounds = 0
  /// Faults that happened.
  package var faults = 0
  /// Merges.
  package var merges = 0
  /// Trains that were judged, and those of them that did not pass whole.
  package var trains = 0
  package var splits = 0
  /// Steps that joined a train while it was judged.
  package var joins = 0
  /// Rests of agents.
  package var rests = 0
  /// Programs that were missing on a machine.
  package var troubles = 0
  package var reused = 0

  static func += (left: inout Load, right: Load) {
    left.entries += right.entries
    left.rounds += right.rounds
    left.faults += right.faults
    left.merges += right.merges
    left.trains += right.trains
    left.splits += right.splits
    left.joins += right.joins
    left.rests += right.rests
    left.troubles += right.troubles
    left.reused += right.reused
  }
}

/// Everything outside of the orchestrators: time, the shared ledger, the repository, workers and verifiers.
final class World {
  /// Called as the migration of a fleet in one of its targets is, which some are.
  static let migration = "guava.app"
  static let intoRef = "refs/heads/" + Plan(migration: migration).into
  static let ledgerKind: UInt32 = 1
  /// How often a process may touch the world in one round, and all of them once the faults have stopped: many
  /// times what any needs, so that one that goes round for ever is seen.
  static let roundLimit = 100_000
  static let calmLimit = 1_000_000
  /// How often processes touch the world before the faults stop, whatever was drawn: where each waits for the
  /// next, and a person comes by seldom, a seed would go on for hours and show nothing new.
  static let troubleLimit = 400_000

  /// An entry as it is stored: nobody can change it any more.
  struct Node {
    var entry: Entry
    var parent: OID?
    /// The ledger up to it, as its writer saw it.
    var snapshot: LedgerSnapshot?
    var isInChain = false
    /// Whether somebody was told that it is not in the ledger, and never will be.
    var isDenied = false
  }

  var chance: Chance
  var faults: Faults
  /// Whether the faults have stopped.
  var isCalm = false
  /// Whether entries go through their JSON.
  let writesJSON: Bool
  /// Whether every process folds the chain for itself, from what it has read.
  let foldsAlone: Bool
  /// Whether the repository has our hooks, so that the branch only goes where the ledger lets it.
  let hasHooks: Bool
  /// Whether those who share the ledger take each other's entries along.
  let combines: Bool
  /// True time, in milliseconds.
  var now: Int64 = 1_700_000_000_000
  let begin: Int64 = 1_700_000_000_000
  var machines: [Machine] = []
  var nodes: [Node] = []
  var objects = Objects()
  /// What people are offered.
  var published = PublicPlace()
  /// The repositories in which somebody works; the first is the only one unless there is a server.
  var clones: [Clone]
  /// The repository that a shared ledger is shared through.
  let server: Clone?
  var readOnlyUntil: Int64 = 0
  var late: [Late] = []
  /// Entries that were told to be recorded and that wait for the server, by their nonces.
  var promised: [String: Clone] = [:]
  /// Entries that were told not to be recorded, by their nonces.
  var denied: Set<String> = []
  var base: OID = .zero
  var plans: [Plan] = []
  /// The lists of tests beside the entries, by their digests.
  var lists: [String: [UInt8]] = [:]
  var nextVersion: Int32 = 1
  var audit: Audit
  var load = Load()
  var depth = 0
  /// The numbers of the plans that nobody has approved to run commands.
  var unapproved: Set<Int> = []
  /// For how many rounds a person has had to put something in order, and how many it may be.
  var roundsUnmended = 0
  static let longestUnmended = 2000
  /// What all machines are short of.
  var shortage: Shortage?
  /// How often processes have touched the world since it began, or since the faults have stopped.
  var touches = 0
  /// Whether the faults have gone on for long enough.
  var isTroubledEnough: Bool { !isCalm && touches > World.troubleLimit }
  var processes = 0
  /// The processes that have ended.
  var gone: Set<Int> = []
  /// The commands that are under way.
  var commands: [RunningCommand] = []
  /// Claims of workers outside of any run.
  var outside: [(held: HeldStep, holder: String, clone: Clone)] = []
  /// What happens just before the ledger's ref is moved next.
  var rivals: [() -> Void] = []
  /// What happened, for a person who looks at a failing seed.
  var trace: ((String) -> Void)?
  private(set) var violation: Violation?
  /// Whether something happened that the rules leave to a person.
  private(set) var isLeftToPerson = false
  /// Whether the seed has nothing more to show.
  var isOver: Bool { violation != nil || isLeftToPerson }

  init(seed: UInt64, trace: ((String) -> Void)? = nil) {
    var chance = Chance(run: seed)
    faults = Faults(&chance)
    writesJSON = chance.draw(0...49) == 0
    foldsAlone = writesJSON || chance.draw(0...63) == 0
    hasHooks = chance.draw(0...1) == 1
    let isShared = chance.draw(0...1) == 1
    combines = chance.draw(0...3) != 0
    server = isShared ? Clone(name: "server", isSharing: false) : nil
    clones = [Clone(name: isShared ? "desk" : "here", isSharing: isShared)]
    self.chance = chance
    self.trace = trace
    audit = Audit()
  }

  func fail(_ rule: String, _ message: @autoclosure () -> String) {
    guard !isOver else { return }
    violation = Violation(rule: rule, message: message())
    trace?("VIOLATION \(rule): \(message())")
  }

  /// Whether a machine has seen that the server's branch has a commit.
  func hasSeen(_ commit: OID, _ machine: String) -> Bool {
    guard let seen = machines.first(where: { $0.name == machine })?.clone.knownBranch else { return false }
    return objects.isAncestor(commit, of: seen)
  }

  /// Whoever gives a merge up has looked at the server's branch before; when the server is killed between
  /// that look and the entry, and within the very push of that merge, it has both. Nothing on a git server
  /// holds two refs together: the seed ends here.
  func leaveToPerson() {
    note("a merge was given up while the server was killed within its push")
    isLeftToPerson = true
  }

  func note(_ message: @autoclosure () -> String) { trace?("\(now - begin) \(message())") }

  /// Whether a fault happens here; it is counted.
  func strikes(_ rate: Rate) -> Bool {
    guard !isCalm, chance.hits(rate) else { return false }
    load.faults += 1
    return true
  }

  /// A version of a file that nobody has made before.
  func freshVersion(isGood: Bool) -> Int32 {
    nextVersion += 1
    return isGood ? nextVersion : -nextVersion
  }

  // MARK: The ledger

  /// The entries of the ledger, oldest first.
  var chain: [Node] {
    var list: [Node] = []
    var next = tip
    while let oid = next {
      list.append(node(oid))
      next = node(oid).parent
    }
    return list.reversed()
  }

  func node(_ oid: OID) -> Node { nodes[oid.number] }

  func store(_ entry: Entry, after parent: OID?) -> OID {
    nodes.append(Node(entry: entry, parent: parent))
    return OID(kind: World.ledgerKind, number: nodes.count - 1)
  }

  /// Moves the ledger that counts.
  func append(to new: OID, from old: OID?) {
    var added: [Int] = []
    var next: OID? = new
    while let oid = next, oid != old {
      added.append(oid.number)
      next = node(oid).parent
    }
    if next != old || tip != old {
      fail("I-2", "the ledger was moved to an entry that does not follow its tip")
    }
    authority.tip = new
    for number in added.reversed() {
      nodes[number].isInChain = true
      load.entries += 1
      let entry = nodes[number].entry
      if nodes[number].isDenied || denied.contains(entry.nonce) {
        fail("I-4", "entry \(number) was said not to be written, and is")
      }
      note("\(entry.sequence) \(entry.event.by): \(entry.event.sentence)")
      audit.check(entry, self)
    }
    wakeEnded()
  }

  // MARK: The branch

  /// What the hook says of a move of the integration branch.
  func objection(to new: OID, from old: OID) -> String? {
    guard hasHooks else { return nil }
    return audit.isIntended(old: old, new: new) ? nil : "hook: this move is not intended"
  }

  /// Runs `body` with the lock of the integration branch; says whether it could be had. Who dies meanwhile
  /// may leave the lock.
  func holdBranch(by process: Process, _ body: () -> Void) -> Bool {
    let clone = process.machine.clone
    guard !clone.isBranchHeld else { return false }
    clone.isBranchHeld = true
    body()
    if process.isCrashed, strikes(faults.leftLock) {
      note("\(process.actor) leaves the branch of \(clone.name) locked")
      clone.leaveLock(at: now)
      return true
    }
    clone.isBranchHeld = false
    return true
  }

  /// The one rule of stale locks: on a branch that only git-migrate moves, one that nobody holds is taken
  /// away when it is older than a minute. On one that people share, they do it themselves.
  func recoverLock(of clone: Clone, isOwn: Bool) {
    guard isOwn, let left = clone.lockLeft, now - left > 60_000 else { return }
    note("the lock on the branch of \(clone.name) is taken away")
    clone.removeLeftLock()
  }

  /// Moves the integration branch of a clone, if it is where it is said to be.
  func moveBranch(of clone: Clone, to new: OID, from old: OID) -> Bool {
    guard clone.branch == old else { return false }
    clone.branch = new
    note("branch \(old.number) -> \(new.number) of \(clone.name)")
    if clone === authority {
      audit.checkMove(from: old, to: new, self)
    } else {
      checkFollows(clone, from: old)
    }
    return true
  }

  /// I-22, for a clone of a shared ledger: its branch goes forward, and only where the server's has been.
  func checkFollows(_ clone: Clone, from old: OID?) {
    guard let now = clone.branch else { return }
    if let old, !objects.isAncestor(old, of: now) {
      fail("I-22", "the branch of \(clone.name) goes back to \(now.number)")
    }
    if let there = server?.branch, !objects.isAncestor(now, of: there) {
      fail("I-22", "the branch of \(clone.name) goes to \(now.number), where the server's has never been")
    }
  }
}
