import Git
import Ledger
import Migration
import Site
import Supervision
import System

/// A slot of the gate while one candidate is judged in it: the candidate's files, what the set-up makes, what
/// is copied in, the folders that the plan keeps, and nothing else (DESIGN §6: a verdict depends on the tree
/// alone).
final class GateWorktree {
  /// The worktree's folder.
  let directory: String
  /// The commit whose tree is judged.
  let commit: OID
  /// The plan's patterns of kept folders that something was kept by.
  private(set) var kept: [String] = []
  /// Whether the set-up has to run before the verifiers.
  private(set) var needsSetup = false
  /// No program may begin in the worktree before this time, or what it makes is no younger than the files.
  private(set) var notBefore = Timestamp(milliseconds: 0)

  private let site: Site
  private let plan: Plan
  private let slot: String
  private let lock: FileLock
  private let slots: Slots
  /// What verifiers write outside of it, until it is given back.
  let caches: String
  private var note = GateNote()
  private var copied: Set<String> = []
  private var seal: WorkTreeSeal?
  private var time: Int64?
  private var isOpen = true

  /// Takes a free slot of the gate and makes it the candidate's. With `isFresh` the worktree is made anew and
  /// nothing is kept. A slot that is given up costs nobody anything: the next one is taken.
  static func take(
    site: Site, plan: Plan, commit: OID, isFresh: Bool
  ) throws(CommandError) -> GateWorktree {
    while true {
      do throws(CommandError) {
        return try GateWorktree(site: site, plan: plan, commit: commit, isFresh: isFresh)
      } catch {
        guard error.isSlotGivenUp else { throw error }
      }
    }
  }

  /// What the plan's own commands are shut in that run in it: they run code that workers wrote.
  func walls(hasNetwork: Bool) throws(CommandError) -> Walls? {
    guard var builder = try WallBuilder(site, plan, ofAgent: false) else { return nil }
    if !hasNetwork { builder.cutNetwork() }
    return try builder.finished(
      worktree: directory, temporary: caches + "/tmp", isFresh: false, writing: [caches])
  }

  /// Throws `isSlotGivenUp` when what lies in the slot can neither be used nor moved out of the way.
  private init(site: Site, plan: Plan, commit: OID, isFresh: Bool) throws(CommandError) {
    self.site = site
    self.plan = plan
    self.commit = commit
    slots = Slots(site: site)
    (slot, lock) = try slots.takeGateSlot()
    directory = try slots.path(slot)
    let parent = site.environment["TMPDIR"].flatMap { $0.hasPrefix("/") ? $0 : nil } ?? "/tmp"
    caches = parent + "/" + GateNote.cachesPrefix + String(UInt64.random(in: 0 ... .max), radix: 36)
    try slots.withCreationLock { () throws(CommandError) in try prepareFirst(isFresh: isFresh) }
  }

  deinit { close() }

  /// The variables that lead caches which go by time, and temporary files, into a folder made for this
  /// candidate alone.
  var variables: [String: String] {
    var result = [
      "MIGRATE_WORKTREE": directory, "MIGRATE_SLOT": String(directory.split(separator: "/").last ?? ""),
      "TMPDIR": caches + "/tmp",
    ]
    for (name, folder) in GateWorktree.cacheVariables { result[name] = "\(caches)/\(folder)" }
    // What the user leads out of every worktree would survive the candidate there.
    for name in GateWorktree.outputVariables where site.environment[name] != nil {
      result[name] = "\(caches)/\(name.lowercased())"
    }
    return result
  }

  // MARK: While it is judged

  /// A folder outside of the worktree, for what the next verifier's test runner tells besides.
  func newReportFolder() throws(CommandError) -> String {
    let folder = caches + "/reports"
    try reporting {
      try Files.removeTree(folder)
      try Files.makeDirectories(folder, mode: 0o700)
    }
    return folder
  }

  /// Notes that the set-up has ended well. What it changed of tracked files is put back: the candidate is
  /// what is judged.
  func setupEnded() throws(CommandError) {
    needsSetup = false
    if try !changedFiles().isEmpty {
      try slots.withCreationLock { () throws(CommandError) in try checkOut(believing: seal) }
    }
    guard let setup = plan.gate.setup, !setup.inputs.isEmpty else { return }
    let left = try reporting { try worktree().sweep(isDryRun: true, keeping: isNamed) }.removed
    note.setup = left.allSatisfy(isCopied) ? try setupDigest(setup) : nil
  }

