import Migration
import Testing

@testable import Plans

@Suite("Files of other tools")
struct Importing {
  private func files(_ texts: [(String, String)]) -> [ForeignFile] {
    texts.compactMap { ForeignFile(path: $0.0, bytes: Array($0.1.utf8)) }
  }

  private func made(
    _ texts: [(String, String)], tracked: [String] = []
  ) throws -> (plan: Plan, imported: ImportedPlan) {
    let imported = try ImportedPlan.make(of: files(texts), tracked: tracked) { _ in "test:\n\techo\n" }
    let file = try PlanFile.parse(Array(imported.text.utf8), path: "plan.md")
    return (try file.expand(using: Nothing()), imported)
  }

  private struct Nothing: ExpansionSource {
    func trackedFiles() -> [String]? { [] }
    func text(of path: String) -> String? { nil }
    func lines(of command: String) -> [String]? { [] }
  }

  static let workflow = """
    ---
    tracker:
      kind: github
      status_field: Status
      active_states: [Open, Doing]
      terminal_states: [Closed]
      verdict_map: { DONE: Closed, FAILED: Open }
    polling: { interval_ms: 5000 }
    hooks:
      after_create: |
        npm ci
      after_run: ./tell
    agent:
      max_concurrent_agents: 2
      max_turns: 15
      max_retry_backoff_ms: 120000
    ---
    Ticket {{ issue.id }} says: {{ issue.title | upcase }}. Labels: {{ issue.labels }}.

    1. Plan first.
    2. Then write DONE or FAILED into .verdict
    """

  @Test("a board's workflow keeps its limits, its hooks and its prompt, and gets a step")
  func workflow() throws {
    let (plan, imported) = try made([("docs/Port Things.md", Importing.workflow)])
    #expect(plan.migration == "port-things")
    #expect(plan.agent?.adapter == "claude")
    #expect(plan.agent?.maxTurns == 15)
    #expect(plan.agent?.maxConcurrent == 2)
    #expect(plan.backoff.maximumSeconds == 120)
    #expect(plan.worktree.setup == "npm ci\n")
    #expect(plan.steps.map(\.id) == ["issue-1"])
    #expect(plan.gate.verifiers.isEmpty)
    #expect(plan.prompt.hasPrefix("Ticket {{step.id}} says: {{step.title}}. Labels: (issue.labels)."))
    #expect(plan.prompt.contains("2. Then write DONE or FAILED into .verdict"))
    let stage = try #require(plan.workflow?.stages.first)
    #expect(stage.name == "implement" && stage.writes)
    #expect(stage.on == [Workflow.Answer("DONE", .gate), Workflow.Answer("FAILED", .retry)])
    #expect(imported.text.contains("# - for: { lines: \"gh issue list"))
    for word in [
      "polling", "hooks.after_run", "tracker.status_field", "'issue.labels'", "issues of the board",
    ] {
      #expect(imported.lost.contains { $0.contains(word) }, "\(word) in \(imported.lost)")
    }
    #expect(imported.warnings.contains { $0.contains("names no engine") })
  }

