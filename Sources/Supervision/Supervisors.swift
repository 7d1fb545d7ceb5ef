import Clinux
import Glibc
import System

/// The supervisor processes of one program. A supervisor whose command has ended, with everything that came
/// of it, waits here for the next one: starting a process of our size costs more than most of what it does.
///
/// For one thread. When this object goes away, or the program dies, its idle supervisors end too.
public final class Supervisors {
  private let executable: String
  private var idle: [SupervisorConnection] = []

  /// Makes an empty pool. `executable` is our own program, which calls `Supervisor.main` for `__supervise`.
  public init(executable: String = "/proc/self/exe") { self.executable = executable }

  deinit { end() }

  /// Starts `command` under a supervisor and returns when it runs.
  ///
  /// Throws when the command cannot be started: not found, no such directory, no such input file, log not
  /// writable.
  public func start(_ command: Supervised) throws(ProcessError) -> SupervisedChild {
    let words = command.request
    if words.contains(where: { $0.utf8.contains(0) }) {
      throw ProcessError(subject: command.arguments.first ?? "", cause: .embeddedNUL)
    }
    // An idle supervisor may have been killed by somebody; a new one is asked then.
    while let connection = idle.popLast() {
      if let child = try begin(words, on: connection, command) { return child }
      connection.end()
    }
    let connection = try SupervisorConnection(executable: executable)
    if let child = try begin(words, on: connection, command) { return child }
    connection.end()
    throw ProcessError(subject: command.arguments.first ?? "", cause: .noReport)
  }

  /// Ends the supervisors that nothing needs now, and waits until they are gone.
  public func end() {
    for connection in idle { connection.end() }
    idle = []
  }

  /// `nil` when the supervisor gives no answer.
  private func begin(
    _ words: [String], on connection: SupervisorConnection, _ command: Supervised
  ) throws(ProcessError) -> SupervisedChild? {
    var watch = SupervisorWatch(connection.identity.pid)
    guard SupervisorRequest.write(words, to: connection.lifeline, watching: &watch) else { return nil }
    switch connection.firstReport(watching: &watch) {
    case .started(let pid, let milliseconds):
      return SupervisedChild(
        connection, pool: self, command, pid: pid, milliseconds: milliseconds, given: watch)
    case .failed(let error):
      idle.append(connection)
      throw error
    case .output, .taken, .ended, nil: return nil
    }
  }

  func takeBack(_ connection: SupervisorConnection) { idle.append(connection) }
}

/// One supervisor process with both ends of the talk with it.
final class SupervisorConnection {
  /// The supervisor process.
  let identity: ProcessIdentity
  /// Requests and the wish to end go in here; closing it kills the command.
  private(set) var lifeline: Int32
  /// Reports come out here.
  let report: Int32
  private var isReaped = false

  init(executable: String) throws(ProcessError) {
    var life = try Pipe(for: executable)
    var report = try Pipe(for: executable)
    let null = try openDescriptor("/dev/null", O_RDWR)
    #if KNOWN_BUGS
      let environment = ChildEnvironment.current().filter { $0.key == "MIGRATE_KNOWN_BUG" }
    #else
      let environment: [String: String] = [:]
    #endif
    let pid = try Spawn(
      executable: executable, arguments: ["__supervise"], environment: environment, directory: nil,
      standard: (life.reading, null.raw, null.raw), extra: report.writing
    ).start()
    life.closeReading()
    report.closeWriting()
    identity = ProcessIdentity(pid: pid) ?? ProcessIdentity(bootID: Machine.bootID, pid: pid, startTicks: 0)
    lifeline = life.takeWriting()
    self.report = report.takeReading()
    setNonBlocking(self.report)
    setNonBlocking(lifeline)
  }

  deinit {
    end()
    _ = close(report)
  }

  func closeLifeline() {
    if lifeline >= 0 { _ = close(lifeline) }
    lifeline = -1
  }

  /// Ends the supervisor, and whatever it watches over, and waits for it.
  func end() {
    closeLifeline()
    if isReaped { return }
    isReaped = true
    let exit = Descriptor(owning: migrate_pidfd_open(identity.pid))
    var watch = SupervisorWatch(identity.pid, secondsToLive: 0)
    var isReportOver = false
    while retrying({ waitpid(identity.pid, nil, WNOHANG) }) == 0 {
      _ = watch.look()
      // It may have more to tell than the pipe holds, and must not wait for a reader.
      let ready = Poller(reading: [exit.raw, isReportOver ? -1 : report]).wait(
        milliseconds: exit.raw < 0 ? 20 : 200)
      if ready.contains(report), dropReport() == .end { isReportOver = true }
    }
  }

  private func dropReport() -> ReadResult {
    var (buffer, sink, isTruncated) = ([UInt8](repeating: 0, count: 64 << 10), [UInt8](), false)
    return readOnce(report, &buffer, into: &sink, limit: 0, &isTruncated)
  }

  /// The answer to a request; `nil` when there is none.
  func firstReport(watching watch: inout SupervisorWatch) -> SupervisorReport? {
    // One byte at a time: the end may follow at once and belongs to `poll`.
    var (buffer, line, isTruncated) = ([UInt8](repeating: 0, count: 1), [UInt8](), false)
    while true {
      switch readOnce(report, &buffer, into: &line, limit: 64 << 10, &isTruncated) {
      case .data:
        guard line.last == 0x0A else { continue }
        return SupervisorReport(line: String(decoding: line.dropLast(), as: UTF8.self))
      case .wouldBlock:
        if watch.look() == .killed { return nil }
        _ = Poller(reading: [report]).wait(milliseconds: 200)
      case .end: return nil
      }
    }
  }
}
