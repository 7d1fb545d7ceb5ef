import Migration
import Support
import System
import Testing

func text(_ path: String) throws -> String {
  String(decoding: try Files.readFile(path) ?? [], as: UTF8.self)
}

/// Agents are commands that nobody trusts: what they are given, what they say, and what is believed.
@Suite("An agent")
struct AgentTests {
  private func world(agent: String, steps: String = "  - { id: A, title: The title }") throws
    -> MigrationWorld
  {
    let world = try MigrationWorld()
    try world.start(steps, more: "agent:\n  command: |\n    \(agent)")
    return world
  }

  @Test("gets the prompt on standard input and in a file, and what it must know in variables")
  func isGivenTheTask() throws {
    let world = try world(
      agent: "cat > \"$HOME/input\"; cat \"$MIGRATE_PROMPT_FILE\" > \"$HOME/file\"; "
        + "env > \"$HOME/env\"; pwd > \"$HOME/pwd\"; echo x > x")
    let run = try world.migrate("run", "--jobs", "1")
    #expect(run.code == 0, "\(run)")
    #expect(try world.note("input") == "Do A.\n")
    #expect(try world.note("file") == "Do A.\n")
    #expect(try world.note("pwd") == world.slot(1) + "\n")
    let environment = Set(try world.note("env").split(separator: "\n").map(String.init))
    let base = try world.repository.git("rev-parse", "main")
    for variable in [
      "MIGRATE_MIGRATION=mig", "MIGRATE_STEP=A", "MIGRATE_TITLE=The title", "MIGRATE_EPOCH=1",
      "MIGRATE_ATTEMPT=1", "MIGRATE_BASE=\(base)", "MIGRATE_WORKTREE=\(world.slot(1))",
    ] { #expect(environment.contains(variable), "\(variable)") }
  }

  @Test("and everybody else sees no secret of the environment, and none reaches the ledger or a log")
  func noSecret() throws {
    let world = try MigrationWorld()
    try world.start(
      "  - { id: A }\n  - { id: B, run: 'env >> \"$HOME/seen\"; echo y > y' }",
      gate: "{ verifiers: [{ name: t, run: 'env >> \"$HOME/seen\"' }] }",
      more: "worktree: { setup: 'env >> \"$HOME/seen\"' }\n"
        + "agent: { command: 'env >> \"$HOME/seen\"; echo x > x; echo ran > \"$HOME/ran\"' }")
    let canary = "canary-4f1d8a77"
    let run = try world.migrate(
      "run",
      adding: [
        "ANTHROPIC_API_KEY": canary, "GITHUB_TOKEN": canary, "MY_PASSWORD": canary, "AWS_PROFILE": canary,
        "SSH_AUTH_SOCK": canary, "GIT_ASKPASS": canary, "UNKNOWN_THING": canary,
      ])
    #expect(run.code == 0, "\(run)")
    #expect(try world.note("seen").contains("MIGRATE_STEP=B"))
    #expect(try !world.note("seen").contains(canary))
    let found = try world.repository.run("grep", ["-r", "-l", canary, world.repository.root])
    #expect(found.out == "")
    #expect(try !world.repository.git("log", "--all", "-p", "--format=%B").contains(canary))
  }

  @Test("gets a variable that the user lets through by name")
  func letThrough() throws {
    let world = try world(agent: "env > \"$HOME/env\"; echo x > x")
    try world.repository.git("config", "--global", "migrate.passEnvironment", "MY_KEY OTHER")
    #expect(try world.migrate("run", adding: ["MY_KEY": "wanted", "HIDDEN": "no"]).code == 0)
    #expect(try world.note("env").contains("MY_KEY=wanted"))
    #expect(try !world.note("env").contains("HIDDEN"))
  }

  @Test("gets its keys, and neither verifiers nor codemods nor set-up commands do; a verifier gets its own")
  func ownKeys() throws {
    let world = try MigrationWorld()
    func noting(_ who: String) -> String { "env > \"$HOME/\(who)\"" }
    try world.start(
      "  - { id: A }\n  - { id: B, run: '\(noting("codemod")); echo y > y' }",
      gate: "{ verifiers: [{ name: t, run: '\(noting("t"))' }, "
        + "{ name: d, run: '\(noting("d"))', env: DATABASE_KEY }] }",
      more: "worktree: { setup: '\(noting("setup"))' }\n"
        + "agent: { command: '\(noting("agent")); echo x > x', env: [AGENT_KEY, UNSET_KEY] }")
    try world.repository.git("config", "--global", "--add", "migrate.agentEnvironment", "OTHER_KEY GIT_TRACE")
    try world.repository.git("config", "--add", "migrate.agentEnvironment", "THIRD")
    let refused = try world.migrate("run")
    #expect(refused.code == 1 && refused.err.contains("'migrate.agentenvironment' in '"), "\(refused)")
    #expect(try world.migrate("trust", "--yes").code == 0)
    let keys = ["AGENT_KEY", "OTHER_KEY", "THIRD", "DATABASE_KEY"]
    let run = try world.migrate(
      "run", adding: Dictionary(uniqueKeysWithValues: (keys + ["GIT_TRACE"]).map { ($0, "0") }))
    #expect(run.code == 0, "\(run)")
    #expect(run.err.contains("warning: the agent is to get 'UNSET_KEY', which is not set here"), "\(run)")
    for (who, its) in [
      ("agent", ["AGENT_KEY", "OTHER_KEY", "THIRD"]), ("codemod", []), ("setup", []), ("t", []),
      ("d", ["DATABASE_KEY"]),
    ] {
      let seen = try world.note(who)
      #expect(!seen.isEmpty && !seen.contains("GIT_TRACE"))
      #expect(keys.filter { seen.contains("\($0)=") } == its, "\(who)")
    }
  }

  @Test("whose keys a plan names is shown to who approves it")
  func shownKeys() throws {
    let world = try MigrationWorld()
    let plan = MigrationWorld.plan(
      "  - { id: A }", gate: "{ verifiers: [{ name: t, run: 'true', env: [DB] }] }",
      more: "agent: { command: work, env: [A_KEY] }")
    try Files.writeAtomically(world.repository.root + "/plan.md", Array(plan.utf8))
    let start = try world.migrate("start", world.repository.root + "/plan.md")
    #expect(start.out.contains("agent gets A_KEY\nverifier t gets DB\n"), "\(start)")
    #expect(try world.migrate("trust", "--revoke", "mig").code == 0)
    let trust = try world.migrate("trust", "--yes")
    #expect(trust.out.contains("  agent, which gets A_KEY:\n    work\n"), "\(trust)")
    #expect(trust.out.contains("  verifier t, which gets DB:\n"), "\(trust)")
    let doctor = try world.migrate("doctor")
    #expect(doctor.description.contains("the verifier t is to get 'DB', which is not set here"), "\(doctor)")
  }

  @Test("that changes nothing and says nothing has failed: success needs evidence")
  func noEvidence() throws {
    let world = try world(agent: "true")
    let run = try world.migrate("run")
    #expect(run.code == 1, "\(run)")
    #expect(run.out.contains("the agent changed nothing and did not say that nothing was to be done"))
    #expect(try world.states() == ["A": "blocked"])
    #expect(try world.merged() == [])
  }

  @Test("may say that nothing was to be done")
  func declaresNoOp() throws {
    let world = try world(
      agent: #"printf '{"result":"no-op","reason":"done before"}' > "$MIGRATE_RESULT_FILE""#)
    #expect(try world.migrate("run").code == 0)
    #expect(try world.states() == ["A": "merged"])
    #expect(try world.members("commit") == [:])
  }

  @Test("that says it failed has failed, whatever its exit code and its changes; these are kept")
  func saysThatItFailed() throws {
    let world = try world(
      agent: #"echo half > half; printf '{"result":"failed","reason":"too hard"}' > "$MIGRATE_RESULT_FILE""#)
    #expect(try world.migrate("run").code == 1)
    #expect(try world.states() == ["A": "blocked"])
    #expect(try world.members("reason")["A"]?.contains("too hard") == true)
    #expect(try world.file("half", at: "refs/migrate/attempt/mig/A/1") == "half")
    #expect(try world.merged() == [])
  }

  @Test("that commits by itself is welcome, and its commits count as files")
  func commits() throws {
    let world = try world(
      agent: "echo x > x; git add x; git -c user.name=N -c user.email=e commit -qm mine; echo y > y")
    let run = try world.migrate("run")
    #expect(run.code == 0, "\(run)")
    #expect(try world.file("x") == "x")
    #expect(try world.file("y") == "y")
    #expect(try world.merged() == ["The title"])
  }

  @Test("finds out why the last attempt failed, from the gate as well")
  func hearsOfTheGate() throws {
    let world = try MigrationWorld()
    try world.start(
      "  - { id: A }",
      gate: "{ verifiers: [{ name: t, kind: build, "
        + "run: 'test ! -e bad || { echo bad:1:1: error: not like this; exit 1; }' }] }",
      more: "agent: { command: 'cat > \"$HOME/input\"; "
        + "if [ $MIGRATE_ATTEMPT = 1 ]; then echo x > bad; else echo x > good; fi' }")
    let run = try world.migrate("run")
    #expect(run.code == 0, "\(run)")
    #expect(try world.note("input").contains("not like this"))
    #expect(try world.repository.git("ls-tree", "--name-only", "migrate/mig") == "a.txt\ngood")
    #expect(try world.file("bad", at: "refs/migrate/attempt/mig/A/1") == "x")
  }

  @Test("that changes the index or leaves a lock on it does not confuse the harvest")
  func messesUpItsIndex() throws {
    let world = try world(
      agent: "echo x > x; git rm -q --cached a.txt; touch \"$(git rev-parse --git-path index.lock)\"",
      steps: "  - { id: A }\n  - { id: B, needs: [A], run: 'echo y > y' }")
    let run = try world.migrate("run", "--jobs", "1")
    #expect(run.code == 0, "\(run)")
    #expect(try world.states() == ["A": "merged", "B": "merged"], "B uses the same slot")
    #expect(try world.file("a.txt") == "a", "\(run)")
    #expect(try world.file("x") == "x", "\(run)")
  }
}
