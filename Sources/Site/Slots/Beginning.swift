import Git
import Migration
import System

/// What lay in a worktree slot beside the commit's files when its worker began: what was copied in, and what
/// git ignores there (caches, what an earlier step built). None of it is that worker's work, whatever
/// becomes of the ignore rules.
package struct Beginning: Equatable {
  /// The claim that it is about.
  package var migration: String
  package var fence: Fence
  /// When the worker could begin, by the clock that files are marked with, in nanoseconds.
  package var moment: Int64
  /// The files that were copied in, by their paths.
  package var copied: [[UInt8]: WorkTreeListing.Mark] = [:]
  /// The ignored files.
  package var ignored: [[UInt8]: WorkTreeListing.Mark] = [:]
  /// The ignored folders with too many files to be listed, each with `/` at the end.
  package var folders: [[UInt8]] = []
  /// The repositories inside of the worktree that the set-up command made.
  package var repositories: Set<[UInt8]> = []
  /// What lay under names that git keeps for itself.
  package var reserved: Set<[UInt8]> = []

  /// How many ignored files are listed at most: in one folder, and in all.
  private static let folderLimit = 2_000
  private static let limit = 10_000

  /// Notes what is ignored, as `Repository.surplus` lists it.
  package mutating func note(ignored paths: [String], below root: String) {
    var allowance = Beginning.limit
    let files = WorkTreeListing(below: root, limit: 0)
    for path in paths {
      guard path.hasSuffix("/") else {
        if let mark = files.mark(path) { ignored[PathText.bytes(path)] = mark }
        continue
      }
      var listing = WorkTreeListing(below: root, limit: min(allowance, Beginning.folderLimit))
      let before = listing.allowance
      var found: [[UInt8]: WorkTreeListing.Mark] = [:]
      let isWhole = listing.visit(path) { file in
        found[PathText.bytes(file.path)] = file.mark
        return true
      }
      allowance -= before - listing.allowance
      if isWhole { ignored.merge(found) { $1 } } else { folders.append(PathText.bytes(path)) }
    }
  }

  /// Notes which files were copied in.
  package mutating func note(copied paths: [String], below root: String) {
    let files = WorkTreeListing(below: root, limit: 0)
    for path in paths { if let mark = files.mark(path) { copied[PathText.bytes(path)] = mark } }
  }

  /// Notes what lies under names that git keeps for itself, where not ignored.
  package mutating func note(reservedBeside ignored: [String], below root: String) {
    reserved = Set(WorkTreeListing.reservedNames(below: root, skipping: ignored).map { PathText.bytes($0) })
  }

  /// Whether a file is not as it was; a file of which nothing is known, whether it is younger than all.
  package func isChanged(_ path: String, _ now: WorkTreeListing.Mark?) -> Bool {
    guard let now else { return true }
    let bytes = PathText.bytes(path)
    guard let then = copied[bytes] ?? ignored[bytes] else { return now.changed > moment }
    return now != then
  }

  /// Whether something was copied to a path.
  package func wasCopied(_ path: String) -> Bool { copied[PathText.bytes(path)] != nil }

  /// Whether a file may have lain at a path that git ignored or that was copied in.
  package func wasThere(_ path: String) -> Bool {
    let bytes = PathText.bytes(path)
    return copied[bytes] != nil || ignored[bytes] != nil || isInLargeFolder(bytes)
  }

  /// Whether what lies at a path is none of the worker's: it was copied in, or it lay ignored there and is as
  /// it was. What a worker wrote over is his.
  package func isForeign(_ path: String, below root: String) -> Bool {
    if wasCopied(path) { return true }
    return wasThere(path) && !isChanged(path, WorkTreeListing(below: root, limit: 0).mark(path))
  }

  /// Whether a path is in an ignored folder whose files were not listed.
  package func isInLargeFolder(_ path: [UInt8]) -> Bool { folders.contains { path.starts(with: $0) } }

  // MARK: The note

  /// Paths are bytes, so the note is lines that end in NUL: a letter, then the text.
  package var bytes: [UInt8] {
    var result: [UInt8] = []
    func line(_ letter: Unicode.Scalar, _ text: [UInt8]) {
      result.append(UInt8(truncatingIfNeeded: letter.value))
      result += text + [0]
    }
    line("m", Array(migration.utf8))
    line("s", Array(fence.step.utf8))
    line("e", Array(String(fence.epoch).utf8))
    line("t", Array(String(moment).utf8))
    for (path, mark) in copied { line("c", Array("\(mark.changed) \(mark.size) ".utf8) + path) }
    for (path, mark) in ignored { line("i", Array("\(mark.changed) \(mark.size) ".utf8) + path) }
    for path in folders { line("f", path) }
    for path in repositories { line("r", path) }
    for path in reserved { line("g", path) }
    return result
  }

  init(migration: String, fence: Fence, moment: Int64) {
    self.migration = migration
    self.fence = fence
    self.moment = moment
  }

  init?(bytes: [UInt8]) {
    var texts: [UInt8: String] = [:]
    self.init(migration: "", fence: Fence(step: "", epoch: 0), moment: 0)
    for line in bytes.split(separator: 0) {
      guard let letter = line.first else { continue }
      let text = Array(line.dropFirst())
      switch letter {
      case 0x63, 0x69:
        let parts = text.split(separator: 0x20, maxSplits: 2, omittingEmptySubsequences: false)
        guard parts.count == 3, let changed = Int64(String(decoding: parts[0], as: UTF8.self)),
          let size = Int64(String(decoding: parts[1], as: UTF8.self))
        else { return nil }
        let mark = WorkTreeListing.Mark(changed: changed, size: size)
        if letter == 0x63 { copied[Array(parts[2])] = mark } else { ignored[Array(parts[2])] = mark }
      case 0x66: folders.append(text)
      case 0x72: repositories.insert(text)
      case 0x67: reserved.insert(text)
      default: texts[letter] = String(decoding: text, as: UTF8.self)
      }
    }
    guard let name = texts[0x6D], let step = texts[0x73], let epoch = texts[0x65].flatMap({ Int($0) }),
      let time = texts[0x74].flatMap({ Int64($0) })
    else { return nil }
    migration = name
    fence = Fence(step: step, epoch: epoch)
    moment = time
  }
}

