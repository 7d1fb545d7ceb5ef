import ArgumentParser
import Migration
import Plans
import Runner
import Site
import Supervision
import System

/// `git migrate new TEXT`: a first plan, out of a sentence and what the repository shows.
struct NewCommand: Subcommand {
  static let configuration = CommandConfiguration(
    commandName: "new", abstract: "Write a first plan out of a sentence.",
    discussion: """
      'git migrate new "oldlog → newlog"' writes a commented plan: the gate is what the build files here ask \
      for, and each file in which 'oldlog' stands is a step. The plan goes to standard output, or with '-o' \
      to a file. Nothing runs. '--list' names examples, '--example' prints one.
      """)

  @Argument(help: ArgumentHelp("What is to be done, such as 'oldlog → newlog'.", valueName: "text"))
  var text: [String] = []

  @Option(
    name: [.customShort("o", allowingJoined: true), .long],
    help: ArgumentHelp("Write the plan here; a file that is there stays.", valueName: "file"))
  var output: String?

  @Flag(help: "Name the examples.")
  var list = false

  @Option(help: ArgumentHelp("Print this example instead.", valueName: "name"))
  var example: String?

  @OptionGroup var json: JSONOption

  /// How many files are looked at.
  private static let mostFiles = 20_000

  func validate() throws {
    let ways = [!text.isEmpty, list, example != nil].count { $0 }
    if ways != 1 { throw ValidationError("say what is to be done, or give '--list' or '--example'") }
    if list, output != nil || json.isWanted { throw ValidationError("'--list' stands alone") }
  }

  func run(_ context: Context) throws(CommandError) {
    if list {
      let width = ExamplePlan.all.map(\.name.count).max() ?? 0
      for example in ExamplePlan.all {
        let space = String(repeating: " ", count: width - example.name.count)
        try context.output.line("\(example.name)\(space)  \(example.about)")
      }
      return context.hint("print one with 'git migrate new --example \(ExamplePlan.all[0].name)'")
    }
    if let example {
      guard let found = ExamplePlan.all.first(where: { $0.name == example }) else {
        let near = Suggestion.nearest(to: example, among: ExamplePlan.all.map(\.name))
        throw CommandError(
          "no example is called '\(example)'",
          hint: near.map { "did you mean '\($0)'?" } ?? "'git migrate new --list' names them",
          exitCode: .usage)
      }
      return try tell(MadePlan(text: found.text, path: output), found.text, context)
    }
    let sentence = TerminalText.foreign(text.joined(separator: " "))
    guard !sentence.isEmpty else { throw CommandError("the sentence is empty", exitCode: .usage) }
    let tree = RepositoryTree(context)
    let uses = NewPlan.Change(sentence).map { change in
      tree.files.prefix(Self.mostFiles).filter {
        tree.text($0).map { Self.stands(change.old, in: $0) } ?? false
      }
    }
    let plan = NewPlan(sentence, tracked: tree.files, uses: uses ?? [], text: tree.text)
    do throws(PlanFault) { _ = try PlanFile.parse(Array(plan.text.utf8), path: output ?? "plan.md") } catch {
      throw CommandError(
        "what was made of '\(sentence)' is no good plan: \(error.message)",
        hint: "this is a bug; please report it")
    }
    try tell(MadePlan(text: plan.text, path: output, warnings: plan.warnings), plan.text, context)
    if !json.isWanted { for line in plan.warnings { context.warn(line) } }
  }

  private func tell(_ made: MadePlan, _ text: String, _ context: Context) throws(CommandError) {
    if let output {
      try NewFile.write(text, to: output)
      if json.isWanted { try context.print(made) }
    } else {
      try context.print(made, json)
    }
    if json.isWanted { return }
    // What lists the steps runs only where somebody has read it.
    let option = text.contains("\n  - for: { lines: ") ? "--run-commands " : ""
    context.hint("read it, then run 'git migrate check \(option)\(output ?? "PLAN")'")
  }

  /// Whether a word stands in a text by itself.
  private static func stands(_ word: String, in text: String) -> Bool {
    func isOfWord(_ character: Character?) -> Bool {
      character.map { $0.isLetter || $0.isNumber || $0 == "_" } ?? false
    }
    var rest = text[...]
    while let range = rest.firstRange(of: word) {
      let before = range.lowerBound > text.startIndex ? text[text.index(before: range.lowerBound)] : nil
      let after = range.upperBound < text.endIndex ? text[range.upperBound] : nil
      if !isOfWord(before), !isOfWord(after) { return true }
      rest = rest[range.upperBound...]
    }
    return false
  }
}
