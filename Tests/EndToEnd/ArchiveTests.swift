import CanonicalJSON
import Git
import Ledger
import Migration
import Support
import System
import Testing

/// The refs of finished steps' attempts are folded into one.
@Suite("Results of finished steps")
struct ArchiveTests {
  private static let archive = "refs/migrate/archive/mig"
  private static let steps = """
      - { id: A, run: 'echo a > a' }
      - { id: B, needs: [A], run: 'echo $MIGRATE_EPOCH > b; test $MIGRATE_EPOCH = 2' }
    """

  /// Does by hand what a run does for 64 steps.
  private func fold(_ world: MigrationWorld) throws -> FoldOutcome {
    let repository = try Repository.open(
      gitDirectory: world.repository.path + "/.git", environment: world.repository.environment)
    let ledger = Ledger(repository: repository)
    ledger.share(with: try GitRemote(repository, GitProgram(repository))) { _ in }
    let state = try #require(try ledger.read().state.migration(named: "mig"))
    var told: [String] = []
    let outcome = try ledger.foldAttempts(of: state, atLeast: 1) { told.append($0) }
    #expect(told.isEmpty, "\(told)")
    return outcome
  }

  private func refs(_ world: MigrationWorld, in directory: String? = nil) throws -> [String] {
    let place = directory ?? world.repository.path
    return try world.repository.git("-C", place, "for-each-ref", "--format=%(refname)", "refs/migrate")
      .split(separator: "\n").map(String.init).filter { !$0.hasPrefix("refs/migrate/remotes/") }
  }

