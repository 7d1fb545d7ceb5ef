import Glibc
import Synchronization
import System

/// Looks whether something that is no file lies where git and libgit2 read files of their own.
///
/// Both open such a place without a look at what is there, and whoever opens a pipe waits until somebody
/// writes into it. Everything that a worker can reach it can also replace.
enum PlaceCheck {
  /// Names in one folder of a git directory that are to be files, and such as are to be folders of
  /// git-migrate: no link, so that nothing of ours goes elsewhere.
  private struct Place {
    /// The folder below the git directory; empty for itself.
    var folder = ""
    /// Those that git and libgit2 read as a whole, however large they are.
    var whole: [String] = []
    var files: [String] = []
    var folders: [String] = []
  }

  /// How large a file may be that is read as a whole: git itself reads no larger `.gitattributes`. Those that
  /// grow with the repository may be larger.
  private static func sizeLimit(_ name: String) -> off_t {
    ["index", "sharedindex", "packed-refs"].contains(name) ? 1 << 30 : 100 << 20
  }

  /// What lies in a git directory of its own: of the main worktree or a linked one.
  private static let own = [
    Place(
      whole: [
        "HEAD", "index", "config.worktree", "commondir", "gitdir", "locked", "MERGE_HEAD", "ORIG_HEAD",
        "CHERRY_PICK_HEAD", "REVERT_HEAD", "MERGE_MSG", "sharedindex",
      ], files: ["FETCH_HEAD"]),
    Place(folder: "logs", files: ["HEAD"]),
    Place(folder: "info", whole: ["sparse-checkout"]),
  ]
  /// What all worktrees share. Of git-migrate's own it is what every command opens.
  private static let shared = [
    Place(whole: ["HEAD", "config", "packed-refs", "shallow"], folders: ["migrate"]),
    Place(folder: "info", whole: ["exclude", "attributes", "grafts"], files: ["refs"]),
    Place(
      folder: "objects/info", whole: ["alternates", "http-alternates"], files: ["commit-graph", "packs"]),
    Place(folder: "objects/pack", files: ["multi-pack-index"]),
    Place(
      folder: "migrate", files: ["ledger.queue", "ledger.next", "packing", "init", "contact", "combine"],
      folders: ["logs", "prompts", "slots"]),
    Place(folder: "migrate/slots", files: ["lock"]),
  ]

  /// The folders in which all was as it should be, and how they were then. It is asked before each child and
  /// in each round of a run: what did not change is not looked at again, name by name, but for the sizes of
  /// files that are read as a whole, which change without their folder.
  private static let good = Mutex<[String: FileStamp]>([:])
  /// A process that sees more folders than this begins anew.
  private static let goodLimit = 512

  /// Throws unless all of them can be read in a git directory; `common` is the one that it shares with other
  /// worktrees. Costs a look at each folder, and at each name in those that have changed.
  static func require(
    _ directory: String, common: String, at look: FileStamp.Look = FileStamp.Look()
  ) throws(GitError) {
    for place in own { try require(place, in: directory, "own", look) }
    for place in shared { try require(place, in: common, "shared", look) }
  }

  private static func require(
    _ place: Place, in directory: String, _ kind: String, _ look: FileStamp.Look
  ) throws(GitError) {
    let path = place.folder.isEmpty ? directory : "\(directory)/\(place.folder)"
    var status = stat()
    guard let name = try? PathText.terminated(path, "read"), stat(name, &status) == 0 else {
      if errno == ELOOP { throw refusal(path, "a link that leads nowhere", wanted: "folder") }
      // Without the folder there is nothing in it.
      return
    }
    let stamp = FileStamp(status)
    let key = "\(kind) \(path)"
    if good.withLock({ $0[key] }) == stamp {
      for name in place.whole { try requireSize("\(path)/\(name)", name) }
      return
    }
    // What a link leads to can change without its folder.
    var hasLinks = false
    for name in place.whole + place.files where try requireFile("\(path)/\(name)") { hasLinks = true }
    for name in place.whole { try requireSize("\(path)/\(name)", name) }
    for name in place.folders { try requireFolder("\(path)/\(name)") }
    let isKept = !hasLinks && stamp.isSettled(at: look)
    good.withLock { known in
      if known.count >= goodLimit { known = [:] }
      known[key] = isKept ? stamp : nil
    }
  }

  /// The same for the files of the configuration, which libgit2 reads again whenever it is asked.
  static func requireConfiguration(_ directory: String, common: String) throws(GitError) {
    for (folder, name) in [(common, "config"), (directory, "config.worktree")] {
      try requireFile("\(folder)/\(name)")
      try requireSize("\(folder)/\(name)", name)
    }
  }

