import CanonicalJSON
import Glibc
import Migration
import Support
import System
import Testing

/// What a run makes of the ends of agents, as real ones tell them: `Tests/AgentsTests/Streams` has what they
/// print, and a script in their place prints it.
@Suite("The end of an agent")
struct AgentOutcomeTests {
  private static let streams =
    Files.parent(of: Files.parent(of: #filePath)) + "/AgentsTests/Streams"

  /// A world in which `claude` runs `script`, where `$STREAMS` has the recorded streams and `first FILE` is
  /// true once.
  func world(
    _ script: String, steps: String = "  - { id: A }", agent: String = "adapter: claude", more: String = ""
  ) throws -> MigrationWorld {
    let world = try MigrationWorld()
    let text = """
      #!/bin/sh
      STREAMS='\(Self.streams)'
      first() { mkdir "$HOME/$1" 2>/dev/null; }
      echo x >> "$HOME/starts"
      echo "$*" >> "$HOME/arguments"
      \(script)
      """
    try Files.makeDirectories(world.repository.root + "/bin")
    for name in ["claude", "codex"] {
      try Files.writeAtomically(world.repository.root + "/bin/\(name)", Array(text.utf8), mode: 0o755)
    }
    try world.start(steps, more: "agent: { \(agent) }\n\(more)")
    return world
  }

  func run(_ world: MigrationWorld, jobs: Int = 1) throws -> TestRun {
    let path = "\(world.repository.root)/bin:\(world.repository.environment["PATH"] ?? "")"
    return try world.migrate("run", "--jobs", "\(jobs)", adding: ["PATH": path])
  }

  private func starts(_ world: MigrationWorld) throws -> Int {
    try world.note("starts").split(separator: "\n").count
  }

  @Test("by a key that has expired pauses the migration at once, and charges no step")
  func expiredKey() throws {
    let steps = (1...12).map { "  - { id: S\($0) }" }.joined(separator: "\n")
    let world = try world("cat $STREAMS/claude-401.jsonl; exit 1", steps: steps)
    let run = try run(world, jobs: 4)
    #expect(run.code == 1, "\(run)")
    #expect(try world.phase() == "paused")
    #expect(run.out.contains("claude: Failed to authenticate. API Error: 401"), "\(run)")
    #expect(run.err.contains("migrate.agentEnvironment"), "\(run)")
    #expect(try starts(world) <= 4)
    #expect(Set(try world.states().values) == ["ready"])
    #expect(try world.count("attempt failed") == 0)
  }

  @Test("at a limit rests the agent until the time that its service told; codemods go on")
  func limit() throws {
    let world = try world(
      """
      if first limited; then
        sed "s/1800000000/$(($(date +%s) + 3))/" $STREAMS/claude-limit.jsonl; exit 1
      fi
      echo x > "$MIGRATE_STEP"; cat $STREAMS/claude-done.jsonl
      """, steps: "  - { id: A }\n  - { id: B }\n  - { id: C, run: 'echo c > c' }")
    let run = try run(world)
    #expect(run.code == 0, "\(run)")
    #expect(run.out.contains("claude rests until "), "\(run)")
    #expect(run.out.contains("(usage limit): You've hit your 5-hour limit"), "\(run)")
    #expect(try starts(world) == 3)
    #expect(try world.count("claude rests") == 1, "one entry, whoever is told")
    #expect(try world.complaints() == "")
    #expect(try world.count("attempt failed") == 0)
  }

  @Test("rests it in every run, and status says until when and why")
  func restsEverywhere() throws {
    let world = try world(
      "sed \"s/1800000000/$(($(date +%s) + 3000))/\" $STREAMS/claude-limit.jsonl; exit 1",
      steps: "  - { id: A }\n  - { id: B }")
    let path = "\(world.repository.root)/bin:\(world.repository.environment["PATH"] ?? "")"
    let run = try BackgroundRun(
      world.repository, "env", ["PATH=\(path)", TestBinary.path, "run", "--jobs", "2"],
      in: world.repository.path)
    #expect(eventually { (try? world.count("claude rests until")) == 1 }, "\(run.output)")
    let status = try world.migrate("status").out
    #expect(status.contains(#/claude rests until [0-9]{2}:[0-9]{2} \(usage limit\)/#), "\(status)")
    let json = try JSON.parse(try world.migrate("status", "--json").out)
    guard case .array(let migrations)? = json["migrations"],
      case .array(let rests)? = migrations.first?["rests"]
    else { throw Missing() }
    #expect(rests.first?["agent"] == .string("claude") && rests.first?["cause"] == .string("usage limit"))
    run.send(SIGINT)
    _ = try run.wait()
    #expect(try starts(world) <= 2, "nobody starts it while it rests")
    #expect(Set(try world.states().values) == ["ready"])
    #expect(try world.count("attempt failed") == 0)
  }

  @Test("stops the line after five steps in a row with one cause, once")
  func alike() throws {
    let steps = (1...9).map { "  - { id: S\($0) }" }.joined(separator: "\n")
    let world = try world("cat $STREAMS/claude-words-only.jsonl", steps: steps)
    let run = try run(world)
    #expect(run.code == 1, "\(run)")
    #expect(run.out.contains("5 steps in a row failed for one cause: S1, S2, S3, S4, S5"), "\(run)")
    // Each of the first four has failed twice, and is blocked.
    #expect(try starts(world) == 9)
    #expect(try world.count("paused") == 1)
    #expect(try world.migrate("resume").code == 0)
    #expect(try self.run(world).code == 1)
    #expect(try starts(world) > 9, "who resumes gets as many attempts as before")
  }

  @Test("counts for the budget, which pauses the migration, and which a person raises")
  func budget() throws {
    let steps = (1...6).map { "  - { id: S\($0) }" }.joined(separator: "\n")
    let world = try world(
      "echo x > \"$MIGRATE_STEP\"; cat $STREAMS/claude-done.jsonl", steps: steps,
      more: "budget: { usd: 0.008, attempt: { usd: 0.005 } }\ncommit: { trailers: [step, cost] }")
    let run = try run(world)
    #expect(run.code == 1, "\(run)")
    // Three attempts at $0.002252 each leave less than a fourth one uses.
    #expect(try starts(world) == 3)
    #expect(try Set(world.states().values) == ["merged", "ready"])
    #expect(run.out.contains("the migration's budget of $0.0080: $0.0012 left"), "\(run)")
    #expect(try world.note("arguments").contains("--max-budget-usd 0.005"))
    #expect(try world.migrate("log").out.contains("($0.0022, 284 tokens"))
    let status = try JSON.parse(try world.migrate("status", "--json").out)
    guard case .array(let migrations)? = status["migrations"], let used = migrations.first?["used"] else {
      throw Missing()
    }
    #expect(used["cost"] == .integer(3 * 2252) && used["attempts"] == .integer(3))
    #expect(try world.migrate("show").out.contains("$0.0067 of $0.0080"))
    #expect(try world.migrate("show", "S1").out.contains("$0.0022"))
    #expect(try world.migrate("resume", "--budget", "+0.002usd").code == 0)
    #expect(try self.run(world).code == 1)
    #expect(try starts(world) == 4)
    #expect(try world.migrate("resume", "--budget", "+50usd").code == 0)
    #expect(try self.run(world).code == 0)
    #expect(try starts(world) == 6)
    #expect(
      try world.repository.git("log", "-1", "--format=%b", "migrate/mig").contains("Migrate-Cost: $0.0022"))
    #expect(try world.complaints() == "")
  }

  private struct Missing: Error {}

  @Test("at the limit of its turns goes on in the same conversation and worktree")
  func turns() throws {
    let world = try world(
      """
      if first half; then echo half > a.txt; cat $STREAMS/claude-turn-limit.jsonl; exit 1; fi
      echo whole >> a.txt; cat > "$HOME/input"; cat $STREAMS/claude-done.jsonl
      """, agent: "adapter: claude, max_turns: 3")
    let run = try run(world)
    #expect(run.code == 0, "\(run)")
    #expect(try world.file("a.txt") == "half\nwhole")
    #expect(try world.count("claimed") == 1)
    let arguments = try world.note("arguments").split(separator: "\n")
    #expect(arguments.count == 2 && arguments[0].contains("--max-turns 3"))
    #expect(arguments.last?.contains("--resume 00000000-0000-4000-8000-000000000001") == true)
    #expect(try world.note("input").contains("Go on with the task"))
  }

  @Test("by a kill of its run goes on in the same conversation, with what was done, and is counted")
  func killedRun() throws {
    let world = try world(
      """
      if first half; then
        echo half > a.txt; head -n 4 $STREAMS/claude-done.jsonl; touch "$HOME/begun"; sleep 1000
      fi
      echo whole >> a.txt; cat > "$HOME/input"; cat $STREAMS/claude-done.jsonl
      """)
    let path = "\(world.repository.root)/bin:\(world.repository.environment["PATH"] ?? "")"
    let killed = try BackgroundRun(
      world.repository, "env", ["PATH=\(path)", TestBinary.path, "run"], in: world.repository.path)
    #expect(eventually { Files.exists(world.home("begun")) }, "\(killed.output)")
    killed.send(SIGKILL)
    _ = try killed.wait()
    let run = try run(world)
    #expect(run.code == 0, "\(run)")
    #expect(try world.file("a.txt") == "half\nwhole")
    let arguments = try world.note("arguments").split(separator: "\n")
    #expect(arguments.last?.contains("--resume 00000000-0000-4000-8000-000000000001") == true)
    #expect(try world.note("input").contains("Go on with the task"))
    let entries = try entries(world)
    let lost = try #require(entries.first { $0["kind"] == .string("lease.expired") })
    #expect(lost["session"] == .string("00000000-0000-4000-8000-000000000001"))
    guard case .integer(let turns)? = lost["turns"], turns > 0 else { throw Missing() }
    let claims = entries.filter { $0["kind"] == .string("step.claimed") }
    #expect(claims.last?["continues"] == .integer(1) && claims.last?["session"] == lost["session"])
    #expect(try world.complaints() == "")
  }

  @Test("by a gate that fails goes on with the failures, where the plan wants it")
  func afterFailure() throws {
    let world = try MigrationWorld()
    let script = """
      #!/bin/sh
      cat > "$HOME/input"; echo "$*" >> "$HOME/arguments"
      echo x >> w.txt; cat '\(Self.streams)/claude-done.jsonl'
      """
    try Files.makeDirectories(world.repository.root + "/bin")
    try Files.writeAtomically(world.repository.root + "/bin/claude", Array(script.utf8), mode: 0o755)
    try world.start(
      "  - { id: A }",
      gate: "{ verifiers: [{ name: t, kind: lint, run: '! test -e w.txt || test $(wc -l < w.txt) = 2' }] }",
      more: "agent: { adapter: claude, after_failure: resume }")
    let run = try run(world)
    #expect(run.code == 0, "\(run)")
    #expect(try world.file("w.txt") == "x\nx", "what failed was gone on with")
    #expect(try world.note("arguments").contains("--resume 00000000-0000-4000-8000-000000000001"))
    #expect(try world.note("input").contains("Your work on the task did not pass"))
  }

  @Test("of a conversation that the agent does not know any more begins anew")
  func lostConversation() throws {
    let world = try world(
      """
      case "$*" in *--resume*) echo 'No conversation found' >&2; exit 1 ;; esac
      if first half; then
        head -n 4 $STREAMS/claude-done.jsonl; touch "$HOME/begun"; sleep 1000
      fi
      echo x > a.txt; cat $STREAMS/claude-done.jsonl
      """)
    let path = "\(world.repository.root)/bin:\(world.repository.environment["PATH"] ?? "")"
    let stopped = try BackgroundRun(
      world.repository, "env", ["PATH=\(path)", TestBinary.path, "run"], in: world.repository.path)
    #expect(eventually { Files.exists(world.home("begun")) }, "\(stopped.output)")
    stopped.send(SIGINT)
    _ = try stopped.wait()
    let run = try run(world)
    #expect(run.code == 0, "\(run)")
    #expect(try starts(world) == 3)
    #expect(try world.count("attempt failed") == 0)
  }

  private func entries(_ world: MigrationWorld) throws -> [JSON] {
    try world.migrate("ledger", "cat").out.split(separator: "\n").compactMap { line in
      try line.firstIndex(of: "{").map { try JSON.parse(String(line[$0...])) }
    }
  }

  @Test("that prints nothing any more, or takes all its time, is brought about, in words that say so")
  func silence() throws {
    let silent = try world(
      "head -n 1 $STREAMS/claude-done.jsonl; sleep 1000", agent: "adapter: claude, silence: 1s")
    #expect(try run(silent).code == 1)
    #expect(try silent.members("reason")["A"]?.hasSuffix("printed nothing for 1 s") == true)
    let slow = try world(
      "while sleep 0.1; do echo '{}'; done", agent: "adapter: claude",
      more: "budget: { attempt: { wall: 1s } }")
    #expect(try run(slow).code == 1)
    #expect(try slow.members("reason")["A"]?.hasSuffix("it used up its budget of 1s") == true)
  }

  @Test("by its turns, again and again, fails the attempt in words that say so")
  func allTurns() throws {
    let world = try world(
      "cat $STREAMS/claude-turn-limit.jsonl; exit 1", agent: "adapter: claude, max_turns: 3, continuations: 1"
    )
    #expect(try run(world).code == 1)
    #expect(try world.members("reason")["A"]?.hasSuffix("the agent used up its turns") == true)
    #expect(try starts(world) == 4, "two attempts of two conversations each")
  }

  @Test("that has left a task in the background comes all the same, and its work is taken")
  func background() throws {
    let world = try world("echo x > x; head -n 7 $STREAMS/claude-background.jsonl; sleep 1000")
    let run = try run(world)
    #expect(run.code == 0, "\(run)")
    #expect(try world.file("x") == "x")
    #expect(try world.survivors() == [])
  }

  @Test("by a signal from outside is no attempt")
  func killed() throws {
    let world = try world("first k && kill -9 $$; echo x > x; cat $STREAMS/claude-done.jsonl")
    let run = try run(world)
    #expect(run.code == 0, "\(run)")
    #expect(try world.sentences().contains { $0.contains("signal 9") })
    #expect(try world.steps().first?["attempts"] == .integer(1))
  }

  @Test("by refused tools names them; where something was done it is a warning")
  func denied() throws {
    let world = try world("cat $STREAMS/claude-denied.jsonl")
    #expect(try run(world).code == 1)
    let reason = try world.members("reason")["A"] ?? ""
    #expect(reason.hasSuffix("the agent was refused: Bash(curl http://127.0.0.1/x)"), "\(reason)")
    let other = try self.world("echo x > x; cat $STREAMS/claude-denied-changed.jsonl")
    let run = try run(other)
    #expect(run.code == 0 && run.err.contains("A: the agent was refused: Bash(make test)"), "\(run)")
    #expect(try other.migrate("show", "A").out.contains("warning: the agent was refused: Bash(make test)"))
    #expect(
      try other.migrate("ledger", "cat").out.contains(#""warnings":["the agent was refused: Bash(make"#))
  }

  @Test("that says by its closing answer that nothing was to be done is believed")
  func noOp() throws {
    let world = try world("cat $STREAMS/claude-noop.jsonl")
    #expect(try run(world).code == 0)
    let other = try self.world("cat $STREAMS/codex-noop.jsonl", agent: "adapter: codex")
    let run = try run(other)
    #expect(run.code == 0, "\(run)")
    #expect(try other.note("arguments").contains("--output-schema"))
  }

  @Test("is in the words that the next attempt gets, and no event is")
  func words() throws {
    let world = try world("cat $STREAMS/claude-budget.jsonl; exit 1")
    #expect(try run(world).code == 1)
    let reason = try world.members("reason")["A"] ?? ""
    #expect(reason.hasSuffix("Reached maximum budget ($0.001)"), "\(reason)")
    let prompt = try text(world.repository.path + "/.git/migrate/prompts/mig/A-2.md")
    #expect(prompt.contains("Reached maximum budget") && !prompt.contains("total_cost"), "\(prompt)")
    #expect(!(try world.migrate("ledger", "cat").out.contains("total_cost")))
  }

  @Test("by which no attempt can do better blocks the step at once")
  func cannot() throws {
    for (stream, words) in [("codex-400", "the stub answers 400"), ("codex-cannot", "the interface is gone")]
    {
      let world = try world("cat $STREAMS/\(stream).jsonl", agent: "adapter: codex")
      #expect(try run(world).code == 1)
      #expect(try world.members("reason")["A"] == "it cannot be done: \(words)")
      #expect(try starts(world) == 1)
    }
  }

  @Test("and what it used stand in the entry that ends it")
  func usage() throws {
    let script = """
      if first half; then echo half > a.txt; cat $STREAMS/claude-turn-limit.jsonl; exit 1; fi
      echo x > x; cat $STREAMS/claude-done.jsonl
      """
    let world = try world(script)
    #expect(try run(world).code == 0)
    let lines = try world.migrate("ledger", "cat").out.split(separator: "\n").map(String.init)
    let line = try #require(lines.first { $0.contains("step.submitted") })
    let entry = try JSON.parse(String(line[line.firstIndex(of: "{")!...]))
    #expect(entry["agent"] == .string("claude"))
    #expect(entry["agent_version"] == .string("2.1.332"))
    #expect(entry["model"] == .string("claude-opus-5-5"))
    #expect(entry["session"] == .string("00000000-0000-4000-8000-000000000001"))
    #expect(entry["turns"] == .integer(5))
    // The second conversation's stream is one that began anew, so that its sums went back.
    #expect(entry["cost"] == .integer(3378 + 2252) && entry["currency"] == .string("USD"))
    #expect(entry["tokens_in"] == .integer(350) && entry["tokens_cached"] == .integer(150))
    #expect(entry["tokens_out"] == .integer(210))
    #expect(entry["wall"] != nil)
    #expect(try world.complaints() == "")
  }

  @Test("of a command is what its report says, and not its exit code")
  func report() throws {
    let world = try MigrationWorld()
    let agent =
      "agent: { command: 'echo x > x; cp \(Self.streams)/mini-format.json .r.json', report_file: .r.json }"
    try world.start("  - { id: A }", more: agent)
    #expect(try world.migrate("run").code == 1)
    #expect(try world.members("reason")["A"]?.hasSuffix("RepeatedFormatError") == true)
  }
}
