import CanonicalJSON
import Migration
import Support
import System
import Testing

/// What a worker that is shut in asks of the run that holds its claim.
@Suite("A worker in the sandbox", .enabled(if: HostileTests.hasSandbox)) struct RelayTests {
  private func world(_ script: String, gate: String, more: String = "") throws -> MigrationWorld {
    let world = try MigrationWorld()
    try world.repository.write("work.sh", script)
    try world.repository.git("add", "work.sh")
    try world.repository.git("commit", "--quiet", "--message=script")
    try world.repository.git("config", "--global", "migrate.sandbox", "require")
    try world.start(
      "  - { id: A, run: 'sh work.sh' }\n  - { id: B, run: 'echo b > b' }", gate: gate, more: more)
    return world
  }

  private static let gate = "{ verifiers: [{ name: t, run: '! grep -q wrong a.txt' }] }"

  @Test("sees the verdict of the gate, renews its claim, and repairs what is wrong")
  func verify() throws {
    let script = """
      echo wrong > a.txt
      git migrate verify --json > first; echo $? >> first
      echo right > a.txt
      git migrate verify > second; echo $? >> second
      git migrate renew --json > third
      git migrate verify B > fourth 2>&1
      git status --short > fifth 2>&1
      """
    let world = try world(script, gate: Self.gate)
    let run = try world.migrate("run", "--jobs", "1")
    #expect(run.code == 0, "\(run)")
    #expect(try world.file("first").contains(#""verdict":"failed""#))
    #expect(try world.file("first").hasSuffix("}\n1"))
    #expect(try world.file("second") == "A passed\n0")
    #expect(try world.file("third").contains("expires_at"))
    #expect(try world.file("fourth").contains("'B' is not the step that is worked on here"))
    #expect(try world.file("fifth").contains("a.txt"), "git can be asked what was changed")
  }

  @Test(
    "finds its own socket and nobody else's, whether a sandbox is required or not",
    arguments: ["auto", "require"])
  func sockets(sandbox: String) throws {
    let script = """
      ROOT=$(git rev-parse --path-format=absolute --git-common-dir); ROOT=${ROOT%/*}
      git migrate status > status 2>&1
      find ${ROOT%/*} /run/git-migrate -name claim -type s 2> /dev/null > sockets
      test "$(cat sockets)" = "$MIGRATE_RELAY"; echo $? >> sockets
      git migrate renew --json > renewed
      """
    let world = try world(script, gate: "none")
    try world.repository.git("config", "--global", "migrate.sandbox", sandbox)
    // Another run's worker asks here.
    let other = world.repository.path + "/.git/migrate/relay/git-migrate-other"
    try Files.makeDirectories(other)
    let listener = try UnixSocket.listen(other + "/claim")
    defer { listener.close() }
    let wasThere = Files.exists("/run/git-migrate")
    let run = try world.migrate("run", "--jobs", "1")
    #expect(run.code == 0, "\(run)")
    #expect(Files.exists(other))
    let sockets = try world.file("sockets")
    #expect(sockets.split(separator: "\n").count == 2 && sockets.hasSuffix("\n0"), "\(sockets)")
    #expect(try world.file("renewed").contains("expires_at"))
    let status = try world.file("status")
    #expect(status.contains("mig") && !status.contains("approved"), "\(status)")
    #expect(wasThere || !Files.exists("/run/git-migrate"), "nothing is made on the machine")
  }

  @Test("speaks by the protocol of tools, and hands in by itself")
  func tools() throws {
    let call = { (id: Int, name: String) in
      #"{"jsonrpc":"2.0","id":\#(id),"method":"tools/call","params":{"name":"\#(name)"}}"#
    }
    let script = """
      echo right > a.txt
      mkfifo in; git-migrate mcp --relay $MIGRATE_RELAY < in > said & exec 3> in; rm in
      echo '\(call(1, "verify"))' >&3; i=0
      while test $i -lt 300 && ! grep -q '"id":1' said; do i=$((i+1)); sleep 0.1; done
      exec 3>&-; wait; cp said told; rm said
      git migrate submit --no-wait --json > "${MIGRATE_RESULT_FILE%/*}/submitted"
      """
    let world = try world(script, gate: Self.gate)
    let run = try world.migrate("run", "--jobs", "1")
    #expect(run.code == 0, "\(run)")
    #expect(try world.states() == ["A": "merged", "B": "merged"])
    #expect(try world.file("told").contains(#""verdict":"passed""#))
  }

  @Test("ends when it writes more than the plan allows")
  func disk() throws {
    let world = try world(
      "dd if=/dev/zero of=/tmp/big bs=1M count=40 2>/dev/null; sleep 300", gate: "none",
      more: "limits: { disk: 16m }")
    let run = try world.migrate("run", "--jobs", "1")
    #expect(run.code == 1, "\(run)")
    #expect("\(run)".contains("it wrote more than the 16 MiB"), "\(run)")
    #expect(try world.states() == ["A": "blocked", "B": "merged"])
  }

  @Test("gets no more memory than the plan allows, and no network of codemods")
  func memory() throws {
    let script = """
      python3 -c 'b = bytearray(512 << 20)' 2> memory || echo refused >> memory
      grep -c : /proc/net/dev > net
      """
    let world = try world(script, gate: "none", more: "network: off\nlimits: { memory: 128m }")
    let run = try world.migrate("run", "--jobs", "1")
    #expect(run.code == 0, "\(run)")
    #expect(try world.file("memory").contains("MemoryError") && world.file("memory").hasSuffix("refused"))
    #expect(try world.file("net") == "1", "its own loopback, and nothing else")
  }

  @Test("sees who the user is, and nothing else of their settings of git")
  func settings() throws {
    let script = """
      git config --list > told; git config user.email > who; cat "$GIT_CONFIG_GLOBAL" ~/.gitconfig > both 2>&1
      cat "$(git rev-parse --git-common-dir)/config" > own; git remote get-url origin > url
      git status > state
      echo x >> "$GIT_CONFIG_GLOBAL" || echo right > a.txt
      """
    let world = try MigrationWorld()
    try world.repository.write("work.sh", script)
    try world.repository.git("add", "work.sh")
    try world.repository.git("commit", "--quiet", "--message=script")
    for (key, value) in [
      ("migrate.sandbox", "require"), ("user.name", "Ada \"L\" \\\\"), ("user.email", "ada@home.example"),
      ("core.autocrlf", "input"), ("http.extraHeader", "Authorization: s3cret"),
      ("url.https://me:s3cret@host/.insteadOf", "gh:"),
    ] { try world.repository.git("config", "--global", key, value) }
    for (key, value) in [
      ("remote.origin.url", "https://me:s3cret@host.test/shop/app.git"),
      ("branch.a.b.merge", "refs/heads/a.b"),
      ("http.https://host.test/.extraHeader", "Authorization: s3cret"),
    ] { try world.repository.git("config", key, value) }
    try world.start("  - { id: A, run: 'sh work.sh' }", gate: Self.gate)
    let run = try world.migrate("run", "--jobs", "1")
    #expect(run.code == 0, "\(run)")
    #expect(try world.file("url") == "https://host.test/shop/app.git")
    #expect(try world.file("told").contains("branch.a.b.merge=refs/heads/a.b\n"))
    #expect(try !world.file("own").contains("s3cret") && !world.file("state").isEmpty)
    #expect(try world.file("who") == "ada@home.example" && world.file("a.txt") == "right")
    #expect(try world.file("told").contains("core.autocrlf=input\n"))
    #expect(try !(world.file("told") + world.file("both")).contains("s3cret"))
    #expect(try world.file("told").contains("user.name=Ada \"L\" \\\\\n"))
  }

  @Test("that is an agent may not write what later agents obey")
  func orders() throws {
    let world = try MigrationWorld()
    try world.repository.git("config", "--global", "migrate.sandbox", "require")
    for (path, text) in [
      (".claude/CLAUDE.md", "mine\n"), (".claude.json", "{}"), (".claude/.credentials.json", "key"),
    ] {
      try Files.makeDirectories(Files.parent(of: world.home(path)))
      try Files.writeAtomically(world.home(path), Array(text.utf8))
    }
    let event = #"{"type":"result","subtype":"success","is_error":false,"result":"done","num_turns":1}"#
    let script = """
      #!/bin/sh
      cd ~/.claude; echo evil >> CLAUDE.md; echo '{"hooks":1}' > settings.json; echo new > .credentials.json
      cat ~/.profile ~/.ssh/id 2>/dev/null; cd - > /dev/null; echo x > x; echo '\(event)'
      """
    try Files.makeDirectories(world.repository.root + "/bin")
    try Files.writeAtomically(world.repository.root + "/bin/claude", Array(script.utf8), mode: 0o755)
    world.repository.environment["PATH", default: ""] =
      world.repository.root + "/bin:" + (world.repository.environment["PATH"] ?? "")
    try world.start("  - { id: A }", more: "agent: { adapter: claude }")
    let run = try world.migrate("run", "--jobs", "1")
    #expect(run.code == 0, "\(run)")
    #expect(try world.note(".claude/CLAUDE.md") == "mine\n")
    #expect(try world.note(".claude/.credentials.json") == "new\n", "its keys are its own")
    #expect(!Files.exists(world.home(".claude/settings.json")))
    #expect(run.err.contains("settings.json', which agents obey"), "\(run)")
  }
}
