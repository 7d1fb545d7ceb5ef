import Clinux
import Glibc

/// A running supervised command, seen from the process that started it.
///
/// Between the two stands the supervisor process. It holds the other end of a lifeline: when this process
/// dies, however it dies, the supervisor kills the command and everything that came of it. Letting go of this
/// object does the same.
public final class SupervisedChild {
  /// How a supervised command ended.
  public struct Result: Equatable, Sendable {
    /// How the command itself ended; `timedOut` also when it obeyed TERM then.
    public let status: ExitStatus
    /// How many processes it left behind or that outlived their TERM; they were killed.
    public let survivorsKilled: Int
    /// How many processes could not be killed (another user's, or stuck in the kernel); 0 but for those.
    public let survivorsLeft: Int
    /// When the command started, in milliseconds since the Unix epoch.
    public let startedMilliseconds: Int64
    /// When the last of its processes was gone, in milliseconds since the Unix epoch.
    public let endedMilliseconds: Int64
    /// Whether the supervisor itself was killed, so that only the command's own process group could be ended.
    public var isSupervisorLost = false
  }

  /// The process id of the command; its process group has the same number.
  public let pid: Int32
  /// The supervisor process, for records that outlive this process.
  public let supervisor: ProcessIdentity
  /// When the command started, in milliseconds since the Unix epoch.
  public let startedMilliseconds: Int64

  private var lifeline: Int32
  private let report: Int32
  private var received: [UInt8] = []
  private var result: Result?
  private let leader: ProcessIdentity?

  /// Readable when `poll` may have something to tell; it stays readable after the end.
  public var pollDescriptor: Int32 { report }

  private init(
    supervisor: ProcessIdentity, lifeline: Int32, report: Int32, pid: Int32, milliseconds: Int64
  ) {
    self.supervisor = supervisor
    self.lifeline = lifeline
    self.report = report
    self.pid = pid
    startedMilliseconds = milliseconds
    leader = ProcessIdentity(pid: pid)
  }

  deinit {
    closeLifeline()
    if result == nil { _ = retrying { waitpid(supervisor.pid, nil, 0) } }
    _ = close(report)
  }

  /// Starts `command` under a supervisor and returns when it runs.
  ///
  /// `supervisorExecutable` is our own program, which calls `Supervisor.main` for `__supervise`. Throws when
  /// the command cannot be started: not found, no such directory, no such input file, log not writable.
  public static func start(
    _ command: Supervised, supervisorExecutable: String = "/proc/self/exe"
  ) throws(ProcessError) -> SupervisedChild {
    let subject = command.arguments.first ?? ""
    var life = try Pipe(for: subject)
    var report = try Pipe(for: subject)
    let null = try openDescriptor("/dev/null", O_RDWR)
    let pid = try Spawn(
      executable: supervisorExecutable, arguments: command.supervisorArguments,
      environment: command.environment, directory: nil, standard: (life.reading, null.raw, null.raw),
      extra: report.writing
    ).start()
    life.closeReading()
    report.closeWriting()
    let identity =
      ProcessIdentity(pid: pid) ?? ProcessIdentity(bootID: Machine.bootID, pid: pid, startTicks: 0)
    switch firstReport(report.reading) {
    case .started(let child, let milliseconds):
      setNonBlocking(report.reading)
      return SupervisedChild(
        supervisor: identity, lifeline: life.takeWriting(), report: report.takeReading(), pid: child,
        milliseconds: milliseconds)
    case .failed(let error):
      _ = retrying { waitpid(pid, nil, 0) }
      throw error
    case .ended, nil:
      life.closeWriting()
      _ = retrying { waitpid(pid, nil, 0) }
      throw ProcessError(subject: subject, cause: .noReport)
    }
  }

  /// How the command ended, or `nil` while it runs or its processes are being killed; never waits.
  public func poll() -> ExitStatus? {
    if result != nil { return result?.status }
    var (buffer, isTruncated) = ([UInt8](repeating: 0, count: 512), false)
    while true {
      switch readOnce(report, &buffer, into: &received, limit: 4096, &isTruncated) {
      case .data: continue
      case .wouldBlock: return nil
      case .end: return settle().status
      }
    }
  }

  /// Waits for the end. When it returns, no process of the command is alive (but see `survivorsLeft`).
  public func wait() -> Result {
    while poll() == nil { _ = Poller(reading: [report]).wait(milliseconds: nil) }
    return result ?? settle()
  }

  /// Asks the supervisor to end the command: TERM, then KILL after its grace time. Returns at once.
  public func terminate() { send("t") }

  /// Has everything killed without any grace. Returns at once; `wait` tells when it is done.
  public func kill() {
    closeLifeline()
  }

  private func send(_ byte: Unicode.Scalar) {
    guard lifeline >= 0 else { return }
    let pipeSignal = PipeSignalBlock()
    defer { pipeSignal.end() }
    var value = UInt8(truncatingIfNeeded: byte.value)
    _ = retrying { Int32(write(lifeline, &value, 1)) }
  }

  private func closeLifeline() {
    if lifeline >= 0 { _ = close(lifeline) }
    lifeline = -1
  }

  /// The report's end was seen: the supervisor has said what it had to say, or died.
  private func settle() -> Result {
    if let result { return result }
    let text = String(decoding: received, as: UTF8.self)
    let lines = text.split(separator: "\n").compactMap { SupervisorReport(line: String($0)) }
    _ = retrying { waitpid(supervisor.pid, nil, 0) }
    closeLifeline()
    var final = Result(
      status: .signalled(SIGKILL), survivorsKilled: 0, survivorsLeft: 0,
      startedMilliseconds: startedMilliseconds, endedMilliseconds: wallMilliseconds(),
      isSupervisorLost: true)
    if case .ended(let reported)? = lines.last {
      final = reported
    } else if leader?.liveness() == .alive {
      // Somebody killed the supervisor. What detached itself from the command's group is out of our sight.
      _ = Glibc.kill(-pid, SIGKILL)
    }
    result = final
    return final
  }

  private static func firstReport(_ raw: Int32) -> SupervisorReport? {
    // One byte at a time: the end may follow at once and belongs to `poll`.
    var (buffer, line, isTruncated) = ([UInt8](repeating: 0, count: 1), [UInt8](), false)
    while readOnce(raw, &buffer, into: &line, limit: 64 << 10, &isTruncated) == .data {
      if line.last == 0x0A { return SupervisorReport(line: String(decoding: line.dropLast(), as: UTF8.self)) }
    }
    return nil
  }
}
