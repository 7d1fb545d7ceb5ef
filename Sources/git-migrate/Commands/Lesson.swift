import ArgumentParser
import Ledger
import Migration
import Runner
import Site
import Supervision
import System

/// `git migrate lesson`: what workers are told because others failed without it.
struct LessonCommand: ParsableCommand {
  static let configuration = CommandConfiguration(
    commandName: "lesson", abstract: "Tell workers what others failed without.",
    discussion: """
      A lesson reaches the prompts of steps that failed for its cause, or whose paths it is about; in every \
      migration and clone of the ledger. Without a subcommand the lessons are listed, with how many attempts \
      passed before each and since.
      """,
    subcommands: [LessonAddCommand.self, LessonListCommand.self, LessonRemoveCommand.self],
    defaultSubcommand: LessonListCommand.self)
}

/// `git migrate lesson list`.
struct LessonListCommand: Subcommand {
  static let configuration = CommandConfiguration(
    commandName: "list", abstract: "List the lessons, and what they brought.")

  @OptionGroup var json: JSONOption

  func run(_ context: Context) throws(CommandError) {
    try context.print(try context.answers().lessons(), json)
  }
}

/// `git migrate lesson add TEXT`.
struct LessonAddCommand: Subcommand {
  static let configuration = CommandConfiguration(
    commandName: "add", abstract: "Write a lesson.",
    discussion: "Without '--failure' and '--paths' it is told to every worker.")

  @Option(
    name: .customLong("failure"),
    help: ArgumentHelp("The cause that it is about, such as F1.", valueName: "cause"))
  var failure: String?

  @Option(
    parsing: .singleValue,
    help: ArgumentHelp("Paths that it is about; may be given again.", valueName: "glob"))
  var paths: [String] = []

  @Argument(help: ArgumentHelp("The lesson, in one sentence.", valueName: "text"))
  var text: [String]

  @OptionGroup var migration: MigrationOption
  @OptionGroup var json: JSONOption

  func run(_ context: Context) throws(CommandError) {
    var cause: String?
    if let failure {
      let state = try context.snapshot(finding: migration.migration, looksOnly: true).state
      cause = try context.site().migration(migration.migration, in: state).require(cause: failure).fingerprint
    }
    let words = TerminalText.foreign(text.joined(separator: " "))
    try LessonSteering(context).append(json) { state in
      .lessonAdded(Lesson(id: state.lessons.nextID, text: words, cause: cause, paths: paths))
    }
  }
}

/// `git migrate lesson remove LESSON`.
struct LessonRemoveCommand: Subcommand {
  static let configuration = CommandConfiguration(
    commandName: "remove", abstract: "Take a lesson away.")

  @Argument(help: ArgumentHelp("The lesson, such as L1.", valueName: "lesson"))
  var lesson: String

  @OptionGroup var json: JSONOption

  func run(_ context: Context) throws(CommandError) {
    try LessonSteering(context).append(json) { state in
      .lessonRemoved(state.lessons[lesson]?.id ?? lesson)
    }
  }
}

/// Records what is of no migration.
private struct LessonSteering {
  let context: Context

  init(_ context: Context) { self.context = context }

  func append(_ json: JSONOption, _ change: (State) -> Migration.Change) throws(CommandError) {
    let site = try context.site()
    let every = FormatVersion.everyMigration
    let outcome = try context.interpreter().append(by: site.actor) { (snapshot, _) throws(Refusal) in
      let told = change(snapshot.state)
      return ([told], [Proposal(every, told)])
    }
    switch outcome {
    case .recorded(let snapshot, let told), .nothing(let snapshot, let told):
      try context.print(RecordedChanges(told, of: every, by: site.actor, in: snapshot), json)
    case .refused(let refusal): throw CommandError(refusal)
    }
  }
}
