import Git
import Glibc
import Migration
import Processes

/// The programs in the repository's own folders of hooks, the user's and ours, which git runs by itself and a
/// worker can write (THREATS T1). A folder that leads out of the git directory is not among them: what lies
/// there is the work tree's, or serves other repositories.
struct OwnHooks {
  let commonDirectory: String

  private static let folders = ["hooks", "migrate/hooks"]
  /// What ours read to find those that they run.
  private static let note = "chained"
  private static let limit = 64 << 20

  /// Whether a setting of these stands for a hook that is ours, as we write it.
  static func isOurs(_ setting: CommandSetting) -> Bool {
    HookScripts.all.contains { script in
      folders.contains { setting.key == "\($0)/\(script.name)" }
        && setting.value == "SHA-256 \(SHA256.hexDigest(of: Array(script.text.utf8)))"
    }
  }

  /// Each of them by its content, for what a user approves.
  var settings: [CommandSetting] {
    files.map { name, path, _ in
      let content: String
      if let target = Files.linkTarget(path) {
        content = "a link to \(target)"
      } else if let bytes = try? Files.readFile(path, limit: OwnHooks.limit) {
        content = "SHA-256 \(SHA256.hexDigest(of: bytes))"
      } else {
        content = "a file that cannot be read"
      }
      return CommandSetting(key: name, value: content, scope: .local, origin: path)
    }
  }

  /// Each of them by what the file system says of it, which costs little: nobody but root can change one and
  /// put that back.
  var stamps: [String] {
    files.map { name, _, status in
      "\(name) \(status.st_ino) \(status.st_mode) \(status.st_size) "
        + "\(status.st_mtim.tv_sec).\(status.st_mtim.tv_nsec) "
        + "\(status.st_ctim.tv_sec).\(status.st_ctim.tv_nsec)"
    }
  }

  private var files: [(name: String, path: String, status: stat)] {
    var result: [(name: String, path: String, status: stat)] = []
    for folder in OwnHooks.folders where HookFile.isInside("\(commonDirectory)/\(folder)", commonDirectory) {
      let names = (try? Files.listDirectory("\(commonDirectory)/\(folder)")) ?? []
      // What is being written is no hook yet: git runs none of that name.
      for name in names.sorted() where !name.hasSuffix(".sample") && !name.contains(".tmp-") {
        let path = "\(commonDirectory)/\(folder)/\(name)"
        var status = stat()
        guard lstat(path, &status) == 0 else { continue }
        let kind = status.st_mode & S_IFMT
        let mayRun = kind == S_IFLNK || kind == S_IFREG && status.st_mode & 0o111 != 0
        if mayRun || name == OwnHooks.note { result.append(("\(folder)/\(name)", path, status)) }
      }
    }
    return result
  }
}
