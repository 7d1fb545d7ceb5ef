import Clinux
import Glibc
import System

/// The poll loop that feeds a child, reads both its streams and watches its clock, all at once, so that none
/// of them can wait for another for ever.
struct CommandLoop: ~Copyable {
  private var feed: Pipe
  private var out: Pipe
  private var err: Pipe
  private let pid: pid_t
  private let exitDescriptor: Descriptor
  private var input: [UInt8]
  private var answer: (([UInt8]) -> [UInt8]?)?
  private let limit: Int
  private let graceMilliseconds: Int64
  private var fed = 0
  private var deadline: Int64?
  /// Until when it may ask.
  private var askingEnds: Int64?
  private let mayGoOn: (() -> Bool)?
  /// When it is asked next.
  private var nextLook: Int64?
  private var escalation = Escalation.none
  private var stdout: [UInt8] = []
  private var stderr: [UInt8] = []
  private var isTruncated = false
  private var buffer = [UInt8](repeating: 0, count: 64 << 10)

  private enum Escalation { case none, asked, killed }

  init(
    command: Command, pid: pid_t, limit: Int, feed: consuming Pipe, out: consuming Pipe, err: consuming Pipe,
    answer: (([UInt8]) -> [UInt8]?)?, mayGoOn: (() -> Bool)?
  ) {
    self.feed = feed
    self.out = out
    self.err = err
    self.pid = pid
    self.limit = limit
    exitDescriptor = Descriptor(owning: migrate_pidfd_open(pid))
    input = command.input ?? []
    self.answer = answer
    graceMilliseconds = Int64(command.graceSeconds) * 1000
    deadline = command.timeoutSeconds.map { monotonicMilliseconds() + Int64($0) * 1000 }
    askingEnds = answer.map { _ in monotonicMilliseconds() + Int64(command.askingSeconds) * 1000 }
    self.mayGoOn = mayGoOn
    nextLook = mayGoOn.map { _ in monotonicMilliseconds() + 1000 }
    setNonBlocking(self.feed.writing)
    setNonBlocking(self.out.reading)
    setNonBlocking(self.err.reading)
  }

  mutating func run() -> Outcome {
    // A child that does not read all its input must not kill us.
    let pipeSignal = PipeSignalBlock()
    defer { pipeSignal.end() }
    writeInput()
    var waitStatus: Int32 = 0
    while migrate_has_ended(pid) == 0 {
      var poller = Poller(reading: [out.reading, err.reading, exitDescriptor.raw])
      if fed < input.count { poller.add(writing: feed.writing) }
      let ready = poller.wait(milliseconds: nextTimeout())
      if ready.contains(feed.writing) { writeInput() }
      if ready.contains(out.reading), readOutput(), let rest = answer?(stdout) {
        stopAnswering(rest)
      }
      // It can ask no more, or its question was lost, and it must not wait for an answer.
      if out.reading < 0 || askingEnds.map({ $0 <= monotonicMilliseconds() }) == true { stopAnswering() }
      if ready.contains(err.reading) { readError() }
      look()
      enforceDeadline()
    }
    // What the child wrote is in the pipes by now; whoever else holds them is not waited for.
    while out.reading >= 0 && readOutput() {}
    while err.reading >= 0 && readError() {}
    // The leader is still a zombie, so its group's number cannot have been given to anybody else.
    if escalation != .none { _ = kill(-pid, SIGKILL) }
    _ = retrying { waitpid(pid, &waitStatus, 0) }
    let status = escalation == .none ? ExitStatus(waitStatus: waitStatus) : .timedOut
    return Outcome(status: status, stdout: stdout, stderr: stderr, isTruncated: isTruncated)
  }

  /// Ends the input after `rest`.
  private mutating func stopAnswering(_ rest: [UInt8] = []) {
    guard answer != nil else { return }
    (answer, askingEnds) = (nil, nil)
    input += rest
    writeInput()
  }

  private func nextTimeout() -> Int? {
    let end = [deadline, askingEnds, nextLook].compactMap(\.self).min()
    let rest = end.map { Int(max(0, $0 - monotonicMilliseconds())) }
    // Without a pidfd (an old kernel) nothing tells about the end of a child that closed its output early.
    if exitDescriptor.raw < 0 { return min(rest ?? 20, 20) }
    return rest
  }

  private mutating func look() {
    guard let due = nextLook, monotonicMilliseconds() >= due, let mayGoOn else { return }
    let goesOn = mayGoOn()
    nextLook = goesOn ? monotonicMilliseconds() + 1000 : nil
    if !goesOn && escalation == .none { deadline = monotonicMilliseconds() }
  }

  private mutating func enforceDeadline() {
    guard let end = deadline, monotonicMilliseconds() >= end else { return }
    switch escalation {
    case .none:
      escalation = .asked
      deadline = monotonicMilliseconds() + graceMilliseconds
      _ = kill(-pid, SIGTERM)
    case .asked, .killed:
      escalation = .killed
      deadline = nil
      _ = kill(-pid, SIGKILL)
    }
  }

  private mutating func writeInput() {
    while feed.writing >= 0 {
      if fed == input.count {
        if answer == nil { feed.closeWriting() }
        return
      }
      let end = min(input.count, fed + (64 << 10))
      let count = input[fed..<end].withUnsafeBytes { write(feed.writing, $0.baseAddress, $0.count) }
      if count > 0 {
        fed += count
      } else if errno == EAGAIN {
        return
      } else if errno != EINTR {
        feed.closeWriting()
      }
    }
  }

  @discardableResult private mutating func readOutput() -> Bool {
    let result = readOnce(out.reading, &buffer, into: &stdout, limit: limit, &isTruncated)
    if result == .end { out.closeReading() }
    return result == .data
  }

  @discardableResult private mutating func readError() -> Bool {
    let result = readOnce(err.reading, &buffer, into: &stderr, limit: limit, &isTruncated)
    if result == .end { err.closeReading() }
    return result == .data
  }
}

/// Keeps SIGPIPE away from this thread for a while without touching the process's handlers.
struct PipeSignalBlock {
  private var previous = sigset_t()
  private var pipeOnly = sigset_t()

  init() {
    sigemptyset(&pipeOnly)
    sigaddset(&pipeOnly, SIGPIPE)
    pthread_sigmask(SIG_BLOCK, &pipeOnly, &previous)
  }

  /// Takes a SIGPIPE that came meanwhile and restores the mask.
  func end() {
    var (set, old, zero) = (pipeOnly, previous, timespec())
    if sigismember(&old, SIGPIPE) == 0 { while sigtimedwait(&set, nil, &zero) == SIGPIPE {} }
    pthread_sigmask(SIG_SETMASK, &old, nil)
  }
}
