import Synchronization
import System

/// What git last said of the configuration, and of which files: what is asked for one repository again and
/// again. It holds as long as the file system says that nobody has changed them, nor those that they include.
final class SettingsMemory: Sendable {
  private struct Known {
    var files: Sources
    var list: [CommandSetting]
  }

  private struct Memory {
    var known: Known?
    /// The files that others include, as git said last.
    var included: [String] = []
  }

  private let memory = Mutex(Memory())

  /// The files of a repository's and of the user's configuration, as the file system has them.
  struct Sources: Equatable, Sendable {
    private let stamps: [FileStamp?]
    private let paths: [String]
    /// Whether a later change would show.
    private let isSettled: Bool

    /// Takes the stamps of them now, and of those that they are known to include.
    init(
      gitDirectory: String, commonDirectory: String, environment: [String: String], included: [String] = []
    ) {
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
      paths += included
      self.paths = paths
      stamps = paths.map { FileStamp(of: $0) }
      isSettled = stamps.allSatisfy { $0?.isSettled(at: look) ?? true }
    }

    /// Whether all of these files are among them.
    fileprivate func cover(_ files: [String]) -> Bool { files.allSatisfy(paths.contains) }

    /// Whether they are there as they were, and a change would show.
    fileprivate func isCertain(after last: Sources) -> Bool { isSettled && last.isSettled && self == last }

    static func == (one: Sources, other: Sources) -> Bool {
      one.paths == other.paths && one.stamps == other.stamps
    }
  }

  /// The files that were included when git was asked last.
  var included: [String] { memory.withLock(\.included) }

  /// What git said of these files; `nil` when it is to be asked.
  func settings(in files: Sources) -> [CommandSetting]? {
    memory.withLock { memory in
      guard let found = memory.known, files.isCertain(after: found.files) else { return nil }
      return found.list
    }
  }

  /// Takes note of what it said. `files` is how they were before it was asked; `included` are the files that
  /// they include, `nil` when that depends on more than files. Those that were not looked at before are
  /// looked at the next time.
  func note(_ list: [CommandSetting], in files: Sources, including included: [String]?) {
    let isWhole = included.map(files.cover) ?? false
    memory.withLock {
      $0.known = isWhole ? Known(files: files, list: list) : nil
      $0.included = included ?? []
    }
  }
}
