import Glibc
import Migration
import Supervision
import Support
import System

/// One thing that git-migrate does, as often as a test wants from the same beginning.
struct CrashOperation: Sendable {
  var name: String
  /// The plan's steps.
  var steps = "  - id: S1\n    run: echo one > one.txt"
  /// Leads a started migration to where the command is run.
  var prepare: @Sendable (MigrationWorld) throws -> Void = { _ in }
  /// The command.
  var arguments: [String]
  /// Where it runs; the repository when `nil`.
  var folder: (@Sendable (MigrationWorld) -> String)?
  /// What a person does when the command, repeated, says no; then the command is repeated once more.
  var remedy: (@Sendable (MigrationWorld) throws -> Void)?
  /// What must be true in the end, however often it was cut off.
  var end: @Sendable (MigrationWorld) throws -> String
  /// The end of a run that was not disturbed.
  var wanted: String
}

/// A fault that is put into the n-th call of a system call.
struct CrashPoint: Sendable, CustomStringConvertible {
  var call: String
  var number: Int
  /// What strace is told: `signal=SIGKILL`, `error=EIO`, …
  var fault: String
  /// The one program of git's that it happens to, such as `receive-pack.1`; `nil` for our own program and
  /// whatever it starts.
  var program: String?

  var injection: String { "\(call):\(fault):when=\(number)" }
  /// What strace says when it happened.
  var trace: String { fault.hasPrefix("signal") ? "killed by SIGKILL" : "(INJECTED)" }
  var description: String { (program.map { "\($0) " } ?? "") + injection }
}

/// The calls of one kind, of one program or of ours and all that it starts, that are worth a fault.
struct CrashCount {
  var program: String?
  var call: String
  var numbers: [Int]
}

/// A world that can be put back to where an operation begins.
final class CrashWorld {
  let world: MigrationWorld
  let operation: CrashOperation
  private let saved: String
  private let programs: CrashPrograms
  /// Whether the last fault struck a pipe, so that the command may have waited for ever.
  private var isExcused = false
  /// Whether it struck git here and on the other side in a way that git keeps to itself.
  private var isHidden = false

  /// The calls that change something that outlives a process, or that decide whether it does. Being killed
  /// at any other call is being killed before the next of these.
  static let calls = [
    "openat", "write", "pwrite64", "rename", "renameat", "renameat2", "link", "linkat", "unlink", "unlinkat",
    "mkdir", "mkdirat", "rmdir", "symlink", "symlinkat", "fsync", "fdatasync", "ftruncate", "fchmod",
    "flock", "clone", "clone3", "vfork", "execve", "wait4", "exit_group",
  ]
  /// Those that change nothing, but may fail.
  static let readingCalls = ["read", "pread64", "getdents64", "poll"]

  init(_ operation: CrashOperation) throws {
    self.operation = operation
    world = try MigrationWorld()
    world.repository.environment["TMPDIR"] = world.repository.root + "/home"
    programs = try CrashPrograms(in: world.repository.root)
    let path = world.repository.environment["PATH"] ?? ""
    world.repository.environment["PATH"] = programs.folder + ":" + path
    try world.start(operation.steps)
    try operation.prepare(world)
    saved = try Files.makeTemporaryDirectory(prefix: "git-migrate-crash-")
    try shell("cp -a \"$1\"/. \"$2\"", world.repository.root, saved)
  }

  deinit { try? Files.removeTree(saved) }

  private func shell(_ script: String, _ arguments: String...) throws {
    let run = try Command(
      "/bin/sh", ["-c", script, "sh"] + arguments, environment: world.repository.environment, directory: "/"
    ).run()
    guard run.status.isSuccess else { throw TestFailure("\(script): \(run.errorText)") }
  }

  /// Puts everything back to the beginning.
  func restore() throws {
    try shell("find \"$2\" -mindepth 1 -delete; cp -a \"$1\"/. \"$2\"", saved, world.repository.root)
  }

