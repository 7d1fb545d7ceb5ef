import Migration

/// Everything the simulated processes share: the time that really passes, the ledger's chain with its
/// compare-and-swap, the integration branch beside it, and what verifiers really said.
final class World {
  /// One entry of the chain.
  struct Record {
    var event: Event
    var nonce: UInt64
    /// Which append it belongs to: known to the checker alone, never to a process.
    var append: Int
  }

  var random: SplitMix64
  var swarm: Swarm
  /// True time in milliseconds.
  var now: Int64 = 1_700_000_000_000
  var chain: [Record] = []
  var state = State()
  /// Where the integration branch is: a commit's number.
  var branch = 1
  /// The process that holds the branch's lock, as a file beside the branch would say.
  var branchLock: Int?
  /// Each commit's tree and first parent, by its number.
  private(set) var commits: [(tree: Int, parent: Int)] = [(0, 0), (1, 0)]
  /// Process ids that are alive.
  var alive: Set<Int> = []
  var boots: [Int]
  var checker: Checker
  /// What went wrong first; the run ends there.
  var fault: String?
  var faults = 0
  var refusals = 0
  var lostSwaps = 0
  private var lastAppend = 0
  private var lastProcess = 0
  /// A secret of the seed: which trees pass is settled from the start.
  private let truth: UInt64
  let salt: Int

  init(seed: UInt64) {
    random = SplitMix64(seed: seed)
    swarm = Swarm(&random)
    truth = random.next()
    salt = random.below(1 << 16)
    boots = Array(repeating: 1, count: swarm.machines)
    checker = Checker()
  }

  func fail(_ text: String) { if fault == nil { fault = text } }

  var migration: MigrationState? { state.migrations.first }

  // MARK: Objects

  func newCommit(tree: Int, parent: Int) -> Int {
    commits.append((tree, parent))
    return commits.count - 1
  }

  func newTree() -> Int { Int(random.next() >> 26) }

  /// The tree that merging a result into a tip gives: the same for the same two, as with git.
  func merge(_ result: Int, into tip: Int) -> Int {
    Int(mixed(UInt64(commits[tip].tree) &* 31 &+ UInt64(commits[result].tree)) >> 26)
  }

  func isAncestor(_ commit: Int, of tip: Int) -> Bool {
    var next = tip
    while next > 0 {
      if next == commit { return true }
      next = commits[next].parent
    }
    return false
  }

  /// Whether the verifiers find the tree good.
  func isGood(_ tree: Int) -> Bool {
    tree == 1 || Int(mixed(truth &+ UInt64(tree)) % 1000) >= swarm.treeFails
  }

  // MARK: Processes

  func newProcess() -> Int {
    lastProcess += 1
    alive.insert(lastProcess)
    return lastProcess
  }

  func newAppend() -> Int {
    lastAppend += 1
    return lastAppend
  }

  // MARK: The chain

  /// What became of a try to append.
  enum Swap {
    case won([Effect])
    case refused(Refusal)
  }

  /// Puts the events at the tip, all or none, and has every invariant checked. The caller has made sure that
  /// the tip is the one it decided on.
  func put(_ changes: [Change], by author: String, at: Timestamp, nonce: UInt64, append: Int) -> Swap {
    var effects: [Effect] = []
    let before = changes.count > 1 ? state : nil
    var records: [Record] = []
    for change in changes {
      let event = Event(migration: "m", at: at, by: author, change: change)
      do throws(Refusal) { effects += try state.apply(event) } catch {
        if let before { state = before }
        refusals += 1
        return .refused(error)
      }
      records.append(Record(event: event, nonce: nonce, append: append))
    }
    // A batch is decided as a whole before any of it is seen; the checker looks at each entry in turn.
    for (index, record) in records.enumerated() {
      chain.append(record)
      if let text = checker.see(record.event, isLast: index == records.count - 1, self) { fail(text) }
    }
    if let text = checker.appended(append) { fail(text) }
    return .won(effects)
  }

  /// Whether an append of that nonce is in the chain after the first `seen` entries.
  func contains(_ nonce: UInt64, after seen: Int) -> Bool {
    var index = chain.count
    while index > min(seen, chain.count) {
      index -= 1
      if chain[index].nonce == nonce { return true }
    }
    return false
  }

  #if KNOWN_BUGS
    /// Sets the ledger back, as a move without the old value does.
    func rewind(to count: Int) {
      chain.removeLast(chain.count - count)
      state = State()
      for record in chain { _ = try? state.apply(record.event) }
    }

    /// Whether an equal event is in the chain, whoever wrote it.
    func containsEqual(_ changes: [Change], at: Timestamp, after seen: Int) -> Bool {
      chain.dropFirst(seen).contains { $0.event.at == at && changes.contains($0.event.change) }
    }
  #endif

  // MARK: The branch

  /// Moves the branch by compare-and-swap; the checker hears of every move.
  func moveBranch(from old: Int, to new: Int) -> Bool {
    guard branch == old else { return false }
    if let text = checker.moved(from: old, to: new) { fail(text) }
    branch = new
    return true
  }
}
