import Git
import Ledger
import Migration

/// Whether a ledger can be shared through a remote: asked when the sharing begins, and by the doctor.
package struct SharedServer {
  let site: Site

  /// Looks from one repository.
  package init(site: Site) { self.site = site }

  /// Throws when what is pushed to the remote is not what is fetched from it.
  package func requireOneAddress(_ remote: String) throws(CommandError) {
    guard let fault = try reporting({ try GitRemote.fault(ofRemote: remote, in: site.repository) }) else {
      return
    }
    throw CommandError(
      "the ledger cannot be shared through '\(remote)': \(fault)",
      hint: "add the repository that is to hold it as a remote of its own, with one address, and run "
        + "'git migrate init --remote NAME'")
  }

  /// Throws when the server would take entries and not keep its part; gives what else is the matter with it.
  package func requireFit() throws(CommandError) -> DoctorCheck? {
    guard let check = probe() else { return nil }
    guard check.isDecisive else { return check.check.level == .ok ? nil : check.check }
    throw CommandError(
      check.check.message,
      hint: (check.check.hint.map { $0 + "; " } ?? "")
        + "or work alone: git config --unset migrate.remote, then git migrate trust")
  }

  /// What the doctor says of it.
  package func check() -> DoctorCheck? {
    guard let remote = site.ledger.remote else { return nil }
    do throws(CommandError) { try requireOneAddress(remote.name) } catch {
      return DoctorCheck("sharing", .error, error.message, hint: error.hint)
    }
    return probe()?.check
  }

  /// Makes and deletes refs there. Decisive is what will not change by waiting, or by a permission.
  private func probe() -> (check: DoctorCheck, isDecisive: Bool)? {
    guard let remote = site.ledger.remote, let commit = (try? site.repository.head())?.oid else { return nil }
    func error(_ message: String, hint: String, isDecisive: Bool) -> (DoctorCheck, Bool) {
      (DoctorCheck("sharing", .error, message, hint: hint), isDecisive)
    }
    do throws(GitError) {
      switch try remote.probe(commit) {
      case .willing: return (DoctorCheck("sharing", .ok, "'\(remote.name)' takes our refs"), false)
      case .keeps(let ref, let reason):
        return (
          DoctorCheck(
            "sharing", .warning, "'\(remote.name)' takes our refs, but did not delete '\(ref)': \(reason)",
            hint: "let its administrator delete it, and allow deletion of 'refs/migrate/probe/*'"), false
        )
      case .refuses(let reason):
        return error(
          "'\(remote.name)' does not take refs below 'refs/migrate/': \(reason)",
          hint: "let its administrator allow pushes to 'refs/migrate/*', deletion of 'refs/migrate/probe/*' "
            + "included", isDecisive: false)
      case .unreachable(let reason):
        return error(
          "'\(remote.name)' cannot be reached, so that it is not known whether it takes our refs: \(reason)",
          hint: "see to the connection, then run 'git migrate doctor'", isDecisive: false)
      case .isNotAtomic:
        return error(
          "'\(remote.name)' cannot move several refs at once, and a merge moves the ledger with a branch",
          hint: "let its administrator set receive.advertiseAtomic, or share through another server",
          isDecisive: true)
      case .hides:
        return error(
          "'\(remote.name)' takes refs below 'refs/migrate/' and does not show them: other clones would see "
            + "no migration",
          hint: "let its administrator take them out of transfer.hideRefs and uploadpack.hideRefs; the "
            + "addresses for fetching and pushing must lead to one repository", isDecisive: true)
      }
    } catch {
      return (DoctorCheck("sharing", .error, error.description, hint: error.hint), false)
    }
  }
}

extension Site {
  /// Throws when the ledger is shared through a remote that is pushed to in another place than it is fetched
  /// from: a person may have changed it since `init`.
  ///
  /// Before the first entry the server is looked at once more, too.
  public func requireSharable() throws(CommandError) {
    guard let remote = ledger.remote else { return }
    let server = SharedServer(site: self)
    try server.requireOneAddress(remote.name)
    if try reporting({ try ledger.read() }).tip == nil { _ = try server.requireFit() }
  }
}
