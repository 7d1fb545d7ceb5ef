import CanonicalJSON

/// How an agent's program ended.
public enum AgentExit: Equatable, Sendable {
  /// By itself, with an exit code.
  case exited(Int32)
  /// By a signal that nobody here sent.
  case signalled(Int32)
  /// It was ended by us, because it had said its last, and did not leave.
  case overstayed
  /// It was ended by us at a limit of turns.
  case atTurnLimit
  /// It was ended by us at another limit, which the text names.
  case atLimit(String)
}

/// One agent at work, as its output tells it: fed what it prints, it knows what was used, whether the end is
/// near, and in the end what became of the work. Nothing here waits, and nothing grows with the output.
public struct AgentRun: Sendable {
  /// The most denials and warnings that are kept.
  static let mostKept = 20

  private let task: AgentTask
  private var lines: LineReader
  private var reader: (any StreamReader)?
  private var denials: [Denial] = []
  private var warnings: [String] = []
  /// The last line that was no event: what a program says that could not even begin.
  private var lastWords = ""

  /// Begins to read what an agent prints that was started for a task.
  public init(_ task: AgentTask, clock: AgentClock, longestLine: Int = LineReader.longestLine) {
    self.task = task
    lines = LineReader(limit: longestLine)
    switch task.adapter {
    case .claude: reader = ClaudeReader(resumed: task.resumed)
    case .codex: reader = CodexReader(resumed: task.resumed, clock: clock)
    case .acp: reader = ACPReader(task)
    case .command: reader = nil
    }
  }

  /// What was used so far. Until the agent's last event it may be less than what was used.
  public var usage: AgentUsage { reader?.usage ?? AgentUsage() }

  /// Whether the agent has said its last. What goes on then is only a task that it left in the background: it
  /// is to be given a little time, and ended.
  public var isAtEnd: Bool { reader?.terminal != nil }

  /// Whether it had the turns that it may take, and does not see to that itself.
  public var isOverTurnLimit: Bool {
    guard let turns = task.turns, !task.adapter.limitsTurns || task.command != nil else { return false }
    return usage.turns > turns
  }

  /// Takes the next bytes of standard output, however they are cut.
  public mutating func feed(_ bytes: some Collection<UInt8>) -> [AgentEvent] {
    guard reader != nil else { return [] }
    return lines.read(bytes).flatMap { read($0) }
  }

  /// The lines that the agent is to be sent now, each with its line feed: only one that is talked with gets
  /// any.
  public mutating func takeOutgoing() -> [[UInt8]] {
    guard var conversation = reader as? ACPReader else { return [] }
    let lines = conversation.takeOutgoing().map { $0.canonicalBytes + [0x0A] }
    reader = conversation
    return lines
  }

  /// Asks the agent to stop, where it can be asked; whether it can.
  public mutating func cancel() -> Bool {
    guard var conversation = reader as? ACPReader, !isAtEnd else { return false }
    conversation.cancel()
    reader = conversation
    return true
  }

  /// Takes one line of standard output, without its line feed.
  public mutating func read(_ line: [UInt8]) -> [AgentEvent] {
    guard line.count <= LineReader.longestLine, line.contains(where: { $0 != 0x20 && $0 != 0x0D }) else {
      return []
    }
    guard let value = StreamValue.parse(line), case .object = value else {
      // Half an event is nothing for people.
      if line.first != UInt8(ascii: "{") {
        lastWords = AgentText.line(String(decoding: line.prefix(1 << 10), as: UTF8.self))
      }
      return []
    }
    let events = reader?.read(value) ?? []
    for event in events { note(event) }
    return events
  }

  private mutating func note(_ event: AgentEvent) {
    switch event {
    case .denied(let denial):
      // The same tool is told when it happens and, with what it was to do, at the end.
      denials.removeAll { $0.tool == denial.tool && $0.subject.isEmpty }
      if denial.subject.isEmpty, denials.contains(where: { $0.tool == denial.tool }) { return }
      if denials.count < AgentRun.mostKept, !denials.contains(denial) { denials.append(denial) }
    case .notice(let words): warn(words)
    case .branched(let branch): warn("the agent made a commit on the branch '\(branch)'")
    case .began, .turn, .said, .used, .retrying, .limited, .background, .ended: break
    }
  }

  private mutating func warn(_ words: String) {
    if warnings.count < AgentRun.mostKept, !warnings.contains(words) { warnings.append(words) }
  }

