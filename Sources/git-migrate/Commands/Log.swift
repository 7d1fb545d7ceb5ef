import ArgumentParser
import Git
import Ledger
import Migration
import Processes
import Runner

/// `git migrate log`: what happened, from the ledger.
struct LogCommand: Subcommand {
  static let configuration = CommandConfiguration(
    commandName: "log", abstract: "Show what happened, newest first.",
    discussion: """
      '--json' prints the entries as they stand in the ledger, one a line, oldest first, each with \
      its own commit as 'ledger_commit'. 'git log refs/migrate/ledger' shows the same history.
      """)

  @Option(
    name: [.customShort("n", allowingJoined: true), .customLong("max-count")],
    help: ArgumentHelp("Show at most this many entries, the newest ones.", valueName: "number"))
  var maximum: Int?

  @Option(help: ArgumentHelp("Only what is about this step; may be given again.", valueName: "step"))
  var step: [String] = []

  @Option(
    help: ArgumentHelp(
      "Only this kind, as 'step.merged', or all of a subject, as 'gate'; may be given again.",
      valueName: "kind"))
  var kind: [String] = []

  @Flag(help: "Oldest first.")
  var reverse = false

  @OptionGroup var migration: MigrationOption
  @OptionGroup var json: JSONOption
  @OptionGroup var colour: ColourOption

  func validate() throws {
    if let maximum, maximum < 0 { throw ValidationError("'-n' takes a number that is not negative") }
    let kinds = Migration.Change.Kind.allCases.map(\.rawValue)
    for kind in kind where !kinds.contains(where: { $0 == kind || $0.hasPrefix(kind + ".") }) {
      let near = Suggestion.nearest(to: kind, among: kinds).map { ", did you mean '\($0)'?" }
      throw ValidationError("no event is of the kind '\(kind)'\(near ?? "")")
    }
  }

  func run(_ context: Context) throws(CommandError) {
    let site = try context.site()
    // A ledger that cannot be folded can still be shown.
    let state = try? site.ledger.read().state
    if let state, let name = migration.migration { _ = try site.migration(name, in: state) }
    let namesMigration = migration.migration == nil && state?.migrations.count != 1
    let palette = Palette(isOn: json.isWanted ? false : try context.wantsColour(colour))
    var later: [ShownEntry] = []
    var count = 0
    if maximum != 0 {
      try site.ledger.walk { (entry) throws(CommandError) in
        guard isWanted(entry) else { return true }
        count += 1
        if reverse || json.isWanted {
          later.append(entry)
        } else {
          try context.output.line(text(entry, palette, namesMigration: namesMigration))
        }
        return count != maximum
      }
    }
    for entry in later.reversed() {
      try context.output.line(
        json.isWanted ? document(entry) : text(entry, palette, namesMigration: namesMigration))
    }
  }

  private func isWanted(_ entry: ShownEntry) -> Bool {
    if let name = migration.migration, entry.migration != name { return false }
    if !step.isEmpty && !step.contains(where: { $0 == entry.step }) { return false }
    return kind.isEmpty || kind.contains { $0 == entry.kind || entry.kind.hasPrefix($0 + ".") }
  }

  private func text(_ entry: ShownEntry, _ palette: Palette, namesMigration: Bool) -> String {
    let number = String(entry.sequence)
    let space = String(repeating: " ", count: max(0, 5 - number.utf8.count))
    let name = namesMigration ? "\(palette.cyan(TerminalText.sanitizedLine(entry.migration)))  " : ""
    let sentence = TerminalText.sanitizedLine(entry.sentence)
    let newer = entry.event == nil ? palette.dim("  (written by a newer version)") : ""
    let time = palette.dim(TimeText.local(entry.at))
    let used = entry.event?.used.map { palette.dim("  (\($0.words))") } ?? ""
    return "\(space)\(palette.yellow(number))  \(time)  \(name)\(sentence)\(used)\(newer)"
  }

  private func document(_ entry: ShownEntry) -> String {
    guard case .object(let members) = entry.json else { return entry.json.canonical }
    // Not 'commit': the entries of a start and a merge have that member already.
    return JSON.object(members + [JSON.Member("ledger_commit", .string(entry.commit.oid.hex))]).canonical
  }
}