  @Test(
    "the words of its board lead where its states do; without one for the gate the result file is asked for")
  func words() throws {
    func made(_ map: String) throws -> Plan {
      let text = Importing.workflow.replacing("{ DONE: Closed, FAILED: Open }", with: map)
      return try self.made([("w.md", text)]).0
    }
    let plan = try made("{ DONE: Closed, GIVEN_UP: Abandoned, AGAIN: Doing, UNSURE: Needs Human }")
    #expect(
      plan.workflow?.stages.first?.on == [
        Workflow.Answer("DONE", .gate), Workflow.Answer("GIVEN_UP", .block), Workflow.Answer("AGAIN", .retry),
        Workflow.Answer("UNSURE", .person),
      ])
    let other = try made("{ FAILED: Open }")
    #expect(other.workflow == nil)
    #expect(other.prompt.contains("2. Write {\"result\":\"done\"}"))
    #expect(!other.prompt.contains(".verdict"))
  }

  @Test("its gate is what the build files of the repository ask for")
  func foundGate() throws {
    let (plan, _) = try made([("w.md", Importing.workflow)], tracked: ["go.mod", "main.go"])
    #expect(plan.gate.verifiers.map(\.name) == ["go-vet", "go-test"])
  }

  static let job = """
    ---
    engine: claude
    cwd: /srv/x
    yolo: true
    lock: core
    timeout: 90m
    priority: high
    ---

    ROLE: builder. Write the reader of tables.

    DELIVERABLES
    - a reader

    VERIFY GATE (must pass):
    - make test
    - `make lint`

    FINAL OUTPUT:
    ### What changed
    ### Proof {{x}}
    """

  @Test("a job is a step with its lock, time, priority, checks and report")
  func job() throws {
    let (plan, imported) = try made([("inbox/reader.md", Importing.job)])
    #expect(plan.migration == "reader")
    let step = try #require(plan.steps.first)
    #expect((step.id, step.title, step.lock) == ("reader", "Write the reader of tables", "core"))
    #expect((step.timeoutSeconds, step.priority) == (5400, 20))
    #expect(plan.gate.verifiers.map(\.run) == ["make test", "make lint"])
    #expect(plan.gate.verifiers.map(\.kind) == [.test, .lint])
    #expect(plan.closing == ["What changed", "Proof {{x}}"])
    #expect(step.prompt?.contains("### Proof {{braces.open}}x}}") == true)
    #expect(imported.lost.contains { $0.hasPrefix("yolo") })
    #expect(imported.lost.contains { $0.hasPrefix("cwd") })
  }

  @Test("many jobs are many steps of one plan, with their engines and needs")
  func jobs() throws {
    let second =
      "---\nengine: devin\nverify: make test\ndeps: [reader.md, nothing]\n---\n# Write the writer\n"
    let (plan, imported) = try made([("q/inbox/reader.md", Importing.job), ("q/inbox/writer.md", second)])
    #expect(plan.migration == "q")
    let shipped = try made([("q/shipped/reader.md", Importing.job), ("q/inbox/writer.md", second)]).plan
    #expect(shipped.steps.map { $0.skip != nil } == [false, true])
    #expect(plan.steps.map(\.id) == ["reader", "writer"])
    #expect(plan.steps[1].needs == ["reader"])
    #expect(plan.steps.map(\.agent) == ["claude", "devin"])
    #expect(plan.gate.verifiers.map(\.run) == ["make test"])
    #expect(plan.steps.map { $0.verifiers.map(\.run) } == [["make lint"], []])
    #expect(plan.allAgents.map(\.command).contains("devin"))
    #expect(imported.lost.contains { $0.contains("'nothing'") })
    #expect(imported.warnings.contains { $0.contains("'devin' is started as a command") })
  }

  static let steps = """
    # port: steps

    S1 → {S2, S3} ; {S2,S3} → S4[DB]

    ### S1 — Lay the ground
    **Goal:** a place for it.
    **Depends on:** none
    ```prompt
    Make src/new.

        keep {{this}} indented
    ```
    **Verify:** `make test`

    ### S2 — Move one
    ```
    Move src/one.
    ```
    **Verify:** `make test`

    ### S3 — Move two
    **Depends on:** S1
    ```
    Move src/two.
    ```
    **Verify:** `make test`

    ### S4 — Take the old away **[DB]**
    ```
    Delete src/old.
    ```
    **Verify:** `make test && ! git grep -q old`
    """

  static let progress = """
    | Step | Title | Status | Attempts | Branch | Commit SHA | Note |
    |---|---|---|---|---|---|---|
    | S1 | Lay the ground | done | 1 | | abc | |
    | S2 | Move one | in_progress | 1 | | | |
    | S3 | Move two | passed | 2 | | | |
    | S4 | Take the old away | pending | 0 | | | HUMAN |
    """

  @Test("a folder of steps keeps needs, locks, prompts and what was done")
  func steps() throws {
    let (plan, imported) = try made([
      ("m/port-implementation-steps.md", Importing.steps), ("m/port-progress.md", Importing.progress),
      ("m/notes.md", "Notes.\n"),
    ])
    #expect(plan.migration == "port")
    #expect(plan.steps.map(\.needs) == [[], ["S1"], ["S1"], ["S2", "S3"]])
    #expect(plan.steps.map(\.lock) == [nil, nil, nil, "DB"])
    #expect(plan.steps.map { $0.skip != nil } == [true, false, true, false])
    #expect(plan.gate.verifiers.map(\.run) == ["make test"])
    #expect(
      plan.steps[0].prompt?.hasPrefix(
        "Goal: a place for it.\n\nMake src/new.\n\n    keep {{braces.open}}this}}") == true)
    #expect(plan.steps[3].prompt?.contains("\n\nThis must hold in the end:\n- ! git grep -q old") == true)
    #expect(plan.steps.map { $0.verifiers.map(\.run) } == [[], [], [], ["! git grep -q old"]])
    #expect(imported.kept.contains("the checks of 1 step alone → their verifiers"))
    #expect(imported.lost.contains { $0.contains("'HUMAN' of S4") })
    #expect(imported.lost.contains { $0.contains("m/notes.md") })
  }

  @Test("what is of several tools, or of none, is refused in words")
  func refused() {
    func fault(_ texts: [(String, String)]) -> String? {
      do throws(ImportFault) {
        _ = try ImportedPlan.make(of: files(texts), tracked: []) { _ in nil }
        return nil
      } catch { return error.message }
    }
    #expect(
      fault([("a.md", Importing.workflow), ("b.md", Importing.job)]) == "these are files of several tools")
    #expect(fault([("a.md", "# Hello\n")]) == "no file here is known")
    #expect(fault([("a.md", Importing.workflow), ("b.md", Importing.workflow)]) == "there are 2 workflows")
    #expect(fault([]) == "no file here is known")
  }

  @Test("a plan of ours is none of them")
  func ours() throws {
    let plan = "---\nmigration: a\ngate: none\nsteps: [{ id: S1 }]\n---\nengine: claude\n"
    #expect(try #require(files([("a.md", plan)]).first).kind == nil)
    for example in ExamplePlan.all { #expect(files([("a.md", example.text)]).first?.kind == nil) }
  }

  @Test("odd files never make a bad plan", arguments: 0..<200)
  func odd(_ seed: Int) throws {
    var state = UInt64(seed) &* 0x9E37_79B9_7F4A_7C15 | 1
    func next(_ bound: Int) -> Int {
      state ^= state << 13
      state ^= state >> 7
      state ^= state << 17
      return Int(state % UInt64(bound))
    }
    let base = [Importing.workflow, Importing.job, Importing.steps, Importing.progress][seed % 4]
    var text = Array(base.unicodeScalars)
    let odd: [Unicode.Scalar] = [
      "{", "}", "\"", "\\", "\n", ":", "#", "\u{202E}", "|", "`", "-", " ", "\t", "é", "'", "&",
    ]
    for _ in 0..<(1 + next(30)) {
      let place = next(text.count)
      switch next(3) {
      case 0: text[place] = odd[next(odd.count)]
      case 1: text.insert(odd[next(odd.count)], at: place)
      default: text.remove(at: place)
      }
    }
    var changed = ""
    changed.unicodeScalars.append(contentsOf: text)
    do throws(ImportFault) {
      let imported = try ImportedPlan.make(of: files([("x.md", changed)]), tracked: []) { _ in nil }
      do { _ = try PlanFile.parse(Array(imported.text.utf8), path: "plan.md") } catch {
        Issue.record("\(error)\n\(imported.text)")
      }
    } catch {}
  }
}

