import Forges
import Git
import Ledger
import Migration
import Site
import Supervision
import System

/// Units as files that can be mailed: patches with a letter that explains them, a bundle, and, where the
/// branch is pushed, a request to pull. Nothing is sent, and nothing is recorded.
package struct MailedUnits: PrintedAnswer {
  /// The units.
  package let units: [MailedUnit]

  /// The units.
  package static let form = AnswerForm<MailedUnits>.document([.list("units", \.units)])

  package func text(_: Palette) -> String {
    if units.isEmpty { return "nothing is merged that could be offered\n" }
    return units.map { unit in
      let files = Count.of(unit.patches, "patch", plural: "patches")
      let to = unit.to.isEmpty ? "" : "  to \(unit.to.joined(separator: ", "))"
      return TerminalText.sanitizedLine("\(unit.unit)  \(files)  \(unit.folder)\(to)") + "\n"
    }.joined()
  }
}

/// One unit, in its folder.
package struct MailedUnit: Answer {
  /// Its name.
  package let unit: String
  /// The folder with its files.
  package let folder: String
  /// How many patches there are, beside the letter.
  package let patches: Int
  /// Whom they are for: those of the unit's owners, and of the reviewers, that are reached by mail.
  package let to: [String]
  /// Whether there is a request to pull.
  package let isPushed: Bool

  /// What is said of it.
  package static let form = AnswerForm<MailedUnit>([
    .text("unit", \.unit), .text("folder", \.folder), .number("patches", \.patches), .texts("to", \.to),
    .flag("pushed", \.isPushed),
  ])
}

extension SitePublishing {
  /// Writes the units that could be offered into folders below `folder`, which is made.
  package func mail(into folder: String, only: Set<String>?) throws(CommandError) -> MailedUnits {
    let state: MigrationState
    do throws(PublishError) { state = try self.state() } catch { throw CommandError(error.description) }
    let base = try base(state)
    var units: [MailedUnit] = []
    for unit in try proposed(state) where only?.contains(unit.unit) ?? true {
      let known = state.publications[unit.unit]
      let head: OID
      switch state.standing(of: unit, at: now(), moment()) {
      case .ended, .waits: continue
      case .push, .later:
        guard case .commit(let commit) = try built(unit, state) else { continue }
        head = commit.oid
      case .settle, .open, .fix, .ready, .look, .people:
        guard let commit = known?.head else { continue }
        head = commit.oid
      }
      units.append(
        try write(unit, state, head: head, base: base, isPushed: known?.head?.oid == head, into: folder))
    }
    return MailedUnits(units: units)
  }

  private func write(
    _ unit: ProposedUnit, _ state: MigrationState, head: OID, base: OID, isPushed: Bool, into folder: String
  ) throws(CommandError) -> MailedUnit {
    let policy = state.plan.publish ?? PublishPolicy()
    let place = "\(folder)/\(unit.unit)"
    try reporting { try Files.makeDirectories(place) }
    let lender = try MailRepository(site)
    defer { lender.remove() }
    let branch = state.publishedBranch(of: unit.unit)
    let to = (policy.reviewers + unit.owners).filter(MailText.isAddress)
    try lender.git(["update-ref", "refs/heads/\(branch)", head.hex])
    try lender.git(["bundle", "create", "--quiet", "\(place)/\(unit.unit).bundle", "^\(base.hex)", branch])
    try lender.git(
      ["format-patch", "--quiet", "--cover-letter", "--no-signature", "--output-directory=\(place)"]
        + to.map { "--to=\($0)" } + ["\(base.hex)..\(branch)"])
    let words = try words(of: unit, state)
    let letter = "\(place)/0000-cover-letter.patch"
    try reporting {
      guard let bytes = try Files.readFile(letter) else { return }
      let text = MailText.letter(
        String(decoding: bytes, as: UTF8.self), title: words.title, body: words.body)
      try Files.writeAtomically(letter, Array(text.utf8))
    }
    if isPushed {
      let text = try lender.git(["request-pull", base.hex, try address(), branch], mayFail: true)
      try reporting { try Files.writeAtomically("\(place)/request-pull.txt", Array(text.utf8)) }
    }
    let patches = try reporting { try Files.listDirectory(place) }.count { $0.hasSuffix(".patch") } - 1
    return MailedUnit(unit: unit.unit, folder: place, patches: max(0, patches), to: to, isPushed: isPushed)
  }
}

/// A repository for a moment, with the objects of another one: branches that people are to see have their
/// names there, and nothing of the user's is touched.
private struct MailRepository {
  private let folder: String
  private let environment: [String: String]

  init(_ site: Site) throws(CommandError) {
    let temporary = site.environment["TMPDIR"] ?? "/tmp"
    folder = try reporting { try Files.makeTemporaryDirectory(prefix: "git-migrate-mail-", in: temporary) }
    environment = site.environment
    try git(["init", "--quiet", "--bare"])
    let objects = site.repository.commonDirectory + "/objects\n"
    let place = folder + "/objects/info/alternates"
    try reporting { try Files.writeAtomically(place, Array(objects.utf8)) }
  }

  @discardableResult
  func git(_ arguments: [String], mayFail: Bool = false) throws(CommandError) -> String {
    var command = Command("git", arguments, environment: environment, directory: folder)
    command.timeoutSeconds = 300
    let outcome = try reporting { try command.run() }
    guard outcome.status.isSuccess || mayFail else {
      let words = outcome.errorText.split(whereSeparator: \.isNewline).first.map(String.init) ?? "no word"
      throw CommandError(
        "unable to write mail by 'git \(arguments[0])': \(TerminalText.sanitizedLine(words))")
    }
    return outcome.text
  }

  func remove() { try? Files.removeTree(folder) }
}
