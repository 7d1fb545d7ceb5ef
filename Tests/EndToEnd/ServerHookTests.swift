import Supervision
import System
import Testing

@testable import Runner
@testable import Site

/// On a server refs that are no migration's cost nothing: one hook, one look.
@Suite("The hooks of a server")
struct ServerHookTests {
  private let world: HookWorld
  private let zero = String(repeating: "0", count: 40)
  private let one = String(repeating: "1", count: 40)

  init() throws {
    world = try HookWorld()
    try world.git(".", "init", "-q", "--bare", "server.git")
  }

  private func hooks() throws -> [String] {
    try Files.listDirectory(world.path("server.git/hooks")).filter { !$0.hasSuffix(".sample") }.sorted()
  }

  @Test("are pre-receive alone")
  func alone() throws {
    #expect(try world.install("server.git").done.contains("installed pre-receive"))
    #expect(try hooks() == ["pre-receive"])
    #expect(try world.install("server.git").done == [])
  }

  @Test("of an earlier release are taken away, and what they ran first is there again")
  func earlier() throws {
    let foreign = "#!/bin/sh\nexit 0\n"
    let path = "server.git/hooks/reference-transaction"
    try world.write(path, HookScripts.text + "# of another release\n", mode: 0o755)
    try world.write(path + HookInstaller.chainedSuffix, foreign, mode: 0o755)
    #expect(try world.install("server.git").done.contains("removed reference-transaction"))
    #expect(try hooks() == ["pre-receive", "reference-transaction"])
    #expect(try world.read(path) == foreign)
    #expect(try world.install("server.git").done == [], "one that is not ours stays")
    try world.write(path, HookScripts.text, mode: 0o755)
    _ = try world.install("server.git")
    #expect(try hooks() == ["pre-receive"])
  }

  @Test("in a folder that other repositories use, too, are left to those")
  func elsewhere() throws {
    try world.git("server.git", "config", "core.hooksPath", world.path("all"))
    try world.write("all/reference-transaction", HookScripts.text, mode: 0o755)
    _ = try world.install("server.git")
    #expect(try world.read("all/reference-transaction") == HookScripts.text)
  }

  /// Runs the hook with these lines; gives what `git-migrate` was asked, or `nil` when it was not started.
  private func ask(_ lines: [String], _ name: String = "pre-receive") throws -> String? {
    try world.write("bin/git-migrate", "#!/bin/sh\ncat > '\(world.path("asked"))'\n", mode: 0o755)
    try Files.removeFile(world.path("asked"))
    var command = Command(
      world.path("server.git/hooks/\(name)"), [],
      environment: world.environment.merging([
        "PATH": "\(world.path("bin")):/usr/bin:/bin", "GIT_DIR": ".",
      ]) { $1 },
      directory: world.path("server.git"))
    command.input = Array(lines.map { "\(zero) \(one) \($0)\n" }.joined().utf8)
    command.timeoutSeconds = 60
    let outcome = try command.run()
    #expect(outcome.status == .exited(0), "\(outcome)")
    return try world.read("asked")
  }

  @Test("start git-migrate for a push with a ref of ours only, and then show it all of the push")
  func asked() throws {
    _ = try world.install("server.git")
    try world.write("server.git/migrate/branches", "refs/heads/shared\n")
    let many = (1...10_000).map { "refs/heads/topic/\($0)" }
    #expect(try ask(many) == nil)
    for near in [
      "refs/heads/shared2", "refs/heads/x/shared", "refs/heads/refs/heads/shared", "refs/tags/migrate/x",
      "refs/heads/refs/migrate/x", "refs/migrated",
    ] {
      #expect(try ask([near]) == nil, "\(near)")
    }
    for ours in ["refs/heads/shared", "refs/migrate/ledger", "refs/heads/migrate/m"] {
      for lines in [[ours], [ours] + many, many + [ours]] {
        let seen = try #require(try ask(lines), "\(ours)")
        #expect(seen == lines.map { "\(zero) \(one) \($0)\n" }.joined())
      }
    }
  }

  @Test("work as one of many, and refuse to under a name that does not say what they are asked")
  func oneOfMany() throws {
    let name = "pre-receive.d/50-pre-receive-git-migrate"
    try world.write("server.git/hooks/\(name)", HookScripts.text, mode: 0o755)
    #expect(try ask(["refs/migrate/ledger"], name) == "\(zero) \(one) refs/migrate/ledger\n")
    try world.write("server.git/hooks/50-git-migrate", HookScripts.text, mode: 0o755)
    let outcome = try Command(
      world.path("server.git/hooks/50-git-migrate"), [], environment: world.environment,
      directory: world.path("server.git")
    ).run()
    #expect(outcome.status == .exited(1) && outcome.errorText.contains("'50-git-migrate'"), "\(outcome)")
  }

  @Test("refuse a ref of ours where git-migrate cannot be found")
  func missing() throws {
    _ = try world.install("server.git")
    try world.makeRepository()
    let push = try world.git(
      "repo", "push", "-q", "../server.git", "main", "main:refs/heads/migrate/m",
      environment: world.withoutProgram)
    #expect(!push.isSuccess && push.errors.contains("is not in PATH to judge it"), "\(push)")
    #expect(
      try world.git("repo", "push", "-q", "../server.git", "main", environment: world.withoutProgram)
        .isSuccess)
  }
}
