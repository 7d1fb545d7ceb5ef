import Glibc
import Migration
import Support
import System
import Testing

/// Whose commits: those of whoever git itself would say.
@Suite("The identity of commits")
struct IdentityTests {
  /// A world in which nobody has said who commits, by a variable or otherwise.
  private func world() throws -> MigrationWorld {
    let world = try MigrationWorld()
    for role in ["AUTHOR", "COMMITTER"] {
      for part in ["NAME", "EMAIL"] { world.repository.environment["GIT_\(role)_\(part)"] = nil }
    }
    world.repository.environment["GIT_CONFIG_GLOBAL"] = nil
    try Files.writeAtomically(world.home("work"), Array("[user]\n\temail = ada@work.example\n".utf8))
    return world
  }

  private func configure(_ world: MigrationWorld, _ text: String) throws {
    try Files.writeAtomically(world.home(".gitconfig"), Array((TestRepository.noWalls + text).utf8))
  }

  private func people(_ world: MigrationWorld) throws -> String {
    try world.repository.git("log", "-1", "--format=%an <%ae>, %cn <%ce>", "migrate/mig")
  }

  private static let me = "[user]\n\tname = Ada\n\temail = ada@home.example\n"

  @Test(
    "follows every kind of conditional include",
    arguments: ["gitdir:~/../", "onbranch:main", "hasconfig:remote.*.url:https://work.example/**"])
  func included(condition: String) throws {
    let world = try world()
    let condition = condition.replacing("~/..", with: world.repository.root)
    try configure(world, IdentityTests.me + "[includeIf \"\(condition)\"]\n\tpath = work\n")
    try world.repository.git("remote", "add", "origin", "https://work.example/shop.git")
    #expect(try world.repository.git("config", "user.email") == "ada@work.example")
    try world.start("  - { id: A, run: 'echo x > x' }", gate: "{ verifiers: [{ name: t, run: 'true' }] }")
    #expect(try world.migrate("run").code == 0)
    #expect(try people(world) == "Ada <ada@work.example>, Ada <ada@work.example>")
    #expect(
      try world.repository.git("log", "-1", "--format=%ae", "refs/migrate/attempt/mig/A/1")
        == "ada@work.example")
    #expect(try world.migrate("doctor").out.contains("commits are by Ada <ada@work.example>"))
  }

  @Test("is told author and committer apart, by variables and by what was said on the command line")
  func variables() throws {
    let world = try world()
    try configure(world, IdentityTests.me)
    world.repository.environment["GIT_AUTHOR_NAME"] = "Bea"
    world.repository.environment["GIT_AUTHOR_EMAIL"] = "bea@example.com"
    world.repository.environment["GIT_CONFIG_COUNT"] = "1"
    world.repository.environment["GIT_CONFIG_KEY_0"] = "committer.email"
    world.repository.environment["GIT_CONFIG_VALUE_0"] = "build@example.com"
    try world.start("  - { id: A, run: 'echo x > x' }\n  - { id: B, run: 'echo y > y', needs: [A] }")
    #expect(try world.repository.runGit(["-c", "committer.name=Build", "migrate", "run"]).code == 0)
    #expect(try people(world) == "Bea <bea@example.com>, Build <build@example.com>")
  }

  @Test("reaches what workers commit, wherever the user has put it; HOME stays as it is")
  func workers() throws {
    let world = try world()
    try world.repository.write("settings", TestRepository.noWalls + IdentityTests.me)
    world.repository.environment["GIT_CONFIG_GLOBAL"] = "settings"
    let run = "echo x > x; git add x; git commit -qm x; git log -1 --format=%ae > $HOME/who"
    try world.start("  - { id: A, run: '\(run)' }\n  - { id: B, run: '\(run)2', needs: [A] }")
    let first = try world.migrate("run", "--jobs", "1")
    #expect(first.code == 0, "\(first)")
    #expect(try world.note("who") == "ada@home.example\n")
    #expect(try people(world) == "Ada <ada@home.example>, Ada <ada@home.example>")
  }

  @Test("said on the command line reaches what workers commit")
  func workersCommandLine() throws {
    let world = try world()
    try configure(world, IdentityTests.me)
    try world.start(
      "  - { id: A, run: 'echo x > x; git add x; git commit -qm x; git log -1 --format=%ae > $HOME/who' }")
    let run = try world.repository.runGit(["-c", "user.email=c@example.com", "migrate", "run"])
    #expect(run.code == 0, "\(run)")
    #expect(try world.note("who") == "c@example.com\n")
  }

  @Test("is that of EMAIL when nothing else is said, as in git")
  func email() throws {
    let world = try world()
    world.repository.environment["EMAIL"] = "mail@example.com"
    try world.start("  - { id: A, run: 'echo x > x' }")
    #expect(try world.migrate("run").code == 0)
    #expect(try people(world).contains("<mail@example.com>"))
  }

  @Test("is never made up: start, run and claim refuse before anything is recorded")
  func unknown() throws {
    let world = try world()
    let refused = #expect(throws: TestFailure.self) { try world.start("  - { id: A, run: 'echo x > x' }") }
    let words = refused?.description ?? ""
    #expect(
      words.contains("no email was given") && words.contains("git config --global user.email"), "\(words)")
    #expect(try world.repository.runGit(["rev-parse", "-q", "--verify", "refs/migrate/ledger"]).code == 1)
    try configure(world, IdentityTests.me)
    try world.start("  - { id: A, run: 'echo x > x' }")
    try configure(world, "[user]\n\tname = Ada\n")
    for command in ["run", "claim"] {
      let run = try world.migrate(command)
      #expect(run.code == 128 && run.err.contains("no email was given"), "\(run)")
    }
    #expect(try world.count("claimed") == 0)
    #expect(try world.migrate("doctor").out.contains("error: identity: "))
    try configure(world, "[user]\n\temail = only@example.com\n")
    #expect(try world.migrate("run").code == 0, "the account's name will do")
    #expect(try people(world).contains("<only@example.com>"))
  }

  @Test("comes with the other settings of a conditional include")
  func otherSettings() throws {
    let world = try world()
    let more = "[core]\n\texcludesFile = \(world.home("ignored"))\n[migrate]\n\tworker = carl\n"
    try Files.writeAtomically(world.home("work"), Array(more.utf8))
    try Files.writeAtomically(world.home("ignored"), Array("*.log\n".utf8))
    let condition = "[includeIf \"gitdir:\(world.repository.root)/\"]\n\tpath = work\n"
    try configure(world, IdentityTests.me + condition)
    world.repository.environment["MIGRATE_WORKER"] = nil
    try world.start("  - { id: A, run: 'echo x > x; echo y > y.log' }")
    #expect(try world.migrate("run").code == 0)
    #expect(try world.repository.git("diff", "--name-only", "main", "migrate/mig") == "x")
    #expect(try world.count("A claimed by carl/1") == 1)
  }
}

