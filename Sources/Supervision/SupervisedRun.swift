import Clinux
import Glibc
import System

/// One command and all its descendants.
struct SupervisedRun: ~Copyable {
  let pid: pid_t
  let startedMilliseconds = wallMilliseconds()
  private let command: Supervised
  private let signals: Int32
  private var output: Pipe
  private var errors: Pipe
  private var log: SupervisorLog
  private var channel: LiveChannel
  private var limits: RunLimits
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
    let isApart = command.output != .together
    let log = try SupervisorLog(path: command.logFile, limit: command.logLimit, isMarked: isApart)
    let input = try openDescriptor(command.inputFile ?? "/dev/null", O_RDONLY)
    var output = try Pipe(for: subject)
    var errors = try Pipe(for: subject)
    var feed = try Pipe(for: subject)
    let isFed = command.output == .live && command.inputFile == nil
    pid = try Spawn(
      executable: subject, arguments: Array(command.arguments.dropFirst()),
      environment: command.environment, directory: command.directory,
      standard: (
        isFed ? feed.reading : input.raw, output.writing, isApart ? errors.writing : output.writing
      ),
      newSession: false
    ).start()
    // Only the child may hold these ends, or their closing would never be seen.
    feed.closeReading()
    output.closeWriting()
    errors.closeWriting()
    if !isFed { feed.closeWriting() }
    if !isApart { errors.closeReading() }
    self.command = command
    self.signals = signals
    self.log = log
    setNonBlocking(output.reading)
    setNonBlocking(errors.reading)
    self.output = output
    self.errors = errors
    channel = LiveChannel(feed: feed, isLive: command.output == .live)
    limits = RunLimits(
      timeoutSeconds: command.timeoutSeconds, silenceSeconds: command.silenceSeconds,
      graceSeconds: command.graceSeconds, now: monotonicMilliseconds())
  }

  mutating func run() -> SupervisedChild.Result {
    var hasChildren = true
    // After TERM the grace time is for all of them: a shell that dies at once must not cost its child a
    // clean end. A command that ended by itself is over, and whatever it left is killed.
    while !mustKill && (waitStatus == nil || (isAsked && hasChildren)) {
      // What waits for the parent is as much as can be held: the command waits, too, and is not silent.
      if !channel.hasRoom { limits.noteSign(at: monotonicMilliseconds()) }
      var poller = Poller(reading: [0, signals, errors.reading])
      if channel.hasRoom { poller.add(reading: output.reading) }
      channel.watch(&poller)
      let ready = poller.wait(milliseconds: limits.wait(at: monotonicMilliseconds()))
      if ready.contains(output.reading) { readOutput() }
      if ready.contains(errors.reading) { readErrors() }
      if ready.contains(0) { readLifeline() }
      if channel.move() { limits.noteSign(at: monotonicMilliseconds()) }
      if ready.contains(signals) { readSignals() }
      hasChildren = reap()
      enforceLimits()
    }
    let left = killDescendants()
    while output.reading >= 0 && readOutput() {}
    while errors.reading >= 0 && readErrors() {}
    log.finish()
    var status = waitStatus.map(ExitStatus.init(waitStatus:)) ?? .signalled(SIGKILL)
    if let reason = limits.reason { status = reason }
    return SupervisedChild.Result(
      status: status, survivorsKilled: killed.count, survivorsLeft: left,
      startedMilliseconds: startedMilliseconds, endedMilliseconds: wallMilliseconds())
  }

  /// Tells a live command's parent all that it has not read yet, and the end.
  mutating func tell(_ result: SupervisedChild.Result) { channel.finish(with: .ended(result)) }

  /// Reads once; false when there was nothing (any more).
  @discardableResult private mutating func readOutput() -> Bool {
    let count = read(output.reading, &buffer, buffer.count)
    if count > 0 {
      take(buffer[0..<count], .output)
      return true
    }
    if count < 0 && errno == EINTR { return true }
    if count == 0 || errno != EAGAIN { output.closeReading() }
    return false
  }

  @discardableResult private mutating func readErrors() -> Bool {
    let count = read(errors.reading, &buffer, buffer.count)
    if count > 0 {
      take(buffer[0..<count], .errors)
      return true
    }
    if count < 0 && errno == EINTR { return true }
    if count == 0 || errno != EAGAIN { errors.closeReading() }
    return false
  }

  private mutating func take(_ bytes: ArraySlice<UInt8>, _ stream: OutputStream) {
    limits.noteSign(at: monotonicMilliseconds())
    log.append(bytes, from: stream)
    if stream == .output { channel.pass(bytes) }
  }

  private mutating func readLifeline() {
    // What comes after a command that is not live may be the next request.
    var bytes = [UInt8](repeating: 0, count: command.output == .live ? 64 << 10 : 1)
    let count = read(0, &bytes, bytes.count)
    if count < 0 && (errno == EAGAIN || errno == EINTR) { return }
    if count > 0 {
      if channel.isAskedToEnd(by: bytes[..<count]) { ask() }
    } else {
      mustKill = true
      isToEnd = true
    }
  }

  private mutating func readSignals() {
    guard SignalPipe.drain().contains(where: { $0 != SIGCHLD }) else { return }
    isToEnd = true
    ask()
  }

  private mutating func enforceLimits() {
    switch limits.due(at: monotonicMilliseconds()) {
    case .ask: ask()
    case .kill: mustKill = true
    case nil: return
    }
  }

  /// Sends TERM to all that belongs to the command and starts the grace time; a second time changes nothing.
  private mutating func ask() {
    guard !isAsked else { return }
    isAsked = true
    limits.noteAsked(at: monotonicMilliseconds())
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