  /// Runs the command, without a fault or with one. `nil` when the fault's call was never reached.
  func run(_ point: CrashPoint? = nil) throws -> TestRun? {
    let folder = operation.folder?(world)
    (isExcused, isHidden) = (false, false)
    guard let point else {
      return try world.repository.run(TestBinary.path, operation.arguments, in: folder)
    }
    if point.program != nil {
      try programs.switchOn(point)
      let run = try world.repository.run(TestBinary.path, operation.arguments, in: folder)
      try programs.switchOff()
      return try programs.hit().contains(point.trace) ? run : nil
    }
    let log = world.repository.root + "/home/strace.log"
    var patience = PipePatience()
    let run = try world.repository.run(
      "/usr/bin/strace",
      [
        "-f", "-q", "-y", "-o", log, "-e", "trace=\(point.call)", "-e", "inject=\(point.injection)",
        TestBinary.path,
      ]
        + operation.arguments, in: folder, mayGoOn: { patience.mayGoOn(log) })
    let text = String(decoding: try Files.readFile(log) ?? [], as: UTF8.self)
    try Files.removeFile(log)
    let struck = Self.struck(text)
    isExcused = struck.contains { $0.contains("<pipe:") }
    // git takes half a list of refs for the whole: on both sides at once, nobody can see that.
    isHidden = point.call == "getdents64" && Set(struck.map { $0.prefix { $0 != " " } }).count > 1
    return text.contains(point.trace) ? run : nil
  }

  /// The lines of a trace that tell of a fault.
  fileprivate static func struck(_ trace: String) -> [Substring] {
    trace.split(separator: "\n").filter { $0.contains("(INJECTED)") }
  }

  /// Where a fault is worth it, by the number of a call within its process: calls that only touch what the
  /// system itself brings along are not.
  func counts() throws -> [CrashCount] {
    let log = world.repository.root + "/home/strace.log"
    _ = try world.repository.run(
      "/usr/bin/strace",
      ["-f", "-q", "-y", "-o", log, "-e", "trace=" + (Self.calls + Self.readingCalls).joined(separator: ",")]
        + [TestBinary.path] + operation.arguments, in: operation.folder?(world))
    let text = String(decoding: try Files.readFile(log) ?? [], as: UTF8.self)
    return Self.counts(in: text, hasPID: true) { !Self.isSystem($0) }
  }

  /// The same for each of git's programs, alone: where it writes, and where it ends.
  func programCounts() throws -> [CrashCount] {
    try programs.switchOn(nil)
    _ = try world.repository.run(TestBinary.path, operation.arguments, in: operation.folder?(world))
    return try programs.traces().flatMap { program, text in
      Self.counts(in: text, hasPID: false, program) { line in
        switch line.prefix(while: { $0 != "(" }) {
        case "openat": line.contains("O_CREAT")
        case "write": line.contains("</") && !Self.isSystem(line)
        case "wait4", "clone", "clone3", "vfork", "execve", "flock": false
        default: true
        }
      }
    }
  }

  private static func counts(
    in text: String, hasPID: Bool, _ program: String? = nil, where isWorthIt: (Substring) -> Bool
  ) -> [CrashCount] {
    var seen: [String: [Substring: Int]] = [:]
    var found: [String: Set<Int>] = [:]
    for line in text.split(separator: "\n") {
      let words = line.split(separator: " ", omittingEmptySubsequences: true)
      let process = hasPID ? words.first ?? "" : ""
      guard let name = words.dropFirst(hasPID ? 1 : 0).first?.split(separator: "(").first.map(String.init)
      else { continue }
      let number = seen[name]?[process] ?? 0
      seen[name, default: [:]][process] = number + 1
      if isWorthIt(line) { found[name, default: []].insert(number + 1) }
    }
    return (calls + readingCalls).compactMap { call in
      found[call].map { CrashCount(program: program, call: call, numbers: $0.sorted()) }
    }
  }

