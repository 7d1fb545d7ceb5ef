import Clibgit2

extension Repository {
  /// The value of a key, or `nil` when it is not set. `git -c` wins over `GIT_CONFIG_COUNT`, and both win
  /// over the files; of several values the last one counts. A key without a value reads as an empty text.
  ///
  /// Throws when a file cannot be read or the key is malformed.
  public func config(_ key: String) throws(GitError) -> String? {
    let name = try CommandLineConfig.canonical(key)
    if let entry = overrides.last(where: { $0.key == name }) { return entry.value ?? "" }
    return try configInFiles(name)
  }

  /// A boolean in git's spelling (`true`, `yes`, `on`, `1`, a key without a value, …), or `nil` when it is
  /// not set.
  ///
  /// Throws for a value that is no boolean.
  public func configBool(_ key: String) throws(GitError) -> Bool? {
    let entries = try configEntries(prefix: key)
    let name = try CommandLineConfig.canonical(key)
    guard let entry = entries.last(where: { $0.key == name }) else { return nil }
    guard let value = entry.value else { return true }
    var result: Int32 = 0
    let operation = "read a boolean from"
    try check(git_config_parse_bool(&result, PathText.terminated(value, operation)), operation, key)
    return result != 0
  }

  /// Every value of a multi-valued key, lowest precedence first.
  public func configValues(_ key: String) throws(GitError) -> [String] {
    let name = try CommandLineConfig.canonical(key)
    return try configEntries(prefix: key).filter { $0.key == name }.map { $0.value ?? "" }
  }

  /// The values that the machine's configuration, the user's own and `git -c` give a key, lowest precedence
  /// first: what nobody can have written who only works in the repository.
  public func usersConfigValues(_ key: String) throws(GitError) -> [String] {
    let name = try CommandLineConfig.canonical(key)
    let config = try ConfigStack.user(environment, of: pointer)
    defer { git_config_free(config) }
    let said = overrides.filter { $0.key == name }.map { $0.value ?? "" }
    return try ConfigStack.values(name, in: config) + said
  }

  /// Every entry whose key starts with `prefix` (compared without regard to case, as in `migrate.`), lowest
  /// precedence first: system, user, repository, worktree, `GIT_CONFIG_COUNT`, `git -c`.
  public func configEntries(prefix: String) throws(GitError) -> [ConfigEntry] {
    let wanted = prefix.lowercased()
    var result: [ConfigEntry] = []
    try withConfig { config throws(GitError) in
      var iterator: OpaquePointer?
      try check(git_config_iterator_new(&iterator, config), "read the configuration of", gitDirectory)
      result = try ConfigStack.entries(of: iterator, gitDirectory).filter {
        $0.key.lowercased().hasPrefix(wanted)
      }
    }
    return result + overrides.filter { $0.key.lowercased().hasPrefix(wanted) }
  }

  func configInFiles(_ key: String) throws(GitError) -> String? {
    let operation = "read the configuration key"
    var result: String?
    try withConfig { config throws(GitError) in
      var buffer = git_buf()
      defer { git_buf_dispose(&buffer) }
      let name = try PathText.terminated(key, operation)
      guard try found(git_config_get_string_buf(&buffer, config, name), operation, key) else { return }
      result = buffer.ptr.map { String(cString: $0) } ?? ""
    }
    return result
  }

  /// Gives the handle the configuration that git would see with our environment, so that `core.fileMode`,
  /// `core.autocrlf` and the like hold for libgit2's own work too.
  func installConfig() throws(GitError) {
    let config = try ConfigStack.user(environment, of: pointer)
    defer { git_config_free(config) }
    try ConfigStack.add("\(commonDirectory)/config", GIT_CONFIG_LEVEL_LOCAL, to: config, of: pointer)
    var usesWorktreeFile: Int32 = 0
    // libgit2 1.5.1 opens format 0 with this extension (git sparse-checkout makes it) and ignores the file.
    if try found(
      git_config_get_bool(&usesWorktreeFile, config, "extensions.worktreeconfig"),
      "read the configuration of",
      gitDirectory), usesWorktreeFile != 0
    {
      try ConfigStack.add("\(gitDirectory)/config.worktree", ConfigStack.worktree, to: config, of: pointer)
    }
    try addFilesForRemotes(to: config)
    try check(git_repository_set_config(pointer, config), "read the configuration of", gitDirectory)
  }

  /// libgit2 1.5 passes over what is included for the address of a remote (`includeIf "hasconfig:…"`). Where
  /// there is such a line, git is asked once which files that are; one that does not answer includes none.
  private func addFilesForRemotes(to config: OpaquePointer) throws(GitError) {
    let patterns = try ConfigStack.values(matching: "^includeif\\.hasconfig:.*\\.path$", in: config)
    guard !patterns.isEmpty else { return }
    let git = GitProgram(
      gitDirectory: gitDirectory, commonDirectory: commonDirectory, environment: environment)
    // Relative to a home, or to the file that includes it, which is not known here.
    let ends = patterns.map { pattern in
      "/" + pattern.split(separator: "/").drop { ["~", ".", ".."].contains($0) }.joined(separator: "/")
    }
    let files = ((try? git.configurationFiles()) ?? []).filter { file in
      ends.contains { "/\(file.path)".hasSuffix($0) }
    }
    for (number, file) in files.enumerated() {
      let level = ConfigStack.included(number, byRepository: file.isRepositorys)
      try ConfigStack.add(file.path, level, to: config, of: pointer)
    }
  }

  /// The umask under which files of a repository are made that several people share
  /// (`core.sharedRepository`); `current` when nobody shares it.
  ///
  /// libgit2 1.5.1 goes by the umask alone. Throws for a value that git does not know.
  public func umask(from current: UInt32) throws(GitError) -> UInt32 {
    guard let value = try config("core.sharedRepository")?.lowercased() else { return current }
    func opened(to permissions: UInt32) -> UInt32 { permissions | (permissions & 0o444) >> 2 }
    switch value {
    case "umask", "false", "no", "off", "0": return current
    case "", "group", "true", "yes", "on", "1": return current & ~opened(to: 0o660)
    case "all", "world", "everybody", "2": return current & ~opened(to: 0o664)
    default:
      guard let mode = UInt32(value, radix: 8), mode & 0o600 == 0o600, mode <= 0o777 else {
        throw GitError(
          message: "'\(value)' is no permission", operation: "read", subject: "core.sharedRepository",
          hint: "see core.sharedRepository in git-config(1)")
      }
      return 0o777 & ~opened(to: mode & 0o666)
    }
  }

  private func withConfig(_ body: (OpaquePointer) throws(GitError) -> Void) throws(GitError) {
    try PlaceCheck.requireConfiguration(gitDirectory, common: commonDirectory)
    var handle: OpaquePointer?
    try check(git_repository_config(&handle, pointer), "read the configuration of", gitDirectory)
    let config = try unwrap(handle, "read the configuration of")
    defer { git_config_free(config) }
    try body(config)
  }
}
