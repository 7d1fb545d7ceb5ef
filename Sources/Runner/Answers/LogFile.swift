import Glibc
import Migration
import Site
import System

/// A log in this clone: `<epoch>-<what>.log` of a step, or a log of the whole migration.
package struct LogFile: Equatable {
  /// The whole path.
  package var path: String
  /// Whose it is, and what was done.
  package var log: LogName
  /// When it was last written, in nanoseconds; orders the logs of one claim.
  package var changed: Int
  /// How large it is.
  package var size: Int

  /// The claim it belongs to; 0 for a log of the whole migration.
  package var epoch: Int { log.fence?.epoch ?? 0 }
  /// What was done: `setup`, `work`, `gate-1-test`.
  package var what: String { log.what }
  /// The step's id; empty for a log of the whole migration.
  package var step: String { log.fence?.step ?? "" }

  /// Every log of a migration: its own, then those of the steps in the plan's order.
  package static func all(of migration: MigrationState, _ site: Site) throws(CommandError) -> [LogFile] {
    let directory = site.logDirectory(migration.name)
    var files = try list(of: migration.name, step: nil, site)
    for step in migration.steps where Files.exists("\(directory)/\(step.id)") {
      files += try list(of: migration.name, step: step.id, site)
    }
    return files
  }

  /// What the verifiers printed when the base was judged last.
  package static func baseline(of migration: MigrationState, _ site: Site) throws(CommandError) -> [LogFile] {
    try list(of: migration.name, step: nil, site).filter(\.log.isOfBase)
  }

  /// Its name without the end.
  package var name: String { step.isEmpty ? what : "\(epoch)-\(what)" }

  /// The logs of a step, or without one those of the whole migration, by claim and then by time.
  package static func list(
    of migration: String, step: String?, _ site: Site
  ) throws(CommandError) -> [LogFile] {
    let directory = step.map { site.logDirectory(migration, $0) } ?? site.logDirectory(migration)
    guard Files.exists(directory) else { return [] }
    var files: [LogFile] = []
    for file in try reporting({ try Files.listDirectory(directory) }) {
      let path = "\(directory)/\(file)"
      var status = stat()
      guard let log = LogName(file: file, of: step, in: migration), lstat(path, &status) == 0,
        status.st_mode & S_IFMT == S_IFREG
      else { continue }
      files.append(
        LogFile(
          path: path, log: log,
          changed: Int(status.st_mtim.tv_sec) * 1_000_000_000 + Int(status.st_mtim.tv_nsec),
          size: Int(status.st_size)))
    }
    return files.sorted { ($0.epoch, $0.changed, $0.path) < ($1.epoch, $1.changed, $1.path) }
  }

  /// The last `count` lines.
  package static func last(_ count: Int, of bytes: [UInt8]) -> ArraySlice<UInt8> {
    guard count > 0 else { return [] }
    var seen = 0
    // A line feed at the very end ends the last line and begins no other.
    for index in bytes.indices.dropLast().reversed() where bytes[index] == 0x0A {
      seen += 1
      if seen == count { return bytes[(index + 1)...] }
    }
    return bytes[...]
  }
}
