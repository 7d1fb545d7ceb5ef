import CanonicalJSON
import Migration
import Support
import System
import Testing

/// Workers that `run` did not start: they claim, renew, verify, submit and release by themselves.
@Suite("A worker from outside")
struct WorkerTests {
  private static let gate = "{ verifiers: [{ name: t, run: 'test ! -e bad' }] }"

  private func world(_ steps: String = "  - { id: A, title: The title }\n  - { id: B }") throws
    -> MigrationWorld
  {
    let world = try MigrationWorld()
    try world.start(steps, gate: WorkerTests.gate)
    return world
  }

  private func claim(_ world: MigrationWorld, _ step: String, by worker: String) throws -> JSON {
    let run = try world.migrate("claim", step, "--worker", worker, "--json")
    guard run.code == 0 else { throw TestFailure("claim: \(run)") }
    return try JSON.parse(run.out)
  }

  private func put(_ text: String, _ path: String) throws {
    try Files.writeAtomically(path, Array(text.utf8))
  }

  @Test("claims, renews, verifies and submits; the result is merged")
  func wholeFlow() throws {
    let world = try world()
    let held = try claim(world, "A", by: "w1")
    #expect(held["epoch"] == .integer(1))
    #expect(held["worktree"] == .string(world.slot(1)))
    #expect(held["attempt_ref"] == .string("refs/migrate/attempt/mig/A/1"))
    guard case .string(let prompt)? = held["prompt_file"] else {
      Issue.record("no prompt")
      return
    }
    #expect(try text(prompt) == "Do A.\n")
    guard case .integer(let expires)? = held["expires_at"] else { return }

    let renewed = try world.migrate("renew", "--ttl", "3h", "--json", in: world.slot(1))
    #expect(renewed.code == 0, "\(renewed)")
    guard case .integer(let later)? = try JSON.parse(renewed.out)["expires_at"] else { return }
    #expect(later > expires)

    try put("x", world.slot(1) + "/bad")
    let early = try world.migrate("verify", in: world.slot(1))
    #expect(early.code == 1, "\(early)")
    #expect(try world.states()["A"] == "leased", "a trial is no verdict")
    try Files.removeFile(world.slot(1) + "/bad")
    try put("x\n", world.slot(1) + "/good")
    #expect(try world.migrate("verify", in: world.slot(1)).code == 0)

    let submit = try world.migrate("submit", "--json", in: world.slot(1))
    #expect(submit.code == 0, "\(submit)")
    #expect(try JSON.parse(submit.out)["result"] == .string("merged"))
    #expect(try world.file("good") == "x")
    #expect(try world.merged() == ["The title"])
    #expect(try world.migrate("submit", in: world.slot(1)).code == 1, "a second time is refused")
  }

  @Test("that hands in what does not pass is told so, and may claim again")
  func sentBack() throws {
    let world = try world()
    _ = try claim(world, "A", by: "w1")
    try put("x", world.slot(1) + "/bad")
    let submit = try world.migrate("submit", in: world.slot(1))
    #expect(submit.code == 1, "\(submit)")
    #expect(try world.states()["A"] == "ready")
    #expect(try world.merged() == [])
    #expect(try claim(world, "A", by: "w2")["epoch"] == .integer(2))
  }

  @Test(
    "that leaves its work in a stash or in a commit elsewhere has not changed nothing: that is named",
    arguments: [
      ("git add -A; git -c user.name=x -c user.email=x@x stash -q", "the stash 'WIP on (no branch): "),
      (
        "B=$(git rev-parse HEAD); git checkout -q -b side; git add -A; "
          + "git -c user.name=x -c user.email=x@x commit -q -m mine; git checkout -q $B",
        "'mine' (on the branch 'side')"
      ),
      (
        "git add -A; git -c user.name=x -c user.email=x@x commit -q -m mine; git reset -q --hard HEAD~1",
        "'mine' (left by its HEAD)"
      ),
    ])
  func elsewhere(input: (how: String, named: String)) throws {
    let world = try MigrationWorld()
    try world.start(
      "  - id: A\n    run: |\n      test -e \"$HOME/once\" && { echo b > b; exit 0; }\n"
        + "      touch \"$HOME/once\"; echo b > b; \(input.how)\n")
    let run = try world.migrate("run")
    #expect(run.code == 0, "\(run)")
    #expect(run.err.contains("A: not taken: the ") && run.err.contains(input.named), "\(run)")
    #expect(try world.count("A attempt failed: it changed nothing that git records, but wrote the") == 1)
  }

  @Test("that changed nothing must say so")
  func unchanged() throws {
    let world = try world()
    _ = try claim(world, "A", by: "w1")
    let submit = try world.migrate("submit", in: world.slot(1))
    #expect(submit.code == 1 && submit.err.contains("--no-op"), "\(submit)")
    #expect(try world.states()["A"] == "leased")
    #expect(try world.migrate("submit", "--no-op", in: world.slot(1)).code == 0)
    #expect(try world.states()["A"] == "merged")
  }

