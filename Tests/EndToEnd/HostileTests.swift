import Migration
import Site
import Supervision
import Support
import System
import Testing

/// Workers that mean harm (THREATS T1 to T5, T8, T13), in the sandbox and without one.
@Suite("A hostile worker") struct HostileTests {
  /// Whether bubblewrap works here: some containers let nobody make namespaces.
  static let hasSandbox: Bool = {
    let words = [
      "--unshare-user", "--unshare-pid", "--ro-bind", "/", "/", "--dev", "/dev", "--proc", "/proc", "true",
    ]
    let run = try? TestRepository(.none).run("bwrap", words)
    return run?.code == 0
  }()

  /// A world with things that are worth stealing, and a folder beside the repository.
  private func world(_ worker: HostileWorker, sandbox: String) throws -> MigrationWorld {
    let world = try MigrationWorld(files: [".gitignore": ".env\n"])
    let root = world.repository.root
    for (path, text) in [
      ("home/.ssh/id_secret", "canary"), ("home/.profile", "mine\n"), ("repo/.env", "TOKEN=canary"),
      ("beside/mine", "mine\n"),
    ] {
      try Files.makeDirectories(Files.parent(of: root + "/" + path))
      try Files.writeAtomically(root + "/" + path, Array(text.utf8))
    }
    try Files.writeAtomically("/tmp/secret-of-\(name(world))", Array("canary".utf8))
    try world.repository.git("config", "--global", "migrate.sandbox", sandbox)
    let script = """
      REPO=\(world.repository.path) BESIDE=\(root)/beside NAME=\(name(world)); export REPO BESIDE NAME
      { \(worker.script); } > /dev/null 2>&1
      echo done > made; exit 0
      """
    try Files.writeAtomically(world.repository.path + "/../script", Array(script.utf8))
    try world.repository.write("work.sh", script)
    try world.repository.git("add", "work.sh")
    try world.repository.git("commit", "--quiet", "--message=script")
    try world.start("  - { id: A, run: 'sh work.sh' }")
    return world
  }

  private func name(_ world: MigrationWorld) -> String {
    String(world.repository.root.split(separator: "/").last ?? "")
  }

  /// Everything outside that is the user's, in words.
  private func outside(_ world: MigrationWorld) throws -> String {
    let script = """
      cat repo/.git/config repo/.git/HEAD; ls -A repo repo/.git/hooks repo/.git/info beside home
      cat home/.profile beside/* repo/a.txt repo/.git/info/attributes repo/.git/hooks/post-checkout
      cat repo/.git/worktrees/*/gitdir; ls -A repo.migrate | grep -v gate-
      git -C repo for-each-ref refs/heads/main refs/heads/evil refs/heads/other refs/replace
      ls -d /tmp/evil-of-\(name(world)) /var/tmp/evil-of-\(name(world)); ls -A repo/.git/migrate/prompts
      """
    return try world.repository.run("sh", ["-c", script], in: world.repository.root).out
  }

  private func clean(_ world: MigrationWorld) {
    for place in ["/tmp/secret-of-", "/tmp/evil-of-", "/var/tmp/evil-of-"] {
      try? Files.removeFile(place + name(world))
    }
  }

  @Test(
    "in the sandbox reaches nothing outside of its worktree", .enabled(if: hasSandbox),
    arguments: HostileWorker.all)
  func shutIn(_ worker: HostileWorker) throws {
    let world = try world(worker, sandbox: "require")
    defer { clean(world) }
    // What a run itself leaves is there already.
    try Files.makeDirectories(world.repository.path + ".migrate/slot-1")
    try Files.removeTree(world.repository.path + ".migrate")
    let before = try outside(world).split(separator: "\n").filter { !$0.hasPrefix("slot-") && $0 != "mig" }
    let run = try world.migrate("run", "--jobs", "1", adding: ["SECRET_TOKEN": "canary"])
    #expect(run.code == 0, "\(run)")
    #expect(try world.states()["A"] == "merged")
    let after = try outside(world).split(separator: "\n").filter { line in
      !line.hasPrefix("slot-") && line != "mig" && !line.contains("/.git/worktrees/")
        && !line.hasSuffix("slot-1/.git")
        && !line.hasSuffix("gate-1/.git")
    }
    #expect(after == before)
    #expect(try world.repository.git("log", "--format=%B", "-1", "refs/heads/migrate/mig").contains("A"))
    let claim = try world.migrate("ledger", "cat").out
    #expect(claim.contains(#""sandbox":"bubblewrap""#))
  }

  /// What a plan did without a sandbox it does with the one that nobody asked for.
  @Test(
    "and an honest command: it finds what all share, unless a sandbox is required",
    .enabled(if: hasSandbox), arguments: ["auto", "require"])
  func ownCommands(sandbox: String) throws {
    let world = try MigrationWorld()
    let root = world.repository.root
    try Files.makeDirectories(root + "/beside")
    world.repository.environment["GIT_CONFIG_GLOBAL"] = nil
    try world.repository.git("config", "--global", "user.name", "Ada")
    try world.repository.git("config", "--global", "migrate.sandbox", sandbox)
    let command = "echo $MIGRATE_STEP >> '\(root)/beside/told' && git config user.name"
    try world.start(
      "  - { id: A, run: \"\(command) > x\" }",
      gate: "{ verifiers: [{ name: t, kind: build, run: \"\(command)\" }] }")
    let run = try world.migrate("run")
    #expect(run.code == (sandbox == "auto" ? 0 : 1), "\(run)")
    let told = String(decoding: try Files.readFile(root + "/beside/told") ?? [], as: UTF8.self)
    if sandbox == "require" { return #expect(told.isEmpty) }
    #expect(told.contains("A"), "\(told)")
    #expect(try world.file("x") == "Ada")
  }

  @Test(
    "runs where no sandbox can be had, which is said once, unless one is required", .enabled(if: hasSandbox))
  func noNamespaces() throws {
    let world = try MigrationWorld()
    try world.repository.git("config", "--global", "migrate.sandbox", "auto")
    try world.start("  - { id: A, run: 'echo x > x' }\n  - { id: B, run: 'echo y > y' }")
    let script = "echo 0 > /proc/sys/user/max_user_namespaces; exec git"
    let strict = try world.repository.run(
      "unshare", ["-Ur", "sh", "-c", "\(script) -c migrate.sandbox=require migrate run"])
    #expect(
      strict.code == 128 && strict.err.contains("a sandbox is required, and there is none"), "\(strict)")
    let run = try world.repository.run("unshare", ["-Ur", "sh", "-c", "\(script) migrate run"])
    #expect(run.code == 0, "\(run)")
    #expect(run.err.ranges(of: "without a sandbox").count == 1, "\(run)")
    #expect(try !world.migrate("ledger", "cat").out.contains("bubblewrap"))
  }

  @Test(
    "without a sandbox is told of, where anybody can see what it did",
    arguments: HostileWorker.all.filter { $0.told != nil })
  func told(_ worker: HostileWorker) throws {
    let world = try world(worker, sandbox: "off")
    defer { clean(world) }
    let run = try world.migrate("run", "--jobs", "1")
    #expect("\(run)".contains(worker.told ?? ""), "\(run)")
    #expect(!Files.exists(world.repository.root + "/beside/ran"))
  }
}
