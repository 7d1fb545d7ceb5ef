import CanonicalJSON
import Migration
import Support
import System
import Testing

@testable import Runner
@testable import Site

/// A person is told why, where they look.
@Suite("A person is told why")
struct ToldWhyTests {
  private static let suite = """
    import unittest
    class T(unittest.TestCase):
        def test_old(self):
            self.assertEqual(open("a.txt").read(), "b\\n")
        def test_zero(self):
            raise KeyError("x")

    """
  private static let gate =
    "{ verifiers: [{ name: t, run: 'python3 -B -m unittest discover -p \"test_*.py\"' }] }"

  @Test("each line of a run over all migrations says which it is of, and what was not passed is told once")
  func all() throws {
    let world = try MigrationWorld()
    for name in ["one", "two"] {
      let plan = MigrationWorld.plan(
        "  - { id: A, run: 'echo \(name) > \(name)' }\n  - { id: B, run: 'false' }"
      ).replacing("migration: mig", with: "migration: \(name)").replacing("attempts: 2", with: "attempts: 1")
      try Files.writeAtomically(world.repository.root + "/plan.md", Array(plan.utf8))
      #expect(try world.migrate("start", world.repository.root + "/plan.md").code == 0)
    }
    let run = try world.migrate("run", "--all", adding: ["PIP_INDEX_URL": "x"])
    #expect(run.code == 1, "\(run)")
    for name in ["one", "two"] {
      #expect(run.out.contains("\n\(name): A merged as "), "\(run)")
      #expect(run.out.contains("('git migrate logs --migration \(name) B')"), "\(run)")
      #expect(run.err.contains("warning: \(name): B is blocked: "), "\(run)")
    }
    let lines = (run.out + run.err).split(separator: "\n")
    #expect(lines.allSatisfy { !$0.hasPrefix("A ") && !$0.hasPrefix("B ") }, "\(run)")
    #expect(lines.count { $0.contains("PIP_INDEX_URL") } == 1, "\(run)")
    let alone = try world.migrate("run", "--migration", "one")
    #expect(!alone.out.contains("two"), "\(alone)")
  }

