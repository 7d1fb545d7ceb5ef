import CanonicalJSON
import Migration
import Support
import System
import Testing

/// What people do to a migration while it runs: move the base, amend the plan, pause, abort, finish.
@Suite("A migration that changes on the way")
struct RunChangeTests {
  private static let gate = "{ verifiers: [{ name: t, run: 'test ! -e bad' }] }"
  private static let steps = "  - { id: A, run: 'echo x > x' }"

  private static func wait(for file: String) -> String {
    "while [ ! -e \"$HOME/\(file)\" ]; do sleep 0.02; done"
  }

  private func commit(_ world: MigrationWorld, _ path: String, _ text: String) throws {
    try world.repository.write(path, text)
    try world.repository.git("add", path)
    try world.repository.git("commit", "--quiet", "--message=on main")
  }

  // MARK: Refresh

  @Test("takes a moved base in through the gate, works on it, and is handed back")
  func refresh() throws {
    let world = try MigrationWorld()
    try world.start(RunChangeTests.steps, gate: RunChangeTests.gate)
    #expect(try world.migrate("run").code == 0)
    try commit(world, "m", "m\n")
    let early = try world.migrate("finish")
    #expect(early.code == 1 && early.err.contains("has moved"), "\(early)")
    let refresh = try world.migrate("refresh")
    #expect(refresh.code == 0, "\(refresh)")
    #expect(try world.migrate("refresh").out.contains("has all of"))
    try world.amend(RunChangeTests.steps + "\n  - { id: B, run: 'cp m seen' }", gate: RunChangeTests.gate)
    #expect(try world.migrate("run").code == 0)
    #expect(try world.file("seen") == "m")
    #expect(try world.complaints() == "")
    let finish = try world.migrate("finish")
    #expect(finish.code == 0, "\(finish)")
    #expect(try world.repository.git("ls-tree", "--name-only", "main") == "a.txt\nm\nseen\nx")
    #expect(try text(world.repository.path + "/seen") == "m\n", "main is checked out, and moved along")
    #expect(try world.repository.git("status", "--porcelain") == "")
    #expect(try world.repository.git("worktree", "list").split(separator: "\n").count == 1)
  }

  @Test("does not take in a base that conflicts: nothing is changed")
  func refreshConflict() throws {
    let world = try MigrationWorld()
    try world.start("  - { id: A, run: 'echo ours > a.txt' }", gate: RunChangeTests.gate)
    #expect(try world.migrate("run").code == 0)
    try commit(world, "a.txt", "theirs\n")
    let before = try world.repository.git("rev-parse", "migrate/mig")
    let refresh = try world.migrate("refresh", "--json")
    #expect(refresh.code == 1, "\(refresh)")
    #expect(try JSON.parse(refresh.out)["result"] == .string("conflicts"))
    #expect(try JSON.parse(refresh.out)["details"] == .array([.string("a.txt")]))
    #expect(try world.repository.git("rev-parse", "migrate/mig") == before)
    #expect(try world.complaints() == "")
  }

  @Test("does not take in a base that fails the gate: nothing is changed, and steps go on")
  func refreshFails() throws {
    let world = try MigrationWorld()
    try world.start(RunChangeTests.steps, gate: RunChangeTests.gate)
    try commit(world, "bad", "bad\n")
    let before = try world.repository.git("rev-parse", "migrate/mig")
    let refresh = try world.migrate("refresh")
    #expect(refresh.code == 1, "\(refresh)")
    #expect(try world.repository.git("rev-parse", "migrate/mig") == before)
    #expect(try world.phase() == "running")
    #expect(try world.migrate("run").code == 0)
    #expect(try world.states() == ["A": "merged"])
  }

