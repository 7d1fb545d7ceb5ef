import Clibgit2
import Glibc
import System

extension Repository {
  /// Registers a linked worktree `name` at `path` with a detached `HEAD` at `commit`, locked, without
  /// files: the next call is `checkoutTree`.
  ///
  /// `path` is absolute and must not exist, or be an empty directory. Throws for a bad name, a taken name
  /// (`EEXISTS`), and a commit that is not there. After an error nothing of this name is left behind.
  ///
  /// It does not call `git_worktree_add`, for three reasons (PITFALLS F11, 5.5): that needs a branch, which
  /// every other tool would see until it is deleted; it makes the registration in place, where a `git
  /// worktree prune` beside it sees a folder without a lock and takes it away; and it leaves half of it
  /// behind when it fails. The files are those of gitrepository-layout(5). They are written in a folder of
  /// their own and appear under `worktrees/` in one rename that never replaces anything, so of several
  /// processes adding the same name one wins, and none sees a half-made worktree.
  public func addWorktree(
    name: String, path: String, commit: OID, lockReason: String
  ) throws(GitError) {
    let operation = "add worktree"
    try WorktreeName.require(name, operation)
    try withCommit(commit) { _ in }
    let place = try placeForWorktree(path, operation)
    let folder = registration(ofWorktree: name)
    guard Files.kind(folder) == nil else { throw taken(name, operation) }
    removeOldDrafts(operation)
    let drafts = "\(draftPrefix)\(name)-\(getpid())-\(UInt32.random(in: 0 ... .max))"
    let draft = "\(commonDirectory)/\(drafts)/\(name)"
    try fileOperation(operation, name) { () throws(FileError) in try Files.makeDirectories(draft) }
    defer {
      if let parent = try? DirectoryHandle.open(commonDirectory, operation) {
        try? DirectoryRemoval.remove(drafts, in: parent)
      }
    }
    try fileOperation(operation, name) { () throws(FileError) in
      let lines = [
        ("locked", lockReason), ("gitdir", "\(place)/.git"), ("commondir", "../.."), ("HEAD", commit.hex),
      ]
      for (file, line) in lines {
        try Files.writeAtomically("\(draft)/\(file)", PathText.bytes("\(line)\n"))
      }
    }
    let isFresh = try makeEmptyDirectory(place, operation)
    do throws(GitError) {
      try writePointer(at: "\(place)/.git", to: folder, operation)
      do throws(GitError) {
        try publish(draft, as: folder, name: name, operation)
      } catch {
        unlink("\(place)/.git")
        throw error
      }
    } catch {
      if isFresh { rmdir(place) }
      throw error
    }
  }

  private var draftPrefix: String { "migrate-worktree-" }

  /// Takes away what processes left that were killed before their registration appeared. What cannot go, such
  /// as another user's, is in nobody's way.
  private func removeOldDrafts(_ operation: String) {
    guard let common = try? DirectoryHandle.open(commonDirectory, operation),
      let names = try? common.names(operation)
    else { return }
    // Making one takes milliseconds; whose it was cannot be asked where processes do not see each other.
    let limit = Int64(time(nil)) - 3600
    for name in names.map({ common.text($0) }) where name.hasPrefix(draftPrefix) {
      guard let modified = Files.modified("\(commonDirectory)/\(name)"), modified < limit else { continue }
      try? DirectoryRemoval.remove(name, in: common)
    }
  }

  /// The real path that a worktree will have: links above it are resolved now, and the last component is new.
  private func placeForWorktree(_ path: String, _ operation: String) throws(GitError) -> String {
    let last = path.split(separator: "/").last.map(String.init) ?? ""
    guard path.hasPrefix("/"), last != ".", last != "..", !last.isEmpty, !path.contains("\n") else {
      throw GitError(
        message: "the path must be absolute and end in a name", operation: operation, subject: path)
    }
    let parent = Files.parent(of: path)
    try fileOperation(operation, path) { () throws(FileError) in try Files.makeDirectories(parent) }
    guard let real = Files.realPath(parent) else { throw .system(errno, operation, path) }
    return real == "/" ? "/\(last)" : "\(real)/\(last)"
  }

