import Git
import Glibc
import Ledger
import Migration
import System
import Testing

@testable import Runner
@testable import Site

@Suite struct HookScriptTests {
  @Test(arguments: [HookScripts.text, HookScripts.forward])
  func `every release knows its hooks by their second line`(_ text: String) {
    #expect(text.split(separator: "\n").dropFirst().first?.hasPrefix(HookFile.marker) == true)
  }
}

@Suite struct HookInstallTests {
  let world: HookWorld

  init() throws {
    world = try HookWorld()
    try world.makeRepository()
  }

  private func states() throws -> [HookStatus.State] {
    try HookInstaller(site: world.site()).status().map(\.state)
  }

  private func denies(_ folder: String = "repo") throws -> Bool {
    let ran = try world.git(folder, "update-ref", "refs/migrate/ledger", "HEAD")
    if ran.isSuccess {
      try world.git(folder, "-c", "core.hooksPath=/dev/null", "update-ref", "-d", "refs/migrate/ledger")
    }
    return !ran.isSuccess && ran.errors.contains("refusing to change")
  }

  @Test func `init is idempotent, and its undoing complete`() throws {
    try world.git("repo", "config", "--add", "log.excludeDecoration", "refs/mine/*")
    let hooks = try Files.listDirectory(world.path("repo/.git/hooks"))
    // What makes git wait for locks stays.
    try world.git("repo", "config", "core.filesRefLockTimeout", "10000")
    try world.git("repo", "config", "core.packedRefsTimeout", "200")
    let config = try world.read("repo/.git/config")
    #expect(try states() == [.missing, .missing, .missing])
    #expect(try world.install().done.count == 4)
    #expect(try states() == [.installed, .installed, .installed])
    #expect(try world.install() == HookChanges(directory: world.path("repo/.git/hooks")))
    #expect(try denies())
    let values = try world.git("repo", "config", "--get-all", "log.excludeDecoration").text
    #expect(values == "refs/mine/*\nrefs/migrate/*")
    _ = try HookSetup(site: world.site()).uninstall()
    #expect(try Files.listDirectory(world.path("repo/.git/hooks")) == hooks)
    #expect(try world.read("repo/.git/config") == config)
    #expect(try HookSetup(site: world.site()).uninstall().done.isEmpty)
  }

  @Test func `git is made to wait for locks, where nobody has said how long, and goes on doing so`() throws {
    try world.git(".", "config", "--global", "core.packedRefsTimeout", "3000")
    let changes = try world.install()
    #expect(changes.done.contains { $0.hasPrefix("set core.filesRefLockTimeout to 10000 ms") })
    #expect(!changes.done.contains { $0.contains("core.packedRefsTimeout") })
    _ = try HookSetup(site: world.site()).uninstall()
    let waits = try world.git("repo", "config", "--get-regexp", "timeout").text
    #expect(waits == "core.packedrefstimeout 3000\ncore.filesreflocktimeout 10000")
  }

  @Test func `a setting of the user's own is not taken away`() throws {
    try world.git("repo", "config", "log.excludeDecoration", "refs/migrate/*")
    _ = try world.install()
    _ = try HookSetup(site: world.site()).uninstall()
    #expect(try world.git("repo", "config", "log.excludeDecoration").text == "refs/migrate/*")
  }

  @Test func `a foreign hook runs first, with the same input, and keeps its say`() throws {
    let text = "#!/bin/sh\n{ echo \"$0 $*\"; cat; } >> ../seen\nexit $(cat ../code)"
    try world.write("repo/.git/hooks/reference-transaction", text, mode: 0o750)
    try world.write("code", "0")
    _ = try world.install()
    #expect(try world.git("repo", "branch", "one").isSuccess)
    let head = try #require(try world.resolve("HEAD"))
    let line = "\(String(repeating: "0", count: 40)) \(head) refs/heads/one\n"
    let name = ".git/hooks/reference-transaction"
    #expect(try world.read("seen") == "\(name) prepared\n\(line)\(name) committed\n\(line)")
    #expect(try denies())
    try world.write("code", "7")
    #expect(!(try world.git("repo", "branch", "two")).isSuccess)
    #expect(try world.resolve("refs/heads/two") == nil)
    // Restored byte for byte, with its mode.
    _ = try HookSetup(site: world.site()).uninstall()
    #expect(try world.read("repo/.git/hooks/reference-transaction") == text)
    var status = stat()
    stat(world.path("repo/.git/hooks/reference-transaction"), &status)
    #expect(status.st_mode & 0o777 == 0o750)
  }

