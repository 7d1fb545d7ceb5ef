import Glibc
import Migration
import Supervision
import Support
import System
import Testing

/// The real program, killed or failed by the system at the n-th system call of everything it does; then the
/// same command again. A few points of each by default; every one with `MIGRATE_CRASH=all` (`make crash`).
@Suite(.serialized) struct CrashTests {
  private static let isExhaustive = ChildEnvironment.current()["MIGRATE_CRASH"] == "all"
  /// How many points of an operation and a fault are tried by default.
  private static let sample = 2

  private static let faults = [
    "signal=SIGKILL", "error=EIO", "error=ENOSPC", "error=EINTR",
  ].filter { ChildEnvironment.current()["MIGRATE_CRASH_FAULT"].map($0.hasSuffix) ?? true }

  /// Whether strace can be used here; says so once when not.
  private static let canTrace: Bool = {
    let isThere = Files.exists("/usr/bin/strace")
    let isAllowed =
      isThere
      && (try? Command(
        "/usr/bin/strace", ["-qq", "-o", "/dev/null", "true"], environment: ChildEnvironment.current()
      ).run().status.isSuccess) == true
    if isAllowed { return true }
    print("SKIPPED: crashes, \(isThere ? "processes may not be traced here" : "strace is not installed")")
    // Where everything is to be tested, what scripts/bootstrap could have brought must be there.
    if !isThere && ChildEnvironment.current()["CI"] == "true" { Issue.record("strace is not installed") }
    return false
  }()

  /// A train that is pushed waits for its remote at many points, for minutes: only `make crash` has that.
  static let operations: [CrashOperation] =
    localOperations + CrashOperation.shared
    + (isExhaustive ? CrashOperation.trains : Array(CrashOperation.trains.prefix(1)))

  private static let localOperations: [CrashOperation] = [
    CrashOperation(
      name: "append", arguments: ["pause", "lunch"],
      end: { "\(try $0.phase()) \(try $0.count("paused: lunch"))" }, wanted: "paused 1"),
    CrashOperation(
      name: "checkpoint",
      prepare: { world in
        for number in 1..<64 {
          _ = try world.migrate("pause", "\(number)")
          _ = try world.migrate("resume")
        }
      }, arguments: ["pause", "lunch"],
      end: { "\(try $0.phase()) \(try $0.sentences().count)" }, wanted: "paused 128"),
    CrashOperation(
      name: "claim", steps: "  - id: S1\n    prompt: do", arguments: ["claim", "S1"],
      remedy: { _ = try $0.migrate("release", "--force", "S1") },
      end: { world in
        "\(try world.states()["S1"] ?? "") \(Files.exists(world.slot(1) + "/a.txt"))"
      }, wanted: "leased true"),
    CrashOperation(
      name: "renew", steps: "  - id: S1\n    prompt: do",
      prepare: { _ = try $0.migrate("claim", "S1", "--no-worktree", "--ttl", "60s") },
      arguments: ["renew", "S1", "--ttl", "3h"],
      end: { "\(try $0.count("renewed") > 0) \(try $0.states()["S1"] ?? "")" }, wanted: "true leased"),
    CrashOperation(
      name: "submit", steps: "  - id: S1\n    prompt: do",
      prepare: { world in
        _ = try world.migrate("claim", "S1")
        try Files.writeAtomically(world.slot(1) + "/one.txt", Array("one\n".utf8))
      }, arguments: ["submit", "--no-wait"], folder: { $0.slot(1) },
      end: { world in
        let kept = try world.repository.runGit(["show", "refs/migrate/attempt/mig/S1/1:one.txt"])
        return "\(try world.states()["S1"] ?? "") \(kept.out)"
      }, wanted: "submitted one\n"),
    CrashOperation(
      name: "merge", steps: "  - id: S1\n    prompt: do",
      prepare: { world in
        _ = try world.migrate("claim", "S1")
        try Files.writeAtomically(world.slot(1) + "/one.txt", Array("one\n".utf8))
        _ = try world.migrate("submit", "--no-wait", in: world.slot(1))
      }, arguments: ["run", "--quiet"],
      // A fault that comes again each time uses the retries up; then a person is asked, and does it again.
      remedy: { world in
        _ = try world.migrate("retry", "S1")
        _ = try world.migrate("claim", "S1")
        try Files.writeAtomically(world.slot(1) + "/one.txt", Array("one\n".utf8))
        _ = try world.migrate("submit", "--no-wait", in: world.slot(1))
      },
      end: { world in
        "\(try world.states()["S1"] ?? "") \(try world.merged().count) \(try world.count("S1 merged"))"
      }, wanted: "merged 1 1"),
    CrashOperation(
      name: "run", arguments: ["run", "--quiet"],
      // A fault that comes again each time uses the retries up; then a person is asked.
      remedy: { _ = try $0.migrate("retry", "S1") },
      end: { world in
        "\(try world.states()["S1"] ?? "") \(try world.merged().count) \(try world.count("S1 merged"))"
      }, wanted: "merged 1 1"),
    CrashOperation(
      name: "abort", prepare: { _ = try $0.migrate("run", "--quiet") }, arguments: ["abort"],
      end: { "\(try $0.phase()) \(Files.exists($0.slot(1)))" }, wanted: "aborted false"),
    CrashOperation(
      name: "finish", prepare: { _ = try $0.migrate("run", "--quiet") }, arguments: ["finish"],
      // git itself was killed while it moved the people's checkout: it says what to do, and a person does it.
      remedy: { world in
        for lock in ["refs/heads/main.lock", "index.lock", "ORIG_HEAD.lock", "HEAD.lock"] {
          try Files.removeFile(world.repository.path + "/.git/" + lock)
        }
        try world.repository.git("reset", "--quiet", "--hard")
        try world.repository.git("clean", "--quiet", "--force")
      },
      end: { world in
        let file = try world.repository.runGit(["show", "main:one.txt"]).out
        return "\(try world.phase()) \(Files.exists(world.slot(1))) \(file)"
      }, wanted: "finished false one\n"),
  ]

