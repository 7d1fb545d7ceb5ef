import Clibgit2

extension Repository {
  /// libgit2's reason for refusing a repository, in words that say what to do (PITFALLS E.1).
  static func explained(_ error: GitError, path: String) -> GitError {
    var error = error
    if let name = unsupportedExtension(in: error.message) {
      return explainedExtension(error, name: name)
    }
    if error.message.contains("unsupported repository version") {
      error.hint = "the repository was made by a newer git than this tool reads"
      return error
    }
    let isOwner = error.code == GIT_EOWNER.rawValue
    // 1.5.1 gives "config value not found" when the owner differs and `safe.directory` is not set at all.
    let isMissingKey =
      error.code == GIT_ENOTFOUND.rawValue && error.errorClass == Int32(GIT_ERROR_CONFIG.rawValue)
    if isOwner || isMissingKey {
      error.code = GIT_EOWNER.rawValue
      error.message = "the repository is owned by another user (safe.directory)"
      error.hint = "git config --global --add safe.directory '\(path)'"
      return error
    }
    if error.code == GIT_ENOTFOUND.rawValue {
      error.message = "not a git repository (or any of the parent directories)"
    }
    return error
  }

  private static func unsupportedExtension(in message: String) -> String? {
    guard let range = message.firstRange(of: "unsupported extension name extensions.") else { return nil }
    let name = message[range.upperBound...].prefix { !$0.isWhitespace }
    return name.isEmpty ? nil : String(name)
  }

  private static func explainedExtension(_ error: GitError, name: String) -> GitError {
    var error = error
    let (spelling, readers) =
      knownExtensions[name.lowercased()] ?? (name, "this tool does not know which version reads it")
    error.message = "unsupported extension '\(spelling)': \(readers)"
    error.hint = "this tool uses libgit2 \(libraryVersion); see extensions.\(spelling) in git-config(1)"
    return error
  }

  /// Which release reads an extension. git: its release notes; libgit2: pull request 6756 (worktreeConfig),
  /// 7254 (relativeWorktrees).
  private static let knownExtensions: [String: (String, String)] = [
    "worktreeconfig": ("worktreeConfig", "read by git 2.20 and libgit2 1.8"),
    "relativeworktrees": ("relativeWorktrees", "read by git 2.48 and libgit2 1.9.4"),
    "preciousobjects": ("preciousObjects", "read by git 2.7 and libgit2 1.9"),
    "partialclone": ("partialClone", "read by git 2.17, by no release of libgit2"),
    "objectformat": ("objectFormat", "sha256 is read by git 2.29, by no stable release of libgit2"),
    "compatobjectformat": ("compatObjectFormat", "read by git 2.45, by no release of libgit2"),
    "refstorage": ("refStorage", "reftable is read by git 2.45, by no release of libgit2"),
  ]

  private static var libraryVersion: String {
    var major: Int32 = 0
    var minor: Int32 = 0
    var revision: Int32 = 0
    git_libgit2_version(&major, &minor, &revision)
    return "\(major).\(minor).\(revision)"
  }

  /// Whether the user's or the system's configuration says `safe.directory = *`, which git honours and
  /// libgit2 1.5.1 does not. As in git, an empty value forgets the ones before it, and the repository's own
  /// configuration has no say.
  static func trustsEveryOwner(_ environment: [String: String]) -> Bool {
    safeDirectories(environment).contains("*")
  }

  /// The values of `safe.directory` that count, with the home in place of `~`.
  static func safeDirectories(_ environment: [String: String]) -> Set<String> {
    guard let config = try? ConfigStack.user(environment) else { return [] }
    defer { git_config_free(config) }
    var values = (try? ConfigStack.values("safe.directory", in: config)) ?? []
    values += ((try? CommandLineConfig.entries(environment: environment)) ?? [])
      .filter { $0.key == "safe.directory" }.map { $0.value ?? "" }
    var result: Set<String> = []
    for value in values {
      if value.isEmpty {
        result = []
      } else if value.hasPrefix("~/"), let home = environment["HOME"] {
        result.insert(home + value.dropFirst())
      } else {
        result.insert(value)
      }
    }
    return result
  }
}