  @Test("are kept by one ref, which tells them all and which git collects nothing of")
  func folded() throws {
    let world = try MigrationWorld()
    try world.start(ArchiveTests.steps + "\n  - { id: C, needs: [B] }")
    #expect(try world.migrate("run", "--jobs", "1").code == 1)
    let before = try ["A/1", "B/1", "B/2"].map {
      try world.repository.git("rev-parse", "refs/migrate/attempt/mig/\($0)")
    }
    let folder = world.repository.path + "/.git/refs/migrate/attempt/mig"
    #expect(try Files.listDirectory(folder) == ["A", "B"])
    #expect(try fold(world) == .folded(3))
    #expect(try refs(world) == [ArchiveTests.archive, "refs/migrate/ledger"])
    // Whoever lists refs would open each folder that a finished step has left.
    #expect(try Files.listDirectory(folder) == [])
    try world.repository.git("gc", "--quiet", "--prune=now")
    #expect(try world.complaints() == "")
    for commit in before { #expect(try world.repository.git("cat-file", "-t", commit) == "commit") }
    // What a person is told of an attempt is where it is.
    let shown = try world.migrate("show", "B")
    #expect(shown.out.contains("'git show \(before[1].prefix(10))'"), "\(shown)")
    let json = try JSON.parse(try world.migrate("show", "B", "--json").out)
    guard case .array(let attempts)? = json["attempts"] else { throw TestFailure("no attempts") }
    #expect(attempts.map { $0["commit"] } == before[1...].map { .string($0) })
    // A slot whose result is in the archive holds nothing that is not kept.
    #expect(try world.migrate("claim", "C").code == 0)
    #expect(try refs(world) == [ArchiveTests.archive, "refs/migrate/ledger"])
    #expect(try fold(world) == .few)
  }

  @Test("stay the same when a killed run has left the refs behind, and are folded by whoever comes next")
  func repeated() throws {
    let world = try MigrationWorld()
    try world.start(ArchiveTests.steps)
    #expect(try world.migrate("run").code == 0)
    let commit = try world.repository.git("rev-parse", "refs/migrate/attempt/mig/B/1")
    #expect(try fold(world) == .folded(3))
    let tip = try world.repository.git("rev-parse", ArchiveTests.archive)
    try world.repository.git("update-ref", "refs/migrate/attempt/mig/B/1", commit)
    #expect(try world.migrate("fsck").code == 0)
    #expect(try fold(world) == .folded(1))
    #expect(try world.repository.git("rev-parse", ArchiveTests.archive) == tip)
    #expect(try refs(world) == [ArchiveTests.archive, "refs/migrate/ledger"])
  }

  @Test("may be deleted by hand as soon as the archive keeps them; the archive may not, nor be forged")
  func guarded() throws {
    let world = try MigrationWorld()
    try world.start(ArchiveTests.steps)
    #expect(try world.migrate("run").code == 0)
    let ref = "refs/migrate/attempt/mig/B/1"
    let commit = try world.repository.git("rev-parse", ref)
    #expect(try world.repository.runGit(["update-ref", "-d", ref]).err.contains("keeps the work"))
    #expect(try fold(world) == .folded(3))
    for isPacked in [false, true] {
      try world.repository.git("update-ref", ref, commit)
      if isPacked { try world.repository.git("pack-refs", "--all") }
      let deleted = try world.repository.runGit(["update-ref", "-d", ref])
      #expect(deleted.code == 0, "\(deleted)")
    }
    // Another commit than the one that is kept is somebody's work.
    try world.repository.git("update-ref", ref, "main")
    #expect(try world.repository.runGit(["update-ref", "-d", ref]).err.contains("keeps the work"))
    let deleted = try world.repository.runGit(["update-ref", "-d", ArchiveTests.archive])
    #expect(deleted.err.contains("keeps the work of finished steps"), "\(deleted)")
    let forged = try world.repository.runGit(["update-ref", ArchiveTests.archive, "main"])
    #expect(forged.err.contains("is no commit of an archive"), "\(forged)")
    let empty = try world.repository.git("mktree", "--missing", "-z")
    let fresh = try world.repository.git("commit-tree", "-p", "main", "-m", "x\n\nB/7 \(commit)", empty)
    #expect(try world.repository.runGit(["update-ref", ArchiveTests.archive, fresh]).code != 0)
  }

  @Test("of an ended migration go when it is asked for, and no file of them is only there")
  func cleaned() throws {
    let world = try MigrationWorld()
    try world.start("  - { id: A, run: 'echo a > a' }\n  - { id: B, needs: [A], run: 'echo b > b' }")
    #expect(try world.migrate("run").code == 0)
    #expect(try world.migrate("finish").code == 0)
    #expect(try fold(world) == .folded(2))
    #expect(try world.migrate("clean", "-n").out.contains("would remove '\(ArchiveTests.archive)'"))
    #expect(try world.migrate("clean", "-f").code == 0)
    #expect(try refs(world) == ["refs/migrate/ledger"])
    #expect(try Files.listDirectory(world.repository.path + "/.git/refs/migrate/attempt/mig") == [])

    let other = try MigrationWorld()
    try other.start(ArchiveTests.steps)
    #expect(try other.migrate("run").code == 0)
    #expect(try other.migrate("finish").code == 0)
    #expect(try fold(other) == .folded(3))
    let clean = try other.migrate("clean", "-f")
    #expect(clean.err.contains("kept 3 attempts"), "\(clean)")
    #expect(try refs(other) == [ArchiveTests.archive, "refs/migrate/ledger"])
  }

  @Test(
    "of a shared ledger are folded in the server, too, by whichever clone; what one has alone stays there")
  func shared() throws {
    let world = try SharedMigration()
    try world.first.start(ArchiveTests.steps + "\n  - { id: C, needs: [B] }")
    let other = try world.clone("other")
    #expect(try world.first.migrate("run", "--jobs", "1").code == 1)
    #expect(try fold(world.first) == .folded(2))
    let only = "refs/migrate/attempt/mig/B/1"
    let left = [ArchiveTests.archive, "refs/migrate/ledger"]
    #expect(try refs(world.first) == [ArchiveTests.archive, only, "refs/migrate/ledger"])
    #expect(try refs(world.first, in: world.server) == left)
    #expect(try world.git(world.server, "fsck", "--strict") == "")
    // The other clone hands in one more, and adds it to what the server has.
    #expect(try world.migrate(other, "sync").code == 0)
    try world.first.amend(ArchiveTests.steps + "\n  - { id: C, needs: [B], run: 'echo c > c' }")
    #expect(try world.migrate(other, "trust").code == 0)
    let run = try world.migrate(other, "run")
    #expect(run.code == 0, "\(run)")
    _ = try world.migrate(world.first.repository.path, "sync")
    let before = try world.tip(world.server, ArchiveTests.archive)
    #expect(try world.git(other, "for-each-ref", "refs/migrate/attempt").contains("mig/C/"))
    let repository = try Repository.open(
      gitDirectory: other + "/.git", environment: world.first.repository.environment)
    let ledger = Ledger(repository: repository)
    ledger.share(with: try GitRemote(repository, GitProgram(repository))) { _ in }
    let state = try #require(try ledger.read().state.migration(named: "mig"))
    #expect(try ledger.foldAttempts(of: state, atLeast: 1) { Issue.record("\($0)") } == .folded(1))
    #expect(try world.tip(world.server, ArchiveTests.archive + "^1") == before)
    #expect(try refs(world.first, in: world.server) == left)
    #expect(try world.migrate(other, "fsck").code == 0)
  }

  @Test("that only this clone has stay when another clone's is fetched")
  func fetched() throws {
    let world = try SharedMigration()
    let repository = world.first.repository
    let folder = "refs/migrate/attempt/mig/A"
    for epoch in [1, 10] { try repository.git("update-ref", "\(folder)/\(epoch)", "main") }
    let opened = try Repository.open(
      gitDirectory: repository.path + "/.git", environment: repository.environment)
    let remote = try #require(try GitRemote(opened, GitProgram(opened)))
    try remote.fetch(attempts: ["\(folder)/1"])
    #expect(try refs(world.first) == ["\(folder)/1", "\(folder)/10"])
  }

  @Test("stay on the server that deletes nothing, which is told, and are kept by the archive all the same")
  func stubborn() throws {
    let world = try SharedMigration()
    try world.first.start("  - { id: A, run: 'echo a > a' }")
    #expect(try world.first.migrate("run").code == 0)
    let hook =
      "#!/bin/sh\ncase $3 in *[!0]*) ;; *) echo 'error: nothing is deleted here' >&2; exit 1 ;; esac\n"
    try Files.writeAtomically(world.server + "/hooks/update", Array(hook.utf8), mode: 0o755)
    let repository = try Repository.open(
      gitDirectory: world.first.repository.path + "/.git", environment: world.first.repository.environment)
    let ledger = Ledger(repository: repository)
    ledger.share(with: try GitRemote(repository, GitProgram(repository))) { _ in }
    let state = try #require(try ledger.read().state.migration(named: "mig"))
    var told: [String] = []
    #expect(try ledger.foldAttempts(of: state, atLeast: 1) { told.append($0) } == .folded(1))
    #expect(told.count == 1 && told[0].hasPrefix("'origin' keeps the refs of finished steps"), "\(told)")
    #expect(
      try refs(world.first, in: world.server)
        == [ArchiveTests.archive, "refs/migrate/attempt/mig/A/1", "refs/migrate/ledger"])
  }
}
