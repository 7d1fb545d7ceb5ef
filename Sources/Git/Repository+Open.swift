import Clibgit2
import Glibc
import Synchronization
import System

/// Held while a repository is opened: the check of the owner is switched for the whole process.
private let opening = Mutex(())

extension Repository {
  /// Finds the repository that `directory` is in, the way `git` does with this environment.
  ///
  /// `GIT_DIR`, `GIT_WORK_TREE`, `GIT_COMMON_DIR`, `GIT_CEILING_DIRECTORIES`,
  /// `GIT_DISCOVERY_ACROSS_FILESYSTEM`, `GIT_OBJECT_DIRECTORY` and `GIT_ALTERNATE_OBJECT_DIRECTORIES` (the
  /// quarantine of a `pre-receive` hook) are read from `environment`, never from the process: libgit2 1.5.1
  /// stops with an error at two of them. As in git, `GIT_DIR` without `GIT_WORK_TREE` makes `directory` the
  /// top of the work tree.
  ///
  /// Throws a one-line error for: no repository, an unsupported extension (it names the extension and the
  /// version that reads it), another owner (`safe.directory`), a malformed `git -c`.
  public static func discover(
    from directory: String, environment: [String: String]
  ) throws(GitError) -> Repository {
    let operation = "find a repository from"
    guard let start = Files.realPath(directory) else {
      throw GitError(message: "no such directory", operation: operation, subject: directory)
    }
    let repository: Repository
    if let named = environment["GIT_DIR"], !named.isEmpty {
      let path = absolute(named, in: start)
      let flags = GIT_REPOSITORY_OPEN_NO_SEARCH.rawValue | GIT_REPOSITORY_OPEN_NO_DOTGIT.rawValue
      repository = try openHandle(path, flags: flags, environment: environment, "open repository")
      try repository.placeWorkTree(start: start)
    } else {
      let crosses = isTrue(environment["GIT_DISCOVERY_ACROSS_FILESYSTEM"])
      let flags = crosses ? GIT_REPOSITORY_OPEN_CROSS_FS.rawValue : 0
      repository = try openHandle(start, flags: flags, environment: environment, operation)
      if let tree = environment["GIT_WORK_TREE"], !tree.isEmpty {
        try repository.setWorkTree(absolute(tree, in: start))
      }
    }
    if let common = environment["GIT_COMMON_DIR"], !common.isEmpty {
      let path = absolute(common, in: start)
      guard Files.realPath(path) == Files.realPath(repository.commonDirectory) else {
        throw GitError(
          message: "GIT_COMMON_DIR names '\(path)', the repository uses '\(repository.commonDirectory)'",
          operation: "open repository", subject: repository.gitDirectory,
          hint: "unset GIT_COMMON_DIR")
      }
    }
    try repository.addObjectDirectories(start: start)
    return repository
  }

  /// Opens exactly this git directory (or the work tree whose `.git` it is): no search upwards.
  ///
  /// Errors are those of `discover`.
  public static func open(
    gitDirectory: String, environment: [String: String] = [:]
  ) throws(GitError) -> Repository {
    let flags = GIT_REPOSITORY_OPEN_NO_SEARCH.rawValue
    return try openHandle(gitDirectory, flags: flags, environment: environment, "open repository")
  }

  /// Makes an empty repository, with the directories above it, and opens it. An existing one is opened as
  /// it is.
  public static func initialize(
    at path: String, bare: Bool = false, initialBranch: String = "main", environment: [String: String] = [:]
  ) throws(GitError) -> Repository {
    try Library.start()
    let operation = "make repository"
    var options = git_repository_init_options()
    try check(git_repository_init_options_init(&options, 1), operation, path)
    options.flags = GIT_REPOSITORY_INIT_MKPATH.rawValue | (bare ? GIT_REPOSITORY_INIT_BARE.rawValue : 0)
    let place = try PathText.terminated(path, operation)
    let branch = try PathText.terminated(initialBranch, operation)
    var handle: OpaquePointer?
    let code = branch.withUnsafeBufferPointer { name in
      options.initial_head = name.baseAddress
      return git_repository_init_ext(&handle, place, &options)
    }
    try check(code, operation, path)
    let repository = try Repository(adopting: unwrap(handle, operation), environment: environment)
    try repository.installConfig()
    return repository
  }

