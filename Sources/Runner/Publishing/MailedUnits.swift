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
  /// Throws where a name is that of no unit.
  package func requireUnits(_ names: some Collection<String>, _ state: MigrationState) throws(CommandError) {
    if names.isEmpty { return }
    let known = Set(try proposed(state).map(\.unit) + state.publications.list.map(\.unit))
    for name in names where !known.contains(name) {
      throw CommandError(
        "'\(state.name)' has no unit '\(name)'", hint: "see 'git migrate publish -n' for those that it has")
    }
  }

  /// Writes the units that could be offered into folders below `folder`, which is made. What an earlier call
  /// wrote there goes.
  package func mail(
    into folder: String, only: Set<String>?, _ interruption: Interruption
  ) throws(CommandError) -> MailedUnits {
    let state: MigrationState
    do throws(PublishError) { state = try self.state() } catch { throw CommandError(error.description) }
    try requireUnits(only ?? [], state)
    let base = try base(state)
    let lender = try MailRepository(site, interruption)
    defer { lender.remove() }
    var units: [MailedUnit] = []
    for unit in try proposed(state) where only?.contains(unit.unit) ?? true {
      let place = MailFolder(folder, unit.unit)
      try place.clear()
      guard let head = try head(toMail: unit, state) else { continue }
      do throws(CommandError) {
        units.append(try write(unit, state, head: head, base: base, into: place, lender))
      } catch {
        // Half of it is nothing to be mailed.
        try? place.clear()
        throw error
      }
    }
    return MailedUnits(units: units)
  }

  /// What of a unit can be mailed; `nil` where nothing can, which is told.
  private func head(toMail unit: ProposedUnit, _ state: MigrationState) throws(CommandError) -> OID? {
    switch state.standing(of: unit, at: now(), moment()) {
    case .ended(let word):
      report("\(unit.unit): it is \(word)")
      return nil
    case .waits(let reason):
      report("\(unit.unit): it waits for \(reason)")
      return nil
    case .settle, .open, .fix, .ready, .look, .people:
      // A first move that was cut off has left none.
      if let head = state.publications[unit.unit]?.head { return head.oid }
    case .push, .later: break
    }
    switch try built(unit, state) {
    case .commit(let commit): return commit.oid
    case .hindered(let reason):
      report("\(unit.unit): \(reason)")
      return nil
    }
  }

  private func write(
    _ unit: ProposedUnit, _ state: MigrationState, head: OID, base: OID, into place: MailFolder,
    _ lender: MailRepository
  ) throws(CommandError) -> MailedUnit {
    let policy = state.plan.publish ?? PublishPolicy()
    try reporting { try Files.makeDirectories(place.path) }
    let branch = state.publishedBranch(of: unit.unit)
    let to = (policy.reviewers + unit.owners).filter(MailText.isAddress)
    try lender.git(["update-ref", "refs/heads/\(branch)", head.hex])
    try lender.git(["bundle", "create", "--quiet", place.bundle, "^\(base.hex)", branch])
    let series = to.map { "--to=\($0)" } + ["\(base.hex)..\(branch)"]
    try lender.git(["format-patch", "--output-directory=\(place.path)"] + MailFolder.patchOptions + series)
    let words = try words(of: unit, state)
    try reporting {
      guard let bytes = try Files.readFile(place.letter) else { return }
      let text = MailText.letter(
        String(decoding: bytes, as: UTF8.self), title: words.title, body: words.body)
      try Files.writeAtomically(place.letter, Array(text.utf8))
    }
    let isPushed = state.publications[unit.unit]?.head?.oid == head
    if isPushed, let address = try? effectiveAddress() {
      // The address is not for git here: it is told to others, and nobody is asked what is there.
      let text = try lender.git(["request-pull", base.hex, lender.folder, branch])
      let shown = AddressText.withoutPasswords(address)
      let request = text.replacing("\n  \(lender.folder) ", with: "\n  \(shown) ", maxReplacements: 1)
      try reporting { try Files.writeAtomically(place.request, Array(request.utf8)) }
    }
    let patches = try place.written().count { $0.hasSuffix(".patch") } - 1
    return MailedUnit(
      unit: unit.unit, folder: place.path, patches: max(0, patches), to: to, isPushed: isPushed)
  }
}

