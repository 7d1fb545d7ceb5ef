import Glibc
import Migration
import Support
import System
import Testing

@testable import Ledger

/// Appends while the disk is not what it should be.
@Suite("Appending on a disk that fails")
struct DiskTests {
  @Test("an append is on the disk when it is acknowledged: objects and ref are synced")
  func synced() throws {
    guard Files.exists("/usr/bin/strace") else { return print("SKIPPED: strace is not installed") }
    let world = try LedgerWorld(steps: 1)
    let log = world.repository.root + "/strace"
    let run = try world.repository.run(
      "/usr/bin/strace",
      ["-f", "-y", "-e", "trace=fsync,fdatasync", "-o", log, TestBinary.path, "claim", "--no-worktree"])
    guard run.code == 0 else { return print("SKIPPED: strace may not trace here: \(run.err)") }
    let calls = String(decoding: try Files.readFile(log) ?? [], as: UTF8.self)
    #expect(calls.contains("/.git/refs/migrate/ledger.lock>"), "the ref's new value: \(calls)")
    #expect(calls.contains("/.git/refs/migrate>"), "the folder in which it was renamed: \(calls)")
    #expect(calls.contains("/.git/objects/"), "the commit: \(calls)")
  }

  /// Runs a script in a mount namespace of its own with the world's repository on a small disk.
  private func onSmallDisk(_ world: LedgerWorld, _ options: String, _ script: String) throws -> TestRun? {
    let prepare = """
      set -e
      small="$HOME/small"; mkdir "$small"
      mount -t tmpfs -o \(options) none "$small" || exit 77
      cp -a . "$small/repo"; cd "$small/repo"
      \(script)
      """
    let options = geteuid() == 0 ? ["-m"] : ["-r", "-m"]
    let run = try world.repository.run("unshare", options + ["sh", "-c", prepare])
    guard run.code == 77 || run.err.contains("unshare: ") else { return run }
    print("SKIPPED: no small disk can be mounted here")
    return nil
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
      git migrate fsck && git fsck --strict --no-dangling || exit 1
      git migrate pause again || git migrate resume && echo fine
      """)
    guard let run else { return }
    #expect(run.out.contains("code 128"), "\(run)")
    #expect(run.err.contains("fatal: "), "\(run)")
    #expect(run.out.contains("fine"), "\(run)")
    let numbers = run.out.split(separator: "\n").compactMap { line -> Int? in
      line.hasPrefix("acknowledged ") || line.hasPrefix("entries ") ? Int(line.split(separator: " ")[1]) : nil
    }
    #expect(
      numbers.count == 2 && numbers[1] == numbers[0] + 1, "each acknowledged entry, and the start: \(run)")
  }

  @Test("a disk without a free inode is the same")
  func noInodes() throws {
    let world = try LedgerWorld(steps: 1)
    let run = try onSmallDisk(
      world, "size=4m,nr_inodes=400",
      """
      set +e
      i=0; while touch "filler-$i" 2> /dev/null; do i=$((i + 1)); done
      git migrate pause now; echo "code $?"
      rm filler-*
      git migrate fsck && git fsck --strict --no-dangling || exit 1
      git migrate pause again || git migrate resume && echo fine
      """)
    guard let run else { return }
    #expect(run.out.contains("code 128") && run.err.contains("fatal: "), "\(run)")
    #expect(run.out.contains("fine"), "\(run)")
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
    guard let run else { return }
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

  @Test("what a worker or verifier has made too long is shortened, and nothing ends by it")
  func shortened() throws {
    let world = try LedgerWorld(steps: 1)
    let writer = try world.writer()
    _ = try world.claim("S1", by: "w", through: writer)
    let reason = String(repeating: "\u{1}", count: 70_000)
    let failure = Migration.Failure(kind: .worker, reason: reason, details: [reason, reason])
    let change = Migration.Change.attemptFailed(Fence(step: "S1", epoch: 1), failure)
    guard case .won(let snapshot, _) = try writer.append([Proposal("mig", change)], by: "w") else {
      Issue.record("it was not recorded")
      return
    }
    let found = snapshot.state.migration(named: "mig")?.step("S1")?.lastFailure?.reason
    #expect(found?.hasSuffix("…") == true && (found?.utf8.count ?? 0) < 20_000)
    #expect(try world.writer().read().state == snapshot.state)
  }
}
