import ArgumentParser
import CanonicalJSON
import Ledger
import Migration
import Runner
import Site
import System

/// `git migrate ledger bisect`: finds the entry after which something was so for the first time.
struct LedgerBisectCommand: Subcommand {
  static let configuration = CommandConfiguration(
    commandName: "bisect", abstract: "Find the first entry after which a condition holds.",
    discussion: """
      A condition is a state of steps, or one of cost (in US dollars), failures, open, entries, uses and \
      trials, with a comparison and a number: 'blocked > 10', 'cost >= 50'. Prints that entry; exits with 1 \
      when it never holds.
      """)

  @Argument(help: ArgumentHelp("The condition.", valueName: "condition"))
  var condition: [String]

  @OptionGroup var migration: MigrationOption
  @OptionGroup var json: JSONOption

  func run(_ context: Context) throws(CommandError) {
    let text = condition.joined(separator: " ")
    guard let condition = Condition(text) else {
      throw CommandError(
        "'\(text)' is no condition",
        hint: "write it like 'blocked > 10'; it may be about \(Condition.subjects.joined(separator: ", "))",
        exitCode: .usage)
    }
    let site = try context.site()
    let name = try site.migration(
      migration.migration, in: try context.snapshot(finding: migration.migration, looksOnly: true).state
    ).name
    var found: ReplayedEntry?
    try reporting {
      try site.ledger.reader.replay { entry in
        guard found == nil, let state = entry.after.migration(named: name),
          condition.holds(in: state, entries: entry.found.entry.sequence)
        else { return }
        found = entry
      }
    }
    guard let found else {
      throw CommandError("'\(text)' has never been so in '\(name)'", exitCode: .no)
    }
    try context.print(FoldedEntry(found, isFull: false), json)
  }
}

/// `git migrate ledger export`: a part of the ledger as a test that needs no repository.
struct LedgerExportCommand: Subcommand {
  static let configuration = CommandConfiguration(
    commandName: "export", abstract: "Write a part of the ledger as a test.",
    discussion: """
      One JSON object a line: the state before, each entry, and the state that is expected after them. \
      'git migrate replay --expect FILE' folds it again, with this or any later version of the program.
      """)

  @Option(help: ArgumentHelp("From this entry on.", valueName: "seq"))
  var from: Int = 1

  @Option(help: ArgumentHelp("Up to this entry.", valueName: "seq"))
  var to: Int?

  @Option(
    name: [.customShort("o"), .customLong("output")], help: ArgumentHelp("Write it here.", valueName: "file"),
    completion: .file())
  var output: String?

  func validate() throws {
    if from < 1 || (to ?? from) < from { throw ValidationError("'--from' and '--to' name entries, in order") }
  }

  func run(_ context: Context) throws(CommandError) {
    let site = try context.site()
    var slice: LedgerSlice?
    try reporting {
      try site.ledger.reader.replay { entry in
        let number = entry.found.entry.sequence
        guard number >= from, number <= to ?? .max else { return }
        if slice == nil { slice = LedgerSlice(before: entry.before) }
        slice?.add(entry.found.entry, after: entry.after)
      }
    }
    guard let slice else { throw CommandError("the ledger has no entry \(from)") }
    guard let output else { return try context.output.write(bytes: slice.bytes) }
    try reporting { try Files.writeAtomically(output, slice.bytes) }
  }
}
