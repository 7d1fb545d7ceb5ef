import Git
import Ledger
import Migration
import System

/// Where `core.hooksPath` leads into a work tree (husky, lefthook, a folder under version control), ours
/// lie in a folder of their own: nothing that a repository tracks is ever written. They run what is there
/// first, and every other hook there is run by a forwarder.
extension HookInstaller {
  /// The folder.
  package var ownDirectory: String { site.localDirectory + "/hooks" }

  /// Its note, which the scripts read: the folder that `core.hooksPath` named, as it was written, so that
  /// each worktree runs its own; then the value to put back into the repository's own configuration, if
  /// there was one.
  private var notePath: String { ownDirectory + "/chained" }

  /// Hooks that cost nothing when there is nothing to run. The others change what git does by being there,
  /// or are asked all the time: they are forwarded when they are there.
  private static let forwarded = [
    "applypatch-msg", "commit-msg", "post-applypatch", "post-checkout", "post-commit", "post-merge",
    "post-rewrite", "pre-applypatch", "pre-auto-gc", "pre-commit", "pre-rebase", "prepare-commit-msg",
    "sendemail-validate",
  ]
  private static let forwardedWhenThere = [
    "post-index-change", "post-receive", "post-update", "pre-receive", "push-to-checkout", "update",
  ]

  /// Whether the hooks that git runs by now belong to a work tree: by a relative path, which each worktree
  /// has for itself, or by a link.
  package func leadsIntoWorkTree(_ directory: String) throws(CommandError) -> Bool {
    if directory == ownDirectory { return false }
    if try relativePath() != nil { return true }
    let main = try reporting { try site.repository.mainWorkingDirectory() }
    let worktrees = ((try? site.repository.worktrees()) ?? []).map(\.path)
    return !HookFile.isInside(directory, site.repository.commonDirectory)
      && (worktrees + [main].compactMap(\.self)).contains { HookFile.isInside(directory, $0) }
  }

  /// `core.hooksPath`, when it is relative.
  private func relativePath() throws(CommandError) -> String? {
    let path = try reporting { try site.repository.config("core.hooksPath") }
    return path.flatMap { $0.isEmpty || ["/", "~", "%"].contains($0.prefix(1)) ? nil : $0 }
  }

  /// Installs ours in the folder of their own, and leads git there.
  package func installApart(from directory: String) throws(CommandError) -> HookChanges {
    let folder = try relativePath() ?? directory
    guard !folder.contains("\n") else {
      throw CommandError("core.hooksPath holds a line break", hint: "rename the folder of the hooks")
    }
    let before = try setting(["--get", "core.hooksPath"])
    // An earlier release wrote there.
    var changes = HookChanges(directory: ownDirectory)
    try restore(directory, &changes)
    try reporting {
      try Files.makeDirectories(ownDirectory)
      try Files.writeAtomically(notePath, PathText.bytes("\(folder)\n\(before.map { $0 + "\n" } ?? "")"))
    }
    let installed = try install(in: ownDirectory)
    changes.done += installed.done
    try forward(from: directory)
    changes.warnings += installed.warnings
    _ = try setting(["core.hooksPath", ownDirectory])
    changes.done.append("set core.hooksPath to '\(ownDirectory)', where the hooks of '\(folder)' run first")
    let now = try effectiveDirectory()
    if now != ownDirectory {
      changes.warnings.append(
        "git still runs the hooks of '\(now)': see 'git config --show-origin core.hooksPath'")
    }
    return changes
  }

  /// Makes the forwarders that are missing; `directory` is where the hooks are that they run.
  private func forward(from directory: String) throws(CommandError) {
    let others = HookInstaller.forwardedWhenThere.filter { Files.exists("\(directory)/\($0)") }
    for name in HookInstaller.forwarded + others where !names.contains(name) {
      let path = "\(ownDirectory)/\(name)"
      switch HookFile(path: path, script: HookScripts.forward).kind {
      case .current, .foreign: continue
      case .missing, .notExecutable, .outdated:
        try reporting { try Files.writeAtomically(path, Array(HookScripts.forward.utf8), mode: 0o755) }
      }
    }
  }

  /// Leads git to ours again, when somebody led it back to the folder whose hooks ours run; says whether it
  /// was so.
  package func putBack(from folder: String, to place: String) throws(CommandError) -> Bool {
    guard place == ownDirectory, let note = try reporting({ try Files.readFile(notePath, limit: 1 << 20) }),
      let chained = note.split(separator: 0x0A).first, chained.elementsEqual(PathText.bytes(folder))
    else { return false }
    _ = try setting(["core.hooksPath", place])
    return true
  }

  /// Leads git back to where its hooks were, and removes the folder.
  package func uninstallApart() throws(CommandError) -> HookChanges {
    var changes = HookChanges(directory: ownDirectory)
    guard let note = try reporting({ try Files.readFile(notePath) }) else { return changes }
    let lines = note.split(separator: 0x0A).map { PathText.string($0) }
    if try setting(["--get", "core.hooksPath"]) == ownDirectory {
      if let before = lines.dropFirst().first {
        _ = try setting(["core.hooksPath", before])
      } else {
        _ = try setting(["--unset", "core.hooksPath"])
      }
      changes.done.append("put core.hooksPath back")
    }
    try restore(ownDirectory, &changes)
    for name in HookInstaller.forwarded + HookInstaller.forwardedWhenThere {
      let path = "\(ownDirectory)/\(name)"
      switch HookFile(path: path, script: HookScripts.forward).kind {
      case .missing, .foreign: continue
      case .current, .notExecutable, .outdated: try reporting { try Files.removeFile(path) }
      }
    }
    try reporting { try Files.removeFile(notePath) }
    let left = try reporting { try Files.listDirectory(ownDirectory) }
    if left.isEmpty {
      try reporting { try Files.removeTree(ownDirectory) }
    } else {
      changes.warnings.append("'\(ownDirectory)' holds hooks that are not ours; they are left")
    }
    return changes
  }

  /// Runs `git config` on the repository's own file; `nil` when there is no such value.
  private func setting(_ arguments: [String]) throws(CommandError) -> String? {
    let output = try reporting { try site.git.run(["config", "--local"] + arguments) }
    if output.isSuccess { return output.text }
    guard output.status == 1, output.errorText.isEmpty else {
      throw CommandError("unable to change core.hooksPath: \(output.errorText)")
    }
    return nil
  }
}
