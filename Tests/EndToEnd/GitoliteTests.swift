import Migration
import Support
import System
import Testing

/// A migration that is shared through gitolite, whose rules say ref by ref who may do what.
@Suite("A shared migration through gitolite", .serialized) struct GitoliteTests {
  @Test("works for a user who may write below 'refs/migrate/', and who cannot rewind it")
  func allowed() throws {
    guard let world = try Gitolite() else { return }
    try world.served.exchange(world.url("shared"))
    let repository = world.served.first.repository
    #expect(try world.served.first.migrate("doctor").out.contains("'origin' takes our refs"))

    // Without our hook there are still gitolite's own rules: `RW` is for what goes forward.
    try Files.removeFile(world.path("shared") + "/hooks/pre-receive")
    let before = try repository.git("-C", world.path("shared"), "rev-parse", "refs/migrate/ledger")
    for update in ["+refs/migrate/ledger^:refs/migrate/ledger", ":refs/migrate/ledger"] {
      let push = try repository.runGit(["push", "--no-verify", "origin", update])
      #expect(push.code == 1 && push.err.contains("DENIED"), "\(push)")
    }
    #expect(
      try repository.git("-C", world.path("shared"), "rev-parse", "refs/migrate/ledger") == before)
  }

  @Test("works for a user who may delete nothing, and doctor says so")
  func withoutDeletion() throws {
    guard let world = try Gitolite() else { return }
    let first = world.served.first
    try first.repository.git("remote", "add", "origin", world.url("kept"))
    try first.repository.git("push", "--quiet", "origin", "main")
    #expect(try first.migrate("init", "--remote", "origin").code == 0)
    try first.start("  - { id: A }")
    #expect(try first.migrate("claim", "A", "--no-worktree").code == 0)
    let doctor = try first.migrate("doctor")
    #expect(doctor.code == 0, "it works all the same: \(doctor)")
    #expect(doctor.out.contains("takes our refs, but did not delete 'refs/migrate/probe/"), "\(doctor)")
    #expect(doctor.out.contains("FATAL: + "), "\(doctor)")
    #expect(doctor.out.contains("allow deletion of 'refs/migrate/probe/*'"), "\(doctor)")
  }

  @Test("is refused for a user who may not, and each command says what to do")
  func denied() throws {
    guard let world = try Gitolite() else { return }
    let first = world.served.first
    try first.start("  - { id: A }")
    try first.repository.git("remote", "add", "origin", world.url("closed"))
    try first.repository.git("push", "--quiet", "origin", "main")
    let reason = "FATAL: W refs/migrate/ledger closed tester DENIED by refs/migrate/"
    let sharing = try first.migrate("init", "--remote", "origin")
    #expect(sharing.err.contains("warning: 'origin' does not take it: \(reason)"), "\(sharing)")
    for command in [["claim", "A", "--no-worktree"], ["sync"]] {
      let run = try first.repository.run(TestBinary.path, command)
      #expect(run.code == 128 && run.err.contains("'origin' does not take it: \(reason)"), "\(run)")
      #expect(run.err.contains("hint: run 'git migrate doctor'"), "\(run)")
    }
    let doctor = try first.migrate("doctor")
    #expect(doctor.code == 1 && doctor.out.contains("does not take refs below 'refs/migrate/'"), "\(doctor)")
    #expect(doctor.out.contains("closed tester DENIED by refs/migrate/"), "\(doctor)")
    #expect(doctor.out.contains("let its administrator allow pushes to 'refs/migrate/*'"), "\(doctor)")
    #expect(try first.sentences().count == 1, "nothing was recorded that the others will not see")
    #expect(
      try first.repository.git("-C", world.path("closed"), "for-each-ref", "refs/migrate") == "")

    // Who shares no longer works on alone, as before.
    try first.repository.git("config", "--unset", "migrate.remote")
    #expect(try first.migrate("claim", "A", "--no-worktree").code == 0)
  }
}

/// A gitolite with its own home, reached over ssh as the user `tester`.
private final class Gitolite {
  let served: ServedMigration
  private let home: String
  private var port = 0

  private static let rules = """
    repo shared
      RW   refs/heads/ refs/migrate/  = tester
      RW+  refs/migrate/probe/        = tester
    repo kept
      RW   refs/heads/ refs/migrate/  = tester
    repo closed
      -    refs/migrate/              = tester
      RW                              = tester

    """

  /// Sets it up; `nil` when there is none on this machine.
  init?() throws {
    guard ServedMigration.has("/usr/bin/gitolite", "gitolite3"),
      ServedMigration.has("/usr/sbin/sshd", "openssh-server")
    else { return nil }
    served = try ServedMigration(nil)
    home = served.root + "/gitolite"
    try Files.makeDirectories(home)
    port = try served.serveSSH(keys: home + "/.ssh/authorized_keys", home: home)
    try Files.writeAtomically(home + "/tester.pub", try Files.readFile(served.root + "/user.pub") ?? [])
    try gitolite("setup", "-pk", home + "/tester.pub")
    try Files.writeAtomically(home + "/.gitolite/conf/gitolite.conf", Array(Gitolite.rules.utf8))
    try gitolite("compile")
    try gitolite("trigger", "POST_COMPILE")
    _ = try served.first.migrate("init", in: path("shared"))
  }

  private func gitolite(_ arguments: String...) throws {
    let run = try served.first.repository.run("gitolite", arguments, in: home, adding: ["HOME": home])
    guard run.code == 0 else { throw TestFailure("gitolite \(arguments): \(run)") }
  }

  /// The folder of one of its repositories.
  func path(_ name: String) -> String { "\(home)/repositories/\(name).git" }

  /// How its users call it.
  func url(_ name: String) throws -> String {
    "ssh://\(try served.shell("id -un"))@127.0.0.1:\(port)/\(name)"
  }
}
