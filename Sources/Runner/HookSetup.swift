import Git
import Ledger
import Migration
import Site
import System

/// `git migrate init`: makes a clone ready, and undoes exactly that.
public struct HookSetup {
  package let site: Site

  /// A value that `init` adds to the repository's configuration, and takes away again.
  private struct Setting: Equatable {
    var key: String
    var value: String
  }

  /// Keeps refs of migrations out of `git log --decorate`.
  private static let decoration = Setting(key: "log.excludeDecoration", value: "refs/migrate/*")

  /// How long git waits for a lock on a ref, or on all that are packed. By itself that is a tenth of a
  /// second, and a second, and a merge holds its branch while the hooks judge it: on a busy machine `git gc`
  /// and its like would be refused.
  private static let patience = [
    Setting(key: "core.filesRefLockTimeout", value: "10000"),
    Setting(key: "core.packedRefsTimeout", value: "10000"),
  ]

  /// Makes a set-up for a repository.
  public init(site: Site) { self.site = site }

  /// The note of which settings are ours to take away.
  private var notePath: String { site.localDirectory + "/init" }

  /// Installs the hooks, hides the refs from logs and makes the local folder. Where the ledger is shared,
  /// every `git fetch` brings it along, and it is brought here now. A second time changes nothing.
  public func install() throws(CommandError) -> HookChanges {
    try site.keepingApproval { () throws(CommandError) in try installAll() }
  }

  private func installAll() throws(CommandError) -> HookChanges {
    try reporting { try Files.makeDirectories(site.localDirectory) }
    // Many that begin at once would trip over each other's lock of the configuration.
    let lock = try reporting { try FileLock.acquire(path: notePath + "-guard", wait: true) }
    defer { withExtendedLifetime(lock) {} }
    var changes = try HookInstaller(site: site).install()
    for setting in try settings() where try !values(setting.key).contains(setting.value) {
      try git(["config", "--local", "--add", setting.key, setting.value])
      try note(try noted().filter { $0 != setting } + [setting])
      changes.done.append("set \(setting.key) to '\(setting.value)'")
    }
    // Stays when ours is uninstalled: it does no harm, and the user may count on it by then.
    for setting in HookSetup.patience where try isUnset(setting.key) {
      try git(["config", "--local", setting.key, setting.value])
      changes.patience.append(
        "set \(setting.key) to \(setting.value) ms, so that git waits while a merge is judged")
    }
    changes.done += changes.patience
    do throws(CommandError) {
      if site.ledger.hasRemote {
        let report = try reporting { try site.ledger.synchronize() }
        changes.done += report.lines(remote: site.ledger.remote?.name ?? "")
      }
      let state = try reporting { try site.ledger.read() }.state
      try HookBranches(commonDirectory: site.repository.commonDirectory).add(state)
      try site.followAll(state)
    } catch {
      changes.warnings.append([error.message, error.hint].compactMap(\.self).joined(separator: "; "))
    }
    return changes
  }

  /// Shares the ledger with a remote from now on. Gives what a person should know.
  ///
  /// Throws when git knows no such remote, and when a ledger cannot be shared through it. Where only the
  /// server is to be mended, the remote is set all the same: a migration that others would not see must not
  /// begin.
  public func share(
    with remote: String, warn: @escaping (String) -> Void
  ) throws(CommandError) -> DoctorCheck? {
    let isNamed = try reporting { try site.repository.config("remote.\(remote).url") } != nil
    guard isNamed || remote.contains("/") || remote.contains(":") else {
      throw CommandError(
        "there is no remote '\(remote)'", hint: "add it with 'git remote add \(remote) URL', then try again")
    }
    try SharedServer(site: site).requireOneAddress(remote)
    try site.keepingApproval { () throws(CommandError) in
      try git(["config", "--local", "--replace-all", "migrate.remote", remote])
    }
    try site.share(warn: warn)
    return try SharedServer(site: site).requireFit()
  }

  /// Takes away what `install` brought. The ledger, the logs and the branches stay, and what it is shared
  /// with.
  public func uninstall() throws(CommandError) -> HookChanges {
    try site.keepingApproval { () throws(CommandError) in try uninstallAll() }
  }

  private func uninstallAll() throws(CommandError) -> HookChanges {
    var changes = try HookInstaller(site: site).uninstall()
    for setting in try noted() where try values(setting.key).contains(setting.value) {
      try git(["config", "--local", "--fixed-value", "--unset-all", setting.key, setting.value])
      changes.done.append("unset \(setting.key)")
    }
    try reporting { try Files.removeFile(notePath) }
    return changes
  }

  // MARK: Settings

  /// The settings of git's patience with locks that nobody has made, here or anywhere.
  package func missingPatience() throws(CommandError) -> [String] {
    var missing: [String] = []
    for setting in HookSetup.patience where try isUnset(setting.key) { missing.append(setting.key) }
    return missing
  }

  private func isUnset(_ key: String) throws(CommandError) -> Bool {
    try reporting { try site.git.run(["config", "--get", key]) }.stdout.isEmpty
  }

  private func settings() throws(CommandError) -> [Setting] {
    guard let remote = site.ledger.remote,
      try reporting({ try site.repository.config("remote.\(remote.name).url") }) != nil
    else { return [HookSetup.decoration] }
    let folder = GitRemote.folder(ofRemote: remote.name, in: site.repository)
    let fetch = Setting(key: "remote.\(remote.name).fetch", value: "+\(Ledger.ref)*:\(folder)/ledger*")
    return [HookSetup.decoration, fetch]
  }

  /// What an earlier `init` has set.
  private func noted() throws(CommandError) -> [Setting] {
    let bytes = try reporting { try Files.readFile(notePath) } ?? []
    return bytes.split(separator: 0x0A).compactMap { line in
      let parts = line.split(separator: 0x20, maxSplits: 1).map { PathText.string($0) }
      guard let key = parts.first, let value = parts.dropFirst().first else { return nil }
      return Setting(key: key, value: value)
    }
  }

  private func note(_ settings: [Setting]) throws(CommandError) {
    let text = settings.map { "\($0.key) \($0.value)\n" }.joined()
    try reporting { try Files.writeAtomically(notePath, PathText.bytes(text)) }
  }

  /// The values in the repository's own file.
  private func values(_ key: String) throws(CommandError) -> [String] {
    let output = try reporting { try site.git.run(["config", "--local", "--null", "--get-all", key]) }
    return output.stdout.split(separator: 0).map { PathText.string($0) }
  }

  /// Tries for ten seconds when somebody else has the configuration locked, as any `git config` does.
  private func git(_ arguments: [String]) throws(CommandError) {
    for round in 1... {
      let output = try reporting { try site.git.run(arguments) }
      if output.isSuccess { return }
      guard round < 100, output.errorText.contains("could not lock config file") else {
        throw CommandError("unable to change the configuration: \(output.errorText)")
      }
      RetryPolicy.pause(microseconds: 100_000)
    }
  }
}

extension SyncReport {
  /// What was done, for people; empty when there was nothing to do.
  public func lines(remote: String) -> [String] {
    var lines: [String] = []
    if received > 0 { lines.append("\(received) \(received == 1 ? "entry" : "entries") from '\(remote)'") }
    if sent > 0 { lines.append("\(sent) \(sent == 1 ? "entry" : "entries") to '\(remote)'") }
    if let keptOn { lines.append("\(refused.count) refused; what they were is kept on '\(keptOn)'") }
    return lines
  }
}