  @Test("takes a base in while a worker is busy; its result is merged on top")
  func refreshDuringRun() throws {
    let world = try MigrationWorld()
    let wait = RunChangeTests.wait(for: "go")
    try world.start(
      "  - { id: A, run: 'touch \"$HOME/at\"; \(wait); echo x > x' }", gate: RunChangeTests.gate)
    let run = try world.begin("run")
    #expect(eventually { Files.exists(world.home("at")) }, "\(run.output)")
    try commit(world, "m", "m\n")
    let refresh = try world.migrate("refresh")
    #expect(refresh.code == 0, "\(refresh)")
    try world.allow("go")
    #expect(try run.wait().code == 0)
    #expect(try world.repository.git("ls-tree", "--name-only", "migrate/mig") == "a.txt\nm\nx")
    #expect(try world.complaints() == "")
    #expect(try world.migrate("finish").code == 0)
  }

  // MARK: Amend

  @Test("follows an amended plan without a new start: new steps are done, dropped ones are not")
  func amend() throws {
    let world = try MigrationWorld()
    let busy = "  - { id: A, run: 'touch \"$HOME/at\"; \(RunChangeTests.wait(for: "go")); echo x > x' }"
    try world.start(
      busy + "\n  - { id: B, needs: [A], run: 'echo b > b' }\n  - { id: C, needs: [A], run: 'echo old > c' }")
    let run = try world.begin("run", "--jobs", "1")
    #expect(eventually { Files.exists(world.home("at")) }, "\(run.output)")
    // Dropping a step that is being worked on is refused.
    let without = MigrationWorld.plan("  - { id: D, run: 'echo d > d' }")
    try Files.writeAtomically(world.repository.root + "/bad.md", Array(without.utf8))
    #expect(try world.migrate("amend", world.repository.root + "/bad.md").code != 0)
    try world.amend(
      busy + "\n  - { id: C, needs: [A], run: 'echo new > c' }\n  - { id: D, run: 'echo d > d' }")
    try world.allow("go")
    let end = try run.wait()
    #expect(end.code == 0, "\(end)")
    #expect(try world.states() == ["A": "merged", "B": "cancelled", "C": "merged", "D": "merged"])
    #expect(try world.file("c") == "new")
    #expect(try world.repository.git("ls-tree", "--name-only", "migrate/mig") == "a.txt\nc\nd\nx")
  }

  @Test("judges by an amended gate what was already in the old one")
  func amendedGate() throws {
    let world = try MigrationWorld()
    let wait = RunChangeTests.wait(for: "go")
    try world.start(
      "  - { id: A, run: 'echo x > x' }",
      gate: "{ verifiers: [{ name: t, run: 'test ! -e x || { touch \"$HOME/at\"; \(wait); }' }] }")
    let run = try world.begin("run")
    #expect(eventually { Files.exists(world.home("at")) }, "\(run.output)")
    try world.amend(
      "  - { id: A, run: 'echo x > x' }", gate: "{ verifiers: [{ name: t, run: 'test ! -e x' }] }")
    try world.allow("go")
    let end = try run.wait()
    #expect(end.code == 1, "\(end)")
    #expect(try world.states() == ["A": "blocked"])
    #expect(try world.merged() == [], "the old gate's verdict merges nothing any more")
  }

  // MARK: Pause, abort, finish

  @Test("that is paused ends what runs, and begins nothing before it is resumed")
  func pause() throws {
    let world = try MigrationWorld()
    let wait = RunChangeTests.wait(for: "go")
    try world.start(
      "  - { id: A, run: 'touch \"$HOME/at\"; \(wait); echo x > x' }\n  - { id: B, run: 'echo y > y' }",
      gate: RunChangeTests.gate)
    let run = try world.begin("run", "--jobs", "1")
    #expect(eventually { Files.exists(world.home("at")) }, "\(run.output)")
    #expect(try world.migrate("pause", "lunch").code == 0)
    try world.allow("go")
    let end = try run.wait()
    #expect(end.code == 1 && end.out.contains("mig is paused: lunch"), "\(end)")
    #expect(try world.states() == ["A": "submitted", "B": "ready"])
    #expect(try world.merged() == [])
    #expect(try world.migrate("resume").code == 0)
    #expect(try world.migrate("run").code == 0)
    #expect(try world.count("A claimed") == 1)
    #expect(try world.merged().count == 2)
  }

