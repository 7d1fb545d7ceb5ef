import Git
import Migration
import Processes

/// The commands that a repository's own configuration has git run: filters, merge drivers, signing programs,
/// credential helpers, ssh, and the attributes in the git directory that choose files for them.
///
/// A worker can write that configuration (THREATS T1), so that only what this user has approved runs.
public struct RepositoryCommands: Equatable, Sendable {
  /// The directory that all worktrees of the repository share.
  public let repository: String
  /// What stands there, lowest precedence first.
  public let settings: [CommandSetting]

  /// The key under which a line of `info/attributes` is listed.
  static let attributesKey = "info/attributes"

  /// Names the commands of a repository.
  public init(repository: String, settings: [CommandSetting]) {
    self.repository = repository
    self.settings = settings
  }

  /// Reads what a repository brings along now.
  init(of repository: Repository, environment: [String: String]) throws {
    let common = repository.commonDirectory
    // What holds in the main worktree holds in all of ours, wherever this command was typed.
    let program = GitProgram(gitDirectory: common, commonDirectory: common, environment: environment)
    let file = common + "/info/attributes"
    let lines = (try Files.readFile(file, limit: 1 << 20) ?? []).split(separator: 0x0A)
      .map { PathText.string($0) }.filter { !$0.isEmpty && !$0.hasPrefix("#") }
    self.init(
      repository: common,
      settings: try program.commandSettings().filter(\.isRepositorysOwn)
        + lines.map {
          CommandSetting(
            key: RepositoryCommands.attributesKey, value: $0, scope: .local, origin: file)
        })
  }

  /// SHA-256 of all of it, with the place of the repository: what a user approves.
  public var digest: String { SHA256.hexDigest(of: json.canonicalBytes) }

  /// The file format of `CommandTrust`.
  var json: JSON {
    .object([
      JSON.Member("repository", .string(repository)),
      JSON.Member(
        "settings",
        .array(
          settings.map {
            .object([
              JSON.Member("key", .string($0.key)), JSON.Member("value", .string($0.value)),
              JSON.Member("scope", .string($0.scope.rawValue)), JSON.Member("origin", .string($0.origin)),
            ])
          })),
    ])
  }

  init?(json: JSON?) {
    guard case .string(let repository)? = json?["repository"], case .array(let list)? = json?["settings"]
    else { return nil }
    var settings: [CommandSetting] = []
    for entry in list {
      guard case .string(let key)? = entry["key"], case .string(let value)? = entry["value"],
        case .string(let word)? = entry["scope"], let scope = CommandSetting.Scope(rawValue: word),
        case .string(let origin)? = entry["origin"]
      else { return nil }
      settings.append(CommandSetting(key: key, value: value, scope: scope, origin: origin))
    }
    self.init(repository: repository, settings: settings)
  }

  // MARK: For people

  /// Each command with the key and the file that it stands under.
  public var commands: [(place: String, command: String)] {
    settings.map { ("\($0.key) in '\($0.origin)'", $0.value) }
  }

  /// What differs from what was approved, in one line; `nil` when nothing does.
  func difference(from approved: RepositoryCommands?) -> String? {
    let old = approved?.settings ?? []
    guard settings != old else { return nil }
    for setting in settings where !old.contains(setting) {
      let place = "'\(setting.key)' in '\(setting.origin)'"
      let before = old.first {
        $0.key == setting.key && $0.origin == setting.origin && !settings.contains($0)
      }
      if let before {
        return "\(place) was changed: '\(Self.short(before.value))' was approved, it is "
          + "'\(Self.short(setting.value))' now"
      }
      let since = approved == nil ? "has not been approved" : "was added since you approved the others"
      return "\(place) \(since): '\(Self.short(setting.value))'"
    }
    for setting in old where !settings.contains(setting) {
      return "'\(setting.key)' in '\(setting.origin)' is gone: '\(Self.short(setting.value))' was approved"
    }
    return "the commands in '\(repository)/config' stand in another order than you approved"
  }

  private static func short(_ value: String) -> String {
    let line = TerminalText.sanitizedLine(value)
    return line.count > 200 ? line.prefix(200) + "…" : line
  }
}

/// What this user has approved of one repository's own commands: a file in the user's own state folder, which
/// nothing that comes with a repository can write.
public struct CommandTrust: Sendable {
  /// The file.
  let path: String
  private let repository: String

  /// Finds the file; `nil` when the environment names no place for it.
  init?(environment: [String: String], repository: String) {
    guard let folder = StateFolder.path(environment) else { return nil }
    self.repository = repository
    path = folder + "/commands/" + SHA256.hexDigest(of: PathText.bytes(repository)) + ".json"
  }

  private init(path: String) { (self.path, repository) = (path, "") }

  /// What was approved; `nil` when nothing was. Throws when somebody else could have written the file.
  func approved() throws(CommandError) -> RepositoryCommands? {
    guard let found = try read()?.commands, found.repository.utf8.elementsEqual(repository.utf8) else {
      return nil
    }
    return found
  }

  private func read() throws(CommandError) -> (commands: RepositoryCommands, seconds: Int64)? {
    guard Files.exists(path) else { return nil }
    let folder = Files.parent(of: path)
    try Trust.requirePrivate([Files.parent(of: folder), folder, path])
    guard let bytes = try reporting({ try Files.readFile(path, limit: 4 << 20) }),
      let json = try? JSON.parse(bytes), let commands = RepositoryCommands(json: json["commands"]),
      case .integer(let seconds)? = json["at"]
    else { return nil }
    return (commands, seconds)
  }

  /// Approves all of it, in place of what was approved before.
  func approve(_ commands: RepositoryCommands, at time: Timestamp) throws(CommandError) {
    let json = JSON.object([
      JSON.Member("version", .integer(1)), JSON.Member("at", .integer(time.seconds)),
      JSON.Member("commands", commands.json),
    ])
    try reporting {
      try Files.makeDirectories(Files.parent(of: path), mode: 0o700)
      try Files.writeAtomically(path, json.canonicalBytes, mode: 0o600, fsync: true)
    }
  }

  /// Takes the approval back.
  func revoke() throws(CommandError) { try reporting { try Files.removeFile(path) } }

  /// An approval, with the file that keeps it.
  struct Entry {
    let file: CommandTrust
    let commands: RepositoryCommands
    let seconds: Int64
  }

  /// What is approved of any repository.
  static func all(_ environment: [String: String]) throws(CommandError) -> [Entry] {
    guard let folder = StateFolder.path(environment).map({ $0 + "/commands" }), Files.exists(folder) else {
      return []
    }
    var result: [Entry] = []
    for name in try reporting({ try Files.listDirectory(folder) }).sorted() where name.hasSuffix(".json") {
      let file = CommandTrust(path: folder + "/" + name)
      if let found = try file.read() {
        result.append(Entry(file: file, commands: found.commands, seconds: found.seconds))
      }
    }
    return result
  }
}
