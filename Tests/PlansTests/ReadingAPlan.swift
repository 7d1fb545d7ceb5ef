import Migration
import Plans
import Testing

@Suite("Reading a plan")
struct ReadingAPlan {
  @Test("the example of the design says exactly what it says")
  func designExampleIsRead() throws {
    let source = FakeSource(files: ["src/b/__init__.py", "src/app.py", "src/a/__init__.py", "README.md"])
    let plan = try expand(designExample, source)
    let expected = Plan(
      migration: "new-logging", base: "main", into: "migrate/new-logging", attempts: 3, leaseSeconds: 1200,
      agent: Plan.Agent(
        command:
          "claude -p --output-format stream-json --verbose --permission-mode acceptEdits --max-turns 30",
        adapter: "claude", timeoutSeconds: 1800, maxConcurrent: 4, maxTurns: 30),
      resources: [Plan.Resource(name: "build", capacity: 1)],
      gate: Plan.Gate(
        verifiers: [
          Plan.Verifier(name: "lint", kind: .lint, run: "ruff check ."),
          Plan.Verifier(name: "test", run: "pytest -q", timeoutSeconds: 600, uses: "build"),
        ], guards: [.tests, .scope, .secrets]),
      steps: [
        PlannedStep(id: "S1", title: "Route logging through the facade", paths: ["src/log/**"]),
        PlannedStep(
          id: "S2", title: "Drop the old import", needs: ["S1"], run: "sed -i s/oldlog/newlog/ src/app.py"),
        package("a", index: 1), package("b", index: 2),
      ],
      prompt: """
        You are working on {{step.id}}: {{step.title}}.
        {{#attempt.failures}}The last attempt failed: {{.}}{{/attempt.failures}}

        """)
    #expect(plan == expected)
  }

  private func package(_ name: String, index: Int) -> PlannedStep {
    let path = "src/\(name)/__init__.py"
    return PlannedStep(
      id: "pkg-src-\(name)", title: "Move \(path)", needs: ["S2"],
      match: [
        "path": path, "dir": "src/\(name)", "name": "__init__.py", "stem": "__init__", "index": String(index),
      ])
  }

  @Test("only a name, a gate and steps are required, and the rest has the defaults of the core")
  func defaults() throws {
    let plan = try expand(plan("steps: [{ id: S1 }]"))
    #expect(plan == Plan(migration: "m", steps: [PlannedStep(id: "S1")]))
    #expect(plan.into == "migrate/m")
  }

