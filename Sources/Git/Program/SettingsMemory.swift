import Synchronization
import System

/// What git last said of the configuration, and of which files: what is asked for one repository again and
/// again. It holds as long as the file system says that nobody has changed them; files that they include can
/// change alone, and with those it is asked each time.
final class SettingsMemory: Sendable {
  private let known = Mutex<(files: Sources, list: [CommandSetting])?>(nil)

  /// The files of a repository's and of the user's configuration, as the file system has them.
  struct Sources: Equatable, Sendable {
    private let stamps: [FileStamp?]
    private let paths: [String]
    /// Whether a later change would show.
    private let isSettled: Bool

    init(gitDirectory: String, commonDirectory: String, environment: [String: String]) {
      let look = FileStamp.Look()
      var paths = [commonDirectory + "/config"]
      paths += [commonDirectory, gitDirectory].map { $0 + "/config.worktree" }
      paths.append(environment["GIT_CONFIG_SYSTEM"] ?? "/etc/gitconfig")
      if let global = environment["GIT_CONFIG_GLOBAL"] {
        paths.append(global)
      } else {
        let home = environment["HOME"] ?? ""
        paths += [
          "\(home)/.gitconfig", (environment["XDG_CONFIG_HOME"] ?? "\(home)/.config") + "/git/config",
        ]
      }
      self.paths = paths
      stamps = paths.map { FileStamp(of: $0) }
      isSettled = stamps.allSatisfy { $0?.isSettled(at: look) ?? true }
    }

    /// Whether they tell all: those that they include can change alone.
    fileprivate func tellAll() -> Bool {
      for path in paths where Files.exists(path) {
        guard let bytes = try? Files.readFile(path, limit: 1 << 20),
          !String(decoding: bytes, as: UTF8.self).lowercased().contains("include")
        else { return false }
      }
      return true
    }

    /// Whether they are there as they were, and a change would show.
    fileprivate func isCertain(after last: Sources) -> Bool { isSettled && last.isSettled && self == last }

    static func == (one: Sources, other: Sources) -> Bool {
      one.paths == other.paths && one.stamps == other.stamps
    }
  }

  /// What git said of these files; `nil` when it is to be asked.
  func settings(in files: Sources) -> [CommandSetting]? {
    known.withLock { known in
      guard let found = known, files.isCertain(after: found.files) else { return nil }
      return found.list
    }
  }

  /// Takes note of what it said. `files` is how they were before it was asked.
  func note(_ list: [CommandSetting], in files: Sources) {
    let isWhole = files.tellAll()
    known.withLock { $0 = isWhole ? (files, list) : nil }
  }
}
