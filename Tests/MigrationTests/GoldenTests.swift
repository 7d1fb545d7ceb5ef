import CanonicalJSON
import FoundationEssentials
import Testing

@testable import Migration

/// A ledger of every version of the format, as a program of its day wrote it: it is read, folds to the same
/// state for ever, goes on in its own version, and is upgraded. A fixture is never written anew.
@Suite struct GoldenTests {
  @Test func versionOneFoldsToTheStateThatItAlwaysDid() throws {
    let state = try fold("version-1")
    #expect(state.version == 1)
    // The state with every step under its id, as `replay --full` shows it.
    Transcript.check("golden-version-1", [state.jsonByStep.printable])
    let again = try State(json: JSON.parse(state.json.canonicalBytes)) { (_, number) throws(JSONFault) in
      try plan("version-1", number)
    }
    #expect(again == state)
  }

  @Test func aLedgerGoesOnInItsVersionUntilItIsUpgraded() throws {
    var state = try fold("version-1")
    let next = event(state, "next", .migrationStarted(start("next")))
    #expect(next.version == 1)
    _ = try state.apply(next)
    var stray = next
    stray.version = 2
    #expect(throws: Refusal.self) { try state.apply(stray) }

    let upgrade = event(state, FormatVersion.everyMigration, .ledgerUpgraded(version: 2))
    _ = try state.apply(upgrade)
    #expect(state.version == 2 && upgrade.sentence == "ledger upgraded to version 2 of the format")
    let later = event(state, "next", .migrationPaused(reason: "lunch"))
    #expect(later.version == 2)
    var old = later
    old.version = 1
    #expect(throws: Refusal.self) { try state.apply(old) }
    _ = try state.apply(later)
    #expect(throws: Refusal.self) { try state.apply(event(state, "*", .ledgerUpgraded(version: 2))) }
    let read = try State(json: JSON.parse(state.json.canonicalBytes)) { (name, number) throws(JSONFault) in
      name == "next" ? Plan.sample([PlannedStep(id: "A")], name: "next") : try plan("version-1", number)
    }
    #expect(read == state, "a checkpoint keeps the version")
  }

  // MARK: Fixtures

  private func fold(_ name: String) throws -> State {
    var state = State()
    for (index, line) in try text("\(name).jsonl").split(separator: "\n").enumerated() {
      let entry = try Entry(line: Array(line.utf8)) { (_, number) throws(JSONFault) in
        try plan(name, number)
      }
      #expect(entry.sequence == index + 1)
      _ = try state.apply(entry.event)
    }
    return state
  }

  private func plan(_ name: String, _ number: Int) throws(JSONFault) -> Plan {
    guard let text = try? text("\(name).plan-\(number).json") else { throw JSONFault("no plan \(number)") }
    return try Plan(json: JSON.parse(Array(text.utf8)))
  }

  private func text(_ file: String) throws -> String {
    let folder = #filePath.split(separator: "/", omittingEmptySubsequences: false).dropLast()
    return try String(contentsOfFile: folder.joined(separator: "/") + "/Golden/\(file)", encoding: .utf8)
  }

  private func event(_ state: State, _ migration: String, _ change: Change) -> Event {
    Event(migration: migration, at: state.at.adding(seconds: 1), by: "ann", change: change).written(in: state)
  }

  private func start(_ name: String) -> MigrationStart {
    MigrationStart(
      plan: .sample([PlannedStep(id: "A")], name: name), digest: String(repeating: "d", count: 64),
      base: "other", commit: oid(1), shared: false)
  }
}