  /// Whether it made the directory, as against finding an empty one.
  private func makeEmptyDirectory(_ path: String, _ operation: String) throws(GitError) -> Bool {
    if mkdir(try PathText.terminated(path, operation), 0o777) == 0 { return true }
    guard errno == EEXIST else { throw .system(errno, operation, path) }
    guard let directory = try DirectoryHandle.open(path, operation) else {
      throw .system(ENOENT, operation, path)
    }
    guard try directory.names(operation).isEmpty else {
      throw GitError(message: "the directory is not empty", operation: operation, subject: path)
    }
    return false
  }

  private func writePointer(at path: String, to folder: String, _ operation: String) throws(GitError) {
    let file = Glibc.open(
      try PathText.terminated(path, operation), O_WRONLY | O_CREAT | O_EXCL | O_NOFOLLOW | O_CLOEXEC, 0o644)
    guard file >= 0 else { throw .system(errno, operation, path) }
    defer { close(file) }
    let line = PathText.bytes("gitdir: \(folder)\n")
    guard write(file, line, line.count) == line.count else {
      let number = errno
      unlink(path)
      throw .system(number, operation, path)
    }
  }

  private func publish(
    _ draft: String, as folder: String, name: String, _ operation: String
  ) throws(GitError) {
    var code = ENOENT
    for _ in 0..<1000 {
      if migrate_rename_exclusively(draft, folder) == 0 { return }
      code = errno
      guard code == ENOENT else { break }
      // There is no folder of all registrations: git makes it with the first, and a `git worktree prune`
      // takes it away whenever it is empty, so that one made for this would be gone before it is used. Ours
      // comes with the registration in it; this rename replaces nothing but an empty folder.
      if rename(Files.parent(of: draft), Files.parent(of: folder)) == 0 { return }
      code = errno
      guard code == ENOTEMPTY || code == EEXIST else { break }
      code = ENOENT
    }
    if code == EEXIST { throw taken(name, operation) }
    // Not every file system knows the exclusive rename. A plain one replaces at most an empty folder.
    guard code == EINVAL || code == ENOSYS else { throw .system(code, operation, name) }
    try fileOperation(operation, name) { () throws(FileError) in
      try Files.makeDirectories(Files.parent(of: folder))
    }
    guard Files.kind(folder) == nil, rename(draft, folder) == 0 else {
      throw .system(code, operation, name)
    }
  }

  private func taken(_ name: String, _ operation: String) -> GitError {
    GitError(
      code: GIT_EEXISTS.rawValue, message: "a worktree of this name is registered", operation: operation,
      subject: name)
  }

  func fileOperation(
    _ operation: String, _ subject: String, _ body: () throws(FileError) -> Void
  ) throws(GitError) {
    do throws(FileError) {
      try body()
    } catch {
      throw GitError(message: error.description, operation: operation, subject: subject)
    }
  }

