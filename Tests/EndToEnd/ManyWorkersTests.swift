import Glibc
import Migration
import Support
import System
import Testing

/// Workers as an engine starts them: a clone of its own each, trust from outside, exit codes for the engine.
@Suite("Workers on many machines")
struct ManyWorkersTests {
  private static let gate = "{ verifiers: [{ name: t, kind: lint, run: 'test -e a.txt' }] }"

  /// The digest that the command for engines prints.
  private func digest(_ world: SharedMigration) throws -> String {
    let run = try world.migrate(world.first.repository.path, "workers", "--on", "slurm")
    let line = run.out.split(separator: "\n").first { $0.contains("MIGRATE_TRUST=") }
    guard let digest = line?.split(separator: "=").last, digest.utf8.count == 64 else {
      throw TestFailure("no digest: \(run)")
    }
    return String(digest)
  }

  /// Runs a worker as somebody who has approved nothing.
  private func work(
    _ world: SharedMigration, _ name: String, trust: String, _ more: [String] = []
  ) throws -> BackgroundRun {
    let folder = "\(world.first.repository.root)/\(name)"
    let words = ["run", "--worker", "--clone", world.server, "--into", folder, "--idle", "1s", "-j", "2"]
    return try BackgroundRun(
      world.first.repository, "env",
      [
        "XDG_STATE_HOME=\(world.first.repository.root)/state-\(name)", "MIGRATE_TRUST=\(trust)",
        "MIGRATE_WORKER=\(name)", TestBinary.path,
      ] + words + more, in: world.first.repository.root)
  }

  @Test func `clone, are trusted by a digest, share the steps and end with 0`() throws {
    let world = try SharedMigration()
    let steps = (1...8).map {
      "  - { id: S\($0), run: 'echo $MIGRATE_STEP >> \"$HOME/done\"; echo x > f\($0)' }"
    }
    try world.first.start(steps.joined(separator: "\n"), gate: Self.gate)
    let digest = try digest(world)
    let ends = try ["b", "c"].map { try work(world, $0, trust: digest) }.map { try $0.wait() }
    #expect(ends.allSatisfy { $0.code == 0 }, "\(ends)")
    let done = try world.first.note("done").split(separator: "\n")
    #expect(done.count == 8 && Set(done).count == 8, "\(done)")
    // A second start finds the clone that is there, and nothing to do.
    let again = try work(world, "b", trust: digest).wait()
    #expect(again.code == 0, "\(again)")
  }

  @Test func `do nothing for a plan that another digest approves`() throws {
    let world = try SharedMigration()
    try world.first.start("  - { id: S1, run: 'touch \"$HOME/ran\"; echo x > f' }")
    let digest = try digest(world)
    let wrong = String(digest.reversed())
    let run = try work(world, "b", trust: wrong).wait()
    #expect(run.code == 128 && run.err.contains("MIGRATE_TRUST approves another plan"), "\(run)")
    #expect(!Files.exists(world.first.home("ran")))
    // What the repository says about it counts for nothing.
    let clone = "\(world.first.repository.root)/b"
    try world.git(clone, "config", "migrate.trust", digest)
    #expect(try work(world, "b", trust: "").wait().code == 128)
  }

  @Test func `leave to others what their machine has not got`() throws {
    let world = try SharedMigration()
    try world.first.start(
      "  - { id: S1, run: 'echo x > f' }\n  - { id: S2, requires: [gpu], run: 'echo x > g' }")
    let digest = try digest(world)
    let plain = try work(world, "b", trust: digest).wait()
    #expect(plain.code == 0 && plain.out.contains("'S2' requires gpu"), "\(plain)")
    let able = try work(world, "c", trust: digest, ["--has", "gpu,ssd"]).wait()
    #expect(able.code == 0 && able.out.contains("S2 merged"), "\(able)")
  }

  @Test func `give back what they hold when they are asked to end`() throws {
    let world = try SharedMigration()
    try world.first.start("  - { id: S1, run: 'touch \"$HOME/began\"; sleep 600' }")
    let run = try work(world, "b", trust: try digest(world))
    #expect(eventually(within: 120) { Files.exists(world.first.home("began")) || !run.isRunning })
    run.send(SIGTERM)
    let end = try run.wait()
    #expect(end.code == 143, "\(end)")
    let log = try world.git(world.server, "log", "-1", "--format=%s", "refs/migrate/ledger")
    #expect(log.contains("S1 released by b/1"), "\(log)")
  }

  @Test func `end with 20 on a machine without the agent`() throws {
    let world = try SharedMigration()
    try Files.makeDirectories(world.first.repository.root + "/bin")
    try Files.writeAtomically(
      world.first.repository.root + "/bin/claude", Array("#!/bin/sh\n".utf8), mode: 0o755)
    try world.first.start("  - { id: S1 }", more: "agent: { adapter: claude }")
    let run = try work(world, "b", trust: try digest(world)).wait()
    #expect(run.code == 20 && run.err.contains("claude"), "\(run)")
  }

  @Test func `are described to engines without a secret in it`() throws {
    let world = try SharedMigration()
    try world.first.start(
      "  - { id: S1 }", more: "agent: { command: './a b', env: [SOME_API_KEY] }")
    let path = world.first.repository.path
    let job = try world.migrate(path, "workers", "--on", "kubernetes", "--image", "example.org/w@sha256:1")
    #expect(
      job.code == 0 && job.out.contains("secretKeyRef: { name: git-migrate-agent, key: \"SOME_API_KEY\" }"))
    // Nobody has said in a container who commits are by, and how git reaches the other side.
    #expect(job.out.contains("{ name: GIT_COMMITTER_EMAIL, value: \"tester@example.com\" }"), "\(job)")
    #expect(job.err.contains("is a path, which pods do not have"))
    func manifest(_ url: String) throws -> String {
      try world.migrate(path, "workers", "--on", "kubernetes", "--image", "x", "--clone", url).out
    }
    let web = try manifest("https://forge.example/x.git")
    #expect(web.contains("mountPath: /home/worker/.netrc, subPath: .netrc"), "\(web)")
    #expect(!web.contains("GIT_SSH_COMMAND"))
    for url in ["git@forge.example:x.git", "ssh://forge.example/x.git"] {
      let text = try manifest(url)
      #expect(text.contains("ssh -i /run/secrets/git/ssh-privatekey") && !text.contains(".netrc"), "\(text)")
    }
    let hosts = world.first.repository.root + "/hosts"
    try Files.writeAtomically(hosts, Array("build-7\n".utf8))
    let loop = try world.migrate(path, "workers", "--on", "ssh", "--hosts", hosts)
    #expect(loop.code == 0 && loop.out.contains("ssh -n build-7 '"), "\(loop)")
    try Files.writeAtomically(hosts, Array("-oProxyCommand=x\n".utf8))
    #expect(try world.migrate(path, "workers", "--on", "ssh", "--hosts", hosts).code == 128)
  }
}
