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