  // MARK: The end

  /// What became of the work. `words` is the last line of standard error, `declared` what the agent wrote
  /// into its result file, `report` what is in its report file.
  public mutating func end(
    _ exit: AgentExit, words: String = "", declared: Declaration? = nil, report: [UInt8]? = nil
  ) -> AgentReport {
    if let line = lines.end() { _ = read(line) }
    var result: AgentReport
    if let reader {
      result = AgentReport(
        outcome: outcome(reader, exit, words), closing: reader.closing, usage: reader.usage)
    } else {
      result = plain(exit, words, report)
    }
    switch (result.outcome, declared) {
    case (.done(let said), let declared?): result.outcome = .done(declared.or(said))
    // Why it failed it knows best itself.
    case (.failed, .failed?), (.failed, .cannot?), (.noTerminalEvent, .failed?), (.noTerminalEvent, .cannot?):
      result.outcome = .done(declared ?? .nothing)
    case (_, _): break
    }
    result.denials = denials
    result.warnings = warnings
    if !denials.isEmpty, case .done = result.outcome { result.warnings.append(AgentReport.refusal(denials)) }
    return result
  }

  private func outcome(_ reader: any StreamReader, _ exit: AgentExit, _ words: String) -> AgentOutcome {
    let last = words.isEmpty ? lastWords : AgentText.line(words)
    if let terminal = reader.terminal {
      // How an agent leaves that was told to, when the conversation is over, is of no interest.
      guard case .done = terminal, case .exited(let code) = exit, (1..<128).contains(code),
        task.adapter != .acp
      else {
        return terminal
      }
      return .failed(AgentRun.words(code, last))
    }
    if let outcome = common(exit, last) { return outcome }
    guard case .exited(let code) = exit else { return .noTerminalEvent(last) }
    // Codex ends so when it is interrupted, which no event tells.
    if task.adapter == .codex, reader.hasBegun, code == 1 {
      return .cancelled("the agent was interrupted" + (last.isEmpty ? "" : ": \(last)"))
    }
    let what = reader.hasBegun ? "the agent ended without its last event" : "the agent did not begin"
    let how = code == 0 ? what : "\(what) (exit code \(code))"
    return .noTerminalEvent(last.isEmpty ? how : "\(how): \(last)")
  }

  /// What an end means that has nothing to do with an agent.
  private func common(_ exit: AgentExit, _ last: String) -> AgentOutcome? {
    let program = task.adapter.program ?? "the agent's command"
    switch exit {
    case .exited(127): return .service(.configuration(last.isEmpty ? "\(program): not found" : last))
    case .exited(126): return .service(.configuration(last.isEmpty ? "\(program): cannot be run" : last))
    case .exited(let code) where code > 128 && code < 160: return AgentRun.signalled(code - 128)
    case .signalled(let signal): return AgentRun.signalled(signal)
    case .atTurnLimit: return .continueable(.turnLimit)
    case .atLimit(let limit): return .failed(limit)
    case .overstayed, .exited: return nil
    }
  }

  /// HUP, INT, KILL and TERM are what people and a machine that is short of memory send; of any other signal
  /// a program dies by itself.
  private static func signalled(_ signal: Int32) -> AgentOutcome {
    let words = "the agent was ended by signal \(signal)"
    return [1, 2, 9, 15].contains(signal)
      ? .cancelled("\(words), from outside of this run") : .noTerminalEvent(words)
  }

  private func plain(_ exit: AgentExit, _ words: String, _ report: [UInt8]?) -> AgentReport {
    let last = AgentText.line(words)
    let read = report.flatMap { ReportFile.read($0) }
    if let outcome = common(exit, last) {
      return AgentReport(outcome: outcome, closing: read?.closing ?? "", usage: read?.usage ?? AgentUsage())
    }
    if task.reportFile != nil {
      return read ?? AgentReport(outcome: .noTerminalEvent("the agent left no report that can be read"))
    }
    guard case .exited(let code) = exit, code != 0 else { return AgentReport(outcome: .done(.nothing)) }
    return AgentReport(outcome: .failed(AgentRun.words(code, last)))
  }

  private static func words(_ code: Int32, _ last: String) -> String {
    "ended with exit code \(code)" + (last.isEmpty ? "" : ": \(last)")
  }
}

extension Declaration {
  /// This, or the other one where this says nothing.
  func or(_ other: Declaration) -> Declaration { self == .nothing ? other : self }
}
