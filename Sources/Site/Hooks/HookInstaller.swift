import Git
import Ledger
import Migration
import System

/// Puts our git hooks beside those that are there, and takes them away again (DESIGN §6).
///
/// The directory is the one that git uses here, `core.hooksPath` included, unless that belongs to a work
/// tree: then it is one of ours. A foreign hook is kept as `<name>.migrate-chained`, and ours runs it
/// first.
public struct HookInstaller {
  let site: Site

  /// The end of the name under which a foreign hook is kept.
  public static let chainedSuffix = ".migrate-chained"

  /// Makes an installer for a repository.
  public init(site: Site) { self.site = site }

  /// The hooks of this repository: those of a server for a bare one, otherwise those of a clone that people
  /// work in.
  package var names: [String] { HookScripts.names.filter { ($0 == "pre-receive") == isServer } }

  /// Whether this is a repository that others push to.
  private var isServer: Bool { site.repository.isBare && !site.repository.isLinkedWorktree }

  /// Installs every hook that is missing or outdated; a second time changes nothing.
  public func install() throws(CommandError) -> HookChanges {
    let directory = try effectiveDirectory()
    if try leadsIntoWorkTree(directory) { return try installApart(from: directory) }
    return try install(in: directory)
  }

  /// Installs ours in a directory that git looks into.
  package func install(in directory: String) throws(CommandError) -> HookChanges {
    var changes = HookChanges(directory: directory)
    try reporting { try Files.makeDirectories(directory) }
    for name in names {
      let path = "\(directory)/\(name)"
      switch HookFile(path: path).kind {
      case .current: continue
      case .notExecutable, .outdated: changes.done.append("updated \(name)")
      case .missing: changes.done.append("installed \(name)")
      case .foreign:
        try setAside(path, &changes)
        changes.done.append("installed \(name), which runs the hook that was there first")
      }
      try reporting { try Files.writeAtomically(path, Array(HookScripts.text.utf8), mode: 0o755) }
    }
    // git would start one of an earlier release for each ref of a push by itself. A folder that other
    // repositories use, too, is left as it is.
    if isServer, HookFile.isInside(directory, site.repository.commonDirectory) {
      try restore(directory, only: ["reference-transaction"], &changes)
    }
    changes.warnings += try warnings(about: directory)
    return changes
  }

  /// Removes our hooks and puts those that they ran first back in their place, with content and mode as they
  /// were.
  public func uninstall() throws(CommandError) -> HookChanges {
    let apart = try uninstallApart()
    let workTree = try reporting { try site.repository.mainWorkingDirectory() }
    let directory = try reporting { try site.git.effectiveHooksDirectory(workTree: workTree) }
    var changes = HookChanges(directory: directory, done: apart.done, warnings: apart.warnings)
    if try !isInside(directory), names.contains(where: { isOurs("\(directory)/\($0)") }) {
      changes.warnings.append(
        "'\(directory)' lies outside of this repository: every other one that uses it has lost these hooks, "
          + "too; run 'git migrate init' there if a migration needs them")
    }
    for place in Set([directory, defaultDirectory]).sorted() { try restore(place, &changes) }
    return changes
  }

  /// Removes our hooks, or some of them, from a directory; what they ran first is there again.
  package func restore(
    _ place: String, only names: [String]? = nil, _ changes: inout HookChanges
  ) throws(CommandError) {
    for name in names ?? HookScripts.names {
      let path = "\(place)/\(name)"
      let chained = path + HookInstaller.chainedSuffix
      switch HookFile(path: path).kind {
      case .current, .notExecutable, .outdated:
        try reporting {
          // Renamed over ours, so that there is no moment without the hook.
          if Files.exists(chained) { try Files.move(chained, to: path) } else { try Files.removeFile(path) }
        }
        changes.done.append("removed \(name)")
      case .missing:
        guard Files.exists(chained) else { continue }
        try reporting { try Files.move(chained, to: path) }
        changes.done.append("put \(name) back")
      case .foreign:
        guard Files.exists(chained) else { continue }
        changes.warnings.append(
          "'\(path)' is not ours any more; the hook before it is left as '\(chained)'")
      }
    }
  }

  /// The directory whose hooks git runs in the main worktree, absolute.
  package func effectiveDirectory() throws(CommandError) -> String {
    let workTree = try reporting { try site.repository.mainWorkingDirectory() }
    let directory = try reporting { try site.git.effectiveHooksDirectory(workTree: workTree) }
    guard directory != "/dev/null" else {
      throw CommandError(
        "hooks are switched off here: core.hooksPath is '/dev/null'",
        hint: "git config --unset core.hooksPath")
    }
    return directory
  }