@Suite("New plans")
struct NewPlans {
  @Test(
    "what goes and what comes is read out of a sentence",
    arguments: [
      "oldlog → newlog", "oldlog -> newlog", "replace oldlog with newlog", "move from `oldlog` to 'newlog'.",
      "rename oldlog to newlog everywhere", "Move all of oldlog => newlog",
    ])
  func change(_ sentence: String) {
    #expect(NewPlan.Change(sentence).map { [$0.old, $0.new] } == ["oldlog", "newlog"])
  }

  @Test("a sentence that says neither makes one step")
  func plain() throws {
    #expect(NewPlan.Change("make it faster") == nil)
    let plan = NewPlan("Make it \"faster\": {{now}}", tracked: [], uses: []) { _ in nil }
    let file = try PlanFile.parse(Array(plan.text.utf8), path: "plan.md")
    #expect(file.settings.migration == "make-it-faster-now")
    #expect(plan.warnings.count == 1)
  }

  @Test("uses become steps, and what is left of them is counted")
  func uses() throws {
    let plan = NewPlan("oldlog → newlog", tracked: ["go.mod"], uses: ["a.go", "b.go"]) { _ in nil }
    let file = try PlanFile.parse(Array(plan.text.utf8), path: "plan.md")
    #expect(file.settings.migration == "oldlog-to-newlog")
    #expect(file.expansionCommands == ["git grep -I -l -w -F -e 'oldlog'"])
    #expect(file.settings.until?.count == "git grep -I -o -w -F -e 'oldlog' | wc -l")
    #expect(file.settings.gate.verifiers.map(\.name) == ["go-vet", "go-test"])
  }

  @Test("names that mean something to a shell or to YAML stay names")
  func odd() throws {
    let plan = NewPlan("a'b\"$(x) → c\\d", tracked: [], uses: ["f"]) { _ in nil }
    let file = try PlanFile.parse(Array(plan.text.utf8), path: "plan.md")
    #expect(file.expansionCommands == [#"git grep -I -l -w -F -e 'a'\''b"$(x)'"#])
  }

  @Test("every example is a good plan", arguments: ExamplePlan.all.map(\.name))
  func example(_ name: String) throws {
    let example = try #require(ExamplePlan.all.first { $0.name == name })
    let file = try PlanFile.parse(Array(example.text.utf8), path: "plan.md")
    #expect(file.settings.migration == name)
  }
}