  /// The tracked files that are not the candidate's any more.
  func changedFiles() throws(CommandError) -> [String] {
    guard let seal else { return [] }
    return try reporting { () throws -> [String] in
      let worktree = try worktree()
      if try worktree.needsGitProgram(forCommit: commit) != nil {
        return try site.program(of: worktree).changedFiles(path: directory, since: seal, in: worktree)
      }
      return try worktree.changedFiles(since: seal)
    }
  }

  /// Makes the worktree the candidate's once more, as if nothing had run in it but for the folders that the
  /// plan keeps.
  func restart() throws(CommandError) {
    // Later than what a verifier wrote, and made something of, just now: in the same second a file that is
    // put back would pass for the one that it wrote.
    note.second = max(note.second, time ?? 0, site.clock.now().seconds)
    try reporting {
      try Files.removeTree(caches)
      try makeCaches()
    }
    try slots.withCreationLock { () throws(CommandError) in
      try prepare(keeping: isNamed, believing: seal, isYounger: true)
    }
    needsSetup = plan.gate.setup != nil
  }

  /// Gives the slot back and notes what the next candidate may find there.
  func close() {
    guard isOpen else { return }
    isOpen = false
    try? Files.removeTree(caches)
    note.caches = nil
    note.second = max(note.second, time ?? 0, site.clock.now().seconds)
    if !plan.gate.keep.isEmpty, let worktree = try? worktree(),
      let found = try? worktree.sweep(isDryRun: true, keeping: isNamed),
      let print = try? worktree.fingerprint(ofFolders: found.kept), print.newest <= note.second
    {
      note.kept = found.kept
      note.fingerprint = print.text
    } else {
      // Of files with a time that is still to come nothing could ever be younger.
      note.kept = []
      note.fingerprint = ""
    }
    // What is not noted is not believed.
    try? slots.write(note, slot)
    if let seal { site.gateSeals[slot] = seal }
    withExtendedLifetime(lock) {}
  }

  // MARK: Making it ready

  private func prepareFirst(isFresh: Bool) throws(CommandError) {
    slots.removeLeftCaches()
    let last = slots.gateNote(slot)
    last?.removeCaches()
    try reporting { try slots.makeUsable(slot) }
    // Until the candidate is judged nothing is known of the folder.
    note.second = last?.second ?? 0
    note.caches = caches
    try reporting {
      // Noted before it is there: whoever comes after a run that was killed finds it.
      try slots.write(note, slot)
      try makeCaches()
    }
    if isFresh {
      do { try slots.removeGateWorktree(slot, directory) } catch { throw try givenUp(error) }
    }
    let known = isFresh ? [] : try unchangedFolders(last)
    let isKept: (String) -> Bool = { [self] path in known.contains(path) && isNamed(path) }
    do throws(CommandError) {
      try prepare(keeping: isKept, believing: site.gateSeals[slot], isYounger: !known.isEmpty)
      try slots.requireWritable(directory)
    } catch {
      // What a verifier left cannot be cleaned: that is for a person to look at, and must not stop the gate.
      guard !error.waitsForUser else { throw error }
      try DamagedObject.require(commit, after: error, in: site.repository)
      guard slots.isLeft(slot) else { throw error }
      #if KNOWN_BUGS
        if KnownBug.gateSlotNotSetAside.isOn { throw error }
      #endif
      do { try slots.setAside(slot, directory) } catch { throw try givenUp(error) }
      try prepare(keeping: { _ in false }, believing: nil, isYounger: false)
    }
    needsSetup =
      try plan.gate.setup.map { (setup) throws(CommandError) in
        if setup.inputs.isEmpty || last?.setup == nil || last?.kept.count != known.count { return true }
        return try last?.setup != setupDigest(setup)
      } ?? false
    note.setup = needsSetup ? nil : last?.setup
  }

  private func givenUp(_ cause: any Error) throws(CommandError) -> CommandError {
    try reporting { try slots.giveUp(slot, cause) }
  }