  @Test func `a foreign hook in another language runs too, and pre-push keeps its arguments`() throws {
    let text =
      "#!/bin/bash\nset -e\necho \"$# $1\" >> ../seen\ncat >> ../seen\n[[ ! -e ../stop ]] || exit 3\n"
    try world.write("repo/.git/hooks/pre-push", text, mode: 0o755)
    _ = try world.install()
    try world.git(".", "init", "-q", "--bare", "server.git")
    #expect(try world.git("repo", "push", "-q", "../server.git", "main").isSuccess)
    let head = try #require(try world.resolve("HEAD"))
    let zero = String(repeating: "0", count: 40)
    #expect(try world.read("seen") == "2 ../server.git\nrefs/heads/main \(head) refs/heads/main \(zero)\n")
    try world.write("stop", "")
    #expect(!(try world.git("repo", "push", "-q", "../server.git", "main:other")).isSuccess)
  }

  @Test func `a merge hook that was there keeps its say`() throws {
    try world.write("repo/.git/hooks/pre-merge-commit", "#!/bin/sh\nexit 5\n", mode: 0o755)
    _ = try world.install()
    try world.git("repo", "checkout", "-q", "-b", "side")
    try world.git("repo", "commit", "-q", "--allow-empty", "-m", "side")
    try world.git("repo", "checkout", "-q", "main")
    #expect(!(try world.git("repo", "merge", "-q", "--no-ff", "-m", "x", "side")).isSuccess)
    try world.git("repo", "reset", "-q", "--hard")
    _ = try HookSetup(site: world.site()).uninstall()
    try world.write("repo/.git/hooks/pre-merge-commit", "#!/bin/sh\nexit 0\n", mode: 0o755)
    _ = try world.install()
    #expect(try world.git("repo", "merge", "-q", "--no-ff", "-m", "x", "side").isSuccess)
  }

  @Test func `a hook that was replaced after init is chained, and the older one is kept`() throws {
    let path = "repo/.git/hooks/pre-push"
    try world.write(path, "#!/bin/sh\n# one\n", mode: 0o755)
    _ = try world.install()
    try world.write(path, "#!/bin/sh\n# two\n", mode: 0o755)
    #expect(try states().contains(.foreign))
    #expect(try world.install().warnings.count == 1)
    #expect(try world.read(path + ".migrate-chained") == "#!/bin/sh\n# two\n")
    #expect(try world.read(path + ".migrate-chained.1") == "#!/bin/sh\n# one\n")
    #expect(try states() == [.installed, .installed, .installed])
  }

  @Test func `an outdated or unexecutable hook of ours is seen and repaired`() throws {
    _ = try world.install()
    let path = "repo/.git/hooks/pre-push"
    try world.write(path, "#!/bin/sh\n\(HookFile.marker) of an earlier release\nexit 0\n", mode: 0o755)
    try Files.writeAtomically(
      world.path("repo/.git/hooks/reference-transaction"), Array(HookScripts.text.utf8),
      mode: 0o644)
    let found = try states()
    #expect(found[2] == .outdated)
    guard case .bypassed = found[0] else { throw HookWorld.Stop(reason: "\(found)") }
    _ = try world.install()
    #expect(try states() == [.installed, .installed, .installed])
    #expect(!Files.exists(world.path(path) + ".migrate-chained"))
  }

  // MARK: core.hooksPath

  @Test func `an absolute core.hooksPath outside is used, with a warning`() throws {
    try Files.makeDirectories(world.path("global"))
    try world.git(".", "config", "--global", "core.hooksPath", world.path("global"))
    let changes = try world.install()
    #expect(changes.directory == world.path("global"))
    #expect(changes.warnings.contains { $0.contains("every repository") })
    #expect(try denies())
    // It does not stand in the way of a repository that has no migration.
    try world.makeRepository("innocent")
    #expect(try world.git("innocent", "branch", "migrate/mine").isSuccess)
    let ended = try HookSetup(site: world.site()).uninstall()
    #expect(ended.warnings.contains { $0.contains("has lost these hooks") })
    #expect(try Files.listDirectory(world.path("global")).isEmpty)
    #expect(try HookSetup(site: world.site()).uninstall().warnings.isEmpty)
  }

  private static let ours = "repo/.git/migrate/hooks"

  @Test func `a relative core.hooksPath is chained from a folder of ours, in each worktree its own`() throws {
    try world.git("repo", "config", "core.hooksPath", ".hooks")
    try world.write("repo/.hooks/commit-msg", "#!/bin/sh\necho \"$PWD $1\" >> ../seen\n", mode: 0o755)
    try world.git("repo", "add", ".hooks")
    try world.git("repo", "commit", "-q", "-m", "hooks")
    try world.write("seen", "")
    #expect(try world.install().directory == world.path(HookInstallTests.ours))
    #expect(try world.git("repo", "status", "--porcelain").text == "")
    #expect(try states() == [.installed, .installed, .installed])
    #expect(try denies())
    #expect(try world.git("repo", "commit", "-q", "--allow-empty", "-m", "x").isSuccess)
    try world.git("repo", "worktree", "add", "-q", "--detach", "../linked")
    #expect(try world.install() == HookChanges(directory: world.path(HookInstallTests.ours)))
    #expect(try denies("linked"))
    try world.write("linked/.hooks/commit-msg", "#!/bin/sh\nexit 1\n", mode: 0o755)
    #expect(!(try world.git("linked", "commit", "-q", "--allow-empty", "-m", "x")).isSuccess)
    #expect(try world.read("seen") == "\(world.path("repo")) .git/COMMIT_EDITMSG\n")
    _ = try HookSetup(site: world.site()).uninstall()
    #expect(try world.git("repo", "config", "core.hooksPath").text == ".hooks")
    #expect(!Files.exists(world.path(HookInstallTests.ours)))
    #expect(try world.git("repo", "status", "--porcelain").text == "")
  }

