import Clibgit2
import System

extension GitProgram {
  /// The names of variables that the user lets through to git and its hooks: `migrate.gitEnvironment`,
  /// separated by spaces. The repository's own configuration has no say: a worker can write it, and the hooks
  /// too.
  static func passedVariables(_ environment: [String: String]) -> [String] {
    guard let config = try? ConfigStack.user(environment) else { return [] }
    defer { git_config_free(config) }
    let key = "migrate.gitenvironment"
    var values = (try? ConfigStack.values(key, in: config)) ?? []
    values += ((try? CommandLineConfig.entries(environment: environment)) ?? [])
      .filter { $0.key == key }.map { $0.value ?? "" }
    return values.flatMap { $0.split(separator: " ").map(String.init) }
  }

  /// What the user, the system or `git -c` sets; the repository's own configuration has no say, because a
  /// worker can write it. The key is in lower case.
  public static func userSetting(_ key: String, environment: [String: String]) -> String? {
    var values: [String] = []
    if let config = try? ConfigStack.user(environment) {
      values = (try? ConfigStack.values(key, in: config)) ?? []
      git_config_free(config)
    }
    values += ((try? CommandLineConfig.entries(environment: environment)) ?? [])
      .filter { $0.key == key }.map { $0.value ?? "" }
    return values.last.flatMap { $0.isEmpty ? nil : $0 }
  }

  /// The variables that commands of the user's configuration name (`$NAME`), or are known to read: a
  /// credential helper that takes its token from one is to find it.
  func variables(namedIn commands: [CommandSetting]) -> [String: String] {
    var names: [String] = []
    for setting in commands where CommandSetting.isOne(setting.key) {
      names += GitProgram.names(in: setting.value)
      for (program, its) in GitProgram.knownHelpers where setting.value.contains(program) { names += its }
    }
    for name in ["GIT_SSH_COMMAND", "GIT_ASKPASS", "SSH_ASKPASS"] {
      names += GitProgram.names(in: environment[name] ?? "")
    }
    var found: [String: String] = [:]
    for name in names where !name.hasPrefix("GIT_") { found[name] = environment[name] }
    return found
  }

  private static let knownHelpers: [(program: String, names: [String])] = [
    (
      "gh auth git-credential",
      ["GH_TOKEN", "GITHUB_TOKEN", "GH_ENTERPRISE_TOKEN", "GITHUB_ENTERPRISE_TOKEN"]
    ),
    ("glab auth git-credential", ["GITLAB_TOKEN", "GITLAB_ACCESS_TOKEN", "OAUTH_TOKEN"]),
  ]

  /// The names after each `$` of a shell's text.
  private static func names(in text: String) -> [String] {
    text.utf8.split(separator: UInt8(ascii: "$"), omittingEmptySubsequences: false).dropFirst().map { part in
      let start = part.first == UInt8(ascii: "{") ? part.dropFirst() : part
      let name = start.prefix {
        (0x41...0x5A).contains($0) || (0x61...0x7A).contains($0) || (0x30...0x39).contains($0) || $0 == 0x5F
      }
      return String(decoding: name, as: UTF8.self)
    }
  }
}
