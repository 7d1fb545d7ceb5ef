/// What an agent's stream tells while it works. An event that nobody here knows is none of these, and
/// nothing.
public enum AgentEvent: Equatable, Sendable {
  /// A conversation began or goes on, with the model and the version of the program as far as they are told.
  case began(session: String, model: String?, version: String?)
  /// The model gave an answer.
  case turn
  /// The agent says something to people.
  case said(String)
  /// The agent uses a tool: its name, and what it is to do.
  case used(ToolUse)
  /// A tool was refused to the agent.
  case denied(Denial)
  /// The service did not answer as it should; the agent tries again by itself.
  case retrying(String)
  /// The service refuses work until a time, where it tells one.
  case limited(untilSeconds: Int?)
  /// The agent made a commit or a branch by itself, on the branch of that name.
  case branched(String)
  /// So many tasks of the agent go on in the background.
  case background(Int)
  /// Something a person may want to know.
  case notice(String)
  /// The agent's own last event: what it says the outcome is. Another one may follow when work goes on.
  case ended
}

/// A tool that an agent uses, and what it is to do, each on one line.
public struct ToolUse: Hashable, Sendable {
  /// The tool's name.
  public var tool: String
  /// What it is to do; empty when that is not told.
  public var subject: String

  /// Makes one; of the subject the beginning is kept.
  public init(tool: String, subject: String) {
    self.tool = AgentText.line(tool, atMost: 80)
    self.subject = AgentText.line(subject, atMost: 200)
  }

  /// `Bash pytest -q`.
  public var description: String { subject.isEmpty ? tool : "\(tool) \(subject)" }
}

/// A tool that was refused to an agent.
public struct Denial: Hashable, Sendable {
  /// The tool's name, as a plan's `permissions` would have it.
  public var tool: String
  /// What it was to do, on one line; empty when that is not told.
  public var subject: String

  /// Makes one; of the subject the beginning is kept.
  public init(tool: String, subject: String) {
    self.tool = AgentText.line(tool, atMost: 80)
    self.subject = AgentText.line(subject, atMost: 120)
  }

  /// `Bash(curl …)`.
  public var description: String { subject.isEmpty ? tool : "\(tool)(\(subject))" }
}

/// Texts of agents, made fit to be a reason.
enum AgentText {
  /// The text on one line: every run of white space is one space, and of a long text the beginning is kept.
  static func line(_ text: String, atMost limit: Int = 400) -> String {
    var result = ""
    var length = 0
    for word in text.split(whereSeparator: { $0.isWhitespace || $0.isNewline }) {
      if length + word.count + 1 > limit {
        result += result.isEmpty ? String(word.prefix(limit)) + "…" : " …"
        break
      }
      if !result.isEmpty { result += " " }
      result += word
      length += word.count + 1
    }
    return result
  }

  /// The text with its lines; of a long one the beginning is kept.
  static func whole(_ text: String, atMost limit: Int = 16 << 10) -> String {
    guard text.utf8.count > limit else { return text }
    return String(decoding: text.utf8.prefix(limit), as: UTF8.self) + "…"
  }
}
