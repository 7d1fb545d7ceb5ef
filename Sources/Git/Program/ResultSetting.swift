extension CommandSetting {
  /// Whether a key runs nothing and yet decides what git makes of files: which it sees, how it writes and
  /// records them, what it merges, and whose hooks it runs. What people change while a migration runs
  /// (`branch.*`, `remote.*`, `alias.*`) is none; see `decidesWhoCommits(_:)`, too.
  ///
  /// Of ours those count that decide what programs are given, where they work, and who else writes the
  /// ledger. `migrate.jobs`, `migrate.maxPressure` and `migrate.minFreeDisk` only say how much is begun,
  /// which a worker can spoil without them, and `migrate.worker` is a name. `migrate.gitEnvironment` is never
  /// read from there.
  public static func changesResults(_ key: String) -> Bool {
    let (section, name, variable) = parts(of: key)
    return switch section {
    case "core": name == nil && coreVariables.contains(String(variable))
    // This one only says that worktrees may have settings of their own.
    case "extensions": variable != "worktreeconfig"
    case "submodule": true
    case "merge", "diff": name == nil && mergeVariables.contains(String(variable))
    case "attr": variable == "tree"
    case "migrate": name == nil && ownVariables.contains(String(variable))
    case "lfs": ["fetchexclude", "fetchinclude"].contains(variable)
    default: false
    }
  }

  /// Whether a key says who commits are by, or whether they are signed, and with which key.
  public static func decidesWhoCommits(_ key: String) -> Bool {
    let (section, name, variable) = parts(of: key)
    return switch (section, name == nil) {
    case ("user", true): ["name", "email", "signingkey", "useconfigonly"].contains(variable)
    case ("author", true), ("committer", true): ["name", "email"].contains(variable)
    case ("commit", true): variable == "gpgsign"
    case ("gpg", true): variable == "format"
    default: false
    }
  }

  /// Whether git itself adds and removes the setting when somebody fills or empties a submodule. Only another
  /// value says something then.
  public var comesWithSubmodule: Bool {
    let (section, name, variable) = CommandSetting.parts(of: key)
    guard section == "submodule", name != nil else { return false }
    return switch variable {
    case "active", "url": true
    case "update": ["checkout", "merge", "none", "rebase"].contains(value)
    default: false
    }
  }

  private static let coreVariables: Set<String> = [
    "autocrlf", "bare", "checkroundtripencoding", "checkstat", "eol", "excludesfile", "filemode", "fsmonitor",
    "hookspath", "ignorecase", "ignorestat", "precomposeunicode", "protecthfs", "protectntfs", "safecrlf",
    "sparsecheckout", "sparsecheckoutcone", "symlinks", "trustctime", "untrackedcache",
    "worktree",
  ]

  private static let ownVariables: Set<String> = [
    "agentenvironment", "passenvironment", "remote", "worktreeroot",
  ]

  private static let mergeVariables: Set<String> = [
    "algorithm", "default", "directoryrenames", "ignoresubmodules", "renamelimit", "renames", "renormalize",
  ]
}

extension GitProgram {
  /// What the repository's own files say that a user approves, lowest precedence first, with what they
  /// include: the commands, and what changes results, or who commits are by, without being one. Throws when
  /// the configuration cannot be read.
  public func ownSettings() throws(GitError) -> (commands: [CommandSetting], results: [CommandSetting]) {
    let own = try listSettings().filter(\.isRepositorysOwn)
    return (
      own.filter { CommandSetting.isOne($0.key) },
      own.filter { CommandSetting.changesResults($0.key) || CommandSetting.decidesWhoCommits($0.key) }
    )
  }
}
