import CanonicalJSON
import Migration
import Support
import System
import Testing

/// A ledger is shared only where every clone will see it, and whoever says no is quoted.
@Suite("Sharing a ledger")
struct ShareTests {
  private func world() throws -> (TestRepository, server: String) {
    let world = try TestRepository()
    let server = world.root + "/server.git"
    try world.git("init", "--quiet", "--bare", "--initial-branch=main", server)
    try world.git("remote", "add", "origin", server)
    try world.git("push", "--quiet", "origin", "main")
    let plan = """
      ---
      migration: m
      gate: none
      steps:
        - { id: A, run: "echo new > a.txt" }
      ---

      """
    try Files.writeAtomically(world.root + "/plan.md", Array(plan.utf8))
    return (world, server)
  }

  @Test(
    "is refused at init where it would be written to one place and looked for in another, or come apart",
    arguments: [
      (#"git remote set-url --push origin ../fork.git"#, "pushed to"),
      (#"git remote set-url --add origin ../fork.git"#, "2 addresses"),
      (
        #"git remote set-url --add --push origin ../a.git; git remote set-url --add --push origin ../b.git"#,
        "2 addresses"
      ),
      (#"git config url."${PWD%/*}/fork.git".pushInsteadOf "${PWD%/*}/server.git""#, "does not show them"),
      ("git -C ../server.git config uploadpack.hideRefs refs/migrate", "does not show them"),
      ("git -C ../server.git config receive.advertiseAtomic false", "several refs at once"),
    ])
  func refused(script: String, words: String) throws {
    let (world, server) = try world()
    try world.git("clone", "--quiet", "--bare", server, world.root + "/fork.git")
    #expect(try world.run("sh", ["-ec", script]).code == 0)
    let initialized = try world.runMigrate("init", "--remote", "origin")
    #expect(initialized.code == 128 && initialized.err.contains(words), "\(initialized)")
    try world.git("config", "migrate.remote", "origin")
    let start = try world.runMigrate("start", "../plan.md")
    #expect(start.code == 128 && start.err.contains(words), "\(start)")
    #expect(try world.runMigrate("doctor").out.contains(words))
  }

  @Test("a pre-push hook that says no is quoted")
  func hook() throws {
    let (world, _) = try world()
    try world.write(".git/hooks/pre-push", "#!/bin/sh\necho 'tests failed, not pushing' >&2\nexit 1\n")
    #expect(try world.run("chmod", ["+x", ".git/hooks/pre-push"]).code == 0)
    #expect(try world.runMigrate("init", "--remote", "origin").code == 0)
    let start = try world.runMigrate("start", "../plan.md")
    #expect(start.code != 0 && start.err.contains("tests failed, not pushing"), "\(start)")
    #expect(start.err.contains("'pre-push' hook here") && !start.err.contains("reached"), "\(start)")
    // The other side has nothing to do with it.
    #expect(start.err.contains("nothing was pushed to 'origin'") && !start.err.contains("doctor"), "\(start)")
  }

  @Test("push options of the user's are not sent with each entry")
  func options() throws {
    let (world, server) = try world()
    try world.git("-C", server, "config", "receive.advertisePushOptions", "true")
    let hook = "#!/bin/sh\necho \"$GIT_PUSH_OPTION_COUNT\" >> '\(world.root)/options'\n"
    try Files.writeAtomically(server + "/hooks/post-receive", Array(hook.utf8), mode: 0o755)
    try world.git("config", "push.pushOption", "merge_request.create")
    #expect(try world.runMigrate("init", "--remote", "origin").code == 0)
    #expect(try world.runMigrate("start", "../plan.md").code == 0)
    let seen = try Files.readFile(world.root + "/options") ?? []
    #expect(!seen.isEmpty && !seen.contains(0x31), "\(String(decoding: seen, as: UTF8.self))")
  }

  @Test("a backup takes everything, by address and by name; the shared repository is guarded as ever")
  func mirror() throws {
    let (world, server) = try world()
    let backup = world.root + "/backup.git"
    try world.git("init", "--quiet", "--bare", backup)
    try world.git("remote", "add", "backup", backup)
    #expect(try world.runMigrate("init", "--remote", "origin").code == 0)
    #expect(try world.runMigrate("start", "../plan.md").code == 0)
    #expect(try world.runMigrate("run").code == 0)
    for place in [backup, "backup"] {
      let push = try world.runGit(["push", "--quiet", "--mirror", place])
      #expect(push.code == 0, "\(push)")
    }
    #expect(
      try world.git("-C", backup, "rev-parse", "refs/migrate/ledger")
        == world.git("rev-parse", "refs/migrate/ledger"))
    for place in [server, "origin", "../server.git"] {
      let push = try world.runGit(["push", "--force", place, "main:refs/migrate/ledger"])
      #expect(push.code != 0 && push.err.contains("refusing"), "\(place): \(push)")
    }
  }

  @Test(
    "a clone made ready before anything was begun finds what others began since",
    arguments: [
      ["trust", "m"], ["run"], ["claim"], ["show"], ["graph"], ["pause"], ["status", "--migration", "m"],
    ])
  func begunElsewhere(command: [String]) throws {
    let (world, server) = try world()
    #expect(try world.runMigrate("init", "--remote", "origin").code == 0)
    let other = world.root + "/other"
    try world.git("clone", "--quiet", server, other)
    #expect(try world.run(TestBinary.path, ["init", "--remote", "origin"], in: other).code == 0)
    #expect(try world.runMigrate("start", "../plan.md").code == 0)
    let found = try world.run(TestBinary.path, command, in: other)
    #expect(found.code == 0, "\(found)")
    let tips = try [other, server].map { try world.git("-C", $0, "rev-parse", "migrate/m") }
    #expect(tips[0] == tips[1])
  }

  @Test("the status of it says how old it is, and fetches when asked")
  func age() throws {
    let (world, server) = try world()
    #expect(try world.runMigrate("init", "--remote", "origin").code == 0)
    let other = world.root + "/other"
    try world.git("clone", "--quiet", server, other)
    #expect(try world.run(TestBinary.path, ["init", "--remote", "origin"], in: other).code == 0)
    try Files.writeAtomically(other + "/.git/migrate/contact", Array("1767225600000\n".utf8))
    #expect(try world.runMigrate("start", "../plan.md").code == 0)
    #expect(try world.runMigrate("status").out.contains("as of") == false)
    let old = try world.run(TestBinary.path, ["status"], in: other)
    #expect(old.out.contains("as of ") && old.out.contains("no migration here"), "\(old)")
    #expect(
      old.err == "hint: 'git migrate sync' brings what was begun elsewhere and shared through 'origin'\n")
    func asOf(_ options: String...) throws -> JSON? {
      let status = try world.run(TestBinary.path, ["status", "--json"] + options, in: other)
      return try JSON.parse(status.out)["shared"]?["as_of"]
    }
    #expect(try asOf() == .integer(1_767_225_600))
    #expect(try asOf("--fetch") != .integer(1_767_225_600))
    let new = try world.run(TestBinary.path, ["status", "--fetch"], in: other)
    #expect(new.out.contains("0 of 1") && !new.out.contains("as of"), "\(new)")
  }
}
