import Clinux
import Glibc

/// The supervisor process: `git-migrate __supervise`, started by `Supervisors`.
public enum Supervisor {
  /// The whole life of the process, one command after the other; gives its exit code.
  ///
  /// Descriptor 0 is the lifeline: a `SupervisorRequest` begins a command, a byte `t` asks for its end, the
  /// end of file means that the parent is dead or done. Descriptor 3 gets the reports.
  public static func main() -> Int32 {
    guard fcntl(3, F_SETFD, FD_CLOEXEC) == 0 else { return 129 }
    // The report's reader may be dead; that shows on the lifeline and is no reason to die here.
    signal(SIGPIPE, SIG_IGN)
    setNonBlocking(0)
    do throws(ProcessError) {
      let signals = try SignalPipe.install([SIGCHLD, SIGTERM, SIGINT, SIGHUP])
      guard migrate_become_subreaper() == 0 else { throw .system("__supervise", "prctl") }
      while let request = SupervisorRequest.read(from: 0, signals: signals) {
        guard let command = Supervised(request: request) else { return 129 }
        guard supervise(command, signals) else { break }
      }
      return 0
    } catch {
      report(.failed(error))
      return 1
    }
  }

  /// Whether another command may follow.
  private static func supervise(_ command: Supervised, _ signals: Int32) -> Bool {
    do throws(ProcessError) {
      var supervision = try Supervision(command, signals: signals)
      report(.started(pid: supervision.pid, milliseconds: supervision.startedMilliseconds))
      let result = supervision.run()
      report(.ended(result))
      // What could not be killed would count as the next command's.
      return !supervision.isToEnd && result.survivorsLeft == 0
    } catch {
      report(.failed(error))
      return true
    }
  }

  private static func report(_ report: SupervisorReport) {
    let bytes = Array(report.line.utf8)
    _ = retrying { Int32(write(3, bytes, bytes.count)) }
  }
}

/// One command and all its descendants.
private struct Supervision: ~Copyable {
  let pid: pid_t
  let startedMilliseconds = wallMilliseconds()
  private let command: Supervised
  private let signals: Int32
  private var output: Pipe
  private var log: SupervisorLog
  private var deadline: Int64?
  private var isTimedOut = false
  private var isAsked = false
  /// Whether the supervisor itself was told to end, by a signal or by the death of its parent.
  private(set) var isToEnd = false
  private var mustKill = false
  private var waitStatus: Int32?
  private var killed: Set<pid_t> = []
  private var buffer = [UInt8](repeating: 0, count: 64 << 10)

  /// How long processes that resist KILL are tried before they are reported as left.
  private static let patienceMilliseconds: Int64 = 15_000

  init(_ command: Supervised, signals: Int32) throws(ProcessError) {
    guard let subject = command.arguments.first else { throw ProcessError(subject: "", cause: .notFound) }
    let log = try SupervisorLog(path: command.logFile, limit: command.logLimit)
    let input = try openDescriptor(command.inputFile ?? "/dev/null", O_RDONLY)
    var output = try Pipe(for: subject)
    pid = try Spawn(
      executable: subject, arguments: Array(command.arguments.dropFirst()),
      environment: command.environment, directory: command.directory,
      standard: (input.raw, output.writing, output.writing), newSession: false
    ).start()
    output.closeWriting()
    self.command = command
    self.signals = signals
    self.log = log
    self.output = output
    setNonBlocking(self.output.reading)
    deadline = command.timeoutSeconds.map { monotonicMilliseconds() + Int64($0) * 1000 }
  }

  mutating func run() -> SupervisedChild.Result {
    var hasChildren = true
    // After TERM the grace time is for all of them: a shell that dies at once must not cost its child a
    // clean end. A command that ended by itself is over, and whatever it left is killed.
    while !mustKill && (waitStatus == nil || (isAsked && hasChildren)) {
      let timeout = deadline.map { Int(max(0, $0 - monotonicMilliseconds())) }
      let ready = Poller(reading: [0, signals, output.reading]).wait(milliseconds: timeout)
      if ready.contains(output.reading) { readOutput() }
      if ready.contains(0) { readLifeline() }
      if ready.contains(signals) { readSignals() }
      hasChildren = reap()
      if let deadline, monotonicMilliseconds() >= deadline { enforceDeadline() }
    }
    let left = killDescendants()
    while output.reading >= 0 && readOutput() {}
    log.finish()
    var status = waitStatus.map(ExitStatus.init(waitStatus:)) ?? .signalled(SIGKILL)
    if isTimedOut { status = .timedOut }
    return SupervisedChild.Result(
      status: status, survivorsKilled: killed.count, survivorsLeft: left,
      startedMilliseconds: startedMilliseconds, endedMilliseconds: wallMilliseconds())
  }

  /// Reads once; false when there was nothing (any more).
  @discardableResult private mutating func readOutput() -> Bool {
    let count = read(output.reading, &buffer, buffer.count)
    if count > 0 {
      log.append(buffer[0..<count])
      return true
    }
    if count < 0 && errno == EINTR { return true }
    if count == 0 || errno != EAGAIN { output.closeReading() }
    return false
  }

  private mutating func readLifeline() {
    var byte: UInt8 = 0
    switch read(0, &byte, 1) {
    case 1: ask()
    case -1 where errno == EAGAIN || errno == EINTR: return
    default:
      mustKill = true
      isToEnd = true
    }
  }

  private mutating func readSignals() {
    guard SignalPipe.drain().contains(where: { $0 != SIGCHLD }) else { return }
    isToEnd = true
    ask()
  }

  private mutating func enforceDeadline() {
    if isAsked {
      mustKill = true
    } else {
      isTimedOut = true
      ask()
    }
  }

  /// Sends TERM to all that belongs to the command and starts the grace time; a second time changes nothing.
  private mutating func ask() {
    guard !isAsked else { return }
    isAsked = true
    deadline = monotonicMilliseconds() + Int64(command.graceSeconds) * 1000
    for record in ProcessTable.liveDescendants(of: getpid()) { _ = kill(record.pid, SIGTERM) }
  }

  /// Collects every child that has ended: the command itself, and orphans that came to us.
  /// Gives whether there are children left, dead or alive.
  private mutating func reap() -> Bool {
    while true {
      var status: Int32 = 0
      let child = retrying { waitpid(-1, &status, WNOHANG) }
      if child < 0 { return false }
      if child == 0 { return true }
      if child == pid { waitStatus = status }
    }
  }

  /// Kills until nothing is left: whoever loses its parent becomes our child, so no children means no
  /// descendants, however they detached themselves. Gives the number of those that cannot be killed.
  private mutating func killDescendants() -> Int {
    let patience = monotonicMilliseconds() + Self.patienceMilliseconds
    var pause = 1
    #if KNOWN_BUGS
      if ChildEnvironment.current()["MIGRATE_KNOWN_BUG"] == "B12" {
        _ = kill(-pid, SIGKILL)
        return 0
      }
    #endif
    while reap() {
      let alive = ProcessTable.liveDescendants(of: getpid())
      for record in alive where kill(record.pid, SIGKILL) == 0 && record.pid != pid {
        killed.insert(record.pid)
      }
      if monotonicMilliseconds() >= patience { return alive.count }
      _ = Poller(reading: [signals]).wait(milliseconds: pause)
      _ = SignalPipe.drain()
      pause = min(pause * 2, 50)
    }
    return 0
  }
}
