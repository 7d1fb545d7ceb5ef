import Git
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
    // Looked at before it is opened: opening a device can already do something.
    if let kind = FileStatus(following: path)?.kind, kind != .file {
      throw failure(kind == .directory ? "it is a directory" : "it is not a regular file")
    }
    let content: [UInt8]?
    do throws(FileError) {
      content = try Files.readFile(path, limit: maximumBytes)
    } catch {
      guard error.isTooLarge else { throw failure(error.reason) }
      throw failure(
        "it is larger than \(maximumBytes >> 20) MiB",
        hint: "make the steps with 'for:' instead of listing them")
    }
    guard let content else { throw failure("no such file or directory") }
    return content
  }

  /// Whether the gate is found in the tree.
  var findsGate: Bool { file.findsGate }

  /// The plan with every `for:` expanded over the files of `commit`.
  ///
  /// The plan's own commands run only when `runsCommands` says so, or the user trusts these exact bytes.
  /// Those of a plan that is not good never run. What it is to be in a target of a fleet, stays part of it.
  func expanded(
    in context: Context, at revision: String?, runsCommands: Bool, for member: FleetMember? = nil
  ) throws(CommandError) -> Plan {
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
      if let source { return try file.expand(for: member, using: source) }
      return try file.expand(for: member, using: NoSource())
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

/// For plans without a `for:`, which ask for nothing.
private struct NoSource: ExpansionSource {
  func trackedFiles() -> [String]? { [] }
  func text(of path: String) -> String? { nil }
  func lines(of command: String) -> [String]? { [] }
}
