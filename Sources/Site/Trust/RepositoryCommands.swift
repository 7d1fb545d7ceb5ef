import CanonicalJSON
import Git
import Migration
import System

/// What a repository's own files tell git and a user approves: the commands that it is to run (filters, merge
/// drivers, signing programs, credential helpers, ssh, with the attributes in the git directory that choose
/// files for them), the settings that change results without being commands, and the hooks that git runs.
///
/// A worker can write those files (THREATS T1), so that only commands which this user has approved run, and
/// nothing goes on when a setting is not as it was.
public struct RepositoryCommands: Equatable, Sendable {
  /// The directory that all worktrees of the repository share.
  public let repository: String
  /// The commands that stand there, lowest precedence first.
  public let settings: [CommandSetting]
  /// The settings that change results, by key; `nil` when nobody looked.
  public let results: [CommandSetting]?

  /// The key under which a line of `info/attributes` is listed.
  package static let attributesKey = "info/attributes"
  /// The files of paths beside the configuration: which git does not see, and which it leaves out.
  package static let pathFiles = ["info/exclude", "info/sparse-checkout"]

  /// Names the commands of a repository.
  public init(repository: String, settings: [CommandSetting], results: [CommandSetting]? = nil) {
    self.repository = repository
    self.settings = settings
    self.results = results
  }

  /// Reads what a repository brings along now.
  package init(of repository: Repository, environment: [String: String]) throws {
    let common = repository.commonDirectory
    // What holds in the main worktree holds in all of ours, wherever this command was typed.
    let program = GitProgram(gitDirectory: common, commonDirectory: common, environment: environment)
    func lines(_ name: String) throws -> [CommandSetting] {
      let file = "\(common)/\(name)"
      let bytes: [UInt8]?
      do { bytes = try Files.readFile(file, limit: 1 << 20) } catch {
        // What a worker has just put there is told as such, with who was at work.
        try repository.requirePlainPlaces()
        throw error
      }
      return (bytes ?? []).split(separator: 0x0A)
        .map { PathText.string($0) }.filter { !$0.isEmpty && !$0.hasPrefix("#") }
        .map { CommandSetting(key: name, value: $0, scope: .local, origin: file) }
    }
    let own = try program.ownSettings()
    var results: [(key: String, settings: [CommandSetting])] = []
    for setting in try own.results + RepositoryCommands.pathFiles.flatMap(lines)
      + OwnHooks(commonDirectory: common).settings
    {
      // Of one key the last value holds; between keys the order says nothing.
      if let index = results.firstIndex(where: { $0.key == setting.key }) {
        results[index].settings.append(setting)
      } else {
        results.append((setting.key, [setting]))
      }
    }
    self.init(
      repository: common,
      settings: try own.commands
        + RepositoryCommands.withoutRepeats(lines(RepositoryCommands.attributesKey)),
      results: results.sorted { $0.key < $1.key }.flatMap { RepositoryCommands.withoutRepeats($0.settings) })
  }

  /// Without what says once more what is said already, so that who adds a line with each attempt changes
  /// something once. Of a key the last value holds, and of patterns the last one that matches: one that is
  /// taken back (`!`) keeps its place among the others.
  private static func withoutRepeats(_ settings: [CommandSetting]) -> [CommandSetting] {
    let isOrdered = settings.contains { $0.value.hasPrefix("!") }
    var result: [CommandSetting] = []
    for setting in settings.reversed() {
      if isOrdered ? result.last == setting : result.contains(setting) { continue }
      result.append(setting)
    }
    return result.reversed()
  }

  /// SHA-256 of all of it, with the place of the repository: what a user approves.
  public var digest: String { SHA256.hexDigest(of: json.canonicalBytes) }

  /// The file format of `CommandTrust`.
  package var json: JSON {
    var members = [
      JSON.Member("repository", .string(repository)),
      JSON.Member("settings", RepositoryCommands.json(settings)),
    ]
    if let results { members.append(JSON.Member("results", RepositoryCommands.json(results))) }
    return .object(members)
  }

  init?(json: JSON?) {
    guard case .string(let repository)? = json?["repository"],
      let settings = RepositoryCommands.settings(json?["settings"])
    else { return nil }
    self.init(
      repository: repository, settings: settings, results: RepositoryCommands.settings(json?["results"]))
  }

