import Clinux
import Glibc

/// A running supervised command, seen from the process that started it.
///
/// Made by `Supervisors`. Between the two stands the supervisor process. It holds the other end of a
/// lifeline: when this process dies, however it dies, the supervisor kills the command and everything that
/// came of it. Letting go of this object does the same. A supervisor that was stopped, by the command
/// perhaps, is continued by `poll`, and ended with all that is below it when it does not answer in time.
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

  private var connection: SupervisorConnection?
  private let pool: Supervisors
  private var received: [UInt8] = []
  private var result: Result?
  private let leader: ProcessIdentity?
  private let command: Supervised
  private var watch: SupervisorWatch

  /// Readable when `poll` may have something to tell; negative when it has told the end.
  public var pollDescriptor: Int32 { connection?.report ?? -1 }

  init(
    _ connection: SupervisorConnection, pool: Supervisors, _ command: Supervised, pid: Int32,
    milliseconds: Int64
  ) {
    supervisor = connection.identity
    self.connection = connection
    self.pool = pool
    self.pid = pid
    startedMilliseconds = milliseconds
    leader = ProcessIdentity(pid: pid)
    self.command = command
    watch = SupervisorWatch(
      connection.identity.pid, secondsToLive: command.timeoutSeconds.map { $0 + command.graceSeconds })
  }

  deinit { connection?.end() }

  /// How the command ended, or `nil` while it runs or its processes are being killed; never waits.
  public func poll() -> ExitStatus? {
    guard let connection else { return result?.status }
    var (buffer, isTruncated) = ([UInt8](repeating: 0, count: 512), false)
    while true {
      switch readOnce(connection.report, &buffer, into: &received, limit: 4096, &isTruncated) {
      case .data: if let final = reported() { return end(final, connection).status }
      case .wouldBlock:
        switch watch.look() {
        case .well: return nil
        case .gaveUp: noteEnd()
        case .killed: return lose(connection).status
        }
        return nil
      case .end: return lose(connection).status
      }
    }
  }

  /// Waits for the end. When it returns, no process of the command is alive (but see `survivorsLeft`).
  public func wait() -> Result {
    while true {
      if poll() != nil, let result { return result }
      _ = Poller(reading: [pollDescriptor]).wait(milliseconds: 200)
    }
  }

  /// Asks the supervisor to end the command: TERM, then KILL after its grace time. Returns at once.
  public func terminate() {
    guard let connection, connection.lifeline >= 0 else { return }
    let pipeSignal = PipeSignalBlock()
    defer { pipeSignal.end() }
    watch.expectEnd(within: command.graceSeconds)
    var value = UInt8(ascii: "t")
    _ = retrying { Int32(write(connection.lifeline, &value, 1)) }
  }

  /// Has everything killed without any grace. Returns at once; `wait` tells when it is done.
  public func kill() {
    watch.expectEnd(within: 0)
    connection?.closeLifeline()
  }

  private func reported() -> Result? {
    guard received.last == 0x0A else { return nil }
    let lines = String(decoding: received, as: UTF8.self).split(separator: "\n")
    guard let last = lines.last, case .ended(let final)? = SupervisorReport(line: String(last)) else {
      return nil
    }
    return final
  }

  /// The log is where a person looks for why.
  private func noteEnd() {
    let reason =
      watch.isOverdue
      ? "its supervisor did not answer in time" : "it stopped its supervisor again and again"
    try? Files.append(command.logFile, Array("\n[git-migrate: ended, because \(reason)]\n".utf8))
  }

  /// Nothing of the command is left, so the supervisor is free for another, unless it was told to end.
  private func end(_ final: Result, _ connection: SupervisorConnection) -> Result {
    self.connection = nil
    result = final
    if connection.lifeline >= 0 { pool.takeBack(connection) } else { connection.end() }
    return final
  }

  /// Somebody killed the supervisor. What detached itself from the command's group is out of our sight.
  private func lose(_ connection: SupervisorConnection) -> Result {
    connection.end()
    self.connection = nil
    if leader?.liveness() == .alive { _ = Glibc.kill(-pid, SIGKILL) }
    let final = Result(
      status: watch.isOverdue ? .timedOut : .signalled(SIGKILL), survivorsKilled: 0, survivorsLeft: 0,
      startedMilliseconds: startedMilliseconds, endedMilliseconds: wallMilliseconds(),
      isSupervisorLost: true)
    result = final
    return final
  }
}
