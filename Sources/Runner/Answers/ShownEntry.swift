import CanonicalJSON
import Git
import Ledger
import Migration
import Site

/// An entry of the ledger as it can be shown, whoever wrote it: one of a newer version is still readable as
/// text.
package struct ShownEntry {
  /// The commit that holds it.
  package let commit: Commit
  /// Its line as it stands in the commit.
  package let line: [UInt8]
  /// Its line, parsed.
  package let json: JSON
  /// The event, unless a newer version wrote it. The plan of a start or an amendment is left empty.
  package let event: Event?

  /// The sentence for people.
  package var sentence: String { commit.subject }
  /// Its number.
  package var sequence: Int { integer("seq").map { Int($0) } ?? 0 }
  /// When it happened.
  package var at: Timestamp { Timestamp(milliseconds: integer("at") ?? commit.author.seconds * 1000) }
  /// The migration's name.
  package var migration: String { text("migration") }
  /// The kind, as it stands there.
  package var kind: String { text("kind") }
  /// The step it is about.
  package var step: String? { if case .string(let step)? = json["step"] { step } else { nil } }

  private func integer(_ key: String) -> Int64? {
    if case .integer(let value)? = json[key] { value } else { nil }
  }

  private func text(_ key: String) -> String { if case .string(let text)? = json[key] { text } else { "" } }

  /// Reads what a commit of the ledger holds. Throws for one that is no entry.
  package init(_ commit: Commit) throws(CommandError) {
    self.commit = commit
    func damaged(_ reason: String) -> CommandError {
      CommandError(LedgerError.damaged(commit: commit.oid, reason: reason))
    }
    let bytes = commit.textBytes
    guard let subject = bytes.firstIndex(of: 0x0A), bytes.count > subject + 2, bytes[subject + 1] == 0x0A,
      bytes.last == 0x0A
    else { throw damaged("its message is not a sentence and a line") }
    line = Array(bytes[(subject + 2)..<(bytes.count - 1)])
    do throws(JSONFault) { json = try JSON.parse(line) } catch { throw damaged(error.description) }
    do throws(EntryFault) {
      event = try Entry(line: line) { (migration, _) in Plan(migration: migration) }.event
    } catch {
      switch error {
      case .newer: event = nil
      case .damaged(let reason): throw damaged(reason)
      }
    }
  }
}

extension Ledger {
  /// Visits the entries from the newest to the oldest until `visit` says that it has seen enough.
  package func walk(_ visit: (ShownEntry) throws(CommandError) -> Bool) throws(CommandError) {
    var next = try reporting { try repository.resolve(Ledger.ref) }
    while let oid = next {
      let commit = try reporting { try repository.commit(oid) }
      next = commit.parents.first
      guard try visit(try ShownEntry(commit)) else { return }
    }
  }
}
