import CanonicalJSON
import Ledger
import Migration
import Support
import System
import Testing

/// A candidate runs every test that ran and passed on the branch below it.
@Suite("Beside its base a candidate")
struct BaseComparisonTests {
  private static let tap = "TAP version 13\nok 1 - adds\nok 2 - refuses zero\nok 3 - keeps order\n1..3\n"

  private func world(_ steps: String, run: String = "cat tests.tap") throws -> MigrationWorld {
    let world = try MigrationWorld(files: ["tests.tap": BaseComparisonTests.tap])
    try world.start(steps, gate: "{ verifiers: [{ name: t, run: '\(run)' }] }")
    return world
  }

  @Test("that runs a test less is sent back with the name of the test")
  func missing() throws {
    let world = try world(
      "  - { id: A, run: 'sed -i \"/keeps/d; s/1[.][.]3/1..2/\" tests.tap' }\n"
        + "  - { id: B, run: 'echo b > b' }"
    )
    let run = try world.migrate("run")
    #expect(run.code == 1, "\(run)")
    #expect(run.out.contains("'keeps order' ran and passed on the base"), "\(run)")
    #expect(try world.merged() == ["B"])
    let prompt = try text(world.repository.path + "/.git/migrate/prompts/mig/A-2.md")
    #expect(prompt.contains("missing-test:t:keeps order"), "\(prompt)")
    #expect(try world.complaints() == "")
  }

  @Test("that skips a test is sent back, and one that runs more is not")
  func skipped() throws {
    let world = try world(
      """
        - { id: A, run: 'sed -i "s/ok 2 - refuses zero/ok 2 - refuses zero # SKIP later/" tests.tap' }
        - { id: B, run: 'sed -i "s/1[.][.]3/ok 4 - is new\\n1..4/" tests.tap' }
      """)
    let run = try world.migrate("run")
    #expect(run.code == 1, "\(run)")
    #expect(run.out.contains("'refuses zero' ran and passed on the base"), "\(run)")
    #expect(try world.merged() == ["B"])
  }

  @Test("without its test runner is sent back")
  func silent() throws {
    let world = try world("  - { id: A, run: 'echo all is well > tests.tap' }")
    let run = try world.migrate("run")
    #expect(run.code == 1, "\(run)")
    #expect(run.out.contains("no test runner was recognised"), "\(run)")
    #expect(try world.merged() == [])
  }

  @Test("is compared with what was merged last, not with where the migration began")
  func grows() throws {
    let world = try world(
      """
        - { id: A, run: 'sed -i "s/1[.][.]3/ok 4 - is new\\n1..4/" tests.tap' }
        - { id: B, needs: [A], run: 'echo b > b; sed -i "/is new/d; s/1[.][.]4/1..3/" tests.tap' }
      """)
    let run = try world.migrate("run")
    #expect(run.code == 1, "\(run)")
    #expect(run.out.contains("'is new' ran and passed on the base"), "\(run)")
    #expect(try world.merged() == ["A"])
    #expect(try world.states() == ["A": "merged", "B": "blocked"])
  }

  @Test("is compared also where its very tree has passed before, when the branch had fewer tests")
  func goesBack() throws {
    let world = try world(
      """
        - { id: A, run: 'sed -i "s/1[.][.]3/ok 4 - is new\\n1..4/" tests.tap' }
        - { id: B, needs: [A], run: 'sed -i "/is new/d; s/1[.][.]4/1..3/" tests.tap' }
      """)
    let run = try world.migrate("run")
    #expect(run.code == 1, "\(run)")
    #expect(run.out.contains("'is new' ran and passed on the base"), "\(run)")
    #expect(try world.merged() == ["A"])
  }

  @Test("passes without a test that a person allows to be gone, and who that was stays in the ledger")
  func allowed() throws {
    let world = try world("  - { id: A, run: 'sed -i \"/keeps/d; s/1[.][.]3/1..2/\" tests.tap' }")
    #expect(try world.migrate("run").code == 1)
    #expect(try world.migrate("allow", "A", "missing-test:t:keeps order").code == 129, "without a reason")
    let allow = try world.migrate("allow", "A", "missing-test:t:keeps order", "--reason", "order is free now")
    #expect(allow.code == 0, "\(allow)")
    let again = try world.migrate("allow", "A", "missing-test:t:keeps order", "--reason", "again")
    #expect(again.code == 1, "\(again)")
    #expect(try world.migrate("retry", "A").code == 0)
    let run = try world.migrate("run")
    #expect(run.code == 0, "\(run)")
    #expect(try world.merged() == ["A"])
    #expect(try world.count("'missing-test:t:keeps order' allowed by") == 1)
    #expect(try world.complaints() == "")
  }

