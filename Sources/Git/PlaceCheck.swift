import Glibc
import Processes

/// Looks whether something that is no file lies where git and libgit2 read files of their own.
///
/// Both open such a place without a look at what is there, and whoever opens a pipe waits until somebody
/// writes into it. Everything that a worker can reach it can also replace.
enum PlaceCheck {
  /// The files in a git directory of its own: of the main worktree or a linked one.
  private static let own = [
    "HEAD", "index", "config.worktree", "commondir", "gitdir", "locked", "MERGE_HEAD", "FETCH_HEAD",
    "ORIG_HEAD", "CHERRY_PICK_HEAD", "REVERT_HEAD", "MERGE_MSG", "logs/HEAD", "info/sparse-checkout",
    "sharedindex",
  ]
  /// The files that all worktrees share.
  private static let shared = [
    "config", "packed-refs", "shallow", "info/exclude", "info/attributes", "info/grafts", "info/refs",
    "objects/info/alternates", "objects/info/http-alternates", "objects/info/commit-graph",
    "objects/info/packs", "objects/pack/multi-pack-index",
  ]
  /// The folders of git-migrate in the shared directory: no link, so that nothing of ours goes elsewhere.
  private static let folders = ["migrate", "migrate/logs", "migrate/prompts", "migrate/slots"]
  /// What these folders hold for every command.
  private static let locks = [
    "migrate/ledger.queue", "migrate/ledger.next", "migrate/slots/lock", "migrate/packing", "migrate/init",
    "migrate/contact",
  ]

  /// Throws unless all of them can be read in a git directory; `common` is the one that it shares with other
  /// worktrees. Costs a look at each name.
  static func require(_ directory: String, common: String) throws(GitError) {
    for name in own { try requireFile("\(directory)/\(name)") }
    if directory != common { try requireFile("\(common)/HEAD") }
    for name in shared { try requireFile("\(common)/\(name)") }
    for name in locks { try requireFile("\(common)/\(name)") }
    for name in folders { try requireFolder("\(common)/\(name)") }
  }

  /// The same for the repository that a search from `path` would find, as far as that can be told without
  /// git: what is found wrong there, the search itself would wait for. Looks no further up than `limit`
  /// says.
  static func requireRepository(from path: String, searching isSearching: Bool) throws(GitError) {
    var folder = path
    while true {
      if let found = try gitDirectory(at: folder) {
        return try require(found, common: commonDirectory(of: found))
      }
      guard isSearching, folder != "/", folder != "." else { return }
      folder = Files.parent(of: folder)
    }
  }

  /// The git directory that `folder` is or has; `nil` when there is none.
  private static func gitDirectory(at folder: String) throws(GitError) -> String? {
    let inner = "\(folder)/.git"
    switch Files.kind(inner) {
    case .directory: return inner
    case .file, .symbolicLink:
      try requireFile(inner, orFolder: true)
      guard let text = line(of: inner) else { return inner }
      guard text.hasPrefix("gitdir: ") else { return nil }
      return Repository.absolute(String(text.dropFirst("gitdir: ".count)), in: folder)
    case .other:
      try requireFile(inner, orFolder: true)
      return nil
    case nil: break
    }
    let isBare = Files.kind("\(folder)/objects") == .directory && Files.exists("\(folder)/HEAD")
    return isBare || Files.exists("\(folder)/commondir") ? folder : nil
  }

  private static func commonDirectory(of directory: String) throws(GitError) -> String {
    try requireFile("\(directory)/commondir")
    guard let text = line(of: "\(directory)/commondir"), !text.isEmpty else { return directory }
    return Repository.absolute(text, in: directory)
  }

  private static func line(of path: String) -> String? {
    guard let bytes = try? Files.readFile(path, limit: 8192) else { return nil }
    return PathText.string(bytes.prefix { $0 != 0x0A })
  }

  private static func requireFile(_ path: String, orFolder: Bool = false) throws(GitError) {
    var status = stat()
    guard let name = try? PathText.terminated(path, "read") else { return }
    guard stat(name, &status) == 0 else {
      if errno == ELOOP { throw refusal(path, "a link that leads nowhere") }
      return
    }
    switch status.st_mode & S_IFMT {
    case S_IFREG: return
    case S_IFDIR: if !orFolder { throw refusal(path, "a folder") }
    case S_IFIFO: throw refusal(path, "a pipe")
    case S_IFSOCK: throw refusal(path, "a socket")
    // The one device that people put there: it says that there is nothing.
    case S_IFCHR where status.st_rdev == 0x103: return
    default: throw refusal(path, "a device")
    }
  }

  private static func requireFolder(_ path: String) throws(GitError) {
    switch Files.kind(path) {
    case nil, .directory: return
    case .symbolicLink: throw refusal(path, "a link", wanted: "folder of git-migrate's own")
    case .file: throw refusal(path, "a file", wanted: "folder")
    case .other: throw refusal(path, "a pipe, a socket or a device", wanted: "folder")
    }
  }

  private static func refusal(_ path: String, _ found: String, wanted: String = "file") -> GitError {
    GitError(
      message: "\(found) lies there, where a \(wanted) should be", operation: "read", subject: path,
      hint: "look who made it, then move it away: mv '\(path)' '\(path).odd'; what was there before comes "
        + "from a copy")
  }
}

extension Repository {
  /// Throws when something that is no file lies where git and libgit2 read their own: whoever opens a pipe
  /// waits for ever.
  public func requirePlainPlaces() throws(GitError) {
    try PlaceCheck.require(gitDirectory, common: commonDirectory)
  }

  /// The same for the refs, each of which may be a file of its own.
  public func requirePlainRefs() throws(GitError) {
    var folders = ["\(commonDirectory)/refs"]
    while let folder = folders.popLast() {
      guard let handle = try? DirectoryHandle.open(folder, "list refs"),
        let entries = try? handle.kinds("list refs")
      else { continue }
      for (name, kind) in entries {
        let path = "\(folder)/\(handle.text(name))"
        switch kind {
        case S_IFDIR: folders.append(path)
        case S_IFREG, 0: continue
        case S_IFLNK where handle.leadsToFile(name): continue
        default:
          throw GitError(
            message: "what lies there is no file", operation: "read ref",
            subject: String(path.dropFirst(commonDirectory.count + 1)), hint: "remove '\(path)'")
        }
      }
    }
  }
}