  private static func isSystem(_ line: Substring) -> Bool {
    guard
      line.contains("openat(") || line.contains("read") || line.contains("getdents64(")
        || line.contains("write(")
    else { return false }
    return ["lib", "usr/", "etc/", "proc/", "sys/", "dev/"].contains {
      line.contains("\"/" + $0) || line.contains("</" + $0)
    } || line.contains("/opt/")
  }

  /// What went wrong after a fault, or `nil`: the command, repeated, must lead to the same end, and nothing
  /// may be broken.
  func fault(after run: TestRun) throws -> String? {
    if run.code == -1 {
      // A run waits for its remote, and says so; what is to be mended there, a person mends.
      let isWaiting = run.err.contains("the run goes on when it can be reached")
      guard isWaiting || isExcused else { return "it did not come to an end: \(run)" }
      try operation.remedy?(world)
    }
    // Tidying up may fail with a word of warning; the next run does it.
    // So may the ref here that follows what the remote has taken; the next contact leads it there.
    let isTold =
      isHidden || run.err.contains("is not moved here yet")
      || run.err.contains("warning: worktrees could not be removed")
      || run.err.contains("warning: kept the worktree")
      || run.err.contains("warning: it is recorded, but not here yet")
    if run.code == 0, !isTold, try operation.end(world) != operation.wanted {
      return "it said that it was done: \(try operation.end(world))\n\(run)"
    }
    // The rule for a lock that says nothing of who made it needs a minute; it passes here.
    let empty = try passMinute()
    var last = run
    for attempt in 0..<3 where try operation.end(world) != operation.wanted {
      if attempt == 2, let remedy = operation.remedy {
        try remedy(world)
      }
      guard let again = try self.run() else { break }
      last = again
      _ = try passMinute()
    }
    let end = try operation.end(world)
    guard end == operation.wanted else {
      return "it ends at '\(end)'\(empty), first \(run)\nlast \(last)\n"
        + (try world.sentences().joined(separator: "\n"))
    }
    var complaints = try world.complaints()
    if !complaints.isEmpty, let remedy = operation.remedy {
      // What fsck finds it also says how to mend.
      try remedy(world)
      _ = try self.run()
      complaints = try world.complaints()
      if try operation.end(world) != operation.wanted { return "the remedy did not help: \(complaints)" }
    }
    return complaints.isEmpty ? nil : complaints
  }

  /// Makes every ref lock that was left a minute old. Gives their names.
  private func passMinute() throws -> String {
    var names: [String] = []
    let git = world.repository.path + "/.git/"
    let own = [
      "ledger", "attempt/mig/S1/1", "attempt/mig/S1/2", "remotes/origin/ledger", "remotes/origin/known",
      "remotes/origin/heads/migrate/mig",
    ]
    let refs = own.map { "refs/migrate/\($0).lock" }
    for name in refs + ["refs/heads/migrate/mig.lock", "refs/heads/main.lock"] {
      guard Files.exists(git + name) else { continue }
      names.append(name)
      let old = time(nil) - 61
      var times = [timespec(tv_sec: old, tv_nsec: 0), timespec(tv_sec: old, tv_nsec: 0)]
      _ = utimensat(AT_FDCWD, git + name, &times, 0)
    }
    return names.isEmpty ? "" : " with \(names)"
  }
}

/// How long a command is waited for. A fault strikes the n-th call of every process, of which some write
/// to pipes. No pipe fails in this way, and who waits at its other end waits for ever; all else must hold
/// all the same.
private struct PipePatience {
  private var looks = 0

  mutating func mayGoOn(_ log: String) -> Bool {
    let text = String(decoding: (try? Files.readFile(log)) ?? [], as: UTF8.self)
    if CrashWorld.struck(text).contains(where: { $0.contains("<pipe:") }) { looks += 1 }
    return looks < 30
  }
}
