import CanonicalJSON
import Migration
import Support
import System
import Testing

/// What the owner of a migration does all day, with the built program and an agent that is a script.
@Suite("The daily loop")
struct DailyLoopRunTests {
  /// A world in which `claude` is a script that does what `agent` says.
  private func world(_ files: [String: String], agent: String) throws -> MigrationWorld {
    let world = try MigrationWorld(files: files)
    let fixture = Files.parent(of: #filePath) + "/Fixtures/stub-claude.sh"
    try Files.makeDirectories(world.repository.root + "/bin")
    let text = "#!/bin/sh\n. '\(fixture)'\n"
    try Files.writeAtomically(world.repository.root + "/bin/claude", Array(text.utf8), mode: 0o755)
    try Files.writeAtomically(world.home("agent.sh"), Array(agent.utf8))
    return world
  }

  private func migrate(_ world: MigrationWorld, _ arguments: String...) throws -> TestRun {
    let path = "\(world.repository.root)/bin:\(world.repository.environment["PATH"] ?? "")"
    return try world.repository.run(TestBinary.path, arguments, adding: ["PATH": path])
  }

  /// The plan of forty steps, in a file; its gate wants brackets closed.
  private func lessonPlan(_ prompt: String, in world: MigrationWorld) throws -> String {
    let gate = """
      for f in src/*.txt; do
        if grep -q '($' $f; then echo "$f:3: error: '(' was never closed"; exit 1; fi
      done
      """
    try Files.writeAtomically(world.repository.root + "/gate.sh", Array(gate.utf8))
    let text = """
      ---
      migration: mig
      agent: { adapter: claude }
      attempts: 1
      backoff: 0s
      stop: { alike: 5, failed: none }
      gate:
        verifiers: [ { name: build, kind: build, run: "sh \(world.repository.root)/gate.sh" } ]
        train: 1
      steps:
        - for: { files: "src/*.txt" }
          id: "{{match.stem}}"
          paths: ["{{match.path}}"]
      ---
      \(prompt)
      Mend {{match.path}}
      """
    let file = world.repository.root + "/plan.md"
    try Files.writeAtomically(file, Array(text.utf8))
    return file
  }

  @Test("a bad prompt fails twelve alike, the line stops at five, one lesson and one amended prompt mend all")
  func lesson() throws {
    let names = (1...40).map { $0 < 10 ? "m0\($0)" : "m\($0)" }
    let files = Dictionary(uniqueKeysWithValues: names.map { ("src/\($0).txt", "use oldlog\n") })
    // The first twelve need what only a better prompt, or a lesson, says.
    let agent = """
      file=$(printf '%s' "$prompt" | sed -n 's/^Mend //p' | head -n 1)
      number=$(basename "$file" .txt | tr -d m)
      case "$prompt" in
        *'close the brackets'*) sed -i 's/oldlog/newlog()/' "$file" ;;
        *) end=')'
          if [ "$number" -le 12 ]; then end=; fi
          sed -i "s/oldlog/newlog($end/" "$file" ;;
      esac
      """
    let world = try world(files, agent: agent)
    let first = try world.repository.runMigrate("start", try lessonPlan("Do it.", in: world))
    #expect(first.code == 0, "\(first)")
    let sample = try migrate(world, "run", "--jobs", "1", "--only", "m01", "--only", "m02", "--only", "m30")
    #expect(sample.out.contains("mig: what was asked for is done; 39 steps left"), "\(sample)")
    var run = try migrate(world, "run", "--jobs", "1")
    #expect(run.code == 1)
    #expect(run.out.contains("5 steps in a row failed for one cause"), "\(run)")
    let failures = try JSON.parse(try world.migrate("failures", "--json").out)
    guard case .array(let causes)? = failures["causes"], let cause = causes.first else {
      throw TestFailure("no causes: \(failures)")
    }
    #expect(causes.count == 1)
    #expect(cause["id"] == .string("F1") && cause["likely_prompt"] == .bool(true))
    #expect(try world.migrate("show", "F1").out.contains("all below  src"))
    let added = try world.migrate("lesson", "add", "--failure", "F1", "close the brackets")
    #expect(added.out == "lesson L1 by tester: close the brackets\n")
    #expect(try world.migrate("resume").code == 0)
    let retried = try world.migrate("retry", "--failure", "F1", "--reason", "a lesson")
    #expect(retried.out.contains(" more retried by tester: a lesson\n"), "\(retried)")
    // Those that have not failed yet are told by the prompt.
    let amended = try world.repository.runMigrate(
      "amend", try lessonPlan("Do it, and close the brackets.", in: world))
    #expect(amended.code == 0, "\(amended)")
    // What was handed in when the line stopped is judged now, and has to be done again.
    run = try migrate(world, "run", "--jobs", "2")
    #expect(run.code == 1, "\(run)")
    #expect(try world.states().filter { $0.value != "merged" } == ["m08": "blocked"], "\(run)")
    #expect(try world.migrate("retry", "--failed").code == 0)
    run = try migrate(world, "run", "--jobs", "2")
    #expect(run.code == 0, "\(run)")
    #expect(try Set(world.states().values) == ["merged"])
    let compared = try world.migrate("compare", "1", "2")
    #expect(compared.out.contains("failed F1"), "\(compared)")
    #expect(compared.out.contains("passed"))
    #expect(try world.migrate("lesson").out.contains("passed before 0 of "))
    #expect(try world.complaints() == "")
  }

  @Test("the same three are tried again under another plan, from the same commits, and nothing is merged")
  func again() throws {
    let files = Dictionary(
      uniqueKeysWithValues: (1...9).map { ("src/p\($0 % 3)/m\($0).txt", "use oldlog\n") })
    let agent = """
      file=$(printf '%s' "$prompt" | sed -n 's/^Mend //p' | head -n 1)
      case "$prompt" in
        *well*) sed -i 's/oldlog/newlog/' "$file" ;;
        *) sed -i 's/oldlog/broken/' "$file" ;;
      esac
      """
    let world = try world(files, agent: agent)
    let steps = """
        - for: { files: 'src/**/*.txt' }
          id: '{{match.stem}}'
          prompt: "Do it WORD.\\nMend {{match.path}}\\n"
      """
    let gate = "{ verifiers: [{ name: t, kind: lint, run: '! grep -rq broken src' }] }"
    let more = "agent: { adapter: claude }\nstop: none"
    try world.start(steps.replacing("WORD", with: "badly"), gate: gate, more: more)
    let sample = try migrate(world, "run", "--sample", "3", "--seed", "7")
    #expect(sample.out.contains("mig: 3 of 9: 0 merged, 3 failed in 1 cause, $0.50 and "), "\(sample)")
    let drawn = try world.states().filter { $0.value == "blocked" }.keys.sorted()
    #expect(drawn.count == 3)
    try world.amend(steps.replacing("WORD", with: "well"), gate: gate, more: more)
    let before = (try world.states(), try world.repository.git("rev-parse", "migrate/mig"))
    let again = try migrate(world, "run", "--sample", "3", "--again")
    #expect(again.code == 0, "\(again)")
    #expect(again.out.contains("0/3 passed, $0.25 a step"), "\(again)")
    #expect(again.out.contains("3/3 passed, $0.25 a step"), "\(again)")
    let after = (try world.states(), try world.repository.git("rev-parse", "migrate/mig"))
    #expect(before == after, "a trial has changed something")
    let refs = try world.repository.git("for-each-ref", "--format=%(refname)", "refs/migrate/trial/")
    #expect(refs.split(separator: "\n").count == 3)
    let diff = try world.migrate("diff", drawn[0], "--plan", "1..2")
    #expect(diff.out.contains("-use broken") && diff.out.contains("+use newlog"), "\(diff)")
    // Nobody is there to be asked.
    let rest = try migrate(world, "run")
    #expect(
      rest.code == 1 && rest.out.contains("6 steps left, by 3 steps of the sample: about $3.00"), "\(rest)")
    #expect(try world.migrate("retry", "--prompt-changed").code == 0)
    #expect(try migrate(world, "run", "--yes").code == 0)
    #expect(try Set(world.states().values) == ["merged"])
    #expect(try world.complaints() == "")
  }

