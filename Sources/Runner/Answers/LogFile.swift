import Glibc
import Migration
import Processes

/// A log in this clone: `<epoch>-<what>.log` of a step, or a log of the whole migration.
package struct LogFile: Equatable {
  /// The whole path.
  package var path: String
  /// The claim it belongs to; 0 for a log of the whole migration.
  package var epoch: Int
  /// What was done: `setup`, `work`, `gate-1-test`.
  package var what: String
  /// The step's id; empty for a log of the whole migration.
  package var step: String
  /// When it was last written, in nanoseconds; orders the logs of one claim.
  package var changed: Int
  /// How large it is.
  package var size: Int

  /// Every log of a migration: its own, then those of the steps in the plan's order.
  package static func all(of migration: MigrationState, _ site: Site) throws(CommandError) -> [LogFile] {
    let directory = site.logDirectory(migration.name)
    var files = try list(directory, step: "")
    for step in migration.steps where Files.exists("\(directory)/\(step.id)") {
      files += try list(site.logDirectory(migration.name, step.id), step: step.id)
    }
    return files
  }

  /// What the verifiers printed when the base was judged last.
  package static func baseline(of migration: MigrationState, _ site: Site) throws(CommandError) -> [LogFile] {
    try list(site.logDirectory(migration.name), step: "").filter {
      $0.what.hasPrefix("baseline-")
    }
  }

  /// Its name without the end.
  package var name: String { step.isEmpty ? what : "\(epoch)-\(what)" }

  /// The logs in a folder, by claim and then by time; none when there is no such folder.
  package static func list(_ directory: String, step: String) throws(CommandError) -> [LogFile] {
    guard Files.exists(directory) else { return [] }
    var files: [LogFile] = []
    for name in try reporting({ try Files.listDirectory(directory) }) where name.hasSuffix(".log") {
      let path = "\(directory)/\(name)"
      var status = stat()
      guard lstat(path, &status) == 0, status.st_mode & S_IFMT == S_IFREG else { continue }
      let stem = name.dropLast(".log".count)
      let parts = stem.split(separator: "-", maxSplits: 1)
      let epoch = step.isEmpty ? 0 : parts.first.flatMap { Int($0) }
      guard let epoch else { continue }
      files.append(
        LogFile(
          path: path, epoch: epoch,
          what: step.isEmpty ? String(stem) : parts.dropFirst().first.map(String.init) ?? "",
          step: step, changed: Int(status.st_mtim.tv_sec) * 1_000_000_000 + Int(status.st_mtim.tv_nsec),
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