  private static func json(_ settings: [CommandSetting]) -> JSON {
    .array(
      settings.map {
        .object([
          JSON.Member("key", .string($0.key)), JSON.Member("value", .string($0.value)),
          JSON.Member("scope", .string($0.scope.rawValue)), JSON.Member("origin", .string($0.origin)),
        ])
      })
  }

  private static func settings(_ json: JSON?) -> [CommandSetting]? {
    guard case .array(let list)? = json else { return nil }
    var settings: [CommandSetting] = []
    for entry in list {
      guard case .string(let key)? = entry["key"], case .string(let value)? = entry["value"],
        case .string(let word)? = entry["scope"], let scope = CommandSetting.Scope(rawValue: word),
        case .string(let origin)? = entry["origin"]
      else { return nil }
      settings.append(CommandSetting(key: key, value: value, scope: scope, origin: origin))
    }
    return settings
  }

  /// The settings that say who commits are by. A person may change them at any time, but not a worker.
  package var committing: [CommandSetting] {
    (results ?? []).filter { CommandSetting.decidesWhoCommits($0.key) }
  }

  /// The same, with the settings that say who commits are by as another has them.
  package func committing(as other: RepositoryCommands) -> RepositoryCommands {
    guard let results, other.results != nil else { return self }
    let rest = results.filter { !CommandSetting.decidesWhoCommits($0.key) }
    return RepositoryCommands(
      repository: repository, settings: settings,
      results: (rest + other.committing).sorted { $0.key < $1.key })
  }

  // MARK: For people

  /// Each command with the key and the file that it stands under.
  public var commands: [(place: String, command: String)] {
    settings.map { ("\($0.key) in '\($0.origin)'", $0.value) }
  }

  /// What differs from what was approved, in one line; `nil` when nothing does. Settings that change results
  /// differ only from what was once seen here: nobody is asked about those that were always there.
  package func difference(from approved: RepositoryCommands?) -> String? {
    differences(from: approved).first
  }

  /// Each difference in the settings that change results, for people, since they were approved.
  public func changedResults(since approved: RepositoryCommands?) -> [String] {
    guard let now = results, let old = approved?.results else { return [] }
    func isOwnAffair(_ setting: CommandSetting, _ others: [CommandSetting]) -> Bool {
      setting.comesWithSubmodule && !others.contains { $0.key == setting.key }
    }
    // Another command may be installing ours while this one looks.
    func isInstalled(_ setting: CommandSetting) -> Bool {
      OwnHooks.isOurs(setting) && !old.contains { $0.key == setting.key }
    }
    let before = old.filter { !isOwnAffair($0, now) }
    let after = now.filter { !isOwnAffair($0, old) && !isInstalled($0) }
    let lines = RepositoryCommands.differences(from: before, to: after)
    guard lines.isEmpty && before != after else { return lines }
    return ["settings in '\(repository)/config' that change results stand in another order than before"]
  }

  private func differences(from approved: RepositoryCommands?) -> [String] {
    let old = approved?.settings ?? []
    var lines = RepositoryCommands.differences(from: old, to: settings)
    if lines.isEmpty && settings != old {
      lines = ["the commands in '\(repository)/config' stand in another order than you approved"]
    }
    return lines + changedResults(since: approved)
  }

  private static func differences(from old: [CommandSetting], to new: [CommandSetting]) -> [String] {
    var lines: [String] = []
    var replaced: [CommandSetting] = []
    for setting in new where !old.contains(setting) {
      let place = "'\(setting.key)' in '\(setting.origin)'"
      let before = old.first {
        $0.key == setting.key && $0.origin == setting.origin && !new.contains($0) && !replaced.contains($0)
      }
      if let before {
        replaced.append(before)
        lines.append(
          "\(place) was changed: '\(short(before.value))' was approved, it is '\(short(setting.value))' now")
      } else {
        let since = old.isEmpty ? "has not been approved" : "was added since you approved the others"
        lines.append("\(place) \(since): '\(short(setting.value))'")
      }
    }
    for setting in old where !new.contains(setting) && !replaced.contains(setting) {
      lines.append(
        "'\(setting.key)' in '\(setting.origin)' is gone: '\(short(setting.value))' was approved")
    }
    return lines
  }

  private static func short(_ value: String) -> String {
    let line = TerminalText.sanitizedLine(value)
    return line.count > 200 ? line.prefix(200) + "…" : line
  }
}