  @Test("passes with the failures that the base has, and with no others, where the plan lets it")
  func known() throws {
    let broken = BaseComparisonTests.tap.replacing("1..3", with: "not ok 4 - is broken\n1..4")
    let world = try MigrationWorld(files: ["tests.tap": broken])
    try world.start(
      """
        - { id: A, run: 'sed -i "s/ok 1 - adds/not ok 1 - adds/" tests.tap' }
        - { id: B, run: 'echo b > b' }
      """,
      gate: "{ known: allow, verifiers: [{ name: t, run: 'cat tests.tap; ! grep -q ^not tests.tap' }] }")
    let run = try world.migrate("run")
    #expect(run.code == 1, "\(run)")
    #expect(try world.merged() == ["B"])
    let reason = try world.members("reason")["A"] ?? ""
    #expect(reason.contains("adds") && reason.contains("1 more that the base fails, too"), "\(reason)")
    #expect(try world.complaints() == "")
  }

  @Test("is asked only by the verifiers that are about what it changes, and they are told what that is")
  func paths() throws {
    let world = try MigrationWorld(files: ["tests.tap": BaseComparisonTests.tap])
    let note =
      "cat \"${MIGRATE_CHANGED_FILE:-/dev/null}\" >> \"$HOME/changed\"; echo ran >> \"$HOME/changed\""
    try world.start(
      "  - { id: A, run: 'echo a > a' }\n  - { id: B, needs: [A], run: 'echo b >> a.txt' }",
      gate: """
        { verifiers: [{ name: t, run: '\(note); cat tests.tap', paths: [a.txt] },
            { name: u, kind: build, run: 'true' }] }
        """)
    let run = try world.migrate("run")
    #expect(run.code == 0, "\(run)")
    #expect(try world.note("changed") == "ran\na.txt\nran\n", "on the base, and for B")
  }

  @Test("leaves runner, numbers and names in the ledger, which fsck and a second clone read")
  func recorded() throws {
    let world = try world("  - { id: A, run: 'echo a > a' }")
    #expect(try world.migrate("run").code == 0)
    let log = try world.repository.git("log", "--format=%B", "refs/migrate/ledger")
    let entries = log.split(separator: "\n").filter { $0.contains("\"runs\":") }
    #expect(entries.count == 2, "of the base and of the candidate: \(log)")
    for entry in entries {
      #expect(entry.contains("\"executed\":3") && entry.contains("\"log\":\""), "\(entry)")
    }
    let lists = try world.repository.git("ls-tree", "--name-only", "refs/migrate/ledger", "tests/")
    let names = lists.split(separator: "\n")
    #expect(names.count == 1, "\(lists)")
    let list = try world.repository.git("show", "refs/migrate/ledger:\(names.first ?? "")")
    #expect(list == "+adds\n+keeps order\n+refuses zero", "\(list)")
    #expect(try world.complaints() == "")
  }

  @Test("that fails together with others in a train is the one that is sent back")
  func train() throws {
    let world = try world("  - { id: A }\n  - { id: B }\n  - { id: C }")
    for (id, edit) in [
      ("A", "echo a > a"), ("B", "sed -i '/adds/d; s/1[.][.]3/1..2/' tests.tap"), ("C", "echo c > c"),
    ] {
      let claim = try world.migrate("claim", id, "--worker", "w1", "--json")
      guard case .string(let place)? = try JSON.parse(claim.out)["worktree"] else {
        throw TestFailure("claim: \(claim)")
      }
      let made = try world.repository.run("sh", ["-c", edit], in: place)
      #expect(made.code == 0, "\(made)")
      #expect(try world.migrate("submit", "--no-wait", in: place).code == 0)
    }
    _ = try world.migrate("run")
    #expect(try world.merged() == ["A", "C"])
    #expect(try world.complaints() == "")
  }
}