  @Test("that the base fails: the tests and their log, in run, status, show and logs")
  func baseline() throws {
    let world = try MigrationWorld(files: ["test_it.py": Self.suite])
    try world.start("  - { id: A, run: 'echo x > x' }", gate: Self.gate)
    let run = try world.migrate("run")
    #expect(run.code == 1)
    #expect(run.out.contains("t: test_zero (test_it.T.test_zero): KeyError: 'x' (and 1 more)"), "\(run)")
    #expect(run.out.contains("test_it.py:4): AssertionError:"), "\(run)")
    #expect(run.err.contains("git migrate logs --baseline"), "\(run)")
    #expect(!run.description.contains("exited with"), "\(run)")
    let status = try world.migrate("status").out
    #expect(
      status.contains("    test_zero (test_it.T.test_zero) (test_it.py:6): KeyError: 'x'\n"), "\(status)")
    let show = try world.migrate("show").out
    #expect(show.contains("  test_zero (test_it.T.test_zero) (test_it.py:6): KeyError: 'x'\n"), "\(show)")
    #expect(show.contains("/baseline-t.log\n"), "\(show)")
    let json = try JSON.parse(try world.migrate("show", "--json").out)
    guard case .array(let details)? = json["baseline_failure"]?["details"] else {
      throw TestFailure("no details: \(json.canonical)")
    }
    #expect(details.count == 2)
    let logs = try world.migrate("logs", "--baseline")
    #expect(logs.code == 0 && logs.out.contains("Ran 2 tests"), "\(logs)")
    #expect(try world.migrate("logs", "baseline").err.contains("'git migrate logs --baseline'"))
    #expect(try world.complaints() == "")
  }

  @Test("that a step is blocked: by its first failure, in status and in the notice")
  func step() throws {
    let world = try MigrationWorld(files: ["test_it.py": Self.suite, "b.txt": "b\n"])
    try world.start(
      "  - { id: A, run: 'echo x > x' }",
      gate: "{ verifiers: [{ name: t, run: 'test ! -e x || python3 -B -m unittest discover' }] }",
      more: "notify: 'cat >> \"$HOME/notices\"'")
    let run = try world.migrate("run")
    #expect(run.code == 1, "\(run)")
    let reason = try world.members("reason")["A"] ?? ""
    let wanted = "t: test_zero (test_it.T.test_zero): KeyError: 'x' (and 1 more)"
    #expect(reason.hasSuffix(wanted), "\(reason)")
    #expect(try world.note("notices").contains(wanted))
  }

  @Test("where the log of a failed attempt is, and how it is read")
  func log() throws {
    let world = try MigrationWorld()
    try world.start("  - { id: A, run: 'echo words; exit 4' }\n  - { id: B, run: 'echo b > b' }")
    let run = try world.migrate("run", adding: ["DATABASE_URL": "x"])
    let lines = run.out.split(separator: "\n").map(String.init)
    let failed = lines.indices.filter { lines[$0].contains("A attempt failed") }
    #expect(failed.count == 2, "\(run)")
    for (number, index) in zip(1..., failed) {
      // What others did at that moment may stand between.
      let line = lines.dropFirst(index + 1).first { $0.hasPrefix("  log: ") } ?? ""
      #expect(
        line.hasPrefix("  log: /") && line.hasSuffix("/A/\(number)-work.log ('git migrate logs A')"), "\(run)"
      )
    }
    #expect(!run.out.contains("logs B"))
    #expect(run.err.contains("did not get DATABASE_URL"), "\(run)")
  }

  @Test("that a codemod failed, by the last line that it printed")
  func codemod() throws {
    let world = try MigrationWorld()
    try world.start("  - { id: A, run: 'echo one; echo \"no such file: x.py\" >&2; exit 4' }")
    #expect(try world.migrate("run").code == 1)
    let reason = try world.members("reason")["A"] ?? ""
    #expect(reason.hasSuffix("attempts failed: ended with exit code 4: no such file: x.py"), "\(reason)")
  }

  @Test("that an agent failed, without the events that it reports to programs")
  func events() throws {
    let world = try MigrationWorld()
    let agent = world.repository.root + "/claude"
    let event = #"{"type":"result","subtype":"error_max_turns","is_error":true}"#
    let script = "#!/bin/sh\necho '{\"type\":\"system\"}'; echo plain words; echo '\(event)'; exit 1\n"
    try Files.writeAtomically(agent, Array(script.utf8), mode: 0o755)
    try world.start("  - { id: A }", more: "agent: { adapter: claude, command: '\(agent)' }")
    #expect(try world.migrate("run").code == 1)
    #expect(try world.members("reason")["A"]?.hasSuffix("the agent used up its turns") == true)
    let prompt = try text(world.repository.path + "/.git/migrate/prompts/mig/A-2.md")
    #expect(prompt.contains("plain words") && !prompt.contains("system"), "\(prompt)")
  }

  @Test("what an agent said beside its events, and a warning in the midst of an event breaks none")
  func besideEvents() throws {
    let world = try MigrationWorld()
    let agent = world.repository.root + "/claude"
    let script = """
      #!/bin/sh
      printf '{"type":"res'; echo 'deprecated: y' >&2; echo 'ult","is_error":false}'
      [ ! -e "$HOME/works" ] || { echo x > x; exit; }
      echo 'no key: x' >&2; exit 1
      """
    try Files.writeAtomically(agent, Array(script.utf8), mode: 0o755)
    try world.start("  - { id: A }", more: "agent: { adapter: claude, command: '\(agent)' }")
    #expect(try world.migrate("run").code == 1)
    #expect(try world.members("reason")["A"]?.hasSuffix("ended with exit code 1: no key: x") == true)
    let logs = try world.migrate("logs", "A", "--stderr")
    #expect(logs.out == "deprecated: y\nno key: x\n", "\(logs)")
    let events = try world.migrate("logs", "A", "--stdout", "-n", "1")
    #expect(events.out == "{\"type\":\"result\",\"is_error\":false}\n", "\(events)")
    #expect(try world.migrate("logs", "A").out.contains("deprecated: y"))
    // As it lies there when the pipes were read in the order in which it was printed.
    let log = world.repository.path + "/.git/migrate/logs/mig/A/1-work.log"
    let parts = ["{\"type\":\"res", "deprecated: y\n", "ult\",\"is_error\":false}\n", "no key: x\n"]
    try Files.writeAtomically(log, Array(parts.joined().utf8))
    let ends = parts.indices.map { parts[...$0].joined().utf8.count }
    try Files.writeAtomically(log + ".marks", Array("e\(ends[0])\no\(ends[1])\ne\(ends[2])\n".utf8))
    let words = ["deprecated: y", "no key: x"]
    for lines in ["9", nil] {
      let shown =
        try lines.map { try world.migrate("logs", "A", "--epoch", "1", "-n", $0) }
        ?? world.migrate("logs", "A", "--epoch", "1")
      let said = shown.out.split(separator: "\n").map(String.init)
      #expect(words.allSatisfy(said.contains) && !shown.out.contains("is_error"), "\(shown)")
    }
    try world.allow("works")
    #expect(try world.migrate("retry", "A").code == 0)
    let run = try world.migrate("run")
    #expect(run.code == 0, "\(run)")
  }

  @Test("that the agent is missing, before anything is claimed; in doctor too")
  func missingAgent() throws {
    let world = try MigrationWorld()
    try world.start("  - { id: A }\n  - { id: B }", more: "agent: { command: no-such-agent --yes }")
    let run = try world.migrate("run")
    #expect(run.code == 128, "\(run)")
    #expect(run.err.contains("fatal: the agent's program 'no-such-agent' is not in PATH\nhint: "), "\(run)")
    #expect(try world.count("claimed") == 0)
    let doctor = try world.migrate("doctor")
    #expect(doctor.code == 1 && doctor.out.contains("error: agent: 'mig': the agent's program"), "\(doctor)")
    // What needs no agent is done.
    try world.amend("  - { id: A, run: 'echo a > a' }", more: "agent: { command: no-such-agent --yes }")
    #expect(try world.migrate("run").code == 0)
  }

  @Test("that a verifier's program is missing: a warning of check, run and doctor")
  func missingVerifier() throws {
    let world = try MigrationWorld()
    let gate = "{ verifiers: [{ name: lint, run: 'no-such-linter .' }, { name: t, run: 'cd . && true' }] }"
    try world.start("  - { id: A, run: 'echo a > a' }", gate: gate)
    let words = "warning: the verifier 'lint' begins with 'no-such-linter', which is not found in PATH here"
    for arguments in [["check", world.repository.root + "/plan.md"], ["run"]] {
      let run = try world.repository.run(TestBinary.path, arguments)
      #expect(run.err.contains(words), "\(run)")
      #expect(!run.err.contains("'cd'"), "\(run)")
    }
    #expect(try world.migrate("doctor").out.contains("warning: program: 'mig': the verifier 'lint'"))
  }

  @Test("that a step is blocked after that its attempt failed")
  func order() throws {
    let world = try MigrationWorld()
    try world.start("  - { id: A, run: 'exit 7' }")
    let run = try world.repository.run("sh", ["-c", "git-migrate run 2>&1"])
    let failed = run.out.ranges(of: "A attempt failed").last?.lowerBound
    let blocked = run.out.firstRange(of: "A is blocked")?.lowerBound
    #expect(failed != nil && blocked != nil, "\(run)")
    if let failed, let blocked { #expect(failed < blocked, "\(run)") }
  }

  @Test("that a holder is dead, before anybody takes the step back")
  func deadHolder() throws {
    let world = try MigrationWorld()
    try world.start("  - { id: A, run: 'touch $HOME/began; sleep 1000' }")
    let run = try world.begin("run")
    #expect(eventually { Files.exists(world.home("began")) })
    #expect(try !world.migrate("status").out.contains("dead"))
    run.send(9)
    _ = try? run.wait()
    #expect(try world.migrate("status").out.contains("holder is dead)"))
    #expect(try world.migrate("show", "A").out.contains("(holder is dead)"))
    #expect(try world.survivors() == [])
  }

  @Test("what an amendment did, and what it would do")
  func amendment() throws {
    let world = try MigrationWorld()
    try world.start("  - { id: A, run: 'exit 1' }\n  - { id: B, needs: [A], run: 'true' }")
    #expect(try world.migrate("run").code == 1)
    let plan = world.repository.root + "/next.md"
    let text = MigrationWorld.plan("  - { id: A, run: 'true' }\n  - { id: C, run: 'true' }")
    try Files.writeAtomically(plan, Array(text.utf8))
    let look = try world.migrate("amend", "--dry-run", plan)
    #expect(
      look.out == "mig would follow plan 2, 2 steps: +1 new, 1 cancelled, 1 kept; 1 blocked\n", "\(look)")
    #expect(try world.states() == ["A": "blocked", "B": "waiting"])
    let run = try world.migrate("amend", plan)
    #expect(run.out == "mig follows plan 2, 2 steps: +1 new, 1 cancelled, 1 kept; 1 blocked\n", "\(run)")
    #expect(run.err.contains("'git migrate retry A'"), "\(run)")
  }

  @Test("what to do about a name that is taken, by the state it is in")
  func takenName() throws {
    let world = try MigrationWorld()
    let plan = world.repository.root + "/plan.md"
    try world.start("  - { id: A, run: 'true' }")
    #expect(try world.migrate("start", plan).err.contains("'git migrate amend'"))
    #expect(try world.migrate("abort").code == 0)
    let run = try world.migrate("start", plan)
    #expect(run.code == 128 && run.err.contains("is aborted\nhint: its name is used up"), "\(run)")
    #expect(!run.err.contains("amend"), "\(run)")
  }

  @Test("which variables a verifier did not get")
  func variables() throws {
    let world = try MigrationWorld()
    try world.start("  - { id: A, run: 'true' }", gate: "{ verifiers: [{ name: t, run: 'exit 1' }] }")
    let adding = ["DATABASE_URL": "hidden", "PATHS_OF_MINE": "x"]
    let run = try world.migrate("run", adding: adding)
    #expect(run.err.contains("hint: verifiers did not get DATABASE_URL; "), "\(run)")
    let doctor = try world.migrate("doctor", adding: adding)
    #expect(doctor.out.contains("warning: variables: workers and verifiers do not get DATABASE_URL\n"))
    #expect(!doctor.out.contains("hidden"))
  }

  @Test("and nothing is said of words that only a shell can tell")
  func firstWords() {
    let known: [(String, ShellWord?)] = [
      ("pytest -q", .name("pytest")), ("  ./run.sh x", .path("./run.sh")), ("a;b", .name("a")),
      ("CI=1 pytest", nil), ("$TOOL x", nil), ("f() { :; }; f", nil), ("\"a b\" c", nil), ("# x\ny", nil),
      ("", nil), ("! false", nil), ("(cd x; y)", nil), ("~/bin/x", nil), ("g++ a.cc", .name("g++")),
    ]
    for (command, word) in known { #expect(ShellWord(firstOf: command) == word, "\(command)") }
  }
}
