import Git
import Ledger
import Migration
import System

extension Site {
  /// What the repository's own configuration has git run, as it is now.
  public func repositoryCommands() throws(CommandError) -> RepositoryCommands {
    try reporting { try RepositoryCommands(of: repository, environment: environment) }
  }

  /// Whether this user has approved exactly that.
  public func isApproved(_ commands: RepositoryCommands) throws(CommandError) -> Bool {
    try commands.difference(from: comparable(with: commands)) == nil
  }

  /// What was approved, as it is compared with what is there now. Who commits are by is a person's own
  /// affair: it only counts when a run saw it change.
  public func comparable(with now: RepositoryCommands) throws(CommandError) -> RepositoryCommands? {
    guard let approved = try approvedCommands() else { return nil }
    return try approval?.isDoubtful() == true ? approved : approved.committing(as: now)
  }

  /// What this user has approved of this repository, or was seen to be so from the first; `nil` when nothing
  /// was.
  public func approvedCommands() throws(CommandError) -> RepositoryCommands? {
    if let approval { return try approval.approved() }
    return seenCommands
  }

  /// Approves these commands for this user, in place of what was approved before; from now on they run.
  public func approve(_ commands: RepositoryCommands) throws(CommandError) {
    try approve(commands, files: nil)
  }

  private func approve(_ commands: RepositoryCommands, files: String?) throws(CommandError) {
    seenCommands = commands
    if let approval {
      try approval.approve(commands, at: clock.now(), files: files)
    } else if !commands.settings.isEmpty {
      throw CommandError(
        "no place to keep which commands are trusted: HOME is not set", hint: "set HOME, or XDG_STATE_HOME")
    }
    use(commands.settings)
  }

  /// The repositories whose commands this user has approved: the digest, when, and the place of each.
  public static func approvedRepositories(
    _ environment: [String: String]
  ) throws(CommandError) -> [(digest: String, seconds: Int64, repository: String)] {
    try CommandTrust.all(environment).filter { !$0.commands.settings.isEmpty }
      .map { ($0.commands.digest, $0.seconds, $0.commands.repository) }
  }

  /// Takes back what was approved of a repository, by its digest or place; says whether there was anything.
  public static func revokeRepository(
    _ digestOrPlace: String, _ environment: [String: String]
  ) throws(CommandError) -> Bool {
    let found = try CommandTrust.all(environment).filter {
      $0.commands.digest == digestOrPlace || $0.commands.repository == digestOrPlace
    }
    for entry in found { try entry.file.revoke() }
    return !found.isEmpty
  }

  /// Throws unless the commands in the repository's own configuration are those that this user has approved,
  /// and the settings that change results are as they were. Asked whenever git is about to read or write
  /// files: a worker may have written there in the meantime.
  public func requireApprovedCommands() throws(CommandError) {
    try requirePlainPlaces()
    let look = FileStamp.Look()
    // Looked at before git reads them: what is written in between is seen the next time.
    let files = CommandFiles(commonDirectory: repository.commonDirectory, after: seenCommandFiles, at: look)
    if let files, files == seenCommandFiles {
      seenCommandFiles = files
      return
    }
    let digest = files?.digest(at: look)
    if seenCommandFiles == nil, seenCommitting == nil, let digest,
      let known = try approval?.approved(files: digest)
    {
      (seenCommandFiles, seenCommitting) = (files, known.committing)
      return
    }
    seenCommandFiles = nil
    var now = try repositoryCommands()
    let approved = try approvedCommands()
    let isPutBack = if let approved { try putHooksBack(now, approved) } else { false }
    if isPutBack { now = try repositoryCommands() }
    if let difference = now.difference(from: try comparable(with: now)) { throw Site.unapproved(difference) }
    try requireSameCommitting(now, since: approved)
    // Nobody is asked about what was always there, or what git does for a submodule; but it may not change.
    let isDoubtful = try approval?.isDoubtful() ?? false
    // What was put back is not what was looked at.
    if now != approved || isDoubtful || (digest != nil && approval != nil) {
      try approve(now, files: isPutBack ? nil : digest)
    }
    seenCommandFiles = isPutBack ? nil : files
  }

  /// Throws when who commits are by is not as it was when this command began: then a worker has changed it. A
  /// note is kept, so that the next command does not take it for the user's word.
  private func requireSameCommitting(
    _ now: RepositoryCommands, since approved: RepositoryCommands?
  ) throws(CommandError) {
    guard let seenCommitting else { return self.seenCommitting = now.committing }
    guard now.committing != seenCommitting else { return }
    let before = RepositoryCommands(repository: now.repository, settings: [], results: seenCommitting)
    let then = now.committing(as: before)
    if let approval { try approval.approve(then, at: clock.now(), isDoubtful: true) }
    throw Site.unapproved(
      now.changedResults(since: then).first
        ?? "who commits are by was changed in '\(now.repository)/config'")
  }

  /// A manager of hooks (husky) that sets its own folder again, in an `npm install` for example, does so from
  /// the folder that ours run first: git is led back to ours. Says whether it was.
  private func putHooksBack(
    _ now: RepositoryCommands, _ approved: RepositoryCommands
  ) throws(CommandError) -> Bool {
    func path(_ commands: RepositoryCommands) -> String? {
      commands.results?.last { $0.key == "core.hookspath" }?.value
    }
    guard let folder = path(now), let before = path(approved), folder != before else { return false }
    return try HookInstaller(site: self).putBack(from: folder, to: before)
  }

