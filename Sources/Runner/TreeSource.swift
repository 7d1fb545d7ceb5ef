import Git
import Plans
import Site
import Supervision
import System

/// What `for:` is over: the files of one commit, and the lines of commands run in the work tree.
public struct TreeSource: ExpansionSource {
  private let site: Site?
  private let tree: OID?
  private let mayRun: Bool

  /// For a plan whose commands may run. Throws when the commit is not here.
  public init(site: Site, commit: OID) throws(CommandError) {
    (self.site, mayRun) = (site, true)
    tree = try reporting { try site.repository.treeOf(commit: commit) }
  }

  /// For a list that is over no files.
  public init(site: Site) { (self.site, tree, mayRun) = (site, nil, true) }

  /// For a plan that is not good: no command runs.
  public init(_ site: Site?, _ commit: OID?) {
    (self.site, mayRun) = (site, false)
    tree = commit.flatMap { try? site?.repository.treeOf(commit: $0) }
  }

  /// The paths of the commit.
  public func trackedFiles() throws -> [String]? {
    guard let site, let tree else { return nil }
    return try site.repository.files(inTree: tree)
  }

  /// The content of one of them.
  public func text(of path: String) throws -> String? {
    guard let site, let tree, let entry = try site.repository.entry(at: path, inTree: tree),
      entry.mode == .blob || entry.mode == .executable,
      try site.repository.objectSize(entry.oid) <= 1 << 20
    else { return nil }
    return String(validating: try site.repository.blob(entry.oid), as: UTF8.self)
  }

  /// What a command prints in the work tree, as far as it may run. Throws when it fails.
  public func lines(of command: String) throws -> [String]? {
    guard let site, mayRun else { return nil }
    // Nothing is to be left: what it said on standard error is told when it fails.
    let folder = try Files.makeTemporaryDirectory(
      prefix: "git-migrate-list-", in: site.environment["TMPDIR"] ?? "/tmp")
    defer { try? Files.removeTree(folder) }
    let log = LogName.list(in: folder)
    let run = site.launcher.supervised(
      .list, command, in: site.repository.workingDirectory ?? site.directory, log: log, timeoutSeconds: 60)
    let ended = try site.finish(run, limit: 16 << 20)
    guard ended.status.isSuccess else {
      let said = try LogMarks.tail(log, of: .errors, bytes: 4096) ?? []
      throw CommandError(words(ended.status, String(decoding: said, as: UTF8.self)))
    }
    guard !ended.isTruncated else { throw CommandError("it printed more than 16 MiB") }
    return String(decoding: ended.output, as: UTF8.self).split(whereSeparator: \.isNewline).map(String.init)
  }

  private func words(_ status: ExitStatus, _ said: String) -> String {
    let end =
      switch status {
      case .exited(let code): "it exited with \(code)"
      case .signalled(let signal): "signal \(signal) ended it"
      case .timedOut: "it took longer than 60 seconds"
      case .fellSilent: "it printed nothing for too long"
      }
    let last = said.split(whereSeparator: \.isNewline).last.map(String.init)
    return last.map { "\(end): \(TerminalText.sanitizedLine($0))" } ?? end
  }
}
