import CanonicalJSON
import Git
import Ledger
import Migration
import System

/// The worktree slots of this clone: folders outside the repository that are used again and again, so that
/// build caches survive (DESIGN §6).
public struct Slots {
  /// Where the slots are.
  package let site: Site

  /// Makes the slots of a site.
  public init(site: Site) { self.site = site }

  /// The folder of a slot. Always derived, never read from a file that an agent could write.
  public func path(_ slot: String) throws(CommandError) -> String { try site.worktreeRoot() + "/" + slot }

  /// Why our worktrees are locked, as git shows it.
  package static let lockReason = "git-migrate uses this worktree"

  /// The name git knows the slot's worktree by.
  package static func worktreeName(_ slot: String) -> String { "migrate-" + slot }

  /// Makes the slot ready for a claim: what an earlier claim left there is kept on its attempt ref, then the
  /// folder becomes exactly the base commit, or the commit `beginning` on it, with ignored files (caches)
  /// left in place.
  public func prepare(
    _ slot: String, migration: String, claim: Claim, plan: Plan, from beginning: OID? = nil
  ) throws(CommandError) -> String {
    let path = try path(slot)
    return try reporting { () throws -> String in
      let lock = try creationLock()
      defer { withExtendedLifetime(lock) {} }
      try makeUsable(slot)
      let before = marker(slot)?.base
      let start = try beginning ?? self.start(of: claim, plan)
      var ignored: [String]?
      let worktree: Repository
      do {
        ignored = try keepLeftovers(slot, path)
        let made = try checkOut(start, in: slot, path, isExact: ignored != nil)
        try requireWritable(path)
        worktree = made
      } catch {
        // What an earlier worker left there cannot be read or cleaned: that is for a person to look at, and
        // no fault of this step. A slot that is made anew has nothing of it.
        guard (error as? CommandError)?.waitsForUser != true else { throw error }
        try DamagedObject.require(start, after: error, in: site.repository)
        guard isLeft(slot) else { throw error }
        #if KNOWN_BUGS
          if KnownBug.slotNotSetAside.isOn { throw error }
        #endif
        do { try setAside(slot, path) } catch { throw try giveUp(slot, error) }
        ignored = nil
        worktree = try checkOut(start, in: slot, path)
      }
      // Files and index have the merge, what the base has of ignored files too.
      if start != claim.base.oid { try worktree.detachHead(at: claim.base.oid) }
      try forgetBeginning(slot)
      try write(
        SlotMarker(
          migration: migration, fence: claim.fence, base: claim.base, owner: claim.owner, isClosed: false),
        slot)
      var noted = Beginning(migration: migration, fence: claim.fence, moment: 0)
      // The rules of another commit may call other files ignored.
      let isKnown = ignored.map { $0.isEmpty || before?.oid == start } ?? false
      let paths = isKnown ? ignored ?? [] : try surplus(worktree, slot).ignored
      noted.note(ignored: paths, below: path)
      noted.note(copied: try copyIncluded(plan.worktree.copy, to: path).named, below: path)
      noted.note(reservedBeside: paths, below: path)
      noted.moment = WorkTreeListing.now()
      try write(noted, slot)
      return path
    }
  }

  /// The commit whose files the work begins with.
  private func start(of claim: Claim, _ plan: Plan) throws -> OID {
    let step = plan.steps.first { $0.id == claim.fence.step }
    guard let base = step?.resolves else { return claim.base.oid }
    return try Resolution(site: site, plan: plan, tip: claim.base, base: base).beginning()
  }

  /// Says that the holder of a claim is done with its slot, so that the slot can be used again.
  public func close(_ slot: String, migration: String, fence: Fence) throws(CommandError) {
    guard var found = marker(slot), found.migration == migration, found.fence == fence else { return }
    found.isClosed = true
    try write(found, slot)
  }

  /// Notes which supervisor watches over the program in a slot, so that nobody takes the slot while it may
  /// write.
  package func note(_ supervisor: ProcessIdentity, in slot: String) {
    guard var found = marker(slot) else { return }
    found.supervisor = Owner(
      machine: Machine.identity, boot: supervisor.bootID, pid: Int(supervisor.pid),
      startTicks: Int64(clamping: supervisor.startTicks))
    // A slot without the note is only given away later, or its holder is proven dead by its own process.
    try? write(found, slot)
  }