  /// The values of a key that decides what programs are given: the user's own, and of the repository's those
  /// that were approved, for a worker may have written others by now. Before anything was approved nothing
  /// has run, and those that are there count.
  package func approvedValues(_ key: String) throws(CommandError) -> [String] {
    guard let approved = try approvedCommands()?.results else {
      return try reporting { try repository.configValues(key) }
    }
    return try reporting { try repository.usersConfigValues(key) }
      + approved.filter { $0.key == key.lowercased() }.map(\.value)
  }

  /// Which variables the configuration lets through, and to whom, for people.
  public var configuredVariables: [(place: String, names: [String])] {
    [("workers and verifiers", passedVariables), ("agents", agentVariables)].filter { !$0.1.isEmpty }
  }

  /// Changes hooks or settings as the user has asked for with this command. Where all was approved before, it
  /// is approved afterwards, too; what was not stays so.
  package func keepingApproval<Value>(
    _ change: () throws(CommandError) -> Value
  ) throws(CommandError) -> Value {
    var wasApproved = false
    if try approvedCommands() != nil { wasApproved = try isApproved(repositoryCommands()) }
    let value = try change()
    if wasApproved { try approve(repositoryCommands()) }
    return value
  }

  /// What is thrown for a command that may not run.
  package static func unapproved(_ difference: String) -> CommandError {
    var error = CommandError(
      difference,
      hint: difference.hasPrefix("'core.bare' ")
        ? "some tool has set it; run 'git config core.bare false'"
        : "nothing of it was used; look at it and approve it with 'git migrate trust', or put it back",
      exitCode: .no)
    error.waitsForUser = true
    error.changedSetting = difference
    return error
  }

  /// Throws when a worktree has commands of its own (`config.worktree`) that were not approved: its files
  /// could not be written as git itself would.
  package func requireApprovedCommands(of program: GitProgram, at path: String) throws(CommandError) {
    try requireApprovedCommands()
    guard let found = try reporting({ try program.unapprovedSettings() }).first else { return }
    throw Site.unapproved("'\(found.key)' in '\(found.origin)' has not been approved for '\(path)'")
  }

  /// How git is run on a worktree: with what was approved of the repository's own commands.
  package func program(of worktree: Repository) -> GitProgram { GitProgram(worktree, approved: git.approved) }

  private var approval: CommandTrust? {
    CommandTrust(environment: environment, repository: repository.commonDirectory)
  }
}

/// The files that say what a user approves of a repository, byte for byte, and the state of its hooks: while
/// they are the same, git need not be asked again.
package struct CommandFiles: Equatable {
  /// A file as it was read.
  private struct Content {
    let name: String
    var bytes: [UInt8]?
    /// What the file system said of it, when a later change would show.
    var stamp: FileStamp?
  }

  private let contents: [Content]
  private let own: OwnHooks
  private let folders: [OwnHooks.Folder]
  private let hooks: [String]

  private static let names = ["config", "config.worktree", "info/attributes"] + RepositoryCommands.pathFiles

  /// Reads them; `nil` when they do not tell all, because they include others, which can change alone. What
  /// the file system says is as it was at the last time is not read again: a run asks in each of its rounds.
  package init?(
    commonDirectory: String, after last: CommandFiles? = nil, at look: FileStamp.Look = FileStamp.Look()
  ) {
    var contents: [Content] = []
    for name in CommandFiles.names {
      let path = commonDirectory + "/" + name
      let stamp = FileStamp(of: path)
      if let stamp, let known = last?.contents.first(where: { $0.name == name && $0.stamp == stamp }) {
        contents.append(known)
        continue
      }
      guard let bytes = try? Files.readFile(path, limit: 1 << 20) else {
        if Files.exists(path) { return nil }
        contents.append(Content(name: name))
        continue
      }
      let isConfiguration = name.hasPrefix("config")
      if isConfiguration, String(decoding: bytes, as: UTF8.self).lowercased().contains("include") {
        return nil
      }
      contents.append(
        Content(name: name, bytes: bytes, stamp: stamp?.isSettled(at: look) == true ? stamp : nil))
    }
    self.contents = contents
    own = OwnHooks(commonDirectory: commonDirectory)
    folders = own.folders(after: last?.folders ?? [], at: look)
    hooks = own.stamps(in: folders)
  }

  /// The digest of what they say, with the program that reads it: another one may look for more. `nil` where
  /// a hook was changed so lately that a further change might not show.
  func digest(at look: FileStamp.Look) -> String? {
    guard let program = FileStamp(of: "/proc/self/exe"), own.areSettled(in: folders, at: look) else {
      return nil
    }
    var texts = [program.text] + hooks.map { SHA256.hexDigest(of: PathText.bytes($0)) }
    texts += contents.map { content in "\(content.name) \(content.bytes.map(SHA256.hexDigest(of:)) ?? "none")"
    }
    return SHA256.hexDigest(of: Array(texts.joined(separator: "\n").utf8))
  }

  /// Whether they say the same, whenever that was read.
  package static func == (one: CommandFiles, other: CommandFiles) -> Bool {
    one.contents.map(\.bytes) == other.contents.map(\.bytes) && one.hooks == other.hooks
  }
}
