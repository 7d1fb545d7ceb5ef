extension ChildEnvironment {
  /// The environment for the `git` program, and with it for its hooks, ssh, gpg, filters and credential
  /// helpers: the list for children, then what those need to reach their agents, stores and terminals, and
  /// what is git's or ours by its name, then `extraNames` of `parent`. Keys of coding agents and of services
  /// do not pass.
  public static func forGit(
    from parent: [String: String], extraNames: [String] = []
  ) -> [String: String] {
    allowList(from: parent, adding: parent.filter { isForGit($0.key) }, extraNames: extraNames)
  }

  /// The environment of the `git` program itself, at work on a repository: `forGit`, with none of what other
  /// git commands were told (`GIT_*`), and with the directories said outright. Nobody is asked anything.
  public static func ofGit(
    from parent: [String: String], gitDirectory: String, commonDirectory: String, workTree: String?,
    extraNames: [String] = []
  ) -> [String: String] {
    var result = forGit(from: parent, extraNames: extraNames).filter {
      !$0.key.hasPrefix("GIT_") || gitFiles.contains($0.key)
    }
    result.merge(
      [
        "GIT_DIR": gitDirectory, "GIT_NO_REPLACE_OBJECTS": "1", "GIT_TERMINAL_PROMPT": "0",
        "GIT_OPTIONAL_LOCKS": "0", "GIT_EDITOR": "true",
        "GIT_SEQUENCE_EDITOR": "true", "GIT_MERGE_AUTOEDIT": "no", "GIT_PAGER": "cat", "LC_ALL": "C",
      ]
    ) { $1 }
    // Said outright, so that a tampered `commondir` file of the worktree is not asked.
    if commonDirectory != gitDirectory { result["GIT_COMMON_DIR"] = commonDirectory }
    if let workTree { result["GIT_WORK_TREE"] = workTree }
    // The user's own choice of ssh reaches git as a variable, which wins over any configuration; so does the
    // program that answers for him when a password is wanted. Nobody is asked at a terminal.
    for name in ["GIT_SSH_COMMAND", "GIT_SSH", "GIT_SSH_VARIANT", "GIT_ASKPASS"] {
      result[name] = parent[name]
    }
    result["SSH_ASKPASS"] = parent["SSH_ASKPASS"] ?? "true"
    return result
  }

  /// The environment of a git, or of what starts one, that works in another place than the repository which
  /// this process was told of: without all that names that one or a part of it. What `git -c` says is the
  /// user's word for all that git does here, and stays.
  public static func outsideOfRepository(_ parent: [String: String]) -> [String: String] {
    parent.filter { !ofRepository.contains($0.key) }
  }

  /// What `git rev-parse --local-env-vars` lists, but for the settings of `git -c`; what newer versions add;
  /// and what hooks are told of a push.
  private static let ofRepository: Set = [
    "GIT_ALTERNATE_OBJECT_DIRECTORIES", "GIT_CONFIG", "GIT_OBJECT_DIRECTORY", "GIT_DIR", "GIT_WORK_TREE",
    "GIT_IMPLICIT_WORK_TREE", "GIT_GRAFT_FILE", "GIT_INDEX_FILE", "GIT_NO_REPLACE_OBJECTS",
    "GIT_REPLACE_REF_BASE", "GIT_PREFIX", "GIT_INTERNAL_SUPER_PREFIX", "GIT_SHALLOW_FILE", "GIT_COMMON_DIR",
    "GIT_REF_STORAGE", "GIT_REFERENCE_BACKEND", "GIT_NAMESPACE", "GIT_QUARANTINE_PATH",
  ]

  /// These only say which files of configuration and attributes are the user's and the system's.
  private static let gitFiles: Set = [
    "GIT_CONFIG_NOSYSTEM", "GIT_CONFIG_SYSTEM", "GIT_CONFIG_GLOBAL", "GIT_ATTR_NOSYSTEM",
  ]

  private static let gitNames: Set<String> = [
    "ALL_PROXY", "all_proxy", "CURL_CA_BUNDLE", "CURL_HOME", "NETRC", "EMAIL",
    // agents and stores of passwords and keys
    "DISPLAY", "WAYLAND_DISPLAY", "XAUTHORITY", "DBUS_SESSION_BUS_ADDRESS", "GNUPGHOME", "GPG_TTY",
    "GPG_AGENT_INFO", "PINENTRY_USER_DATA", "KRB5CCNAME", "KRB5_CONFIG", "KRB5_KTNAME",
    "KRB5_CLIENT_KTNAME", "PASSWORD_STORE_DIR", "LOCALE_ARCHIVE", "LOCPATH", "XDG_CURRENT_DESKTOP",
    "XDG_CONFIG_DIRS", "XDG_DATA_DIRS", "XDG_SESSION_TYPE", "GH_HOST", "GH_CONFIG_DIR", "GITLAB_HOST",
    "GLAB_CONFIG_DIR",
    // how users switch off, or find, the hooks of hook managers
    "HUSKY", "SKIP", "LEFTHOOK", "PRE_COMMIT_HOME", "PRE_COMMIT_ALLOW_NO_CONFIG", "OVERCOMMIT_DISABLE",
    "SKIP_SIMPLE_GIT_HOOKS",
  ]

  private static func isForGit(_ name: String) -> Bool {
    gitNames.contains(name)
      || ["GIT_", "SSH_", "GCM_", "LEFTHOOK_", "MIGRATE_"].contains(where: name.hasPrefix)
  }
}