@Suite("A repository that several people share")
struct SharedRepositoryTests {
  private func mode(_ path: String) -> UInt32 {
    var status = stat()
    return stat(path, &status) == 0 ? status.st_mode & 0o777 : 0
  }

  @Test(
    "has files that they can write, as core.sharedRepository says",
    arguments: [
      ("group", 0o060, nil), ("all", 0o060, 0o004), ("0660", 0o060, 0), ("false", 0, nil),
    ] as [(String, UInt32, UInt32?)])
  func modes(value: String, group: UInt32, others: UInt32?) throws {
    let world = try MigrationWorld()
    try world.repository.git("config", "core.sharedRepository", value)
    try world.start("  - { id: A, run: 'echo x > x' }")
    #expect(try world.migrate("run").code == 0)
    let directory = world.repository.path + "/.git/"
    let blob = try world.repository.git("rev-parse", "migrate/mig:x")
    for folder in ["migrate", "refs/migrate/attempt/mig/A", "objects/\(blob.prefix(2))"] {
      #expect(mode(directory + folder) & 0o020 == group & 0o020, "\(folder)")
    }
    #expect(mode(directory + "migrate/ledger.next") & 0o077 == (group == 0 ? 0 : 0o060))
    #expect(mode(directory + "refs/migrate/ledger") & 0o020 == group & 0o020)
    if let others { #expect(mode(directory + "refs/migrate/ledger") & 0o007 == others) }
  }
}
