import Git
import Migration
import System

/// The programs in the repository's own folders of hooks, the user's and ours, which git runs by itself and a
/// worker can write (THREATS T1). A folder that leads out of the git directory is not among them: what lies
/// there is the work tree's, or serves other repositories.
package struct OwnHooks {
  let commonDirectory: String

  private static let folders = ["hooks", "migrate/hooks"]
  /// What ours read to find those that they run.
  private static let note = "chained"
  private static let limit = 64 << 20

  /// Whether a setting of these stands for a hook that is ours, as we write it.
  static func isOurs(_ setting: CommandSetting) -> Bool {
    setting.value == "SHA-256 \(SHA256.hexDigest(of: Array(HookScripts.text.utf8)))"
      && HookScripts.names.contains { name in folders.contains { setting.key == "\($0)/\(name)" } }
  }

  /// Each of them by its content, for what a user approves.
  package var settings: [CommandSetting] {
    files(in: folders()).map { name, path, _ in
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

  /// One of the folders, as it was looked through.
  package struct Folder {
    /// Below the git directory.
    package let name: String
    /// The names in it that may be hooks; none where it leads out of the git directory.
    package let names: [String]
    /// What the file system said of it, when a later change would show.
    package let stamp: FileStamp?
  }

  /// The folders as they are now. One that is as it was is not looked through again.
  package func folders(after last: [Folder] = [], at look: FileStamp.Look = FileStamp.Look()) -> [Folder] {
    OwnHooks.folders.map { name in
      let path = "\(commonDirectory)/\(name)"
      let stamp = FileStamp(of: path)
      if let stamp, let known = last.first(where: { $0.name == name && $0.stamp == stamp }) { return known }
      let isInside = HookFile.isInside(path, commonDirectory)
      let names = isInside ? ((try? Files.listDirectory(path)) ?? []) : []
      return Folder(
        // What is being written is no hook yet: git runs none of that name.
        name: name, names: names.sorted().filter { !$0.hasSuffix(".sample") && !$0.contains(".tmp-") },
        stamp: isInside && stamp?.isSettled(at: look) == true ? stamp : nil)
    }
  }

  /// Each of them by what the file system says of it, which costs little: nobody but root can change one and
  /// put that back.
  package func stamps(in folders: [Folder]) -> [String] {
    files(in: folders).map { name, _, status in
      "\(name) \(status.inode) \(status.mode) \(status.size) "
        + "\(status.modified.seconds).\(status.modified.nanoseconds) "
        + "\(status.changed.seconds).\(status.changed.nanoseconds)"
    }
  }

  /// Whether a further change of each of them would show in its stamp.
  package func areSettled(in folders: [Folder], at look: FileStamp.Look) -> Bool {
    files(in: folders).allSatisfy { FileStamp(of: $0.path)?.isSettled(at: look) ?? false }
  }

  private func files(in folders: [Folder]) -> [(name: String, path: String, status: FileStatus)] {
    var result: [(name: String, path: String, status: FileStatus)] = []
    for folder in folders {
      for name in folder.names {
        let path = "\(commonDirectory)/\(folder.name)/\(name)"
        guard let status = FileStatus(of: path) else { continue }
        if status.mayRun || name == OwnHooks.note { result.append(("\(folder.name)/\(name)", path, status)) }
      }
    }
    return result
  }
}