  /// Removes every slot that nobody uses, after keeping what lies in it; those that were used longest ago
  /// first, and no more once `isEnough` says so. Says which could not be removed, and why.
  public func removeAll(
    in state: State, until isEnough: () throws(CommandError) -> Bool = { () throws(CommandError) in false }
  ) throws(CommandError) -> [String] {
    let root = try site.worktreeRoot()
    var kept: [String] = []
    removeLeftCaches()
    try reporting {
      let lock = try creationLock()
      defer { withExtendedLifetime(lock) {} }
      let slots = try site.repository.worktrees().compactMap { worktree in
        slot(ofWorktree: worktree.name, below: root).map { (worktree, slot: $0, lastUse: lastUse(of: $0)) }
      }
      for (worktree, slot, _) in slots.sorted(by: { $0.lastUse < $1.lastUse }) {
        if try isEnough() { break }
        let path = root + "/" + slot
        let isGate = slot.hasPrefix("gate-")
        if !isGate, let marker = marker(slot), let reason = reasonToKeep(marker) {
          kept.append("'\(path)': \(reason)")
          continue
        }
        let gateLock = "\(site.localDirectory)/slots/\(slot).lock"
        let held = isGate ? try FileLock.acquire(path: gateLock, wait: false) : nil
        defer { withExtendedLifetime(held) {} }
        if isGate && held == nil {
          kept.append("\(slot): a gate is running there")
          continue
        }
        do {
          if !isGate { try keepLeftovers(slot, path) }
          try site.repository.removeWorktree(name: worktree.name, derivedPath: path)
          try Files.removeFile(isGate ? gateLock : markerPath(slot))
          if isGate { try Files.removeFile(gateNotePath(slot)) }
          try forgetBeginning(slot)
        } catch {
          // One that cannot be removed does not keep the others.
          kept.append("'\(path)': \(CommandError.from(error).message)")
        }
      }
      if let left = try? Files.listDirectory(root), left.isEmpty { try Files.removeTree(root) }
    }
    return kept
  }

  /// When a slot was given to somebody last, or given back, in seconds.
  private func lastUse(of slot: String) -> Int64 {
    Files.modified(slot.hasPrefix("gate-") ? gateNotePath(slot) : markerPath(slot)) ?? 0
  }

  /// What `removeAll` would remove, and what it would keep, with the reason. Changes nothing.
  package func survey() throws(CommandError) -> (free: [String], kept: [String]) {
    let root = try site.worktreeRoot()
    var (free, kept): ([String], [String]) = ([], [])
    for worktree in try reporting({ try site.repository.worktrees() }) {
      guard let slot = self.slot(ofWorktree: worktree.name, below: root) else { continue }
      let path = root + "/" + slot
      if !slot.hasPrefix("gate-") {
        let reason = marker(slot).flatMap(reasonToKeep)
        if let reason { kept.append("'\(path)': \(reason)") } else { free.append(path) }
        continue
      }
      let lock = try reporting {
        try FileLock.acquire(path: "\(site.localDirectory)/slots/\(slot).lock", wait: false)
      }
      if lock == nil { kept.append("'\(path)': a gate is running there") } else { free.append(path) }
      withExtendedLifetime(lock) {}
    }
    return (free, kept)
  }

  /// Why a worker's slot cannot be removed now, and what to do.
  private func reasonToKeep(_ marker: SlotMarker) -> String? {
    guard marker.isFree else {
      return "'\(marker.fence.step)' may still be worked on there; when it is not, run "
        + "'git worktree remove -f -f' on it"
    }
    guard isLocked(marker) else { return nil }
    return "'\(Site.attemptRef(marker.migration, marker.fence))' is locked, so that its files cannot be kept "
      + "there yet; try again in \(StaleLock.attemptAgeSeconds) seconds"
  }

  /// The folders of the registered worktrees that are slots of ours.
  package func folders() throws(CommandError) -> [String] {
    let root = try site.worktreeRoot()
    return try reporting {
      try site.repository.worktrees().filter { slot(ofWorktree: $0.name, below: root) != nil }.map(\.path)
    }
  }

  /// Opens the worktree of a slot after checking that its pointer still leads to our own registration.
  public func open(_ slot: String) throws(CommandError) -> Repository {
    let path = try path(slot)
    return try reporting {
      try dropOwnSettings(slot)
      let worktree = try Repository.openWorktree(
        path: path, expectedCommonDirectory: site.repository.commonDirectory,
        name: Slots.worktreeName(slot), environment: site.environment)
      try worktree.clearObstacles()
      return worktree
    }
  }

  /// Whether a person has a worktree elsewhere that git knows by the name of this slot: it keeps its name.
  package func isForeign(_ slot: String) -> Bool {
    guard let path = try? path(slot), let known = site.repository.worktree(Slots.worktreeName(slot)) else {
      return false
    }
    return known.isValid && known.path != path && known.path != Files.realPath(path)
  }

  /// Whether the files of a slot's last claim cannot be kept for now, because its ref is locked: a run that
  /// was killed in that very moment left the lock, and nobody can tell at once. Another slot does meanwhile.
  package func isLocked(_ marker: SlotMarker) -> Bool {
    StaleLock.isLocked(
      Site.attemptRef(marker.migration, marker.fence), in: site.repository, now: site.clock.now())
  }

  // MARK: Pieces