  /// The same for the file of the refs that are packed.
  static func requirePackedRefs(_ common: String) throws(GitError) {
    try requireFile("\(common)/packed-refs")
    try requireSize("\(common)/packed-refs", "packed-refs")
  }

  /// Which of them are not there.
  static func absent(_ directory: String, common: String) -> Set<String> {
    var found: Set<String> = []
    for (places, root) in [(own, directory), (shared, common)] {
      for place in places {
        let folder = place.folder.isEmpty ? root : "\(root)/\(place.folder)"
        let names = place.whole + place.files
        found.formUnion(names.map { "\(folder)/\($0)" }.filter { !Files.exists($0) })
      }
    }
    return found
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

  /// Says whether it is a link.
  @discardableResult
  private static func requireFile(_ path: String, orFolder: Bool = false) throws(GitError) -> Bool {
    var status = stat()
    guard let name = try? PathText.terminated(path, "read"), lstat(name, &status) == 0 else { return false }
    let isLink = status.st_mode & S_IFMT == S_IFLNK
    guard !isLink || stat(name, &status) == 0 else {
      if errno == ELOOP { throw refusal(path, "a link that leads nowhere") }
      return true
    }
    switch status.st_mode & S_IFMT {
    case S_IFREG: return isLink
    case S_IFDIR:
      if !orFolder { throw refusal(path, "a folder") }
      return isLink
    case S_IFIFO: throw refusal(path, "a pipe")
    case S_IFSOCK: throw refusal(path, "a socket")
    // The one device that people put there: it says that there is nothing.
    case S_IFCHR where status.st_rdev == 0x103: return isLink
    default: throw refusal(path, "a device")
    }
  }

  /// Of a file without content that is said to be large (`truncate -s 100G`) git and libgit2 read every zero
  /// into memory.
  private static func requireSize(_ path: String, _ name: String) throws(GitError) {
    guard let size = size(ofOversized: path, name) else { return }
    throw refusal(path, "a file of \(size) bytes", wanted: "file of at most \(sizeLimit(name) >> 20) MiB")
  }

  private static func size(ofOversized path: String, _ name: String) -> off_t? {
    var status = stat()
    guard let place = try? PathText.terminated(path, "read"), stat(place, &status) == 0,
      status.st_size > sizeLimit(name), status.st_mode & S_IFMT == S_IFREG
    else { return nil }
    return status.st_size
  }

  /// Whether one of git's files is larger than any that git needs to read as a whole. A log grows.
  static func isOversized(_ path: String) -> Bool {
    guard let name = path.split(separator: "/").last, !path.hasSuffix("logs/HEAD") else { return false }
    return size(ofOversized: path, String(name)) != nil
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
    var error = GitError(
      message: "\(found) lies there, where a \(wanted) should be", operation: "read", subject: path,
      hint: "look who made it, then move it away: mv '\(path)' '\(path).odd'; what was there before comes "
        + "from a copy")
    error.oddPlace = path
    return error
  }
}

extension Repository {
  /// Throws when something that is no file lies where git and libgit2 read their own: whoever opens a pipe
  /// waits for ever.
  public func requirePlainPlaces() throws(GitError) {
    try PlaceCheck.require(gitDirectory, common: commonDirectory)
  }

  /// The places of git's and our own files where nothing lies now.
  public func absentPlaces() -> Set<String> { PlaceCheck.absent(gitDirectory, common: commonDirectory) }

  /// The same for the refs, each of which may be a file of its own; of those that a glob can mean, which
  /// libgit2 looks for below the last folder that it names in full.
  public func requirePlainRefs(matching glob: String = "refs/*") throws(GitError) {
    let plain = glob.prefix { !"?*[\\".contains($0) }
    let folder = plain.lastIndex(of: "/").map { plain[..<$0] } ?? "refs"
    var folders = ["\(commonDirectory)/\(folder)"]
    while let folder = folders.popLast() {
      guard let handle = try? DirectoryHandle.open(folder, "list refs"),
        let entries = try? handle.kinds("list refs")
      else { continue }
      for (name, kind) in entries {
        let path = "\(folder)/\(handle.text(name))"
        switch kind {
        case S_IFDIR: folders.append(path)
        case S_IFREG where handle.size(name) <= Repository.refSizeLimit: continue
        case 0: continue
        case S_IFLNK where handle.leadsToFile(name): continue
        default:
          throw GitError(
            message: kind == S_IFREG ? "no ref is as large as that" : "what lies there is no file",
            operation: "read ref", subject: String(path.dropFirst(commonDirectory.count + 1)),
            hint: "remove '\(path)'")
        }
      }
    }
  }
}