  @Test("that is aborted under a run stops its workers; what they did is on refs")
  func abort() throws {
    let world = try MigrationWorld()
    let wait = RunChangeTests.wait(for: "never")
    try world.start(
      "  - { id: A, run: 'echo half > half; touch \"$HOME/at\"; \(wait)' }", gate: RunChangeTests.gate)
    let run = try world.begin("run")
    #expect(eventually { Files.exists(world.home("at")) }, "\(run.output)")
    let abort = try world.migrate("abort", "enough")
    #expect(abort.code == 0, "\(abort)")
    let end = try run.wait()
    #expect(end.out.contains("mig is aborted"), "\(end)")
    #expect(try world.survivors() == [])
    #expect(try world.file("half", at: "refs/migrate/attempt/mig/A/1") == "half")
    #expect(try world.states() == ["A": "cancelled"])
    #expect(try world.merged() == [])
    #expect(try world.migrate("run").code == 0, "an ended migration is no error")
    #expect(try world.complaints() == "")
  }

  @Test(
    "that is skipped or taken away under its worker stops the worker and keeps what it did",
    arguments: [["skip", "A", "--reason", "not needed"], ["release", "A", "--force"]])
  func taken(_ arguments: [String]) throws {
    let world = try MigrationWorld()
    let wait = RunChangeTests.wait(for: "never")
    try world.start(
      """
        - id: A
          run: |
            if [ $MIGRATE_EPOCH = 1 ]; then echo half > half; touch "$HOME/at"; \(wait); fi; echo x > x
        - { id: B, needs: [A], run: 'echo y > y' }
      """, gate: RunChangeTests.gate)
    let run = try world.begin("run", "--jobs", "1")
    #expect(eventually { Files.exists(world.home("at")) }, "\(run.output)")
    let taken = try world.repository.run(TestBinary.path, arguments)
    #expect(taken.code == 0, "\(taken)")
    let end = try run.wait()
    #expect(end.code == 0, "\(end)")
    #expect(try world.file("half", at: "refs/migrate/attempt/mig/A/1") == "half")
    let tree = try world.repository.git("ls-tree", "--name-only", "migrate/mig")
    #expect(tree == (arguments[0] == "skip" ? "a.txt\ny" : "a.txt\nx\ny"))
    #expect(try world.survivors() == [])
  }

  @Test("that is finished in part hands back what is merged and removes its worktrees")
  func partial() throws {
    let world = try MigrationWorld()
    try world.start(
      RunChangeTests.steps + "\n  - { id: B, run: 'echo half > half; exit 1' }", gate: RunChangeTests.gate)
    #expect(try world.migrate("run").code == 1)
    #expect(try world.migrate("finish").code == 1, "not done")
    let finish = try world.migrate("finish", "--partial")
    #expect(finish.code == 0, "\(finish)")
    #expect(try world.repository.git("ls-tree", "--name-only", "main") == "a.txt\nx")
    #expect(try text(world.repository.path + "/x") == "x\n")
    #expect(!Files.exists(world.repository.path + ".migrate"))
    #expect(try world.file("half", at: "refs/migrate/attempt/mig/B/1") == "half")
    #expect(try world.complaints() == "")
  }

  @Test("stays open while the base's files are in the way, and finish can be repeated")
  func finishDirty() throws {
    let world = try MigrationWorld()
    try world.start("  - { id: A, run: 'echo b > a.txt' }", gate: RunChangeTests.gate)
    #expect(try world.migrate("run").code == 0)
    try world.repository.write("a.txt", "mine\n")
    let finish = try world.migrate("finish")
    #expect(finish.code == 1 && finish.err.contains("'main' cannot be moved"), "\(finish)")
    #expect(try world.phase() == "running")
    #expect(try text(world.repository.path + "/a.txt") == "mine\n")
    try world.repository.git("checkout", "--quiet", "--", "a.txt")
    #expect(try world.migrate("finish").code == 0)
    #expect(try text(world.repository.path + "/a.txt") == "b\n")
  }
}