  static func openHandle(
    _ path: String, flags: UInt32, environment: [String: String], _ operation: String
  ) throws(GitError) -> Repository {
    try Library.start()
    try PlaceCheck.requireRepository(
      from: path, searching: flags & GIT_REPOSITORY_OPEN_NO_SEARCH.rawValue == 0)
    let place = try PathText.terminated(path, operation)
    let ceiling = try PathText.terminated(environment["GIT_CEILING_DIRECTORIES"] ?? "", operation)
    // Compared before the lock is taken: reading the user's configuration is no part of the open.
    let trustsAll = trustsEveryOwner(environment)
    let outcome: Result<OpaquePointer, GitError> = opening.withLock { _ in
      if trustsAll { _ = migrate_git_owner_validation(0) }
      defer { if trustsAll { _ = migrate_git_owner_validation(1) } }
      var handle: OpaquePointer?
      let code = git_repository_open_ext(&handle, place, flags, ceiling)
      guard code >= 0, let handle else { return .failure(.last(code, operation, path)) }
      // An opaque pointer is not Sendable; ownership passes out of the lock, and nobody else has seen it.
      return .success(handle)
    }
    switch outcome {
    case .success(let handle):
      let repository = try Repository(adopting: handle, environment: environment)
      try repository.installConfig()
      return repository
    case .failure(let error):
      if let repository = try openedByName(place, flags, ceiling, environment) { return repository }
      throw explained(error, path: path)
    }
  }

  /// The repository at the place, whoever owns it, when `safe.directory` names it in a way that libgit2 1.5.1
  /// does not read: by `git -c`, by a variable, or with a `~`.
  private static func openedByName(
    _ place: [CChar], _ flags: UInt32, _ ceiling: [CChar], _ environment: [String: String]
  ) throws(GitError) -> Repository? {
    let named = safeDirectories(environment)
    guard !named.isEmpty else { return nil }
    let found: OpaquePointer? = opening.withLock { _ in
      _ = migrate_git_owner_validation(0)
      defer { _ = migrate_git_owner_validation(1) }
      var handle: OpaquePointer?
      return git_repository_open_ext(&handle, place, flags, ceiling) >= 0 ? handle : nil
    }
    guard let found else { return nil }
    let repository = try Repository(adopting: found, environment: environment)
    guard named.contains(repository.workingDirectory ?? repository.gitDirectory) else { return nil }
    try repository.installConfig()
    return repository
  }

  /// `GIT_DIR` was given: the work tree is what git would take.
  private func placeWorkTree(start: String) throws(GitError) {
    if let tree = environment["GIT_WORK_TREE"], !tree.isEmpty {
      return try setWorkTree(Repository.absolute(tree, in: start))
    }
    guard !isBare, try configInFiles("core.worktree") == nil else { return }
    try setWorkTree(start)
  }

  func setWorkTree(_ path: String) throws(GitError) {
    let operation = "use work tree"
    try check(
      git_repository_set_workdir(pointer, PathText.terminated(path, operation), 0), operation, path)
  }

  /// A `pre-receive` hook sees the pushed objects only in the quarantine that these variables name.
  private func addObjectDirectories(start: String) throws(GitError) {
    let alternates = (environment["GIT_ALTERNATE_OBJECT_DIRECTORIES"] ?? "").split(separator: ":").map(
      String.init)
    let own = environment["GIT_OBJECT_DIRECTORY"].map { [$0] } ?? []
    let paths = (own + alternates).filter { !$0.isEmpty }
    guard !paths.isEmpty else { return }
    let operation = "add object directory"
    var database: OpaquePointer?
    try check(git_repository_odb(&database, pointer), "open objects of", gitDirectory)
    defer { git_odb_free(database) }
    for path in paths {
      let place = Repository.absolute(path, in: start)
      try check(
        git_odb_add_disk_alternate(database, PathText.terminated(place, operation)), operation, place)
    }
  }

  static func absolute(_ path: String, in directory: String) -> String {
    path.hasPrefix("/") ? path : "\(directory)/\(path)"
  }

  /// git's rule for a boolean environment variable.
  static func isTrue(_ value: String?) -> Bool {
    guard let value = value?.lowercased() else { return false }
    return ["1", "true", "yes", "on"].contains(value)
  }
}
