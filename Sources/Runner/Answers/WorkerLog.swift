import Agents
import Migration
import Site
import Supervision
import System

/// The output of an agent as lines for people: what it says and which tools it uses, in place of its events.
/// What is no event stays as it is. Each stream has lines of its own: what is said in the midst of an event
/// is no part of it.
package struct AgentWords {
  private var run: AgentRun
  private var rests: [OutputStream: [UInt8]] = [:]

  /// Begins to read what an agent prints.
  package init(_ adapter: AgentAdapter, at now: Timestamp) {
    run = AgentRun(AgentTask(adapter), clock: AgentClock(now: now))
  }

  /// What was used so far.
  package var used: Amounts {
    let usage = run.usage
    return Amounts(
      microdollars: usage.microdollars ?? 0, tokens: usage.tokens.total, turns: usage.turns)
  }

  /// The lines of the next piece of a stream; half a line waits for its end.
  package mutating func read(_ bytes: some Collection<UInt8>, from stream: OutputStream) -> [String] {
    let rest = (rests.removeValue(forKey: stream) ?? []) + bytes
    guard let end = rest.lastIndex(of: 0x0A) else {
      // An event holds at most one answer or one file.
      if rest.count <= LineReader.longestLine { rests[stream] = rest }
      return []
    }
    rests[stream] = Array(rest[(end + 1)...])
    return rest[...end].split(separator: 0x0A, omittingEmptySubsequences: true).flatMap {
      lines(of: Array($0))
    }
  }

  /// The lines of what was held back.
  package mutating func end() -> [String] {
    defer { rests = [:] }
    return [OutputStream.output, .errors].compactMap { rests[$0] }.filter { !$0.isEmpty }
      .flatMap { lines(of: $0) }
  }

  private mutating func lines(of line: [UInt8]) -> [String] {
    guard line.first == UInt8(ascii: "{") else {
      let text = TerminalText.sanitizedLine(String(decoding: line, as: UTF8.self))
      return text.allSatisfy(\.isWhitespace) ? [] : [text]
    }
    return run.read(line).compactMap { AgentWords.text(of: $0).map(TerminalText.sanitizedLine) }
  }

  private static func text(of event: AgentEvent) -> String? {
    switch event {
    case .began(_, let model, _): model.map { "begins with \($0)" } ?? "begins"
    case .said(let words): words
    case .used(let use): "> \(use.description)"
    case .denied(let denial): "! refused: \(denial.description)"
    case .retrying(let words): "! tries again: \(words)"
    case .limited: "! the service refuses work: a limit is reached"
    case .branched(let branch): "! made a commit on the branch '\(branch)'"
    case .notice(let words): "! \(words)"
    case .ended: "ends"
    case .turn, .background: nil
    }
  }
}

/// One log that grows, for whoever looks on: its last line, when it grew last, and what an agent used.
package final class WorkerLog {
  /// The log.
  package let path: String
  /// The last line that says something.
  package private(set) var lastLine = ""
  /// When something came last.
  package private(set) var heard: Timestamp?
  private let file: GrowingFile
  private var words: AgentWords?
  private var rest: [UInt8] = []
  /// How many bytes were read.
  private var offset = 0
  private static let mostAtOnce = 4 << 20

  /// What was used so far, as far as the log tells.
  package var used: Amounts { words?.used ?? Amounts() }

  /// Looks at a log; `adapter` is the agent that prints events into it.
  package init(_ path: String, _ adapter: AgentAdapter?, at now: Timestamp) {
    self.path = path
    file = GrowingFile(path)
    words = adapter.flatMap { $0.reportsEvents ? AgentWords($0, at: now) : nil }
  }

  /// Reads what has come since.
  package func look(at now: Timestamp) {
    var count = 0
    while count < WorkerLog.mostAtOnce {
      let isMore = try? file.next { bytes in
        count += bytes.count
        take(bytes)
      }
      if isMore != true { break }
    }
    if count > 0 { heard = now }
  }

  private func take(_ bytes: UnsafeBufferPointer<UInt8>) {
    let range = offset..<(offset + bytes.count)
    offset = range.upperBound
    if words != nil {
      // Looked at after the bytes: a mark is written before what it marks.
      for part in LogMarks(log: path).parts(in: range) {
        let piece = bytes[
          (part.range.lowerBound - range.lowerBound)..<(part.range.upperBound - range.lowerBound)]
        if let line = words?.read(piece, from: part.stream).last { lastLine = line }
      }
      return
    }
    rest += bytes.suffix(4096)
    if rest.count > 8192 { rest = Array(rest.suffix(4096)) }
    let lines = rest.split(whereSeparator: { $0 == 0x0A || $0 == 0x0D })
    if let last = lines.last(where: { $0.contains { $0 > 0x20 } }) {
      var cleaner = TerminalCleaner()
      lastLine = cleaner.clean(last) + cleaner.rest()
    }
  }
}

