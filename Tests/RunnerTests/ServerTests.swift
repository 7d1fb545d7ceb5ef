import Glibc
import Migration
import Processes
import Support
import Testing

/// The same exchange through every kind of server that git speaks to, on loopback, with our hook in charge.
@Suite("A shared migration through", .serialized) struct ServerTests {
  @Test("git daemon") func gitDaemon() throws {
    let world = try ServedMigration()
    let port = try world.serve("git") { port in
      [
        "daemon", "--reuseaddr", "--listen=127.0.0.1", "--port=\(port)", "--export-all",
        "--enable=receive-pack", "--base-path=\(world.root)", world.root,
      ]
    }
    try world.exchange("git://127.0.0.1:\(port)/server.git")
  }

  @Test("ssh") func ssh() throws {
    guard ServedMigration.has("/usr/sbin/sshd", "openssh-server") else { return }
    let world = try ServedMigration()
    for name in ["host", "user"] {
      try world.shell("ssh-keygen -q -t ed25519 -N '' -f '\(world.root)/\(name)'")
    }
    if geteuid() == 0 { try Files.makeDirectories("/run/sshd") }
    let port = try world.serve("/usr/sbin/sshd") { port in
      [
        "-D", "-e", "-f", "/dev/null", "-p", String(port), "-h", "\(world.root)/host", "-o",
        "ListenAddress=127.0.0.1", "-o", "AuthorizedKeysFile=\(world.root)/user.pub", "-o", "StrictModes=no",
        "-o", "UsePAM=no", "-o", "PidFile=none", "-o",
        "SetEnv=PATH=\(world.first.repository.environment["PATH"] ?? "")",
      ]
    }
    world.first.repository.environment["GIT_SSH_COMMAND"] =
      "ssh -F /dev/null -i '\(world.root)/user' -o BatchMode=yes -o StrictHostKeyChecking=no "
      + "-o UserKnownHostsFile=/dev/null -o LogLevel=ERROR"
    let user = try world.shell("id -un")
    try world.exchange("ssh://\(user)@127.0.0.1:\(port)\(world.server)")
  }

  @Test("smart HTTP") func http() throws {
    guard ServedMigration.has("/usr/sbin/apache2", "apache2") else { return }
    let world = try ServedMigration()
    let modules = ["mpm_event", "authz_core", "env", "alias", "cgid"].map {
      "LoadModule \($0)_module /usr/lib/apache2/modules/mod_\($0).so"
    }
    let backend = try world.shell("git --exec-path") + "/git-http-backend"
    // A server that root starts works as somebody else, who must be able to write.
    if geteuid() == 0 { try world.shell("chmod 755 . && chown -R www-data server.git") }
    let port = try world.serve("/usr/sbin/apache2") { port in
      let lines =
        modules + [
          "ServerName localhost", "ServerRoot \(world.root)", "Listen 127.0.0.1:\(port)",
          "PidFile \(world.root)/pid-\(port)", "ErrorLog \(world.root)/http.log",
          "ScriptSock \(world.root)/cgi-\(port)", "User www-data", "Group www-data",
          "SetEnv GIT_PROJECT_ROOT \(world.root)", "SetEnv GIT_HTTP_EXPORT_ALL 1",
          "SetEnv REMOTE_USER tester",
          "SetEnv PATH \(world.first.repository.environment["PATH"] ?? "")",
          "ScriptAlias / \(backend)/", "<Directory />", "Require all granted", "</Directory>",
        ]
      let file = "\(world.root)/http-\(port).conf"
      try Files.writeAtomically(file, Array((lines.joined(separator: "\n") + "\n").utf8), mode: 0o644)
      return ["-X", "-f", file]
    }
    try world.exchange("http://127.0.0.1:\(port)/server.git")
  }
}

/// A server's repository with our hook, and a program that serves it.
private final class ServedMigration {
  let first: MigrationWorld
  let root: String
  let server: String
  private var program: BackgroundRun?

  init() throws {
    first = try MigrationWorld()
    root = first.repository.root
    server = root + "/server.git"
    try first.repository.git("init", "--quiet", "--bare", "--initial-branch=main", server)
    try first.repository.git("-C", server, "config", "http.receivepack", "true")
    _ = try first.migrate("init", in: server)
  }

  deinit { program?.send(SIGTERM) }

  /// Whether a server program is here; where everything is to be tested, a missing one is a failure.
  static func has(_ path: String, _ package: String) -> Bool {
    if Files.exists(path) { return true }
    print("SKIPPED: \(package) is not installed")
    if ChildEnvironment.current()["CI"] == "true" { Issue.record("\(package) is not installed") }
    return false
  }

  @discardableResult
  func shell(_ script: String) throws -> String {
    let run = try first.repository.run("sh", ["-c", script], in: root)
    guard run.code == 0 else { throw TestFailure("\(script): \(run)") }
    return run.out.hasSuffix("\n") ? String(run.out.dropLast()) : run.out
  }

  /// Starts a server on a port that nobody has.
  func serve(_ executable: String, _ arguments: (Int) throws -> [String]) throws -> Int {
    for _ in 0..<10 {
      let port = Int.random(in: 20_000...60_000)
      let run = try BackgroundRun(first.repository, executable, try arguments(port))
      let isUp = try eventually(within: 10) {
        try !run.isRunning || shell("ss -ltn 'sport = :\(port)' | tail -n +2") != ""
      }
      if isUp && run.isRunning {
        program = run
        return port
      }
    }
    throw TestFailure("\(executable) could not be started")
  }

  /// Two clones share a migration through the address: one starts it, both see its end, and the server's hook
  /// lets nothing else in.
  func exchange(_ url: String) throws {
    let repository = first.repository
    try repository.git("remote", "add", "origin", url)
    try repository.git("push", "--quiet", "origin", "main")
    let begun = try first.migrate("init", "--remote", "origin")
    #expect(begun.code == 0, "\(begun)")
    try first.start(
      "  - { id: A, run: 'echo a > fa' }\n  - { id: B, needs: [A] }",
      gate: "{ verifiers: [{ name: t, run: 'test -e a.txt' }] }")
    let run = try first.migrate("run")
    #expect(run.code == 1 && run.out.contains("no 'run'"), "\(run)")

    let other = root + "/other"
    try repository.git("clone", "--quiet", url, other)
    #expect(try first.migrate("init", "--remote", "origin", in: other).code == 0)
    let claim = try first.migrate("claim", "B", "--no-worktree", "--worker", "w", in: other)
    #expect(claim.code == 0, "\(claim)")
    let late = try first.migrate("claim", "B", "--no-worktree", "--worker", "v")
    #expect(late.code == 1 && late.err.contains("held by w"), "\(late)")
    #expect(try first.migrate("release", "B", "--worker", "w", in: other).code == 0)
    #expect(try first.migrate("sync").code == 0)
    #expect(
      try repository.git("rev-parse", "migrate/mig")
        == repository.git("-C", other, "rev-parse", "migrate/mig"))

    // By hand nothing gets in that no gate passed.
    let tree = try repository.git("rev-parse", "main^{tree}")
    let stray = try repository.git("commit-tree", "-p", "migrate/mig", "-m", "stray", tree)
    let push = try repository.runGit(["push", "--no-verify", "origin", "\(stray):refs/heads/migrate/mig"])
    #expect(push.code == 1 && push.err.contains("no verdict"), "\(push)")
  }
}
