import Git
import Glibc
import Migration
import Plans
import Runner
import Site
import Supervision
import System

/// A plan file that a person named on the command line, read and parsed.
struct PlanInput {
  /// The exact bytes.
  let bytes: [UInt8]
  /// What they say.
  let file: PlanFile

  /// The largest plan file.
  static let maximumBytes = 1 << 20

  /// SHA-256 of the bytes: what is approved by `git migrate trust`.
  var digest: String { SHA256.hexDigest(of: bytes) }

  /// Reads a plan file. Never hangs on a FIFO or a device, and never reads more than `maximumBytes`. With
  /// `isToCheck` most of what is wrong is only thrown by `expanded`, which can tell more of it.
  init(path: String, isToCheck: Bool = false) throws(CommandError) {
    bytes = try PlanInput.read(path)
    do throws(PlanFault) {
      file = try isToCheck ? PlanFile.read(bytes, path: path) : PlanFile.parse(bytes, path: path)
    } catch {
      throw CommandError(error).naming(foreign: ForeignFile(path: path, bytes: bytes)?.kind, path)
    }
  }

  static func read(_ path: String, called name: String = "plan") throws(CommandError) -> [UInt8] {
    func failure(_ reason: String, hint: String? = nil) -> CommandError {
      CommandError("unable to read the \(name) '\(path)': \(reason)", hint: hint)
    }
    var status = stat()
    // Looked at before it is opened: opening a device can already do something.
    guard stat(path, &status) == 0 else { throw failure(Output.text(of: errno)) }
    guard status.st_mode & S_IFMT != S_IFDIR else { throw failure("it is a directory") }
    guard status.st_mode & S_IFMT == S_IFREG else { throw failure("it is not a regular file") }
    let descriptor = open(path, O_RDONLY | O_NONBLOCK | O_NOCTTY | O_CLOEXEC)
    guard descriptor >= 0 else { throw failure(Output.text(of: errno)) }
    defer { close(descriptor) }
    guard fstat(descriptor, &status) == 0, status.st_mode & S_IFMT == S_IFREG else {
      throw failure("it is not a regular file")
    }
    var content: [UInt8] = []
    var buffer = [UInt8](repeating: 0, count: 64 << 10)
    while true {
      let count = Glibc.read(descriptor, &buffer, buffer.count)
      if count < 0 && errno == EINTR { continue }
      guard count >= 0 else { throw failure(Output.text(of: errno)) }
      if count == 0 { return content }
      content += buffer[..<count]
      guard content.count <= maximumBytes else {
        throw failure(
          "it is larger than \(maximumBytes >> 20) MiB",
          hint: "make the steps with 'for:' instead of listing them")
      }
    }
  }

  /// Whether the gate is found in the tree.
  var findsGate: Bool { file.findsGate }

  /// The plan with every `for:` expanded over the files of `commit`.
  ///
  /// The plan's own commands run only when `runsCommands` says so, or the user trusts these exact bytes.
  /// Those of a plan that is not good never run.
  func expanded(in context: Context, at revision: String?, runsCommands: Bool) throws(CommandError) -> Plan {
    if file.isFaulty {
      throw faults(in: context, at: revision)
        .naming(foreign: ForeignFile(path: file.path, bytes: bytes)?.kind, file.path)
    }
    var source: TreeSource?
    if file.needsExpansion {
      let site = try context.site()
      if let command = file.expansionCommands.first, !runsCommands, try !isTrusted(in: site) {
        throw CommandError(
          "the steps cannot be listed without running '\(TerminalText.sanitizedLine(command))'",
          hint: "read the plan, then run 'git migrate check --run-commands \(file.path)'",
          exitCode: .couldNotVerify)
      }
      let commit = try PlanInput.commit(revision, file, site)
      source = try TreeSource(site: site, commit: commit)
    }
    do throws(PlanFault) {
      if let source { return try file.expand(using: source) }
      return try file.expand(using: NoSource())
    } catch {
      throw CommandError(error)
    }
  }