  private func makeCaches() throws {
    try Files.makeNewDirectory(caches)
    for folder in ["tmp"] + GateWorktree.cacheVariables.map(\.folder) {
      try Files.makeDirectories("\(caches)/\(folder)", mode: 0o700)
    }
  }

  /// The folders that were kept and are as the last candidate left them.
  private func unchangedFolders(_ last: GateNote?) throws(CommandError) -> Set<String> {
    guard let last, !last.kept.isEmpty, !plan.gate.keep.isEmpty, let worktree = try? slots.open(slot),
      (try? worktree.fingerprint(ofFolders: last.kept))?.text == last.fingerprint
    else { return [] }
    return Set(last.kept)
  }

  /// `isYounger` gives the files that differ from the last candidate's a time that is later than any before:
  /// what was made of the old ones and is kept must look out of date (make(1), Python's `.pyc`).
  private func prepare(
    keeping isKept: @escaping (String) -> Bool, believing seal: WorkTreeSeal?, isYounger: Bool
  ) throws(CommandError) {
    time = isYounger ? max(note.second + 1, (time ?? 0) + 1, site.clock.now().seconds) : nil
    if let time { notBefore = Timestamp(milliseconds: time * 1000) }
    try checkOut(believing: seal)
    let swept = try reporting { try worktree().sweep(keeping: isKept) }
    kept = plan.gate.keep.filter { pattern in
      let globs = IncludedFiles.globs(pattern)
      return swept.kept.contains { path in globs.contains { $0.matches(path) } }
    }
    copied = Set(try reporting { try slots.copyIncluded(plan.worktree.copy, to: directory).copied })
  }

  private func checkOut(believing seal: WorkTreeSeal?) throws(CommandError) {
    try site.requireApprovedCommands()
    self.seal = try reporting { () throws -> WorkTreeSeal in
      let (worktree, isNew) = try slots.usableWorktree(slot, directory, commit: commit)
      let believed = isNew ? nil : seal
      if try worktree.needsGitProgram(forCommit: commit) != nil {
        try slots.removeLocks(of: worktree)
        try site.program(of: worktree).checkoutWorktree(
          path: directory, commit: commit, in: worktree, believing: believed, writingAt: time)
      } else {
        try worktree.checkoutTree(
          commit: commit, breakingLocks: true, believing: believed.map { .seal($0) } ?? .nothing,
          writingAt: time)
      }
      // A verifier may have dated a file into the future, and what was made of it would look up to date for
      // ever to whoever goes by the newest file.
      if let time { try worktree.setTimes(ofFilesWrittenSince: time + 1, to: time) }
      return try worktree.seal()
    }
  }

  // MARK: Pieces

  private func worktree() throws(CommandError) -> Repository { try slots.open(slot) }

  /// Whether the plan keeps the folder.
  private func isNamed(_ path: String) -> Bool {
    plan.gate.keep.contains { pattern in IncludedFiles.globs(pattern).contains { $0.matches(path) } }
  }

  private func isCopied(_ path: String) -> Bool {
    copied.contains(path) || copied.contains { $0.hasPrefix(path + "/") }
  }

  private func setupDigest(_ setup: Plan.Gate.Setup) throws(CommandError) -> String {
    let globs = setup.inputs.compactMap { PathGlob($0) }
    var text = setup.run + "\n"
    let files = try reporting { () throws -> [Git.Change] in
      try site.repository.changes(from: nil, to: site.repository.treeOf(commit: commit))
    }
    for file in files where globs.contains(where: { $0.matches(file.path) }) {
      text += "\(file.path)\0\(file.newBlob?.hex ?? "")\n"
    }
    return SHA256.hexDigest(of: Array(text.utf8))
  }

  /// What names a folder for all that a build makes.
  private static let outputVariables = ["CARGO_TARGET_DIR", "CARGO_BUILD_TARGET_DIR"]

  /// Caches that are believed by the times and sizes of source files, each with a folder of its own.
  private static let cacheVariables: [(name: String, folder: String)] = [
    ("PYTHONPYCACHEPREFIX", "pycache"), ("MYPY_CACHE_DIR", "mypy"), ("RUFF_CACHE_DIR", "ruff"),
    ("BLACK_CACHE_DIR", "black"), ("PYLINTHOME", "pylint"),
  ]
}
