/// The user's own folder for what must not lie in a repository.
package enum StateFolder {
  /// `$XDG_STATE_HOME/git-migrate`, by default below `~/.local/state`; `nil` when neither variable names an
  /// absolute folder: a relative one would lie in whatever repository the command is started in.
  package static func path(_ environment: [String: String]) -> String? {
    if let state = environment["XDG_STATE_HOME"], state.hasPrefix("/") { return state + "/git-migrate" }
    guard let home = environment["HOME"], home.hasPrefix("/") else { return nil }
    return home + "/.local/state/git-migrate"
  }
}
