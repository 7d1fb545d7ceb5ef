import Migration
import Runner
import Site
import Supervision
import Synchronization
import System

/// Does what somebody asks for on the page, by the program that does it on the command line: what may be
/// done, and what is said to it, is the same.
final class PageControl: Sendable {
  /// What can be asked for.
  enum Action: String {
    case pause, resume, retry, approve
    case retryCause = "retry-cause"
  }

  /// What was said.
  struct Answer {
    let isDone: Bool
    let words: String
  }

  private let program: String
  private let directory: String
  /// One at a time.
  private let turn = Mutex(())

  /// Makes one for the repository of a directory. Throws when the other program is not there.
  init(in directory: String) throws(CommandError) {
    guard let folder = Files.realPath("/proc/self/exe").map(Files.parent(of:)),
      let program = ["\(folder)/git-migrate", "\(folder)/../../bin/git-migrate"].first(
        where: Files.isExecutable)
    else {
      throw CommandError(
        "'git-migrate', which does what the page asks for, is not installed beside git-migrate-web")
    }
    (self.program, self.directory) = (program, directory)
  }

  /// Does it; `nil` for what cannot be asked for. A subject is a step, or the number of a cause.
  func perform(_ action: Action, _ subject: String?, of migration: String) -> Answer? {
    var words: [String]
    switch (action, subject) {
    case (.pause, nil): words = ["pause", "--reason", "asked for on the dashboard"]
    case (.resume, nil): words = ["resume"]
    case (.retry, let subject?), (.approve, let subject?):
      guard Identifier.stepFault(subject) == nil else { return nil }
      words = [action.rawValue, subject]
    case (.retryCause, let subject?):
      guard subject.first == "F", subject.count > 1, subject.utf8.dropFirst().allSatisfy({ 48...57 ~= $0 })
      else { return nil }
      words = ["retry", "--failure", subject]
    case (.pause, _), (.resume, _), (.retry, nil), (.retryCause, nil), (.approve, nil): return nil
    }
    words += ["--migration", migration]
    return turn.withLock { _ in run(words) }
  }

  private func run(_ words: [String]) -> Answer {
    var command = Command(program, words, environment: ChildEnvironment.current(), directory: directory)
    command.timeoutSeconds = 60
    do throws(ProcessError) {
      let outcome = try command.run(outputLimit: 1 << 16)
      let said = outcome.status.isSuccess ? outcome.text : outcome.errorText
      let first =
        said.split(separator: "\n").first.map(String.init)
        ?? (outcome.status.isSuccess ? "done" : "it could not be done")
      return Answer(isDone: outcome.status.isSuccess, words: TerminalText.sanitizedLine(first))
    } catch {
      return Answer(isDone: false, words: "it could not be done: \(error)")
    }
  }
}
