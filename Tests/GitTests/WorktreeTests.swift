import Glibc
import Supervision
import Support
import Synchronization
import System
import Testing

@testable import Git

@Suite struct WorktreeTests {
  @Test func aRemovalThatWasCutOffIsEndedByTheNext() throws {
    let world = try World()
    let commit = try world.commit(["a": "1"])
    _ = try world.worktree("w1", at: commit)
    // What a process that was killed in the middle leaves of a registration: no HEAD, and not in git's way.
    let left = "\(world.path)/.git/migrate-removed-w1"
    try Files.makeDirectories(left)
    try Files.writeAtomically(left + "/gitdir", Array("\(world.root)/w1/.git\n".utf8))
    #expect(try world.git("fsck", "--strict", "--no-dangling") == "")
    try world.repository.removeWorktree(name: "w1", derivedPath: "\(world.root)/w1")
    #expect(!Files.exists(left))
    #expect(!world.exists("repo/.git/worktrees/w1"))
  }

  @Test func whatAKilledProcessHadNotRegisteredGoesWithTheNext() throws {
    let world = try World()
    let commit = try world.commit(["a": "1"])
    let old = "\(world.path)/.git/migrate-worktree-w9-4711-12"
    let fresh = "\(world.path)/.git/migrate-worktree-w8-4712-13"
    for draft in [old, fresh] { try Files.makeDirectories(draft + "/w") }
    var times = [
      timeval(tv_sec: time(nil) - 4000, tv_usec: 0), timeval(tv_sec: time(nil) - 4000, tv_usec: 0),
    ]
    #expect(utimes(old, &times) == 0)
    _ = try world.worktree("w1", at: commit)
    #expect(!Files.exists(old))
    #expect(Files.exists(fresh))
  }

  /// `git worktree prune` removes the folder of all registrations while it is empty.
  @Test func whoTakesTheEmptyFolderAwayBesideItIsInNobodysWay() throws {
    let world = try World()
    let commit = try world.commit(["a": "1"])
    let (path, place, environment) = (world.path, "\(world.root)/x", world.environment)
    let isDone = Mutex(false)
    try inThreads(2) { number in
      guard number == 0 else {
        while !isDone.withLock({ $0 }) { rmdir("\(path)/.git/worktrees") }
        return
      }
      defer { isDone.withLock { $0 = true } }
      let repository = try Repository.open(gitDirectory: path, environment: environment)
      for _ in 0..<200 {
        try repository.addWorktree(name: "x", path: place, commit: commit, lockReason: "")
        try repository.removeWorktree(name: "x", derivedPath: place)
      }
    }
  }

  @Test func addListLockRemove() throws {
    let world = try World()
    let commit = try world.commit(["a": "1"])
    _ = world.repository.compareAndSwap(ref: "refs/heads/main", to: commit, from: nil)
    let worktree = try world.worktree("w1", at: commit)
    #expect(try worktree.head() == .detached(commit))
    #expect(try world.read("w1/a") == "1")
    let listed = try world.repository.worktrees()
    #expect(listed.map(\.name) == ["w1"])
    #expect(listed.first?.path == "\(world.root)/w1")
    #expect(listed.first?.isValid == true)
    #expect(listed.first?.isLocked == true)
    #expect(listed.first?.lockReason == "test")
    #expect(listed.first?.head == commit.hex)
    #expect(listed.first?.checkedOutBranch == nil)
    // git agrees with what was written by hand.
    #expect(try world.git("status", "--porcelain", in: "\(world.root)/w1") == "")
    let text = try world.git("worktree", "list", "--porcelain")
    #expect(text.contains("worktree \(world.root)/w1\nHEAD \(commit)\ndetached\nlocked test"))
    try world.git("worktree", "unlock", "w1")
    #expect(try world.repository.worktrees().first?.isLocked == false)
    try world.git("worktree", "lock", "--reason", "again", "w1")
    #expect(try world.repository.worktrees().first?.lockReason == "again")
    #expect(try world.repository.checkouts(ofBranch: "refs/heads/main") == [world.path])
    try world.git("checkout", "-b", "other", in: "\(world.root)/w1")
    #expect(try world.repository.checkouts(ofBranch: "refs/heads/other") == ["\(world.root)/w1"])
    #expect(try worktree.checkouts(ofBranch: "refs/heads/main") == [world.path])
    try world.repository.removeWorktree(name: "w1", derivedPath: "\(world.root)/w1")
    #expect(!world.exists("w1"))
    #expect(!world.exists("repo/.git/worktrees/w1"))
    #expect(try world.repository.worktrees().isEmpty)
    try world.repository.removeWorktree(name: "w1", derivedPath: "\(world.root)/w1")
  }