  /// All that is wrong with a plan, with what only the repository shows.
  private func faults(in context: Context, at revision: String?) -> CommandError {
    var source = TreeSource(nil, nil)
    var others: [PlanFault] = []
    if let site = try? context.site() {
      if let base = file.settings.base, (try? site.repository.resolve("refs/heads/" + base)) == .some(nil) {
        others.append(PlanInput.noBase(file))
      }
      if let fault = roomFault(in: site) { others.append(fault) }
      source = TreeSource(site, try? PlanInput.commit(revision, file, site))
    }
    do throws(PlanFault) {
      _ = try file.expand(using: source, beside: others)
      return CommandError("'\(file.path)' is not good")
    } catch {
      return CommandError(error)
    }
  }

  /// Why git can have no integration branch of this name here, at its place in the plan.
  func roomFault(in site: Site) -> PlanFault? {
    guard !file.settings.migration.isEmpty else { return nil }
    do throws(CommandError) {
      try site.requireRoom(forBranch: file.settings.into, here: true, inRemote: false)
      return nil
    } catch {
      return file.fault(of: "into", error.message, hint: error.hint)
    }
  }

  private static func noBase(_ file: PlanFile) -> PlanFault {
    file.fault(
      of: "base", "the plan's base branch '\(file.settings.base ?? "")' does not exist here",
      hint: "create it, change 'base:', or name another commit with '--base REVISION'")
  }

  private func isTrusted(in site: Site) throws(CommandError) -> Bool {
    let digest = digest
    return try reporting { try Trust(environment: site.environment).isApproved(digest: digest) }
  }

  /// The commit whose files `for:` is over: the one asked for, the plan's base, or what is checked out.
  private static func commit(
    _ revision: String?, _ file: PlanFile, _ site: Site
  ) throws(CommandError) -> OID {
    let repository = site.repository
    return try reporting {
      if let revision {
        guard let oid = try repository.revision(revision) else {
          throw CommandError("no commit '\(revision)'", hint: "'git log' and 'git branch' list them")
        }
        return oid
      }
      if let base = file.settings.base {
        guard let oid = try repository.resolve("refs/heads/" + base) else { throw noBase(file) }
        return oid
      }
      guard let oid = try repository.head().oid else {
        throw CommandError(
          "there is no commit yet, so there are no tracked files", hint: "commit something first")
      }
      return oid
    }
  }
}

extension CommandError {
  /// The same, with how a file of another tool becomes a plan.
  fileprivate func naming(foreign kind: ForeignFile.Kind?, _ path: String) -> CommandError {
    guard let kind else { return self }
    return CommandError(
      message, hint: "this is \(kind.words): 'git migrate import \(path)' makes a plan of it",
      exitCode: exitCode)
  }
}

/// What `for:` is over: the files of one commit, and the lines of commands run in the work tree.
struct TreeSource: ExpansionSource {
  private let site: Site?
  private let tree: OID?
  private let mayRun: Bool

  init(site: Site, commit: OID) throws(CommandError) {
    (self.site, mayRun) = (site, true)
    tree = try reporting { try site.repository.treeOf(commit: commit) }
  }

  /// For a plan that is not good: no command runs.
  init(_ site: Site?, _ commit: OID?) {
    (self.site, mayRun) = (site, false)
    tree = commit.flatMap { try? site?.repository.treeOf(commit: $0) }
  }

  func trackedFiles() throws -> [String]? {
    guard let site, let tree else { return nil }
    return try site.repository.files(inTree: tree)
  }

  func text(of path: String) throws -> String? {
    guard let site, let tree, let entry = try site.repository.entry(at: path, inTree: tree),
      entry.mode == .blob || entry.mode == .executable,
      try site.repository.objectSize(entry.oid) <= 1 << 20
    else { return nil }
    return String(validating: try site.repository.blob(entry.oid), as: UTF8.self)
  }

  func lines(of command: String) throws -> [String]? {
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

/// For plans without a `for:`, which ask for nothing.
private struct NoSource: ExpansionSource {
  func trackedFiles() -> [String]? { [] }
  func lines(of command: String) -> [String]? { [] }
}