  @Test(arguments: operations.indices)
  func `cut off anywhere, it can be repeated, and nothing is broken`(_ index: Int) throws {
    guard Self.canTrace else { return }
    let operation = Self.operations[index]
    if let only = ChildEnvironment.current()["MIGRATE_CRASH_ONLY"], only != operation.name { return }
    let world = try CrashWorld(operation)
    // Many points make a run wait for its remote; a lock that a killed git left on a branch is waited for a
    // minute.
    world.world.repository.timeoutSeconds = 150
    let undisturbed = try world.run()
    #expect(undisturbed?.code == 0, "\(operation.name): \(String(describing: undisturbed))")
    #expect(try operation.end(world.world) == operation.wanted, "\(operation.name)")
    try world.restore()
    let counts = try world.counts()
    try world.restore()
    let all = [counts, try world.programCounts()]
    let wanted = ChildEnvironment.current()["MIGRATE_CRASH_POINT"]
    var tried: [String: Int] = [:]
    for fault in Self.faults {
      for point in all.flatMap({ Self.points($0, fault) }) {
        if let wanted, !point.description.contains(wanted) { continue }
        try world.restore()
        guard let run = try world.run(point) else { continue }
        tried[fault, default: 0] += 1
        if let reason = try world.fault(after: run) {
          Issue.record("\(operation.name), \(point): \(reason)")
        }
      }
    }
    let sum = tried.values.reduce(0, +)
    #expect(
      wanted != nil || sum > (Self.isExhaustive ? 50 : 2), "\(operation.name) was disturbed only \(sum) times"
    )
    let parts = tried.sorted { $0.key < $1.key }.map { "\($0.value) \($0.key)" }.joined(separator: ", ")
    print("\(operation.name): \(sum) faults (\(parts))")
  }

  /// The points of a fault: all, or some from everywhere.
  private static func points(_ counts: [CrashCount], _ fault: String) -> [CrashPoint] {
    var points: [CrashPoint] = []
    for count in counts where fails(count.call, fault) {
      points += count.numbers.map {
        CrashPoint(call: count.call, number: $0, fault: fault, program: count.program)
      }
    }
    if isExhaustive || points.isEmpty { return points }
    let wanted = fault.hasPrefix("signal") ? 2 * sample : 1
    let stride = max(1, points.count / wanted)
    return points.indices.filter { $0 % stride == stride / 2 }.map { points[$0] }
  }

  /// Whether the fault can strike such a call. A process that is killed where it reads is killed before it
  /// writes next.
  private static func fails(_ call: String, _ fault: String) -> Bool {
    switch fault {
    case "signal=SIGKILL": !CrashWorld.readingCalls.contains(call)
    case "error=EINTR":
      [
        "openat", "write", "pwrite64", "flock", "wait4", "fsync", "ftruncate", "read", "pread64", "poll",
      ].contains(call)
    case "error=ENOSPC":
      [
        "openat", "write", "pwrite64", "rename", "renameat", "renameat2", "link", "linkat", "mkdir",
        "mkdirat",
        "fsync", "ftruncate",
      ].contains(call)
    default: !["clone", "clone3", "vfork", "execve", "wait4", "exit_group", "flock", "poll"].contains(call)
    }
  }
}
