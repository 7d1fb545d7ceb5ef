import CanonicalJSON
import Migration
import Support
import System
import Testing

/// Work in stages, people in between, judges, and what is undone: with the built program and agents that are
/// scripts.
@Suite("Work in stages")
struct StageRunTests {
  /// A world whose agents are one script, by the stage that they are started for.
  private func world(_ agent: String, files: [String: String] = [:]) throws -> MigrationWorld {
    let world = try MigrationWorld(files: files)
    let text = """
      prompt=$(cat)
      say() { printf '{"result":"%s","notes":["%s"],"reason":"%s"}' "$1" "$2" "$3" > "$MIGRATE_RESULT_FILE"; }
      \(agent)
      """
    try Files.writeAtomically(world.home("agent.sh"), Array(text.utf8))
    return world
  }

  private static let agents = """
    agents:
      coder: { command: 'sh "$HOME/agent.sh"' }
      reviewer: { command: 'sh "$HOME/agent.sh" judge' }

    """

  private static let review =
    agents + """
      workflow:
        implement: { agent: coder, on: { DONE: review, FAILED: retry } }
        review:
          agent: reviewer
          writes: false
          prompt: "Review: {{attempt.diff}}"
          on: { APPROVE: gate, CHANGES: fix, UNSURE: person }
        fix:
          agent: coder
          resume: implement
          rounds: 2
          prompt: "Mend {{step.id}} (round {{stage.round}}, after {{stage.from}}: {{stage.verdict}})"
          on: { DONE: review, FAILED: retry }

      """

  private static let reviewAgent = """
    file="$MIGRATE_STEP.txt"
    case "$MIGRATE_STAGE" in
      implement) case "$MIGRATE_STEP" in odd) echo odd > "$file" ;; *) echo bad > "$file" ;; esac ;;
      review)
        echo scribble > scribble.txt
        case "$prompt" in
          *+bad*) say CHANGES 'it is bad' ;;
          *+good*) say APPROVE 'fine' ;;
          *) say UNSURE 'what is it' ;;
        esac
        case "$MIGRATE_STEP" in never) say CHANGES 'never good' ;; lost) say MAYBE '' ;; esac ;;
      fix) case "$prompt" in *'it is bad'*"ends with"*|*'it is bad'*) echo good > "$file" ;; esac ;;
    esac
    """

