import Git
import Glibc
import Migration
import Processes
import Support
import Testing

@testable import Ledger

/// Appends while the disk, the locks or the permissions are not what they should be.
@Suite("Appending when things are broken")
struct FaultTests {
  // MARK: Locks

  /// Leaves a lock of the ledger's ref as a killed writer does, this many seconds old.
  private func leaveLock(_ world: LedgerWorld, age: Int) throws -> String {
    let lock = world.repository.path + "/.git/" + Ledger.ref + ".lock"
    try Files.writeAtomically(lock, [])
    let old = time(nil) - age
    var times = [timespec(tv_sec: old, tv_nsec: 0), timespec(tv_sec: old, tv_nsec: 0)]
    #expect(utimensat(AT_FDCWD, lock, &times, 0) == 0)
    return lock
  }

  @Test("a lock that a killed writer left more than a minute ago is taken away")
  func staleLock() throws {
    let world = try LedgerWorld(steps: 1)
    let lock = try leaveLock(world, age: 61)
    let claim = try world.repository.runMigrate("claim", "S1", "--no-worktree")
    #expect(claim.code == 0, "\(claim)")
    #expect(!Files.exists(lock))
    let left = try Files.listDirectory(Files.parent(of: lock)).filter { $0.contains("lock") }
    #expect(left == [])
  }

