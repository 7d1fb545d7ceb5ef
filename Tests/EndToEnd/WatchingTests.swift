import CanonicalJSON
import Migration
import Support
import System
import Testing

/// What a person sees who looks on, from the built program.
@Suite("Watching")
struct WatchingTests {
  private static let streams = Files.parent(of: Files.parent(of: #filePath)) + "/AgentsTests/Streams"

  private func world(agent stream: String) throws -> MigrationWorld {
    let world = try MigrationWorld()
    try Files.makeDirectories(world.repository.root + "/bin")
    let script = "#!/bin/sh\necho x > a.txt\necho 'no key: x' >&2\ncat '\(Self.streams)/\(stream).jsonl'\n"
    try Files.writeAtomically(world.repository.root + "/bin/claude", Array(script.utf8), mode: 0o755)
    try world.start("  - { id: A }", more: "agent: { adapter: claude }\n")
    return world
  }

  private func run(_ world: MigrationWorld, _ arguments: String...) throws -> TestRun {
    let path = "\(world.repository.root)/bin:\(world.repository.environment["PATH"] ?? "")"
    let words = ["run", "--jobs", "1"] + arguments
    return try world.repository.run(TestBinary.path, words, adding: ["PATH": path])
  }

  @Test("an agent: its words and tools stand in place of its events, unless they are asked for")
  func words() throws {
    let world = try world(agent: "claude-denied")
    _ = try run(world)
    let logs = try world.migrate("logs", "A")
    #expect(logs.code == 0 && !logs.out.contains("{\""), "\(logs)")
    for line in [
      "begins with claude-opus-5-5", "> Bash curl http://127.0.0.1/x", "I could not.", "no key: x",
      "! refused: Bash(curl http://127.0.0.1/x)",
    ] {
      #expect(logs.out.split(separator: "\n").contains { $0.hasSuffix(line) }, "\(line): \(logs.out)")
    }
    #expect(try world.migrate("logs", "A", "-n", "1").out.split(separator: "\n").count == 1)
    let raw = try world.migrate("logs", "--raw", "A").out
    #expect(raw.contains(#"{"type":"system""#) || raw.contains(#""subtype":"init""#), "\(raw.prefix(300))")
    let all = try world.migrate("logs", "-f")
    #expect(all.code == 0 && all.out == "", "nobody is at work: \(all)")
  }

  @Test("a run by a program: a line of JSON an entry, and what it has come to")
  func events() throws {
    let world = try MigrationWorld()
    try world.start("  - { id: A, run: 'echo a > a' }\n  - { id: B, run: 'exit 3' }")
    let run = try world.migrate("run", "--json", "--jobs", "1")
    #expect(run.code == 1, "\(run)")
    let lines = try run.out.split(separator: "\n").map { try JSON.parse(String($0)) }
    let kinds = lines.compactMap { if case .string(let kind)? = $0["kind"] { kind } else { nil } }
    #expect(kinds.count == lines.count && kinds.contains("step.merged") && kinds.contains("attempt.failed"))
    let end = try #require(lines.last)
    #expect(end["kind"] == .string("run.ended"))
    guard case .array(let parts)? = end["migrations"], let part = parts.first else {
      throw TestFailure("\(end)")
    }
    #expect(part["merged"] == .integer(1) && part["blocked"] == .integer(1), "\(part)")
    #expect(part["ending"] == .string("needs_person") && part["left"] == .integer(1), "\(part)")
  }

  @Test("a run elsewhere than on a terminal: lines, and at the end what it has come to")
  func lines() throws {
    let world = try MigrationWorld()
    try world.start("  - { id: A, run: 'echo a > a' }\n  - { id: B, run: 'true' }")
    let run = try world.migrate("run", "--jobs", "1")
    #expect(run.code == 0 && !run.out.contains("\u{1B}"), "\(run)")
    #expect(run.out.contains("\nmig: 1 merged, 1 unchanged in "), "\(run.out)")
    #expect(try world.migrate("run", "--quiet", "--json").code == 129)
    #expect(try world.migrate("status", "--watch").err.hasPrefix("fatal: '--watch' needs a terminal"))
  }

  @Test("status: what only this machine can know")
  func here() throws {
    let world = try MigrationWorld()
    try world.start("  - { id: A, run: 'echo a > a' }")
    func codes() throws -> [String] {
      let json = try JSON.parse(try world.migrate("status", "--json").out)
      guard case .array(let migrations)? = json["migrations"],
        case .array(let needs)? = migrations[0]["needs"]
      else { throw TestFailure("\(json)") }
      return needs.compactMap { if case .string(let code)? = $0["code"] { code } else { nil } }
    }
    #expect(try codes() == ["idle"])
    #expect(try world.migrate("trust", "--revoke", "mig").code == 0)
    #expect(try codes() == ["untrusted", "idle"])
    let text = try world.migrate("status").out
    #expect(
      text.contains("\n  you have not approved plan 1 of 'mig'\n      git migrate trust mig\n"), "\(text)")
  }
}
