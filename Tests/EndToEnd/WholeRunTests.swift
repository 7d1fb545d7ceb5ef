import Migration
import Support
import Testing

@Suite("A run")
struct WholeRunTests {
  @Test("does codemods in the order of their needs and merges each once")
  func codemods() throws {
    let world = try MigrationWorld()
    try world.start(
      """
        - { id: A, title: First, run: "echo a >> log.txt" }
        - { id: B, title: Second, needs: [A], run: "echo b >> log.txt" }
        - { id: C, title: Third, needs: [B], run: "echo c >> log.txt" }
        - { id: D, title: Aside, run: "echo d > d.txt" }
      """, gate: "{ verifiers: [{ name: t, run: 'test -e a.txt' }] }")
    let run = try world.migrate("run", "--jobs", "3")
    #expect(run.code == 0 && run.out.contains("mig: every step is done"), "\(run)")
    #expect(try world.file("log.txt") == "a\nb\nc")
    #expect(try world.file("d.txt") == "d")
    #expect(Set(try world.merged()) == ["First", "Second", "Third", "Aside"])
    #expect(try world.merged().count == 4)
    let body = try world.repository.git("log", "-1", "--format=%b", "migrate/mig")
    #expect(body.contains("Migrate-Step: mig/") && body.contains("Migrate-Epoch: 1"))
    #expect(try world.complaints() == "")
    let again = try world.migrate("run")
    #expect(again.code == 0)
    #expect(try world.merged().count == 4, "a second run finds nothing to do")
  }

  @Test("tries a step again that failed, and tells the next attempt why")
  func failsThenSucceeds() throws {
    let world = try MigrationWorld()
    try world.start(
      """
        - { id: A, run: 'if [ "$MIGRATE_ATTEMPT" = 1 ]; then echo broken pipe dream; exit 3; fi; echo x > x' }
      """)
    let run = try world.migrate("run")
    #expect(run.code == 0, "\(run)")
    #expect(run.out.contains("exit code 3"), "\(run)")
    #expect(try world.states() == ["A": "merged"])
    #expect(try world.count("A merged") == 1)
    let prompt = world.repository.path + "/.git/migrate/prompts/mig/A-2.md"
    #expect(
      try text(prompt).contains("Failed: ended with exit code 3: broken pipe dream Failed: broken pipe dream")
    )
  }

  @Test("holds what needs a blocked step, goes on with the rest and says what a person must do")
  func blocked() throws {
    let world = try MigrationWorld()
    try world.start(
      """
        - { id: bad, run: "exit 1" }
        - { id: held, needs: [bad], run: "echo x > held" }
        - { id: held-too, needs: [held], run: "echo x > held-too" }
        - { id: good, run: "echo x > good" }
        - { id: better, needs: [good], run: "echo x > better" }
      """, more: "notify: 'cat >> \"$HOME/told\"; echo >> \"$HOME/told\"'")
    let run = try world.migrate("run", "-j2")
    #expect(run.code == 1)
    #expect(run.out.contains("mig: 1 blocked, a person must act: bad"), "\(run)")
    #expect(run.err.contains("git migrate show bad"))
    let states = [
      "bad": "blocked", "held": "waiting", "held-too": "waiting", "good": "merged", "better": "merged",
    ]
    #expect(try world.states() == states)
    #expect(try world.count("bad claimed") == 2, "attempts: 2 are two, not one and not three")
    #expect(try world.note("told").split(separator: "\n").count { $0.contains("bad") } == 1)
    #expect(try world.migrate("run").code == 1, "a second run does not try it again")
    #expect(try world.count("bad claimed") == 2)

    #expect(try world.migrate("skip", "bad", "--reason", "not needed").code == 0)
    #expect(try world.migrate("run").code == 0)
    #expect(try world.states()["held-too"] == "merged")
  }

  @Test("takes a codemod that changed nothing as a no-op, without a commit")
  func nothingToDo() throws {
    let world = try MigrationWorld()
    try world.start(
      """
        - { id: A, run: "true" }
        - { id: B, needs: [A], run: "echo x > x" }
      """)
    #expect(try world.migrate("run").code == 0)
    #expect(try world.states() == ["A": "merged", "B": "merged"])
    #expect(try world.members("commit").keys.sorted() == ["B"], "A has no commit")
    #expect(try world.merged() == ["B"])
  }

  @Test("does each of thirty steps exactly once with eight workers, whatever their order")
  func manySteps() throws {
    let world = try MigrationWorld()
    let steps = (1...30).map {
      "  - { id: S\($0), run: 'echo $MIGRATE_STEP >> \"$HOME/done\"; echo x > f\($0)' }"
    }
    try world.start(steps.joined(separator: "\n"))
    let run = try world.migrate("run", "-j8")
    #expect(run.code == 0, "\(run)")
    #expect(try world.note("done").split(separator: "\n").count == 30)
    #expect(try world.merged().count == 30)
    let files = try world.repository.git("ls-tree", "--name-only", "migrate/mig").split(separator: "\n")
    #expect(files.count == 31)
    #expect(try world.complaints() == "")
  }
}
