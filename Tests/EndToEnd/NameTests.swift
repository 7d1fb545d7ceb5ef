import Migration
import Support
import System
import Testing

/// Names that are no UTF-8, and texts with the characters that stand for their bytes, harm nobody.
@Suite("Names that are no UTF-8")
struct NameTests {
  /// Nothing is damaged, the step is told, and the others are merged.
  private func expectHarmless(_ world: MigrationWorld, says text: String) throws {
    let run = try world.migrate("run")
    #expect(run.code == 1, "\(run)")
    #expect(run.out.contains(text), "\(run)")
    #expect(try world.states() == ["A": "blocked", "B": "merged"])
    #expect(try world.complaints() == "")
    #expect(try world.migrate("show", "A").code == 0)
  }

  private func addLatinName(_ world: MigrationWorld) throws {
    let script = #"echo old > "$(printf 'J\366rg')" && git add -A && git commit -qm latin"#
    let run = try world.repository.run("/bin/sh", ["-c", script], in: nil, adding: [:])
    guard run.code == 0 else { throw TestFailure("\(run)") }
  }

  @Test("in a finding of a guard", arguments: ["scope", "secrets"])
  func guards(name: String) throws {
    let world = try MigrationWorld()
    try world.start(
      """
        - id: A
          paths: [a.txt]
          run: 'echo "-----BEGIN RSA PRIVATE KEY-----" > "$(printf "J\\366rg")"'
        - { id: B, run: 'echo b > a.txt' }
      """, gate: "{ verifiers: [{ name: t, kind: build, run: 'true' }], guards: [\(name)] }")
    try expectHarmless(world, says: #"\(name) guard: "J\366rg""#.replacing(#"\(name)"#, with: name))
  }

  @Test("in a conflict")
  func conflict() throws {
    let world = try MigrationWorld()
    try addLatinName(world)
    try world.start(
      """
        - id: A
          run: |
            echo two > "$(printf "J\\366rg")"
            touch "$HOME/a"; until test -e "$HOME/go"; do sleep 0.1; done
        - id: B
          run: 'until test -e "$HOME/a"; do sleep 0.1; done; echo one > "$(printf "J\\366rg")"'
      """)
    let run = try world.begin("run", "-j", "2")
    #expect(try eventually { try world.count("B merged") == 1 })
    try world.allow("go")
    _ = try run.wait()
    #expect(run.output.contains(#"conflicts with what was merged since, in "J\366rg""#), "\(run.output)")
    #expect(try world.complaints() == "")
  }

  @Test(
    "in what a worker says, prints, or is called",
    arguments: [
      #"printf "\364\217\272\200 \377"; exit 1"#,
      #"printf "{\"result\":\"failed\",\"reason\":\"\364\217\272\200\"}" > $MIGRATE_RESULT_FILE"#,
    ])
  func outputs(run: String) throws {
    let world = try MigrationWorld()
    try world.start(
      "  - id: A\n    run: |\n      \(run)\n  - { id: B, run: 'echo b > a.txt' }")
    try expectHarmless(world, says: "A attempt failed")
    #expect(try world.migrate("pause", "\u{10FE80}x", adding: ["MIGRATE_WORKER": "\u{10FE81}"]).code == 0)
    let told = try world.migrate("log", "--json").out + world.migrate("show", "--json", "A").out
    #expect(NameText.isText(told), "\(told)")
    #expect(told.contains("<U+10FE80>"), "\(told)")
    #expect(try world.members("reason")["A"]?.contains(#"\200"#) == false, "no byte of a name")
    #expect(told.contains("<U+10FE81>"), "\(told)")
    #expect(try world.complaints() == "")
  }

  @Test("are refused where a plan would be made of them")
  func plan() throws {
    let world = try MigrationWorld()
    try addLatinName(world)
    let failure = #expect(throws: TestFailure.self) {
      try world.start("  - { for: { files: '*' }, id: 'S-{{match.index}}', run: 'cat {{match.path}}' }")
    }
    #expect(failure.map { "\($0)" }?.contains(#"'*' matched "J\366rg", whose name is no UTF-8"#) == true)
  }
}