  var defaultDirectory: String { site.repository.commonDirectory + "/hooks" }

  /// Keeps a foreign hook beside ours. One that was kept earlier is never lost.
  private func setAside(_ path: String, _ changes: inout HookChanges) throws(CommandError) {
    let chained = path + HookInstaller.chainedSuffix
    if Files.exists(chained), !isSame(path, chained) {
      var number = 1
      while Files.exists("\(chained).\(number)") { number += 1 }
      try reporting { try Files.move(chained, to: "\(chained).\(number)") }
      changes.warnings.append(
        "'\(path)' was replaced since the last 'git migrate init'; "
          + "the hook before it is kept as '\(chained).\(number)'"
      )
    }
    try reporting { try Files.move(path, to: chained) }
  }

  private func isSame(_ left: String, _ right: String) -> Bool {
    guard let first = try? Files.readFile(left), let second = try? Files.readFile(right) else { return false }
    return first == second
  }

  /// What a person should know about the directory the hooks are in.
  package func warnings(about directory: String) throws(CommandError) -> [String] {
    var result: [String] = []
    if try !isInside(directory) {
      result.append(
        "'\(directory)' lies outside of this repository: the hooks serve every repository that uses it")
    } else if try leadsIntoWorkTree(directory) {
      result.append(
        "core.hooksPath is '\(directory)', in the work tree: 'git migrate init' puts ours elsewhere, and "
          + "they run those first")
    }
    return result + unseen(by: directory)
  }

  /// Whether a folder of hooks is in this repository, or in its main worktree.
  private func isInside(_ directory: String) throws(CommandError) -> Bool {
    let main = try reporting { try site.repository.mainWorkingDirectory() }
    return [site.repository.commonDirectory, main].compactMap(\.self).contains {
      HookFile.isInside(directory, $0)
    }
  }

  private func isOurs(_ path: String) -> Bool {
    switch HookFile(path: path).kind {
    case .current, .notExecutable, .outdated: true
    case .missing, .foreign: false
    }
  }

  /// The linked worktrees in which git looks for hooks elsewhere: a relative `core.hooksPath` does that.
  package func unseen(by directory: String) -> [String] {
    let worktrees = (try? site.repository.worktrees()) ?? []
    return worktrees.filter { $0.isValid && !isManaged($0) }.compactMap { worktree in
      let place = try? Repository.openWorktree(
        path: worktree.path, expectedCommonDirectory: site.repository.commonDirectory, name: worktree.name,
        environment: site.environment)
      guard let place else { return nil }
      let found = try? GitProgram(place).effectiveHooksDirectory(workTree: worktree.path)
      guard let found, found != directory else { return nil }
      return "the worktree '\(worktree.path)' looks for hooks in '\(found)' and does not see ours; "
        + "make core.hooksPath absolute"
    }
  }

  /// Slots of ours are worked in by the tool and by agents, whose commits a gate judges anyway.
  private func isManaged(_ worktree: Worktree) -> Bool {
    guard let root = try? site.worktreeRoot() else { return false }
    return HookFile.isInside(worktree.path, root)
  }
}

/// What an installation changed.
public struct HookChanges: Equatable, Sendable {
  /// The directory the hooks are in.
  public var directory: String
  /// What was done, a line each; empty when all was as it should be.
  public var done: [String] = []
  /// Those of them that change how long git waits for locks.
  public var patience: [String] = []
  /// What a person should know.
  public var warnings: [String] = []
}

/// One file in a hooks directory.
package struct HookFile {
  var path: String
  /// The text that ours has.
  package var script = HookScripts.text

  enum Kind { case missing, current, notExecutable, outdated, foreign }

  /// The line by which every release knows its hooks.
  package static let marker = "# git-migrate hook:"

  var kind: Kind {
    guard Files.exists(path) else { return .missing }
    guard let bytes = try? Files.readFile(path, limit: 1 << 20) else { return .foreign }
    if bytes == Array(script.utf8) { return Files.isExecutable(path) ? .current : .notExecutable }
    let lines = String(decoding: bytes.prefix(4096), as: UTF8.self).split(separator: "\n", maxSplits: 2)
    return lines.dropFirst().first?.hasPrefix(HookFile.marker) == true ? .outdated : .foreign
  }

  /// Whether `path` is `folder` or below it, links resolved.
  package static func isInside(_ path: String, _ folder: String) -> Bool {
    let inner = Files.realPath(path) ?? path
    let outer = Files.realPath(folder) ?? folder
    return inner == outer || inner.hasPrefix(outer + "/")
  }
}
