import CanonicalJSON
import Ledger
import Migration
import Site
import Supervision
import System

/// The lessons of a ledger, each with how attempts went before it was written and since.
package struct LessonList: PrintedAnswer {
  let lessons: [TaughtLesson]

  /// The lessons.
  package static let form = AnswerForm<LessonList>.document([.list("lessons", \.lessons)])

  package func text(_ palette: Palette) -> String {
    if lessons.isEmpty { return "no lesson yet\n" }
    return lessons.map { taught in
      let lesson = taught.lesson
      let about = taught.about.map { "  [\($0)]" } ?? ""
      return "\(palette.bold(lesson.id))  \(TerminalText.sanitizedLine(lesson.text))"
        + TerminalText.sanitizedLine(about) + "\n"
        + "    passed before \(taught.before.text), since \(taught.since.text)\n"
    }.joined()
  }
}

/// How many of the attempts that came to a verdict passed.
struct PassRate: Equatable {
  var passed = 0
  var ended = 0

  var text: String { ended == 0 ? "nothing" : "\(passed) of \(ended)" }

  mutating func note(_ hasPassed: Bool) {
    ended += 1
    if hasPassed { passed += 1 }
  }
}

/// A lesson, and what it brought.
struct TaughtLesson: Answer {
  let lesson: Lesson
  /// What it is about, for people.
  let about: String?
  /// How attempts of its steps went before.
  var before = PassRate()
  /// How they went since.
  var since = PassRate()

  static let form = AnswerForm<TaughtLesson>([
    .text("lesson", \.lesson.id), .text("text", \.lesson.text), .text("cause", orNull: \.lesson.cause),
    .texts("paths", \.lesson.paths), .number("passed_before", \.before.passed),
    .number("ended_before", \.before.ended), .number("passed_since", \.since.passed),
    .number("ended_since", \.since.ended),
  ])
}

extension Answers {
  /// The lessons of the ledger. Of each the attempts are counted whose steps are told it.
  package func lessons() throws(CommandError) -> LessonList {
    let state = try reporting { try site.ledger.read() }.state
    let lessons = state.lessons.list
    guard !lessons.isEmpty else { return LessonList(lessons: []) }
    var ends: [AttemptEnding] = []
    var written: [String: Int] = [:]
    try site.ledger.walk { (entry) throws(CommandError) in
      guard let event = entry.event else { return true }
      if case .lesson(.added(let lesson)) = event.change { written[lesson.id] = entry.sequence }
      ends += AttemptEnding.of(event, at: entry.sequence)
      return true
    }
    // A step that has passed has no cause any more: what it ever failed for counts.
    var causes: [String: Set<String>] = [:]
    for end in ends { if let cause = end.cause { causes[end.name, default: []].insert(cause) } }
    return LessonList(
      lessons: lessons.map { lesson in
        var taught = TaughtLesson(lesson: lesson, about: about(lesson, in: state))
        for end in ends {
          guard let planned = end.planned(in: state) else { continue }
          let own = causes[end.name, default: []].first { $0 == lesson.cause }
          guard lesson.isFor(planned, failedFor: own) else { continue }
          if end.sequence < written[lesson.id] ?? 0 {
            taught.before.note(end.hasPassed)
          } else {
            taught.since.note(end.hasPassed)
          }
        }
        return taught
      })
  }

  private func about(_ lesson: Lesson, in state: State) -> String? {
    var parts = lesson.paths
    if let cause = lesson.cause {
      let known = state.migrations.lazy.compactMap { migration in
        migration.causes[cause].map { "\(migration.name) \($0.id)" }
      }.first
      parts.insert(known ?? cause, at: 0)
    }
    return parts.isEmpty ? nil : parts.joined(separator: ", ")
  }
}

/// How an attempt ended that came to a verdict.
private struct AttemptEnding {
  let migration: String
  let step: String
  let sequence: Int
  let hasPassed: Bool
  let cause: String?

  var name: String { "\(migration)/\(step)" }

  func planned(in state: State) -> PlannedStep? {
    guard let found = state.migration(named: migration) else { return nil }
    return found.index(of: step).map { found.plan.steps[$0] }
  }

  static func of(_ event: Event, at sequence: Int) -> [AttemptEnding] {
    var cause: String?
    if case .string(let text)? = event.reserved.first(where: { $0.key == Event.causeKey })?.value {
      cause = text
    }
    func end(_ step: String, _ hasPassed: Bool) -> AttemptEnding {
      AttemptEnding(
        migration: event.migration, step: step, sequence: sequence, hasPassed: hasPassed,
        cause: hasPassed ? nil : cause)
    }
    switch event.change {
    case .merge(_, .merged): return event.change.steps.map { end($0, true) }
    case .gate(let fence, .finished(let report)):
      if report.failure != nil { return [end(fence.step, false)] }
      return report.isNoChange ? [end(fence.step, true)] : []
    case .train(.finished(let report)):
      guard report.failure != nil, let culprit = report.culprit else { return [] }
      return [end(culprit, false)]
    case .claim(let fence, .failed(let failure)):
      return failure.kind == .setup ? [] : [end(fence.step, false)]
    case .migration, .refresh, .baseline, .claim, .gate, .train, .merge, .step, .ledger, .agent, .machine,
      .loop,
      .lesson, .publication, .notice, .forge, .fleet, .reserved:
      return []
    }
  }
}
