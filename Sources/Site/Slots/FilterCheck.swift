import Git
import Migration
import System

/// Sees to it that no file is recorded without the filter that its attributes give it to.
///
/// git itself takes a filter that is configured nowhere for no filter at all, and commits what should have
/// been encrypted as it is.
package struct FilterCheck {
  let site: Site

  /// Looks in one repository.
  package init(site: Site) { self.site = site }

  /// Throws when a file of the commit is given to a filter that is not there. Gives what a person should know
  /// otherwise: attributes that speak of such a filter while no file is concerned yet.
  @discardableResult
  package func require(_ commit: OID) throws(CommandError) -> [String] {
    try reporting { () throws -> [String] in
      let tree = try site.repository.treeOf(commit: commit)
      let attributes = try site.repository.filterAttributes(ofTree: tree)
      guard !attributes.isEmpty else { return [] }
      let flaws = try flaws(of: attributes.map(\.filter))
      guard !flaws.isEmpty else { return [] }
      let files = try site.git.filteredFiles(ofTree: tree)
      var warnings: [String] = []
      for attribute in attributes {
        guard let flaw = flaws[attribute.filter] else { continue }
        let words = "'\(attribute.file)' gives files to the filter '\(attribute.filter)', \(flaw)"
        guard let file = files.first(where: { $0.filter == attribute.filter }) else {
          warnings.append("\(words); a step that makes such a file will fail")
          continue
        }
        throw CommandError(
          "\(words): '\(file.path)' would be committed unfiltered", hint: hint(attribute.filter))
      }
      return warnings
    }
  }

  /// Throws a failure of the step when what it made of `base` holds files, new or changed, for a filter that
  /// is not there.
  package func require(result tree: OID, of base: OID) throws {
    let before = try site.repository.treeOf(commit: base)
    guard tree != before else { return }
    let attributes = try site.repository.filterAttributes(ofTree: tree)
    guard !attributes.isEmpty else { return }
    let flaws = try flaws(of: attributes.map(\.filter))
    guard !flaws.isEmpty else { return }
    let changes = try site.repository.changes(from: before, to: tree).filter { $0.kind != .deleted }
    // New attributes speak of files that were not changed, too.
    let isAboutAll = changes.contains { FilterCheck.isAttributes($0.path) }
    let files = try site.git.filteredFiles(ofTree: tree, among: isAboutAll ? nil : changes.map(\.path))
      .filter { flaws[$0.filter] != nil }
    guard let first = files.first, let flaw = flaws[first.filter] else { return }
    throw CommandError(
      FilterCheck.failure(
        "'\(first.path)' goes through the filter '\(first.filter)', \(flaw), and is not committed unfiltered",
        files.map { "\($0.path): filter '\($0.filter)'" }),
      hint: hint(first.filter))
  }

  /// Whether the change of a tree can have changed which filters its files go through.
  package func changesAttributes(from base: OID, to tree: OID) throws -> Bool {
    let before = try site.repository.treeOf(commit: base)
    return try before != tree
      && site.repository.changes(from: before, to: tree).contains { FilterCheck.isAttributes($0.path) }
  }

  /// What git says when a filter that is required does not do its work, as a failure of the step: with the
  /// filter's program, when that is missing.
  package func failure(_ error: GitError) -> Migration.Failure? {
    let text = error.message
    guard let words = text.firstRange(of: "clean filter '"), text.contains("failed") else { return nil }
    let name = String(text[words.upperBound...].prefix { $0 != "'" })
    let flaw = (try? flaws(of: [name]))?[name].map { "; the filter is '\(name)', \($0)" } ?? ""
    return FilterCheck.failure("it cannot be recorded: \(text)\(flaw)", flaw.isEmpty ? [] : [hint(name)])
  }

  private static func failure(_ reason: String, _ details: [String]) -> Migration.Failure {
    Migration.Failure(kind: .filter, reason: TerminalText.sanitizedLine(reason), details: details)
  }

  private static func isAttributes(_ path: String) -> Bool {
    path == ".gitattributes" || path.hasSuffix("/.gitattributes")
  }

  /// What is the matter with these filters here, by name.
  private func flaws(of names: [String]) throws -> [String: String] {
    let commands = try site.git.filterCommands()
    var result: [String: String] = [:]
    for name in Set(names) {
      guard let used = commands[name] else {
        result[name] = "which is configured nowhere"
        continue
      }
      if let program = used.map(\.value).compactMap(word).first(where: { !isThere($0) }) {
        result[name] = "whose program '\(program)' is not there"
      }
    }
    return result
  }

  /// The program that a command begins with, when that can be told without being a shell.
  private func word(_ command: String) -> String? {
    guard let first = command.split(separator: " ").first.map(String.init) else { return nil }
    let isPlain = first.utf8.allSatisfy {
      (0x30...0x39).contains($0) || (0x41...0x5A).contains($0) || (0x61...0x7A).contains($0)
        || [0x2B, 0x2D, 0x2E, 0x2F, 0x5F].contains($0)
    }
    // A relative path begins where git happens to be.
    return isPlain && (first.hasPrefix("/") || !first.contains("/")) ? first : nil
  }

  private func isThere(_ program: String) -> Bool {
    site.launcher.missing([program], for: .gitProbe, in: site.repository.commonDirectory).isEmpty
  }

  private func hint(_ name: String) -> String {
    let way =
      switch name {
      case "lfs": "run 'git lfs install'"
      case "git-crypt": "run 'git-crypt unlock'"
      default: "configure it with 'git config filter.\(name).clean COMMAND' and '….smudge'"
      }
    return way + "; where its files need none, say so with 'git config filter.\(name).clean cat'"
  }
}

extension Site {
  /// Throws unless work can be done and committed here as git itself would: with the repository's own
  /// commands approved, every filter there, and an identity of the user.
  public func requireReady(_ state: MigrationState) throws(CommandError) {
    try requireApprovedCommands()
    try requireIdentity()
    if let tip = try reporting({ try repository.resolve(state.intoRef) }) { try requireFilters(of: tip) }
  }

  /// Throws when a file of the commit is given to a filter that is not there; gives what a person should know
  /// otherwise.
  @discardableResult
  public func requireFilters(of commit: OID) throws(CommandError) -> [String] {
    try FilterCheck(site: self).require(commit)
  }
}