  @Test("every key reaches the plan")
  func everyKey() throws {
    let text = """
      ---
      migration: everything
      base: release/1.0
      into: main
      agent: { command: "./agent --fast", timeout: 1h, max_concurrent: 2 }
      attempts: 5
      lease: 90s
      backoff: { initial: 1m, max: 1h }
      resources: { gpu: 2, build: 1 }
      worktree: { copy: [.env, local/settings], setup: npm ci, keep: true }
      gate: { verifiers: [{ name: t, run: make test }] }
      commit: { body: worker, trailers: [plan, agent] }
      refresh: { every: 1h }
      notify: ./tell
      steps:
        - { id: 1, lock: db, uses: [gpu, build], priority: -3, timeout: 2d, prompt: "{{step.id}}" }
        - { id: no, needs: 1, paths: src, uses: gpu, run: yes }
      ---
      """
    let plan = try expand(text)
    #expect(plan.base == "release/1.0")
    #expect(plan.into == "main")
    #expect(
      plan.agent == Plan.Agent(command: "./agent --fast", timeoutSeconds: 3600, maxConcurrent: 2))
    #expect(plan.attempts == 5)
    #expect(plan.leaseSeconds == 90)
    #expect(plan.backoff == Plan.Backoff(initialSeconds: 60, maximumSeconds: 3600))
    #expect(
      plan.resources == [Plan.Resource(name: "gpu", capacity: 2), Plan.Resource(name: "build", capacity: 1)])
    #expect(plan.worktree == Plan.Worktree(copy: [".env", "local/settings"], setup: "npm ci", keep: true))
    #expect(plan.commit == Plan.Commit(body: .worker, trailers: [.plan, .agent]))
    #expect(try Plan(json: plan.json).commit == plan.commit)
    #expect(plan.refreshSeconds == 3600)
    #expect(try Plan(json: plan.json).refreshSeconds == 3600)
    #expect(plan.notify == "./tell")
    // Words that YAML 1.1 takes for numbers or truth values stay the text they are.
    #expect(
      plan.steps == [
        PlannedStep(
          id: "1", prompt: "{{step.id}}", lock: "db", uses: ["gpu", "build"], priority: -3,
          timeoutSeconds: 172_800),
        PlannedStep(id: "no", needs: ["1"], paths: ["src"], uses: ["gpu"], run: "yes"),
      ])
    #expect(plan.prompt.isEmpty)
  }

  @Test("the gate says what stays in its worktree, what makes it usable and what may change files")
  func gateWorktree() throws {
    let text = """
      ---
      migration: m
      worktree: { setup: make deps }
      gate:
        verifiers:
          - { name: fix, kind: lint, run: ruff --fix ., mutates: allow }
          - { name: t, run: make test }
        keep: [node_modules, "**/target/", /out]
        setup: { run: npm ci, inputs: [package-lock.json, "web/*.lock"] }
      steps:
        - { id: S1, run: ./codemod, expect: change }
        - { for: { files: "src/*" }, id: "m-{{match.name}}", run: "sed {{match.path}}", expect: change }
        - { id: S2 }
      ---
      """
    let plan = try expand(text, FakeSource(files: ["src/a"]))
    #expect(plan.gate.verifiers.map(\.mutates) == [true, false])
    #expect(plan.gate.keep == ["node_modules", "**/target/", "/out"])
    #expect(
      plan.gate.setup == Plan.Gate.Setup(run: "npm ci", inputs: ["package-lock.json", "web/*.lock"]))
    // What makes a worker's worktree usable is another thing then.
    #expect(plan.worktree.setup == "make deps")
    #expect(plan.steps.map(\.id) == ["S1", "m-a", "S2"])
    #expect(plan.steps.map(\.expectsChange) == [true, true, false])
  }

  @Test("what is let pass, what is protected, and what a verifier or a step has of its own")
  func allowed() throws {
    let text = """
      ---
      migration: m
      protected: [".github/**", "schema/*.sql"]
      gate:
        known: allow
        falsify: true
        guards: [tests]
        verifiers: [{ name: t, run: make test, paths: ["src/**"], network: true }]
      steps:
        - { id: S1, allow: ["lost-test:tests/*", "secret:a.py"], guards: [scope, secrets], paths: [a.py] }
        - { for: { files: "src/*" }, id: "m-{{match.name}}", allow: "changed-expectation:*" }
        - { id: S2, guards: [] }
      ---
      """
    let plan = try expand(text, FakeSource(files: ["src/a"]))
    #expect(plan.gate.protected == [".github/**", "schema/*.sql"] && plan.gate.allowsKnown)
    #expect(plan.gate.verifiers.map(\.paths) == [["src/**"]])
    #expect(plan.gate.falsifies && plan.longestTrain == 1 && plan.gate.verifiers[0].network == true)
    #expect(
      plan.steps.map(\.allow) == [["lost-test:tests/*", "secret:a.py"], ["changed-expectation:*"], []])
    #expect(plan.steps.map(\.guards) == [[.scope, .secrets], nil, []])
    #expect(try Plan(json: plan.json) == plan)
  }

  @Test("a step's own verifiers, and those of the gate that it names")
  func ownVerifiers() throws {
    let text = """
      ---
      migration: m
      resources: { db: 1 }
      gate:
        verifiers:
          - { name: t, run: make test, network: off }
          - { name: slow, run: make slow, when: named, env: [TOKEN] }
      steps:
        - { id: S1, verifiers: [slow, { name: own, run: "test -e a", uses: db, network: on }] }
        - for: { files: "src/*" }
          id: "m-{{match.name}}"
          verifiers: [{ name: gone, run: "! cat {{match.path}}" }]
      ---
      """
    let plan = try expand(text, FakeSource(files: ["src/a b"]))
    #expect(plan.gate.verifiers.map(\.name) == ["t"] && plan.gate.verifiers[0].network == false)
    #expect(plan.steps[0].verifiers.map(\.name) == ["slow", "own"])
    #expect(plan.steps[0].verifiers.map(\.network) == [nil, true])
    #expect(plan.steps[1].verifiers.map(\.run) == ["! cat 'src/a b'"])
    #expect(plan.ownVerifiers.map(\.name) == ["slow", "own", "gone"])
    #expect(plan.fault() == nil)
    #expect(try Plan(json: plan.json) == plan)
  }

  @Test(
    "the set-up of the gate is the worktree's, unless it has its own",
    arguments: [
      ("worktree: { setup: npm ci }", "", Plan.Gate.Setup(run: "npm ci")),
      ("worktree: { setup: npm ci }", "setup: make deps", Plan.Gate.Setup(run: "make deps")),
      ("worktree: { setup: npm ci }", "setup: { run: make deps }", Plan.Gate.Setup(run: "make deps")),
      ("worktree: { keep: true }", "setup: make deps", Plan.Gate.Setup(run: "make deps")),
      ("worktree: { keep: true }", "", nil),
      (
        "worktree: { setup: npm ci }", "setup: { run: npm ci, inputs: a.lock }",
        Plan.Gate.Setup(run: "npm ci", inputs: ["a.lock"])
      ),
    ])
  func gateSetup(worktree: String, gate: String, expected: Plan.Gate.Setup?) throws {
    let plan = try expand(
      """
      ---
      migration: m
      \(worktree)
      gate:
        verifiers: [{ name: t, run: x }]
        \(gate)
      steps: [{ id: S1 }]
      ---
      """)
    #expect(plan.gate.setup == expected)
    #expect(plan.gate.keep == [])
  }

  @Test("a byte-order mark and CRLF line ends change nothing")
  func windowsFiles() throws {
    let crlf = "\u{FEFF}" + designExample.replacing("\n", with: "\r\n")
    let source = FakeSource(files: ["src/a/__init__.py"])
    #expect(try expand(crlf, source) == expand(designExample, source))
  }

  @Test("codex is known by name, and any adapter may have its own command")
  func adapters() throws {
    let codex = try expand(plan("agent: { adapter: codex }\nsteps: [{ id: S1 }]")).agent
    #expect(codex == Plan.Agent(command: "codex exec --json -s workspace-write -", adapter: "codex"))
    let own = try expand(plan("agent: { adapter: claude, command: my-claude }\nsteps: [{ id: S1 }]")).agent
    #expect(own == Plan.Agent(command: "my-claude", adapter: "claude"))
    let plain = try expand(plan("agent: { adapter: command, command: ./a }\nsteps: [{ id: S1 }]")).agent
    #expect(plain == Plan.Agent(command: "./a"))
  }

  @Test(
    "a duration is digits with a unit, or plain seconds",
    arguments: [
      ("90s", 90), ("20m", 1200), ("1h", 3600), ("2d", 172_800), ("45", 45), ("\"45\"", 45),
    ])
  func durations(text: String, seconds: Int) throws {
    #expect(try expand(plan("lease: \(text)\nsteps: [{ id: S1 }]")).leaseSeconds == seconds)
  }

  @Test("one duration for the back-off is the first pause")
  func shortBackoff() throws {
    #expect(
      try expand(plan("backoff: 0\nsteps: [{ id: S1 }]")).backoff
        == Plan.Backoff(initialSeconds: 0, maximumSeconds: 300))
    #expect(
      try expand(plan("backoff: 1h\nsteps: [{ id: S1 }]")).backoff
        == Plan.Backoff(initialSeconds: 3600, maximumSeconds: 3600))
  }
}
