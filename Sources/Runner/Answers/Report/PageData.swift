import CanonicalJSON
import Migration
import System

/// What the page draws from: one JSON block. Lists in place of objects, and each text once, because a page of
/// ten thousand steps is to stay small.
struct PageData {
  let recap: MigrationRecap
  let words: [Int: WordsOfStep]

  private var state: MigrationState { recap.state }

  /// The letter of a state; `page.js` has the same.
  private static func letter(_ word: StepWord) -> String {
    switch word {
    case .waiting: "w"
    case .ready: "y"
    case .leased: "l"
    case .submitted: "s"
    case .gating: "g"
    case .merging: "i"
    case .merged: "m"
    case .backoff: "r"
    case .blocked: "b"
    case .person: "p"
    case .proposed: "o"
    case .undone: "u"
    case .skipped: "k"
    case .cancelled: "x"
    }
  }

  /// The one funnel of foreign texts into the page: what could act on a reader is shown, not obeyed. Lines
  /// stay lines.
  static func clean(_ text: String) -> String { TerminalText.sanitized(text) }

  /// The block, fit to stand in a page: nothing in it ends a script or begins a comment.
  var bytes: [UInt8] {
    var result: [UInt8] = []
    for byte in json.printableBytes {
      if byte == UInt8(ascii: "<") { result += Array("\\u003c".utf8) } else { result.append(byte) }
    }
    return result
  }

  private var json: JSON {
    let start = recap.chronicle.started ?? recap.now
    func span(_ time: Timestamp) -> JSON { .integer(max(0, time.milliseconds - start.milliseconds)) }
    let position = recap.chronicle.names.map { state.index(of: $0) }
    let rows = recap.chronicle.changes.compactMap { change -> JSON? in
      guard let step = position[change.step] else { return nil }
      var row: [JSON] = [
        span(change.at), number(step), .string(PageData.letter(change.word)), number(change.epoch),
        change.worker.map(number) ?? .null, change.failure.map(number) ?? .null,
        change.cost > 0 ? number(change.cost) : .null,
      ]
      while row.last == .null { row.removeLast() }
      return .array(row)
    }
    return .object([
      JSON.Member("at", .integer(start.milliseconds)),
      JSON.Member("attempts", number(state.plan.attempts)),
      JSON.Member("ev", .array(rows)), JSON.Member("fails", .array(faults)),
      JSON.Member("span", span(recap.chronicle.last ?? start)), JSON.Member("steps", .array(steps)),
      JSON.Member("who", .array(recap.chronicle.workers.map { text($0) })),
      JSON.Member("why", .object(reasons)), JSON.Member("words", .object(said)),
    ])
  }

  private func number(_ value: Int) -> JSON { .integer(Int64(value)) }

  private func text(_ value: String) -> JSON { .string(TerminalText.sanitizedLine(value)) }

  /// Id, title, needs, commit, and the letter of the state.
  private var steps: [JSON] {
    recap.report.steps.indices.map { index in
      let step = recap.report.steps[index]
      return .array([
        text(step.id), text(step.title == step.id ? "" : step.title),
        .array(state.graph.needs[index].map(number)), .string(step.commit?.short ?? ""),
        .string(PageData.letter(step.word)),
      ])
    }
  }

  /// Why a step that is not done is where it is; what waits is seen from the graph.
  private var reasons: [JSON.Member] {
    var members: [JSON.Member] = []
    for (index, step) in recap.report.steps.enumerated() {
      guard let reason = step.reason, [.blocked, .backoff, .skipped].contains(step.word) else { continue }
      members.append(JSON.Member(String(index), text(String(reason.prefix(400)))))
    }
    return members
  }

  /// Kind, one line and, where a person must look at it, the whole text.
  private var faults: [JSON] {
    var left = MigrationRecap.mostWords / 2
    let wanted = Set(recap.causes.filter { $0.standing == .blocks }.flatMap(\.steps))
    var shown: Set<Int> = []
    for change in recap.chronicle.changes {
      guard let failure = change.failure else { continue }
      if wanted.contains(recap.chronicle.names[change.step]) { shown.insert(failure) }
    }
    return recap.chronicle.failures.enumerated().map { index, fault in
      let short = text(String(fault.failure.headline.prefix(300)))
      let kind = JSON.string(fault.failure.kind.rawValue)
      let whole = PageData.clean(fault.failure.details.joined(separator: "\n\n"))
      guard shown.contains(index), !whole.isEmpty, whole.utf8.count <= left else {
        return .array([kind, short])
      }
      left -= whole.utf8.count
      return .array([kind, short, .string(whole)])
    }
  }

  private var said: [JSON.Member] {
    words.map { index, words in
      var parts: [JSON.Member] = []
      for (name, value) in [("closing", words.closing), ("diff", words.diff), ("prompt", words.prompt)]
      where !value.isEmpty {
        parts.append(JSON.Member(name, .string(PageData.clean(value))))
      }
      return JSON.Member(String(index), .object([JSON.Member(String(words.epoch), .object(parts))]))
    }
  }
}
