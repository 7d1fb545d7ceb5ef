import CanonicalJSON
import Git
import Migration
import Support
import System
import Testing

@Suite("Steps that finished together")
struct TrainRunTests {
  /// A migration in which steps called like this have written their own file each, and wait for the gate. The
  /// verifier counts its runs and then does `check`.
  private func waiting(
    _ ids: [String], check: String, train: String = "", writing: (String) -> [String: String]
  ) throws -> MigrationWorld {
    let world = try MigrationWorld()
    let steps = ids.map { "  - { id: \($0) }" }.joined(separator: "\n")
    let run = "echo run >> \"$HOME/runs\"; \(check)"
    try world.start(steps, gate: "{ verifiers: [{ name: test, run: '\(run)' }]\(train) }")
    for id in ids { try handIn(id, world, writing(id)) }
    return world
  }

  private func handIn(_ id: String, _ world: MigrationWorld, _ files: [String: String]) throws {
    let claim = try world.migrate("claim", id, "--worker", "w1", "--json")
    guard claim.code == 0, case .string(let place)? = try JSON.parse(claim.out)["worktree"] else {
      throw TestFailure("claim: \(claim)")
    }
    for (path, text) in files {
      try Files.writeAtomically(place + "/" + path, Array(text.utf8))
    }
    let submit = try world.migrate("submit", "--no-wait", in: place)
    guard submit.code == 0 else { throw TestFailure("submit: \(submit)") }
  }

  private func own(_ id: String) -> [String: String] { ["\(id).txt": "\(id)\n"] }

  private func runs(_ world: MigrationWorld) throws -> Int {
    try world.note("runs").split(separator: "\n").count
  }

  @Test("are judged once and land together, one commit each, on the tree that was judged")
  func good() throws {
    let world = try waiting(["A", "B", "C", "D"], check: "test -e a.txt", writing: own)
    let run = try world.migrate("run")
    #expect(run.code == 0, "\(run)")
    #expect(try world.merged() == ["A", "B", "C", "D"])
    #expect(try runs(world) == 2, "the base's run, and one")
    let messages = try world.repository.git("log", "--format=%b", "main..migrate/mig")
    #expect(messages.split(separator: "\n").count { $0 == "Migrate-Train: 1" } == 4)
    for (count, commit) in zip(1..., ["migrate/mig~3", "migrate/mig~2", "migrate/mig~1", "migrate/mig"]) {
      let files = try world.repository.git("diff", "--name-only", "main", commit).split(separator: "\n")
      #expect(files.count == count, "each is on the one before")
    }
    #expect(try world.complaints() == "")
    #expect(try world.migrate("finish").code == 0)
  }

  @Test("land without the one that fails, which hears of its own failures")
  func oneBad() throws {
    let world = try waiting(["A", "B", "C", "D", "E"], check: "test ! -e bad || { echo no: bad; exit 1; }") {
      $0 == "C" ? ["bad": "x\n"] : own($0)
    }
    let run = try world.migrate("run")
    #expect(try world.merged() == ["A", "B", "D", "E"], "\(run)")
    #expect(try runs(world) <= 7)
    #expect(try world.states()["C"] == "backoff" || world.states()["C"] == "ready", "\(run)")
    let show = try world.migrate("show", "C")
    #expect(show.out.contains("no: bad") || show.out.contains("test: "), "\(show)")
    #expect(try world.complaints() == "")
  }

  @Test("land without the later one of two that only fail together; nobody is charged, and both are named")
  func pair() throws {
    let check = "if test -e one && test -e two; then echo both; exit 1; fi"
    let world = try waiting(["A", "B", "C", "D"], check: check) { id in
      switch id {
      case "B": ["one": "1\n"]
      case "D": ["two": "2\n"]
      default: own(id)
      }
    }
    let run = try world.migrate("run")
    #expect(try world.merged() == ["A", "B", "C"], "\(run)")
    let show = try world.migrate("show", "D", "--json")
    #expect(show.out.contains("does not go together with 'B'"), "\(show)")
    #expect(show.out.contains("what 'B' changed"), "\(show)")
    let status = try JSON.parse(try world.migrate("show", "D", "--json").out)
    #expect(status["failures"] == .integer(0), "\(status)")
    #expect(try world.complaints() == "")
  }

  @Test("are judged each alone where the plan says so")
  func alone() throws {
    let world = try waiting(["A", "B", "C"], check: "test -e a.txt", train: ", train: 1", writing: own)
    let run = try world.migrate("run")
    #expect(run.code == 0, "\(run)")
    #expect(try runs(world) == 4)
    #expect(!(try world.repository.git("log", "--format=%b", "migrate/mig").contains("Migrate-Train")))
  }

  @Test("lend the branch no tree that nobody judged: between two of them it cannot be put")
  func between() throws {
    let world = try waiting(["A", "B", "C"], check: "test -e a.txt", writing: own)
    let start = try world.repository.git("rev-parse", "migrate/mig")
    #expect(try world.migrate("run").code == 0)
    let end = try world.repository.git("rev-parse", "migrate/mig")
    let inside = try world.repository.git("rev-parse", "migrate/mig~1")
    // Whoever fell behind, by a copy that was put back, may follow to the end, and no less.
    try world.repository.git("-c", "core.hooksPath=/dev/null", "update-ref", "refs/heads/migrate/mig", start)
    let refused = try world.repository.runGit(["update-ref", "refs/heads/migrate/mig", inside])
    #expect(refused.code != 0, "\(refused)")
    #expect(try world.repository.runGit(["update-ref", "refs/heads/migrate/mig", end]).code == 0)
  }

  @Test("wait for another while one of them conflicts with those before it, and it is told so")
  func conflict() throws {
    let world = try waiting(["A", "B", "C"], check: "test -e a.txt") {
      $0 == "C" ? ["C.txt": "C\n"] : ["same.txt": "\($0)\n"]
    }
    let run = try world.migrate("run")
    #expect(run.out.contains("conflicts with what was merged since"), "\(run)")
    #expect(run.out.contains("in 'same.txt', by 'A'"), "\(run)")
    let show = try world.migrate("show", "B")
    #expect(show.out.contains("what 'A' changed:") && show.out.contains("what 'B' changed:"), "\(show)")
    #expect(try world.merged() == ["A", "C"])
    #expect(try world.complaints() == "")
  }
}
