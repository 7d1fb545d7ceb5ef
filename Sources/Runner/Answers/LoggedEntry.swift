import CanonicalJSON
import Git
import Migration
import System

/// An entry of the ledger as `git migrate log` shows it, whoever wrote it.
package struct LoggedEntry: PrintedAnswer {
  /// The entry.
  package let entry: ShownEntry
  /// Whether the text says which migration it is about.
  package let namesMigration: Bool

  /// What every entry has; the members of its kind stand beside that, as the ledger has them.
  package static let form = AnswerForm<LoggedEntry>(
    [
      member("v", .number), member("seq", .number), member("migration", .text), member("kind", .text),
      member("at", .number), member("by", .text), member("nonce", .text),
      // Not 'commit': the entries of a start and a merge have that member already.
      .text("ledger_commit", \.entry.commit.oid.hex),
    ],
    others: { if case .object(let members) = $0.entry.json { members } else { [] } })

  private static func member(_ name: String, _ type: AnswerType) -> AnswerForm<LoggedEntry>.Member {
    AnswerForm.Member(name, type) { $0.entry.json[name] ?? .null }
  }

  /// Tells of an entry.
  package init(_ entry: ShownEntry, namesMigration: Bool) {
    self.entry = entry
    self.namesMigration = namesMigration
  }

  package func text(_ palette: Palette) -> String {
    let number = String(entry.sequence)
    let space = String(repeating: " ", count: max(0, 5 - number.utf8.count))
    let name = namesMigration ? "\(palette.cyan(TerminalText.sanitizedLine(entry.migration)))  " : ""
    let sentence = TerminalText.sanitizedLine(entry.sentence)
    let newer = entry.event == nil ? palette.dim("  (written by a newer version)") : ""
    let time = palette.dim(TimeText.local(entry.at))
    let used = entry.event?.used.map { palette.dim("  (\($0.words))") } ?? ""
    return "\(space)\(palette.yellow(number))  \(time)  \(name)\(sentence)\(used)\(newer)\n"
  }
}
