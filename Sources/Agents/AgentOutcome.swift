/// How an agent's work ended, by its own last event and by how its program ended.
public enum AgentOutcome: Equatable, Sendable {
  /// It is done, with what it says of it.
  case done(Declaration)
  /// It was interrupted, and the same conversation can go on where it was.
  case continueable(Interruption)
  /// It did not get it done.
  case failed(String)
  /// It changed nothing, and tools that it wanted were refused: it would be no better off another time.
  case denied([Denial])
  /// Its service did not serve: no fault of the step.
  case service(ServiceFault)
  /// Somebody ended it.
  case cancelled(String)
  /// It ended without its last event, so that nothing can be said of its work.
  case noTerminalEvent(String)
}

/// What an agent says of work that it ended in good order.
public enum Declaration: Equatable, Sendable {
  /// Nothing: its changes speak.
  case nothing
  /// Nothing was to be done, for a reason.
  case noOp(String)
  /// It did not get it done, for a reason.
  case failed(String)
  /// It cannot be done, for a reason: not by another attempt either.
  case cannot(String)
  /// A word of the stage that the work is, and why.
  case verdict(String, String)
}

/// What interrupts work that can go on.
public enum Interruption: String, CaseIterable, Sendable {
  /// The agent had all the turns that it was given.
  case turnLimit = "turn limit"
  /// The model's answer was longer than an answer may be.
  case outputLimit = "output limit"
  /// The connection to the service broke in the midst of the work.
  case cut = "connection cut"

  /// The same as a sentence.
  public var words: String {
    switch self {
    case .turnLimit: "the agent used up its turns"
    case .outputLimit: "the model's answer was longer than an answer may be"
    case .cut: "the connection to the agent's service broke"
    }
  }
}

/// Why an agent's service does not serve.
public enum ServiceFault: Equatable, Sendable {
  /// It never will before a person does something: no key, no access, no such model, no program.
  case configuration(String)
  /// It will again at a time, in seconds since the Unix epoch, if it told one.
  case limit(untilSeconds: Int?, String)
  /// It may at any moment, with the status that it answered.
  case transient(status: Int?, String)
  /// It never will for this request.
  case request(String)

  /// The service's own words.
  public var words: String {
    switch self {
    case .configuration(let words), .limit(_, let words), .transient(_, let words), .request(let words): words
    }
  }
}

/// What is known of an agent's work when its program has ended.
public struct AgentReport: Equatable, Sendable {
  /// How it ended.
  public var outcome: AgentOutcome
  /// What the agent said last, for people and for the next attempt; empty when it said nothing.
  public var closing: String
  /// What is worth a word though it decides nothing: refused tools, branches that it made.
  public var warnings: [String]
  /// The tools that were refused.
  public var denials: [Denial]
  /// What it used.
  public var usage: AgentUsage

  /// Whether the conversation has something in it that a new one would have to do, and pay, again.
  public var hasProgress: Bool { usage.session != nil && usage.turns > 0 }

  /// Whether what came of it is about the step, and not about the agent's service or whoever ended it.
  public var isOfStep: Bool {
    switch outcome {
    case .done, .continueable, .failed, .denied, .noTerminalEvent, .service(.request): true
    case .service, .cancelled: false
    }
  }

  /// Whether the conversation that was to go on may be one that the agent does not know any more: it did
  /// nothing, and neither its service nor a person is why.
  public var isLost: Bool {
    switch outcome {
    case .failed, .noTerminalEvent, .cancelled: usage.turns == 0
    case .done, .continueable, .denied, .service: false
    }
  }

  /// Makes a report.
  public init(
    outcome: AgentOutcome, closing: String = "", warnings: [String] = [], denials: [Denial] = [],
    usage: AgentUsage = AgentUsage()
  ) {
    self.outcome = outcome
    self.closing = closing
    self.warnings = warnings
    self.denials = denials
    self.usage = usage
  }

  /// The same when it is known whether the work changed anything: a refused tool explains that nothing is
  /// there, and is a warning where something is; a change contradicts the word that none was needed.
  public func judged(hasChanged: Bool) -> AgentReport {
    var report = self
    switch outcome {
    case .done(.nothing) where !hasChanged && !denials.isEmpty: report.outcome = .denied(denials)
    case .done(.noOp(let reason)) where hasChanged:
      report.outcome = .done(.nothing)
      report.warnings.append("it said that nothing was to be done, but changed files: \(reason)")
    case .done, .continueable, .failed, .denied, .service, .cancelled, .noTerminalEvent: break
    }
    return report
  }

  /// Why the attempt ended as it did, on one line, in the words of the agent or its service.
  public var reason: String {
    switch outcome {
    case .done(.nothing): "done"
    case .done(.verdict(let word, let reason)): reason.isEmpty ? word : "\(word): \(reason)"
    case .done(.noOp(let words)): words.isEmpty ? "nothing was to be done" : words
    case .done(.failed(let words)): words.isEmpty ? "the worker said that it failed" : words
    case .done(.cannot(let words)): words.isEmpty ? "it cannot be done" : words
    case .continueable(let interruption): interruption.words
    case .failed(let words), .cancelled(let words), .noTerminalEvent(let words): words
    case .denied(let denials): AgentReport.refusal(denials)
    case .service(let fault): fault.words
    }
  }

  /// `the agent was refused: Bash(curl …), Write(…)`.
  static func refusal(_ denials: [Denial]) -> String {
    let names = denials.prefix(3).map(\.description).joined(separator: ", ")
    return "the agent was refused: \(names)" + (denials.count > 3 ? " and \(denials.count - 3) more" : "")
  }
}
