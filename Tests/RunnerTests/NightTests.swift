import Glibc
import Migration
import Processes
import Support
import Testing

/// A night in miniature: forty steps, two agents, four workers, and all that happens in a night. Scripts stand
/// in for the agents and print what real ones print; they keep a book of what they have served.
@Suite("A night")
struct NightTests {
  /// What both agents have in common: `turn` serves one answer of a model, `once WHAT` is true the first time.
  private static let common = #"""
    #!/bin/sh
    once() { mkdir "$HOME/once-$MIGRATE_STEP-$1" 2>/dev/null; }
    served() { echo 1 >> "$HOME/turns"; echo $(($(cat "$HOME/of-$session" 2>/dev/null || echo 0) + 1)) > "$HOME/of-$session"; }
    work() { echo "$MIGRATE_STEP" > "file-$MIGRATE_STEP"; }
    # Before a run is killed nobody new begins, and who prints may end: the books are to be exact.
    while [ -e "$HOME/hold" ]; do sleep 0.1; done
    touch "$HOME/busy-$MIGRATE_STEP"
    trap 'rm -f "$HOME/busy-$MIGRATE_STEP"' EXIT
    idle() { rm -f "$HOME/busy-$MIGRATE_STEP"; sleep 1000; }
    kill_run() {
      touch "$HOME/hold"; rm -f "$HOME/busy-$MIGRATE_STEP"
      while ls "$HOME"/busy-* > /dev/null 2>&1; do sleep 0.1; done
      touch "$HOME/kill"; sleep 1000
    }
    session=$MIGRATE_STEP-$MIGRATE_EPOCH
    previous=
    for word in "$@"; do
      case $previous in --resume) session=$word ;; --json) [ "$word" != - ] && session=$word ;; esac
      previous=$word
    done
    number=${MIGRATE_STEP#S}

    """#

  private static let claude =
    common + #"""
      turn() {
        echo '{"type":"assistant","session_id":"'$session'","message":{"id":"m'$(date +%N)'","model":"stub","content":[{"type":"text","text":"x"}],"usage":{"input_tokens":10,"output_tokens":5}}}'
        served
      }
      result() {
        turns=$(cat "$HOME/of-$session")
        echo '{"type":"result","subtype":"'$1'","is_error":'$2',"session_id":"'$session'","num_turns":'$turns',"result":"'$3'","terminal_reason":"'$4'","total_cost_usd":0.'$((1000 + turns))',"modelUsage":{"stub":{"inputTokens":'$((turns * 10))',"outputTokens":'$((turns * 5))'}}'$5'}'
        echo 0$((1000 + turns)) > "$HOME/cost-$session"
      }
      done_() { result success false 'all is done' completed; }
      echo '{"type":"system","subtype":"init","session_id":"'$session'","model":"stub","claude_code_version":"9"}'
      case $number in
        3) if once limit; then
            echo '{"type":"rate_limit_event","session_id":"'$session'","rate_limit_info":{"status":"rejected","resetsAt":'$(($(date +%s) + 4))',"rateLimitType":"five_hour"}}'
            echo '{"type":"result","subtype":"success","is_error":true,"session_id":"'$session'","api_error":"usage_limit_reached","terminal_reason":"api_error","num_turns":1,"result":"You have hit your 5-hour limit"}'
            exit 1
          fi ;;
        5) if once cut; then
            turn; echo half > half-5
            result success true 'connection broke' api_error ',"api_error":"connection_failed"'; exit 1
          fi ;;
        7) if once hang; then turn; idle; fi ;;
        9) if once background; then turn; work; done_; idle; fi ;;
        11) if once denied; then
            turn
            result success false 'I could not' completed ',"permission_denials":[{"tool_name":"Bash","tool_input":{"command":"curl x"}}]'; exit 0
          fi ;;
        13) if once turns; then
            turn; turn; result error_max_turns true '' max_turns ',"errors":["Reached maximum number of turns (2)"]'; exit 1
          fi ;;
        15 | 25) if once kill; then turn; echo half > "half-$number"; kill_run; fi ;;
        17) turn; result success false 'x' completed ',"structured_output":{"result":"cannot","reason":"no such thing","notes":""}'; exit 0 ;;
        19) if once fails; then turn; echo wrong > wrong-19; done_; exit 0; fi ;;
      esac
      turn; work; rm -f wrong-*; turn; done_
      """#

  private static let codex =
    common + #"""
      turn() { echo '{"type":"item.completed","item":{"type":"agent_message","text":"x"}}'; served; }
      done_() {
        turns=$(cat "$HOME/of-$session")
        echo '{"type":"turn.completed","usage":{"input_tokens":'$((turns * 10))',"cached_input_tokens":0,"output_tokens":'$((turns * 5))'}}'
      }
      echo '{"type":"thread.started","thread_id":"'$session'"}'
      case $number in
        4) if once limit; then
            echo '{"type":"turn.failed","error":{"message":"exceeded retry limit, last status: 429 Too Many Requests"}}'; exit 1
          fi ;;
        8) if once cut; then
            turn; echo '{"type":"turn.failed","error":{"message":"stream disconnected before completion: x"}}'; exit 1
          fi ;;
      esac
      turn; work; done_
      """#

  @Test(
    "in which services refuse and break, agents hang, and the run is killed twice, ends with all that can be")
  func night() throws {
    let world = try MigrationWorld()
    try Files.makeDirectories(world.repository.root + "/bin")
    for (name, text) in [("claude", Self.claude), ("codex", Self.codex)] {
      try Files.writeAtomically(world.repository.root + "/bin/\(name)", Array(text.utf8), mode: 0o755)
    }
    let steps = (1...40).map { "  - { id: S\($0), agent: \($0 % 2 == 1 ? "coder" : "writer") }" }
      .joined(separator: "\n")
    try world.start(
      steps, gate: "{ verifiers: [{ name: t, kind: lint, run: '! ls wrong-* 2>/dev/null' }] }",
      more: """
        agents:
          coder: { adapter: claude, silence: 5s, max_turns: 50 }
          writer: { adapter: codex, silence: 60s }
        backoff: 0s
        stop: none
        budget: { turns: 10000 }
        """)
    let path = "PATH=\(world.repository.root)/bin:\(world.repository.environment["PATH"] ?? "")"
    func begin() throws -> BackgroundRun {
      try BackgroundRun(
        world.repository, "env", [path, TestBinary.path, "run", "--jobs", "4"], in: world.repository.path)
    }
    for kill in 1...2 {
      let run = try begin()
      let isHeld = eventually(within: 200) { Files.exists(world.home("kill")) || !run.isRunning }
      #expect(isHeld && run.isRunning, "kill \(kill): \(run.output)")
      run.send(SIGKILL)
      _ = try run.wait()
      for file in ["kill", "hold"] { try Files.removeFile(world.home(file)) }
    }
    let last = try begin().wait()
    #expect(last.code == 1, "one step cannot be done: \(last)")
    let states = try world.states()
    #expect(states.filter { $0.value != "merged" } == ["S17": "blocked"], "\(last)")
    #expect(try world.complaints() == "")
    #expect(try world.survivors() == [])
    try checkBooks(world)
  }

  /// What the ledger counts is what was served, turn by turn, and every cent that was told.
  private func checkBooks(_ world: MigrationWorld) throws {
    let served = try world.note("turns").split(separator: "\n").count
    let names = try Files.listDirectory(world.home("")).filter { $0.hasPrefix("cost-") }
    let told = try names.reduce(0) { $0 + (Int(try world.note($1).filter(\.isNumber)) ?? 0) * 100 }
    let entries = try world.migrate("ledger", "cat").out.split(separator: "\n").compactMap { line in
      try line.firstIndex(of: "{").map { try JSON.parse(String(line[$0...])) }
    }
    func sum(_ key: String) -> Int {
      entries.reduce(0) { sum, entry in
        if case .integer(let number)? = entry[key] { sum + Int(number) } else { sum }
      }
    }
    #expect(sum("turns") == served)
    #expect(sum("cost") == told)
    let status = try JSON.parse(try world.migrate("status", "--json").out)
    guard case .array(let migrations)? = status["migrations"], let used = migrations.first?["used"] else {
      throw TestFailure("status tells nothing of what was used")
    }
    #expect(used["turns"] == .integer(Int64(served)) && used["cost"] == .integer(Int64(told)))
    let kinds = Set(
      entries.compactMap { entry in
        if case .string(let kind)? = entry["kind"] { kind } else { nil }
      })
    for kind in ["agent.rests", "agent.woke", "lease.expired", "attempt.failed"] {
      #expect(kinds.contains(kind) || kind == "agent.woke", "\(kind)")
    }
  }
}
