import Glibc
import Migration
import Support
import System
import Testing

/// THREATS T1: whoever works in a worktree can write the repository's configuration.
@Suite("A command in the repository's own configuration")
struct RepositoryCommandTests {
  private static let rotation = "tr a-zA-Z n-za-mN-ZA-M"

  private func world() throws -> MigrationWorld {
    let world = try MigrationWorld()
    let repository = world.repository
    try repository.git("config", "filter.rot.clean", RepositoryCommandTests.rotation)
    try repository.git("config", "filter.rot.smudge", RepositoryCommandTests.rotation)
    try repository.git("config", "filter.rot.required", "true")
    try repository.write(".gitattributes", "*.rot filter=rot\n")
    try repository.write("old.rot", "hello\n")
    try repository.git("add", ".")
    try repository.git("commit", "--quiet", "--message=rot")
    return world
  }

  private func hasClearText(_ world: MigrationWorld) throws -> Bool {
    try world.repository.git("rev-list", "--glob=refs/*", "--objects").split(separator: "\n")
      .contains { try world.repository.git("cat-file", "-p", String($0.prefix(40))).contains("secret") }
  }

  @Test("is shown and approved by start, and shown again by trust once it has changed")
  func shown() throws {
    let world = try world()
    let plan = MigrationWorld.plan("  - { id: A, run: 'echo x > x' }")
    try Files.writeAtomically(world.repository.root + "/plan.md", Array(plan.utf8))
    let start = try world.migrate("start", world.repository.root + "/plan.md")
    let config = world.repository.path + "/.git/config"
    #expect(start.out.contains("filter.rot.clean in '\(config)':\n    tr a-zA-Z n-za-mN-ZA-M"), "\(start)")
    #expect(try world.migrate("trust").out.contains("approved already"))
    try world.repository.git("config", "filter.rot.clean", "cat")
    let asked = try world.migrate("trust")
    #expect(asked.code == 1 && asked.out.contains("filter.rot.clean in '\(config)':\n    cat"), "\(asked)")
    let refused = try world.migrate("run")
    #expect(refused.code == 1, "\(refused)")
    #expect(
      refused.err.contains(
        "'filter.rot.clean' in '\(config)' was changed: "
          + "'tr a-zA-Z n-za-mN-ZA-M' was approved, it is 'cat' now"
      ), "\(refused)")
    #expect(refused.err.contains("git migrate trust"))
    #expect(try world.migrate("trust", "--yes").code == 0)
    #expect(try world.migrate("run").code == 0)
    #expect(try world.migrate("trust", "--list").out.contains(" \(world.repository.path)/.git\n"))
    #expect(try world.migrate("trust", "--revoke", world.repository.path + "/.git").code == 0)
    let revoked = try world.migrate("finish")
    #expect(revoked.code == 1 && revoked.err.contains("has not been approved"), "\(revoked)")
  }

  @Test(
    "that a worker changes is not run; the run ends here, and nothing is committed past the filter",
    arguments: [
      "config filter.rot.clean \"touch '$HOME/pwned'; cat\"",
      "config filter.rot.process \"touch '$HOME/pwned'\"",
      "config filter.rot.required false", "config --remove-section filter.rot",
      "config filter.evil.clean \"touch '$HOME/pwned'; cat\"", "config core.attributesFile /dev/null",
      "config core.sshCommand \"touch '$HOME/pwned'\"", "config merge.evil.driver \"touch '$HOME/pwned'\"",
      "config credential.https://example.com.helper \"!touch '$HOME/pwned'\"",
      "config gpg.ssh.program \"touch '$HOME/pwned'\"",
    ])
  func changed(how: String) throws {
    let world = try world()
    try world.start(
      """
        - id: A
          run: |
            echo s$(echo ecret) > new.rot
            cp "$(git rev-parse --git-common-dir)/config" "$HOME/before"
            git \(how)
            cp "$(git rev-parse --git-common-dir)/config" "$HOME/after"
        - { id: B, needs: [A], run: 'echo b > b' }
      """)
    let run = try world.migrate("run")
    #expect(run.code == 1 && run.err.contains("git migrate trust"), "\(run)")
    #expect(!Files.exists(world.home("pwned")))
    #expect(try !hasClearText(world))
    #expect(try world.phase() == "running", "others go on")
    #expect(try world.states()["A"] == "ready", "it cost no attempt")
    for command in ["run", "claim", "finish", "refresh"] {
      let again = try world.migrate(command)
      #expect(again.code == 1 && again.err.contains("git migrate trust"), "\(command): \(again)")
    }
    #expect(!Files.exists(world.home("pwned")))
    let before = try Files.readFile(world.home("before")) ?? []
    try Files.writeAtomically(world.repository.path + "/.git/config", before)
    #expect(try !hasClearText(world))
  }

  @Test(
    "can be taken out of use by other files, too: that is seen as well",
    arguments: [
      "echo '*.rot -filter' > $D/info/attributes",
      "git config include.path late; git config -f $D/late filter.rot.required false",
      "git config extensions.worktreeConfig true; git -C $D config -f config.worktree filter.rot.clean cat",
    ])
  func otherFiles(how: String) throws {
    let world = try world()
    try world.start(
      """
        - id: A
          run: |
            echo s$(echo ecret) > new.rot
            D=$(git rev-parse --git-common-dir)
            mkdir -p $D/info
            \(how)
      """)
    let run = try world.migrate("run")
    #expect(run.code == 1 && run.err.contains("git migrate trust"), "\(run)")
    #expect(try !hasClearText(world))
    #expect(try world.states()["A"] == "ready")
  }

  @Test("that is back as it was approved costs nothing but the time; the files of before are kept")
  func restored() throws {
    let world = try world()
    try world.start(
      """
        - id: A
          run: |
            echo s$(echo ecret) > new.rot
            test -e "$HOME/once" || git config filter.rot.clean cat
            touch "$HOME/once"
      """)
    #expect(try world.migrate("run").code == 1)
    try world.repository.git("config", "filter.rot.clean", RepositoryCommandTests.rotation)
    let run = try world.migrate("run")
    #expect(run.code == 0, "\(run)")
    #expect(try world.file("new.rot") == "frperg")
    #expect(try world.file("new.rot", at: "refs/migrate/attempt/mig/A/1") == "frperg")
    #expect(try !hasClearText(world))
  }

  @Test("that was not approved is not used to reach a server, and is named; the user's own word is used")
  func network() throws {
    let world = try MigrationWorld()
    let repository = world.repository
    repository.environment["GIT_CONFIG_GLOBAL"] = nil
    try repository.git("config", "--global", "ssh.variant", "simple")
    let ssh = "#!/bin/sh\nfor last; do :; done\nexec sh -c \"$last\"\n"
    try Files.writeAtomically(world.home("ssh"), Array(ssh.utf8), mode: 0o755)
    _ = try repository.runGit(["init", "-q", "--bare", world.home("server.git")])
    try repository.git("remote", "add", "origin", "ssh://git@host.invalid\(world.home("server.git"))")
    try repository.git("config", "migrate.remote", "origin")
    try repository.git("config", "core.sshCommand", world.home("ssh"))
    let unused = try world.migrate("sync")
    #expect(
      unused.err.contains("'core.sshcommand' in '\(repository.path)/.git/config' was not used"), "\(unused)")
    #expect(try world.migrate("trust", "--yes").code == 0)
    let used = try world.migrate("sync")
    #expect(used.code == 0 && used.err.isEmpty, "\(used)")
    try repository.git("config", "--unset", "core.sshCommand")
    #expect(try world.migrate("sync").err.contains("cannot be reached"), "what is configured no more")
    let said = try repository.runGit(["-c", "core.sshCommand=" + world.home("ssh"), "migrate", "sync"])
    #expect(said.code == 0 && said.err.isEmpty, "\(said)")
  }

  @Test("is named by doctor, with the filter that files go through")
  func doctor() throws {
    let world = try world()
    let unapproved = try world.migrate("doctor")
    #expect(unapproved.out.contains("warning: commands: 'filter.rot.clean'"), "\(unapproved)")
    try world.start("  - { id: A, run: 'echo x > x' }")
    let approved = try world.migrate("doctor")
    #expect(approved.out.contains("ok: commands: those in this repository's configuration are approved"))
    #expect(
      approved.out.contains(
        "ok: filters: '.gitattributes' gives files to 'rot' of '\(world.repository.path)/.git/config'"),
      "\(approved)")
  }
}
