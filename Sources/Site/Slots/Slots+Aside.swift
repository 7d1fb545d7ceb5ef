import Git
import Migration
import System

/// What becomes of files in a slot that no commit can have: they are moved beside it, for a person.
extension Slots {
  /// A slot's worktree, as far as it can still be used.
  package enum Entered {
    /// It is as we made it.
    case sound(Repository)
    /// Its `.git` is gone or leads elsewhere; opened by our own registration. The flaw, as the end of a
    /// sentence.
    case detached(Repository, flaw: String)
    /// Nothing of it can be opened.
    case lost(flaw: String)
    /// It is ours, and git cannot read it as it is.
    case unreadable(GitError)
  }

  /// Opens the worktree of a slot for the sake of the files in it: by our own registration when its pointer
  /// is not ours any more, which is never followed.
  package func enter(_ slot: String) throws(CommandError) -> Entered {
    let path = try path(slot)
    try reporting { try dropOwnSettings(slot) }
    func open(_ ignoringPointer: Bool) throws(GitError) -> Repository {
      try Repository.openWorktree(
        path: path, expectedCommonDirectory: site.repository.commonDirectory,
        name: Slots.worktreeName(slot), ignoringPointer: ignoringPointer, environment: site.environment)
    }
    let (worktree, flaw): (Repository, String?)
    do throws(GitError) {
      (worktree, flaw) = (try open(false), nil)
    } catch {
      let found = error.message
      do throws(GitError) { (worktree, flaw) = (try open(true), found) } catch { return .lost(flaw: found) }
    }
    do throws(GitError) { try worktree.clearObstacles() } catch { return .unreadable(error) }
    return flaw.map { .detached(worktree, flaw: $0) } ?? .sound(worktree)
  }

  /// Makes a slot usable again whose `.git` is not ours: a file is written anew, a repository in its place is
  /// moved away with the whole folder. Gives the place of the folder then.
  package func mend(_ slot: String) throws -> String? {
    let path = try path(slot)
    guard Files.kind(path + "/.git") != .directory else { return try setAside(slot, path) }
    let registration = site.repository.registration(ofWorktree: Slots.worktreeName(slot))
    try Files.writeAtomically(path + "/.git", Array("gitdir: \(registration)\n".utf8))
    return nil
  }

  /// Moves a slot that is no worktree of ours any more out of the way, files and all: what a worker did to it
  /// is for a person to look at, and must not stop the next one. Gives the new place, if there was a folder.
  @discardableResult
  package func setAside(_ slot: String, _ path: String) throws -> String? {
    var place: String?
    if Files.exists(path) {
      let free = Slots.freeName(path + ".broken-")
      try Files.move(path, to: free)
      place = free
    }
    let name = Slots.worktreeName(slot)
    // One that cannot be read is in no list, and in the way all the same.
    if Files.kind(site.repository.registration(ofWorktree: name)) != nil {
      try site.repository.removeWorktree(name: name, derivedPath: path)
    }
    return place
  }

  /// Moves folders of a slot beside it, because nothing keeps what is in them. Gives the place of each.
  @discardableResult
  package func moveAside(_ folders: [String], of slot: String, leavingFolders: Bool = false) throws
    -> [String]
  {
    guard !folders.isEmpty else { return [] }
    let path = try path(slot)
    let place = Slots.freeName(path + ".left-")
    var places: [String] = []
    for folder in folders {
      let target = "\(place)/\(folder)"
      try Files.makeDirectories(Files.parent(of: target))
      try Files.move("\(path)/\(folder)", to: target)
      places.append(target)
      if leavingFolders { try Files.makeDirectories("\(path)/\(folder)") }
    }
    return places
  }

  // MARK: Slots that are given up

  /// Lets their owner write in the folder of all slots, whatever a worker did to it, and forgets that a slot
  /// was given up once nothing of it is left.
  package func makeUsable(_ slot: String) throws {
    try Repository.allowChanges(in: try site.worktreeRoot())
    try Files.removeFile(noteOfGivingUp(slot))
  }

  /// Throws unless one can work in a worktree: where nothing had to be changed, making it ready says nothing
  /// of that.
  package func requireWritable(_ path: String) throws(CommandError) {
    if Files.isWritable(path) { return }
    throw CommandError("nothing can be written in '\(path)'")
  }

  /// Whether something lies in the place of a slot, or is known of it.
  package func isLeft(_ slot: String) -> Bool {
    guard let path = try? path(slot) else { return false }
    return Files.exists(path)
      || Files.kind(site.repository.registration(ofWorktree: Slots.worktreeName(slot))) != nil
  }

  /// Gives up a slot that can neither be used nor moved out of the way: a file system is mounted on it, for
  /// example. Nobody gets it until a person has removed it. Gives the error for whoever wanted it.
  package func giveUp(_ slot: String, _ cause: any Error) throws -> CommandError {
    try Files.makeDirectories(site.localDirectory + "/slots")
    try Files.writeAtomically(noteOfGivingUp(slot), [])
    return .givenUp(slot: slot, CommandError.from(cause).message)
  }

  /// Whether a slot was given up and is still in the way.
  package func isGivenUp(_ slot: String) -> Bool { Files.exists(noteOfGivingUp(slot)) && isLeft(slot) }

  /// Moves a whole slot aside or, where that cannot be done, gives it up as it is. Says where its content is,
  /// for the failure of whoever left it so.
  package func moveAsideOrGiveUp(_ slot: String) throws -> [String] {
    let path = try path(slot)
    do {
      return try setAside(slot, path).map { ["the folder is kept as '\($0)'"] } ?? []
    } catch {
      let found = try giveUp(slot, error)
      return ["the folder stays as it is: \(found.message)"]
    }
  }

  private func noteOfGivingUp(_ slot: String) -> String { "\(site.localDirectory)/slots/\(slot).givenup" }

  /// The folders of slots that were given up; sorted.
  public func givenUpFolders() -> [String] {
    guard let root = try? site.worktreeRoot(),
      let notes = try? Files.listDirectory(site.localDirectory + "/slots")
    else { return [] }
    return notes.filter { $0.hasSuffix(".givenup") }.map { String($0.dropLast(".givenup".count)) }
      .filter { isGivenUp($0) && Files.exists(root + "/" + $0) }.sorted().map { root + "/" + $0 }
  }

  /// The folders that were moved beside slots, because no commit could have what is in them and nothing else
  /// keeps it; sorted. None where there can be no slots.
  public func setAsideFolders() -> [String] {
    guard let root = try? site.worktreeRoot(), let names = try? Files.listDirectory(root) else { return [] }
    return names.filter { name in
      let parts = name.split(separator: ".", omittingEmptySubsequences: false)
      guard parts.count == 2 else { return false }
      func isNumbered(_ text: Substring, _ words: [String]) -> Bool {
        words.contains { text.hasPrefix($0 + "-") && Int(text.dropFirst($0.count + 1)) != nil }
      }
      return isNumbered(parts[0], ["slot", "gate"]) && isNumbered(parts[1], ["broken", "left"])
    }.sorted().map { root + "/" + $0 }
  }

  private static func freeName(_ prefix: String) -> String {
    var number = 1
    while Files.exists("\(prefix)\(number)") { number += 1 }
    return "\(prefix)\(number)"
  }
}