  @Test func `a folder of hooks that is a link into the work tree is left as it is`() throws {
    try world.write("repo/hooks/pre-push", "#!/bin/sh\nexit 3\n", mode: 0o755)
    try world.git("repo", "add", "hooks")
    try world.git("repo", "commit", "-q", "-m", "hooks")
    try Files.removeTree(world.path("repo/.git/hooks"))
    try world.git("repo", "config", "alias.link", "!ln -s ../hooks .git/hooks")
    try world.git("repo", "link")
    _ = try world.install()
    #expect(try world.git("repo", "status", "--porcelain").text == "")
    #expect(try denies())
    try world.git(".", "init", "-q", "--bare", "server.git")
    #expect(!(try world.git("repo", "push", "-q", "../server.git", "main")).isSuccess)
    _ = try HookSetup(site: world.site()).uninstall()
    #expect(!(try world.git("repo", "config", "core.hooksPath")).isSuccess)
  }

  @Test func `what an earlier release wrote into the work tree is taken back`() throws {
    try world.git("repo", "config", "core.hooksPath", ".hooks")
    let old = "#!/bin/sh\n\(HookFile.marker) of an earlier release\nexit 0\n"
    try world.write("repo/.hooks/pre-push", old, mode: 0o755)
    try world.write("repo/.hooks/pre-push.migrate-chained", "#!/bin/sh\nexit 3\n", mode: 0o755)
    _ = try world.install()
    #expect(try Files.listDirectory(world.path("repo/.hooks")) == ["pre-push"])
    #expect(try world.read("repo/.hooks/pre-push") == "#!/bin/sh\nexit 3\n")
  }

  @Test func `husky's hooks still run, none of its files is written, and a later husky is told of`() throws {
    // What husky 9 writes, reduced to what matters here.
    try world.write(
      "repo/.husky/_/h",
      "n=$(basename \"$0\")\ns=$(dirname \"$(dirname \"$0\")\")/$n\n[ -f \"$s\" ] || exit 0\n"
        + "sh -e \"$s\" \"$@\"\nexit $?\n"
    )
    try world.write("repo/.husky/_/pre-push", "#!/usr/bin/env sh\n. \"$(dirname \"$0\")/h\"", mode: 0o755)
    try world.write("repo/.husky/pre-push", "echo ran >> ../seen\n[ ! -e ../stop ]\n")
    try world.git("repo", "add", "--force", ".husky")
    try world.git("repo", "commit", "-q", "-m", "husky")
    try world.git("repo", "config", "core.hooksPath", ".husky/_")
    #expect(try world.install().directory == world.path(HookInstallTests.ours))
    #expect(try world.git("repo", "status", "--porcelain").text == "")
    try world.git(".", "init", "-q", "--bare", "server.git")
    #expect(try world.git("repo", "push", "-q", "../server.git", "main").isSuccess)
    #expect(try world.read("seen") == "ran\n")
    try world.write("stop", "")
    #expect(!(try world.git("repo", "push", "-q", "../server.git", "main:other")).isSuccess)
    #expect(try denies())
    try world.git("repo", "config", "core.hooksPath", ".husky/_")
    guard case .bypassed = try states()[0] else { throw HookWorld.Stop(reason: "\(try states())") }
    _ = try world.install()
    #expect(try denies())
  }

  @Test func `hooks that core.hooksPath hides are found bypassed`() throws {
    _ = try world.install()
    try world.git("repo", "config", "core.hooksPath", world.path("elsewhere"))
    for state in try states() {
      guard case .bypassed(let reason) = state else { throw HookWorld.Stop(reason: "\(state)") }
      #expect(reason.contains("core.hooksPath"))
    }
    let checks = Doctor(directory: world.path("repo"), environment: world.environment).checks()
    #expect(checks.contains { $0.name == "hook reference-transaction" && $0.level == .error })
  }

  @Test func `the doctor finds a healthy repository healthy`() throws {
    _ = try world.install()
    try world.start()
    let checks = Doctor(directory: world.path("repo"), environment: world.environment).checks()
    #expect(checks.filter { $0.level == .error }.isEmpty, "\(checks)")
    #expect(checks.contains { $0.name == "ledger" && $0.message == "1 entry" })
    let outside = Doctor(directory: world.directory, environment: world.environment).checks()
    #expect(outside.contains { $0.name == "repository" && $0.level == .error })
  }
}
