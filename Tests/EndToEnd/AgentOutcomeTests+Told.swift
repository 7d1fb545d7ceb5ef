import Migration
import Support
import System
import Testing

/// What stays of the end of an agent, and who can see to it.
extension AgentOutcomeTests {
  @Test("and the prompt are kept as words, without secrets, and shown; a plan may demand headings")
  func keptWords() throws {
    let token = "ghp_" + String(repeating: "a1B2", count: 9)
    let world = try world(
      """
      cat > "$HOME/input"; echo x > x
      sed 's/I wrote a.txt./Files changed:\\\\n a.txt\\\\n## Tests added\\\\n none, \(token)/' \
        $STREAMS/claude-done.jsonl
      """, more: "closing: [Files changed, Tests added]")
    let run = try run(world)
    #expect(run.code == 0, "\(run)")
    let ref = "refs/migrate/words/mig/A/1"
    let prompt = try world.repository.git("show", "\(ref):prompt.md")
    #expect(prompt.contains("## Tests added"))
    #expect(try world.note("input").hasPrefix(prompt))
    let closing = try world.repository.git("show", "\(ref):closing.md")
    #expect(closing.contains("Files changed") && !closing.contains(token), "\(closing)")
    #expect(try world.migrate("show", "A").out.contains("closing words:"))
    #expect(try world.complaints() == "")
    let other = try self.world(
      "echo x > x; cat $STREAMS/claude-done.jsonl", more: "closing: [Tests added]")
    #expect(try self.run(other).code == 1)
    #expect(try other.members("reason")["A"]?.contains("no heading 'Tests added'") == true)
  }

  @Test("and the prompt come to another clone that is asked for them; without the server it says so")
  func wordsElsewhere() throws {
    let world = try world("echo x > x; cat $STREAMS/claude-done.jsonl")
    let hub = world.repository.root + "/hub.git"
    try world.repository.git("init", "--quiet", "--bare", "--initial-branch=main", hub)
    try world.repository.git("remote", "add", "origin", hub)
    try world.repository.git("push", "--quiet", "origin", "main")
    #expect(try world.migrate("init", "--remote", "origin").code == 0)
    #expect(try run(world).code == 0)
    let other = world.repository.root + "/other"
    try world.repository.git("clone", "--quiet", hub, other)
    #expect(try world.migrate("init", "--remote", "origin", in: other).code == 0)
    try Files.move(hub, to: hub + ".away")
    let alone = try world.migrate("show", "A", in: other)
    #expect(alone.code == 0 && !alone.out.contains("closing words:"), "\(alone)")
    #expect(alone.err.contains("warning: the words of its attempts are not here: "), "\(alone)")
    try Files.move(hub + ".away", to: hub)
    let show = try world.migrate("show", "A", in: other)
    #expect(show.out.contains("closing words:") && show.err == "", "\(show)")
  }

  @Test("that made a branch, or checked another one out in the main worktree, is told so")
  func elsewhere() throws {
    let world = try world(
      "git branch mine; git -C \"$HOME/repo\" checkout -q -b other; echo x > x; "
        + "cat $STREAMS/claude-done.jsonl")
    _ = try world.repository.run("ln", ["-s", world.repository.path, world.home("repo")])
    let run = try run(world)
    #expect(run.code == 0, "\(run)")
    let show = try world.migrate("show", "A").out
    #expect(show.contains("another branch was checked out in the main worktree: 'other'"), "\(show)")
    #expect(show.contains("branches were made: 'mine', 'other'"), "\(show)")
  }

  @Test("that rests is woken by hand, under its name or its service's; who does not rest is not")
  func wokenByHand() throws {
    let world = try world(
      "first limited && { cat $STREAMS/claude-limit.jsonl; exit 1; }; echo x > x; "
        + "cat $STREAMS/claude-done.jsonl")
    let asleep = try world.migrate("resume", "--agent", "claude")
    #expect(asleep.code == 1 && asleep.err.contains("'claude' does not rest"), "\(asleep)")
    let unknown = try world.migrate("resume", "--agent", "cloud")
    #expect(unknown.code == 128 && unknown.err.contains("the plan has no agent 'cloud'"), "\(unknown)")
    #expect(unknown.err.contains("its agents are 'claude'"), "\(unknown)")
    let bin = "\(world.repository.root)/bin:\(world.repository.environment["PATH"] ?? "")"
    let run = try world.repository.run(
      "/bin/sh",
      [
        "-c",
        "git-migrate run & until git-migrate status | grep -q 'claude rests'; do sleep 0.1; done; "
          + "git-migrate resume --agent default; wait $!",
      ], adding: ["PATH": "\(Files.parent(of: TestBinary.path)):\(bin)"])
    #expect(run.code == 0, "\(run)")
    #expect(run.out.contains("claude woke"), "\(run)")
    #expect(try world.merged() == ["A"])
  }
}
