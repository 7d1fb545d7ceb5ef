import CanonicalJSON
import Git
import Migration
import System

/// What this user has approved of one repository's own commands: a file in the user's own state folder, which
/// nothing that comes with a repository can write.
public struct CommandTrust: Sendable {
  /// The file.
  package let path: String
  private let repository: String

  /// Finds the file; `nil` when the environment names no place for it.
  package init?(environment: [String: String], repository: String) {
    guard let folder = StateFolder.path(environment) else { return nil }
    self.repository = repository
    path = folder + "/commands/" + SHA256.hexDigest(of: PathText.bytes(repository)) + ".json"
  }

  private init(path: String) { (self.path, repository) = (path, "") }

  /// What was approved; `nil` when nothing was. Throws when somebody else could have written the file.
  package func approved() throws(CommandError) -> RepositoryCommands? {
    guard let found = try read()?.commands, found.repository.utf8.elementsEqual(repository.utf8) else {
      return nil
    }
    return found
  }

  /// What was approved when the files that say it had this digest (`CommandFiles`): as long as they have it,
  /// git would say the same again. `nil` when that was never so, or a run saw the settings change.
  package func approved(files digest: String) throws(CommandError) -> RepositoryCommands? {
    guard let found = try read(), found.files == digest, !found.isDoubtful,
      found.commands.repository.utf8.elementsEqual(repository.utf8)
    else { return nil }
    return found.commands
  }

  /// Whether a run saw the settings change that say who commits are by, and nobody has looked at it since.
  package func isDoubtful() throws(CommandError) -> Bool { try read()?.isDoubtful ?? false }

  private func read() throws(CommandError) -> (
    commands: RepositoryCommands, seconds: Int64, isDoubtful: Bool, files: String?
  )? {
    guard Files.exists(path) else { return nil }
    let folder = Files.parent(of: path)
    try Trust.requirePrivate([Files.parent(of: folder), folder, path])
    guard let bytes = try reporting({ try Files.readFile(path, limit: 4 << 20) }),
      let json = try? JSON.parse(bytes), let commands = RepositoryCommands(json: json["commands"]),
      case .integer(let seconds)? = json["at"]
    else { return nil }
    var files: String?
    if case .string(let digest)? = json["files"] { files = digest }
    return (commands, seconds, json["doubtful"] == .bool(true), files)
  }

  /// Approves all of it, in place of what was approved before. `files` is the digest of the files that say
  /// it.
  package func approve(
    _ commands: RepositoryCommands, at time: Timestamp, isDoubtful: Bool = false, files: String? = nil
  ) throws(CommandError) {
    var members = [
      JSON.Member("version", .integer(1)), JSON.Member("at", .integer(time.seconds)),
      JSON.Member("commands", commands.json),
    ]
    if isDoubtful { members.append(JSON.Member("doubtful", .bool(true))) }
    if let files { members.append(JSON.Member("files", .string(files))) }
    let json = JSON.object(members)
    try reporting {
      try Files.makeDirectories(Files.parent(of: path), mode: 0o700)
      try Files.writeAtomically(path, json.canonicalBytes, mode: 0o600, fsync: true)
    }
  }

  /// Takes the approval back.
  package func revoke() throws(CommandError) { try reporting { try Files.removeFile(path) } }

  /// An approval, with the file that keeps it.
  package struct Entry {
    let file: CommandTrust
    let commands: RepositoryCommands
    let seconds: Int64
  }

  /// What is approved of any repository.
  package static func all(_ environment: [String: String]) throws(CommandError) -> [Entry] {
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