  /// The slot of a worktree that git knows by `name`; `nil` when it is none of ours. People name their own
  /// worktrees as they like, also `migrate-…`: a slot has its folder in the root, or a note of ours.
  package func slot(ofWorktree name: String, below root: String) -> String? {
    guard name.hasPrefix(Slots.worktreeName("")) else { return nil }
    let slot = String(name.dropFirst(Slots.worktreeName("").count))
    let isNamed = ["slot-", "gate-"].contains { slot.hasPrefix($0) && Int(slot.dropFirst($0.count)) != nil }
    guard isNamed else { return nil }
    let notes = [markerPath(slot), "\(site.localDirectory)/slots/\(slot).lock", root + "/" + slot]
    return notes.contains { Files.exists($0) } ? slot : nil
  }

  /// `git worktree add` side by side loses trees, so that creation goes one by one (PITFALLS 5, row 1).
  package func creationLock() throws -> FileLock? {
    try Files.makeDirectories(site.localDirectory + "/slots")
    return try FileLock.acquire(path: site.localDirectory + "/slots/lock", wait: true)
  }

  @discardableResult
  private func checkOut(
    _ commit: OID, in slot: String, _ path: String, isExact: Bool = false
  ) throws -> Repository {
    try site.requireApprovedCommands()
    let (worktree, isNew) = try usableWorktree(slot, path, commit: commit)
    let isExact = isExact && !isNew
    if try worktree.needsGitProgram(forCommit: commit) != nil {
      try removeLocks(of: worktree)
      try site.program(of: worktree).checkoutWorktree(path: path, commit: commit)
      // What an earlier worker left in a submodule would pass for the work of the next one.
      try moveAside(try worktree.straySubmodules(), of: slot, leavingFolders: true)
    } else {
      try worktree.checkoutTree(commit: commit, breakingLocks: true, isExact: isExact)
    }
    return worktree
  }

  /// The worktree of a slot, made anew when there is none that can be used; says whether it was.
  package func usableWorktree(_ slot: String, _ path: String, commit: OID) throws -> (Repository, isNew: Bool)
  {
    let name = Slots.worktreeName(slot)
    let known = site.repository.worktree(name)
    if known?.isValid == true, (try? open(slot)) != nil {
      let wasSparse = try dropSparseness(slot)
      return (try open(slot), wasSparse)
    }
    if known != nil || Files.exists(path) { try setAside(slot, path) }
    try Files.makeDirectories(try site.worktreeRoot())
    try site.repository.addWorktree(name: name, path: path, commit: commit, lockReason: Slots.lockReason)
    return (try open(slot), true)
  }

  /// Nobody else works in a slot that is made ready, so a lock there is what a killed process left.
  package func removeLocks(of worktree: Repository) throws {
    try Files.removeTree(worktree.gitDirectory + "/index.lock")
    try Files.removeTree(worktree.gitDirectory + "/HEAD.lock")
  }

  /// Keeps what an ended claim left in the slot on the claim's attempt ref, unless it is kept already. When
  /// the folder was seen to be exactly what its index says, so that nobody needs to look again, gives what
  /// git ignores there.
  @discardableResult
  package func keepLeftovers(_ slot: String, _ path: String) throws -> [String]? {
    guard let marker = marker(slot), Files.exists(path) else { return nil }
    let base = marker.base.oid
    guard let worktree = try? open(slot) else {
      try setAside(slot, path)
      return nil
    }
    guard try site.ledger.reader.result(marker.migration, marker.fence) == nil else { return nil }
    let isPlain = try worktree.needsGitProgram(forCommit: base) == nil
    if isPlain, let ignored = try worktree.ignoredPaths(besideExactly: base) { return ignored }
    let harvest = Harvest(site: site)
    let taken: Harvest.Taken
    do {
      taken = try harvest.take(
        worktree, slot: slot, migration: marker.migration, fence: marker.fence, base: base)
    } catch let error as CommandError where error.failure != nil {
      // What no commit may hold is kept as it lies there.
      try setAside(slot, path)
      return nil
    } catch is Harvest.Untakeable {
      try setAside(slot, path)
      return nil
    }
    try moveAside(taken.untakeable, of: slot)
    guard try site.repository.treeOf(commit: base) != taken.tree else { return nil }
    _ = try harvest.keep(
      tree: taken.tree, base: base, migration: marker.migration, fence: marker.fence,
      subject: "Left behind by \(marker.fence.step), epoch \(marker.fence.epoch)")
    return nil
  }

  private func markerPath(_ slot: String) -> String { site.localDirectory + "/slots/\(slot).json" }

  /// Who a slot was made ready for last, if that is known.
  package func marker(_ slot: String) -> SlotMarker? {
    guard let bytes = Site.ownFile(markerPath(slot)) else { return nil }
    return SlotMarker(bytes: bytes)
  }

  private func write(_ marker: SlotMarker, _ slot: String) throws(CommandError) {
    do throws(FileError) {
      try Files.makeDirectories(site.localDirectory + "/slots")
      try Files.writeAtomically(markerPath(slot), marker.json.canonicalBytes)
    } catch {
      throw CommandError(error)
    }
  }
}