  @Test("worker, reviewer, fix: each stage goes on from the work so far, and is told what was said")
  func review() throws {
    let world = try world(Self.reviewAgent)
    try world.start("  - id: a\n  - id: b\n  - id: odd\n  - id: never\n  - id: lost", more: Self.review)
    let run = try world.migrate("run", "--jobs", "2")
    #expect(run.code == 1, "\(run)")
    let states = try world.states()
    #expect(
      states == ["a": "merged", "b": "merged", "odd": "person", "never": "person", "lost": "blocked"],
      "\(run)")
    #expect(try world.file("a.txt") == "good")
    #expect(try !world.repository.git("ls-tree", "--name-only", "migrate/mig").contains("scribble"))
    #expect(try world.count("stage review ended with CHANGES, then fix") >= 2)
    let reasons = try world.members("reason")
    #expect(reasons["odd"] == "waits for a person: 'review' ended with UNSURE: what is it", "\(reasons)")
    #expect(reasons["never"]?.contains("'fix' was done 2 times") == true, "\(reasons)")
    #expect(reasons["lost"]?.contains("it said 'MAYBE', which is no word of the stage 'review'") == true)
    let status = try world.migrate("status")
    #expect(status.out.contains("2 steps waiting for your word"), "\(status)")
    #expect(try world.migrate("approve", "odd").out.contains("odd approved by tester"))
    let reject = try world.migrate("reject", "never", "--reason", "start over")
    #expect(reject.code == 0, "\(reject)")
    #expect(try world.migrate("approve", "a").code == 1)
    #expect(try world.migrate("run").code == 1)
    #expect(try world.states()["odd"] == "merged")
    #expect(try world.states()["never"] == "person")
    #expect(try world.complaints() == "")
  }

  @Test("plan first, then implement; a word in .verdict is no part of the work")
  func planFirst() throws {
    let agent = """
      case "$MIGRATE_STAGE" in
        plan) say PLANNED 'write seven' ;;
        implement)
          case "$prompt" in *'- write seven'*) echo 7 > "$MIGRATE_STEP.txt" ;; esac
          echo done > .verdict ;;
      esac
      """
    let more =
      Self.agents + """
        workflow:
          plan: { agent: reviewer, writes: false, on: { PLANNED: implement } }
          implement: { agent: coder, prompt: "Do what was planned.", on: { DONE: gate } }

        """
    let world = try world(agent)
    try world.start("  - id: a", more: more)
    let run = try world.migrate("run")
    #expect(run.code == 0, "\(run)")
    #expect(try world.file("a.txt") == "7")
    #expect(try !world.repository.git("ls-tree", "--name-only", "migrate/mig").contains(".verdict"))
    #expect(try world.complaints() == "")
  }

  @Test("a codemod goes first, and an agent takes what it leaves, in what the codemod did")
  func codemodFirst() throws {
    let agent = """
      case "$prompt" in *+half*) : ;; *'no half'*|*) : ;; esac
      if grep -q half "$MIGRATE_STEP.txt" 2>/dev/null; then sed -i 's/half/whole/' "$MIGRATE_STEP.txt"; fi
      if grep -q wrong "$MIGRATE_STEP.txt" 2>/dev/null; then sed -i 's/wrong/right/' "$MIGRATE_STEP.txt"; fi
      case "$prompt" in *"+half"*|*"+wrong"*) echo told >> "$HOME/told" ;; esac
      """
    let world = try world(agent)
    let steps = """
        - { id: easy, run: "echo whole > easy.txt", prompt: "The rest: {{attempt.diff}}" }
        - { id: hard, run: "echo half > hard.txt; exit 3", prompt: "The rest: {{attempt.diff}}" }
        - { id: bad, run: "echo wrong > bad.txt", prompt: "The rest: {{attempt.diff}}" }
      """
    let gate = "{ verifiers: [{ name: t, kind: lint, run: '! grep -q wrong *.txt' }] }"
    let more = "attempts: 1\nagent: { command: 'sh \"$HOME/agent.sh\"' }"
    let text = MigrationWorld.plan(steps, gate: gate, more: more).replacing("attempts: 2\n", with: "")
    try Files.writeAtomically(world.repository.root + "/plan.md", Array(text.utf8))
    #expect(try world.repository.runMigrate("start", world.repository.root + "/plan.md").code == 0)
    let run = try world.migrate("run", "--jobs", "1")
    #expect(run.code == 0, "\(run)")
    #expect(try world.file("easy.txt") == "whole")
    #expect(try world.file("hard.txt") == "whole")
    #expect(try world.file("bad.txt") == "right")
    #expect(try world.note("told") == "told\ntold\n")
    #expect(try world.migrate("status").out.contains("1 by codemod, 2 by agent"))
    #expect(try world.complaints() == "")
  }

  @Test("a judge approves, rejects with reasons, asks a person, and its fault is no pass")
  func judge() throws {
    let agent = """
      if [ "$1" = judge ]; then
        case "$prompt" in *'mind the gap'*) echo judge >> "$HOME/learnt" ;; esac
        case "$prompt" in
          *+fine*) say approve '' '' ;;
          *+poor*) say reject '' 'it is poor' ;;
          *+odd*) say unsure '' 'what is it' ;;
          *+broken*) exit 3 ;;
          *+chatty*) say hmm '' '' ;;
        esac
      else
        words=$MIGRATE_STEP
        case "$prompt" in *'it is poor'*) words=fine ;; esac
        echo "$words" > "$MIGRATE_STEP.txt"
      fi
      """
    let gate = """
      { verifiers: [{ name: t, kind: lint, run: 'true' }],
        judge: { agent: reviewer, prompt: "Is {{step.id}} good? {{attempt.diff}}" } }
      """
    let world = try world(agent)
    let steps = ["fine", "poor", "odd", "broken", "chatty"].map { "  - { id: \($0), agent: coder }" }
    try world.start(steps.joined(separator: "\n"), gate: gate, more: Self.agents)
    #expect(try world.migrate("lesson", "add", "mind the gap").code == 0)
    let run = try world.migrate("run", "--jobs", "2")
    #expect(run.code == 1, "\(run)")
    #expect(try world.note("learnt").hasPrefix("judge\n"), "what others learnt is told to a judge, too")
    let states = try world.states()
    #expect(
      states == [
        "fine": "merged", "poor": "merged", "odd": "person", "broken": "blocked", "chatty": "blocked",
      ],
      "\(run)")
    #expect(try world.file("poor.txt") == "fine")
    let reasons = try world.members("reason")
    #expect(reasons["broken"]?.contains("the judge could not be asked") == true, "\(reasons)")
    #expect(reasons["chatty"]?.contains("it said 'hmm'") == true, "\(reasons)")
    #expect(
      try world.migrate("status").out.contains("judge: 2 of 4 approved, 1 rejected, 1 unsure"), "\(run)")
    #expect(try world.migrate("approve", "odd").code == 0)
    #expect(try world.migrate("run").code == 1)
    #expect(try world.states()["odd"] == "merged")
    #expect(try world.complaints() == "")
  }

  @Test("a judge that says no to a tree that others have passed is heard")
  func judgeOfKnownTree() throws {
    let world = try world(
      #"[ "$1" = judge ] && { say reject '' 'it is poor'; exit 0; }; echo same > same.txt"#)
    let gate = "verifiers: [{ name: t, kind: lint, run: 'true' }]"
    try world.start("  - { id: a, agent: coder }", gate: "{ \(gate) }", more: Self.agents)
    #expect(try world.migrate("run").code == 0)
    let judged = "{ \(gate), judge: { agent: reviewer, prompt: \"Good?\" } }"
    let text = MigrationWorld.plan("  - { id: a, agent: coder }", gate: judged, more: Self.agents)
      .replacing("migration: mig", with: "migration: other")
    let plan = world.repository.root + "/other.md"
    try Files.writeAtomically(plan, Array(text.utf8))
    #expect(try world.repository.runMigrate("start", plan).code == 0)
    let run = try world.migrate("run", "--migration", "other")
    #expect(run.code == 1 && run.out.contains("reviewer rejects it: it is poor"), "\(run)")
    let judgements = run.out.split(separator: "\n").count { $0.contains("gate") && $0.contains("started") }
    #expect(judgements == 2, "one for each attempt: \(run)")
    #expect(try world.complaints() == "")
  }

  @Test("a judge that is talked with by the Agent Client Protocol is told the change, and answers")
  func talkingJudge() throws {
    let judge = #"""
      tell() { printf '{"jsonrpc":"2.0",%s}\n' "$1"; }
      while IFS= read -r line; do
        id=$(printf '%s' "$line" | sed -n 's/.*"id":\([0-9]*\).*/\1/p')
        case "$line" in
          *'"initialize"'*) tell '"id":'$id',"result":{"protocolVersion":1}' ;;
          *'"session/new"'*) tell '"id":'$id',"result":{"sessionId":"s"}' ;;
          *'"session/prompt"'*)
            case "$line" in *+poor*) word=reject ;; *) word=approve ;; esac
            text='{\"result\":\"'$word'\",\"reason\":\"as I see it\"}'
            chunk='"sessionUpdate":"agent_message_chunk","content":{"type":"text","text":"'$text'"}'
            tell '"method":"session/update","params":{"sessionId":"s","update":{'"$chunk"'}}'
            tell '"id":'$id',"result":{"stopReason":"end_turn"}' ;;
        esac
      done
      """#
    let agents = """
      agents:
        coder: { command: 'sh "$HOME/agent.sh"' }
        reviewer: { adapter: acp, command: 'sh "$HOME/judge.sh"' }

      """
    let gate = """
      { verifiers: [{ name: t, kind: lint, run: 'true' }],
        judge: { agent: reviewer, prompt: "Good?" } }
      """
    let world = try world(#"echo "$MIGRATE_STEP" > "$MIGRATE_STEP.txt""#)
    try Files.writeAtomically(world.home("judge.sh"), Array(judge.utf8))
    try world.start(
      "  - { id: fine, agent: coder }\n  - { id: poor, agent: coder }", gate: gate, more: agents)
    let run = try world.migrate("run", "--jobs", "1")
    #expect(run.code == 1, "\(run)")
    #expect(try world.states() == ["fine": "merged", "poor": "blocked"], "\(run)")
    #expect(try world.members("reason")["poor"]?.contains("as I see it") == true)
    #expect(try world.complaints() == "")
  }

  @Test("undo reverts a step and what needs it, through the gate; retry does it again")
  func undo() throws {
    let world = try MigrationWorld()
    try world.start(
      """
        - { id: A, run: "echo a > a" }
        - { id: B, needs: [A], run: "cat a > b" }
        - { id: C, run: "echo c > c" }
      """)
    #expect(try world.migrate("run").code == 0)
    #expect(try world.migrate("undo", "nobody", "--reason", "x").code == 128)
    let undo = try world.migrate("undo", "A", "--reason", "it was wrong")
    #expect(undo.out == "undo-A added by tester to undo B, A\n", "\(undo)")
    let run = try world.migrate("run")
    #expect(run.code == 0, "\(run)")
    #expect(
      try world.states() == ["A": "undone", "B": "undone", "C": "merged", "undo-A": "merged"], "\(run)")
    #expect(try world.repository.git("ls-tree", "--name-only", "migrate/mig") == "a.txt\nc")
    #expect(try world.migrate("retry", "A", "B").code == 0)
    #expect(try world.migrate("run").code == 0)
    #expect(try world.states()["A.2"] == "merged" && world.states()["B.2"] == "merged")
    #expect(try world.file("b") == "a")
    #expect(try world.migrate("finish").code == 0)
    #expect(try world.complaints() == "")
  }

  @Test("what a worker proposes waits until a person has approved it")
  func proposals() throws {
    let agent = """
      echo x > "$MIGRATE_STEP.txt"
      if [ "$MIGRATE_STEP" = a ]; then
        printf '{"result":"done","propose":[%s,"Tidy up"]}' \\
          '{"id":"more","title":"Mend the parser, too","needs":["a"]}' > "$MIGRATE_RESULT_FILE"
      fi
      """
    let world = try world(agent)
    try world.start("  - id: a", more: "agent: { command: 'sh \"$HOME/agent.sh\"' }")
    let run = try world.migrate("run")
    #expect(run.code == 1, "\(run)")
    #expect(try world.states() == ["a": "merged", "more": "proposed", "more-tidy-up": "proposed"])
    #expect(try world.migrate("approve", "more").code == 0)
    #expect(try world.migrate("reject", "more-tidy-up", "--reason", "no").code == 0)
    #expect(try world.migrate("run").code == 0)
    #expect(try world.states() == ["a": "merged", "more": "merged", "more-tidy-up": "cancelled"])
    #expect(try world.complaints() == "")
  }

  @Test("check proves the map, and graph draws it")
  func check() throws {
    let world = try world("")
    let path = world.repository.root + "/plan.md"
    func check(_ more: String) throws -> TestRun {
      let text = MigrationWorld.plan("  - { id: a }", more: Self.agents + more)
      try Files.writeAtomically(path, Array(text.utf8))
      return try world.migrate("check", path)
    }
    let bad = try check(
      """
      workflow:
        implement: { agent: coder, on: { DONE: reviw } }
        review: { agent: reviewr, writes: false, prompt: x, on: { OK: gate, AGAIN: review } }
      """)
    #expect(bad.code == 128, "\(bad)")
    #expect(bad.err.contains("no agent is named 'reviewr'"), "\(bad)")
    let lost = try check(
      """
      workflow:
        implement: { agent: coder, on: { DONE: reviw } }
        review: { agent: reviewer, writes: false, prompt: x, on: { OK: gate, AGAIN: review } }
      """)
    #expect(lost.err.contains("the stage 'implement' leads to 'reviw', which is no stage"), "\(lost)")
    #expect(lost.err.contains("did you mean 'review'?"))
    let endless = try check(
      """
      workflow:
        implement: { agent: coder, on: { DONE: review } }
        review: { agent: reviewer, writes: false, prompt: x, on: { OK: gate, AGAIN: review } }
      """)
    #expect(endless.err.contains("is in a loop without an end"), "\(endless)")
    try world.start("  - { id: a }", more: Self.review)
    let graph = try world.migrate("graph", "--workflow")
    #expect(
      graph.out == """
        workflow
          implement  (by coder)
            DONE     → review
            FAILED   → retry
          review  (by reviewer, writes nothing)
            APPROVE  → gate
            CHANGES  → fix
            UNSURE   → person
          fix  (by coder, at most 2 times, goes on with implement)
            DONE     → review
            FAILED   → retry

        """, "\(graph)")
    #expect(try world.migrate("graph", "--workflow", "--mermaid").out.contains("-- CHANGES -->"))
    #expect(try world.migrate("graph", "--workflow", "--dot").out.contains("[label=\"UNSURE\"]"))
  }

  @Test("people and other programs take stages, too, and say their word when they hand in")
  func byHand() throws {
    let world = try world("")
    let more = """
      workflow:
        implement: { on: { DONE: review } }
        review: { writes: false, prompt: "Look.", on: { APPROVE: gate, CHANGES: implement }, rounds: 2 }

      """
    try world.start("  - id: a", more: more)
    #expect(try world.migrate("claim", "--worker", "ann").code == 0)
    try Files.writeAtomically(world.slot(1) + "/b.txt", Array("b\n".utf8))
    let plain = try world.migrate("submit", in: world.slot(1))
    #expect(plain.code != 0 && plain.err.contains("which ends with a word"), "\(plain)")
    let odd = try world.migrate("submit", "--verdict", "OK", in: world.slot(1))
    #expect(odd.code == 1 && odd.err.contains("its words are DONE"), "\(odd)")
    let done = try world.migrate("submit", "--verdict", "done", "--note", "look at b", in: world.slot(1))
    #expect(done.code == 0, "\(done)")
    let claim = try world.migrate("claim", "--worker", "bob", "--json")
    #expect(claim.code == 0, "\(claim)")
    let prompt = try JSON.parse(claim.out)["prompt_file"]
    guard case .string(let file)? = prompt else { throw TestFailure("\(claim)") }
    let text = String(decoding: try Files.readFile(file) ?? [], as: UTF8.self)
    #expect(text.contains("- look at b") && text.contains("APPROVE, CHANGES"), "\(text)")
    #expect(Files.exists(world.slot(1) + "/b.txt"))
    #expect(try world.migrate("submit", "--verdict", "APPROVE", in: world.slot(1)).code == 0)
    #expect(try world.states()["a"] == "submitted")
    #expect(try world.migrate("run").code == 0)
    #expect(try world.file("b.txt") == "b")
  }
}