/// The folder of one unit's files: those that are ours are known by their names, and nothing else of what
/// people keep there is touched.
private struct MailFolder {
  let path: String
  private let unit: String
  var bundle: String { "\(path)/\(unit).bundle" }
  var letter: String { path + "/0000-cover-letter.patch" }
  var request: String { "\(path)/\(MailFolder.requestName)" }
  private static let requestName = "request-pull.txt"

  /// What a series is like, whatever the user's settings say of those that they write themselves.
  static let patchOptions = [
    "--quiet", "--cover-letter", "--no-signature", "--suffix=.patch", "--filename-max-length=64",
    "--start-number=1", "--no-attach", "--no-base", "--unified=3", "--src-prefix=a/", "--dst-prefix=b/",
  ]

  init(_ folder: String, _ unit: String) { (path, self.unit) = ("\(folder)/\(unit)", unit) }

  /// The names of our files that are there.
  func written() throws(CommandError) -> [String] {
    guard Files.kind(path) == .directory else { return [] }
    return try reporting { try Files.listDirectory(path) }.filter { name in
      let number = name.prefix { $0.isASCII && $0.isNumber }
      return name == MailFolder.requestName || name == "\(unit).bundle"
        || (number.count >= 4 && name.dropFirst(number.count).hasPrefix("-") && name.hasSuffix(".patch"))
    }
  }

  /// Removes them.
  func clear() throws(CommandError) {
    for name in try written() { try reporting { try Files.removeFile("\(path)/\(name)") } }
  }
}

/// A repository for a moment, with the objects of another one: branches that people are to see have their
/// names there, and nothing of the user's is touched.
private struct MailRepository {
  let folder: String
  private let environment: [String: String]
  private let interruption: Interruption

  init(_ site: Site, _ interruption: Interruption) throws(CommandError) {
    self.interruption = interruption
    let identity = try site.identity()
    let temporary = site.environment["TMPDIR"].flatMap(Files.realPath) ?? "/tmp"
    let folder = try reporting {
      try Files.makeTemporaryDirectory(prefix: "git-migrate-mail-", in: temporary)
    }
    self.folder = folder
    environment = ChildEnvironment.ofGit(
      from: site.environment, gitDirectory: folder, commonDirectory: folder, workTree: nil
    ).merging([
      "GIT_AUTHOR_NAME": identity.author.name, "GIT_AUTHOR_EMAIL": identity.author.email,
      "GIT_COMMITTER_NAME": identity.committer.name, "GIT_COMMITTER_EMAIL": identity.committer.email,
    ]) { $1 }
    do throws(CommandError) {
      try git(["init", "--quiet", "--bare", "--template="])
      let common = site.repository.commonDirectory
      try reporting {
        try Files.writeAtomically(folder + "/objects/info/alternates", Array("\(common)/objects\n".utf8))
        if let ends = try Files.readFile(common + "/shallow") {
          try Files.writeAtomically(folder + "/shallow", ends)
        }
      }
    } catch {
      remove()
      throw error
    }
  }

  /// What would colour, sign or recode text that others are to read.
  private static let settings = [
    "color.ui=false", "log.showSignature=false", "i18n.logOutputEncoding=UTF-8",
  ].flatMap { ["-c", $0] }

  @discardableResult
  func git(_ arguments: [String]) throws(CommandError) -> String {
    var command = Command(
      "git", MailRepository.settings + arguments, environment: environment, directory: folder)
    command.timeoutSeconds = 300
    var isInterrupted = interruption.shouldStop()
    let outcome = try reporting {
      try command.run(mayGoOn: {
        isInterrupted = isInterrupted || interruption.shouldStop()
        return !isInterrupted
      })
    }
    if isInterrupted { throw CommandError("interrupted; what was written is whole", exitCode: .interrupted) }
    guard outcome.status.isSuccess else {
      let words = GitWords.reason(in: outcome.errorText) ?? "no word"
      throw CommandError(
        "unable to write mail by 'git \(arguments[0])': \(TerminalText.sanitizedLine(words))")
    }
    return outcome.text
  }

  func remove() { try? Files.removeTree(folder) }
}
