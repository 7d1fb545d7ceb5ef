import Runner
import Site
import System

/// The program that speaks HTTP, `git-migrate-web`.
enum WebProgram {
  /// Becomes it, with these words. Returns only by an error: when it is not installed, or cannot be started.
  static func become(_ words: [String], _ context: Context) throws(CommandError) -> Never {
    guard let program = WebProgramPlace.path else {
      throw CommandError(
        "'git-migrate-web', which speaks HTTP, is not installed beside git-migrate",
        hint: "'make install' puts both in one place")
    }
    try context.output.flush()
    let fault = OwnProcess.become(program, [program] + words, environment: context.environment)
    throw CommandError("unable to start '\(program)': \(fault)")
  }
}