  /// Deletes the linked worktree `name`, locked or not: first its directory, which must be `derivedPath`,
  /// then its registration. Both may be gone already, so a removal that was cut short can be repeated.
  ///
  /// The caller derives the path; what the registration says about it is never used, because an agent can
  /// write that (PITFALLS F10). Refused, with nothing deleted, when `derivedPath` is a link, is no worktree
  /// whose `.git` file points to our registration, or holds the repository itself. No link is followed and
  /// no mount point crossed; at one of those it stops with an error, and the `.git` file, deleted last,
  /// allows a repetition.
  public func removeWorktree(name: String, derivedPath: String) throws(GitError) {
    let operation = "remove worktree"
    try WorktreeName.require(name, operation)
    guard derivedPath.hasPrefix("/"), let last = derivedPath.split(separator: "/").last, last != "..",
      last != "."
    else {
      throw GitError(
        message: "the path must be absolute and end in a name", operation: operation, subject: derivedPath)
    }
    if let parent = Files.realPath(Files.parent(of: derivedPath)) {
      try removeDirectory(name: name, path: parent == "/" ? "/\(last)" : "\(parent)/\(last)", operation)
    }
    guard let common = try DirectoryHandle.open(commonDirectory, operation) else { return }
    // The folder goes whenever it is empty: whoever finds none has nothing to take away.
    guard Files.kind("\(commonDirectory)/worktrees") == .directory,
      let worktrees = try DirectoryHandle.open("\(commonDirectory)/worktrees", operation)
    else { return }
    // Half a registration is one that git finds broken and nobody finds again; so it goes in one step, and
    // what a removal left that was cut off goes with the next.
    let aside = "migrate-removed-\(name)"
    try DirectoryRemoval.remove(aside, in: common)
    let (from, to) = (try PathText.terminated(name, operation), try PathText.terminated(aside, operation))
    // A folder that its owner may not write cannot get another parent.
    if faccessat(worktrees.descriptor, from, W_OK | X_OK, AT_EACCESS) != 0 { worktrees.allowReading(from) }
    guard renameat(worktrees.descriptor, from, common.descriptor, to) == 0 else {
      if errno == ENOENT { return }
      throw .system(errno, operation, "\(commonDirectory)/worktrees/\(name)")
    }
    try DirectoryRemoval.remove(aside, in: common)
  }

  /// Deletes a folder with all that is in it. No link is followed and no mount point crossed; at one of those
  /// it stops with an error. One that is not there is fine.
  public static func removeFolder(_ path: String) throws(GitError) {
    let operation = "remove"
    guard let name = path.split(separator: "/").last,
      let parent = try DirectoryHandle.open(Files.parent(of: path), operation)
    else { return }
    try DirectoryRemoval.remove(String(name), in: parent)
  }

  /// Lets its owner make and remove entries in a folder, which somebody has made read-only. One that is not
  /// there, or not ours, stays as it is.
  public static func allowChanges(in folder: String) throws(GitError) {
    let operation = "look into"
    let parts = folder.split(separator: "/")
    guard let name = parts.last, let parent = try DirectoryHandle.open(Files.parent(of: folder), operation)
    else { return }
    var status = stat()
    guard stat(try PathText.terminated(folder, operation), &status) == 0, status.st_mode & S_IFMT == S_IFDIR,
      status.st_mode & 0o700 != 0o700, status.st_uid == geteuid()
    else { return }
    parent.allowReading(String(name).utf8CString.map { $0 })
  }

  private func removeDirectory(name: String, path: String, _ operation: String) throws(GitError) {
    guard let parent = try DirectoryHandle.open(Files.parent(of: path), operation) else { return }
    let last = String(path.split(separator: "/").last ?? "")
    guard let directory = try DirectoryHandle.open(path, operation) else { return }
    let folder = registration(ofWorktree: name)
    guard !"\(folder)/".hasPrefix("\(path)/") else {
      throw GitError(message: "it holds the repository", operation: operation, subject: path)
    }
    let names = try directory.names(operation)
    if let target = try WorktreeFiles.pointer(in: directory) {
      guard Repository.registeredName(target: target, common: commonDirectory) == name else {
        throw GitError(
          message: "its .git file points to '\(target)', not to '\(folder)'", operation: operation,
          subject: path)
      }
    } else if !names.isEmpty {
      throw GitError(message: "it has no .git file", operation: operation, subject: path)
    }
    try DirectoryRemoval.empty(directory.duplicate(operation), except: [".git"])
    // Only the pointer and an empty directory are left to go; whatever was put in their place stays.
    unlinkat(directory.descriptor, ".git", 0)
    guard unlinkat(parent.descriptor, try PathText.terminated(last, operation), AT_REMOVEDIR) == 0 else {
      throw .system(errno, operation, path)
    }
  }
}
