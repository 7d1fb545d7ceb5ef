import Migration
import Site
import Supervision
import System

/// Why steps of a migration fail, a cause a line, for `git migrate failures`.
package struct FailureList: PrintedAnswer {
  /// The migration's name.
  package let migration: String
  /// The causes, what stops most steps first.
  package let causes: [CauseReport]
  /// The columns of the terminal; 0 cuts nothing.
  let width: Int

  /// The causes.
  package static let form = AnswerForm<FailureList>.document([
    .text("migration", \.migration), .list("causes", \.causes),
  ])

  /// Looks at a migration; with `isWhole` also at what no step fails for any more.
  package init(_ state: MigrationState, isWhole: Bool, width: Int = 0) {
    migration = state.name
    causes = CauseReport.causes(of: state, isWhole: isWhole)
    self.width = width
  }

  package func text(_ palette: Palette) -> String {
    if causes.isEmpty { return "\(migration): no step has failed\n" }
    return causes.map { cause in
      let line = TerminalText.sanitizedLine(cause.line(width: width))
      let rest = line.dropFirst(cause.id.count)
      return (cause.blocked.isEmpty ? palette.bold(cause.id) : palette.red(cause.id)) + rest + "\n"
    }.joined()
  }

  /// What to do next.
  package var hint: String? {
    guard let first = causes.first, !first.steps.isEmpty else { return nil }
    return "see one whole example with 'git migrate show \(first.id)'; "
      + "'git migrate retry --failure \(first.id)' lets its steps try again"
  }
}

/// A cause with one whole example, and what its steps have in common, for `git migrate show F1`.
package struct CauseDetails: PrintedAnswer {
  /// The migration's name.
  package let migration: String
  let cause: CauseReport
  /// The step that stands for all.
  let example: Step?
  /// What the steps have in common.
  let common: CommonGround
  /// What others learnt of it.
  let lessons: [Lesson]

  /// The cause, the example, and what the steps have in common.
  package static let form = AnswerForm<CauseDetails>.document([
    .text("migration", \.migration), .text("id", \.cause.id), .text("cause", \.cause.fingerprint),
    .text("label", orNull: \.cause.label), .text("name", orNull: \.cause.name),
    .text("words", \.cause.words), .texts("steps", \.cause.steps), .texts("blocked", \.cause.blocked),
    .number("attempts", \.cause.count), .flag("likely_prompt", \.cause.isLikelyPrompt),
    .number("tried", \.cause.tried), .object("example", orNull: \.shownExample),
    .text("folder", orNull: \.common.folder), .list("common") { $0.common.words },
    .list("lessons", \.lessons),
  ])

  private var shownExample: FailedStep? {
    guard let example, let failure = example.lastFailure else { return nil }
    return FailedStep(step: example.id, epoch: example.epoch, failure: failure)
  }

  package func text(_ palette: Palette) -> String {
    let title = TerminalText.sanitizedLine(cause.title)
    var output = "\(palette.bold(cause.id))  \(title)\n"
    var rows: [(String, String)] = []
    if cause.title != cause.words { rows.append(("words", cause.words)) }
    let blocked = cause.blocked.isEmpty ? "" : ", \(cause.blocked.count) blocked"
    rows.append(("steps", "\(cause.steps.count)\(blocked): " + Self.named(cause.steps)))
    if cause.count > 0 { rows.append(("attempts", "\(cause.count) failed for it")) }
    if cause.isLikelyPrompt {
      rows.append(("likely", "the prompt: \(cause.steps.count) of the \(cause.tried) steps that were tried"))
    }
    if let folder = common.folder { rows.append(("all below", folder)) }
    for word in common.words {
      rows.append(("in common", "'\(word.word)' in \(word.steps) of them, in \(word.others) of the others"))
    }
    for lesson in lessons { rows.append(("lesson \(lesson.id)", lesson.text)) }
    output += Rows.text(rows)
    guard let example, let failure = example.lastFailure else { return output }
    output += "\n\(palette.bold(example.id))  \(TerminalText.sanitizedLine(failure.reason))\n"
    return output + FailureText.lines(failure, indent: 2, limit: 40)
  }

  /// What to do next.
  package var hint: String? {
    guard let example else { return nil }
    return "all of the example with 'git migrate show \(example.id)'; "
      + "'git migrate lesson add --failure \(cause.id)' tells the next ones"
  }

  private static func named(_ steps: [String]) -> String {
    let more = steps.count - 20
    return steps.prefix(20).joined(separator: ", ") + (more > 0 ? " and \(more) more" : "")
  }
}

/// A step, and why it failed.
struct FailedStep: Answer {
  let step: String
  let epoch: Int
  let failure: Migration.Failure

  static let form = AnswerForm<FailedStep>([
    .text("step", \.step), .number("epoch", \.epoch), .text("reason", \.failure.reason),
    .texts("details", \.failure.details),
  ])
}

extension CommonGround.Word: Answer {
  /// A word, and how many steps have it.
  public static let form = AnswerForm<CommonGround.Word>([
    .text("word", \.word), .number("steps", \.steps), .number("others", \.others),
  ])
}

extension Lesson: Answer {
  /// The lesson, and what it is about.
  public static let form = AnswerForm<Lesson>([
    .text("lesson", \.id), .text("text", \.text), .text("cause", orNull: \.cause), .texts("paths", \.paths),
  ])
}

extension Answers {
  /// Everything about a cause.
  package func cause(_ cause: CauseReport, of state: MigrationState, lessons: Lessons) -> CauseDetails {
    let example = (cause.blocked.first ?? cause.steps.first).flatMap { state.step($0) }
    return CauseDetails(
      migration: state.name, cause: cause, example: example,
      common: CommonGround(of: cause.steps, in: state),
      lessons: lessons.list.filter { $0.cause == cause.fingerprint })
  }
}
