import ArgumentParser
import Runner
import Site

/// `git migrate hook NAME`: what the installed git hooks call. Exits with 1 when the change may not happen.
struct HookCommand: Subcommand {
  static let configuration = CommandConfiguration(
    commandName: "hook", abstract: "Answer a git hook; called by the hooks that 'init' installs.")

  @Argument(help: "The hook's name.")
  var name: String

  @Argument(parsing: .captureForPassthrough, help: "The hook's own arguments.")
  var arguments: [String] = []

  init() {}

  /// As our hooks call it; `nil` for anything else. It has no options, and git waits for it with each ref.
  init?(called words: ArraySlice<String>) {
    guard let name = words.first, !name.hasPrefix("-"), !words.contains(where: { $0.hasPrefix("-") }) else {
      return nil
    }
    self.name = name
    arguments = Array(words.dropFirst())
  }

  func run(_ context: Context) throws(CommandError) {
    let hook = try HookRun(directory: try context.directory(), environment: context.environment)
    let input = name == "pre-merge-commit" ? [] : try StandardInput.read()
    try hook.judge(name, arguments, input: input)
  }
}
