import CanonicalJSON
import Migration

/// An agent whose command line and output are known.
public enum AgentAdapter: String, CaseIterable, Sendable {
  /// Claude Code: events of its own on standard output.
  case claude
  /// Codex: events of its own on standard output.
  case codex
  /// Any agent of the Agent Client Protocol, by a command: it is talked with on standard input and output.
  case acp
  /// Any command, judged by its exit code, and by a report that it writes where the plan names one.
  case command

  /// Whether standard output is a stream of events for programs, one JSON object a line.
  public var reportsEvents: Bool {
    switch self {
    case .claude, .codex, .acp: true
    case .command: false
    }
  }

  /// Whether a conversation can go on in another process.
  public var resumes: Bool { reportsEvents }

  /// Whether it can be told of a server of tools.
  public var takesTools: Bool { reportsEvents }

  /// Whether the agent is told a limit of turns, and ends by itself when it is reached. Of another agent the
  /// turns are counted on its stream.
  public var limitsTurns: Bool { self == .claude }

  /// The command line that a plan records for the adapter, so that a person sees what is started; `nil` where
  /// the plan has to bring it. What is really started is `AgentTask.invocation`: with it, a limit or a
  /// conversation that goes on.
  public func recordedCommand(maxTurns: Int?) -> String? {
    switch self {
    case .claude:
      "claude -p --output-format stream-json --verbose --permission-mode acceptEdits"
        + (maxTurns.map { " --max-turns \($0)" } ?? "")
    case .codex: "codex exec --json -s workspace-write -"
    case .acp, .command: nil
    }
  }

  /// The program that is started, where it is not the plan's own command.
  public var program: String? {
    switch self {
    case .claude, .codex: rawValue
    case .acp, .command: nil
    }
  }
}

/// What an agent is started for, from the plan and from what is left of its limits. The prompt is always
/// given on standard input, exactly as the plan has it.
public struct AgentTask: Equatable, Sendable {
  /// The agent.
  public var adapter: AgentAdapter
  /// The plan's own command line; for an adapter that has one of its own this replaces it. Run by a shell.
  public var command: String?
  /// The model, or `nil` for the agent's own choice.
  public var model: String?
  /// Further arguments of the plan, in their order.
  public var arguments: [String] = []
  /// Tools that are allowed beside what the agent allows by itself, as it spells them.
  public var permissions: [String] = []
  /// The names of variables that the agent alone is given.
  public var environmentNames: [String] = []
  /// A file in the worktree that the agent writes a report into, relative to it.
  public var reportFile: String?
  /// The most turns.
  public var turns: Int?
  /// The most it may cost, in millionths of a US dollar.
  public var microdollars: Int?
  /// The conversation that goes on, or `nil` for a new one.
  public var resumed: AgentSession?
  /// The words that it is to end with; empty where it ends as work in one piece does.
  public var words: [String] = []
  /// A file that the agent's answer must have the form of, where it takes one from a file (`AgentClosing`).
  public var schemaFile: String?
  /// The tools that the agent is given beside its own.
  public var tools: AgentTools?
  /// What it is to do, for an agent that is told in a conversation.
  public var prompt: String?
  /// Where it is to work, as an absolute path, for such an agent.
  public var directory: String?
  /// Whether it is shut in, so that commands and the network of its own can do no harm.
  public var isShutIn = false

  /// Makes a task with the agent's own settings.
  public init(_ adapter: AgentAdapter) { self.adapter = adapter }

  /// Makes the task of a plan's agent, with the plan's settings.
  public init(_ agent: Plan.Agent) {
    adapter = AgentAdapter(rawValue: agent.adapter) ?? .command
    // For an adapter a plan records the line that a person is shown.
    command = agent.command == adapter.recordedCommand(maxTurns: agent.maxTurns) ? nil : agent.command
    model = agent.model
    arguments = agent.args
    permissions = agent.permissions
    environmentNames = agent.env
    reportFile = agent.reportFile
    turns = agent.maxTurns
  }

  /// What is to be started.
  public var invocation: AgentInvocation {
    if let command { return AgentInvocation(words: ["/bin/sh", "-c", command], task: self) }
    switch adapter {
    case .claude: return AgentInvocation(words: Claude.arguments(self), task: self)
    case .codex: return AgentInvocation(words: Codex.arguments(self), task: self)
    case .acp, .command: return AgentInvocation(words: [], task: self)
    }
  }
}

/// A server of tools that an agent starts by itself and speaks to by the Model Context Protocol. It finds all
/// it has to know in its arguments: some agents give it next to no environment.
public struct AgentTools: Equatable, Sendable {
  /// What the agent calls the server; its model calls a tool `mcp__<name>__<tool>`.
  public static let name = "migrate"

  /// The program, as an absolute path: some agents run with a `PATH` of their own.
  public var program: String
  /// Its arguments.
  public var arguments: [String]

  /// Makes one.
  public init(program: String, arguments: [String]) {
    self.program = program
    self.arguments = arguments
  }
}

/// How an agent is started.
public struct AgentInvocation: Equatable, Sendable {
  /// The program and its arguments; empty when the plan has no command for it.
  public var arguments: [String]
  /// The names of variables that it is given beside the harmless ones.
  public var environmentNames: [String]
  /// Whether standard output is read as events.
  public var reportsEvents: Bool
  /// The report to read when it has ended, relative to the worktree.
  public var reportFile: String?

  init(words: [String], task: AgentTask) {
    arguments = words
    environmentNames = task.environmentNames
    reportsEvents = task.adapter.reportsEvents
    reportFile = task.reportFile
  }
}

/// What an agent is asked to close with, where it can be asked in a form: the way to say that nothing was to
/// be done needs neither a file outside of the worktree nor a permission.
public enum AgentClosing {
  /// The form, as a JSON Schema, for one of `words` or, without any, for the usual ones. Every member is
  /// required, because one vendor knows no optional ones.
  public static func schema(_ words: [String] = []) -> String {
    let (list, meaning) =
      words.isEmpty
      ? (
        #""done","no-op","cannot""#,
        "done: the files are changed as asked; no-op: nothing was to be done; cannot: it cannot be done"
      ) : (words.map { #""\#($0)""# }.joined(separator: ","), "the word that the task ends with")
    return #"{"type":"object","properties":{"result":{"type":"string","enum":["# + list
      + #"],"description":""# + meaning + #""},"reason":{"type":"string","description":"#
      + #""why nothing was to be done or it cannot be done, else empty"},"notes":{"type":"string","#
      + #""description":"what whoever reviews this should know, or empty"}},"#
      + #""required":["result","reason","notes"],"additionalProperties":false}"#
  }

  /// What a closing answer declares, with its notes; `nil` when it is not of the form.
  static func read(_ value: StreamValue?) -> (Declaration, notes: String)? {
    guard let value, let result = value["result"]?.text else { return nil }
    let reason = AgentText.line(value["reason"]?.text ?? "")
    let notes = value["notes"]?.words.map { AgentText.whole($0) } ?? ""
    switch result {
    case "done": return (.nothing, notes)
    case "no-op": return (.noOp(reason), notes)
    case "failed": return (.failed(reason), notes)
    case "cannot": return (.cannot(reason), notes)
    default:
      // Which words there are the plan says.
      let isWord =
        (1...32).contains(result.utf8.count)
        && result.utf8.allSatisfy { $0 > 0x20 && $0 < 0x7F && $0 != UInt8(ascii: "\"") }
      return isWord ? (.verdict(result, reason), notes) : nil
    }
  }
}
