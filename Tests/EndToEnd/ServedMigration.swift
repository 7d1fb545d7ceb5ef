import Glibc
import Migration
import Supervision
import Support
import System
import Testing

/// A server's repository with our hook, and a program that serves it.
final class ServedMigration {
  let first: MigrationWorld
  let root: String
  let server: String
  private var program: LoopbackServer?

  /// Makes the server's repository at `place` below the world's folder, or leaves it to the server to make.
  init(_ place: String? = "server.git") throws {
    first = try MigrationWorld()
    root = first.repository.root
    server = root + "/" + (place ?? "")
    guard place != nil else { return }
    try first.repository.git("init", "--quiet", "--bare", "--initial-branch=main", server)
    try first.repository.git("-C", server, "config", "http.receivepack", "true")
    _ = try first.migrate("init", in: server)
  }

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
    let started = try LoopbackServer(first.repository, executable, arguments)
    program = started
    return started.port
  }

  /// Starts an ssh server that lets in whom the file `keys` names, and has git here use the key `user`.
  /// `home` is the home of whoever comes in, when it is not the real one.
  func serveSSH(keys: String, home: String?) throws -> Int {
    for name in ["host", "user"] where !Files.exists("\(root)/\(name)") {
      try shell("ssh-keygen -q -t ed25519 -N '' -f '\(root)/\(name)'")
    }
    if geteuid() == 0 { try Files.makeDirectories("/run/sshd") }
    let path = "PATH=" + (first.repository.environment["PATH"] ?? "")
    let port = try serve("/usr/sbin/sshd") { port in
      [
        "-D", "-e", "-f", "/dev/null", "-p", String(port), "-h", "\(root)/host", "-o",
        "ListenAddress=127.0.0.1", "-o", "AuthorizedKeysFile=\(keys)", "-o", "StrictModes=no", "-o",
        "UsePAM=no", "-o", "PidFile=none", "-o",
        "SetEnv=" + ([path] + (home.map { ["HOME=\($0)"] } ?? [])).joined(separator: " "),
      ]
    }
    first.repository.environment["GIT_SSH_COMMAND"] =
      "ssh -F /dev/null -i '\(root)/user' -o BatchMode=yes -o StrictHostKeyChecking=no "
      + "-o UserKnownHostsFile=/dev/null -o LogLevel=ERROR"
    return port
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
