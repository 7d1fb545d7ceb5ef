import Git
import Migration
import Site
import System

/// The doctor's view of what the configuration has git run on files: which filters, from where, and whether
/// they may.
struct DoctorCommands {
  let site: Site

  func checks() -> [DoctorCheck] {
    var list: [DoctorCheck] = []
    do throws(CommandError) {
      let commands = try site.repositoryCommands()
      if let difference = commands.difference(from: try site.comparable(with: commands)) {
        throw Site.unapproved(difference)
      }
      if !commands.settings.isEmpty {
        list.append(
          DoctorCheck("commands", .ok, "those in this repository's configuration are approved"))
      }
      if let commit = try reporting({ try site.repository.head() }).oid { list += try filters(of: commit) }
    } catch {
      let isUnapproved = error.waitsForUser
      list.append(
        DoctorCheck(
          isUnapproved ? "commands" : "filters", isUnapproved ? .warning : .error, error.message,
          hint: error.hint))
    }
    return list
  }

  private func filters(of commit: OID) throws(CommandError) -> [DoctorCheck] {
    let warnings = try site.requireFilters(of: commit)
    return try reporting {
      let commands = try site.git.filterCommands()
      let named = try site.repository.filterAttributes(ofTree: site.repository.treeOf(commit: commit))
      return named.compactMap { attribute -> DoctorCheck? in
        guard let first = commands[attribute.filter]?.first else { return nil }
        let place = TerminalText.sanitizedLine(first.origin)
        return DoctorCheck(
          "filters", .ok, "'\(attribute.file)' gives files to '\(attribute.filter)' of '\(place)'")
      } + warnings.map { DoctorCheck("filters", .warning, $0) }
    }
  }
}