  @Test("a lock that is still held open is never taken away, however old it is")
  func heldLock() throws {
    let world = try LedgerWorld(steps: 1)
    let lock = try leaveLock(world, age: 3600)
    let descriptor = open(lock, O_RDONLY)
    defer { close(descriptor) }
    let error = #expect(throws: LedgerError.self) {
      try world.claim("S1", by: "w", through: try world.writer())
    }
    guard case .busy? = error else {
      Issue.record("\(String(describing: error))")
      return
    }
    #expect(Files.exists(lock))
    #expect(try world.sentences().count == 1)
  }

  @Test("a fresh lock that nobody holds open is left alone until it is a minute old, then taken away")
  func freshLock() throws {
    let world = try LedgerWorld(steps: 1)
    let lock = try leaveLock(world, age: 57)
    let ledger = try world.writer()
    var tries = 0
    ledger.move = { repository, new, old in
      tries += 1
      return repository.compareAndSwap(ref: Ledger.ref, to: new, from: old, retry: RetryPolicy.standard)
    }
    #expect(try world.claim("S1", by: "w", through: ledger).isWon)
    #expect(tries > 2, "it waited: the lock was 57 seconds old")
    #expect(!Files.exists(lock))
  }

  @Test("local writers queue: who comes second waits for the lock, and then sees what the first wrote")
  func queue() throws {
    let world = try LedgerWorld(steps: 2)
    let queue = try FileLock.acquire(
      path: world.repository.path + "/.git/migrate/ledger.queue", wait: true)
    let run = try BackgroundRun(
      world.repository, TestBinary.path, ["claim", "--no-worktree", "--worker", "second"])
    let writer = try world.writer()
    writer.isQueueing = false
    #expect(try world.claim("S1", by: "first", through: writer).isWon)
    #expect(run.isRunning)
    withExtendedLifetime(queue) {}
    try release(queue)
    #expect(try run.wait().code == 0)
    #expect(
      try world.sentences().suffix(2) == ["S1 claimed by first (epoch 1)", "S2 claimed by second (epoch 1)"])
  }

  private func release(_ lock: consuming FileLock?) throws {}

  // MARK: The disk

  @Test("an append is on the disk when it is acknowledged: objects and ref are synced")
  func synced() throws {
    guard let strace = ["/usr/bin/strace"].first(where: Files.exists) else {
      print("SKIPPED: strace is not installed")
      return
    }
    let world = try LedgerWorld(steps: 1)
    let log = world.repository.root + "/strace"
    let run = try world.repository.run(
      strace,
      ["-f", "-y", "-e", "trace=fsync,fdatasync", "-o", log, TestBinary.path, "claim", "--no-worktree"])
    guard run.code == 0 else {
      print("SKIPPED: strace may not trace here: \(run.err)")
      return
    }
    let calls = String(decoding: try Files.readFile(log) ?? [], as: UTF8.self)
    #expect(calls.contains("/.git/refs/migrate/ledger.lock>"), "the ref's new value: \(calls)")
    #expect(calls.contains("/.git/refs/migrate>"), "the folder in which it was renamed: \(calls)")
    #expect(calls.contains("/.git/objects/"), "the commit: \(calls)")
  }

  @Test(
    "an input/output error at any sync is an error or a success that is true, never a lie",
    arguments: 1...6)
  func failingSync(_ number: Int) throws {
    guard Files.exists("/usr/bin/strace") else { return print("SKIPPED: strace is not installed") }
    let world = try LedgerWorld(steps: 1)
    let run = try world.repository.run(
      "/usr/bin/strace",
      [
        "-f", "-qq", "-o", "/dev/null", "-e", "trace=fsync", "-e", "inject=fsync:error=EIO:when=\(number)",
        TestBinary.path, "claim", "--no-worktree", "--worker", "w",
      ])
    let isThere = try world.sentences().contains("S1 claimed by w (epoch 1)")
    #expect(isThere == (run.code == 0), "\(run)")
    if run.code != 0 { #expect(run.code == 128 && run.err.hasPrefix("fatal: "), "\(run)") }
    #expect(try world.writer().fsck() == [])
    #expect(try world.sentences().count <= 2)
  }

  /// Runs a script as root in a mount namespace of its own with the world's repository on a small disk.
  private func onSmallDisk(_ world: LedgerWorld, _ options: String, _ script: String) throws -> TestRun? {
    guard geteuid() == 0 else { return nil }
    let prepare = """
      set -e
      small="$HOME/small"; mkdir "$small"
      mount -t tmpfs -o \(options) none "$small" || exit 77
      cp -a . "$small/repo"; cd "$small/repo"
      \(script)
      """
    let run = try world.repository.run("unshare", ["-m", "sh", "-c", prepare])
    return run.code == 77 || run.err.contains("unshare failed") ? nil : run
  }

  @Test("a full disk ends in a clear error, and nothing that was acknowledged is lost")
  func fullDisk() throws {
    let world = try LedgerWorld(steps: 1)
    let run = try onSmallDisk(
      world, "size=1m",
      """
      set +e
      n=0; code=0
      while [ $code = 0 ] && [ $n -lt 2000 ]; do
        git migrate pause "reason $n" > "$HOME/out" 2> "$HOME/err"; code=$?
        if [ $code = 0 ]; then n=$((n + 1)); git migrate resume > "$HOME/out" 2> "$HOME/err"; code=$?; fi
        if [ $code = 0 ]; then n=$((n + 1)); fi
        # What is left is filled, so that the end comes soon.
        if [ $n = 4 ]; then dd if=/dev/zero of=filler bs=1k > /dev/null 2>&1; truncate -s -24k filler; fi
      done
      echo "code $code"; echo "acknowledged $n"; cat "$HOME/err" >&2
      rm filler
      echo "entries $(git rev-list --count refs/migrate/ledger)"
      git migrate fsck && git fsck --strict --no-dangling && git migrate pause again && echo fine
      """)
    guard let run else { return print("SKIPPED: no small disk can be mounted here") }
    #expect(run.out.contains("code 128"), "\(run)")
    #expect(run.err.contains("fatal: "), "\(run)")
    #expect(run.out.contains("fine"), "\(run)")
    let numbers = run.out.split(separator: "\n").compactMap { line -> Int? in
      line.hasPrefix("acknowledged ") || line.hasPrefix("entries ") ? Int(line.split(separator: " ")[1]) : nil
    }
    #expect(
      numbers.count == 2 && numbers[1] == numbers[0] + 1, "each acknowledged entry, and the start: \(run)")
  }

  @Test("a file system that is read only can be read, and says why nothing can be written")
  func readOnly() throws {
    let world = try LedgerWorld(steps: 1)
    let run = try onSmallDisk(
      world, "size=4m",
      """
      mount -o remount,ro "$small"
      set +e
      git migrate status; echo "status $?"
      git migrate fsck; echo "fsck $?"
      git migrate pause now; echo "pause $?"
      """)
    guard let run else { return print("SKIPPED: no small disk can be mounted here") }
    #expect(run.out.contains("status 0") && run.out.contains("fsck 0"), "\(run)")
    #expect(run.out.contains("pause 128"), "\(run)")
    #expect(run.err.lowercased().contains("read-only file system"), "\(run)")
  }

  @Test("what is too long for an entry is refused, and nothing is written")
  func tooLarge() throws {
    let world = try LedgerWorld(steps: 1)
    let reason = String(repeating: "x", count: 70_000)
    #expect(throws: LedgerError.self) {
      try world.writer().append([Proposal("mig", .migrationPaused(reason: reason))], by: "w")
    }
    #expect(try world.sentences().count == 1)
  }
}
