import Support
import System
import Testing

/// What a step asks of its own result, beside what the gate asks of every candidate.
@Suite("A step's own verifiers")
struct StepVerifierTests {
  private static let gate = "{ verifiers: [{ name: t, kind: build, run: 'echo t >> \"$HOME/ran\"' }] }"

  @Test("keep back the step whose result they reject, and nobody else")
  func reject() throws {
    let world = try MigrationWorld()
    try world.start(
      """
        - { id: A, run: 'echo old > a.txt', verifiers: [{ name: gone, kind: lint, run: '! grep old a.txt' }] }
        - { id: B, run: 'echo old > b' }
      """, gate: Self.gate)
    let run = try world.migrate("run")
    #expect(run.code == 1, "\(run)")
    #expect(run.out.contains("gone: exited with 1"), "\(run)")
    #expect(try world.states() == ["A": "blocked", "B": "merged"])
    #expect(try world.complaints() == "")
  }

  @Test("are not content with a step that says it has nothing to do")
  func nothingDone() throws {
    let world = try MigrationWorld()
    try world.start(
      "  - { id: A, run: 'true', verifiers: [{ name: there, kind: build, run: test -e new.txt }] }",
      gate: Self.gate)
    let run = try world.migrate("run")
    #expect(run.code == 1, "\(run)")
    #expect(run.out.contains("there: exited with 1"), "\(run)")
    #expect(try world.states() == ["A": "blocked"])
  }

  @Test("run on what the gate knows already, and the gate's do not run once more")
  func knownTree() throws {
    let world = try MigrationWorld()
    try world.start(
      """
        - { id: A, run: 'echo x > x' }
        - { id: B, needs: [A], run: 'rm x' }
        - id: C
          needs: [B]
          run: 'echo x > x'
          verifiers: [{ name: own, kind: build, run: 'echo own >> "$HOME/ran"; test -e x' }]
      """, gate: Self.gate)
    let run = try world.migrate("run", "--jobs", "1")
    #expect(run.code == 0, "\(run)")
    #expect(try world.merged() == ["A", "B", "C"])
    #expect(try world.note("ran") == "t\nt\nown\n", "the base, A's tree, and C's is A's")
    #expect(try world.complaints() == "")
  }

  @Test("of several steps are asked of the tree that they land with together")
  func together() throws {
    let world = try MigrationWorld()
    let steps = ["A", "B", "C", "D"].map { id in
      """
        - id: \(id)
          run: 'echo \(id == "C" ? "bad" : "good") > \(id)'
          verifiers: [{ name: good, kind: build, run: 'echo \(id) >> "$HOME/ran"; grep -q good \(id)' }]
      """
    }
    try world.start(steps.joined(separator: "\n"), gate: Self.gate)
    let run = try world.migrate("run", "--jobs", "4")
    #expect(run.code == 1, "\(run)")
    #expect(try world.states() == ["A": "merged", "B": "merged", "C": "blocked", "D": "merged"])
    for id in ["A", "B", "D"] { #expect(try world.note("ran").contains(id)) }
    #expect(try world.complaints() == "")
  }

  @Test("of the gate run for the steps that name them, with what matched in a command")
  func named() throws {
    let world = try MigrationWorld(files: ["src/one": "old\n", "src/two": "old\n"])
    try world.start(
      """
        - id: "S-{{match.name}}"
          for: { files: "src/*" }
          run: "echo new > {{match.path}}"
          verifiers: [slow, { name: gone, kind: lint, run: "! grep old {{match.path}}" }]
        - { id: Z, run: 'echo z > z' }
      """,
      gate: "{ train: 1, verifiers: [{ name: t, kind: build, run: 'true' }, "
        + "{ name: slow, kind: build, when: named, run: 'echo \"$MIGRATE_STEP\" >> \"$HOME/ran\"' }] }")
    let check = try world.migrate("check", world.repository.root + "/plan.md")
    #expect(check.out.contains("slow, of 2 steps") && check.out.contains("gone, of 2 steps"), "\(check)")
    let run = try world.migrate("run", "--jobs", "1")
    #expect(run.code == 0, "\(run)")
    #expect(try world.note("ran").split(separator: "\n").sorted() == ["S-one", "S-two"])
    #expect(try world.complaints() == "")
  }

  @Test("are asked by whoever tries the gate, and anew when a plan has others")
  func verify() throws {
    let world = try MigrationWorld()
    func step(_ word: String) -> String {
      "  - { id: A, verifiers: [{ name: own, kind: build, run: 'grep \(word) a.txt' }] }"
    }
    try world.start(step("right"), gate: Self.gate)
    #expect(try world.migrate("claim", "A").code == 0)
    let file = world.slot(1) + "/a.txt"
    try Files.writeAtomically(file, Array("wrong\n".utf8))
    #expect(try world.migrate("verify", "A").code == 1)
    try Files.writeAtomically(file, Array("right\n".utf8))
    #expect(try world.migrate("verify", "A").code == 0)
    try world.amend(step("other"), gate: Self.gate)
    #expect(try world.migrate("verify", "A").code == 1)
  }
}