extension Slots {
  private func beginningPath(_ slot: String) -> String { site.localDirectory + "/slots/\(slot).beginning" }

  /// What lay in a slot when the worker of a claim began; `nil` when nobody noted it.
  package func beginning(_ slot: String, migration: String, fence: Fence) -> Beginning? {
    guard let bytes = Site.ownFile(beginningPath(slot), limit: 64 << 20), let found = Beginning(bytes: bytes),
      found.migration == migration, found.fence == fence
    else { return nil }
    return found
  }

  /// Keeps the note of a slot.
  package func write(_ beginning: Beginning, _ slot: String) throws {
    try Files.writeAtomically(beginningPath(slot), beginning.bytes, mode: 0o600)
  }

  func forgetBeginning(_ slot: String) throws { try Files.removeFile(beginningPath(slot)) }

  /// Notes again what lies in a slot, after the set-up command: what it made is not the worker's. With
  /// `putsBack` what it changed of tracked files is put back, as the gate does; not where the worker begins
  /// with files that differ from the index.
  package func noteSetUp(
    _ slot: String, migration: String, fence: Fence, putsBack: Bool
  ) throws(CommandError) {
    try reporting { () throws in
      guard var found = beginning(slot, migration: migration, fence: fence) else { return }
      let worktree = try open(slot)
      let git = site.program(of: worktree)
      if putsBack { try git.writeTrackedFiles(path: try path(slot)) }
      let surplus = try surplus(worktree, slot)
      found.ignored = [:]
      found.folders = []
      let others = try git.untrackedFiles(path: try path(slot))
      found.note(ignored: surplus.ignored + others, below: try path(slot))
      found.note(copied: found.copied.keys.map { PathText.string($0) }, below: try path(slot))
      found.repositories = Set(surplus.embeddedRepositories.map { PathText.bytes($0) })
      found.note(reservedBeside: surplus.ignored, below: try path(slot))
      found.moment = WorkTreeListing.now()
      try write(found, slot)
    }
  }

  /// See `Repository.surplus`.
  package func surplus(
    _ worktree: Repository, _ slot: String
  ) throws -> (ignored: [String], embeddedRepositories: [String]) {
    if try worktree.indexHasSubmodules() {
      return try site.program(of: worktree).surplus(path: try path(slot))
    }
    return try worktree.surplus()
  }
}
