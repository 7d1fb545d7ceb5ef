import Agents
import FoundationEssentials
import Migration
import Testing

/// A stream that a real agent printed (`Tests/Peers/record.py`), and how its program ended.
struct Recorded {
  var name: String
  var exit: AgentExit
  var task: AgentTask
  /// Half past midnight on the day of the recordings: their texts speak of 1:22 AM.
  var clock = AgentClock(now: Timestamp(milliseconds: 1_795_912_200_000))
  var chunk = 4096

  init(_ name: String, _ exit: AgentExit = .exited(0)) {
    (self.name, self.exit) = (name, exit)
    task = AgentTask(name.hasPrefix("codex") ? .codex : .claude)
  }

  /// The stream's bytes.
  var bytes: [UInt8] { get throws { try Recorded.file("\(name).jsonl") } }

  static func file(_ name: String) throws -> [UInt8] {
    let folder = #filePath.split(separator: "/", omittingEmptySubsequences: false).dropLast()
    let path = folder.joined(separator: "/") + "/Streams/" + name
    return [UInt8](try Data(contentsOf: URL(filePath: path)))
  }

  /// What the room makes of it, fed in pieces of `chunk` bytes.
  func report(saying words: String = "", declared: Declaration? = nil) throws -> AgentReport {
    var run = AgentRun(task, clock: clock)
    var rest = try bytes[...]
    while !rest.isEmpty {
      _ = run.feed(rest.prefix(chunk))
      rest = rest.dropFirst(chunk)
    }
    return run.end(exit, words: words, declared: declared)
  }

  /// The events it tells.
  func events() throws -> [AgentEvent] {
    var run = AgentRun(task, clock: clock)
    return run.feed(try bytes)
  }
}
