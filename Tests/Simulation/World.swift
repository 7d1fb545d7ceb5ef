import Git
import Ledger
import Migration
import Runner

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

  static func += (left: inout Load, right: Load) {
    left.entries += right.entries
    left.rounds += right.rounds
    left.faults += right.faults
    left.merges += right.merges
  }
}

/// Everything outside of the orchestrators: time, the shared ledger, the repository, workers and verifiers.
final class World {
  static let migration = "mig"
  static let ledgerKind: UInt32 = 1

  /// An entry as it is stored: nobody can change it any more.
  struct Node {
    var entry: Entry
    var parent: OID?
    /// The ledger up to it, as its writer saw it.
    var snapshot: LedgerSnapshot?
    var isInChain = false
  }

  var chance: Chance
  let faults: Faults
  /// Whether the faults have stopped.
  var isCalm = false
  /// Whether entries go through their JSON.
  let writesJSON: Bool
  /// Whether every process folds the chain for itself, from what it has read.
  let foldsAlone: Bool
  /// Whether the repository has our hooks, so that the branch only goes where the ledger lets it.
  let hasHooks: Bool
  /// True time, in milliseconds.
  var now: Int64 = 1_700_000_000_000
  let begin: Int64 = 1_700_000_000_000
  var machines: [Machine] = []
  var nodes: [Node] = []
  var tip: OID?
  var objects = Objects()
  /// The integration branch and the base.
  var branch: OID?
  private(set) var isBranchHeld = false
  var base: OID = .zero
  var plans: [Plan] = []
  var nextVersion: Int32 = 1
  var audit: Audit
  var load = Load()
  var depth = 0
  var processes = 0
  /// The processes that have ended.
  var gone: Set<Int> = []
  /// Claims of workers outside of any run.
  var outside: [(held: HeldStep, holder: String)] = []
  /// What happens just before the ledger's ref is moved next.
  var rivals: [() -> Void] = []
  /// What happened, for a person who looks at a failing seed.
  var trace: ((String) -> Void)?
  private(set) var violation: Violation?

  init(seed: UInt64, trace: ((String) -> Void)? = nil) {
    var chance = Chance(seed: seed)
    faults = Faults(&chance)
    writesJSON = chance.draw(0...49) == 0
    foldsAlone = writesJSON || chance.draw(0...63) == 0
    hasHooks = chance.draw(0...1) == 1
    self.chance = chance
    self.trace = trace
    audit = Audit()
  }

  var intoRef: String { "refs/heads/" + (plans.last?.into ?? "") }

  func fail(_ rule: String, _ message: @autoclosure () -> String) {
    guard violation == nil else { return }
    violation = Violation(rule: rule, message: message())
    trace?("VIOLATION \(rule): \(message())")
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

  /// The compare-and-swap of the ledger's ref, with everything that may go wrong in it.
  func swap(to new: OID, from old: OID?, by process: Process) -> SwapOutcome {
    let error = GitError(message: "simulated", operation: "move", subject: Ledger.ref)
    guard process.passes() else { return .unknown(error) }
    if strikes(faults.busy) { return .busy(error) }
    let isOpen = strikes(faults.unknown)
    if isOpen, chance.draw(0...1) == 0 { return .unknown(error) }
    rivals.popLast()?()
    #if KNOWN_BUGS
      if KnownBug.upToDateIsWin.isOn, tip != old { return .won }
      let isForced = KnownBug.readCheckWrite.isOn || KnownBug.forcedGenesis.isOn && old == nil
      if tip != old, isForced { append(to: new, from: old) }
    #endif
    guard tip == old else { return isOpen ? .unknown(error) : .lost }
    append(to: new, from: old)
    guard process.passes(), !isOpen else { return .unknown(error) }
    return .won
  }

  private func append(to new: OID, from old: OID?) {
    var added: [Int] = []
    var next: OID? = new
    while let oid = next, oid != old {
      added.append(oid.number)
      next = node(oid).parent
    }
    if next != old || tip != old {
      fail("I-2", "the ledger was moved to an entry that does not follow its tip")
    }
    tip = new
    for number in added.reversed() {
      nodes[number].isInChain = true
      load.entries += 1
      let entry = nodes[number].entry
      note("\(entry.sequence) \(entry.event.by): \(entry.event.sentence)")
      audit.check(entry, self)
    }
  }

  // MARK: The branch

  /// What the hook says of a move of the integration branch.
  func objection(to new: OID, from old: OID) -> String? {
    guard hasHooks else { return nil }
    return audit.isIntended(old: old, new: new) ? nil : "hook: this move is not intended"
  }

  /// Runs `body` with the lock of the integration branch; says whether it could be had.
  func holdBranch(_ body: () -> Void) -> Bool {
    guard !isBranchHeld else { return false }
    isBranchHeld = true
    body()
    isBranchHeld = false
    return true
  }

  /// Moves the integration branch, if it is where it is said to be.
  func moveBranch(to new: OID, from old: OID) -> Bool {
    guard branch == old else { return false }
    branch = new
    note("branch \(old.number) -> \(new.number)")
    audit.checkMove(from: old, to: new, self)
    return true
  }
}
