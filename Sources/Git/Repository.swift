import Clibgit2
import System

/// An open git repository, through libgit2.
///
/// A handle belongs to one thread: libgit2's objects may be used by a single thread at a time
/// (threading.md), so the class is deliberately not `Sendable`. Every call is synchronous; open one handle
/// per thread. No call runs a hook, an external filter or an fsmonitor: that is `GitProgram`'s part, and
/// the caller's decision.
///
/// Everything that comes back is plain data that outlives the handle.
public final class Repository {
  let pointer: OpaquePointer
  /// The environment that it was opened with; the configuration files and `git -c` are found through it.
  let environment: [String: String]
  /// What `git -c key=value` and `GIT_CONFIG_COUNT` set, lowest precedence first.
  let overrides: [ConfigEntry]

  init(adopting pointer: OpaquePointer, environment: [String: String]) throws(GitError) {
    self.pointer = pointer
    self.environment = environment
    do throws(GitError) {
      self.overrides = try CommandLineConfig.entries(environment: environment)
    } catch {
      git_repository_free(pointer)
      throw error
    }
    ObjectGuard.install(in: self)
  }

  /// A repository without files, for new objects only: nothing is looked for on the disk.
  static func inMemory() throws(GitError) -> Repository {
    try Library.start()
    let (operation, subject) = ("make", "a repository in memory")
    var databaseHandle: OpaquePointer?
    try check(git_odb_new(&databaseHandle), operation, subject)
    let database = try unwrap(databaseHandle, operation)
    defer { git_odb_free(database) }
    var backend: UnsafeMutablePointer<git_odb_backend>?
    try check(git_mempack_new(&backend), operation, subject)
    // The database frees it.
    try check(git_odb_add_backend(database, backend, 1), operation, subject)
    var handle: OpaquePointer?
    try check(git_repository_wrap_odb(&handle, database), operation, subject)
    return try Repository(adopting: try unwrap(handle, operation), environment: [:])
  }

  deinit { git_repository_free(pointer) }

  /// The repository's own directory, without a slash at the end: `.git`, or `.git/worktrees/<name>` of a
  /// linked worktree. Absolute, with symbolic links resolved.
  public var gitDirectory: String { directory(git_repository_path(pointer)) ?? "" }

  /// The directory that all worktrees share: objects, refs and the configuration.
  public var commonDirectory: String { directory(git_repository_commondir(pointer)) ?? gitDirectory }

  /// The top of the work tree, or `nil` for a bare repository.
  public var workingDirectory: String? { directory(git_repository_workdir(pointer)) }

  /// Whether it has no work tree.
  public var isBare: Bool { git_repository_is_bare(pointer) == 1 }

  /// Whether it calls itself bare although people work in it: `git init` with a foreign `GIT_DIR`, and many a
  /// tool, set `core.bare`. Moving a branch then leaves files and index behind, which would undo the move.
  public func isBareByMistake() throws(GitError) -> Bool {
    guard commonDirectory.hasSuffix("/.git"), try configBool("core.bare") == true else { return false }
    return Files.exists(commonDirectory + "/index")
  }

  /// Whether its history is cut off (`git clone --depth`).
  public var isShallow: Bool { git_repository_is_shallow(pointer) == 1 }

  /// Whether this handle is on a linked worktree instead of the main one.
  public var isLinkedWorktree: Bool { git_repository_is_worktree(pointer) == 1 }

  private func directory(_ path: UnsafePointer<CChar>?) -> String? {
    guard var text = PathText.string(path) else { return nil }
    while text.utf8.count > 1 && text.hasSuffix("/") { text.removeLast() }
    return text
  }
}

/// libgit2 is started once in a process and never shut down: each new start costs about 3 ms (STYLE 5.1).
///
/// fsync is on from the first moment, because a repository copies the setting when it is opened (PITFALLS
/// E.2).
enum Library {
  private static let startResult: Int32 = {
    let started = git_libgit2_init()
    guard started >= 0 else { return started }
    return migrate_git_enable_fsync(1)
  }()

  static func start() throws(GitError) { try check(startResult, "start libgit2") }
}
