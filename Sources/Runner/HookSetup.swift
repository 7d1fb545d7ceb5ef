import Git
import Ledger
import Migration
import Processes

/// `git migrate init`: makes a clone ready, and undoes exactly that.
public struct HookSetup {
  let site: Site

  /// Keeps refs of migrations out of `git log --decorate`.
  static let setting = (key: "log.excludeDecoration", value: "refs/migrate/*")

  /// Makes a set-up for a repository.
  public init(site: Site) { self.site = site }

  /// The note of which settings are ours to take away.
  private var notePath: String { site.localDirectory + "/init" }

  /// Installs the hooks, hides the refs from logs and makes the local folder. A second time changes nothing.
  public func install() throws(CommandError) -> HookChanges {
    try reporting { try Files.makeDirectories(site.localDirectory) }
    var changes = try HookInstaller(site: site).install()
    let present = try values()
    if !present.contains(HookSetup.setting.value) {
      try git(["config", "--local", "--add", HookSetup.setting.key, HookSetup.setting.value])
      try reporting { try Files.writeAtomically(notePath, Array((HookSetup.setting.key + "\n").utf8)) }
      changes.done.append("set \(HookSetup.setting.key) to '\(HookSetup.setting.value)'")
    }
    do {
      try HookBranches(commonDirectory: site.repository.commonDirectory).add(try site.ledger.read().state)
    } catch {
      changes.warnings.append(CommandError.from(error).message)
    }
    return changes
  }

  /// Takes away what `install` brought. The ledger, the logs and the branches stay.
  public func uninstall() throws(CommandError) -> HookChanges {
    var changes = try HookInstaller(site: site).uninstall()
    if Files.exists(notePath) {
      if try values().contains(HookSetup.setting.value) {
        try git(
          [
            "config", "--local", "--fixed-value", "--unset-all", HookSetup.setting.key,
            HookSetup.setting.value,
          ])
        changes.done.append("unset \(HookSetup.setting.key)")
      }
      try reporting { try Files.removeFile(notePath) }
    }
    return changes
  }

  /// The values in the repository's own file.
  private func values() throws(CommandError) -> [String] {
    let output = try reporting {
      try site.git.run(["config", "--local", "--null", "--get-all", HookSetup.setting.key])
    }
    return output.stdout.split(separator: 0).map { PathText.string($0) }
  }

  private func git(_ arguments: [String]) throws(CommandError) {
    let output = try reporting { try site.git.run(arguments) }
    guard output.isSuccess else {
      throw CommandError("unable to change the configuration: \(output.errorText)")
    }
  }
}
