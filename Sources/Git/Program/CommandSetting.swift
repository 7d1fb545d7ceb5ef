import System

/// A setting of the configuration by which git runs a program, or which says on which files it does.
public struct CommandSetting: Equatable, Sendable {
  /// Where a setting comes from, lowest precedence first.
  public enum Scope: String, Sendable, CaseIterable {
    /// The machine's configuration.
    case system
    /// The user's own.
    case global
    /// The repository's, which whoever works in one of its worktrees can write.
    case local
    /// That of a single worktree.
    case worktree
    /// `git -c`, or a variable: what the user has just said.
    case command
  }

  /// The key as git lists it: section and variable in lower case.
  public var key: String
  /// The value; empty for a key without one.
  public var value: String
  /// Where it comes from.
  public var scope: Scope
  /// The file it stands in, or `command line`.
  public var origin: String

  /// Makes a setting.
  public init(key: String, value: String, scope: Scope, origin: String) {
    (self.key, self.value, self.scope, self.origin) = (key, value, scope, origin)
  }

  /// Whether the repository brings it along, instead of the user or the machine.
  public var isRepositorysOwn: Bool {
    switch scope {
    case .local, .worktree: true
    case .system, .global, .command: false
    }
  }

  /// Whether both say the same of the same key in the same place, byte for byte: what is only equivalent to
  /// Unicode is another command.
  public static func == (one: CommandSetting, other: CommandSetting) -> Bool {
    one.scope == other.scope && one.says(other) && one.origin.utf8.elementsEqual(other.origin.utf8)
  }

  /// Whether both give the key the same value, wherever they stand.
  func says(_ other: CommandSetting) -> Bool {
    key.utf8.elementsEqual(other.key.utf8) && value.utf8.elementsEqual(other.value.utf8)
  }

  /// The name between section and variable, `crypt` of `filter.crypt.clean`; `nil` when there is none.
  public var name: String? { CommandSetting.parts(of: key).name }

  /// The variable, `clean` of `filter.crypt.clean`.
  public var variable: String { CommandSetting.parts(of: key).variable }

  /// Whether git runs the value of this key, or goes by it when it chooses what to run on which file. What
  /// only shows something to people (`diff.*.textconv`, a pager) is never used here and is left out.
  public static func isOne(_ key: String) -> Bool {
    let (section, name, variable) = parts(of: key)
    return switch (section, name == nil) {
    case ("filter", false): ["clean", "smudge", "process", "required"].contains(variable)
    case ("merge", false): variable == "driver"
    case ("hook", false): variable == "command"
    case ("gpg", _): ["program", "defaultkeycommand"].contains(variable)
    case ("credential", _): variable == "helper"
    case ("core", true): ["askpass", "attributesfile", "gitproxy", "sshcommand"].contains(variable)
    default: false
    }
  }

  static func parts(of key: String) -> (section: Substring, name: String?, variable: String) {
    guard let first = key.firstIndex(of: "."), let last = key.lastIndex(of: ".") else {
      return (key[...], nil, "")
    }
    let variable = String(key[key.index(after: last)...])
    return (key[..<first], first < last ? String(key[key.index(after: first)..<last]) : nil, variable)
  }
}

extension GitProgram {
  /// The settings by which git would run programs in this repository, lowest precedence first, with what
  /// files bring in by `include`. Throws when the configuration cannot be read.
  public func commandSettings() throws(GitError) -> [CommandSetting] {
    try listSettings().filter { CommandSetting.isOne($0.key) }
  }

  /// What the repository brings along and the user has not approved.
  public func unapprovedSettings() throws(GitError) -> [CommandSetting] {
    try commandSettings().filter { !isTrusted($0) }
  }

  /// The filters that may run here, each with its commands: `clean`, `smudge`, `process`, as far as it has
  /// them.
  public func filterCommands() throws(GitError) -> [String: [CommandSetting]] {
    let settings = trusted(among: try listSettings()).filter { $0.key.hasPrefix("filter.") }
    var result: [String: [CommandSetting]] = [:]
    for name in Set(settings.compactMap(\.name)) {
      let commands = ["clean", "smudge", "process"].compactMap { variable in
        settings.last { $0.name == name && $0.variable == variable }
      }.filter { !$0.value.isEmpty }
      if !commands.isEmpty { result[name] = commands }
    }
    return result
  }

