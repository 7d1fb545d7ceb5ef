import CanonicalJSON
import Git
import Ledger
import Migration
import System

/// An entry of the ledger, folded before the reader's eyes: what it changed, what had to be done because of
/// it, and what was due then.
package struct FoldedEntry: PrintedAnswer {
  /// The entry with the states before and after it.
  package let replayed: ReplayedEntry
  /// Whether both states are told whole, in place of what differs.
  package let isFull: Bool

  /// The entry, what followed, and either what changed or both states.
  package static let form = AnswerForm<FoldedEntry>.document([
    .text("commit", \.replayed.found.commit.hex), .document("entry") { $0.replayed.found.entry.json },
    .documents("effects", \.effects), .texts("agenda") { $0.agenda.map(\.words) },
    .list("changes", orNull: { $0.isFull ? nil : $0.changes }),
    .document("before", orNull: { $0.isFull ? $0.replayed.before.jsonByStep : nil }),
    .document("after", orNull: { $0.isFull ? $0.replayed.after.jsonByStep : nil }),
  ])

  /// Tells of an entry.
  package init(_ replayed: ReplayedEntry, isFull: Bool) {
    self.replayed = replayed
    self.isFull = isFull
  }

  private var changes: [StateChange] {
    StateChange.between(replayed.before.jsonByStep, replayed.after.jsonByStep)
  }

  private var effects: [JSON] { replayed.effects.map(\.json) }

  /// What was due then for a run with one free worker, on a machine of its own, that finds the base judged.
  private var agenda: [Duty] {
    let event = replayed.found.entry.event
    let nobody = Owner(machine: "", boot: "", pid: 0, startTicks: 0)
    let seat = Seat(owner: nobody, actor: "", free: 1, clock: event.at)
    return replayed.after.migration(named: event.migration)?.agenda(at: event.at, seat: seat) ?? []
  }

  package func text(_: Palette) -> String {
    let entry = replayed.found.entry
    var lines = [
      "\(entry.sequence)  \(TimeText.local(entry.event.at))  \(entry.event.sentence)",
      "  event   \(entry.json.printable)",
    ]
    if isFull {
      lines += [
        "  before  \(replayed.before.jsonByStep.printable)",
        "  after   \(replayed.after.jsonByStep.printable)",
      ]
    } else {
      lines += changes.map {
        "  state   \($0.path): \($0.before ?? "nothing") → \($0.after ?? "nothing")"
      }
    }
    lines += effects.map { "  effect  \($0.printable)" } + agenda.map { "  due     \($0.words)" }
    return lines.map { TerminalText.sanitizedLine($0) + "\n" }.joined()
  }
}