  @Test(arguments: ["../../escaped", "", ".", "..", "a..b", "-x", "a/b", ".git", "a b", "ä", "a\0"])
  func badNamesAreRefused(name: String) throws {
    let world = try World()
    let commit = try world.commit(["a": "1"])
    #expect(throws: GitError.self) {
      try world.repository.addWorktree(
        name: name, path: "\(world.root)/w", commit: commit, lockReason: "")
    }
    #expect(throws: GitError.self) {
      try world.repository.removeWorktree(name: name, derivedPath: "\(world.root)/w")
    }
    #expect(!world.exists("w") && !world.exists("escaped") && !world.exists("repo/escaped"))
  }

  @Test func failureLeavesNothing() throws {
    let world = try World()
    let commit = try world.commit(["a": "1"])
    try world.write("full/file", "x")
    let add = { (name: String, path: String) in
      try world.repository.addWorktree(
        name: name, path: "\(world.root)/\(path)", commit: commit, lockReason: "")
    }
    #expect(throws: GitError.self) { try add("w", "full") }
    #expect(try world.read("full/file") == "x")
    try add("w", "w")
    #expect(throws: GitError.self) { try add("w", "w2") }
    #expect(!world.exists("w2"))
    #expect(try Files.listDirectory("\(world.path)/.git").filter { $0.hasPrefix("migrate-") }.isEmpty)
    let missing = try #require(OID(String(repeating: "1", count: 40)))
    #expect(throws: GitError.self) {
      try world.repository.addWorktree(name: "x", path: "\(world.root)/x", commit: missing, lockReason: "")
    }
    #expect(!world.exists("x"))
    #expect(try world.repository.worktrees().map(\.name) == ["w"])
  }

  /// F10: an agent writes another directory into the registration.
  @Test func tamperedRegistrationDeletesNothingElse() throws {
    let world = try World()
    let commit = try world.commit(["a": "1"])
    _ = try world.worktree("w", at: commit)
    try world.write("victim/.git", "gitdir: \(world.path)/.git/worktrees/w\n")
    try world.write("victim/precious", "x")
    try world.write("repo/.git/worktrees/w/gitdir", "\(world.root)/victim/.git\n")
    #expect(throws: GitError.self) {
      try Repository.openWorktree(
        path: "\(world.root)/w", expectedCommonDirectory: world.repository.commonDirectory, environment: [:])
    }
    try world.repository.removeWorktree(name: "w", derivedPath: "\(world.root)/w")
    #expect(!world.exists("w"))
    #expect(try world.read("victim/precious") == "x")
  }

  @Test func removalRefusesWhatIsNotOurs() throws {
    let world = try World()
    let commit = try world.commit(["a": "1"])
    _ = try world.worktree("w", at: commit)
    _ = try world.worktree("other", at: commit)
    try world.write("plain/file", "x")
    symlink("\(world.root)/other", "\(world.root)/link")
    for path in ["plain", "other", "link", "repo", "."] {
      #expect(throws: GitError.self) {
        try world.repository.removeWorktree(name: "w", derivedPath: "\(world.root)/\(path)")
      }
    }
    #expect(throws: GitError.self) { try world.repository.removeWorktree(name: "w", derivedPath: world.root) }
    #expect(try world.read("plain/file") == "x")
    #expect(try world.read("other/a") == "1")
    #expect(world.exists("repo/.git/worktrees/w") && world.exists("w/a"))
    // The pointer is exchanged: neither opened nor removed.
    try world.write("w/.git", "gitdir: \(world.root)/evil\n")
    #expect(throws: GitError.self) {
      try Repository.openWorktree(
        path: "\(world.root)/w", expectedCommonDirectory: world.repository.commonDirectory, environment: [:])
    }
    #expect(throws: GitError.self) {
      try world.repository.removeWorktree(name: "w", derivedPath: "\(world.root)/w")
    }
    unlink("\(world.root)/w/.git")
    symlink("\(world.root)/other/.git", "\(world.root)/w/.git")
    #expect(throws: GitError.self) {
      try world.repository.removeWorktree(name: "w", derivedPath: "\(world.root)/w")
    }
  }

  @Test func removalFollowsNoLinkAndManagesReadOnlyAndDeepFolders() throws {
    let world = try World()
    let commit = try world.commit(["a": "1"])
    _ = try world.worktree("w", at: commit)
    try world.write("victim/file", "x")
    symlink("\(world.root)/victim", "\(world.root)/w/link")
    symlink("\(world.root)/victim/file", "\(world.root)/w/filelink")
    try world.write("w/cache/readonly/file", "x")
    chmod("\(world.root)/w/cache/readonly/file", 0o400)
    chmod("\(world.root)/w/cache/readonly", 0o500)
    var deep = "\(world.root)/w/deep"
    mkdir(deep, 0o755)
    for _ in 0..<300 {
      deep += "/d"
      mkdir(deep, 0o755)
    }
    try world.write("\(deep)/bottom", "x")
    mkfifo("\(world.root)/w/pipe", 0o600)
    try world.repository.removeWorktree(name: "w", derivedPath: "\(world.root)/w")
    #expect(!world.exists("w"))
    #expect(try world.read("victim/file") == "x")
  }

  /// Only root can mount, and not in every container.
  @Test func removalStopsAtAMountPoint() throws {
    let world = try World()
    let commit = try world.commit(["a": "1"])
    _ = try world.worktree("w", at: commit)
    try world.write("victim/file", "x")
    try Files.makeDirectories("\(world.root)/w/mounted")
    let mount = Command(
      "mount", ["--bind", "\(world.root)/victim", "\(world.root)/w/mounted"], environment: world.environment)
    guard getuid() == 0, try mount.run().status.isSuccess else { return }
    let error = #expect(throws: GitError.self) {
      try world.repository.removeWorktree(name: "w", derivedPath: "\(world.root)/w")
    }
    #expect(error?.description.contains("mounted") == true)
    #expect(try world.read("victim/file") == "x")
    _ = try Command("umount", ["\(world.root)/w/mounted"], environment: world.environment).run()
    try world.repository.removeWorktree(name: "w", derivedPath: "\(world.root)/w")
    #expect(!world.exists("w"))
  }

  @Test func addFromSeveralThreadsKeepsAll() async throws {
    let world = try World()
    let commit = try world.commit(["a": "1"])
    let (path, root, environment) = (world.path, world.root, world.environment)
    let wins = await withTaskGroup(of: Int.self) { group in
      for worker in 0..<8 {
        group.addTask {
          // Each name is wanted by two.
          let name = "w\(worker / 2)"
          do {
            let repository = try Repository.open(gitDirectory: path, environment: environment)
            try repository.addWorktree(
              name: name, path: "\(root)/\(name)-\(worker)", commit: commit, lockReason: "r")
            return 1
          } catch {
            return 0
          }
        }
      }
      group.addTask {
        for _ in 0..<10 {
          _ = try? Command("git", ["worktree", "prune"], environment: environment, directory: path).run()
        }
        return 0
      }
      return await group.reduce(0, +)
    }
    #expect(wins == 4)
    let listed = try world.repository.worktrees()
    #expect(listed.map(\.name) == ["w0", "w1", "w2", "w3"])
    #expect(listed.allSatisfy { $0.isValid && $0.isLocked })
  }

  @Test func bareRepository() throws {
    let world = try World(bare: true)
    let commit = try world.commit(["a": "1"])
    _ = world.repository.compareAndSwap(ref: "refs/heads/main", to: commit, from: nil)
    #expect(world.repository.isBare)
    #expect(world.repository.workingDirectory == nil)
    let worktree = try world.worktree("w", at: commit)
    #expect(!worktree.isBare)
    #expect(worktree.isLinkedWorktree)
    #expect(try world.read("w/a") == "1")
    #expect(try world.git("status", "--porcelain", in: "\(world.root)/w") == "")
    #expect(try world.repository.checkouts(ofBranch: "refs/heads/main") == [])
    #expect(throws: GitError.self) { try world.repository.snapshot() }
    #expect(throws: GitError.self) { try world.repository.checkoutTree(commit: commit) }
  }
}