  /// Whether this is the user's own word, or was approved as it stands.
  func isTrusted(_ setting: CommandSetting) -> Bool {
    guard setting.isRepositorysOwn else { return true }
    return approved.contains { $0.says(setting) }
  }

  /// What may run, lowest precedence first. A filter that was approved holds as it was approved, whatever the
  /// files say by now, and in every worktree, whichever it was configured for: without it a file would be
  /// recorded as it is.
  func trusted(among listed: [CommandSetting]) -> [CommandSetting] {
    let approved = approved.filter { setting in
      setting.key.hasPrefix("filter.") || listed.contains { $0.says(setting) }
    }
    return CommandSetting.Scope.allCases.flatMap { scope in
      let known = scope == .local || scope == .worktree ? approved : listed
      return known.filter { $0.scope == scope }
    }
  }

  /// Everything that may name a program or change a result, whether we have a use for it or not.
  ///
  /// While the files of the configuration are what they were, git is not asked again: what is done for
  /// hundreds of repositories would start it as often.
  func listSettings() throws(GitError) -> [CommandSetting] {
    let files = SettingsMemory.Sources(
      gitDirectory: gitDirectory, commonDirectory: commonDirectory, environment: environment,
      included: settingsMemory.included)
    if let known = settingsMemory.settings(in: files) { return known }
    let list = try askForSettings()
    settingsMemory.note(list, in: files, including: included(by: list))
    return list
  }

  /// The files that the configuration includes, whether their condition holds or not; `nil` when that says
  /// less than all: a condition about what is checked out changes with no file of the configuration, and
  /// neither does git tell where it takes some paths from.
  private func included(by list: [CommandSetting]) -> [String]? {
    var files: [String] = []
    for setting in list where setting.key.hasPrefix("include.") || setting.key.hasPrefix("includeif.") {
      guard setting.variable == "path" else { continue }
      if setting.name?.hasPrefix("onbranch:") == true { return nil }
      switch setting.value.first {
      case "/": files.append(setting.value)
      case "~" where setting.value.hasPrefix("~/"):
        guard let home = environment["HOME"] else { return nil }
        files.append(home + setting.value.dropFirst())
      case "~", "%", ":", nil: return nil
      // Beside the file that says it.
      default:
        guard setting.origin.hasPrefix("/") else { return nil }
        files.append("\(Files.parent(of: setting.origin))/\(setting.value)")
      }
    }
    return files
  }

  private func askForSettings() throws(GitError) -> [CommandSetting] {
    let output = try start(
      [
        "config", "--null", "--show-scope", "--show-origin", "--get-regexp",
        "^(include|includeif|filter|merge|hook|credential|core|diff|gpg|attr|extensions|lfs|migrate|submodule"
          + "|user|author|committer|commit)\\.",
      ], input: nil, workTree: nil, settings: [], extra: [:])
    // 1: nothing matches.
    guard output.status <= 1 else {
      throw GitError(message: output.errorText, operation: "read the configuration of", subject: gitDirectory)
    }
    var fields = output.stdout.split(separator: 0, omittingEmptySubsequences: false)[...]
    var result: [CommandSetting] = []
    while let scope = fields.popFirst(), let origin = fields.popFirst(), let entry = fields.popFirst() {
      let parts = entry.split(separator: 0x0A, maxSplits: 1, omittingEmptySubsequences: false)
      let place = PathText.string(origin)
      result.append(
        CommandSetting(
          key: PathText.string(parts.first ?? []), value: PathText.string(parts.dropFirst().first ?? []),
          // A scope that git has got since is trusted as little as the repository's.
          scope: CommandSetting.Scope(rawValue: String(decoding: scope, as: UTF8.self)) ?? .local,
          origin: place.hasPrefix("file:") ? String(place.dropFirst("file:".count)) : "command line"))
    }
    return result
  }
}