  @Test("gives a step back, and what it did is kept")
  func releases() throws {
    let world = try world()
    _ = try claim(world, "A", by: "w1")
    try put("half\n", world.slot(1) + "/half")
    #expect(try world.migrate("release", "--reason", "too hard", in: world.slot(1)).code == 0)
    #expect(try world.states()["A"] == "ready")
    #expect(try world.file("half", at: "refs/migrate/attempt/mig/A/1") == "half")
    _ = try claim(world, "A", by: "w2")
    #expect(!Files.exists(world.slot(1) + "/half"))
  }

  @Test("cannot act on a step that it does not hold")
  func notItsOwn() throws {
    let world = try world()
    _ = try claim(world, "A", by: "w1")
    for word in ["renew", "submit", "release"] {
      let run = try world.migrate(word, "A", "--worker", "w2")
      #expect(run.code == 1 && run.err.contains("is held by w1"), "\(word): \(run)")
    }
    #expect(try world.migrate("claim", "A", "--worker", "w2").code == 1)
    #expect(try world.states()["A"] == "leased")
  }

  @Test("with an epoch that is over is refused, from its own worktree as well")
  func staleEpoch() throws {
    let world = try world()
    _ = try claim(world, "A", by: "w1")
    try put("late\n", world.slot(1) + "/late")
    #expect(try world.migrate("release", "--force", "A", "--reason", "gone").code == 0)
    let next = try claim(world, "A", by: "w2")
    #expect(next["epoch"] == .integer(3))
    #expect(next["worktree"] == .string(world.slot(2)), "w1 may still write in its own")
    for run in [
      try world.migrate("submit", in: world.slot(1)), try world.migrate("renew", in: world.slot(1)),
      try world.migrate("submit", "A", "--epoch", "1"), try world.migrate("release", "A", "--epoch", "1"),
    ] { #expect(run.code == 1 && run.err.contains("at epoch 3, not 1"), "\(run)") }
    #expect(try text(world.slot(1) + "/late") == "late\n")
    try put("good\n", world.slot(2) + "/good")
    #expect(try world.migrate("submit", in: world.slot(2)).code == 0)
    #expect(try world.repository.git("ls-tree", "--name-only", "migrate/mig") == "a.txt\ngood")
    #expect(try world.count("A merged") == 1)
  }

  @Test("with a place of its own hands in a commit")
  func ownPlace() throws {
    let world = try world()
    let run = try world.migrate("claim", "A", "--worker", "w1", "--no-worktree", "--json")
    #expect(run.code == 0)
    #expect(try JSON.parse(run.out)["worktree"] == .null)
    try world.repository.write("x", "x\n")
    try world.repository.git("add", "x")
    try world.repository.git("commit", "--quiet", "--message=my own words")
    let submit = try world.migrate("submit", "A", "--epoch", "1", "--commit", "HEAD")
    #expect(submit.code == 0, "\(submit)")
    #expect(try world.file("x") == "x")

    #expect(try world.migrate("claim", "B", "--worker", "w1", "--no-worktree").code == 0)
    let tree = try world.repository.git("rev-parse", "HEAD^{tree}")
    let stranger = try world.repository.git("commit-tree", "-m", "unrelated", tree)
    let refused = try world.migrate("submit", "B", "--epoch", "1", "--commit", stranger)
    #expect(refused.code != 0 && refused.err.contains("is not built on the claim's base"), "\(refused)")
  }

  @Test("whose result conflicts with what was merged since does it again on the newer base")
  func conflict() throws {
    let world = try world()
    _ = try claim(world, "A", by: "w1")
    _ = try claim(world, "B", by: "w2")
    try put("from A\n", world.slot(1) + "/a.txt")
    try put("from B\n", world.slot(2) + "/a.txt")
    #expect(try world.migrate("submit", in: world.slot(1)).code == 0)
    let second = try world.migrate("submit", in: world.slot(2))
    #expect(second.code == 1 && second.out.contains("conflicts with what was merged since"), "\(second)")
    #expect(try world.states() == ["A": "merged", "B": "ready"])
    let again = try claim(world, "B", by: "w2")
    let tip = try world.repository.git("rev-parse", "migrate/mig")
    #expect(again["base"] == .string(tip))
    #expect(try text(world.slot(1) + "/a.txt") == "from A\n", "the slot is on the newer base")
    try put("from A and B\n", world.slot(1) + "/a.txt")
    #expect(try world.migrate("submit", in: world.slot(1)).code == 0)
    #expect(try world.file("a.txt") == "from A and B")
  }

  @Test("gets 10 when nothing can be claimed now and 11 when nothing is left")
  func nothing() throws {
    let world = try world("  - { id: A }\n  - { id: B, needs: [A] }")
    _ = try claim(world, "A", by: "w1")
    #expect(try world.migrate("claim", "--worker", "w2").code == 10)
    #expect(try world.migrate("submit", "--no-op", in: world.slot(1)).code == 0)
    _ = try claim(world, "B", by: "w2")
    #expect(try world.migrate("submit", "--no-op", in: world.slot(1)).code == 0)
    #expect(try world.migrate("claim", "--worker", "w2").code == 11)
  }
}
