import CanonicalJSON
import Migration
import Support
import System
import Testing

/// What a ledger tells afterwards, and a plan file that a run follows.
@Suite("Afterwards")
struct HindsightTests {
  /// Six steps of which four fail alike, each twice.
  private func night() throws -> MigrationWorld {
    let world = try MigrationWorld()
    let steps = (1...6).map { number in
      let run = number < 5 ? "echo 'same fault' >&2; exit 1" : "echo x > f\(number)"
      return "  - { id: S\(number), run: \"\(run)\" }"
    }
    try world.start(steps.joined(separator: "\n"), more: "stop: none")
    #expect(try world.migrate("run", "--jobs", "1").code == 1)
    return world
  }

  @Test("bisect finds the entry after which something was so")
  func bisect() throws {
    let world = try night()
    let found = try world.migrate("ledger", "bisect", "blocked > 1")
    #expect(found.code == 0, "\(found)")
    #expect(found.out.contains("S2 attempt failed"), "\(found)")
    #expect(try world.migrate("ledger", "bisect", "blocked > 100").code == 1)
    #expect(try world.migrate("ledger", "bisect", "blokced > 1").code == 129)
  }

  @Test("an exported part of a ledger is folded again, and a state that is not as expected is told")
  func export() throws {
    let world = try night()
    let file = world.repository.root + "/slice.jsonl"
    #expect(try world.migrate("ledger", "export", "--from", "4", "--to", "12", "-o", file).code == 0)
    let same = try world.migrate("replay", "--expect", file)
    #expect(same.code == 0 && same.out == "9 entries: the state is as expected\n", "\(same)")
    let text = String(decoding: try Files.readFile(file) ?? [], as: UTF8.self)
    var lines = text.split(separator: "\n").map(String.init)
    lines.remove(at: lines.count - 2)
    try Files.writeAtomically(file, Array((lines.joined(separator: "\n") + "\n").utf8))
    let other = try world.migrate("replay", "--expect", file)
    #expect(other.code == 1 && other.out.contains("migrations.mig."), "\(other)")
    try Files.writeAtomically(file, Array("{}\n".utf8))
    #expect(try world.migrate("replay", "--expect", file).code == 128)
  }

  @Test("other policies are tried on what was recorded")
  func policies() throws {
    let world = try night()
    let path = world.repository.root + "/other.md"
    let steps = (1...6).map { "  - { id: S\($0), run: 'true' }" }.joined(separator: "\n")
    let text = MigrationWorld.plan(steps, more: "stop: { alike: 2, failed: none }")
    try Files.writeAtomically(path, Array(text.utf8))
    let run = try world.migrate("replay", "--with", path)
    #expect(run.code == 0, "\(run)")
    #expect(run.out.contains("would have stopped at "), "\(run)")
    #expect(run.out.contains("2 steps in a row failed for one cause"), "\(run)")
    let never = text.replacing("stop: { alike: 2, failed: none }", with: "stop: none")
    try Files.writeAtomically(path, Array(never.utf8))
    let whole = try world.migrate("replay", "--with", path, "--json")
    let json = try JSON.parse(whole.out)
    #expect(json["merged"] == .integer(2) && json["blocked"] == .integer(4), "\(whole)")
    #expect(json["pause"] == .null)
  }

  @Test("a run follows its plan file: good changes become amendments, bad ones and other commands wait")
  func follows() throws {
    let world = try MigrationWorld()
    let path = world.repository.root + "/plan.md"
    let wait = "until [ -e \\\"$HOME/go\\\" ]; do sleep 0.05; done; echo x > {{match.line}}"
    func write(_ lines: String, _ more: String = "", run: String? = nil) throws {
      let steps = """
          - for: { lines: "cat \(world.home("list"))" }
            id: "{{match.line}}"
            run: "\(run ?? wait)"
        """
      try Files.writeAtomically(world.home("list"), Array(lines.utf8))
      let text = MigrationWorld.plan(steps, more: more)
      try Files.writeAtomically(path, Array(text.utf8))
    }
    try write("A\n")
    #expect(try world.repository.runMigrate("start", path).code == 0)
    let run = try world.begin("run", "--plan", path)
    #expect(eventually { (try? world.states()["A"]) == "leased" })
    try write("A\nB\n", "# one more\nlease: 10m")
    #expect(eventually { (try? world.states()["B"]) != nil })
    // A fault is told, and the plan stays.
    try write("A\nB\n", "lease: never")
    try write("A\nB\n", "lease: nevermore")
    #expect(eventually { (try? world.migrate("status").code) == 0 })
    // Another command waits for the user.
    try write("A\nB\nC\n", run: "echo other > {{match.line}}")
    let trusted = { try world.migrate("trust", "--plan", path, "--yes") }
    #expect(try trusted().code == 0)
    #expect(eventually { (try? world.states()["C"]) != nil })
    try world.allow("go")
    let ended = try run.wait()
    #expect(ended.code == 0, "\(ended)")
    #expect(ended.err.contains("plan 2: +1 new, 1 kept"), "\(ended)")
    #expect(try world.states() == ["A": "merged", "B": "merged", "C": "merged"])
    #expect(try world.file("C") == "other")
    #expect(try world.complaints() == "")
  }

  @Test("a yes at the run's terminal approves the commands that were shown there")
  func yesAtTheTerminal() throws {
    let world = try MigrationWorld()
    let path = world.repository.root + "/plan.md"
    let wait = "until [ -e \\\"$HOME/go\\\" ]; do sleep 0.05; done; echo a > A"
    let step = "  - { id: A, run: \"\(wait)\" }"
    try Files.writeAtomically(path, Array(MigrationWorld.plan(step).utf8))
    #expect(try world.repository.runMigrate("start", path).code == 0)
    // What is typed before the question answers nothing.
    let typing = """
      echo y
      until grep -q 'and Enter here' "$HOME/screen" 2>/dev/null; do sleep 0.05; done
      echo y
      until [ -e "$HOME/go" ]; do sleep 0.05; done
      """
    let shown = "script -qefc \"'\(TestBinary.path)' run --plan '\(path)'\" \"$HOME/screen\" > /dev/null"
    let run = try BackgroundRun(
      world.repository, "/bin/sh", ["-c", "{ \(typing); } | env -u GIT_TERMINAL_PROMPT \(shown)"])
    #expect(eventually { (try? world.states()["A"]) == "leased" })
    let both = MigrationWorld.plan(step + "\n  - { id: B, run: \"echo b > B\" }")
    try Files.writeAtomically(path, Array(both.utf8))
    #expect(eventually { (try? world.states()["B"]) != nil })
    #expect(try world.note("screen").contains("it runs something else: step: echo b > B"))
    try world.allow("go")
    #expect(try run.wait().code == 0)
    #expect(try world.states() == ["A": "merged", "B": "merged"])
    #expect(try world.complaints() == "")
  }
}
