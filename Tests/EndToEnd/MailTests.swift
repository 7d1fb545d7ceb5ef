import Glibc
import Support
import System
import Testing

/// Units as files that can be mailed, made in whatever surroundings.
@Suite("Mail of what is offered") struct MailTests {
  private static let steps =
    "  - { id: S1, title: One, run: 'echo x > f1' }\n  - { id: S2, title: Two, run: 'echo x > f2' }"

  private func world(settings: String = "") throws -> MigrationWorld {
    let world = try MigrationWorld()
    let config = world.repository.root + "/gitconfig"
    try Files.writeAtomically(config, Array((TestRepository.noWalls + settings).utf8))
    try world.start(Self.steps, more: "publish: { unit: step }")
    let run = try world.migrate("run")
    guard run.code == 0 else { throw TestFailure("\(run)") }
    return world
  }

  private func text(_ path: String) throws -> String {
    String(decoding: try Files.readFile(path) ?? [], as: UTF8.self)
  }

  @Test func `is for whoever has no remote, and is as others read it, whatever the user's settings`() throws {
    let world = try world(
      settings:
        "[format]\n\tsuffix = .txt\n\tuseAutoBase = true\n\tattach = true\n[diff]\n\tnoprefix = true\n"
        + "\tcontext = 0\n[color]\n\tui = always\n")
    let folder = world.repository.root + "/mail"
    let mail = try world.migrate("publish", "--mail", folder)
    #expect(mail.code == 0 && mail.err.isEmpty, "\(mail)")
    #expect(
      try Files.listDirectory(folder + "/S1") == [
        "0000-cover-letter.patch", "0001-mig-One.patch", "S1.bundle",
      ])
    #expect(try text(folder + "/S1/0000-cover-letter.patch").contains("Subject: [PATCH 0/1] mig: One\n"))
    #expect(try text(folder + "/S1/0001-mig-One.patch").contains("+++ b/f1\n"))
  }

  @Test func `takes the place of what was there of an earlier call, and of nothing else`() throws {
    let world = try world()
    let folder = world.repository.root + "/mail"
    try Files.makeDirectories(folder + "/S1")
    for name in ["0002-mig-Gone.patch", "request-pull.txt", "notes.txt", "mine.patch"] {
      try Files.writeAtomically("\(folder)/S1/\(name)", Array("old\n".utf8))
    }
    #expect(try world.migrate("publish", "--mail", folder, "S1").code == 0)
    #expect(
      try Files.listDirectory(folder + "/S1") == [
        "0000-cover-letter.patch", "0001-mig-One.patch", "S1.bundle", "mine.patch", "notes.txt",
      ])
    #expect(!Files.exists(folder + "/S2"))
  }

  @Test(arguments: [["--mail", "there"], ["-n"], ["--tell"], []])
  func `a unit that is not there is said`(_ options: [String]) throws {
    let world = try world()
    let run = try world.repository.run(TestBinary.path, ["publish"] + options + ["S1", "Sx"])
    #expect(run.code == 128 && run.err.contains("'mig' has no unit 'Sx'"), "\(run)")
    #expect(!Files.exists(world.repository.path + "/there"))
  }

  @Test func `touches nothing of the repository that the surroundings name`() throws {
    let world = try world()
    let before =
      try world.repository.git("for-each-ref") + world.repository.git("config", "--local", "--list")
    let surroundings = ["GIT_DIR": world.repository.path + "/.git", "GIT_WORK_TREE": world.repository.path]
    let run = try world.migrate("publish", "--mail", world.repository.root + "/mail", adding: surroundings)
    #expect(run.code == 0, "\(run)")
    let after = try world.repository.git("for-each-ref") + world.repository.git("config", "--local", "--list")
    #expect(before == after)
  }

  @Test func `tells nobody the password of an address`() throws {
    let world = try world()
    let server = world.repository.root + "/server.git"
    try world.repository.git("init", "--quiet", "--bare", server)
    try world.repository.git("remote", "add", "origin", server)
    try world.repository.git("push", "--quiet", "origin", "main")
    let forge = ["GIT_CONFIG_COUNT": "1", "GIT_CONFIG_KEY_0": "migrate.forge", "GIT_CONFIG_VALUE_0": "none"]
    let publish = try world.migrate("publish", adding: forge)
    #expect(publish.code == 0, "\(publish)")
    try world.repository.git("remote", "set-url", "origin", "https://me:secret@127.0.0.1:1/shop/app.git")
    let folder = world.repository.root + "/mail"
    let mail = try world.migrate("publish", "--mail", folder)
    #expect(mail.code == 0 && mail.err.contains("'https://127.0.0.1:1/shop/app.git'"), "\(mail)")
    let request = try text(folder + "/S1/request-pull.txt")
    #expect(request.contains("\n  https://127.0.0.1:1/shop/app.git migrate-pr/mig/S1\n"), "\(request)")
    #expect(!"\(mail)\(request)".contains("secret"))
  }

  @Test func `is made of a unit whose branch could not be pushed`() throws {
    let world = try world()
    try world.repository.git("remote", "add", "origin", "https://127.0.0.1:1/shop/app.git")
    let forge = ["GIT_CONFIG_COUNT": "1", "GIT_CONFIG_KEY_0": "migrate.forge", "GIT_CONFIG_VALUE_0": "none"]
    #expect(try world.migrate("publish", adding: forge).code == 1)
    let mail = try world.migrate("publish", "--mail", world.repository.root + "/mail")
    #expect(mail.code == 0 && mail.out.split(separator: "\n").count == 2, "\(mail)")
  }

  @Test func `leaves nothing behind when it is interrupted`() throws {
    let world = try world()
    let root = world.repository.root
    for folder in ["bin", "tmp"] { try Files.makeDirectories("\(root)/\(folder)") }
    let script = """
      #!/bin/sh
      case " $* " in *" request-pull "*|*" format-patch "*) : > "$HOME/hangs"; exec sleep 300;; esac
      PATH=${PATH#*:}; exec git "$@"
      """
    try Files.writeAtomically(root + "/bin/git", Array(script.utf8), mode: 0o755)
    world.repository.environment["PATH"] = "\(root)/bin:" + (world.repository.environment["PATH"] ?? "")
    world.repository.environment["TMPDIR"] = root + "/tmp"
    let run = try world.begin("publish", "--mail", root + "/mail")
    #expect(eventually { Files.exists(world.home("hangs")) })
    run.send(SIGINT)
    #expect(try run.wait().code == 130)
    #expect(try Files.listDirectory(root + "/tmp").isEmpty)
    #expect(try Files.listDirectory(root + "/mail/S1").isEmpty)
    #expect(try world.survivors().isEmpty)
  }
}
