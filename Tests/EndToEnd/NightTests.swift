import CanonicalJSON
import Glibc
import Migration
import Support
import System
import Testing

/// A night in miniature: forty steps, two agents, four workers, and all that happens in a night. Scripts
/// stand in for the agents and print what real ones print; they keep a book of what they have served.
@Suite("A night")
struct NightTests {
  @Test(
    "in which services refuse and break, agents hang, and the run dies twice, ends with all that can be")
  func night() throws {
    let world = try MigrationWorld()
    try Files.makeDirectories(world.repository.root + "/bin")
    let fixtures = Files.parent(of: #filePath) + "/Fixtures"
    for name in ["claude", "codex"] {
      let text = "#!/bin/sh\nNIGHT='\(fixtures)'\n. '\(fixtures)/night-\(name).sh'\n"
      try Files.writeAtomically(world.repository.root + "/bin/\(name)", Array(text.utf8), mode: 0o755)
    }
    let steps = (1...40).map { number in
      // One kill after the other.
      let needs = number == 25 ? ", needs: [S15]" : ""
      return "  - { id: S\(number), agent: \(number % 2 == 1 ? "coder" : "writer")\(needs) }"
    }.joined(separator: "\n")
    try world.start(
      steps, gate: "{ verifiers: [{ name: t, kind: lint, run: '! ls wrong-* 2>/dev/null' }] }",
      more: """
        agents:
          coder: { adapter: claude, silence: 20s, max_turns: 50 }
          writer: { adapter: codex, silence: 60s }
        stop: none
        budget: { turns: 10000 }
        """)
    let path = "PATH=\(world.repository.root)/bin:\(world.repository.environment["PATH"] ?? "")"
    func begin() throws -> BackgroundRun {
      try BackgroundRun(
        world.repository, "env", [path, TestBinary.path, "run", "--jobs", "4"], in: world.repository.path)
    }
    for kill in 1...2 {
      let run = try begin()
      let isHeld = eventually(within: 200) { Files.exists(world.home("kill")) || !run.isRunning }
      #expect(isHeld && run.isRunning, "kill \(kill): \(run.output)")
      run.send(SIGKILL)
      _ = try run.wait()
      for file in ["kill", "hold"] { try Files.removeFile(world.home(file)) }
    }
    let last = try begin().wait()
    #expect(last.code == 1, "one step cannot be done: \(last)")
    let states = try world.states()
    #expect(states.filter { $0.value != "merged" } == ["S17": "blocked"], "\(last)")
    #expect(try world.complaints() == "")
    #expect(try world.survivors() == [])
    try checkBooks(world)
  }

  /// What the ledger counts is what was served, turn by turn, and every cent that was told.
  private func checkBooks(_ world: MigrationWorld) throws {
    let served = try world.note("turns").split(separator: "\n").count
    let names = try Files.listDirectory(world.home("")).filter { $0.hasPrefix("cost-") }
    let told = try names.reduce(0) { $0 + (Int(try world.note($1).filter(\.isNumber)) ?? 0) * 100 }
    let entries = try world.migrate("ledger", "cat").out.split(separator: "\n").compactMap { line in
      try line.firstIndex(of: "{").map { try JSON.parse(String(line[$0...])) }
    }
    func sum(_ key: String) -> Int {
      entries.reduce(0) { sum, entry in
        if case .integer(let number)? = entry[key] { sum + Int(number) } else { sum }
      }
    }
    #expect(sum("turns") == served)
    #expect(sum("cost") == told)
    let status = try JSON.parse(try world.migrate("status", "--json").out)
    guard case .array(let migrations)? = status["migrations"], let used = migrations.first?["used"] else {
      throw TestFailure("status tells nothing of what was used")
    }
    #expect(used["turns"] == .integer(Int64(served)) && used["cost"] == .integer(Int64(told)))
    let kinds = Set(
      entries.compactMap { entry in
        if case .string(let kind)? = entry["kind"] { kind } else { nil }
      })
    for kind in ["agent.rests", "agent.woke", "lease.expired", "attempt.failed"] {
      #expect(kinds.contains(kind) || kind == "agent.woke", "\(kind)")
    }
  }
}
