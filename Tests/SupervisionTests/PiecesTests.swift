import Glibc
import Testing

@testable import Supervision
@testable import System

@Suite struct FilesTests {
  let world: World

  init() throws { world = try World() }

  @Test func `a file is written whole with its mode, and read back`() throws {
    let path = world.path("a")
    try Files.writeAtomically(path, [1, 2, 3], mode: 0o640, fsync: true)
    #expect(try Files.readFile(path) == [1, 2, 3])
    var status = stat()
    #expect(stat(path, &status) == 0 && status.st_mode & 0o777 == 0o640)
    #expect(try Files.listDirectory(world.directory) == ["a"])
    #expect(throws: FileError(path: path, operation: "read", code: EFBIG)) {
      try Files.readFile(path, limit: 2)
    }
    #expect(try Files.readFile(world.path("none")) == nil)
  }

  @Test func `a tail starts at a line`() throws {
    let path = world.path("a")
    try Files.writeAtomically(path, Array("one\ntwo\nthree\n".utf8))
    #expect(try Files.tail(path, bytes: 8) == Array("three\n".utf8))
    #expect(try Files.tail(path, bytes: 100) == Array("one\ntwo\nthree\n".utf8))
  }

  @Test func `directories are made with their parents and trees removed without following links`() throws {
    try Files.makeDirectories(world.path("x/y/z"))
    try Files.makeDirectories(world.path("x/y/z"))
    try Files.writeAtomically(world.path("kept"), [1])
    #expect(symlink(world.path("kept"), world.path("x/y/link")) == 0)
    try Files.removeTree(world.path("x"))
    #expect(try Files.listDirectory(world.directory) == ["kept"])
    #expect(throws: FileError.self) { try Files.makeDirectories(world.path("kept/below")) }
  }

  @Test func `a write into a missing directory names the file`() throws {
    let error = FileError(path: "/no/such/file", operation: "write", code: ENOENT)
    #expect(throws: error) { try Files.writeAtomically("/no/such/file", []) }
    #expect(error.description == "cannot write '/no/such/file': no such file or directory")
  }
}

@Suite struct FileStampTests {
  @Test func `a stamp changes with the file, and with what a link leads to`() throws {
    let world = try World()
    let path = world.path("a")
    try Files.writeAtomically(path, [1])
    let file = try #require(FileStamp(of: path))
    #expect(FileStamp(of: path) == file && FileStamp(of: world.path("none")) == nil)
    #expect(symlink("a", world.path("link")) == 0)
    #expect(FileStamp(of: world.path("link")) == file)
    try Files.writeAtomically(path, [2])
    #expect(FileStamp(of: path) != file && FileStamp(of: world.path("link")) == FileStamp(of: path))
    let longer = FileStamp(of: path)
    try Files.append(path, [3])
    #expect(FileStamp(of: path) != longer)
  }

  /// Two changes in one tick look like one.
  @Test func `what changed a moment ago may change again unseen`() {
    typealias Moment = FileStamp.Moment
    let change = Moment(seconds: 10, nanoseconds: 990_000_000)
    func isSettled(_ change: Moment, _ seconds: Int64, _ nanoseconds: Int64) -> Bool {
      FileStamp.isSettled(change, at: Moment(seconds: seconds, nanoseconds: nanoseconds))
    }
    #expect(!isSettled(change, 10, 990_000_000) && !isSettled(change, 11, 10_000_000))
    #expect(isSettled(change, 11, 40_000_000))
    // By a clock that was put back nothing is.
    #expect(!isSettled(change, 9, 0))
    // FAT counts two seconds, some others one.
    let whole = Moment(seconds: 10, nanoseconds: 0)
    #expect(!isSettled(whole, 12, 500_000_000) && isSettled(whole, 13, 1))
  }
}

@Suite struct FileLockTests {
  @Test func `a lock excludes until its holder lets go`() throws {
    let world = try World()
    var first = try FileLock.acquire(path: world.path("lock"), wait: false)
    #expect(first != nil)
    #expect(try FileLock.acquire(path: world.path("lock"), wait: false) == nil)
    first = nil
    #expect(first == nil)
    #expect(try FileLock.acquire(path: world.path("lock"), wait: true) != nil)
  }
}

@Suite struct LockWaitTests {
  let world: World

  init() throws { world = try World() }

  private func openLock() -> Int32 { open(world.path("lock"), O_RDWR | O_CREAT | O_CLOEXEC, 0o600) }

  @Test func `who waits gets the lock when it is free`() async throws {
    var first = try FileLock.acquire(path: world.path("lock"), wait: false)
    #expect(first != nil)
    let second = openLock()
    let waiting = Task.detached { LockWait.lock(second, withinSeconds: 600) }
    first = nil
    #expect(await waiting.value)
    #expect(try FileLock.acquire(path: world.path("lock"), wait: false) == nil)
    _ = close(second)
  }

