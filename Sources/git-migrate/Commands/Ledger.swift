import ArgumentParser
import CanonicalJSON
import Git
import Ledger
import Migration
import Runner
import Site

/// `git migrate ledger`: plumbing for scripts that read and write entries themselves.
struct LedgerCommand: ParsableCommand {
  static let configuration = CommandConfiguration(
    commandName: "ledger", abstract: "Read and append entries of the ledger; plumbing.",
    subcommands: [
      LedgerCatCommand.self, LedgerAppendCommand.self, LedgerBisectCommand.self, LedgerExportCommand.self,
    ])
}

/// `git migrate ledger cat`: the entries as they stand in the ledger.
struct LedgerCatCommand: Subcommand {
  static let configuration = CommandConfiguration(
    commandName: "cat", abstract: "Print one entry, or all of them, oldest first.")

  @Argument(help: "The entry's number; without it all are printed.")
  var seq: Int?

  @Flag(help: "Print the whole message of the commit.")
  var raw = false

  func run(_ context: Context) throws(CommandError) {
    let ledger = try context.site().ledger
    var found: [[UInt8]] = []
    try ledger.walk { (entry) throws(CommandError) in
      if let seq, entry.sequence > seq { return true }
      if let seq, entry.sequence < seq { return false }
      found.append(raw ? entry.commit.messageBytes : entry.line + [0x0A])
      return seq == nil
    }
    if let seq, found.isEmpty { throw CommandError("the ledger has no entry \(seq)") }
    for bytes in found.reversed() { try context.output.write(bytes: bytes) }
  }
}

/// `git migrate ledger append`: one event from standard input, decided like any other.
struct LedgerAppendCommand: Subcommand {
  static let configuration = CommandConfiguration(
    commandName: "append", abstract: "Append the event that standard input holds as JSON.",
    discussion: """
      The object has 'migration', 'kind' and the members of that kind, as 'git migrate ledger cat' \
      shows them. What 'v', 'seq', 'at' and 'nonce' are is not yours to say. Its effects are not \
      carried out unless '--perform' is given; 'git migrate run' settles what is open. Prints the \
      entry, or exits with 1 when it is refused.
      """)

  @Option(name: .customLong("by"), help: ArgumentHelp("Who says so; by default you.", valueName: "name"))
  var author: String?

  @Flag(help: "Carry out what follows from the event.")
  var perform = false

  func run(_ context: Context) throws(CommandError) {
    let site = try context.site()
    let author = author ?? site.actor
    let event = try event(try StandardInput.read(limit: Entry.maximumBytes), by: author)
    let interpreter = try context.interpreter()
    let appended = try interpreter.appendOnly(by: author) { (_, _) throws(Refusal) in
      ((), [Proposal(event.migration, event.change)])
    }
    switch perform ? try appended.perform(interpreter) : appended.leave() {
    case .recorded(let snapshot, _):
      guard let tip = snapshot.tip else { return }
      let commit = try reporting { try site.repository.commit(tip) }
      try context.output.write(bytes: try ShownEntry(commit).line + [0x0A])
    case .refused(let refusal): throw CommandError(refusal)
    case .nothing: return
    }
  }

  /// The event, read by the same strict reader as the ledger's own: the missing members are put around it.
  private func event(_ bytes: [UInt8], by author: String) throws(CommandError) -> Event {
    do throws(JSONFault) {
      guard case .object(var members) = try JSON.parse(bytes) else { throw JSONFault("it is not an object") }
      for member in members where ["v", "seq", "at", "nonce", "by"].contains(member.key) {
        throw JSONFault("'\(member.key)' is set by the ledger\(member.key == "by" ? ", use '--by'" : "")")
      }
      let json = JSON.object(members)
      if case .string(let text)? = json["kind"], let kind = Migration.Change.Kind(rawValue: text),
        kind == .migration(.started) || kind == .migration(.amended)
      {
        throw JSONFault(
          "'\(text)' carries a plan, use 'git migrate \(kind == .migration(.amended) ? "amend" : "start")'")
      }
      members += [
        JSON.Member("v", .integer(Int64(FormatVersion.newest))), JSON.Member("seq", .integer(1)),
        JSON.Member("at", .integer(0)), JSON.Member("by", .string(author)),
        JSON.Member("nonce", .string(String(repeating: "0", count: 32))),
      ]
      return try LedgerAppendCommand.entry(JSON.object(members).canonicalBytes).event
    } catch {
      throw CommandError("standard input is not an event: \(error.description)")
    }
  }

  private static func entry(_ line: [UInt8]) throws(JSONFault) -> Entry {
    do throws(EntryFault) {
      return try Entry(line: line) { (_, _) throws(JSONFault) in throw JSONFault("it carries a plan") }
    } catch {
      switch error {
      case .newer(let version): throw JSONFault("version \(version) is newer than this program")
      case .damaged(let reason): throw JSONFault(reason)
      }
    }
  }
}
