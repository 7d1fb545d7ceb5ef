import Clibgit2
import Glibc
import System

/// A linked worktree as the repository knows it.
public struct Worktree: Equatable, Sendable {
  /// Its name: the folder under `worktrees/`.
  public let name: String
  /// The directory that its registration names. Anybody who can write the registration chooses this text:
  /// never delete it because it stands here (PITFALLS F10).
  public let path: String
  /// Whether it is protected against `git worktree prune`, `move` and `remove`.
  public let isLocked: Bool
  /// The reason given when it was locked; empty when none was.
  public let lockReason: String?
  /// Whether its directory is there and points back to the registration.
  public let isValid: Bool
  /// Its `HEAD`: a full ref name, or an object id, or `nil` when unreadable.
  public let head: String?
  /// The full name of the branch that it has checked out, also in the middle of a rebase or a bisection.
  public let checkedOutBranch: String?
}

/// The names that we give to linked worktrees.
public enum WorktreeName {
  /// Why `name` is not a name for a worktree, or `nil` when it is one: `[A-Za-z0-9][A-Za-z0-9._-]*` without
  /// `..`, at most 128 bytes. libgit2 1.5.1 checks nothing here: `../../escaped` left the git directory
  /// (PITFALLS F11).
  public static func fault(_ name: String) -> String? {
    guard let first = name.utf8.first else { return "it is empty" }
    guard name.utf8.count <= 128 else { return "it is longer than 128 bytes" }
    let isAlphanumeric = { (byte: UInt8) in
      (0x30...0x39).contains(byte) || (0x41...0x5A).contains(byte) || (0x61...0x7A).contains(byte)
    }
    guard isAlphanumeric(first) else { return "it must start with a letter or a digit" }
    let isGood = name.utf8.allSatisfy { isAlphanumeric($0) || $0 == 0x2E || $0 == 0x2D || $0 == 0x5F }
    guard isGood else { return "it may hold only letters, digits, '.', '_' and '-'" }
    return name.contains("..") ? "it holds '..'" : nil
  }

  static func require(_ name: String, _ operation: String) throws(GitError) {
    if let fault = fault(name) { throw GitError(message: fault, operation: operation, subject: name) }
  }
}

/// The files of a git directory that libgit2 has no call for, read without following links.
enum WorktreeFiles {
  /// The path after `gitdir: ` of the `.git` file in `directory`, or `nil` when there is no such file.
  /// Throws when `.git` is anything but a small plain file in that form.
  static func pointer(in directory: borrowing DirectoryHandle) throws(GitError) -> String? {
    let operation = "read the .git file of worktree"
    guard let content = try directory.content(ofFile: ".git", operation) else { return nil }
    let prefix = Array("gitdir: ".utf8)
    guard content.starts(with: prefix) else {
      throw GitError(
        message: "it is not a pointer to a git directory", operation: operation, subject: directory.path)
    }
    let path = PathText.string(trimmed(content.dropFirst(prefix.count)))
    return path.hasPrefix("/") ? path : "\(directory.path)/\(path)"
  }

  /// One line of a file in a git directory, without the line end; `nil` when there is none.
  static func line(_ name: String, in gitDirectory: String) -> String? {
    guard let bytes = try? Files.readFile("\(gitDirectory)/\(name)", limit: 65_536) else { return nil }
    let line = PathText.string(trimmed(bytes[...]))
    return line.isEmpty ? nil : line
  }

  /// The branch that a git directory has checked out: by `HEAD`, or while a rebase or a bisection goes on
  /// there, by the note that git keeps of it. Those count for git too: such a branch must not be moved
  /// under its user.
  static func branch(in gitDirectory: String) -> String? {
    let symbolic = "ref: "
    if let head = line("HEAD", in: gitDirectory), head.hasPrefix(symbolic) {
      return String(head.dropFirst(symbolic.count).drop { $0 == " " })
    }
    for note in ["rebase-merge/head-name", "rebase-apply/head-name"] {
      if let name = line(note, in: gitDirectory), name.hasPrefix("refs/") { return name }
    }
    return line("BISECT_START", in: gitDirectory).flatMap { OID($0) == nil ? "refs/heads/\($0)" : nil }
  }

  private static func trimmed(_ bytes: ArraySlice<UInt8>) -> ArraySlice<UInt8> {
    var rest = bytes
    while let last = rest.last, last == 0x0A || last == 0x0D { rest.removeLast() }
    return rest
  }

  /// Whether two paths lead to the same directory now.
  static func isSameDirectory(_ left: String, _ right: String) -> Bool {
    var first = stat()
    var second = stat()
    guard stat(left, &first) == 0, stat(right, &second) == 0 else { return false }
    return first.st_dev == second.st_dev && first.st_ino == second.st_ino
  }
}

extension WorktreeFiles {
  /// Whether there is anything at the path, a dangling link included.
  static func existsWithoutFollowing(_ path: String) -> Bool {
    var status = stat()
    guard let name = try? PathText.terminated(path, "look at") else { return false }
    return lstat(name, &status) == 0
  }

  /// Whether nobody can tell if there is anything at the path.
  static func isUnreachable(_ path: String) -> Bool {
    var status = stat()
    guard let name = try? PathText.terminated(path, "look at") else { return false }
    return lstat(name, &status) != 0 && errno != ENOENT && errno != ENOTDIR
  }
}