  @Test func `who gives up waiting does not keep the lock that comes later`() throws {
    var first = try FileLock.acquire(path: world.path("lock"), wait: false)
    #expect(first != nil)
    #expect(try FileLock.acquire(path: world.path("lock"), waitingSeconds: 0) == nil)
    #expect(!LockWait.lock(openLock(), withinSeconds: 0))
    first = nil
    #expect(try FileLock.acquire(path: world.path("lock"), wait: true) != nil)
  }
}

@Suite struct ProcessIdentityTests {
  @Test func `this process is alive, and its number with another start is dead`() throws {
    let current = ProcessIdentity.current
    #expect(current.liveness() == .alive)
    let reused = ProcessIdentity(bootID: current.bootID, pid: current.pid, startTicks: 1)
    #expect(reused.liveness() == .dead)
    let rebooted = ProcessIdentity(bootID: "other", pid: current.pid, startTicks: current.startTicks)
    #expect(rebooted.liveness() == .dead)
    let ended = ProcessIdentity(bootID: current.bootID, pid: Int32.max, startTicks: 1)
    #expect(ended.liveness() == .dead)
    #expect(!Machine.hostName.isEmpty && !Machine.identity.isEmpty)
  }

  @Test func `nothing is said of a process that cannot be looked at from here`() throws {
    let current = ProcessIdentity.current
    let boot = current.bootID.prefix { $0 != "/" }
    #expect(ProcessIdentity(bootID: "", pid: 1, startTicks: 1).liveness() == .unknown)
    // In a sandbox the number of a live process out here is nobody's.
    let sandboxed = ProcessIdentity(bootID: "\(boot)/1", pid: Int32.max, startTicks: 1)
    #expect(sandboxed.liveness() == .unknown)
    // Whoever recorded it could not read when it started.
    #expect(ProcessIdentity(bootID: current.bootID, pid: current.pid, startTicks: 0).liveness() == .unknown)
  }

  @Test func `a name with spaces, parentheses and a newline does not shift the fields`() throws {
    let fields = "S 77 " + (5...21).map(String.init).joined(separator: " ") + " 4242 23"
    let record = ProcessRecord(pid: 9, stat: Array("9 (a) b (c\n) \(fields)\n".utf8))
    #expect(record?.parent == 77)
    #expect(record?.startTicks == 4242)
    #expect(ProcessRecord(pid: 9, stat: Array("9 (x".utf8)) == nil)
  }
}

@Suite struct TerminalTextTests {
  @Test(arguments: [
    ("plain ü 漢字\n\tx", "plain ü 漢字\n\tx"),
    ("\u{1B}[31mred\u{1B}]0;t\u{07}", "^[[31mred^[]0;t^G"),
    ("a\rb\u{08}\u{7F}\0", "a^Mb^H^?^@"),
    ("\u{9B}31m \u{202E}rtl\u{2066}", "<U+009B>31m <U+202E>rtl<U+2066>"),
    ("crlf\r\nend", "crlf^M\nend"),
  ])
  func `controls print as themselves never`(text: String, expected: String) {
    #expect(TerminalText.sanitized(text) == expected)
  }

  @Test func `invalid UTF-8 is replaced and a line stays a line`() {
    #expect(TerminalText.sanitized([0x61, 0xFF, 0x62]) == "a\u{FFFD}b")
    #expect(TerminalText.sanitizedLine("a\nb\tc") == "a^Jb^Ic")
  }
}

@Suite struct SignalPipeTests {
  @Test func `a caught signal is readable and named`() throws {
    let descriptor = try SignalPipe.install([SIGUSR1])
    _ = SignalPipe.drain()
    kill(getpid(), SIGUSR1)
    #expect(Poller(reading: [descriptor]).wait(milliseconds: 10_000) == [descriptor])
    #expect(SignalPipe.drain() == [SIGUSR1])
    #expect(SignalPipe.drain() == [])
  }
}

@Suite struct ReportTests {
  @Test(arguments: [
    SupervisorReport.started(pid: 7, milliseconds: 8),
    .failed(ProcessError(subject: "a b\n%", cause: .noSuchDirectory("/x y"))),
    .failed(ProcessError(subject: "", cause: .system(call: "posix_spawn", errno: 12))),
    .output(count: 5), .taken(count: 0),
    .ended(
      SupervisedChild.Result(
        status: .fellSilent, survivorsKilled: 0, survivorsLeft: 0, startedMilliseconds: 3,
        endedMilliseconds: 4)),
    .ended(
      SupervisedChild.Result(
        status: .timedOut, survivorsKilled: 1, survivorsLeft: 2, startedMilliseconds: 3,
        endedMilliseconds: 4)),
  ])
  func `a report survives its line`(report: SupervisorReport) {
    #expect(SupervisorReport(line: String(report.line.dropLast())) == report)
  }
}