/// What the workers and verifiers of a migration print in this clone, for a picture of who does what.
package final class WorkersView {
  private let site: Site
  private var logs: [String: WorkerLog] = [:]

  /// Looks at the logs of a clone.
  package init(_ site: Site) { self.site = site }

  /// Who is at work in a migration, or judged; `course` tells since when.
  package func workers(
    _ state: MigrationState, _ course: Course?, at now: Timestamp
  ) -> [RunPicture.Worker] {
    var seen: Set<String> = []
    var workers: [RunPicture.Worker] = []
    if state.baselineRun != nil, let log = newest(of: state, nil, "baseline-") {
      var worker = RunPicture.Worker(subject: "the base", who: String(log.log.what.dropFirst(9)))
      worker.isGate = true
      fill(&worker, log, nil, now, &seen)
      workers.append(worker)
    }
    for step in state.stepsInFlight {
      guard let worker = worker(step, state, course, now, &seen) else { continue }
      workers.append(worker)
    }
    logs = logs.filter { seen.contains($0.key) }
    return workers
  }

  private func worker(
    _ step: Step, _ state: MigrationState, _ course: Course?, _ now: Timestamp, _ seen: inout Set<String>
  ) -> RunPicture.Worker? {
    guard let index = state.index(of: step.id) else { return nil }
    let planned = state.plan.steps[index]
    let agent = state.plan.agent(of: planned)
    var worker = RunPicture.Worker(subject: step.id, who: "")
    (worker.title, worker.attempt) = (planned.title, step.attempt)
    worker.since = course?.steps[step.id]?.attempted
    switch step.phase {
    case .leased(let lease):
      worker.who = planned.run != nil ? "codemod" : agent?.label ?? lease.holder
      if let log = newest(of: state, Fence(step: step.id, epoch: step.epoch), "") {
        if log.log.what == "setup" { worker.who = "set-up" }
        let adapter = log.log.what == "work" ? agent.flatMap { AgentAdapter(rawValue: $0.adapter) } : nil
        fill(&worker, log, adapter, now, &seen)
      }
    case .gating(_, let run):
      guard !run.hasPassed else { return nil }
      worker.isGate = true
      worker.who = "gate"
      worker.since = course?.steps[step.id]?.changed
      if let log = newest(of: state, Fence(step: step.id, epoch: step.epoch), "gate-") {
        worker.who = log.log.what.split(separator: "-", maxSplits: 2).last.map(String.init) ?? "gate"
        fill(&worker, log, nil, now, &seen)
      }
    case .submitted, .merging, .waiting, .ready, .merged, .backoff, .blocked, .person, .proposed, .skipped,
      .cancelled, .undone:
      return nil
    }
    return worker
  }

  /// The log of a claim, or of the whole migration, that was written last.
  private func newest(of state: MigrationState, _ fence: Fence?, _ start: String) -> LogFile? {
    (try? LogFile.list(of: state.name, step: fence?.step, site))?.last {
      (fence == nil || $0.epoch == fence?.epoch) && $0.log.what.hasPrefix(start)
    }
  }

  private func fill(
    _ worker: inout RunPicture.Worker, _ file: LogFile, _ adapter: AgentAdapter?, _ now: Timestamp,
    _ seen: inout Set<String>
  ) {
    seen.insert(file.path)
    let log = logs[file.path] ?? WorkerLog(file.path, adapter, at: now)
    logs[file.path] = log
    log.look(at: now)
    worker.doing = log.lastLine
    worker.heard = log.heard ?? worker.since
    worker.used = log.used
  }
}
