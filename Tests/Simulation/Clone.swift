import Draws
import Git
import Ledger
import Migration

/// A repository: one in which runs and people work, or the server that several of those share.
final class Clone {
  let name: String
  /// The ref of the ledger.
  var tip: OID?
  /// What the last contact saw of the server's.
  var known: OID?
  var knownBranch: OID?
  /// The integration branch.
  var branch: OID?
  var isBranchHeld = false
  /// When somebody who died left the branch held, in true time.
  private(set) var lockLeft: Int64?
  /// Where the branch was before somebody committed there past the gate.
  var branchBefore: OID?
  /// A file that somebody has changed where the branch is checked out, by its number.
  var changedFile: Int?
  /// What has gone from here although a ref leads to it, such as a result or a base.
  var lost: Set<OID> = []
  /// The results of claims, by their refs.
  var attempts: [String: OID] = [:]
  /// What the last contact saw that was left at the server for others, and how many pushes there were since.
  var drafts: [WaitingDraft] = []
  var pushesSinceFetch = 0
  /// What processes of this clone have left for each other.
  var left: [WaitingDraft] = []
  /// Whether a server cannot be reached by anybody.
  var isAway = false
  /// What a server says to everything that is pushed to it.
  var refusal: String?
  /// Tips that are kept although they will not be part of the chain.
  var refused: [OID] = []
  /// Whether the ledger is shared with the server from here.
  var isSharing: Bool
  /// Whether a process is appending here; the others queue behind it.
  var isQueueTaken = false
  /// Until when nothing gets to the server, and nothing comes from it, in true time.
  var pushCutUntil: Int64 = 0
  var fetchCutUntil: Int64 = 0
  /// Which entries and commits are here, by their numbers.
  private var entries: [Bool] = []
  private var commits: [Bool] = []

  init(name: String, isSharing: Bool) {
    self.name = name
    self.isSharing = isSharing
  }

  /// Takes note that who held the branch is dead, and the lock still there.
  func leaveLock(at time: Int64) { lockLeft = time }

  /// Removes a lock that was left.
  func removeLeftLock() {
    if lockLeft != nil { (lockLeft, isBranchHeld) = (nil, false) }
  }

  func hasEntry(_ oid: OID) -> Bool { !isSharing || oid.number < entries.count && entries[oid.number] }
  func hasCommit(_ oid: OID) -> Bool {
    !lost.contains(oid) && (!isSharing || oid.number < commits.count && commits[oid.number])
  }
  func addEntry(_ oid: OID) { Clone.add(oid, to: &entries) }
  func addCommit(_ oid: OID) { Clone.add(oid, to: &commits) }

  private static func add(_ oid: OID, to list: inout [Bool]) {
    while list.count <= oid.number { list.append(false) }
    list[oid.number] = true
  }

  /// Gets a tip of the ledger with all that lies behind it.
  func learn(ledger tip: OID?, _ world: World) {
    var next = tip
    while let oid = next, !(oid.number < entries.count && entries[oid.number]) {
      addEntry(oid)
      next = world.node(oid).parent
    }
  }

  /// Gets a commit with all that lies behind it.
  func learn(commit tip: OID?, _ world: World) {
    var open = tip.map { [$0] } ?? []
    while let oid = open.popLast() {
      if oid.number < commits.count && commits[oid.number] { continue }
      addCommit(oid)
      open += world.objects.commit(oid).parents
    }
  }
}

extension World {
  /// Where it is decided what is true: the server of a shared ledger, the only clone of another.
  var authority: Clone { server ?? clones[0] }
  var tip: OID? { authority.tip }
  var branch: OID? {
    get { authority.branch }
    set { authority.branch = newValue }
  }

  /// Whether an entry lies behind another one, or is the same.
  func isAncestor(_ entry: OID, of tip: OID) -> Bool {
    let sequence = node(entry).entry.sequence
    var next: OID? = tip
    while let oid = next, node(oid).entry.sequence > sequence { next = node(oid).parent }
    return next == entry
  }

  /// The entries of the chain up to `tip` that the chain up to `known` does not have, oldest first.
  func entries(to tip: OID, without known: OID?) -> [OID] {
    var (left, right) = (Optional(tip), known)
    var list: [OID] = []
    while let oid = left, oid != right {
      if let other = right, node(other).entry.sequence > node(oid).entry.sequence {
        right = node(other).parent
      } else {
        list.append(oid)
        left = node(oid).parent
      }
    }
    return list.reversed()
  }

  /// The compare-and-swap of a clone's ledger ref, with everything that may go wrong in it.
  func swap(to new: OID, from old: OID?, by process: Process) -> SwapOutcome {
    let error = GitError(message: "simulated", operation: "move", subject: Ledger.ref)
    let clone = process.machine.clone
    guard process.passes() else { return .unknown(error) }
    if strikes(faults.busy) { return .busy(error) }
    let isOpen = strikes(faults.unknown)
    if isOpen, chance.draw(0...1) == 0 { return .unknown(error) }
    if clone === authority { rivals.popLast()?() }
    #if KNOWN_BUGS
      if clone === authority {
        if KnownBug.upToDateIsWin.isOn, clone.tip != old { return .won }
        let isForced = KnownBug.readCheckWrite.isOn || KnownBug.forcedGenesis.isOn && old == nil
        if clone.tip != old, isForced { append(to: new, from: old) }
      }
    #endif
    guard clone.tip == old else { return isOpen ? .unknown(error) : .lost }
    if clone === authority { append(to: new, from: old) } else { lead(clone, to: new, from: old) }
    guard process.passes(), !isOpen else { return .unknown(error) }
    return .won
  }

  /// I-2, for a clone: what its ledger loses is kept, or was decided anew.
  private func lead(_ clone: Clone, to new: OID, from old: OID?) {
    if let old, !isAncestor(old, of: new), !clone.refused.contains(old) {
      let nonces = Set(entries(to: new, without: old).map { node($0).entry.nonce })
      for oid in entries(to: old, without: new) where !nonces.contains(node(oid).entry.nonce) {
        fail("I-2", "\(clone.name) loses the entry \(oid.number), and nothing keeps it")
      }
    }
    clone.tip = new
  }
}
