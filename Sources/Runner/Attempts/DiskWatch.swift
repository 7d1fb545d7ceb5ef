import Migration
import Site
import System

/// Watches what an attempt writes, where its plan limits that.
struct DiskWatch {
  /// How often it looks, in seconds: a walk over a large worktree takes its time.
  private static let seconds = 5

  private let limit: Int
  private let folders: [String]
  private let before: Int
  private var lookedAt: Timestamp

  /// Begins to watch the folders of an attempt; `nil` where nothing limits it.
  init?(_ limit: Int?, _ folders: [String], at now: Timestamp) {
    guard let limit else { return nil }
    self.limit = limit
    self.folders = folders
    before = DiskUse.bytes(below: folders)
    lookedAt = now
  }

  /// That too much was written, in words, when it was and it is time to look.
  mutating func excess(at now: Timestamp) -> String? {
    guard now < lookedAt || now >= lookedAt.adding(seconds: DiskWatch.seconds) else { return nil }
    lookedAt = now
    let (most, overflowed) = before.addingReportingOverflow(limit)
    guard !overflowed, DiskUse.bytes(below: folders, limit: most) > most else { return nil }
    return "it wrote more than the \(limit >> 20) MiB of the plan's 'limits'"
  }
}
