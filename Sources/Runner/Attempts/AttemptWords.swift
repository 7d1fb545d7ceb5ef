import Agents
import Migration
import Site
import Supervision
import System

/// What is said of a program of an attempt that failed.
extension WorkPlace {
  /// In one line: how it ended and, where it speaks to people, the last line that it printed.
  func reason(_ status: ExitStatus, log: LogName) -> String {
    let words = WorkJob.words(status)
    let last = lastWords(log)
    return last.isEmpty ? words : "\(words): \(last)"
  }

  /// The last line that a program printed for people; empty when there is none.
  func lastWords(_ log: LogName) -> String {
    String((tail(log).last?.split(separator: "\n").last ?? "").prefix(160))
  }

  /// The end of a log, for the next attempt and for people. The events that an agent reports are for
  /// programs: they are left out, and what it said beside them comes last.
  func tail(_ log: LogName) -> [String] {
    let text: String
    if log == workLog, reportsEvents {
      let words = end(of: log, .output).split(separator: "\n").filter {
        !$0.hasPrefix("{") && !isCutEvent($0)
      }
      text = (words + end(of: log, .errors).split(separator: "\n")).joined(separator: "\n")
    } else {
      text = end(of: log)
    }
    // The end of the last line is none of its words: it would be an empty line to who reads it.
    guard let last = text.lastIndex(where: { !$0.isWhitespace }) else { return [] }
    return [String(text[...last])]
  }

  /// The last 4 KiB of a log, or of one stream in it.
  private func end(of log: LogName, _ stream: OutputStream? = nil) -> String {
    let (file, size) = (site.logFile(log), 4 << 10)
    let bytes =
      if let stream {
        try? LogMarks.tail(file, of: stream, bytes: size)
      } else {
        try? Files.tail(file, bytes: size)
      }
    return Site.relative(TerminalText.sanitized(bytes ?? []), to: path)
  }

  /// The log of the step's codemod or agent.
  var workLog: LogName { .work(migration, fence) }

  /// The log of the set-up command.
  var setupLog: LogName { .setup(migration, fence) }

  /// Whether the agent's output is a stream of JSON objects, one a line.
  var reportsEvents: Bool {
    plan.agent(of: step).flatMap { AgentAdapter(rawValue: $0.adapter) }?.reportsEvents == true
  }

  /// Whether a line is the end of an event whose beginning the tail does not have.
  private func isCutEvent(_ line: Substring) -> Bool { line.hasSuffix("}") && line.contains("\":") }
}
