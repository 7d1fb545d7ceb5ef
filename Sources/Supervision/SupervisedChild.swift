import Clinux
import Glibc
import System

/// A running supervised command, seen from the process that started it.
///
/// Made by `Supervisors`. Between the two stands the supervisor process. It holds the other end of a
/// lifeline: when this process dies, however it dies, the supervisor kills the command and everything that
/// came of it. Letting go of this object does the same. A supervisor that was stopped, by the command
/// perhaps, is continued by `poll`, and ended with all that is below it when it does not answer in time.
public final class SupervisedChild {
  /// How a supervised command ended.
  public struct Result: Equatable, Sendable {
    /// How the command itself ended; `timedOut` and `fellSilent` also when it obeyed TERM then.
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
  private var reader = ReportReader()
  private var conversation = Conversation()
  /// What the supervisor has yet to be told.
  private var outgoing = ByteQueue()
  private var result: Result?
  private let leader: ProcessIdentity?
  private let command: Supervised
  private var watch: SupervisorWatch

  /// Readable when `poll` may have something to tell; negative when it has told the end.
  public var pollDescriptor: Int32 { connection?.report ?? -1 }

  /// How many bytes of output wait to be taken.
  var heldBytes: Int { conversation.heldBytes }

  /// `given` has watched the start.
  init(
    _ connection: SupervisorConnection, pool: Supervisors, _ command: Supervised, pid: Int32,
    milliseconds: Int64, given: SupervisorWatch
  ) {
    supervisor = connection.identity
    self.connection = connection
    self.pool = pool
    self.pid = pid
    startedMilliseconds = milliseconds
    leader = ProcessIdentity(pid: pid)
    self.command = command
    watch = given
    if let timeout = command.timeoutSeconds { watch.expectEnd(within: timeout + command.graceSeconds) }
    // A command can stop its supervisor before that has told of the start.
    if watch.hasGivenUp { noteEnd() }
  }

  deinit { connection?.end() }

  /// How the command ended, or `nil` while it runs or its processes are being killed; never waits.
  ///
  /// The end of a live command is told when all that it printed before has been read: whoever polls one takes
  /// its lines as well.
  public func poll() -> ExitStatus? {
    guard let connection else { return result?.status }
    flush()
    var buffer = [UInt8](repeating: 0, count: command.output == .live ? 16 << 10 : 512)
    while conversation.hasRoom {
      var (bytes, isTruncated) = ([UInt8](), false)
      switch readOnce(connection.report, &buffer, into: &bytes, limit: buffer.count, &isTruncated) {
      case .data: if let final = take(bytes) { return end(final, connection).status }
      case .wouldBlock: return look(at: connection)
      case .end: return lose(connection).status
      }
    }
    return look(at: connection)
  }

  /// The lines that a live command has printed to standard output since they were taken last, without their
  /// line feeds; of a line longer than 16 MiB the beginning. `poll` reads them.
  public func takeLines() -> [[UInt8]] { conversation.takeLines() }

  /// Puts bytes among those that a live command without an input file reads on standard input. Never waits:
  /// what it does not read yet is sent by later calls of `poll`. False, and nothing of it is sent, when more
  /// than 1 MiB would wait, when the input was ended or when the command has ended.
  public func send(_ bytes: [UInt8]) -> Bool {
    guard command.output == .live, connection != nil, conversation.send(bytes) else { return false }
    flush()
    return true
  }

  /// Ends the input of a live command, after all that was sent.
  public func endInput() {
    guard command.output == .live else { return }
    conversation.endInput()
    flush()
  }

  /// Waits for the end. When it returns, no process of the command is alive (but see `survivorsLeft`). What a
  /// live command prints meanwhile is for its log alone.
  public func wait() -> Result {
    while true {
      if poll() != nil, let result { return result }
      if !conversation.hasRoom {
        _ = takeLines()
        continue
      }
      _ = Poller(reading: [pollDescriptor]).wait(milliseconds: 200)
    }
  }

  /// Asks the supervisor to end the command: TERM, then KILL after its grace time. Returns at once.
  public func terminate() {
    guard let connection, connection.lifeline >= 0 else { return }
    watch.expectEnd(within: command.graceSeconds)
    outgoing.append(LifelineReader.end)
    flush()
  }

  /// Has everything killed without any grace. Returns at once; `wait` tells when it is done.
  public func kill() {
    watch.expectEnd(within: 0)
    connection?.closeLifeline()
  }

  /// Tells the supervisor what it has room for.
  private func flush() {
    guard let connection, connection.lifeline >= 0 else { return }
    if command.output == .live { outgoing.append(conversation.outgoing()) }
    guard !outgoing.isEmpty else { return }
    let pipeSignal = PipeSignalBlock()
    defer { pipeSignal.end() }
    // That nobody reads any more shows where the reports come from.
    _ = outgoing.flush(to: connection.lifeline)
  }

  /// Takes what the supervisor tells; gives the end when it is told.
  private func take(_ bytes: [UInt8]) -> Result? {
    var final: Result?
    watch.noteAnswer()
    for item in reader.read(bytes) {
      switch item {
      case .bytes(let output): conversation.receive(output)
      case .report(.taken(let count)): conversation.taken(count)
      case .report(.ended(let result)): final = result
      case .report(.started), .report(.failed), .report(.output): continue
      }
    }
    flush()
    return final
  }

  /// Sees to it that the supervisor goes on.
  private func look(at connection: SupervisorConnection) -> ExitStatus? {
    // Whoever holds the supervisor up by not taking what it tells cannot say that it does not answer.
    guard conversation.hasRoom else { return nil }
    switch watch.look() {
    case .well: return nil
    case .gaveUp:
      noteEnd()
      return nil
    case .killed: return lose(connection).status
    }
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
    conversation.end()
    // The supervisor of a live command serves no other.
    if connection.lifeline >= 0 && command.output != .live {
      pool.takeBack(connection)
    } else {
      connection.end()
    }
    return final
  }

  /// Somebody killed the supervisor. What detached itself from the command's group is out of our sight.
  private func lose(_ connection: SupervisorConnection) -> Result {
    connection.end()
    self.connection = nil
    conversation.end()
    if leader?.liveness() == .alive { _ = Glibc.kill(-pid, SIGKILL) }
    let final = Result(
      status: watch.isOverdue ? .timedOut : .signalled(SIGKILL), survivorsKilled: 0, survivorsLeft: 0,
      startedMilliseconds: startedMilliseconds, endedMilliseconds: wallMilliseconds(),
      isSupervisorLost: true)
    result = final
    return final
  }
}
