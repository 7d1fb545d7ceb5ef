import CanonicalJSON
import Git
import Migration
import System

/// The slots of the gate: who uses one holds its lock.
extension Slots {
  /// Takes the first slot of the gate that nobody uses, and that can be used.
  package func takeGateSlot() throws(CommandError) -> (slot: String, lock: FileLock) {
    do throws(FileError) {
      try Files.makeDirectories(site.localDirectory + "/slots")
      var number = 1
      while true {
        let slot = "gate-\(number)"
        let path = "\(site.localDirectory)/slots/\(slot).lock"
        if !isForeign(slot), !isGivenUp(slot), let lock = try FileLock.acquire(path: path, wait: false) {
          return (slot, lock)
        }
        number += 1
      }
    } catch {
      throw CommandError(error)
    }
  }

  /// Runs `body` while nobody else makes or fills a worktree of this clone.
  package func withCreationLock(_ body: () throws(CommandError) -> Void) throws(CommandError) {
    let lock = try reporting { try creationLock() }
    defer { withExtendedLifetime(lock) {} }
    try body()
  }

  /// Removes the worktree of a slot, so that the next one is made anew.
  package func removeGateWorktree(_ slot: String, _ path: String) throws {
    site.gateSeals[slot] = nil
    let name = Slots.worktreeName(slot)
    if try site.repository.worktrees().contains(where: { $0.name == name }) {
      try site.repository.removeWorktree(name: name, derivedPath: path)
    }
    if Files.exists(path) { try setAside(slot, path) }
  }

  // MARK: The note

  func gateNotePath(_ slot: String) -> String { "\(site.localDirectory)/slots/\(slot).note.json" }

  /// What the last candidate left in a slot of the gate, as far as that is known.
  package func gateNote(_ slot: String) -> GateNote? {
    guard let bytes = Site.ownFile(gateNotePath(slot)) else { return nil }
    return GateNote(bytes: bytes)
  }

  /// Removes the folders for caches that gates left which were killed: the one rule of all who come after
  /// them. A slot that is in use keeps its own.
  public func removeLeftCaches() {
    let folder = site.localDirectory + "/slots"
    for file in (try? Files.listDirectory(folder)) ?? [] {
      guard file.hasPrefix("gate-"), file.hasSuffix(".note.json") else { continue }
      let slot = String(file.dropLast(".note.json".count))
      guard gateNote(slot)?.caches != nil,
        let lock = try? FileLock.acquire(path: "\(folder)/\(slot).lock", wait: false)
      else { continue }
      // Only now nobody writes the note.
      if var note = gateNote(slot), note.caches != nil, note.removeCaches() {
        note.caches = nil
        try? write(note, slot)
      }
      withExtendedLifetime(lock) {}
    }
  }

  /// Keeps the note of a gate's slot.
  package func write(_ note: GateNote, _ slot: String) throws(FileError) {
    try Files.writeAtomically(gateNotePath(slot), note.json.canonicalBytes)
  }
}
