import ArgumentParser
import Glibc
import Runner

/// `git migrate hook NAME`: what the installed git hooks call. Exits with 1 when the change may not happen.
struct HookCommand: Subcommand {
  static let configuration = CommandConfiguration(
    commandName: "hook", abstract: "Answer a git hook; called by the hooks that 'init' installs.")

  @Argument(help: "The hook's name.")
  var name: String

  @Argument(parsing: .captureForPassthrough, help: "The hook's own arguments.")
  var arguments: [String] = []

  func run(_ context: Context) throws(CommandError) {
    let hook = try HookRun(directory: try context.directory(), environment: context.environment)
    let input = name == "pre-merge-commit" ? [] : try HookCommand.readInput()
    try hook.judge(name, arguments, input: input)
  }

  private static func readInput() throws(CommandError) -> [UInt8] {
    var input: [UInt8] = []
    var buffer = [UInt8](repeating: 0, count: 64 << 10)
    while true {
      let count = read(STDIN_FILENO, &buffer, buffer.count)
      if count == 0 { return input }
      if count > 0 {
        input += buffer[..<count]
      } else if errno != EINTR {
        throw CommandError("unable to read standard input: \(Output.text(of: errno))")
      }
    }
  }
}
