import Git
import System

/// Where the local writers of a ledger wait for each other.
///
/// It only keeps them from burning retries: without it the compare-and-swap would still let exactly one win.
/// So nobody waits in it for ever, should whoever is in front be stopped.
final class WriterQueue {
  /// How often a writer may go on while others wait: each of them has to read what the others wrote, and many
  /// entries at once are read for less. A few, so that nobody waits for long.
  static let longestTurn = 16
  /// How long a writer stays in the queue, in seconds; an append takes some thousandths of one.
  static let patience = 60

  private let folder: String
  /// The lock as we had it last, so that it can be taken back in a moment, before others wake up.
  private var last: FileLock?
  /// How often we may go on before it is the turn of others.
  private var left = 0

  /// Makes a queue in a folder, which is made when it is needed.
  init(folder: String) { self.folder = folder }

  /// Whether anybody ever wrote to the ledger here: each leaves a note in the lock's file.
  var wasUsed: Bool {
    guard let note = try? Files.readPlain(folder + "/ledger.queue", limit: 64) else { return false }
    return !note.isEmpty
  }

  /// Whether somebody else has the turn at this moment.
  var isBusy: Bool {
    guard Files.exists(folder + "/ledger.queue") else { return false }
    let free = try? FileLock.acquire(path: folder + "/ledger.queue", wait: false)
    return free.flatMap(\.self) == nil
  }

  /// Waits for its turn, which ends when the lock is set free; `nil` when it did not come within `seconds`,
  /// which may be `nil` for no limit.
  ///
  /// `tip` is the newest entry that the writer knows. Who wrote last and knows the newest may go on, past
  /// those who wait, but not often. Whoever is next in line is asked to do what it can `whileWaiting`.
  func enter(
    knowing tip: OID?, withinSeconds seconds: Int?, whileWaiting: () -> Void
  ) throws(FileError) -> FileLock? {
    if let tip, let last, left > 0, last.takeBack() {
      left -= 1
      if StaleLock.isAnnounced(tip, in: last) { return last }
      last.free()
    }
    left = Self.longestTurn - 1
    last = try waitForTurn(withinSeconds: seconds, whileWaiting)
    return last
  }

  private func waitForTurn(
    withinSeconds seconds: Int?, _ whileWaiting: () -> Void
  ) throws(FileError) -> FileLock? {
    try Files.makeDirectories(folder)
    let path = folder + "/ledger.queue"
    let next = try wait(folder + "/ledger.next", seconds)
    defer { withExtendedLifetime(next) {} }
    if let free = try FileLock.acquire(path: path, wait: false) { return free }
    whileWaiting()
    return try wait(path, seconds)
  }

  private func wait(_ path: String, _ seconds: Int?) throws(FileError) -> FileLock? {
    guard let seconds else { return try FileLock.acquire(path: path, wait: true) }
    return try FileLock.acquire(path: path, waitingSeconds: seconds)
  }
}