  @Test("done means that nothing is left: finish refuses, and what the base brings becomes steps")
  func until() throws {
    let world = try MigrationWorld(files: ["src/a.txt": "oldlog\n", "src/b.txt": "oldlog\n"])
    let steps = """
        - for: { lines: "git grep -l oldlog -- src" }
          id: "{{match.line}}"
          run: "sed -i s/oldlog/newlog/ {{match.line}}"
      """
    try world.start(steps, more: "until: { count: \"git grep -o oldlog -- src | wc -l\" }")
    let dry = try world.migrate("run", "--dry-run")
    #expect(dry.out.contains("steps     2: src-a.txt, src-b.txt"), "\(dry)")
    let run = try world.migrate("run")
    #expect(
      run.code == 0 && run.out.contains("mig: 2 uses left") && run.out.contains("0 uses left (2 before)"),
      "\(run)")
    try world.repository.write("src/c.txt", "oldlog\n")
    try world.repository.git("add", ".")
    try world.repository.git("commit", "--quiet", "--message=more")
    let refresh = try world.migrate("refresh")
    #expect(refresh.err.contains("'main' brought 1 use"), "\(refresh)")
    #expect(refresh.err.contains("1 new step: src-c.txt"), "\(refresh)")
    #expect(try world.migrate("skip", "src-c.txt", "--reason", "later").code == 0)
    let finish = try world.migrate("finish")
    #expect(finish.code == 1 && finish.err.contains("1 use left of what 'mig' migrates away"), "\(finish)")
    try world.repository.write("src/d.txt", "oldlog\n")
    try world.repository.git("add", ".")
    try world.repository.git("commit", "--quiet", "--message=more")
    #expect(try world.migrate("refresh").code == 0)
    #expect(try world.migrate("amend", "--expand").out == "mig: nothing new\n")
    #expect(try world.migrate("run").code == 0)
    #expect(try world.states()["src-d.txt"] == "merged")
    #expect(try world.migrate("finish", "--partial").code == 0)
    #expect(try world.complaints() == "")
  }

  static let inputs: [(name: String, files: [String: String], id: String)] = [
    (
      "workflow",
      [
        "port.md": """
        ---
        tracker: { kind: github, status_field: Status, verdict_map: { DONE: Closed, FAILED: Open } }
        agent: { max_concurrent_agents: 2, max_turns: 9 }
        ---
        You work on {{ issue.id }}: {{ issue.title }}.

        1. Change what it asks for.
        2. Write DONE or FAILED into .verdict.
        """
      ], "issue-1"
    ),
    (
      "jobs",
      [
        "inbox/one.md": """
        ---
        engine: claude
        lock: core
        timeout: 1h
        verify: test -f a.txt
        ---
        ROLE: builder. Write the reader.

        FINAL OUTPUT:
        ### Files changed
        """,
        "inbox/two.md": """
        ---
        engine: claude
        deps: [one.md]
        verify: test -f a.txt
        ---
        ROLE: builder. Write the writer.
        """,
      ], "two"
    ),
    (
      "steps",
      [
        "port-implementation-steps.md": """
        # port: steps

        S1 → S2 ; S2 → S3

        ### S1 — Lay the ground
        ```
        Make a place.
        ```
        **Verify:** `test -f a.txt`

        ### S2 — Move it **[C]**
        ```
        Move it.
        ```
        **Verify:** `test -f a.txt`

        ### S3 — Clear up
        **Depends on:** S2
        ```
        Clear up.
        ```
        **Verify:** `test -f a.txt && test -f cleared.txt`
        """,
        "port-progress.md": """
        | Step | Title | Status | Attempts | Branch | Commit SHA | Note |
        |---|---|---|---|---|---|---|
        | S1 | Lay the ground | passed | 1 | | abc | |
        """,
      ], "S3"
    ),
  ]

  @Test("what other tools' users bring is imported and runs to its end", arguments: inputs.map(\.name))
  func importing(_ name: String) throws {
    guard let input = Self.inputs.first(where: { $0.name == name }) else { throw TestFailure(name) }
    let agent = """
      echo done >> "work-$$.txt"
      case "$prompt" in *'Clear up.'*) echo yes > cleared.txt ;; esac
      closing='### Files changed\\nwork'
      """
    let world = try world([:], agent: agent)
    let folder = world.repository.root + "/brought"
    for (path, text) in input.files {
      try Files.makeDirectories(Files.parent(of: folder + "/" + path))
      try Files.writeAtomically(folder + "/" + path, Array(text.utf8))
    }
    let plan = world.repository.root + "/imported.md"
    let imported = try world.migrate("import", "-o", plan, folder)
    #expect(imported.code == 0 && imported.out == "" && imported.err.contains("kept: "), "\(imported)")
    let again = try world.migrate("import", "-o", plan, folder)
    #expect(again.code == 128 && again.err.contains("it is there already"), "\(again)")
    #expect(try migrate(world, "check", plan).code == 0)
    #expect(try migrate(world, "start", plan).code == 0)
    let run = try migrate(world, "run", "--jobs", "2")
    #expect(run.code == 0, "\(run)")
    let states = try world.states()
    #expect(states[input.id] == "merged", "\(states)")
    #expect(states.values.allSatisfy { ["merged", "skipped"].contains($0) })
    #expect(try world.migrate("finish").code == 0)
    for file in input.files.keys where file.hasSuffix("steps.md") || file == "port.md" {
      let check = try world.migrate("check", folder + "/" + file)
      #expect(check.code == 128 && check.err.contains("'git migrate import "), "\(check)")
    }
  }

  @Test("every example runs", arguments: ["codemod", "agent", "layers", "uses", "night", "people"])
  func example(_ name: String) throws {
    let agent = """
      for file in src/*.py; do case "$prompt" in *"$file"*) sed -i 's/oldlog/newlog/g' "$file" ;; esac; done
      case "$prompt" in *'Drop what is left'*) echo x > dropped.txt ;; esac
      """
    let world = try world(
      ["src/cart.py": "import oldlog\n", "src/mail.py": "import oldlog\n"], agent: agent)
    let plan = world.repository.root + "/example.md"
    #expect(try world.migrate("new", "--example", name, "-o", plan).code == 0)
    #expect(try migrate(world, "start", plan).code == 0)
    let run = try migrate(world, "run")
    if name == "people" {
      #expect(run.code == 1 && run.out.contains("the plan has no agent"), "\(run)")
      return
    }
    #expect(run.code == 0, "\(run)")
    #expect(try Set(world.states().values) == ["merged"])
    #expect(try migrate(world, "finish").code == 0)
  }
}
